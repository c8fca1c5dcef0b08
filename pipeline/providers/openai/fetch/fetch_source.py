"""Fetches one source: what to order of each endpoint, and what a failure leaves missing.

Takes the source and what is known of it; gives rows for the database, problems and notes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event

from pipeline.config.model import Source
from pipeline.errors import ApiError, SourceError
from pipeline.ledger.bucket import Width
from pipeline.providers.fetch_store import FetchRow
from pipeline.providers.openai.credentials import connect
from pipeline.providers.openai.fetch.backfill_journal import Journal
from pipeline.providers.openai.fetch.endpoints import BY_MINUTE, COSTS, USAGE, Endpoint
from pipeline.providers.openai.fetch.fetch import Fetched, Fetching, Order, fetch
from pipeline.providers.openai.fetch.raw_files import series, source_folder
from pipeline.providers.openai.fetch.windows import first_day, regular
from pipeline.providers.provider import Fetches, FetchRequest
from pipeline.providers.span import Span, extended

# No server is without these: a 404 of theirs is an outage.
_EVERYWHERE = frozenset({COSTS.name, "completions"})
_MINUTE_DAYS = 7  # of minutes before the first fetch: rate limits are a matter of now
_PATH = re.compile(r"/organization/\S+")


def fetch_source(
    source: Source,
    known: Mapping[str, Span],
    raw: Path,
    request: FetchRequest,
    *,
    now: datetime,
    clock: Callable[[], datetime],
    stop: Event,
) -> Fetches:
    """Fetch what is ordered of one source. Fails: ConfigError without a key or address."""
    done = Fetches()
    folder = source_folder(raw, source.name)
    orders = list(_orders(source, now, request, known))
    if not known and source.since is None and request.span is None:
        done.notes.append(
            f"The source {source.name!r} is fetched from {first_day(now)} on; earlier days "
            "come with `since`, or with: tollbook ingest --since DATE"
        )
    with connect(source, request.environment, stop, max_retries=request.max_retries) as api:
        setting = Fetching(
            source=source.name,
            api=api,
            folder=folder,
            now=now,
            clock=clock,
            in_flight=source.requests_in_flight,
            stop=stop,
            journal=None if request.span is None else Journal.of(folder, request.span, clock),
            progress=request.progress,
        )
        results = fetch(setting, orders)
    if any(r.error is not None and r.error.is_unreachable for r in results):
        done.unreachable.add(source.name)
    done.rows += [_row(source.name, r, known.get(r.order.series)) for r in results]
    done.problems += _problems(source, api.base_url, results, known)
    done.notes += _notes(source, results, known)
    return done


def _row(source: str, fetched: Fetched, known: Span | None) -> FetchRow:
    """A row of `fetches`: what is known without a hole after this fetch."""
    order, error = fetched.order, fetched.error
    if fetched.complete_until is not None:
        known = extended(known, Span(order.span.since, fetched.complete_until))
    # with this endpoint's path: a server that is down was met at another
    message = None if error is None else _PATH.sub(order.endpoint.path, str(error), count=1)
    return FetchRow(
        source=source,
        endpoint=order.series,
        bucket_width=order.width,
        fetched_at=fetched.fetched_at,
        span=order.span,
        complete_until_at=fetched.complete_until,
        known=known,
        outcome=fetched.outcome,
        group_by=fetched.group_by,
        pages=fetched.pages,
        rows=fetched.rows,
        message=message,
    )


def _orders(
    source: Source, now: datetime, request: FetchRequest, known: Mapping[str, Span]
) -> Iterator[Order]:
    """The orders of a source: the range asked for, or the new span of each endpoint."""
    wanted: list[tuple[Endpoint, Width]] = [(e, source.bucket_width) for e in USAGE]
    wanted.append((COSTS, "1d"))
    if source.minute_buckets:
        wanted.append((BY_MINUTE, "1m"))
    for endpoint, width in wanted:
        if request.span is not None:
            until = min(request.span.until, now)
            yield Order(endpoint, width, Span(request.span.since, until))
            continue
        own = known.get(series(endpoint.name, by_minute=width == "1m"))
        if width == "1m":
            first, trailing = now.date() - timedelta(days=_MINUTE_DAYS), 1
        else:
            first = source.since or _begun(own) or first_day(now)
            trailing = source.trailing_days
        if endpoint is COSTS:
            trailing = max(trailing, request.costs_trailing_days)
        yield Order(endpoint, width, regular(now, first=first, known=own, trailing_days=trailing))


def _begun(known: Span | None) -> date | None:
    return None if known is None else known.since.date()


def _is_missed(result: Fetched, results: Sequence[Fetched], known: Mapping[str, Span]) -> bool:
    """Whether data is missing: a server without an endpoint that it never had misses nothing."""
    if result.outcome != "absent":
        return result.error is not None
    return (
        result.order.series in known
        or result.order.endpoint.name in _EVERYWHERE
        or all(r.outcome == "absent" for r in results)
    )


def _problems(
    source: Source, address: str, results: Sequence[Fetched], known: Mapping[str, Span]
) -> Iterator[SourceError]:
    """Missing data with its reason; one sentence for endpoints with the same reason."""
    reasons: dict[tuple[str, str | None], list[Fetched]] = defaultdict(list)
    for result in results:
        if result.error is not None and _is_missed(result, results, known):
            reasons[_reason(result.error), result.error.hint].append(result)
    for (reason, advice), failed in reasons.items():
        names, hint = ", ".join(r.order.series for r in failed), advice
        status = _first_status(failed)
        if len(failed) == len(results):
            names = "every endpoint"
            if status == 404:
                hint = "Is `base_url` right? The provider's ends with /v1."
        since = min(r.complete_until or r.order.span.since for r in failed)
        until = max(r.order.span.until for r in failed)
        missing = f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
        yield ApiError(
            f"the source {source.name!r}: {names} {reason}; missing is {missing}",
            key=address,
            hint=hint,
            status=status,
        )


def _first_status(failed: Sequence[Fetched]) -> int | None:
    return next((r.error.status for r in failed if r.error is not None), None)


def _notes(source: Source, results: Sequence[Fetched], known: Mapping[str, Span]) -> Iterator[str]:
    absent = [r for r in results if r.outcome == "absent" and not _is_missed(r, results, known)]
    if absent:
        names = ", ".join(r.order.series for r in absent)
        yield f"The source {source.name!r}: the server does not have {names} (404)"
    for result in results:
        if result.refused_grouping is not None and result.left_out:
            yield (
                f"The source {source.name!r}: {result.order.series} came without "
                f"{' and '.join(result.left_out)}, since such a grouping "
                f"{_reason(result.refused_grouping)}"
            )


def _reason(error: ApiError) -> str:
    """The message of an error without the path at its beginning."""
    return error.what.split(" ", 1)[-1]
