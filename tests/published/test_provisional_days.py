"""A day is provisional until it is final and, where costs are followed, its bill is settled."""

from __future__ import annotations

from pathlib import Path

from tests.support.workspace import CONFIGURATION, Workspace, bucket, cost, lines, page, request

PROVISIONAL = """
SELECT list(DISTINCT day(usage_date) ORDER BY day(usage_date)) FROM charges WHERE is_provisional
"""


def test_days_are_estimates_until_their_bill_is_settled(tmp_path: Path) -> None:
    """On the 24th: final to the 20th by time; the bill is there to the 17th, settled to the 15th.

    The 16th and 17th were fetched before the lag of two days was over, the 18th and later have no
    costs yet. Without following the bill, and with the source of costs set aside, time decides.
    """
    work = Workspace(tmp_path / "books")
    days = range(13, 24)
    work.write(
        "logs/a.jsonl", lines(*(request(f"r{d}", when=f"2026-11-{d}T12:00:00") for d in days))
    )
    costs = [bucket(f"2026-11-{d}", cost("0.5")) for d in range(14, 18)]
    work.write("costs/c.json", page("costs", "2026-11-18T06:00:00Z", *costs))
    work.run()
    assert work.rows(PROVISIONAL) == [(list(range(16, 24)),)]
    for change in (
        CONFIGURATION + '[bill]\ntrue_up = "none"\n',
        CONFIGURATION.replace('name = "costs"', 'name = "costs"\nenabled = false'),
    ):
        work.configure(change)
        work.run()
        assert work.rows(PROVISIONAL) == [([21, 22, 23],)], change
