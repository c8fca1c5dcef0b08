"""The model itself: what it says of the sequences whose right values are known."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.model.books import Books, FileOnDisk, Source
from tests.model.content import Call, log_line, usage_page, without_model
from tests.model.money import Book, Price

AT, EARLY = datetime(2026, 3, 2, 10), datetime(2026, 2, 4, 4)
NOW, LATER = datetime(2026, 3, 3), datetime(2026, 4, 10)
CLOCK = datetime(2026, 4, 20, 10)


class Told:
    """The model of one log folder, told what is done."""

    def __init__(self, *sources: Source) -> None:
        folders = sources or (Source("gateway", "request_log", "logs", "charge"),)
        self.books = Books("Europe/Berlin", folders, ())
        self.disk: dict[str, FileOnDisk] = {}
        self.clock = CLOCK
        self.book = priced(1)

    def write(self, path: str, *lines: str) -> None:
        """Write a file."""
        self.disk[path] = FileOnDisk("".join(f"{line}\n" for line in lines), self.clock)

    def run(self, now: datetime = NOW) -> Decimal:
        """A run; gives the dollars charged."""
        self.books.run(self.disk, self.clock, now, self.book)
        return self.dollars

    def forget(self, path: str) -> Decimal:
        """Take a file back; gives the dollars charged."""
        self.books.forget(path, NOW, self.book)
        return self.dollars

    @property
    def dollars(self) -> Decimal:
        """What is charged in all."""
        return sum((cost for cost, _ in self.books.facts().charges.values()), Decimal(0))


def priced(usd: int) -> Book:
    """A book of one price."""
    return Book((Price("m1", Decimal(usd), None, None),))


def chat(name: str, millions: int, at: datetime = AT) -> str:
    """A logged call."""
    return log_line(Call(name, at, millions * 1_000_000, "pa", "m1"))


def test_a_detail_copy_changes_no_charge() -> None:
    told = Told(
        Source("gateway", "request_log", "logs", "charge"),
        Source("audit", "request_log", "raw", "detail"),
    )
    told.write("logs/a.jsonl", chat("c1", 1))
    told.write("raw/a.jsonl", chat("c1", 2))
    assert told.run() == 1
    assert told.books.facts().usage.total() == 2


def test_other_content_under_a_forgotten_name_is_read() -> None:
    told = Told()
    told.write("logs/a.jsonl", chat("c1", 1), chat("c2", 1))
    told.run()
    assert told.forget("logs/a.jsonl") == 0
    assert told.run() == 0
    told.write("logs/a.jsonl", chat("c1", 1), chat("c2", 1), chat("c3", 5))
    assert told.run() == 0  # it only grew
    told.write("logs/a.jsonl", chat("c3", 5))
    assert told.run() == 5
    told.books.remember("logs/a.jsonl", NOW, told.book)
    assert told.dollars == 7


def test_forgetting_a_copy_leaves_the_original_and_what_comes() -> None:
    told = Told()
    told.write("logs/live.jsonl", chat("c1", 1))
    told.run()
    told.write("logs/copy.jsonl", chat("c1", 1))
    told.run()
    assert told.forget("logs/copy.jsonl") == 1
    told.write("logs/live.jsonl", chat("c1", 1), chat("c2", 5))
    assert told.run() == 6


def test_forgetting_what_was_replaced_brings_nothing_back() -> None:
    told = Told()
    told.write("logs/a.jsonl", chat("c1", 1))
    told.run()
    told.write("logs/other.jsonl", chat("c1", 1))
    told.run()
    told.write("logs/b.jsonl", chat("c1", 2))
    assert told.run() == 2
    assert told.forget("logs/a.jsonl") == 2
    assert told.run() == 2
    assert told.forget("logs/b.jsonl") == 1


def test_a_remembered_file_gives_its_place_back() -> None:
    told = Told()
    told.write("logs/a.jsonl", chat("c1", 1))
    told.write("logs/b.jsonl", chat("c1", 2))
    assert told.run() == 2
    told.forget("logs/a.jsonl")
    told.write("logs/c.jsonl", chat("c2", 0), chat("c1", 1))
    assert told.run() == 1
    told.books.remember("logs/a.jsonl", NOW, told.book)
    assert told.dollars == 2


def test_a_line_is_held_once_and_no_longer_once_it_is_mended() -> None:
    told = Told()
    broken = without_model(chat("c1", 1))
    told.write("logs/a.jsonl", broken)
    told.write("logs/b.jsonl", broken, broken)
    told.run()
    assert told.books.facts().held.total() == 2
    told.write("logs/b.jsonl", chat("c1", 1), chat("c2", 1))
    assert told.run() == 2
    assert told.books.facts().held == {("logs/a.jsonl", broken): 1}
    told.write("logs/a.jsonl", chat("c1", 1))
    told.write("logs/copy.jsonl", broken)
    told.run()
    assert not told.books.facts().held


def test_a_replayed_row_lands_in_the_file_it_came_from() -> None:
    told = Told()
    told.write("logs/a.jsonl", chat("c1", 1, CLOCK + timedelta(days=2)), chat("c2", 1))
    assert told.run() == 1
    told.clock += timedelta(days=2)
    told.books.replay(told.clock, NOW, told.book)
    assert told.dollars == 2
    assert told.books.facts().fates == {"logs/a.jsonl": (2, 2, 0, 0)}


def test_a_bucket_goes_back_to_an_earlier_figure() -> None:
    told = Told(Source("pages", "openai_usage", "pages", "charge"))
    seen = []
    for millions in (1, 2, 1):
        told.write("pages/p.json", usage_page(None, AT, (("pa", "m1", millions * 10**6, 1),)))
        seen.append(told.run())
    assert seen == [1, 2, 1]


def test_a_late_page_does_not_replace_a_later_fetch() -> None:
    told = Told(Source("pages", "openai_usage", "pages", "charge"))
    for minute, millions in ((0, 1), (10, 1), (5, 2)):
        page = usage_page(
            CLOCK + timedelta(minutes=minute), AT, (("pa", "m1", millions * 10**6, 1),)
        )
        told.write(f"pages/{minute}.json", page)
        assert told.run() == 1


def test_a_day_is_pinned_by_the_first_run_that_finds_it_final() -> None:
    told = Told()
    told.write("logs/a.jsonl", chat("c1", 1))
    assert told.run(NOW) == 1
    told.book = priced(3)
    assert told.run(LATER) == 3
    told.book = priced(7)
    assert [told.run(now) for now in (LATER, NOW, LATER)] == [3, 3, 3]


def test_a_rerate_moves_the_days_it_was_asked_for() -> None:
    told = Told()
    told.write("logs/a.jsonl", chat("c1", 1), chat("c2", 1, EARLY))
    assert told.run() == 2
    told.book = priced(3)
    told.books.rerate(date(2026, 2, 1), date(2026, 3, 1), NOW, told.book)
    assert told.dollars == 4
    assert told.run() == 6
