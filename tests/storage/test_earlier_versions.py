"""A storage that an earlier version wrote works with this one, and its figures stay.

`written_by/COMMIT.tar.xz` hold a folder each, as that commit left it after two runs: the
configuration, the inputs, the storage, and `published.json` with what it published then. 034e7b8
is the first whole build of 0.1.0, 0958ad3 its last; c7d2568, 66e1c54 and fe8f1fd lie between.
dcdc9c9 is the last of 0.2.0, 65f327a one of 0.3.0, 4ddc026 the last of 0.4.0, e5342a0 0.5.0;
theirs have minutes and a rate limit, too.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline import __version__
from pipeline.config.load import load
from pipeline.published.reader import open_published
from pipeline.runs.result import RunResult
from pipeline.runs.run import run_batch
from pipeline.runs.stages.report import report
from pipeline.storage.layout import StorageLayout
from pipeline.storage.read_copy import open_read_copy

WRITTEN = Path(__file__).with_name("written_by")
FIRST, LAST_0_1, LAST_0_2, LATEST = "034e7b8", "0958ad3", "dcdc9c9", "e5342a0"
COMMITS = (FIRST, "c7d2568", "66e1c54", "fe8f1fd", LAST_0_1, LAST_0_2, "65f327a", "4ddc026", LATEST)
IN_SUITE = (FIRST,)  # the others are for the slow job
WITHOUT_BILL = COMMITS[:-3]  # they post nothing to follow it
NOW = datetime(2026, 11, 24, 10)
AT = datetime(2026, 11, 28, 10)  # of the real clock; the storages are written on the 27th
CHARGES = (
    "SELECT usage_date, charge_date, project_id, model, meter, "
    "CAST(sum(quantity) AS VARCHAR) AS quantity, CAST(sum(cost_usd) AS VARCHAR) AS cost_usd, "
    "pricing_status FROM charges GROUP BY ALL ORDER BY ALL"
)
VERSIONS = "SELECT record_id, replaced_by_line FROM usage_versions ORDER BY ALL"
COSTS = "SELECT usage_date, line_item, CAST(amount AS VARCHAR) FROM provider_costs ORDER BY ALL"
MINUTES = (
    "SELECT started_at, project_id, model, requests, tokens, max_requests_per_1_minute, "
    "requests_basis_points, counted_from FROM rate_limit_minutes ORDER BY ALL"
)
BUDGETS = "SELECT budget_id, spent_usd, state FROM budget_status ORDER BY ALL"


def _run(folder: Path) -> RunResult:
    return run_batch(
        load(folder / "tollbook.toml"), now=NOW, real_clock=lambda: AT, environment={}, say=None
    )


def _rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with open_published(folder / "data" / "published") as con:
        return con.execute(query).fetchall()


def _each(in_suite: Sequence[str], *others: str) -> list[Any]:
    """Parameters: some commits, and others for the slow job."""
    return [*in_suite, *(pytest.param(c, marks=pytest.mark.slow) for c in others)]


@pytest.fixture(params=_each(IN_SUITE, *(c for c in COMMITS if c not in IN_SUITE)))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What the commit left, in another place."""
    with tarfile.open(WRITTEN / f"{request.param}.tar.xz") as packed:
        packed.extractall(tmp_path, filter="tar")
    if request.param in WITHOUT_BILL:
        with (tmp_path / "tollbook.toml").open("a", encoding="utf-8") as file:
            file.write('\n[bill]\ntrue_up = "none"\n')
    return tmp_path


def _then(folder: Path, name: str) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]]
    found = json.loads((folder / "published.json").read_text("utf-8"))
    return found.get(name, [])


def _texts(rows: list[tuple[Any, ...]]) -> list[list[str | None]]:
    return [[None if value is None else str(value) for value in row] for row in rows]


