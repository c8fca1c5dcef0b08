"""The charges of a month, from the sums that a snapshot has of them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.published.queries import statement
from pipeline.published.reader import open_published
from pipeline.reporting.month import reader
from pipeline.reporting.month.gather import choose_period
from pipeline.reporting.month.reader import MonthReader, month_reader

NOW = datetime(2026, 11, 25, 9)


@pytest.mark.parametrize("month", [date(2026, 10, 1), date(2026, 11, 1), date(2027, 1, 1)])
def test_sums_give_what_the_charges_give(
    month: date, sample_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row and every digit; and the same where there are none, on the same connection."""
    with open_published(sample_run / "tollbook-demo" / "var" / "published") as con:
        period, bounds = choose_period(con, month, NOW, ZoneInfo("Europe/Berlin"))

        def differing(read: MonthReader) -> tuple[int, list[tuple[object, ...]]]:
            text, parameters = statement("reporting/period_charges", read.parameters)
            columns = ", ".join(c for c, *_ in con.execute(text, parameters).description or ())
            ours = f"SELECT {columns} FROM period_charges"
            [counts] = con.execute(
                f"SELECT (SELECT count(*) FROM ({ours})), (SELECT count(*) FROM ({text}))",
                parameters,
            ).fetchall()
            assert counts[0] == counts[1]
            return counts[0], con.execute(f"({ours}) EXCEPT ALL ({text})", parameters).fetchall()

        count, rows = differing(month_reader(con, period, bounds, "run"))
        assert rows == []
        assert (count > 0) == (month.year == 2026)
        monkeypatch.setattr(reader, "charge_sums", lambda _con, _days: None)
        assert differing(month_reader(con, period, bounds, "run")) == (count, [])
        monkeypatch.undo()
        assert differing(month_reader(con, period, bounds, "run")) == (count, [])
