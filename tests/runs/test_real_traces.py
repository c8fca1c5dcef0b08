"""An hour of real production traffic, from raw file to published totals, to the last digit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.support import traces

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIGURATION = """\
[organization]
id = "org-traces"

[storage]
root = "var"

[[sources]]
name = "traces"
kind = "request_log"
path = "requests.jsonl"

[prices]
files = ["prices.csv"]
"""


@pytest.fixture(name="folder", scope="module")
def _folder() -> Path:
    folder = traces.find()
    if folder is None:
        pytest.skip(f"no traces here: set {traces.ENVIRONMENT} to the folder of their CSV files")
    return folder


@pytest.fixture(name="home", scope="module")
def _home(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage into which the traces were run once."""
    home = tmp_path_factory.mktemp("traces")
    assert traces.write_log(folder, home / "requests.jsonl") == 28_185
    traces.price_file(home / "prices.csv")
    (home / "tollbook.toml").write_text(CONFIGURATION)
    _run(home)
    return home


def test_traces_are_what_their_readme_says(folder: Path) -> None:
    """8,819 requests of the one service, 19,366 of the other; each is assigned to something."""
    counted = traces.totals(folder)
    assert sum(requests for requests, *_ in counted.values()) == 8_819 + 19_366
    assert len({project for project, _, _ in counted}) == traces.PROJECTS
    assert {model for _, model, _ in counted} == set(traces.PRICES)


def test_log_is_the_same_every_time_and_adds_up(folder: Path, tmp_path: Path) -> None:
    """The lines, read back by themselves, cost what `totals` says."""
    traces.write_log(folder, tmp_path / "a")
    traces.write_log(folder, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    cost, ids = Decimal(0), set()
    for line in (tmp_path / "a").read_text().splitlines():
        body = json.loads(line)
        price_in, price_out = map(Decimal, traces.PRICES[body["model"]])
        usage = body["usage"]
        cost += usage["prompt_tokens"] * price_in + usage["completion_tokens"] * price_out
        ids.add(body["id"])
    assert cost / 1_000_000 == _cost(folder)
    assert len(ids) == 28_185


def test_published_charges_are_exact(folder: Path, home: Path) -> None:
    """By project, model and day: tokens and money of the published charges, to the last digit."""
    published = _rows(
        home,
        """
        SELECT
          project_id, model, usage_date,
          CAST(sum(quantity) FILTER (meter = 'text_input_tokens') AS BIGINT),
          CAST(sum(quantity) FILTER (meter = 'text_output_tokens') AS BIGINT),
          CAST(sum(cost_usd) AS VARCHAR)
        FROM charges
        GROUP BY project_id, model, usage_date
        """,
    )
    expected = {
        key: (tokens_in, tokens_out, cost)
        for key, (_, tokens_in, tokens_out, cost) in traces.totals(folder).items()
    }
    assert {
        (project, model, day): (tokens_in, tokens_out, Decimal(str(cost)))
        for project, model, day, tokens_in, tokens_out, cost in published
    } == expected


def test_published_usage_has_every_request_once(home: Path) -> None:
    """28,185 rows were read and accepted, none is unpriced, and the days are the traces'."""
    assert _rows(home, "SELECT count(*), sum(requests) FROM usage") == [(28_185, 28_185)]
    assert _rows(home, "SELECT DISTINCT usage_date FROM usage") == [(date(2023, 11, 16),)]
    assert _rows(
        home, "SELECT rows_read, accepted, duplicate, superseded, quarantined FROM input_files"
    ) == [(28_185, 28_185, 0, 0, 0)]
    assert _rows(home, "SELECT DISTINCT pricing_status FROM charges") == [("priced",)]


def test_running_again_changes_nothing(folder: Path, home: Path) -> None:
    """The same log once more: no posting is added, the total stays."""
    postings = _rows(home, "SELECT count(*) FROM charge_postings")
    _run(home)
    assert _rows(home, "SELECT count(*) FROM charge_postings") == postings
    ((total,),) = _rows(home, "SELECT CAST(sum(cost_usd) AS VARCHAR) FROM charges")
    assert Decimal(str(total)) == _cost(folder)


def _cost(folder: Path) -> Decimal:
    return sum((cost for *_, cost in traces.totals(folder).values()), Decimal(0))


def _run(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "run", "--config", str(home / "tollbook.toml")],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _rows(home: Path, query: str) -> list[tuple[object, ...]]:
    published = (home / "var" / "published" / "tollbook.duckdb").resolve()
    with duckdb.connect(str(published), read_only=True) as connection:
        return connection.execute(query).fetchall()
