"""When the provider's costs of a UTC day are settled: late enough, and not moving any more."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta


def is_settled(
    day: date,
    fetched_at: datetime | None,
    changed_at: datetime | None,
    *,
    now: datetime,
    lag_days: int,
) -> bool:
    """Whether the costs of a day can be taken as the bill.

    They were fetched at least `lag_days` after the day's end, and since they last changed they
    were confirmed by a later fetch, or `lag_days` whole days went by. It depends on the day of
    `now` alone. Takes when the costs were fetched last
    (None: a file that does not say), and when costs came that replaced others (None: never).
    """
    due = datetime.combine(day, time()) + timedelta(days=1 + lag_days)
    if now < due or (fetched_at is not None and fetched_at < due):
        return False
    if changed_at is None or (fetched_at is not None and fetched_at > changed_at):
        return True
    return now >= datetime.combine(changed_at.date(), time()) + timedelta(days=1 + lag_days)