def test_a_run_with_new_input_keeps_the_figures(folder: Path) -> None:
    """Reading one more record adds its charge, and moves nothing else; the report is written."""
    record = {
        "id": "chatcmpl-99",
        "object": "chat.completion",
        "created": 1_795_222_800,  # 2026-11-21 01:00 UTC
        "model": "alpha",
        "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000},
        "organization_id": "org-acme",
        "project_id": "proj_new",
    }
    (folder / "logs" / "c.jsonl").write_text(f"{json.dumps(record)}\n", encoding="utf-8")
    result = _run(folder)
    assert (result.outcome, result.counts.accepted) == ("done", 1)
    then = [tuple(row.values()) for row in _then(folder, "charges")]
    new = ("2026-11-21", "2026-11-21", "proj_new", "alpha", "text_input_tokens")
    added = [*new, "1000000.000000", f"1.{'0' * 24}", "priced"]
    now = _texts(_rows(folder, CHARGES))
    assert added in now
    assert [row for row in now if row != added] == _texts(then)
    [(spent, state)] = [(row["spent_usd"], row["state"]) for row in _then(folder, "budgets")]
    assert _rows(folder, BUDGETS) == [("chatbot", Decimal(spent), state)]
    versions = [(row["record_id"], row["replaced_by_line"]) for row in _then(folder, "versions")]
    assert _rows(folder, VERSIONS) == versions
    assert _texts(_rows(folder, COSTS)) == _texts(
        [tuple(r.values()) for r in _then(folder, "costs")]
    )
    assert _rows(folder, "SELECT rule FROM quarantine") == [
        (row["rule"],) for row in _then(folder, "quarantine")
    ]
    [(posted,)] = _rows(folder, "SELECT sum(cost_usd) FROM charge_postings")
    [(charged,)] = _rows(folder, "SELECT sum(cost_usd) FROM charges")
    assert posted == charged
    written = report(load(folder / "tollbook.toml"), month=None, now=NOW)
    assert written.spent_usd == charged
    [(version, runs)] = _rows(folder, "SELECT max(tollbook_version), count(*) FROM runs")
    assert (version, runs) == (__version__, 3)


@pytest.mark.parametrize("folder", _each([LATEST], FIRST, LAST_0_1, LAST_0_2), indirect=True)
def test_a_run_without_new_input_changes_nothing(folder: Path) -> None:
    """The inputs lie in another place than then: all of their rows are known."""
    result = _run(folder)
    assert (result.outcome, result.counts.accepted) == ("done", 0)
    then = [tuple(row.values()) for row in _then(folder, "charges")]
    assert _texts(_rows(folder, CHARGES)) == _texts(then)
    minutes = [tuple(row.values()) for row in _then(folder, "rate_limit_minutes")]
    if minutes:
        assert _texts(_rows(folder, MINUTES)) == _texts(minutes)


@pytest.mark.parametrize("folder", _each([LAST_0_2], FIRST), indirect=True)
def test_settled_days_are_made_equal_to_the_bill_from_now_on(folder: Path) -> None:
    """By default, as postings of their own: what was posted then stays."""
    config = folder / "tollbook.toml"
    config.write_text(config.read_text("utf-8").replace('"none"', '"all"'), encoding="utf-8")
    _run(folder)
    then = [tuple(row.values()) for row in _then(folder, "charges")]
    rated = CHARGES.replace("FROM charges", "FROM charge_postings WHERE reason <> 'bill'")
    assert _texts(_rows(folder, rated)) == _texts(then)
    apart = """
        SELECT usage_date, coalesce(sum(c.usd), 0), coalesce(sum(b.usd), 0) FROM (
          SELECT usage_date, sum(cost_usd) AS usd FROM charges
          WHERE usage_date IN (SELECT usage_date FROM provider_costs) GROUP BY ALL
        ) AS c FULL JOIN (
          SELECT usage_date, sum(amount) AS usd FROM provider_costs WHERE amount > 0 GROUP BY ALL
        ) AS b USING (usage_date) GROUP BY ALL HAVING coalesce(sum(c.usd), 0) <> sum(b.usd)
    """
    assert _rows(folder, apart) == []


@pytest.mark.parametrize("folder", _each([], FIRST, LATEST), indirect=True)
def test_what_was_known_then_can_be_asked(folder: Path) -> None:
    """`--as-of` an instant between the two runs: the second had restated a record."""
    _run(folder)
    [(first,)] = _rows(folder, "SELECT min(finished_at) FROM runs")
    with open_published(folder / "data" / "published", at=first) as con:
        [(tokens,)] = con.execute(
            "SELECT sum(quantity) FROM charges WHERE project_id = 'proj_search' AND model = 'alpha'"
        ).fetchall()
    assert tokens == Decimal(400_000)  # restated to 500,000 by the second run


def test_the_books_can_be_read_before_the_first_run(folder: Path) -> None:
    """As `doctor` does: every table and column of this version is there."""
    with open_read_copy(StorageLayout(folder / "data")) as db:
        assert db is not None
        assert len(db.rows("SELECT tollbook_version FROM runs")) == 2
        assert db.value("SELECT min(most_input_tokens) FROM ledger_files") is not None
