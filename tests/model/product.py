"""The product in this process: a folder with a configuration and files, its acts, what it shows.

The only file here that imports the product.
"""

from __future__ import annotations

import gzip
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.cli import context as cli_context
from pipeline.config.load import load
from pipeline.config.model import Config
from pipeline.config.model import Source as ConfiguredSource
from pipeline.errors import SourceError, TollbookError
from pipeline.published.reader import open_published, run_statement
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext, recorded_run
from pipeline.runs.corrections.forget import forget
from pipeline.runs.corrections.replay import replay
from pipeline.runs.corrections.rerate import preview_rerate, rerate
from pipeline.runs.run import rate_and_commit, run_batch
from tests.model.books import Facts, Source
from tests.model.content import seconds
from tests.model.money import DIGITS, OF_SUMS, Book, Price
from tests.model.watch import Budget
from tests.support.engine_elsewhere import use_elsewhere
from tests.support.snapshot import answers, days_with_other_sums

PRICE_HEADER = (
    "provider,model,meter,service_tier,context_class,price_usd,per,unit,valid_from,valid_to,"
    "source,recorded_at"
)
# Of every version of a file, summed by path.
FATES = (
    "SELECT input_file, sum(rows_read), sum(accepted), sum(duplicate + superseded), "
    "sum(quarantined) FROM input_files GROUP BY ALL"
)
QUERIES = {
    "charges": (
        "SELECT charge_date, project_id, model, coalesce(sum(cost_usd), 0), coalesce(sum(quantity) "
        "FILTER (pricing_status = 'unpriced'), 0) FROM charges GROUP BY ALL"
    ),
    "daily": (
        "SELECT charge_date, project_id, model, sum(requests), sum(input_tokens) "
        "FROM daily_costs WHERE corrected_month_date IS NULL GROUP BY ALL HAVING sum(requests) <> 0"
    ),
    "corrections": (
        "SELECT corrected_month_date, project_id, model, sum(requests), sum(input_tokens), "
        "coalesce(sum(cost_usd), 0) FROM daily_costs WHERE corrected_month_date IS NOT NULL "
        "GROUP BY ALL"
    ),
    "statement": (
        "SELECT period_date, coalesce(sum(cost_usd), 0) FROM period_costs "
        "WHERE period_state = 'closed' GROUP BY ALL"
    ),
    "usage": (
        "SELECT basis, input_file, started_at, project_id, model, text_input_tokens, requests "
        "FROM usage"
    ),
    "bill": "SELECT input_file, usage_date, project_id, line_item, amount FROM provider_costs",
    "fates": FATES,
    "held": "SELECT input_file, raw FROM quarantine WHERE replayed_at IS NULL",
    "budgets": (
        "SELECT budget_id, period_start_date, spent_usd, state, is_lower_bound FROM budget_status"
    ),
    "alerts": (
        "SELECT subject_id, period_start_date, threshold_percent, arg_max(state, raised_at) "
        "FROM alerts WHERE kind = 'budget' GROUP BY ALL"
    ),
    "postings": "SELECT count(*) FROM charge_postings",
    "apart": """
        WITH charged AS (
          SELECT usage_date, project_id, model, meter, pricing_status, sum(quantity) AS quantity,
            coalesce(sum(cost_usd), 0) AS cost_usd
          FROM charges GROUP BY ALL HAVING sum(quantity) <> 0 OR sum(cost_usd) <> 0
        ), posted AS (
          SELECT usage_date, project_id, model, meter, pricing_status, sum(quantity) AS quantity,
            coalesce(sum(cost_usd), 0) AS cost_usd
          FROM charge_postings GROUP BY ALL HAVING sum(quantity) <> 0 OR sum(cost_usd) <> 0
        )
        SELECT 'charges are not their postings' AS fault, usage_date FROM
          ((FROM charged EXCEPT FROM posted) UNION ALL (FROM posted EXCEPT FROM charged))
        UNION ALL
        SELECT 'the days are not the charges', charge_date FROM (
          SELECT charge_date, sum(cost_usd) AS usd FROM charges GROUP BY ALL
          EXCEPT SELECT charge_date, sum(cost_usd) FROM daily_costs GROUP BY ALL)
        WHERE NOT EXISTS (FROM daily_costs WHERE corrected_month_date IS NOT NULL)
        UNION ALL
        SELECT 'the statement is not the postings', period_date FROM (
          SELECT period_date, coalesce(sum(cost_usd), 0) FROM charge_postings GROUP BY ALL
          EXCEPT SELECT period_date, coalesce(sum(cost_usd), 0) FROM period_costs GROUP BY ALL
          EXCEPT SELECT DISTINCT period_date, 0 FROM charge_postings)
        UNION ALL
        SELECT 'the fates of ' || input_file || ' are not its rows', NULL FROM input_files
        WHERE rows_read <> accepted + duplicate + superseded + quarantined
    """,
}
GONE = re.compile(r"the source '(\w+)' matches no file any more")
EARLIER = {
    name: QUERIES[name] for name in ("charges", "daily", "usage")
}  # what is known of an earlier instant


