"""A written report, parsed as a browser would: tables by section, tags, visible text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Cell:
    """A table cell as parsed."""

    text: str = ""
    title: str | None = None
    sorts_by: str | None = None


@dataclass
class Table:
    """A table as parsed: header texts, rows of the body, rows of the foot."""

    section: str
    heads: list[str] = field(default_factory=list)
    body: list[list[Cell]] = field(default_factory=list)
    foot: list[list[Cell]] = field(default_factory=list)

    def column(self, head: str, *, with_foot: bool = False) -> list[Cell]:
        """The body's cells under a header, and the foot's, where asked."""
        rows = self.body + (self.foot if with_foot else [])
        return [row[self.heads.index(head)] for row in rows]


class Page(HTMLParser):
    """A report as a browser would see it: tables by section, all tags, all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.headings: list[str] = []
        self._section = ""
        self._part = ""
        self._cell: Cell | None = None
        self._hidden = ""
        self.feed(html)
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        known = dict(attrs)
        self.tags.append((tag, known))
        if tag in {"h1", "h2", "h3"} and known.get("id"):
            self._section = str(known["id"])
            self.headings.append(self._section)
        if tag == "table":
            self.tables.append(Table(self._section))
        if tag in {"thead", "tbody", "tfoot"}:
            self._part = tag
        if tag == "tr" and self._part != "thead":
            (self.tables[-1].body if self._part == "tbody" else self.tables[-1].foot).append([])
        if tag in {"th", "td"}:
            self._cell = Cell(title=known.get("title"), sorts_by=known.get("data-v"))
        if tag in {"script", "style"}:
            self._hidden = tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self._hidden:
            return
        self.text += data
        if self._cell is not None:
            self._cell.text += data

    def handle_endtag(self, tag: str) -> None:
        """Close a cell or what is not shown."""
        if tag == self._hidden:
            self._hidden = ""
        if tag not in {"th", "td"} or self._cell is None:
            return
        self._cell.text = re.sub(r"\s+", " ", self._cell.text).strip()
        table = self.tables[-1]
        if self._part == "thead":
            table.heads.append(self._cell.text)
        elif self._part == "tbody":
            table.body[-1].append(self._cell)
        else:
            table.foot[-1].append(self._cell)
        self._cell = None

    def table(self, section: str) -> Table:
        """The first table under a heading, by the heading's id."""
        return next(table for table in self.tables if table.section == section)
