"""The world of a trial: product and model side by side, one disk, one clock, one price book.

What is written, moved or priced here is so for both.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tests.model import content
from tests.model.books import Books, Facts, FileOnDisk, Source
from tests.model.compare import differences
from tests.model.content import Call
from tests.model.faults import KNOWN_FAULTS
from tests.model.money import Book, Price
from tests.model.product import Product
from tests.model.watch import Budget

T = TypeVar("T")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata")
BUDGETS = (Budget("all", Decimal(8)), Budget("a", Decimal(3), "pa"))
PROJECTS = ("pa", "pb")
MODELS = ("m1", "m1", "m2", "m3", "gpt-4o-mini")
START = datetime(2026, 4, 20, 10)  # of the real clock
NOWS = (
    datetime(2026, 3, 3, 12),
    datetime(2026, 3, 6, 0, 30),
    datetime(2026, 3, 20, 8),
    datetime(2026, 3, 31, 20),
    datetime(2026, 4, 1, 12),
    datetime(2026, 4, 16, 0, 30),
)
# Around midnights and turns of the month in the three zones, and on both sides of a price.
TIMES = (
    datetime(2026, 3, 2, 10),
    datetime(2026, 3, 2, 11, 30),
    datetime(2026, 3, 1, 18, 45),
    datetime(2026, 2, 28, 18, 45),
    datetime(2026, 2, 28, 23, 30),
    datetime(2026, 3, 31, 22, 30),
    datetime(2026, 2, 4, 9),
)
BILLED_DAYS = (datetime(2026, 3, 12), datetime(2026, 2, 12))  # days without usage of ours
HALF = 500_000
BOOK = Book(
    (
        Price("m1", Decimal(1), None, None),
        Price("m2", Decimal(2), datetime(2026, 3, 1), None),
        Price("gpt-4o-mini", Decimal("0.15"), None, None, is_list=True),
    )
)


class UnfitError(Exception):
    """There is nothing that the act could work on."""


class DifferenceError(AssertionError):
    """The product and the model do not agree."""


def pick(things: Collection[T], number: int) -> T:
    """One of some things."""
    return list(things)[number % len(things)]


def sources(*, has_page_charges: bool) -> tuple[Source, ...]:
    """Logs are charged and pages are detail, or the other way round."""
    requests, pages = ("detail", "charge") if has_page_charges else ("charge", "detail")
    return (
        Source("gateway", "request_log", "logs", requests),
        Source("tables", "records", "tables", requests),
        Source("audit", "request_log", "audit", "detail"),
        Source("look", "openai_usage", "look", "detail"),
        Source("pages", "openai_usage", "pages", pages),
        Source("bill", "openai_costs", "bill", "charge"),
    )


class World:
    """A trial: the product and the model side by side."""

    def __init__(
        self,
        folder: Path,
        zone: str = "UTC",
        *,
        has_page_charges: bool = False,
        known_faults: Collection[str] = KNOWN_FAULTS,
    ) -> None:
        self.faults = known_faults
        self.clock = START
        self.book = BOOK
        self.now = NOWS[0]
        self.has_page_charges = has_page_charges
        configured = sources(has_page_charges=has_page_charges)
        self.books = Books(zone, configured, BUDGETS, known_faults)
        self.product = Product(folder.resolve(), zone, configured, BUDGETS)
        if self.product.knows_key("replace") and has_page_charges:
            self.configure(replace(configured[1], replaces=True))
        self.product.configure(self.book)
        self.disk: dict[str, FileOnDisk] = {}
        self.halves: dict[str, str] = {}  # what is missing of an incomplete last line
        self.names = 0
        self.has_run = False
        self.told: list[str] = []  # what was done, in commands
        self.seen: list[tuple[datetime, Facts]] = []

    @property
    def sources(self) -> tuple[Source, ...]:
        """As configured."""
        return tuple(self.product.sources)

    def configure(self, source: Source) -> None:
        """Change a source; its basis holds for the model only once it is rebased."""
        changed = [source if s.name == source.name else s for s in self.product.sources]
        self.product.sources = changed
        self.books.sources = tuple(
            replace(new, basis=old.basis)
            for new, old in zip(changed, self.books.sources, strict=True)
        )
        self.product.configure(self.book)

    def plan(self, budgets: tuple[Budget, ...]) -> None:
        """From now on these are the budgets."""
        self.books.watch.budgets = self.product.budgets = budgets
        self.product.configure(self.book)
        self.told.append(f"# the budgets are now {list(budgets)}")

    def tick(self) -> None:
        """Some minutes pass."""
        self.clock += timedelta(minutes=10)
        self.product.clock = self.clock

    def write(self, path: str, text: str) -> None:
        """Write an input file."""
        self.disk[path] = FileOnDisk(text, self.clock)
        self.product.write(path, text, self.clock)
        self.told.append(f"cat > {path} <<'E'\n{text}E" if text.endswith("\n") else
                         f"printf %s '{text}' > {path}")  # fmt: skip

    def remove(self, path: str) -> None:
        """Remove an input file."""
        del self.disk[path]
        self.halves.pop(path, None)
        self.product.remove(path)
        self.told.append(f"rm {path}")

    def files(self, *folders: str, plain: bool = True) -> list[str]:
        """The files that lie in some folders, packed ones only where asked for."""
        return sorted(
            path
            for path in self.disk
            if path.split("/", 1)[0] in (folders or ("logs",))
            and not (plain and path.endswith(".gz"))
        )

    def name(self) -> str:
        """A name that nothing has yet."""
        self.names += 1
        return f"c{self.names}"

    def call(self, a: int, b: int, name: str | None = "") -> Call:
        """A call of some numbers."""
        return Call(
            self.name() if name == "" else name,
            pick(TIMES, a),
            HALF * (1 + b % 4),
            pick(PROJECTS, a // 7),
            pick(MODELS, b // 4),
        )

    def lines(self) -> list[str]:
        """Good lines of the logs."""
        is_mixed = "detail_beside_charge" not in self.faults or self.has_page_charges
        folders = ("logs", "audit") if is_mixed else ("logs",)
        lines = {
            line
            for path in self.files(*folders, plain=False)
            for line in self.disk[path].text.splitlines()
        }
        return sorted(x for x in lines if isinstance(content.understood(x), Call))

    def append(self, path: str, *lines: str) -> None:
        """Add lines to a file, behind what is missing of its last one."""
        text = self.disk[path].text
        if path in self.halves:
            text += self.halves.pop(path) + "\n"
        self.write(path, text + "".join(f"{line}\n" for line in lines))

    def price(self, book: Book) -> None:
        """From now on these are the prices."""
        self.book = book
        self.product.configure(book)
        self.told.append(f"# the prices are now {[*book.prices, *book.discounts]}")

    def agree(self, ending: str | None, right: str | None = None) -> None:
        """Compare how an act ended, and all that readers see, with what the model expects.

        Fails: DifferenceError.
        """
        if ending != right:
            raise DifferenceError(f"the act ended with {ending!r}, and not with {right!r}")
        expected = self.books.facts()
        got, apart, _ = self.product.facts()
        found = [*apart, *differences(expected, got)]
        if found:
            raise DifferenceError("\n".join(found))
        self.seen.append((self.product.clock, expected))

    def script(self) -> str:
        """What was done, as commands."""
        return "\n".join(self.told)
