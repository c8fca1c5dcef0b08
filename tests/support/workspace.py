"""A folder with a configuration and raw files, real runs over them, and what they published.

Files are dated by the clock of the workspace, not by that of the machine, so that "a day old" is
what a test says it is.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.config.load import load
from pipeline.runs.context import RunContext, recorded_run
from pipeline.runs.corrections.forget import forget
from pipeline.runs.corrections.replay import replay
from pipeline.runs.corrections.rerate import rerate
from pipeline.runs.result import RunResult
from pipeline.runs.run import run_batch
from tests.support.snapshot import answers, days_with_other_sums

NOW = datetime(2026, 11, 24, 8, 0)
CONFIGURATION = """
[organization]
id = "org-acme"
timezone = "Europe/Berlin"

[storage]
root = "var"

[[sources]]
name = "gateway"
kind = "request_log"
path = ["logs"]

[[sources]]
name = "exports"
kind = "records"
path = ["exports/*"]

[[sources]]
name = "costs"
kind = "openai_costs"
path = ["costs/*.json"]

[prices]
files = ["prices.csv"]
"""
# Charges as they are rated: the bill is compared, and what it has beyond them is not charged.
UNBILLED = (
    CONFIGURATION
    + """
[bill]
true_up = "none"
"""
)
BUCKETS = (
    CONFIGURATION.replace('path = ["logs"]', 'path = ["logs"]\nbasis = "detail"').replace(
        'path = ["exports/*"]', 'path = ["exports/*"]\nbasis = "detail"'
    )
    + """
