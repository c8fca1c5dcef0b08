"""A storage and the model of it, a webhook, and what must hold after trouble."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.config.load import load
from pipeline.runs.run import run_batch
from pipeline.storage.catalogue import named_files
from pipeline.storage.layout import StorageLayout
from pipeline.storage.orphans import orphans
from pipeline.storage.read_copy import open_read_copy
from tests.model.acts import Act, do
from tests.model.books import Facts
from tests.model.changes import CHANGES
from tests.model.compare import differences
from tests.model.world import NOWS, ZONES, DifferenceError, World
from tests.support.webhook import Server
from tests.torture.child import Child, Way, start

# Changes that say when something was fetched; they are as true as the clock.
DATED = {"page", "save_page", "look", "bill", "invoice"}
UNSENT = (
    "SELECT alert_id, state, delivery FROM alerts WHERE delivery = 'to send' "
    "OR (state = 'open' AND delivered_at IS NULL AND delivery <> 'not sent')"
)
TRIES = "SELECT alert_ids, attempted_at, outcome, error, next_attempt_at FROM alert_deliveries"


class Scene:
    """A storage, its inputs, and the model of both."""

    def __init__(
        self, folder: Path, chance: random.Random, server: Server, *, is_long: bool
    ) -> None:
        self.chance, self.server, self.is_long = chance, server, is_long
        folder.mkdir()
        self.world = World(folder, chance.choice(ZONES), has_page_charges=chance.random() < 0.25)
        self.world.product.channel = server.url
        self.world.product.configure(self.world.book)
        self.cpu = 0.4  # seconds that a run takes in a process of its own
        self.is_sound = True  # nothing was found wrong with it
        self._keys: set[str | None] = set()  # of messages that have come
        self.repeats = 0
        self.notes: list[str] = []  # figures to be shown

    @property
    def folder(self) -> Path:
        """The configuration and the inputs."""
        return self.world.product.folder

    @property
    def storage(self) -> StorageLayout:
        """The storage."""
        return StorageLayout(self.folder / "var")

    def change(self, times: int, *, but: Sequence[str] = ()) -> None:
        """Change the inputs at random; at least something that is new."""
        names = [name for name in CHANGES if name not in but]
        wanted = ["new_log", *self.chance.choices(names, k=times)]
        for name in wanted:
            do(self.world, Act(name, *(self.chance.randrange(1000) for _ in range(3))))

    def way(self, **more: object) -> Way:
        """How a run is started now."""
        self.world.tick()
        now = self.world.now
        return Way(self.folder, self.world.clock, now, **more)  # type: ignore[arg-type]

    def start(self, **more: object) -> Child:
        """Start a run in a process of its own."""
        return start(self.way(**more))

    def begin(self) -> None:
        """A storage with a past."""
        self.change(6)
        self.world.now = self.chance.choice(NOWS)
        self.settle()
        self.change(2)
        child = self.start()
        if child.end()[0] in {0, 3}:
            self.cpu = child.cpu
        self.settle()

    def seen(self) -> Facts | None:
        """What readers see; None where nothing is published. Fails: DifferenceError."""
        if not self.storage.published.exists():
            return None
        facts, apart, _ = self.world.product.facts()
        if apart:
            raise DifferenceError("\n".join(apart))
        return facts

    def settle(
        self,
        *,
        repeats: int = 0,
        only: tuple[str, ...] = (),
        is_half_seen: bool = False,
        is_restored: bool = False,
    ) -> None:
        """After trouble: readers saw no half run, and an ordinary run makes all as it should be.

        Takes how many messages may come again; what is compared (all); whether readers may have
        seen a run over other files, and whether files were set aside. Fails: DifferenceError.
        """
        world = self.world
        before, seen = world.books.facts(), self.seen()
        world.books.run(world.disk, world.clock, world.now, world.book)
        if not is_half_seen and seen is not None:
            after = world.books.facts()
            if differences(before, seen) and (found := differences(after, seen)):
                raise DifferenceError("readers saw half a run:\n" + "\n".join(found))
        world.tick()
        ending = world.product.run(world.now)
        if only:
            found = differences(world.books.facts(), self.seen() or Facts(), only)
            if found or ending != world.books.ending(world.disk):
                raise DifferenceError("\n".join([str(ending), *found]))
        else:
            world.agree(ending, world.books.ending(world.disk))
        self._check_messages(repeats, is_restored=is_restored)
        self._check_files(is_restored=is_restored)
        if self.chance.random() < 0.25:
            self._check_unchanged()

    def _check_messages(self, repeats: int, *, is_restored: bool) -> None:
        """Each came once, and all that should; what a damaged database had said is not known."""
        come, again = self.server.keys, 0
        for key in come:
            again += key in self._keys
            self._keys.add(key)
        come.clear()
        self.repeats += again
        if again > repeats:
            raise DifferenceError(f"{again} messages came again")
        unsent = self.world.product.rows(UNSENT)
        if unsent:
            tries = self.world.product.rows(TRIES)
            raise DifferenceError(f"alerts that were not sent: {unsent}, of these tries: {tries}")
        ids = set(re.findall(r"alert-[0-9a-f]{16}[-0-9]*", json.dumps(self.server.posts)))
        known = {alert_id for (alert_id,) in self.world.product.rows("SELECT alert_id FROM alerts")}
        if not ids <= known and not is_restored:
            raise DifferenceError(f"messages of unknown alerts: {sorted(ids - known)}")
        self.server.posts.clear()

    def _check_files(self, *, is_restored: bool) -> None:
        """Nothing is left of a run that was cut off."""
        root, storage = self.storage.root, self.storage
        left = [p for p in root.rglob("*.new") if not p.is_relative_to(storage.snapshots)]
        left += [p for p in (storage.temporary, root / "published.new") if p.exists()]
        left += [s for s in storage.snapshots.iterdir() if not (s / ".complete").exists()]
        if not is_restored and storage.set_aside.exists():
            left.append(storage.set_aside)
        with open_read_copy(storage) as db:
            if db is not None:
                found = orphans(db, storage, named_files(db))
                left += found.cut_off + found.unknown
        if left:
            raise DifferenceError(f"left behind: {', '.join(str(p) for p in left)}")

    def _check_unchanged(self) -> None:
        """A run now finds nothing to do."""
        self.world.tick()
        product = self.world.product
        done = run_batch(
            load(self.folder / "tollbook.toml"),
            now=self.world.now,
            real_clock=product.tick,
            environment={},
        )
        if not done.is_unchanged or done.counts.rows_read:
            raise DifferenceError(f"the next run did something: {done}")
