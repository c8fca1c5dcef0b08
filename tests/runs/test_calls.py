"""Which lines are one call, which of them counts, and who is said to have made it.

Each case gives the same in one run and in several, and what can come in any order does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import pytest

from pipeline.runs.corrections.forget import remember
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

Body = dict[str, Any]
ORDERS = ((0, 1, 2), (2, 1, 0), (1, 0, 2))
DETAIL = CONFIGURATION.replace(
    'path = ["logs"]',
    'path = ["logs"]\n\n[[sources]]\nname = "other"\nkind = "request_log"\n'
    'path = ["other"]\nbasis = "detail"',
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path.resolve())


def take(workspace: Workspace, *cases: Sequence[Body], at_once: bool) -> None:
    """Read the bodies of some calls from one file in one run, or each in a run of its own."""
    if at_once:
        workspace.write("logs/0.jsonl", lines(*chain(*cases)))
        workspace.run()
        return
    for number, bodies in enumerate(zip_longest(*cases)):
        workspace.write(f"logs/{number}.jsonl", lines(*filter(None, bodies)))
        workspace.run()


def asked(**who: str | None) -> Body:
    """The same response, read by somebody."""
    return {"project_id": None, **who}


WHO_ASKED: list[tuple[list[Body], tuple[str | None, ...]]] = [
    # a later reader changes nothing where the first line named somebody
    (
        [asked(project_id="creator", api_key_id="k"), asked(), asked(project_id="reader")],
        ("creator", "k", None),
    ),
    # … and fills in what it left open
    ([asked(), asked(project_id="p", api_key_id="k")], ("p", "k", None)),
    (
        [asked(project_id="p"), asked(api_key_id="k"), asked(project_id="p", user_id="u")],
        ("p", "k", "u"),
    ),
    # … but not from a line that contradicts it
    ([asked(project_id="p"), asked(project_id="q", api_key_id="k")], ("p", None, None)),
    (
        [asked(), asked(project_id="p"), asked(project_id="q", user_id="v")],
        ("p", None, None),
    ),
]


@pytest.mark.parametrize("at_once", [True, False])
def test_who_asked_is_the_first_and_what_others_add(
    workspace: Workspace,
    at_once: bool,  # noqa: FBT001  a case of the table
) -> None:
    """One call and one charge, whoever reads the response again."""
    cases = [
        [{**request(str(number), 10**number), **who} for who in bodies]
        for number, (bodies, _) in enumerate(WHO_ASKED)
    ]
    expected = [(10**number, *who) for number, (_, who) in enumerate(WHO_ASKED)]
    askers = (
        "SELECT text_input_tokens, project_id, api_key_id, user_id FROM usage "
        "ORDER BY text_input_tokens"
    )
    take(workspace, *cases, at_once=at_once)
    assert workspace.rows(askers) == expected
    assert workspace.tokens() == 11_111
    workspace.assert_sums_agree()
    workspace.write("logs/again.jsonl", lines(*chain(*cases)))
    workspace.run()
    assert workspace.rows(askers) == expected
    assert workspace.tokens() == 11_111


def chunk(name: str, out: int, tokens: int = 1000) -> Body:
    """A line of a stream, with the usage so far."""
    return {**request(name, tokens, out=out), "object": "chat.completion.chunk"}


@pytest.mark.parametrize("at_once", [True, False])
def test_of_a_stream_the_largest_output_counts(
    workspace: Workspace,
    at_once: bool,  # noqa: FBT001  a case of the table
) -> None:
    """Whatever the order in which its lines are read."""
    orders = ((1, 2, 300), (300, 2, 1), (2, 300, 1))
    cases = [[chunk(str(order), out) for out in order] for order in orders]
    take(workspace, *cases, at_once=at_once)
    assert workspace.rows("SELECT text_output_tokens FROM usage") == [(300,)] * 3
    workspace.assert_sums_agree()


@pytest.mark.parametrize("at_once", [True, False])
def test_usage_of_zero_never_replaces_usage(
    workspace: Workspace,
    at_once: bool,  # noqa: FBT001  a case of the table
) -> None:
    """Neither as a line of a stream nor as a whole body."""
    cases = []
    for order in ORDERS:
        name = str(order)
        bodies = [chunk(name, 300), chunk(name, 0, 0), request(name, 0)]
        cases.append([bodies[i] for i in order])
    take(workspace, *cases, at_once=at_once)
    used = "SELECT text_input_tokens, text_output_tokens FROM usage"
    assert workspace.rows(used) == [(1000, 300)] * 3


@pytest.mark.parametrize("at_once", [True, False])
def test_a_whole_body_counts_before_lines_of_its_stream(
    workspace: Workspace,
    at_once: bool,  # noqa: FBT001  a case of the table
) -> None:
    """It has what was used in the end."""
    take(workspace, [chunk("s", 2), request("s", out=250), chunk("s", 300)], at_once=at_once)
    assert workspace.rows("SELECT text_output_tokens FROM usage") == [(250,)]


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_left_of_a_stream_counts_by_the_same_rule(
    workspace: Workspace, order: tuple[int, ...]
) -> None:
    """Once the file of the line that counted is forgotten, and until it is remembered."""
    bodies = [request("s", out=250), chunk("s", 300), chunk("s", 2), chunk("s", 0, 0)]
    for number in (*order, 3):
        workspace.write(f"logs/{number}.jsonl", lines(bodies[number]))
        workspace.run()
    used = "SELECT text_output_tokens FROM usage"
    for number, left in enumerate((300, 2, 0)):
        workspace.forget(f"logs/{number}.jsonl")
        assert workspace.rows(used) == [(left,)]
    with workspace.correction("remember", None) as run:
        remember(run, [str(workspace.path("logs/1.jsonl"))])
    assert workspace.rows(used) == [(300,)]


def test_a_later_body_with_less_output_still_replaces(workspace: Workspace) -> None:
    """Only the lines of a stream are compared by their output."""
    take(workspace, [request("1", out=300), request("1", out=200)], at_once=False)
    assert workspace.rows("SELECT text_output_tokens FROM usage") == [(200,)]


@pytest.mark.parametrize("at_once", [True, False])
def test_one_id_at_several_times_is_several_calls(
    workspace: Workspace,
    at_once: bool,  # noqa: FBT001  a case of the table
) -> None:
    """Some servers repeat their ids; a copy of a call is a copy all the same."""
    cases = [
        [request(str(order), 1000 * n, when=f"2026-11-23T1{n}:00:00") for n in order]
        for order in ORDERS
    ]
    take(workspace, *cases, at_once=at_once)
    assert workspace.tokens() == 3 * 3000
    workspace.write("logs/copy.jsonl", lines(*chain(*cases)))
    workspace.run()
    assert workspace.tokens() == 3 * 3000


def test_an_id_used_again_is_noted_once(workspace: Workspace) -> None:
    """In the notes of the run that first sees it, and not by copies."""
    bodies = [request("x", 1000, when=f"2026-11-23T1{n}:00:00") for n in (1, 2)]
    workspace.write("logs/a.jsonl", lines(*bodies))
    [note] = [n for n in workspace.run().notes if "response id" in n]
    assert "'chatcmpl-x' with 2" in note
    workspace.write("logs/b.jsonl", lines(*bodies, request("y")))
    assert [n for n in workspace.run().notes if "response id" in n] == []


def test_the_time_beside_a_body_without_an_id_is_not_its_identity(workspace: Workspace) -> None:
    """Two gateways note the same embeddings by their own clocks."""
    body = {
        "object": "list",
        "model": "alpha",
        "request_id": "req_1",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
        "project_id": "p",
    }
    take(workspace, [{**body, "created": 1795000000 + n} for n in (0, 1)], at_once=False)
    assert workspace.tokens() == 8


@pytest.mark.parametrize("names", [("logs/a.jsonl", "other/b.jsonl"), ("other/b.jsonl",) * 2])
def test_charge_and_detail_never_replace_each_other(
    workspace: Workspace, names: tuple[str, str]
) -> None:
    """Both records stay, and only one is charged."""
    workspace.configure(DETAIL)
    for name in dict.fromkeys((*names, "logs/a.jsonl")):
        workspace.write(name, lines(request("1")))
        workspace.run()
    assert workspace.tokens() == 1000
    assert workspace.rows("SELECT basis FROM usage ORDER BY ALL") == [("charge",), ("detail",)]