[[sources]]
name = "usage"
kind = "openai_usage"
path = ["usage/*.json"]
"""
)
PRICE_HEADER = (
    "provider,model,meter,service_tier,context_class,price_usd,per,unit,valid_from,valid_to,"
    "source,recorded_at,long_above_tokens"
)
RECORDS_HEADER = (
    "record_id,started_at,project_id,model,text_input_tokens,text_output_tokens,requests"
)
# What readers see, without what names runs and their times.
PUBLISHED = {
    "charges": "FROM charges ORDER BY ALL",
    "daily_costs": "FROM daily_costs ORDER BY ALL",
    "usage": "SELECT * EXCLUDE recorded_at FROM usage ORDER BY ALL",
    "input_files": "SELECT * EXCLUDE (ingested_at, run_id) FROM input_files ORDER BY ALL",
    "quarantine": "SELECT input_file, input_line, rule, raw FROM quarantine ORDER BY ALL",
    "provider_costs": "FROM provider_costs ORDER BY ALL",
    "postings": "SELECT * EXCLUDE (run_id, posted_at) FROM charge_postings ORDER BY ALL",
}
Row = tuple[Any, ...]


def price(
    model: str,
    meter: str,
    usd: str,
    *,
    since: str = "",
    until: str = "",
    context: str = "base",
    above: str = "",
) -> str:
    """A row of a price file, in US dollars a million tokens."""
    return f"openai,{model},{meter},default,{context},{usd},1000000,tokens,{since},{until},ours,2026-01-01,{above}"  # noqa: E501


# Two US dollars a million tokens in, half of one cached, eight out.
PRICES = (
    price("alpha", "text_input_tokens", "2"),
    price("alpha", "cached_text_input_tokens", "0.5"),
    price("alpha", "text_output_tokens", "8"),
)


def epoch(when: str | datetime) -> int:
    """Seconds since 1970 of a naive UTC instant."""
    at = datetime.fromisoformat(when) if isinstance(when, str) else when
    return int(at.replace(tzinfo=UTC).timestamp())


def request(
    name: str | None,
    tokens: int = 1000,
    *,
    out: int = 0,
    cached: int = 0,
    when: str = "2026-11-23T12:00:00",
    project: str = "proj_a",
    model: str = "alpha",
    **more: Any,
) -> dict[str, Any]:
    """A logged chat completion; without a name it has no id at all."""
    body = {
        "object": "chat.completion",
        "created": epoch(when),
        "model": model,
        "usage": {
            "prompt_tokens": tokens,
            "completion_tokens": out,
            "total_tokens": tokens + out,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
        "project_id": project,
        **more,
    }
    return body if name is None else {"id": f"chatcmpl-{name}", **body}


def lines(*bodies: Mapping[str, Any]) -> str:
    """JSON lines."""
    return "".join(json.dumps(body) + "\n" for body in bodies)


def bucket(day: str, *rows: Mapping[str, Any]) -> dict[str, Any]:
    """A daily bucket of an admin endpoint."""
    start = epoch(day)
    return {
        "object": "bucket",
        "start_time": start,
        "end_time": start + 86_400,
        "results": list(rows),
    }


def page(endpoint: str, fetched_at: str, *buckets: Mapping[str, Any]) -> str:
    """A fetched page in its envelope."""
    return json.dumps(
        {
            "endpoint": endpoint,
            "parameters": {},
            "fetched_at": fetched_at,
            "page": {
                "object": "page",
                "data": list(buckets),
                "has_more": False,
                "next_page": None,
            },
        }
    )


def used(tokens: int, project: str = "proj_a", requests: int = 1) -> dict[str, Any]:
    """A row of a bucket of completions."""
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": tokens,
        "output_tokens": 0,
        "num_model_requests": requests,
        "project_id": project,
        "model": "alpha",
    }


def cost(usd: str, project: str = "proj_a", item: str = "alpha, input") -> dict[str, Any]:
    """A row of a bucket of costs."""
    return {
        "object": "organization.costs.result",
        "amount": {"value": usd, "currency": "usd"},
        "line_item": item,
        "project_id": project,
    }


class Workspace:
    """A storage and its inputs. The real clock ticks a second whenever it is looked at."""

    def __init__(
        self, folder: Path, configuration: str = CONFIGURATION, prices: Sequence[str] = PRICES
    ) -> None:
        self.folder = folder
        self.at = NOW
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "logs").mkdir(exist_ok=True)
        self.configure(configuration)
        self.price(*prices)

    def configure(self, text: str) -> None:
        """Write tollbook.toml."""
        (self.folder / "tollbook.toml").write_text(text, encoding="utf-8")

    def price(self, *rows: str) -> None:
        """Write the price file."""
        text = "".join(f"{row}\n" for row in (PRICE_HEADER, *rows))
        (self.folder / "prices.csv").write_text(text, encoding="utf-8")

    def path(self, name: str) -> Path:
        """A file of the workspace."""
        return self.folder / name

    def write(self, name: str, content: str | bytes, *, age: timedelta = timedelta()) -> Path:
        """Write a raw file (packed where the name says so), dated by this clock."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw, mtime=0) if name.endswith(".gz") else raw)
        self.touch(name, age=age)
        return path

    def records(self, name: str, *rows: str, header: str = RECORDS_HEADER) -> Path:
        """Write CSV records."""
        return self.write(name, "".join(f"{row}\n" for row in (header, *rows)))

    def append(self, name: str, content: str) -> Path:
        """Add to a file."""
        path = self.path(name)
        with path.open("ab") as file:
            file.write(content.encode())
        self.touch(name)
        return path

    def touch(self, name: str, *, age: timedelta = timedelta()) -> None:
        """Date a file."""
        seconds = epoch(self.at - age)
        os.utime(self.path(name), (seconds, seconds))

    def clock(self) -> datetime:
        """The real clock."""
        self.at += timedelta(seconds=1)
        return self.at

    def run(
        self, now: datetime | None = None, say: Callable[[str], None] | None = None
    ) -> RunResult:
        """A batch run; every run checks the fates, the ledger and the postings by itself."""
        config = load(self.path("tollbook.toml"))
        return run_batch(config, now=now or self.at, real_clock=self.clock, environment={}, say=say)

    def correction(
        self, verb: str, now: datetime | None = None
    ) -> AbstractContextManager[RunContext]:
        """A recorded run for a correction."""
        return recorded_run(
            load(self.path("tollbook.toml")),
            verb=verb,
            now=now or self.at,
            real_clock=self.clock,
            environment={},
        )

    def forget(self, *names: str, now: datetime | None = None) -> RunResult:
        """Take files back."""
        with self.correction("forget", now) as run:
            return forget(run, [str(self.path(n)) for n in names], "a test")

    def rerate(self, now: datetime | None = None) -> RunResult:
        """Price all days anew."""
        with self.correction("rerate", now) as run:
            return rerate(run, None, None)

    def replay(self, now: datetime | None = None) -> RunResult:
        """Read the quarantine again."""
        with self.correction("replay", now) as run:
            return replay(run)

    def rows(self, query: str) -> list[Row]:
        """Ask the published database."""
        return self.answers({"": query})[""]

    def answers(self, queries: Mapping[str, str]) -> dict[str, list[Row]]:
        """Ask the published database several things."""
        return answers(self.folder / "var", queries)

    def tokens(self) -> int:
        """The input tokens of all charges."""
        [(charged, used_up)] = self.rows(
            "SELECT (SELECT coalesce(sum(quantity), 0) FROM charges WHERE meter LIKE '%input%'), "
            "(SELECT coalesce(sum(text_input_tokens + cached_text_input_tokens), 0) FROM usage "
            "WHERE basis = 'charge')"
        )
        assert charged == used_up
        return int(charged)

    def fates(self) -> dict[str, Row]:
        """Rows read, accepted, duplicate, superseded, quarantined of each file, over versions."""
        found = self.rows(
            "SELECT input_file, sum(rows_read), sum(accepted), sum(duplicate), sum(superseded), "
            "sum(quarantined) FROM input_files GROUP BY ALL"
        )
        return {
            str(Path(name).relative_to(self.folder)): tuple(int(n) for n in counts)
            for name, *counts in found
        }

    def states(self) -> dict[str, list[str]]:
        """The states of the versions of each file, oldest first."""
        found = self.rows(
            "SELECT input_file, list(state ORDER BY ingested_at, run_id) "
            "FROM input_files GROUP BY ALL"
        )
        return {str(Path(name).relative_to(self.folder)): states for name, states in found}

    def assert_sums_agree(self) -> None:
        """Charges are the sum of their postings, line by line; the days' sums are the charges'."""
        line = (
            "usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider, "
            "model, scope, operation, variant, service_tier, is_batch, context_class, meter, unit, "
            "price_id, list_unit_price_usd, contracted_unit_price_usd, pricing_status"
        )
        sums = "sum(quantity), sum(list_cost_usd), sum(cost_usd)"
        posted = (
            f"SELECT {line}, {sums} FROM charge_postings GROUP BY ALL HAVING sum(quantity) <> 0 "
            "OR coalesce(sum(cost_usd), 0) <> 0 OR coalesce(sum(list_cost_usd), 0) <> 0"
        )
        charged = f"SELECT {line}, {sums} FROM charges GROUP BY ALL"
        by_day = (
            "SELECT charge_date, project_id, model, scope, sum(cost_usd) AS cost "
            "FROM {} GROUP BY ALL"
        )
        costs = [by_day.format(view) for view in ("charges", "daily_costs")]
        nonzero = "SELECT * FROM ({}) WHERE coalesce(cost, 0) <> 0"
        one, other = (nonzero.format(text) for text in costs)
        found = self.answers(
            {
                "only posted": f"({posted}) EXCEPT ({charged})",
                "only charged": f"({charged}) EXCEPT ({posted})",
                "only in charges": f"({one}) EXCEPT ({other})",
                "only in days": f"({other}) EXCEPT ({one})",
            }
        )
        assert not any(found.values()), found
        assert days_with_other_sums(self.folder / "var") == []


class Prepared:
    """A workspace that every test finds as prepared, in the folder that its storage names."""

    def __init__(self, workspace: Workspace, name: str = "kept") -> None:
        """Takes a name, where a workspace is kept in several states."""
        self._workspace = workspace
        self._at = workspace.at
        self._kept = workspace.folder.with_name(f"{workspace.folder.name}-{name}")
        shutil.copytree(workspace.folder, self._kept, symlinks=True)

    def again(self) -> Workspace:
        """Undo what the test before has done."""
        shutil.rmtree(self._workspace.folder)
        shutil.copytree(self._kept, self._workspace.folder, symlinks=True)
        self._workspace.at = self._at
        return self._workspace


def published(workspace: Workspace) -> dict[str, list[Row]]:
    """What readers see, to the last digit, without what names runs and their times."""
    return workspace.answers(PUBLISHED)
