"""Fetches what is ordered of the endpoints of one source, several pieces at a time, into raw files.

Takes orders (an endpoint, a width, a span); gives the result of each. One that fails stops no
other; a piece that is not whole is not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from pipeline.config.log import get_logger
from pipeline.errors import ApiError
from pipeline.ledger.bucket import Width
from pipeline.providers.openai.client import AdminApi, Answer
from pipeline.providers.openai.fetch.backfill_journal import Journal
from pipeline.providers.openai.fetch.endpoints import COSTS_LIMIT, LIMITS, Endpoint, without_refused
from pipeline.providers.openai.fetch.raw_files import RawFolder, series
from pipeline.providers.openai.fetch.windows import pieces
from pipeline.providers.provider import Progress
from pipeline.providers.span import Span

log = get_logger()

Outcome = Literal["complete", "absent", "refused", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Order:
    """One endpoint, bucket width and span to fetch."""

    endpoint: Endpoint
    width: Width
    span: Span

    @property
    def series(self) -> str:
        """The folder of its raw files, and its name in the table `fetches`."""
        return series(self.endpoint.name, by_minute=self.width == "1m")


@dataclass(slots=True)
class Fetched:
    """The outcome of one order."""

    order: Order
    fetched_at: datetime
    outcome: Outcome = "complete"
    complete_until: datetime | None = None  # from the order's beginning to here, without a hole
    group_by: tuple[str, ...] = ()
    pages: int = 0
    rows: int = 0
    error: ApiError | None = None
    refused_grouping: ApiError | None = None
    skipped: int = 0  # pieces that an earlier try of the same back-fill has

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names that the server would not group by."""
        return tuple(n for n in self.order.endpoint.group_by if n not in self.group_by)


@dataclass(frozen=True, slots=True)
class Fetching:
    """Where and how to fetch."""

    source: str
    api: AdminApi
    folder: Path
    now: datetime  # the business clock
    clock: Callable[[], datetime]  # the real one: says which of two fetches is later
    in_flight: int
    stop: threading.Event
    journal: Journal | None = None
    progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    order: Order
    span: Span


@dataclass(frozen=True, slots=True)
class _Got:
    pages: int
    rows: int
    group_by: tuple[str, ...]
    refused_grouping: ApiError | None


@dataclass(slots=True)
class _State:
    """The state that the threads of one fetch share."""

    groupings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    given_up: dict[str, ApiError] = field(default_factory=dict)
    down: ApiError | None = None


def fetch(setting: Fetching, orders: Sequence[Order]) -> list[Fetched]:
    """Fetch the orders. Gives one result each; its error, if any, is in it."""
    state = _State()
    results = [Fetched(o, setting.clock(), group_by=o.endpoint.group_by) for o in orders if o.span]
    every = list(_in_turn(setting, [r.order for r in results]))
    for order in {p.order.series for p in every}:
        RawFolder(setting.folder / order).clear()
    kept: dict[_Piece, _Got | None] = {}
    journal = setting.journal
    for piece in every:
        if journal is not None and journal.has(piece.order.series, piece.order.width, piece.span):
            kept[piece] = None
    with ThreadPoolExecutor(setting.in_flight, thread_name_prefix="fetch") as pool:
        running = {
            # in this context: what is logged there has the id of the run
            pool.submit(copy_context().run, _fetch_piece, setting, state, p): p
            for p in every
            if p not in kept
        }
        for number, future in enumerate(as_completed(running), len(kept) + 1):
            piece, got = running[future], future.result()
            if got is not None:
                kept[piece] = got
                if journal is not None:
                    journal.note(piece.order.series, piece.order.width, piece.span)
            if setting.progress is not None:
                setting.progress(
                    Progress(setting.source, number, len(every), piece.order.series, piece.span)
                )
    for result in results:
        _sum_up(result, [p for p in every if p.order is result.order], kept, state)
    if journal is not None and len(kept) == len(every) and not setting.stop.is_set():
        journal.finish()
    return results


