"""A day is provisional until its bill is settled; without followed costs, until it is final."""

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


def test_a_settled_day_is_neither_provisional_nor_in_lag(tmp_path: Path) -> None:
    """On the 24th at 8: the 21st ended over two days ago and was fetched at 6, so it is settled.

    By time it is final on the 25th only. The 16th was fetched too early and never again: final by
    time, so it is compared, but its bill may still move. The 20th has no costs, and the bill goes
    on after it: time decides. Without following the bill time decides everywhere.
    """
    work = Workspace(tmp_path / "books")
    days = (13, 16, 20, 21, 22)
    work.write(
        "logs/a.jsonl", lines(*(request(f"r{d}", when=f"2026-11-{d}T12:00:00") for d in days))
    )
    for name, at, fetched in (
        ("early", "2026-11-17T06:00:00Z", (13, 16)),
        ("late", "2026-11-24T06:00:00Z", (21, 22)),
    ):
        costs = [bucket(f"2026-11-{d}", cost("0.5")) for d in fetched]
        work.write(f"costs/{name}.json", page("costs", at, *costs))
    work.run()
    both = """
    SELECT day(usage_date), bool_or(c.is_provisional), r.state, r.cause
    FROM charges AS c LEFT JOIN reconciliation AS r USING (usage_date)
    GROUP BY ALL ORDER BY ALL
    """
    assert work.rows(both) == [
        (13, False, "compared", "unexplained"),
        (16, True, "compared", "unexplained"),
        (20, False, "no_costs_fetched", None),
        (21, False, "compared", "unexplained"),
        (22, True, "in_lag", "lag"),
    ]
    assert work.rows("SELECT day(usage_date), is_settled FROM bill_days ORDER BY ALL") == [
        (13, True), (21, True),
    ]  # fmt: skip
    work.configure(CONFIGURATION + '[bill]\ntrue_up = "none"\n')
    work.run()
    assert [row[:3] for row in work.rows(both)] == [
        (13, False, "compared"),
        (16, False, "compared"),
        (20, False, "no_costs_fetched"),
        (21, True, "in_lag"),
        (22, True, "in_lag"),
    ]
