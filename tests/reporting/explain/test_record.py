"""From a record, a file or a line of one to the charges."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.errors import TollbookError
from tests.support.explain_workspace import ExplainWorkspace, explain_workspace

ROWS = (
    "r1,2026-10-10T08:00:00Z,proj_a,key_1,user_1,alpha,100,10",
    "r2,2026-10-10T09:00:00Z,proj_a,key_1,user_1,alpha,50,0",
    "r3,2026-10-10T10:00:00Z,proj_b,,,alpha,many,0",
    "r1,2026-10-10T08:00:00Z,proj_a,key_1,user_1,alpha,100,10",
)
OTHER = "chatcmpl-4711,2026-10-10T08:00:00Z,proj_c,key_1,user_1,alpha,100,10"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> ExplainWorkspace:
    """One file of these rows, two of another record, run once for the tests that only read."""
    workspace = explain_workspace(tmp_path_factory.mktemp("record").resolve())
    workspace.write("a.csv", *ROWS)
    workspace.write("b.csv", OTHER)
    workspace.write("march.csv", OTHER.replace("100,10", "120,10"))
    workspace.run()
    return workspace


def test_a_record_leads_to_its_lines_prices_and_share(filled: ExplainWorkspace) -> None:
    """Its own quantities at the prices of the charge lines that it is part of."""
    path = filled.folder / "logs" / "a.csv"
    explained = filled.explain("--record", "r1")
    [version] = explained["versions"]
    assert (version["input_file"], version["input_line"]) == (str(path), 2)
    assert Decimal(version["cost_usd"]) == Decimal("0.00028")
    assert [
        (s["meter"], Decimal(s["quantity"]), Decimal(s["cost_usd"]), Decimal(s["line_quantity"]))
        for s in version["shares"]
    ] == [
        ("text_input_tokens", Decimal(100), Decimal("0.0002"), Decimal(150)),
        ("text_output_tokens", Decimal(10), Decimal("0.00008"), Decimal(10)),
    ]
    text = filled.text("--record", "r1")
    assert "text_input_tokens 100 \u00d7 0.000002 = 0.0002 USD [1] (of 150 in its charge" in text
    assert "its share: 0.00028 USD" in text


def test_a_record_shows_all_its_versions_and_only_the_current_one_has_a_share(
    filled: ExplainWorkspace,
) -> None:
    """A later content of the same id replaces the earlier one."""
    first, second = (filled.folder / "logs" / name for name in ("b.csv", "march.csv"))
    now, before = filled.explain("--record", "chatcmpl-4711")["versions"]
    assert (now["input_file"], now["project_id"], now["replaced_at"]) == (
        str(second),
        "proj_c",
        None,
    )
    assert (before["input_file"], before["replaced_by_file"], before["replaced_by_line"]) == (
        str(first),
        str(second),
        2,
    )
    assert (before["shares"], before["cost_usd"]) == ([], None)


def test_an_unknown_record_names_ids_that_begin_alike(filled: ExplainWorkspace) -> None:
    """A cut id is a usual mistake."""
    with pytest.raises(TollbookError, match=r"There are ids that begin alike: chatcmpl-4711\."):
        filled.explain("--record", "chatcmpl-47")
    with pytest.raises(TollbookError, match="no record 'zzz' was read"):
        filled.explain("--record", "zzz")


def test_a_file_says_what_became_of_its_rows(filled: ExplainWorkspace) -> None:
    """Accepted, duplicate and held back add up; the cells of its records are named."""
    path = filled.folder / "logs" / "a.csv"
    explained = filled.explain("--file", str(path))
    [version] = explained["versions"]
    fates = ("rows_read", "accepted", "duplicate", "superseded", "quarantined")
    assert [version[name] for name in fates] == [4, 2, 1, 0, 1]
    assert [(r["rule"], r["rows"], r["first_line"]) for r in explained["rejects"]] == [
        ("not_a_count", 1, 4)
    ]
    [cell] = explained["cells"]
    assert (cell["charge_date"], cell["project_id"], cell["model"], cell["records"]) == (
        "2026-10-10",
        "proj_a",
        "alpha",
        2,
    )
    assert "4 rows: 2 accepted, 1 duplicate, 0 superseded, 1 quarantined" in filled.text(
        "--file", "a.csv"
    )


def test_the_end_of_a_files_name_is_enough_where_one_file_fits(filled: ExplainWorkspace) -> None:
    """Else the files that fit are named; a name that none has gives the nearest."""
    path = filled.folder / "logs" / "march.csv"
    assert filled.explain("--file", "logs/march.csv")["input_file"] == str(path)
    with pytest.raises(TollbookError, match=f"no file 'marsh.csv' was read. Did you mean {path}"):
        filled.explain("--file", "marsh.csv")


def test_a_line_leads_to_its_record_or_to_why_it_was_held_back(filled: ExplainWorkspace) -> None:
    """From input file and line to the charge, the other way round."""
    path = filled.folder / "logs" / "a.csv"
    taken = filled.explain("--file", str(path), "--line", "3")
    assert [r["record_id"] for r in taken["records"]] == ["r2"]
    held = filled.explain("--file", str(path), "--line", "4")
    assert [(r["rule"], r["replayed_at"]) for r in held["rejects"]] == [("not_a_count", None)]


def test_two_questions_at_once_are_refused(filled: ExplainWorkspace) -> None:
    """A record, a file and a cell are explained one after the other."""
    with pytest.raises(TollbookError, match=r"--record and --file are two questions"):
        filled.explain("--record", "r1", "--file", "a.csv")
    with pytest.raises(TollbookError, match=r"--record and a cell .* are two questions"):
        filled.explain("--record", "r1", "--model", "alpha")
    with pytest.raises(TollbookError, match=r"--line: names a line without its file"):
        filled.explain("--line", "3")
    with pytest.raises(TollbookError, match=r"--day: is given beside --month"):
        filled.explain("--day", "2026-10-10", "--month", "2026-10")
