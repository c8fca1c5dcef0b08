"""The text format: any label and any number reads back as it was."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.metrics.exposition import Metric, render
from pipeline.metrics.textfile import earlier_values, write_textfile
from tests.support.exposition import parsed

_AMOUNTS = st.one_of(
    st.none(),
    st.integers(-(10**20), 10**20),
    st.decimals(-(10**14), 10**14, places=24, allow_nan=False),
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), _AMOUNTS, max_size=5))
def test_what_is_written_reads_back(samples: dict[str, Decimal | int | None]) -> None:
    # a line of the file ends with a line feed, and with nothing else
    known = {p: v for p, v in samples.items() if len(p.splitlines()) <= 1 or "\n" in p}
    metric = Metric("tollbook_cost_usd", "Cost \\ in\nUSD.")
    for project, value in known.items():
        metric.add(value, project=project)
    text = render([metric])
    lines = text.split("\n")
    assert len(lines) == (len(known) + 3 if known else 1)
    if not known or any(len(line.splitlines()) > 1 for line in lines):
        return
    found = parsed(text)["tollbook_cost_usd"]
    assert set(found) == {(("project", project),) for project in known}
    for project, value in known.items():
        read = found[("project", project),]
        assert read.is_nan() if value is None else read == value


def test_numbers_are_plain() -> None:
    metric = Metric("tollbook_rows_total", "Rows.", kind="counter")
    for value in (0, Decimal("1E+3"), Decimal("0.10"), Decimal("-2.50"), None):
        metric.add(value, fate=str(value))
    values = [line.rpartition(" ")[2] for line in render([metric]).splitlines()[2:]]
    assert values == ["0", "1000", "0.1", "-2.5", "NaN"]


def test_the_file_is_replaced_whole_and_its_numbers_are_known_later(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tollbook.prom"
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*new"):
        write_textfile(path, [])
    path.parent.mkdir()
    assert earlier_values(path) == {}
    outcome = Metric("tollbook_run_outcome", "Outcome.")
    outcome.add(1, outcome="done")
    outcome.add(None, outcome="failed")
    write_textfile(path, [outcome, Metric("tollbook_none", "Without samples.")])
    assert [p.name for p in path.parent.iterdir()] == ["tollbook.prom"]
    assert earlier_values(path) == {'tollbook_run_outcome{outcome="done"}': 1}
    path.write_bytes(b"\xff tollbook")
    assert earlier_values(path) == {}
