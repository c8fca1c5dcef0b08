"""A run whose books do not add up names the file or the day at fault, and the way on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.charges.true_up import post
from pipeline.errors import CheckFailedError
from pipeline.runs import commit
from pipeline.runs.stages import true_up
from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout
from tests.support.workspace import Workspace, bucket, cost, lines, page, request

FAULTS = {
    "fates_add_up": (
        "UPDATE input_files SET duplicate = duplicate + 2",
        (
            r"logs/a\.jsonl \(check fates_add_up\): 1 rows were read from it, but 1 are accepted, "
            "2 duplicate, 0 superseded and 0 quarantined"
        ),
    ),
    "ledger_holds_what_was_accepted": (
        "UPDATE input_files SET rows_read = rows_read + 1, accepted = accepted + 1",
        (
            r"\(check ledger_holds_what_was_accepted\): the ledger "
            "and the provider costs have 2 rows, "
            "but 3 rows of the input files are accepted"
        ),
    ),
    "quarantine_holds_what_was_rejected": (
        "UPDATE input_files SET rows_read = rows_read + 1, quarantined = quarantined + 1",
        (
            r"logs/a\.jsonl \(check quarantine_holds_what_was_rejected\): 1 of its rows "
            "are counted as quarantined, but the quarantine has 0 of them"
        ),
    ),
}


@pytest.mark.parametrize("check", FAULTS)
def test_the_file_and_the_way_on_are_named(tmp_path: Path, check: str) -> None:
    """With the files that the run has read, one of which may have brought it."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.run()
    statement, expected = FAULTS[check]
    with open_database(StorageLayout(workspace.path("var"))) as db:
        db.con.execute(statement)
    workspace.write("logs/b.jsonl", lines(request("b")))
    with pytest.raises(CheckFailedError, match=expected) as failure:
        workspace.run()
    assert failure.value.exit_code == 1
    hint = failure.value.hint or ""
    assert hint.startswith("Nothing was committed. This run has read ")
    assert str(workspace.path("logs/b.jsonl")) in hint
    assert "tollbook run --skip FILE" in hint
    assert "enabled = false" in hint


def test_a_day_whose_charges_are_not_its_postings_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both sums."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a")))
    workspace.run()
    [(day,)] = workspace.rows("SELECT DISTINCT usage_date FROM charges")
    real = commit.check_days

    def without_the_first(
        con: object, moved: object, rated: object, postings: list[object], read: object
    ) -> None:
        real(con, moved, rated, postings[1:], read)  # type: ignore[arg-type]

    monkeypatch.setattr(true_up, "check_days", without_the_first)
    workspace.write("logs/b.jsonl", lines(request("b")))
    with pytest.raises(
        CheckFailedError, match=rf"{day} \(check charges_are_their_postings\)"
    ) as at:
        workspace.run()
    assert "its charges are 0.004" in at.value.what
    assert "the sum of its postings is 0.002" in at.value.what


def test_a_settled_day_that_is_not_charged_as_billed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the project and both amounts: a fault of the program commits nothing."""
    workspace = Workspace(tmp_path)
    workspace.write("logs/a.jsonl", lines(request("a", when="2026-11-12T12:00:00")))
    workspace.write(
        "costs/1.json", page("costs", "2026-11-20T06:00:00Z", bucket("2026-11-12", cost("0.5")))
    )
    monkeypatch.setattr(post, "bill_lines", lambda *_: None)
    with pytest.raises(
        CheckFailedError,
        match=r"2026-11-12 \(check billed_days_are_the_bill\): the charges of proj_a",
    ):
        workspace.run()
