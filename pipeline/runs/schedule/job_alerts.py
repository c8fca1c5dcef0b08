"""Puts the problems of jobs into the outbox, under the storage lock, and delivers them.

A message is never lost: while the storage is locked the schedule keeps the problem in its state
file and comes again. Where it stays locked for minutes, or there is no usable storage, the message
goes to the channels directly, with the alert id that it will have in the outbox; once the storage
can be used the outbox records it, and which channels have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import duckdb

from pipeline.alerts import job_rule, recipients, state_machine, store
from pipeline.alerts.delivery import outbox, outlets
from pipeline.alerts.delivery.deliver import deliver
from pipeline.alerts.delivery.outlets import Outlets
from pipeline.alerts.model import PRINTED, Alert, JobProblem
from pipeline.alerts.update import Look, update_job_alerts
from pipeline.config.alerts_section import Alerts
from pipeline.config.log import get_logger
from pipeline.config.model import Config
from pipeline.errors import ConfigError, RunFailedError, TollbookError
from pipeline.storage import disk_errors
from pipeline.storage.database import Database, open_database
from pipeline.storage.layout import StorageLayout
from pipeline.storage.lock import storage_lock
from pipeline.storage.read_copy import open_read_copy

_LOOK_EVERY = timedelta(minutes=5)
_log = get_logger()


class JobAlerts:
    """The alerts of one schedule's jobs.

    **Takes** `load`, which gives the configuration as it is now; `config`, which stands for it
    where it cannot be read and names the storage; the real clock; the environment; and what
    prints where there are no channels.
    """

    def __init__(
        self,
        load: Callable[[], Config],
        config: Config,
        *,
        clock: Callable[[], datetime],
        environment: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self._load = load
        self._config = config
        self._storage = StorageLayout(config.storage.root.absolute())
        self._clock = clock
        self._environment = environment
        self._say = say
        self._next_at: datetime | None = None  # when a message that waits is to be tried
        self._looked_at: datetime | None = None  # when the outbox was last looked at

    def record(
        self,
        problem: JobProblem,
        since: datetime,
        *,
        is_firing: bool,
        sent_to: Sequence[str] = (),
    ) -> None:
        """Raise or clear the alert of a problem, and deliver. Fails: TollbookError.

        **Takes** in `sent_to` the labels of channels that `send` has reached.
        """
        if not self._storage.warehouse.is_file():
            # opening would begin a new one, where perhaps a disk is not mounted
            raise RunFailedError("there is no database yet", file=self._storage.warehouse)
        now = self._clock()
        with (
            disk_errors.before_the_commit(self._storage.root),
            storage_lock(self._storage.root, what="tollbook schedule", real_now=now),
            open_database(self._storage) as db,
        ):
            look = self._look(since, db.con)
            with db.transaction():
                decision = update_job_alerts(db.con, look, problem, is_firing=is_firing)
                for message in decision.messages:
                    outbox.record_delivered(db.con, message.message_id, sent_to, now)
            printed = [m.message_id for m in decision.messages] if PRINTED in sent_to else []
            self._deliver(db, heard=printed)

    def send(self, problem: JobProblem, since: datetime) -> tuple[str, ...]:
        """Send the message of a problem past the outbox.

        Gives the labels of the channels that took it; where none is configured it is printed.
        """
        condition = job_rule.condition(problem, is_firing=True)
        look = self._look(since)
        decision = state_machine.decide(
            [condition],
            self._known(),
            now=look.at,
            run_id=look.run_id,
            organization=look.organization,
            addressing=look.addressing,
        )
        found = self._outlets()
        labels: list[str] = []
        for message in decision.messages:
            if found is None:
                self._say(message.text)
                labels.append(PRINTED)
                continue
            labels += (o.label for o in found.of(message) if o.channel.send(message) is None)
        return tuple(labels)

    def deliver_waiting(self) -> None:
        """Deliver what waits, when it is due, if the storage can be had. Never fails."""
        due_at = self._next_at
        if due_at is None and self._looked_at is not None:
            due_at = self._looked_at + _LOOK_EVERY  # for what a run could not deliver
        is_due = due_at is None or self._clock() >= due_at
        if not is_due or not self._storage.warehouse.is_file():
            return
        try:
            with (
                disk_errors.before_the_commit(self._storage.root),
                storage_lock(self._storage.root, what="tollbook schedule", real_now=self._clock()),
                open_database(self._storage) as db,
            ):
                self._deliver(db)
        except (TollbookError, duckdb.Error) as error:
            _log.warning("messages_wait", reason=str(error))

    def _deliver(self, db: Database, heard: Sequence[str] = ()) -> None:
        alerts, found = self._alerts(), self._outlets()
        became = deliver(
            db,
            found or outlets.NONE,
            clock=self._clock,
            say=self._say if found is None or not found.is_empty else None,
            heard=heard,
            give_up_after=timedelta(hours=alerts.give_up_after_hours),
        )
        waiting = [d.until or d.attempted_at for d in became if not d.is_final]
        if not became and outbox.pending_messages(db.con):
            waiting = [self._clock()]  # no channel can be used now
        self._next_at = min(waiting, default=None)
        self._looked_at = self._clock()

    def _alerts(self) -> Alerts:
        try:
            return self._load().alerts
        except TollbookError:  # the file may be the very problem: the channels it had before
            return self._config.alerts

    def _outlets(self) -> Outlets | None:
        """The channels that can be used; None where none is configured."""
        alerts = self._alerts()
        if not alerts.channels and not alerts.routes:
            return None

        def leave_out(error: ConfigError) -> None:
            # one dead entry does not silence the others
            _log.warning("channel_not_usable", reason=str(error))

        return outlets.resolve(
            alerts, self._environment, self._config.organization.zone, on_error=leave_out
        )

    def _known(self) -> Sequence[Alert]:
        """The alerts so far, where they can be read now: an occurrence has its number by them."""
        try:
            with open_read_copy(self._storage) as db:
                return store.known_alerts(db.con) if db is not None else ()
        except (TollbookError, duckdb.Error):
            return ()

    def _look(self, since: datetime, con: duckdb.DuckDBPyConnection | None = None) -> Look:
        now = self._clock()
        return Look(
            f"schedule {since:%Y%m%dT%H%M%S.%f}",
            now,
            self._config.organization.shown_name,
            recipients.addressing(con, self._alerts(), today=now.date()),
        )
