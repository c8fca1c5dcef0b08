"""The figures of a storage as metrics: what is published, how the last run ended, how large it is.

What is unknown is NaN: money, budgets and counts of books after a run that failed, and figures of
a month that nothing was published in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import duckdb

from pipeline import __version__
from pipeline.config.alerts_section import Kind
from pipeline.config.model import Config
from pipeline.dates import local_date, month_bounds
from pipeline.errors import TollbookError
from pipeline.metrics.exposition import Metric, Value
from pipeline.published import queries
from pipeline.published.reader import open_published
from pipeline.storage.layout import StorageLayout
from pipeline.storage.sizes import sizes

MOST_SERIES = 500  # of projects, and of budgets
OTHER = "(other)"  # what the rest is added up as
OUTCOMES = ("done", "partial", "failed")
BUDGET_STATES = ("ok", "near", "over")


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run or correction ended. Times are naive UTC, by the real clock."""

    outcome: str  # of OUTCOMES
    ended_at: datetime
    seconds: Decimal
    undelivered: int | None  # messages; None: not known


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job of the schedule. Times are naive UTC; None: never."""

    name: str
    good_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    seconds: Decimal | None


def gather(
    config: Config,
    *,
    now: datetime,
    run: RunEnd | None,
    jobs: Sequence[JobFacts],
    earlier: Mapping[str, Decimal],
) -> list[Metric]:
    """All metrics. Takes the business clock and the numbers of the file as it was."""
    storage = StorageLayout(config.storage.root.absolute())
    info = Metric("tollbook_info", "The version of tollbook that wrote this file.")
    info.add(1, version=__version__)
    figures = _Figures(config, now, is_current=run is None or run.outcome != "failed")
    try:
        with closing(open_published(storage.published)) as con:
            books = list(figures.of(con))
            [[published_at, done_at, _]] = queries.rows(con, "metrics/last_runs", {})
    except (TollbookError, duckdb.Error):
        books, published_at, done_at = list(figures.unknown()), None, None
    runs = _runs(run, published_at, done_at, earlier)
    return [info, *runs, *_jobs(jobs), *books, _sizes(storage)]


def _runs(
    run: RunEnd | None,
    published_at: datetime | None,
    done_at: datetime | None,
    earlier: Mapping[str, Decimal],
) -> Iterator[Metric]:
    ended = Metric("tollbook_run_last_timestamp_seconds", "When a run last ended, however it did.")
    good = Metric(
        "tollbook_run_last_success_timestamp_seconds", "When a run last ended with nothing amiss."
    )
    took = Metric("tollbook_run_duration_seconds", "How long the last run took.")
    outcome = Metric("tollbook_run_outcome", "1 for how the last run ended.")
    waiting = Metric(
        "tollbook_messages_undelivered", "Messages that channels did not accept or were given up."
    )
    published = Metric(
        "tollbook_published_timestamp_seconds",
        "When the run ended whose figures are published, and those of this file.",
    )
    published.add(_epoch(published_at))
    times = [_epoch(done_at), earlier.get(good.name)]
    if run is None:
        ended.add(earlier.get(ended.name))
        took.add(earlier.get(took.name))
        waiting.add(earlier.get(waiting.name))
        for state in OUTCOMES:
            outcome.add(earlier.get(f'{outcome.name}{{outcome="{state}"}}'), outcome=state)
    else:
        ended.add(_epoch(run.ended_at))
        took.add(run.seconds)
        waiting.add(run.undelivered)
        for state in OUTCOMES:
            outcome.add(int(state == run.outcome), outcome=state)
        if run.outcome == "done":
            times.append(_epoch(run.ended_at))
    good.add(max((t for t in times if t is not None), default=None))
    yield from (ended, good, took, outcome, waiting, published)


def _jobs(jobs: Iterable[JobFacts]) -> Iterator[Metric]:
    good = Metric(
        "tollbook_job_last_success_timestamp_seconds", "When a job of the schedule was last done."
    )
    took = Metric("tollbook_job_duration_seconds", "How long a job of the schedule last took.")
    is_good = Metric("tollbook_job_is_good", "1 where a job of the schedule last ended as done.")
    for job in jobs:
        good.add(_epoch(job.good_at), job=job.name)
        took.add(job.seconds, job=job.name)
        is_good.add(None if job.outcome is None else int(job.outcome == "done"), job=job.name)
    yield from (good, took, is_good)


@dataclass(frozen=True, slots=True)
class _Figures:
    """The metrics of the books; all NaN where they are not those of now."""

    config: Config
    now: datetime
    is_current: bool

    def of(self, con: duckdb.DuckDBPyConnection) -> Iterator[Metric]:
        zone = self.config.organization.zone
        today = local_date(self.now, zone)
        since, until = month_bounds(today)
        [[_, _, now_at]] = queries.rows(con, "metrics/last_runs", {})
        is_of_month = now_at is not None and local_date(now_at, zone) >= since
        if not self.is_current or not is_of_month:
            yield from self.unknown()
        else:
            days = {"since": since, "until": until, "today": today}
            yield from _costs(queries.rows(con, "metrics/costs", days))
            yield from self._budgets(queries.rows(con, "metrics/budgets", days))
            yield _alerts(queries.rows(con, "metrics/alerts", {}))
            [[held]] = queries.rows(con, "metrics/quarantined", {})
            yield _quarantined(held)
        yield from self._sources(queries.rows(con, "metrics/sources", {}))
        yield _rows(queries.named_rows(con, "metrics/rows", {})[0])

    def unknown(self) -> Iterator[Metric]:
        yield from _costs([(None, None, None)])
        yield from self._budgets([])
        yield _alerts(None)
        yield _quarantined(None)

    def _budgets(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[Metric]:
        """Those that are over or nearest to it; one of the configuration without a row is NaN."""
        amount = Metric("tollbook_budget_amount_usd", "What may be spent in the current period.")
        spent = Metric("tollbook_budget_spent_usd", "What was spent in the current period.")
        ratio = Metric("tollbook_budget_spent_ratio", "Spent of the amount: 1 is all of it.")
        bound = Metric(
            "tollbook_budget_is_lower_bound", "1 where usage without a price makes it more."
        )
        state = Metric("tollbook_budget_state", "1 for the state of the budget.")
        known = {budget for budget, *_ in rows}
        missing = [(b.id, b.project, None, None, None, None, None) for b in self.config.budgets]
        shown = [*rows, *(m for m in missing if m[0] not in known)][:MOST_SERIES]
        for budget, project, of_amount, of_spent, of_ratio, is_bound, found in shown:
            labels = {"budget": budget, "project": project}
            amount.add(of_amount, **labels)
            spent.add(of_spent, **labels)
            ratio.add(of_ratio, **labels)
            bound.add(None if is_bound is None else int(is_bound), **labels)
            for each in BUDGET_STATES:
                state.add(None if found is None else int(found == each), **labels, state=each)
        yield from (amount, spent, ratio, bound, state)

    def _sources(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[Metric]:
        last = Metric(
            "tollbook_source_last_data_timestamp_seconds", "Time of a source's latest record."
        )
        found = dict(rows)
        for source in self.config.sources:
            last.add(_epoch(found.get(source.name)), source=source.name)
        yield last


def _costs(rows: Sequence[tuple[Any, ...]]) -> Iterator[Metric]:
    cost = Metric("tollbook_cost_usd", "Cost of the current month, US dollars; what has a price.")
    unpriced = Metric(
        "tollbook_unpriced_quantity", "Usage of the current month without a price, mixed units."
    )
    for project, usd, _ in rows[:MOST_SERIES]:
        cost.add(usd, project=project)
    if rows[MOST_SERIES:]:
        priced = [usd for _, usd, _ in rows[MOST_SERIES:] if usd is not None]
        cost.add(sum(priced, Decimal(0)), project=OTHER)
    quantities = [quantity for _, _, quantity in rows]
    is_known = all(quantity is not None for quantity in quantities)
    unpriced.add(sum(quantities, Decimal(0)) if is_known else None)
    yield from (cost, unpriced)


def _alerts(rows: Sequence[tuple[Any, ...]] | None) -> Metric:
    alerts = Metric("tollbook_alerts_open", "Alerts that hold now, acknowledged ones too.")
    counts = {(kind, severity): count for kind, severity, count in rows or ()}
    for kind in sorted({*get_args(Kind), *(kind for kind, _ in counts)}):
        for severity in ("info", "warning", "critical"):
            count = None if rows is None else counts.get((kind, severity), 0)
            alerts.add(count, kind=kind, severity=severity)
    return alerts


def _quarantined(held: int | None) -> Metric:
    metric = Metric("tollbook_quarantined_rows", "Rows that are held back now.")
    metric.add(held)
    return metric


def _rows(counts: Mapping[str, int]) -> Metric:
    metric = Metric(
        "tollbook_rows_total", "Rows that runs have read, by what became of them.", kind="counter"
    )
    for fate, count in counts.items():
        metric.add(count, fate=fate)
    return metric


def _sizes(storage: StorageLayout) -> Metric:
    metric = Metric("tollbook_storage_bytes", "What a part of the storage takes.")
    for part, size in sizes(storage).items():
        metric.add(size.bytes, part=part)
    return metric


def _epoch(at: datetime | None) -> Value:
    if at is None:
        return None
    since = at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(since.days * 86_400 + since.seconds) + Decimal(since.microseconds).scaleb(-6)
