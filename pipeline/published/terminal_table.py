"""Draws a table as text: aligned columns, or one record after another where they do not fit.

Comes in: texts by column. Goes out: text. Never shortens a cell: what is too wide is folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.text import printable

NARROWEST_TEXT = 16  # columns of text may be folded down to this
GAP = 3  # what rich puts between two columns

NULL = "NULL"


def drawn(
    names: Sequence[str],
    is_number: Sequence[bool],
    columns: Sequence[Sequence[str | None]],
    width: int | None,
) -> str:
    """A table as text, with styles if it is for a terminal (and NO_COLOR is not set).

    Takes: names of columns, which are numbers (drawn to the right, never folded), cells by column
    (None is shown as NULL), and the width of the terminal; None: it is not for a terminal.
    """
    buffer = StringIO()
    natural = [_natural_width(name, cells) for name, cells in zip(names, columns, strict=True)]
    console = Console(
        file=buffer,
        force_terminal=width is not None,
        # A pipe or a file has no edge to fold at.
        width=width or sum(natural) + GAP * len(natural),
        height=25,  # rich takes 80 columns on a dumb terminal unless both are given
        highlight=False,
        markup=False,
        emoji=False,
    )
    widths = _fitting(natural, is_number, console.width)
    if widths is None:
        _print_records(console, names, columns)
    else:
        console.print(_grid(names, is_number, columns, widths))
    return buffer.getvalue()


def _grid(
    names: Sequence[str],
    is_number: Sequence[bool],
    columns: Sequence[Sequence[str | None]],
    widths: Sequence[int],
) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, number, width in zip(names, is_number, widths, strict=True):
        justify: Literal["left", "right"] = "right" if number else "left"
        # rich 15 cuts digits off where it has to choose widths itself, so they are all given.
        table.add_column(Text(printable(name)), justify=justify, width=width, overflow="fold")
    for row in zip(*columns, strict=True):
        table.add_row(*(_cell(cell) for cell in row))
    return table


def _print_records(
    console: Console, names: Sequence[str], columns: Sequence[Sequence[str | None]]
) -> None:
    """One line a column, as too many columns for the terminal are read best."""
    for n, row in enumerate(zip(*columns, strict=True), 1):
        record = Table(box=None, pad_edge=False, show_header=False, title_justify="left")
        record.title = f"row {n}"
        record.add_column(style="bold", no_wrap=True)
        record.add_column(overflow="fold")
        for name, cell in zip(names, row, strict=True):
            record.add_row(Text(printable(name)), _cell(cell))
        console.print(record)
        console.print()


def _cell(cell: str | None) -> Text:
    return Text(NULL, style="dim") if cell is None else Text(printable(cell))


def _natural_width(name: str, cells: Sequence[str | None]) -> int:
    widths = [cell_len(printable(NULL if cell is None else cell)) for cell in cells]
    return max([cell_len(printable(name)), *widths])


def _fitting(natural: Sequence[int], is_number: Sequence[bool], width: int) -> list[int] | None:
    """Widths that fit, by narrowing the widest texts; None where that is not enough."""
    room = width - GAP * (len(natural) - 1)
    widths = [
        size if number else min(size, room) for size, number in zip(natural, is_number, strict=True)
    ]
    texts = [n for n, number in enumerate(is_number) if not number]
    while sum(widths) > room:
        widest = max(texts, key=lambda n: widths[n], default=None)
        if widest is None or widths[widest] <= NARROWEST_TEXT:
            return None
        widths[widest] -= 1
    return widths