def _in_turn(setting: Fetching, orders: Sequence[Order]) -> Iterator[_Piece]:
    """The pieces of all orders, oldest first, the endpoints in turn."""
    cut = [
        [
            _Piece(o, span)
            for span in pieces(o.span, o.width, setting.now, is_costs=o.endpoint.name == "costs")
        ]
        for o in orders
    ]
    for row in zip_longest(*cut):
        yield from (piece for piece in row if piece is not None)


def _sum_up(
    result: Fetched,
    own: Sequence[_Piece],
    kept: Mapping[_Piece, _Got | None],
    state: _State,
) -> None:
    order = result.order
    for piece in own:  # oldest first
        if piece not in kept:
            break
        result.complete_until = min(piece.span.until, order.span.until)
    for piece in own:
        got = kept.get(piece)
        if got is not None:
            result.pages += got.pages
            result.rows += got.rows
            result.group_by = got.group_by
            result.refused_grouping = result.refused_grouping or got.refused_grouping
        elif piece in kept:
            result.skipped += 1
    if all(piece in kept for piece in own):
        return
    result.error = state.given_up.get(order.series) or state.down
    status = result.error.status if result.error is not None else None
    if result.error is None:
        result.outcome = "stopped"
    elif result.error.is_forbidden:
        result.outcome = "refused"
    elif status == 404 and result.complete_until is None:
        result.outcome = "absent"
    else:
        result.outcome = "failed"


def _fetch_piece(setting: Fetching, state: _State, piece: _Piece) -> _Got | None:
    """Fetch and keep one piece; None where it failed, or something before it did."""
    name = piece.order.series
    if setting.stop.is_set() or state.down is not None or name in state.given_up:
        return None
    try:
        return _ask_and_keep(setting, state, piece)
    except ApiError as error:
        if setting.stop.is_set():
            return None
        if error.is_unreachable:
            state.down = state.down or error
        state.given_up.setdefault(name, error)
        return None


def _ask_and_keep(setting: Fetching, state: _State, piece: _Piece) -> _Got:
    order, span = piece.order, piece.span
    group_by = state.groupings.get(order.series, order.endpoint.group_by)
    refused: ApiError | None = None
    while True:
        fetched_at = setting.clock()  # before asking: what comes after it is not in the answer
        parameters = _parameters(order, span, group_by)
        try:
            pages = list(setting.api.pages(order.endpoint.path, parameters))
            break
        except ApiError as error:
            refused = refused or error
            fewer = without_refused(group_by, error)
            if fewer is None:
                raise refused from None
            group_by = fewer
    if refused is not None:
        state.groupings[order.series] = group_by
    folder = RawFolder(setting.folder / order.series)
    path = folder.save(order.endpoint.name, parameters, span, fetched_at, pages)
    rows = sum(map(_rows, pages))
    log.info(
        "piece_fetched",
        source=setting.source,
        endpoint=order.series,
        since=span.since.isoformat(),
        until=span.until.isoformat(),
        pages=len(pages),
        rows=rows,
        is_new=path is not None,
    )
    return _Got(len(pages), rows, group_by, refused)


def _parameters(order: Order, span: Span, group_by: tuple[str, ...]) -> dict[str, Any]:
    is_costs = order.endpoint.name == "costs"
    parameters: dict[str, Any] = {
        "start_time": _epoch(span.since),
        "end_time": _epoch(span.until),
        "bucket_width": order.width,
        "limit": COSTS_LIMIT if is_costs else LIMITS[order.width],
    }
    if group_by:
        parameters["group_by"] = list(group_by)
    return parameters


def _epoch(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())


def _rows(page: Answer) -> int:
    data = page.value.get("data")
    buckets = data if isinstance(data, list) else []
    return sum(
        len(b["results"])
        for b in buckets
        if isinstance(b, dict) and isinstance(b.get("results"), list)
    )
