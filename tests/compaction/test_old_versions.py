"""Versions of buckets that were replaced long ago are removed, and no figure changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from pipeline.compaction import old_versions
from pipeline.errors import ConfigError
from tests.support.command import command
from tests.support.month_end import NOVEMBER, close_month, frozen
from tests.support.workspace import BUCKETS, Prepared, Workspace, bucket, cost, page, used

KEPT = BUCKETS + "\n[retention]\nversion_days = 30\n"
STAYS = "SELECT * EXCLUDE (run_id) FROM {} ORDER BY ALL"
NAMES = ("usage", "charges", "charge_postings", "provider_costs", "daily_costs", "reconciliation")


def _read(workspace: Workspace, number: int, tokens: int, usd: str) -> None:
    fetched = f"{workspace.at:%Y-%m-%dT%H:%M:%SZ}"
    for name, text in (
        (
            "usage",
            page(
                "completions",
                fetched,
                bucket("2026-11-20", used(500)),
                bucket("2026-11-22", used(tokens), used(7, "proj_b")),
            ),
        ),
        ("costs", page("costs", fetched, bucket("2026-11-22", cost(usd)))),
    ):
        workspace.write(f"{name}/{number}.json", text)
    workspace.run()


def _figures(workspace: Workspace) -> dict[str, list[tuple[object, ...]]]:
    names = {name: STAYS.format(name) for name in NAMES}
    names["charges"] = "FROM charges ORDER BY ALL"
    names["daily_costs"] = "FROM daily_costs ORDER BY ALL"
    names["usage"] = "FROM usage ORDER BY ALL"
    names["provider_costs"] = "FROM provider_costs ORDER BY ALL"
    return workspace.answers(names)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A day that was fetched twice with other figures, and 40 days that went by."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared").resolve(), BUCKETS)
    for number, (tokens, usd) in enumerate(((100, "0.1"), (300, "0.3"))):
        _read(workspace, number, tokens, usd)
        workspace.at += timedelta(hours=1)
    workspace.at += timedelta(days=40)
    workspace.write(
        "usage/new.json", page("completions", "2027-01-03T00:00:00Z", bucket("2026-12-20", used(1)))
    )
    workspace.run()
    return Prepared(workspace)


@pytest.fixture
def workspace(prepared: Prepared) -> Workspace:
    return prepared.again()


def _versions(workspace: Workspace) -> int:
    return len(workspace.rows("FROM usage_versions"))


def _publish(workspace: Workspace) -> list[str]:
    """A run that publishes."""
    workspace.configure(KEPT)
    return list(workspace.run().notes)


def test_they_stay_for_ever_unless_asked_otherwise(workspace: Workspace) -> None:
    assert _versions(workspace) == 2
    code, stdout, _ = command(workspace.folder, "doctor")
    assert code in {0, 1}
    assert "2 rows of usage, about" in stdout
    assert "1 line of costs; kept for ever" in stdout


def test_no_figure_changes_and_figures_that_come_again_are_known(workspace: Workspace) -> None:
    before, fates = _figures(workspace), workspace.fates()
    notes = _publish(workspace)
    assert (
        "3 rows of old versions were removed: they were replaced more than 30 days ago "
        "([retention] version_days)." in notes
    )
    assert _versions(workspace) == 0
    assert _figures(workspace) == before
    assert workspace.fates() == fates
    workspace.assert_sums_agree()
    workspace.at += timedelta(hours=1)
    old = page(
        "completions", "2026-11-24T08:30:00Z", bucket("2026-11-22", used(100), used(7, "proj_b"))
    )
    workspace.write("usage/again.json", old)
    workspace.run()
    assert workspace.fates()["usage/again.json"] == (2, 0, 2, 0, 0)
    assert _figures(workspace) == before
    assert not any("old versions" in note for note in _publish(workspace))


@pytest.mark.slow
def test_what_replaced_them_can_no_longer_be_forgotten_but_replaced(workspace: Workspace) -> None:
    _publish(workspace)
    with pytest.raises(ConfigError, match="the earlier figures of 2 buckets would count again"):
        workspace.forget("usage/1.json", "costs/1.json")
    _read(workspace, 3, 400, "0.4")
    assert workspace.forget("usage/3.json", "costs/3.json").outcome == "done"
    assert workspace.rows("SELECT sum(text_input_tokens) FROM usage") == [(808,)]
    workspace.assert_sums_agree()


@pytest.mark.slow
def test_what_was_in_a_closed_month_stays(workspace: Workspace) -> None:
    assert close_month(workspace, NOVEMBER, reason="a test")[1] is not None
    before = frozen(workspace)
    _read(workspace, 3, 400, "0.4")
    workspace.at += timedelta(days=40)
    workspace.write(
        "usage/more.json",
        page("completions", "2027-02-20T00:00:00Z", bucket("2026-12-21", used(1))),
    )
    _publish(workspace)
    assert frozen(workspace) == before
    assert workspace.rows("SELECT text_input_tokens FROM usage_versions ORDER BY 1") == [
        (7,),
        (300,),
    ]


def test_a_failure_leaves_everything_as_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    before = _versions(workspace)
    monkeypatch.setattr(old_versions, "_remove_costs", fail)
    files: Callable[[], list[str]] = lambda: sorted(  # noqa: E731
        str(p) for p in workspace.path("var/ledger").rglob("*.parquet")
    )
    known = files()
    with pytest.raises(Exception, match="disk full"):
        _publish(workspace)
    monkeypatch.undo()
    assert files() == known
    assert _versions(workspace) == before
