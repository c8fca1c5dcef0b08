"""Lines and aligned tables of an explanation; its numbers are written in all their digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from pipeline.money import plain
from pipeline.published.terminal_table import drawn
from pipeline.text import printable

UNPRICED = "unpriced"
TIMES = "\u00d7"
INDENT = "  "


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of a table: its name and its cells; numbers are right-aligned."""

    name: str
    cells: Sequence[str]
    is_number: bool = False


@dataclass(slots=True)
class TextPage:
    """Text as it grows. `width` is the terminal's; None: it is not for a terminal."""

    width: int | None
    _parts: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """A line that begins a section."""
        self._parts.append(f"\n{printable(text)}\n" if self._parts else f"{printable(text)}\n")

    def line(self, text: str, depth: int = 1) -> None:
        """A line of a section; control characters in it are escaped."""
        self._parts.append(f"{INDENT * depth}{printable(text)}\n")

    def table(self, columns: Sequence[TextColumn]) -> None:
        """Aligned columns; those without any text are left out."""
        shown = [c for c in columns if any(c.cells)]
        text = drawn(
            [c.name for c in shown],
            [c.is_number for c in shown],
            [list(c.cells) for c in shown],
            self.width,
        )
        self._parts.append(text)

    def text(self) -> str:
        """The whole page."""
        return "".join(self._parts)


def usd(amount: Decimal | None) -> str:
    """An amount in all its digits; without a price it is not 0."""
    return UNPRICED if amount is None else plain(amount)


def count(quantity: Decimal | int) -> str:
    """A quantity with marks between thousands, in all its digits."""
    text = f"{quantity:,f}" if isinstance(quantity, Decimal) else f"{quantity:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def aligned(texts: Sequence[str]) -> list[str]:
    """Numbers padded with zeros to the same number of places, so that their points align."""
    places = max((len(t.partition(".")[2]) for t in texts if _is_number(t)), default=0)
    return [_padded(t, places) if places and _is_number(t) else t for t in texts]


def at(instant: datetime) -> str:
    """An instant in UTC, to the second where it is whole."""
    return f"{instant.isoformat()}Z"


def _is_number(text: str) -> bool:
    return text[-1:].isdigit()


def _padded(text: str, places: int) -> str:
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction:0<{places}}"
