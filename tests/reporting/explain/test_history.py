"""What happened to the numbers: files that are gone, records that were replaced, new prices."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.explain_workspace import PRICES, ExplainWorkspace, explain_workspace

CELL = ("--project", "proj_a", "--day", "2026-10-10", "--model", "alpha")
R1 = "r1,2026-10-10T08:00:00Z,proj_a,key_1,user_1,alpha,100,10"
R1_RESTATED = "r1,2026-10-10T08:00:00Z,proj_a,key_1,user_1,alpha,300,10"
R2 = "r2,2026-10-10T09:00:00Z,proj_a,key_1,user_1,alpha,50,0"
FIRST = datetime(2026, 10, 11, 6)
SECOND = datetime(2026, 10, 11, 7)
FINAL = datetime(2026, 10, 20, 7)  # the day cannot change by itself any more


@dataclass(frozen=True, slots=True)
class Kept:
    """A workspace after its first run, a copy of its folder, and what is explained then."""

    workspace: ExplainWorkspace
    copy: Path
    facts: dict[str, Any]
    text: str


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Both records and one of another project, run once."""
    workspace = explain_workspace(tmp_path_factory.mktemp("history").resolve())
    workspace.configure((workspace.folder / "tollbook.toml").read_text().replace("*.csv", "*"))
    workspace.write("a.csv", R1, R2)
    workspace.write("b.csv", "x1,2026-10-10T08:00:00Z,proj_b,,,alpha,1,0")
    workspace.run(FIRST)
    copy = workspace.folder.with_name(f"{workspace.folder.name}-kept")
    shutil.copytree(workspace.folder, copy, symlinks=True)
    return Kept(workspace, copy, *workspace.both(*CELL))


@pytest.fixture
def first(before: Kept) -> ExplainWorkspace:
    """As the first run left it."""
    shutil.rmtree(before.workspace.folder)
    shutil.copytree(before.copy, before.workspace.folder, symlinks=True)
    return before.workspace


def test_a_file_that_is_gone_is_named_with_its_hash_and_changes_no_total(
    before: Kept, first: ExplainWorkspace
) -> None:
    """Log rotation takes files away; the numbers stay, and so does what explains them."""
    path = first.folder / "logs" / "a.csv"
    path.unlink()
    first.run(SECOND)
    after, text = first.both(*CELL)
    assert after["total"] == before.facts["total"]
    assert after["examples"] == before.facts["examples"]
    [version] = after["files"][0]["versions"]
    assert (version["input_file"], version["state"], version["is_there"]) == (
        str(path),
        "gone",
        False,
    )
    assert version["content_hash"] == before.facts["files"][0]["versions"][0]["content_hash"] != ""
    assert "gone: no longer at this path; its records stay" in text
    assert f"content hash {version['content_hash']}" in text


def test_a_file_that_went_since_the_last_run_is_seen_as_gone(
    before: Kept, first: ExplainWorkspace
) -> None:
    """The books say what the last run saw; explain looks at the path as well."""
    assert "gone" not in before.text
    (first.folder / "logs" / "a.csv").unlink()
    assert "read; gone since: no longer at this path; its records stay" in first.text(*CELL)


def test_a_renamed_and_compressed_file_is_named_where_it_lies_now(
    before: Kept, first: ExplainWorkspace
) -> None:
    """The same content under another name is a copy: it changes no total."""
    path = first.folder / "logs" / "a.csv"
    rotated = path.rename(path.with_name("a.csv.1"))
    packed = path.with_name("a.csv.2.gz")
    packed.write_bytes(gzip.compress(rotated.read_bytes(), mtime=0))
    first.run(SECOND)
    after, text = first.both(*CELL)
    assert after["total"] == before.facts["total"]
    [file] = after["files"]
    assert (file["input_file"], file["versions"][0]["state"]) == (str(path), "gone")
    copies = {str(rotated), str(packed)}
    assert {(c["input_file"], c["duplicate"]) for c in file["copies"]} == {(c, 2) for c in copies}
    assert f"the same content: {rotated}" in text


