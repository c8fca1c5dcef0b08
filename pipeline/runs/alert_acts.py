"""What people do about alerts: acknowledge them, send again what was not delivered; each locked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from pipeline.alerts import update
from pipeline.alerts.delivery import outbox, outlets
from pipeline.alerts.delivery.deliver import deliver
from pipeline.alerts.delivery.undelivered import Undelivered, undelivered
from pipeline.alerts.overdue import Acknowledgement
from pipeline.config.model import Config
from pipeline.errors import ConfigError
from pipeline.runs.context import open_for_act
from pipeline.runs.run_log import new_run
from pipeline.storage.layout import StorageLayout


def acknowledge(
    config: Config,
    ids: Sequence[str] | None,
    *,
    by: str,
    note: str | None,
    clock: Callable[[], datetime],
    is_undone: bool = False,
) -> Acknowledgement:
    """Acknowledge alerts, or undo that. Gives what was changed, and what was left alone.

    **Takes** ids; None: all to which it applies. **Fails**: ConfigError for an unknown id (nothing
    is changed then); LockHeldError.
    """
    storage = StorageLayout(config.storage.root.absolute())
    now = clock()
    head = new_run("alerts ack", now=now, started_at=now)
    with open_for_act(storage, head) as db, db.transaction():
        found = update.acknowledge(db.con, ids, by=by, note=note, at=now, is_undone=is_undone)
        if found.unknown:
            raise ConfigError(
                f"there is no alert {', '.join(found.unknown)}",
                key="alerts ack",
                hint="`tollbook alerts list` shows the ids.",
            )
        return found


def send_waiting(
    config: Config,
    *,
    clock: Callable[[], datetime],
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> tuple[Undelivered, ...]:
    """Send digests that are due and what else waits. Gives what is still not delivered.

    **Fails**: ConfigError where a channel cannot be used; LockHeldError.
    """
    found = outlets.resolve(config.alerts, environment, config.organization.zone)
    storage = StorageLayout(config.storage.root.absolute())
    now = clock()
    head = new_run("alerts send", now=now, started_at=now)
    with open_for_act(storage, head) as db:
        give_up_after = timedelta(hours=config.alerts.give_up_after_hours)
        deliver(db, found, clock=clock, say=say, give_up_after=give_up_after)
        return undelivered(db.con, found, clock())


def retry(
    config: Config,
    ids: Sequence[str] | None,
    *,
    clock: Callable[[], datetime],
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> tuple[Undelivered, ...]:
    """Put back what channels have not accepted, and send it. Gives what is still not delivered.

    **Takes** ids of alerts or messages; None: all. **Fails**: ConfigError where nothing of it
    waits, or a channel cannot be used; LockHeldError.
    """
    found = outlets.resolve(config.alerts, environment, config.organization.zone)
    storage = StorageLayout(config.storage.root.absolute())
    now = clock()
    head = new_run("alerts retry", now=now, started_at=now)
    with open_for_act(storage, head) as db:
        with db.transaction():
            count = outbox.put_back(db.con, ids, now)
        if ids is not None and not count:
            raise ConfigError(
                f"no message of {', '.join(ids)} waits or was given up",
                key="alerts retry",
                hint="See `tollbook alerts list --state undelivered`.",
            )
        give_up_after = timedelta(hours=config.alerts.give_up_after_hours)
        deliver(db, found, clock=clock, say=say, give_up_after=give_up_after)
        return undelivered(db.con, found, clock())
