"""The model of pages: of each bucket, and of each day of the bill, the version fetched last holds.

Charge and detail each have their own.

Pages without the time of their fetch are ordered by the run that read them and by path, and come
before those with one; a renamed page keeps its place. Imports nothing of the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from tests.model.content import BucketVersion, understood_page

Key = tuple[str, str, datetime]  # kind, basis, beginning
Order = tuple[bool, datetime, int, str]


@dataclass
class Page:
    """One page as it was read."""

    path: str
    run: int
    basis: str
    text: str
    kind: str
    buckets: list[BucketVersion]
    is_forgotten: bool = False
    renamed_from: Page | None = None

    @property
    def placed(self) -> Page:
        """The page under its first name."""
        return self if self.renamed_from is None else self.renamed_from.placed

    def order(self, bucket: BucketVersion) -> Order:
        """Which of two versions of a bucket was fetched later."""
        fetched = bucket.fetched_at
        return (fetched is not None, fetched or datetime.min, self.placed.run, self.placed.path)


class Buckets:
    """All pages that were ever read."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self._texts: dict[str, str] = {}

    def read(
        self, run: int, kind: str, basis: str, path: str, text: str, present: Collection[str]
    ) -> None:
        """Look at one page as it lies, among the files that are there."""
        if self._texts.get(path) == text:
            return
        is_new = path not in self._texts
        self._texts[path] = text
        same = [p for p in self.pages if (p.text, p.kind, p.basis) == (text, kind, basis)]
        if is_new and same and all(p.is_forgotten for p in same):  # left out, as logs are
            self.pages.append(Page(path, run, basis, text, kind, [], is_forgotten=True))
            return
        page = Page(path, run, basis, text, kind, understood_page(text, kind))
        last = next((p for p in reversed(same) if not p.is_forgotten), None)
        if last is not None and last.path not in present and self._texts[last.path] == text:
            page.renamed_from = last
        self.pages.append(page)

    def forget(self, path: str) -> bool:
        """Take back every version read under a path."""
        found = [p for p in self.pages if p.path == path and not p.is_forgotten]
        for page in found:
            page.is_forgotten = True
        return bool(found)

    def holding(self) -> list[tuple[Page, BucketVersion]]:
        """The version of each bucket that holds, on the page that brought its figures.

        Where the same figures were fetched several times in a row, the first read of these pages.
        """
        versions: dict[Key, list[tuple[Page, BucketVersion]]] = defaultdict(list)
        for page in self.pages:
            if page.is_forgotten:
                continue
            for bucket in page.buckets:
                versions[bucket.kind, page.basis, bucket.at].append((page, bucket))
        found = []
        for known in versions.values():
            known.sort(key=lambda v: v[0].order(v[1]), reverse=True)
            same = []
            for version in known:
                if version[1].rows != known[0][1].rows:
                    break
                same.append(version)
            found.append(min(same, key=lambda v: (v[0].placed.run, v[0].order(v[1]))))
        return found

    def bills(self) -> dict[date, tuple[tuple[tuple[str, str, str], ...], datetime | None]]:
        """The bill of each UTC day that holds, and when it was fetched last."""
        newest: dict[date, tuple[Order, BucketVersion]] = {}
        for page in self.pages:
            for bucket in () if page.is_forgotten else page.buckets:
                order, day = page.order(bucket), bucket.at.date()
                if bucket.kind == "costs" and (day not in newest or newest[day][0] < order):
                    newest[day] = (order, bucket)
        return {day: (bucket.rows, bucket.fetched_at) for day, (_, bucket) in newest.items()}

    def fates(self) -> dict[str, list[int]]:
        """Rows read, accepted, duplicate or superseded, held back; by path, over its versions."""
        fates: dict[str, list[int]] = {p.path: [0, 0, 0, 0] for p in self.pages}
        for page in self.pages:
            fates[page.path][0] += sum(len(b.rows) for b in page.buckets)
        for page, bucket in self.holding():
            fates[page.path][1] += len(bucket.rows)
        for counts in fates.values():
            counts[2] = counts[0] - counts[1]
        return fates