@pytest.fixture(scope="module")
def restated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, list[str]]:
    """A record is replaced by a second run: facts, text, and the ids of both runs."""
    workspace = explain_workspace(tmp_path_factory.mktemp("restated").resolve())
    workspace.write("a.csv", R1, R2)
    runs = [workspace.run(FIRST)]
    workspace.write("b.csv", R1_RESTATED)
    runs.append(workspace.run(SECOND))
    return (*workspace.both(*CELL), [run.run_id for run in runs])


def test_a_replaced_record_is_shown_with_what_replaced_it(
    restated: tuple[dict[str, Any], str, list[str]],
) -> None:
    """The later version counts; the earlier one stays readable, with file and line of both."""
    explained, _, _ = restated
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.00078")
    assert [(r["reason"], r["versions"]) for r in explained["replaced"]] == [("superseded", 1)]
    [version] = explained["replaced_records"]
    old, new = version["input_file"], version["replaced_by_file"]
    assert (Path(old).name, Path(new).name) == ("a.csv", "b.csv")
    assert Path(old).is_file()
    assert Path(new).is_file()
    assert (version["record_id"], version["input_line"], version["replaced_by_line"]) == (
        "r1",
        2,
        2,
    )
    assert Decimal(version["quantities"]["text_input_tokens"]) == 100


def test_every_step_of_what_was_posted_is_shown_and_adds_up(
    restated: tuple[dict[str, Any], str, list[str]],
) -> None:
    """The restatement posts the difference only, with run, reason and time."""
    explained, text, (first, second) = restated
    assert [
        (p["run_id"], p["reason"], p["posted_at"], Decimal(p["cost_usd"]))
        for p in explained["postings"]
    ] == [
        (second, "restatement", "2026-10-11T07:00:00Z", Decimal("0.0004")),
        (first, "usage", "2026-10-11T06:00:00Z", Decimal("0.00038")),
    ]
    total = explained["total"]
    assert Decimal(total["postings_usd"]) == Decimal(total["charges_usd"]) == Decimal("0.00078")
    assert "Posted in 2 steps, the newest first" in text


def test_a_new_price_before_a_day_is_final_is_a_rerate(first: ExplainWorkspace) -> None:
    """Reversals at the old price and lines at the new one; the quantity is the same."""
    first.price(*(row.replace(",2.00,", ",5.00,") for row in PRICES))
    first.run(SECOND)
    explained = first.explain(*CELL)
    newest = explained["postings"][0]
    assert (newest["reason"], Decimal(newest["cost_usd"])) == ("rerate", Decimal("0.00045"))
    assert [(Decimal(p["quantity"]), Decimal(p["cost_usd"])) for p in newest["parts"]] == [
        (Decimal(-150), Decimal("-0.0003")),
        (Decimal(150), Decimal("0.00075")),
    ]
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.00083")
    assert explained["total"]["agrees"] is True


def test_a_final_day_keeps_a_price_that_the_book_has_no_more(first: ExplainWorkspace) -> None:
    """The amount does not move; the price is said to be out of the current book."""
    first.run(FINAL)  # pins the day
    first.price(*(row.replace(",2.00,", ",5.00,") for row in PRICES))
    first.run(FINAL + timedelta(hours=1))
    explained, text = first.both(*CELL)
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.00038")
    by_meter = {s["meter"]: s["price_id"] for s in explained["sums"]}
    rows = {p["price_id"]: p["row"] for p in explained["prices"]}
    assert rows[by_meter["text_input_tokens"]] is None
    assert rows[by_meter["text_output_tokens"]] is not None
    assert "not in the current price book any more; kept by the day" in text


@pytest.mark.slow
def test_a_cell_that_was_taken_back_says_so_instead_of_nothing(first: ExplainWorkspace) -> None:
    """The postings add up to 0, and the versions that no longer count are named."""
    path = str(first.folder / "logs" / "a.csv")
    result = first.call("forget", path, "--reason", "a test", "--now", "2026-10-11T08:00Z")
    assert result.exit_code == 0, result.output
    explained, text = first.both(*CELL)
    total = explained["total"]
    assert (total["lines"], total["charges_usd"], Decimal(total["postings_usd"])) == (
        0,
        None,
        Decimal(0),
    )
    assert total["agrees"] is True
    assert [(r["reason"], r["versions"]) for r in explained["replaced"]] == [("forgotten", 2)]
    assert "no charge" in text
