"""Fetched answers that are kept no longer: nothing that is known needs them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pipeline.storage.database import open_database
from pipeline.storage.layout import StorageLayout
from tests.support.fetch_workspace import ONE_DAY, FetchWorkspace, fake_api


def test_old_answers_are_removed_and_nothing_changes(tmp_path: Path) -> None:
    """The newest of each endpoint stays; a later fetch of the same days brings nothing twice."""
    with fake_api() as server:
        workspace = FetchWorkspace(tmp_path, server.base_url, ONE_DAY)
        workspace.run()
        workspace.now += timedelta(hours=1)
        workspace.run()
        folders = {name.rpartition("/")[0] for name in workspace.files()}
        before = workspace.files()
        assert len(before) > len(folders)
        with open_database(StorageLayout(tmp_path / "var")) as db:
            db.con.execute("UPDATE input_files SET ingested_at = ingested_at - INTERVAL 31 DAY")
        totals = workspace.totals()
        workspace.point(server.base_url, "[retention]\nraw_days = 30\n")
        result = workspace.run()
        removed = len(before) - len(workspace.files())
        assert removed == len(before) - len(folders)
        assert f"{removed} fetched answers were removed" in " ".join(result.notes)
        assert workspace.totals() == totals
        states = {state for (state,) in workspace.ask("SELECT state FROM input_files")}
        assert states == {"read"}
