"""A short trial: a storage with few files of one model, m1, and what is charged in all.

For tests that write down one sequence. A million tokens of m1 cost one dollar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.model.books import Source
from tests.model.content import Call, log_line
from tests.model.money import Book, Price
from tests.model.product import Product
from tests.model.watch import Budget

MILLION = 1_000_000
AT = datetime(2026, 3, 2, 10)
EARLY = datetime(2026, 2, 4, 4)
NOW = datetime(2026, 3, 3)
LATER = datetime(2026, 4, 10)
GATEWAY = Source("gateway", "request_log", "logs", "charge")
PAGES = Source("pages", "openai_usage", "pages", "charge")


def priced(usd: int) -> Book:
    """A book with one price."""
    return Book((Price("m1", Decimal(usd), None, None),))


@dataclass
class Trial:
    """A storage and its inputs."""

    folder: Path
    sources: tuple[Source, ...] = (GATEWAY,)
    budgets: tuple[Budget, ...] = ()
    now: datetime = NOW
    at: datetime = datetime(2026, 4, 20, 10)
    product: Product = field(init=False)

    def __post_init__(self) -> None:
        self.product = Product(self.folder.resolve(), "Europe/Berlin", self.sources, self.budgets)
        self.product.configure(priced(1))

    def price(self, usd: int) -> None:
        """Write another price in the place of the first."""
        self.product.configure(priced(usd))

    def write(self, path: str, *lines: str) -> None:
        """Write an input file."""
        self.at += timedelta(minutes=1)
        self.product.write(path, "".join(f"{line}\n" for line in lines), self.at)

    def _done(self, failure: str | None) -> None:
        assert failure is None

    def tick(self) -> None:
        """A minute passes."""
        self.at += timedelta(minutes=1)
        self.product.clock = self.at

    def run(self, now: datetime | None = None) -> None:
        """A run that succeeds."""
        self.tick()
        self._done(self.product.run(now or self.now))

    def forget(self, path: str) -> None:
        """Take a file back."""
        self.tick()
        self._done(self.product.forget(path, self.now))

    def do(self, verb: str, path: str, *options: str) -> None:
        """A verb of the command line on a file."""
        self.tick()
        self._done(self.product.command(verb, str(self.folder / path), *options, now=self.now))

    def replay(self) -> None:
        """Read the quarantine again."""
        self.tick()
        self._done(self.product.replay(self.now))

    @property
    def dollars(self) -> Decimal:
        """What is charged in all."""
        return sum((c for c, _ in self.product.fact("charges").charges.values()), Decimal(0))

    @property
    def fates(self) -> Mapping[str, tuple[int, ...]]:
        """Rows read, accepted, duplicate or superseded, held back; by path."""
        return self.product.fact("fates").fates

    @property
    def held(self) -> int:
        """How many rows are held back."""
        return self.product.fact("held").held.total()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the published database."""
        return self.product.rows(query)


def chat(name: str, millions: float, at: datetime = AT, project: str = "pa") -> str:
    """A logged call of m1."""
    return log_line(Call(name, at, int(millions * MILLION), project, "m1"))
