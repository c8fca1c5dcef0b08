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

UNBOUNDED_WIDTH = 100_000  # a pipe or a file has no edge to fold at
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
    console = Console(
        file=buffer,
        force_terminal=width is not None,
        width=width or UNBOUNDED_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    widths = [
        _least_width(name, cells, is_whole=whole)
        for name, cells, whole in zip(names, columns, is_number, strict=True)
    ]
    if sum(widths) + GAP * (len(widths) - 1) <= console.width:
        console.print(_grid(names, is_number, columns, widths))
    else:
        _print_records(console, names, columns)
    return buffer.getvalue()


def printable(text: str) -> str:
    """Without what would steer a terminal: a log can hold anything."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def _grid(
    names: Sequence[str],
    is_number: Sequence[bool],
    columns: Sequence[Sequence[str | None]],
    widths: Sequence[int],
) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, number, width in zip(names, is_number, widths, strict=True):
        justify: Literal["left", "right"] = "right" if number else "left"
        table.add_column(Text(printable(name)), justify=justify, min_width=width, overflow="fold")
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


def _least_width(name: str, cells: Sequence[str | None], *, is_whole: bool) -> int:
    natural = max(
        [cell_len(printable(name)), *(cell_len(printable(cell or NULL)) for cell in cells)]
    )
    return natural if is_whole else min(natural, NARROWEST_TEXT)
