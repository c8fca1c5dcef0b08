"""A folder that real runs fill from the fake admin API, and queries of what they publish."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.config.load import load
from pipeline.dates import Clock
from pipeline.demo.fake_api.api import FakeAdminApi
from pipeline.demo.fake_api.faults import Faults
from pipeline.demo.fake_api.server import Asked, Server, serving
from pipeline.demo.organization import acme
from pipeline.providers.provider import FetchRequest, Progress
from pipeline.runs.context import RunContext, recorded_run
from pipeline.runs.result import RunResult
from pipeline.runs.run import run_batch
from pipeline.runs.run_and_report import RunReport, ingest_and_report
from tests.support.snapshot import answers
from tests.support.webhook import LOOPBACK

NOW = datetime(2026, 11, 24, 8, 10)
KEY = "sk-admin-made-up-and-secret-0123456789"
# The fake's costs name the organization that it was made of.
ORGANIZATION = f"""
[organization]
id = "org-acme"
also = ["{acme().id}"]
timezone = "{{timezone}}"
[storage]
root = "var"
"""
SOURCE = '[[sources]]\nname = "api"\nkind = "openai"\nsince = "2026-11-20"\n'
# For what does not depend on how much is fetched.
ONE_DAY = SOURCE.replace("2026-11-20", "2026-11-23")
# What is the same however often and from whatever files it was read.
TOTALS = {
    "usage": "SELECT * EXCLUDE (recorded_at, input_file, input_line, record_id) FROM usage",
    # a bill that was seen to move is settled later than one that was fetched once
    "charges": "SELECT * EXCLUDE (project_name, is_provisional) FROM charges",
    "costs": "SELECT * EXCLUDE (fetched_at, input_file, input_line) FROM provider_costs",
}
Row = tuple[Any, ...]


@contextmanager
def fake_api(
    faults: Faults | None = None,
    *,
    scale: float = 0.03,
    clock: Sequence[datetime] = (),
    **more: Any,
) -> Iterator[Server]:
    """The fake API on loopback; `clock` is a list whose last instant is the time it has."""
    now = (lambda: clock[-1]) if clock else (lambda: NOW)
    api = FakeAdminApi(acme(), now=now, faults=faults, scale=scale, key=KEY, **more)
    with serving(api) as server:
        yield server


class FetchWorkspace:
    """A folder with a tollbook.toml; the real clock follows the business clock."""

    def __init__(
        self,
        folder: Path,
        base_url: str,
        source: str = SOURCE,
        more: str = "",
        timezone: str = "UTC",
        *,
        is_synced: bool = False,
    ) -> None:
        """Takes whether runs fetch the directory, too: some sixty requests each."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {"OPENAI_ADMIN_KEY": KEY}
        self.now = NOW
        self._ticks = 0
        unsynced = "" if is_synced else "[directory]\nsync = false\n"
        self._text = f"{ORGANIZATION.format(timezone=timezone)}{unsynced}{more}{source}"
        self.point(base_url)

    def point(self, base_url: str, more: str = "") -> None:
        """From now on fetch from here."""
        self.configure(f'{self._text}base_url = "{base_url}"\n{more}{LOOPBACK}')

    def configure(self, text: str) -> None:
        """Write the configuration."""
        (self.folder / "tollbook.toml").write_text(text)

    def keep_only_raw_files(self) -> None:
        """Remove everything from the storage that can be computed from its raw files."""
        for path in (self.folder / "var").iterdir():
            if path.name == "raw":
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def clock(self) -> datetime:
        """The real clock; no two looks give the same."""
        self._ticks += 1
        return self.now + timedelta(milliseconds=self._ticks)

    def run(self, *, retries: int = 5, **more: Any) -> RunResult:
        """A run."""
        return run_batch(
            load(self.folder / "tollbook.toml"),
            now=self.now,
            real_clock=self.clock,
            environment=self.environment,
            fetching=FetchRequest(self.environment, max_retries=retries, **more),
        )

    def correct(self, verb: str, act: Callable[[RunContext], object]) -> None:
        """A correction."""
        with recorded_run(
            load(self.folder / "tollbook.toml"),
            verb=verb,
            now=self.now,
            real_clock=self.clock,
            environment=self.environment,
        ) as run:
            act(run)

    def ingest(self, since: str | None, until: str | None = None, **more: Any) -> RunReport:
        """A back-fill."""
        return ingest_and_report(
            load(self.folder / "tollbook.toml"),
            since=date.fromisoformat(since) if since else None,
            until=date.fromisoformat(until) if until else None,
            source=more.pop("source", None),
            clock=Clock(business=lambda: self.now, real=self.clock),
            environment=self.environment,
            **more,
        )

    def ask(self, query: str) -> list[Row]:
        """Ask what is published."""
        return self.answers({"": query})[""]

    def answers(self, queries: Mapping[str, str]) -> dict[str, list[Row]]:
        """Ask what is published several things."""
        return answers(self.folder / "var", queries)

    def totals(self) -> Mapping[str, list[Row]]:
        """Everything that is published of usage, charges and costs."""
        return self.answers({name: f"{query} ORDER BY ALL" for name, query in TOTALS.items()})

    def fetches(self) -> dict[str, Row]:
        """The newest fetch of each endpoint: outcome, known until, rows."""
        rows = self.ask(
            "SELECT endpoint, outcome, known_until_at, rows FROM fetches "
            "QUALIFY row_number() OVER (PARTITION BY endpoint ORDER BY fetched_at DESC) = 1"
        )
        return {endpoint: tuple(rest) for endpoint, *rest in rows}

    @property
    def raw(self) -> Path:
        """The raw files of the source."""
        return self.folder / "var" / "raw" / "api"

    def files(self) -> list[str]:
        """The raw files, by endpoint and name."""
        return sorted(str(p.relative_to(self.raw)) for p in self.raw.rglob("*.gz"))


def asked(server: Server) -> list[Asked]:
    """What the fake API was asked of usage and costs, beside the directory."""
    wanted = ("/organization/usage/", "/organization/costs")
    return [a for a in server.requests if a.path.startswith(wanted)]


class Watched:
    """A progress callback that keeps what it was called with."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def __call__(self, progress: Progress) -> None:
        """One more piece is done."""
        self.seen.append((progress.done, progress.total))
