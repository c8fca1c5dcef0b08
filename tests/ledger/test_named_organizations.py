"""Rows that name an organization of their own belong to the configured one's buckets."""

from __future__ import annotations

from pathlib import Path

from tests.support.workspace import BUCKETS, Workspace, bucket, cost, page, used

OWN = {"organization_id": "org-of-the-provider"}


def test_a_bucket_is_replaced_whatever_organization_its_rows_name(tmp_path: Path) -> None:
    """Costs of the live API name the organization's id; a later fetch replaces them all the same.

    Taking the later file back lets the earlier version hold again.
    """
    also = 'also = ["org-of-the-provider"]\ntimezone ='
    workspace = Workspace(tmp_path, BUCKETS.replace("timezone =", also, 1))
    for name, at, usd, tokens in (("a", "08", "1.00", 1000), ("b", "09", "2.00", 2000)):
        fetched = f"2026-11-24T{at}:00:00Z"
        costs = bucket("2026-11-23", {**cost(usd), **OWN})
        usage = bucket("2026-11-23", {**used(tokens), **OWN})
        workspace.write(f"costs/{name}.json", page("costs", fetched, costs))
        workspace.write(f"usage/{name}.json", page("completions", fetched, usage))
        workspace.run()
    question = "SELECT (SELECT sum(amount) FROM provider_costs), (SELECT sum(requests) FROM usage)"
    assert [[str(v) for v in row] for row in workspace.rows(question)] == [
        ["2.000000000000000000000000", "1"]
    ]
    assert workspace.tokens() == 2000
    workspace.forget("costs/b.json", "usage/b.json")
    assert [str(v) for (v, _) in workspace.rows(question)] == ["1.000000000000000000000000"]
    assert workspace.tokens() == 1000
    workspace.assert_sums_agree()
