"""Rows of another organization: held back where an id is configured, in every kind of source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.workspace import (
    BUCKETS,
    CONFIGURATION,
    RECORDS_HEADER,
    Workspace,
    lines,
    request,
)

FOREIGN = "org-other"
LOG = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1793008805,
    "model": "alpha",
    "usage": {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000},
}
BUCKET = {"object": "bucket", "start_time": 1793008800, "end_time": 1793012400}
USAGE = {
    "object": "organization.usage.completions.result",
    "input_tokens": 1000,
    "output_tokens": 0,
    "num_model_requests": 1,
    "model": "alpha",
}
COSTS = {
    "object": "organization.costs.result",
    "amount": {"value": 1, "currency": "usd"},
    "line_item": "alpha, input",
}


def _page(start: int, end: int, row: Mapping[str, object]) -> str:
    rows = [{**row, "organization_id": name} for name in ("org-acme", FOREIGN)]
    bucket = {"object": "bucket", "start_time": start, "end_time": end, "results": rows}
    return json.dumps({"object": "page", "data": [bucket], "has_more": False, "next_page": None})


def _write(workspace: Workspace) -> None:
    own, foreign = ({**LOG, "id": n, "organization_id": n} for n in ("org-acme", FOREIGN))
    odd = {**foreign, "id": "c3", "created": "2026-10-26T10:00:00+00:00"}
    files = {
        "logs/a.jsonl": "".join(json.dumps(row) + "\n" for row in (own, foreign, odd)),
        "exports/a.csv": f"organization_id,{RECORDS_HEADER}\n"
        "org-acme,r1,2026-11-01,p,alpha,1000,0,1\norg-other,r2,2026-11-01,p,alpha,1000,0,1\n",
        "usage/a.json": _page(1793008800, 1793012400, USAGE),
        "costs/a.json": _page(1792972800, 1793059200, COSTS),
    }
    for name, text in files.items():
        path = workspace.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_every_kind_of_source_holds_them_back(tmp_path: Path) -> None:
    """A log, a table, usage pages and costs; and `also` takes them."""
    workspace = Workspace(
        tmp_path.resolve(), BUCKETS + "[quality]\nmax_quarantined_percent = 100\n"
    )
    _write(workspace)
    workspace.run()
    held = (
        "SELECT split(input_file, '/')[-2], rule, count(*) FROM quarantine GROUP BY ALL ORDER BY 1"
    )
    assert workspace.rows(held) == [
        ("costs", "other_organization", 1),
        ("exports", "other_organization", 1),
        ("logs", "other_organization", 2),
        ("usage", "other_organization", 1),
    ]
    assert workspace.rows("SELECT DISTINCT organization_id FROM usage") == [("org-acme",)]
    texts = workspace.rows("SELECT raw FROM quarantine WHERE input_file LIKE '%logs%'")
    assert all(FOREIGN in raw for (raw,) in texts)
    workspace.configure(
        BUCKETS.replace('id = "org-acme"', f'id = "org-acme"\nalso = ["{FOREIGN}"]')
    )
    workspace.replay()
    assert workspace.rows(
        "SELECT count(*) FROM usage WHERE organization_id = 'org-other' AND source = 'gateway'"
    ) == [(2,)]


@pytest.mark.parametrize("text", ["", pytest.param('id = "default"\n', marks=pytest.mark.slow)])
def test_without_an_id_several_are_noted(tmp_path: Path, text: str) -> None:
    """Without a configured id nothing is foreign; the run says which organizations there are."""
    workspace = Workspace(tmp_path.resolve(), CONFIGURATION.replace('id = "org-acme"\n', text))
    _write(workspace)
    workspace.path("costs/a.json").unlink()
    result = workspace.run()
    assert any("organizations: org-acme, org-other" in note for note in result.notes)
    assert workspace.rows("SELECT count(*) FROM quarantine") == [(0,)]
    # the files of the first run are not read again, and not forgotten
    workspace.write("logs/later.jsonl", lines(request("later", 1000)))
    later = workspace.run()
    assert any("org-acme, org-other" in note for note in later.notes)
