"""Words that are not known, and cells in which nothing is, get an answer that helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.errors import CheckFailedError, TollbookError
from pipeline.published.reader import open_published
from pipeline.reporting.explain.explain import ExplainRequest, check, explain
from pipeline.reporting.explain.model.explained import CellExplained
from pipeline.reporting.explain.text.layout import aligned, count
from tests.support.explain_workspace import NOW, ExplainWorkspace, explain_workspace


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> ExplainWorkspace:
    """Two projects on different days, run once."""
    workspace = explain_workspace(tmp_path_factory.mktemp("messages").resolve())
    workspace.write(
        "a.csv",
        "r1,2026-10-08T08:00:00Z,proj_chatbot,key_1,ada,alpha,100,10",
        "r2,2026-10-11T08:00:00Z,proj_chatbot,key_1,ada,alpha,100,10",
        "r3,2026-10-10T08:00:00Z,proj_search,key_2,,alpha,7,0",
        "r4,2026-10-10T08:00:00Z,proj_search,key_2,,beta,7,0",
        "r\x1b[31m5,2026-10-10T08:00:00Z,proj_search,key_2,,alpha,100,0",
    )
    workspace.run()
    return workspace


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--project", "proj_chatbott"),
            "--project: no project 'proj_chatbott' is known. Did you mean proj_chatbot?",
        ),
        (
            ("--project", "Marketing"),
            "--project: no project 'Marketing' is known. There are proj_chatbot, proj_search.",
        ),
        (
            ("--project", "proj_s"),
            "--project: no project 'proj_s' is known. Did you mean proj_search?",
        ),
        (("--model", "alfa"), "--model: no model 'alfa' is known. Did you mean alpha?"),
        (("--scope", "model"), "--scope: no scope 'model' is known. Did you mean models?"),
        (("--key", "key_3"), "--key: no key 'key_3' is known. Did you mean key_2?"),
        (("--user", "eve"), "--user: no user 'eve' is known. There are ada."),
        (
            ("--meter", "input_tokens"),
            "--meter: no meter 'input_tokens' is known. Did you mean text_input_tokens?",
        ),
        (("--day", "yesterday"), "--day: 'yesterday' is not a date. Write it like 2026-11-24."),
        (("--month", "October"), "--month: 'October' is not a month. Write it like 2026-10."),
    ],
)
def test_a_word_that_is_not_known_gets_the_nearest(
    filled: ExplainWorkspace, words: tuple[str, ...], said: str
) -> None:
    """Exit 2, as for every wrong word of a command."""
    with pytest.raises(TollbookError) as caught:
        filled.explain(*words)
    assert (str(caught.value), caught.value.exit_code) == (said, 2)


def test_a_day_without_such_charges_names_the_nearest_days(filled: ExplainWorkspace) -> None:
    """Before and after, for the same project and model."""
    words = ("--project", "proj_chatbot", "--model", "alpha", "--day", "2026-10-10")
    with pytest.raises(TollbookError) as caught:
        filled.explain(*words)
    assert str(caught.value) == (
        "nothing was charged or used: project proj_chatbot, model alpha, 2026-10-10 (the "
        "organization's day). The nearest days with any are 2026-10-08 and 2026-10-11."
    )


def test_a_model_that_a_project_never_used_names_those_it_did(filled: ExplainWorkspace) -> None:
    """There is no day to go to, so the models are the way on."""
    words = ("--project", "proj_chatbot", "--model", "beta", "--day", "2026-10-10")
    with pytest.raises(TollbookError, match=r"That project has charges for alpha\."):
        filled.explain(*words)


@pytest.fixture
def named(filled: ExplainWorkspace) -> Iterator[ExplainWorkspace]:
    """What is published knows the name of a project, for a while."""
    database = str((filled.folder / "var" / "published" / "tollbook.duckdb").resolve())
    name = "INSERT INTO stored.projects (project_id, project_name, state) VALUES (?, ?, 'active')"
    with duckdb.connect(database) as con:
        con.execute(name, ["proj_search", "Search"])
    yield filled
    with duckdb.connect(database) as con:
        con.execute("DELETE FROM stored.projects")


def test_a_project_is_found_by_its_name(named: ExplainWorkspace) -> None:
    """Names come from the directory; ids go before names."""
    explained = named.explain("--project", "Search", "--model", "alpha")
    assert explained["cell"]["project_id"] == "proj_search"
    assert "project Search (proj_search)" in named.text("--project", "Search")
    with pytest.raises(TollbookError, match=r"Did you mean Search\?"):
        named.explain("--project", "Serch")


def test_nothing_published_is_an_error_with_what_to_do(workspace: ExplainWorkspace) -> None:
    """No traceback, exit 2."""
    with pytest.raises(TollbookError, match=r"nothing is published yet\. Run `tollbook run`"):
        workspace.explain("--day", "2026-10-10")


def test_sums_that_differ_in_the_last_digit_are_an_error(filled: ExplainWorkspace) -> None:
    """Every way of adding up is held against the others; exit 1."""
    with open_published(filled.folder / "var" / "published") as con:
        explained = explain(con, ExplainRequest(), today=NOW.date(), exists=lambda _: None)
    assert isinstance(explained, CellExplained)
    check(explained)
    last_digit = Decimal("1e-24")
    for way in ("arithmetic_usd", "charges_usd", "postings_usd", "daily_costs_usd"):
        amount = getattr(explained.total, way)
        total = replace(explained.total, **{way: amount + last_digit})
        with pytest.raises(CheckFailedError, match="do not agree"):
            check(replace(explained, total=total))
    with pytest.raises(CheckFailedError, match="do not agree"):
        check(replace(explained, total=replace(explained.total, misfits=1)))


def test_a_charge_that_is_not_quantity_times_price_is_found(filled: ExplainWorkspace) -> None:
    """A published file that somebody changed does not explain itself any more."""
    folder = filled.folder / "var" / "published" / "charges"
    path = next(Path(folder).resolve().rglob("2026-10-11.parquet"))
    lines = pl.read_parquet(path).with_columns(pl.col("cost_usd") + Decimal("1e-24"))
    aside = path.rename(path.with_name("aside"))  # a hard link: the books keep theirs
    lines.write_parquet(path)
    result = filled.call("explain", "--day", "2026-10-11")
    aside.replace(path)
    assert "THEY DO NOT AGREE." in result.stdout
    assert "2 lines cost something else than quantity" in result.stdout
    assert isinstance(result.exception, CheckFailedError)


def test_what_a_log_holds_cannot_steer_the_terminal(filled: ExplainWorkspace) -> None:
    """Escape sequences in ids are shown as text."""
    text = filled.text("--day", "2026-10-10")
    assert "\x1b" not in text
    assert "r\\x1b[31m5" in text


def test_numbers_keep_all_their_digits_and_align() -> None:
    """Thousands are marked, zeros behind the point are dropped, points stand in one column."""
    assert count(Decimal("1234567.500000")) == "1,234,567.5"
    assert count(Decimal("1000.000000")) == "1,000"
    assert aligned(["0.1", "unpriced", "-12", ""]) == ["0.1", "unpriced", "-12.0", ""]