def has_verb(verb: str, option: str = "") -> bool:
    """Whether the command line knows a verb, and an option of it."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    command = group.commands.get(verb)
    return command is not None and (not option or any(option in p.opts for p in command.params))


class Product:
    """A storage and its inputs."""

    def __init__(
        self, folder: Path, zone: str, sources: Sequence[Source], budgets: Sequence[Budget]
    ) -> None:
        self.folder = folder
        self.clock = datetime.min
        self.channel: str | None = None  # where alerts go
        self.is_elsewhere = False  # whether files are read, and repeats found, by another process
        self.sources, self._zone, self.budgets = sources, zone, budgets
        for source in sources:
            (folder / source.folder).mkdir(parents=True, exist_ok=True)

    def configure(self, book: Book) -> None:
        """Write the configuration and the prices."""
        text = (
            f'[organization]\nid = "org-x"\ntimezone = "{self._zone}"\n'
            '[storage]\nroot = "var"\n[prices]\nfiles = ["prices.csv"]\n'
            "[quality]\nmax_quarantined_percent = 100\n"
        )
        for source in self.sources:
            basis = "" if source.kind == "openai_costs" else f'basis = "{source.basis}"\n'
            text += (
                f'[[sources]]\nname = "{source.name}"\nkind = "{source.kind}"\n'
                f'path = ["{source.folder}"]\n{basis}'
                f"{'replace = true' if source.replaces else ''}\n"
                f"{'' if source.is_enabled else 'enabled = false'}\n"
            )
        if self.is_elsewhere:
            text += '[engine]\nkind = "processes"\n'
        if self.channel is not None:
            text += f'[alerts]\nchannels = ["{self.channel}"]\n'
            text += '[network]\nallow_private_addresses = ["127.0.0.1"]\n'
        for budget in self.budgets:
            project = f'project = "{budget.project}"\n' if budget.project else ""
            text += (
                f'[[budgets]]\nid = "{budget.name}"\namount_usd = "{budget.usd}"\n{project}'
                f"thresholds = {list(budget.thresholds)}\n"
            )
            for day, usd in budget.amended:
                text += (
                    f'[[amendments]]\nbudget = "{budget.name}"\nvalid_from = "{day}"\n'
                    f'amount_usd = "{usd}"\nreason = "a trial"\n'
                )
        for discount in book.discounts:
            project = f'project = "{discount.project}"\n' if discount.project else ""
            since = f"valid_from = {discount.since:%Y-%m-%d}\n" if discount.since else ""
            text += f'[[discounts]]\npercent = "{discount.percent}"\n{project}{since}'
        (self.folder / "tollbook.toml").write_text(text, encoding="utf-8")
        lines = [PRICE_HEADER, *(_price_row(p) for p in book.prices if not p.is_list)]
        (self.folder / "prices.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write(self, path: str, text: str, at: datetime) -> None:
        """Write an input file, packed where its name says so, dated by our clock."""
        raw = text.encode()
        target = self.folder / path
        target.write_bytes(gzip.compress(raw, mtime=0) if path.endswith(".gz") else raw)
        os.utime(target, (seconds(at), seconds(at)))

    def remove(self, path: str) -> None:
        """Remove an input file."""
        (self.folder / path).unlink()

    def tick(self) -> datetime:
        """The real clock, which goes on whenever it is looked at."""
        self.clock += timedelta(milliseconds=10)
        return self.clock

    def _config(self) -> Config:
        return load(self.folder / "tollbook.toml")

    def _correct(self, verb: str, now: datetime, act: Callable[[RunContext], Any]) -> Any:
        with (
            _engines(),
            recorded_run(
                self._config(), verb=verb, now=now, real_clock=self.tick, environment={}
            ) as run,
        ):
            return act(run)

    def run(self, now: datetime) -> str | None:
        """A batch run. Gives what is wrong, if anything."""
        with _engines():
            return _failure(
                lambda: run_batch(self._config(), now=now, real_clock=self.tick, environment={})
            )

    def forget(self, path: str, now: datetime) -> str | None:
        """Take a file back."""
        name = str(self.folder / path)
        return _failure(
            lambda: self._correct("forget", now, lambda run: forget(run, [name], "a trial"))
        )

    def compact(self, now: datetime) -> str | None:
        """Merge all small files."""

        def act(run: RunContext) -> Any:
            return rate_and_commit(run, ChangeSet(), merge_over=0)

        return _failure(lambda: self._correct("compact", now, act))

    def replay(self, now: datetime) -> str | None:
        """Read the quarantine again."""
        return _failure(lambda: self._correct("replay", now, replay))

    def knows_key(self, key: str) -> bool:
        """Whether a source can be configured with a key."""
        return key in ConfiguredSource.model_fields

    def rerate(self, since: date, until: date, now: datetime) -> str | None:
        """Price some days anew."""
        return _failure(lambda: self._correct("rerate", now, lambda run: rerate(run, since, until)))

    def preview(self, since: date, until: date, now: datetime) -> Decimal:
        """By how much `rerate` would move the charges."""
        with (
            _engines(),
            recorded_run(
                self._config(), verb="preview", now=now, real_clock=self.tick, environment={}
            ) as run,
        ):
            return preview_rerate(run, since, until).usd

    def alert_id(self, budget: str, month: date, percent: int) -> str:
        """The id of the newest alert about a threshold of a budget's month."""
        [(alert_id,)] = self.rows(
            f"SELECT alert_id FROM alerts WHERE subject_id = '{budget}' "
            f"AND period_start_date = DATE '{month}' AND threshold_percent = {percent} "
            "ORDER BY raised_at DESC LIMIT 1"
        )
        return str(alert_id)

    def command(self, *words: str, now: datetime | None = None) -> str | None:
        """A verb of the command line. Gives what is wrong, if anything."""
        config = ["--config", str(self.folder / "tollbook.toml")]
        business = [] if now is None else ["--now", f"{now.isoformat()}Z"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cli_context, "_real_now", self.tick)
            # a signal ends the trial, and not the run that is in progress
            patch.setattr(cli_context, "stop_on_signals", threading.Event)
            use_elsewhere(patch)
            done = CliRunner().invoke(app, [*words, *config, *business])
        if isinstance(done.exception, TollbookError):
            return f"exit {done.exception.exit_code}: {done.exception}"
        if done.exit_code == SourceError.exit_code and (gone := _gone(done.output)):
            return gone
        return None if done.exit_code == 0 else f"exit {done.exit_code}: {done.exception}"

    def facts(self) -> tuple[Facts, list[str], int]:
        """What readers see, what contradicts itself in it, and the number of postings."""
        rows = answers(self.folder / "var", QUERIES)
        [(postings,)] = rows["postings"]
        apart = [f"{fault} ({day})" for fault, day in rows["apart"]]
        other = days_with_other_sums(self.folder / "var")
        apart += [f"the sums of charges are not the charges ({day})" for day in other]
        return self._facts(rows), apart, postings

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the published database."""
        return answers(self.folder / "var", {"": query})[""]

    def fact(self, name: str) -> Facts:
        """What readers see, of one kind only."""
        return self._facts(answers(self.folder / "var", {name: QUERIES[name]}))

    def facts_as_of(self, at: datetime) -> Facts:
        """What readers saw at an earlier instant, so far as that can be asked."""
        with open_published(self.folder / "var" / "published", at=at) as con:
            rows = {n: list(run_statement(con, text).rows()) for n, text in EARLIER.items()}
        return self._facts(rows)

    def _facts(self, rows: dict[str, list[tuple[Any, ...]]]) -> Facts:
        def path(name: str) -> str:
            return str(Path(name).relative_to(self.folder))

        def found(name: str) -> list[tuple[Any, ...]]:
            return rows.get(name, [])

        return Facts(
            charges={
                (d, p, m): (c.quantize(DIGITS), int(u))
                for d, p, m, c, u in found("charges")
                if c.quantize(DIGITS) or u
            },
            daily={(d, p, m): (int(r), int(t)) for d, p, m, r, t in found("daily")},
            usage=Counter((basis, path(name), *rest) for basis, name, *rest in found("usage")),
            bill=Counter((path(name), *rest) for name, *rest in found("bill")),
            fates={path(name): tuple(map(int, n)) for name, *n in found("fates")},
            held=Counter((path(name), raw) for name, raw in found("held")),
            budgets={
                (b, m): (usd.quantize(OF_SUMS), state, low)
                for b, m, usd, state, low in found("budgets")
            },
            alerts={(b, m, t): state for b, m, t, state in found("alerts")},
            corrections={
                (m, p, model): (int(r), int(t), usd.quantize(OF_SUMS))
                for m, p, model, r, t, usd in found("corrections")
                if r or t or usd.quantize(OF_SUMS)
            },
            statement={
                m: usd.quantize(OF_SUMS) for m, usd in found("statement") if usd.quantize(OF_SUMS)
            },
        )


@contextmanager
def _engines() -> Iterator[None]:
    """In the place of processes stands an engine that does the same in this one."""
    with pytest.MonkeyPatch.context() as patch:
        use_elsewhere(patch)
        yield


def _failure(act: Callable[[], Any]) -> str | None:
    try:
        done = act()
    except TollbookError as error:
        behind = f" (behind it: {error.__context__!r})" if error.__context__ is not None else ""
        return f"{type(error).__name__}: {error}{behind}"
    if problems := [p for p in done.problems if not GONE.search(p)]:
        return f"{done.outcome}: {problems}"
    return _gone("\n".join(done.problems))


def _gone(text: str) -> str | None:
    """The sources whose files are all gone, as `Books.ending` has them."""
    return f"gone: {', '.join(found)}" if (found := dict.fromkeys(GONE.findall(text))) else None


def _price_row(price: Price) -> str:
    since, until = ("" if at is None else f"{at.isoformat()}Z" for at in (price.since, price.until))
    return (
        f"openai,{price.model},text_input_tokens,default,base,{price.usd},1000000,tokens,"
        f"{since},{until},ours,2026-01-01"
    )
