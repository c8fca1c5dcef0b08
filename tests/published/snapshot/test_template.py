"""The template of a snapshot's database: made once, copied by each snapshot."""

from __future__ import annotations

from pathlib import Path

from pipeline.published.reader import is_of_this_version
from pipeline.published.snapshot.template import _made as made
from tests.support.workspace import PRICES, Workspace, lines, request


def _template(workspace: Workspace) -> Path:
    [path] = (workspace.folder / "var" / "cache").glob("template-*.duckdb")
    return path


def test_a_second_run_uses_the_template_of_the_first(tmp_path: Path) -> None:
    """Neither made anew nor changed by what a snapshot puts into its copy."""
    workspace = Workspace(tmp_path.resolve())
    workspace.write("logs/a.jsonl", lines(request("1", 1000)))
    workspace.run()
    before = (_template(workspace).stat().st_mtime_ns, _template(workspace).read_bytes())
    workspace.write("logs/b.jsonl", lines(request("2", 1000)))
    workspace.run()
    assert (_template(workspace).stat().st_mtime_ns, _template(workspace).read_bytes()) == before
    assert workspace.tokens() == 2000


def test_the_template_of_another_version_is_replaced(tmp_path: Path) -> None:
    """Its views may be other ones; a lost one is made again."""
    workspace = Workspace(tmp_path.resolve())
    workspace.write("logs/a.jsonl", lines(request("1", 1000)))
    workspace.run()
    own = _template(workspace)
    own.rename(own.with_name("template-0123456789abcdef.duckdb"))
    workspace.write("logs/b.jsonl", lines(request("2", 1000)))
    workspace.run()
    assert _template(workspace) == own
    assert workspace.tokens() == 2000


def test_a_template_has_the_prices_of_one_book(tmp_path: Path) -> None:
    """A second run takes them from it; another book has a template of its own."""
    workspace = Workspace(tmp_path.resolve())
    workspace.run()
    kept = _template(workspace)
    prices = "SELECT count(*), count(DISTINCT price_id), min(book_id), max(book_id) FROM prices"
    rows = workspace.rows(prices)
    workspace.write("logs/a.jsonl", lines(request("1", 1000)))
    workspace.run()
    assert workspace.rows(prices) == rows
    workspace.price()
    made().clear()  # as in another process
    workspace.write("logs/b.jsonl", lines(request("2", 1000)))
    workspace.run()
    assert _template(workspace) != kept
    [(fewer, _, first, last)] = workspace.rows(prices)
    assert (fewer, first) == (rows[0][0] - 3, last)
    assert first != rows[0][2]
    workspace.price(*PRICES)
    workspace.write("logs/c.jsonl", lines(request("3", 1000)))
    workspace.run()
    assert workspace.rows(prices) == rows


def test_a_snapshot_says_which_views_it_has(tmp_path: Path) -> None:
    """So that a reader of another version can say why one is missing."""
    workspace = Workspace(tmp_path.resolve())
    assert not is_of_this_version(workspace.folder / "var" / "published")
    workspace.run()
    assert is_of_this_version(workspace.folder / "var" / "published")


def test_every_duckdb_from_1_2_on_can_read_what_is_published(tmp_path: Path) -> None:
    """The tools that people read it with carry older engines: 65 is the format of DuckDB 1.2."""
    workspace = Workspace(tmp_path.resolve())
    workspace.run()
    for path in (_template(workspace), workspace.folder / "var" / "published" / "tollbook.duckdb"):
        with path.open("rb") as file:
            assert int.from_bytes(file.read(20)[12:], "little") == 65
