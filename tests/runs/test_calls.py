"""Which lines are one call, which of them counts, and who is said to have made it.

Each case gives the same in one run and in several, and what can come in any order does.
All but one are played in one workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from tests.support.cases import RUN, Case, Cases, Play
from tests.support.workspace import CONFIGURATION, Workspace, lines, request

Body = dict[str, Any]
ORDERS = ((0, 1, 2), (2, 1, 0), (1, 0, 2))
DETAIL = CONFIGURATION.replace(
    'path = ["logs"]',
    'path = ["logs"]\n\n[[sources]]\nname = "other"\nkind = "request_log"\n'
    'path = ["other"]\nbasis = "detail"',
)


CASES = Cases(configuration=DETAIL)
LONG_CASES = Cases(configuration=DETAIL, is_slow=True)
either_way = CASES.each(at_once=True, one_by_one=False)


def take(case: Case, *calls: Sequence[Body], at_once: bool) -> Play:
    """Read the bodies of some calls from one file in one run, or each in a run of its own."""
    if at_once:
        case.log("logs/0.jsonl", *chain(*calls))
        yield RUN
        return
    for number, bodies in enumerate(zip_longest(*calls)):
        case.log(f"logs/{number}.jsonl", *filter(None, bodies))
        yield RUN


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


@either_way
def test_who_asked_is_the_first_and_what_others_add(case: Case, at_once: bool) -> Play:  # noqa: FBT001  a case of the table
    """One call and one charge, whoever reads the response again."""

    def own(project: str | None) -> str | None:
        return project and f"{case.project}_{project}"

    calls = [
        [
            {**case.request(str(number), 10**number), **who, "project_id": own(who["project_id"])}
            for who in bodies
        ]
        for number, (bodies, _) in enumerate(WHO_ASKED)
    ]
    expected = [
        (10**number, own(project), *who) for number, (_, (project, *who)) in enumerate(WHO_ASKED)
    ]
    askers = (
        "SELECT text_input_tokens, project_id, api_key_id, user_id FROM usage WHERE {of} "
        "ORDER BY text_input_tokens"
    )
    yield from take(case, *calls, at_once=at_once)
    assert case.rows(askers) == expected
    assert case.tokens() == 11_111
    case.assert_sums_agree()
    case.log("logs/again.jsonl", *chain(*calls))
    yield RUN
    assert case.rows(askers) == expected
    assert case.tokens() == 11_111


def chunk(case: Case, name: str, out: int, tokens: int = 1000) -> Body:
    """A line of a stream, with the usage so far."""
    return {**case.request(name, tokens, out=out), "object": "chat.completion.chunk"}


@either_way
def test_of_a_stream_the_largest_output_counts(case: Case, at_once: bool) -> Play:  # noqa: FBT001  a case of the table
    """Whatever the order in which its lines are read."""
    orders = ((1, 2, 300), (300, 2, 1), (2, 300, 1))
    calls = [[chunk(case, str(order), out) for out in order] for order in orders]
    yield from take(case, *calls, at_once=at_once)
    assert case.rows("SELECT text_output_tokens FROM usage WHERE {of}") == [(300,)] * 3
    case.assert_sums_agree()


@either_way
def test_usage_of_zero_never_replaces_usage(case: Case, at_once: bool) -> Play:  # noqa: FBT001  a case of the table
    """Neither as a line of a stream nor as a whole body."""
    calls = []
    for order in ORDERS:
        name = str(order)
        bodies = [chunk(case, name, 300), chunk(case, name, 0, 0), case.request(name, 0)]
        calls.append([bodies[i] for i in order])
    yield from take(case, *calls, at_once=at_once)
    used = "SELECT text_input_tokens, text_output_tokens FROM usage WHERE {of}"
    assert case.rows(used) == [(1000, 300)] * 3


@either_way
def test_a_whole_body_counts_before_lines_of_its_stream(case: Case, at_once: bool) -> Play:  # noqa: FBT001  a case of the table
    """It has what was used in the end."""
    yield from take(
        case,
        [chunk(case, "s", 2), case.request("s", out=250), chunk(case, "s", 300)],
        at_once=at_once,
    )
    assert case.rows("SELECT text_output_tokens FROM usage WHERE {of}") == [(250,)]


@CASES.case
def test_what_is_left_of_a_stream_counts_once_its_body_is_forgotten(case: Case) -> Play:
    """And no longer once it is remembered; the long form forgets one after another."""
    lines_of_it = [case.request("s", out=250), chunk(case, "s", 300), chunk(case, "s", 2)]
    for number, body in enumerate(lines_of_it):
        case.log(f"logs/{number}.jsonl", body)
    used = "SELECT text_output_tokens FROM usage WHERE {of}"
    yield RUN
    assert case.rows(used) == [(250,)]
    yield case.forget("logs/0.jsonl")
    assert case.rows(used) == [(300,)]
    yield case.remember("logs/0.jsonl")
    assert case.rows(used) == [(250,)]


@LONG_CASES.each(**{"".join(map(str, order)): order for order in ORDERS})
def test_what_is_left_of_a_stream_counts_by_the_same_rule(
    case: Case, order: tuple[int, ...]
) -> Play:
    """Once the file of the line that counted is forgotten, and until it is remembered."""
    bodies = [
        case.request("s", out=250),
        chunk(case, "s", 300),
        chunk(case, "s", 2),
        chunk(case, "s", 0, 0),
    ]
    for number in (*order, 3):
        case.log(f"logs/{number}.jsonl", bodies[number])
        yield RUN
    used = "SELECT text_output_tokens FROM usage WHERE {of}"
    for number, left in enumerate((300, 2, 0)):
        yield case.forget(f"logs/{number}.jsonl")
        assert case.rows(used) == [(left,)]
    yield case.remember("logs/1.jsonl")
    assert case.rows(used) == [(300,)]


@CASES.case
def test_a_later_body_with_less_output_still_replaces(case: Case) -> Play:
    """Only the lines of a stream are compared by their output."""
    yield from take(case, [case.request("1", out=300), case.request("1", out=200)], at_once=False)
    assert case.rows("SELECT text_output_tokens FROM usage WHERE {of}") == [(200,)]


@either_way
def test_one_id_at_several_times_is_several_calls(case: Case, at_once: bool) -> Play:  # noqa: FBT001  a case of the table
    """Some servers repeat their ids; a copy of a call is a copy all the same."""
    calls = [
        [case.request(str(order), 1000 * n, when=f"2026-11-23T1{n}:00:00") for n in order]
        for order in ORDERS
    ]
    yield from take(case, *calls, at_once=at_once)
    assert case.tokens() == 3 * 3000
    case.log("logs/copy.jsonl", *chain(*calls))
    yield RUN
    assert case.tokens() == 3 * 3000


def test_an_id_used_again_is_noted_once(tmp_path: Path) -> None:
    """In the notes of the run that first sees it, and not by copies."""
    workspace = Workspace(tmp_path.resolve())
    bodies = [request("x", 1000, when=f"2026-11-23T1{n}:00:00") for n in (1, 2)]
    workspace.write("logs/a.jsonl", lines(*bodies))
    [note] = [n for n in workspace.run().notes if "response id" in n]
    assert "'chatcmpl-x' with 2" in note
    workspace.write("logs/b.jsonl", lines(*bodies, request("y")))
    assert [n for n in workspace.run().notes if "response id" in n] == []


@CASES.case
def test_the_time_beside_a_body_without_an_id_is_not_its_identity(case: Case) -> Play:
    """Two gateways note the same embeddings by their own clocks."""
    body = {
        "object": "list",
        "model": "alpha",
        "request_id": f"req_{case.name}",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
        "project_id": case.project,
    }
    yield from take(case, [{**body, "created": 1795000000 + n} for n in (0, 1)], at_once=False)
    assert case.tokens() == 8


@CASES.each(charge_first=("logs/a.jsonl", "other/b.jsonl"), detail_first=("other/b.jsonl",))
def test_charge_and_detail_never_replace_each_other(case: Case, names: tuple[str, ...]) -> Play:
    """Both records stay, and only one is charged."""
    for name in dict.fromkeys((*names, "logs/a.jsonl")):
        case.log(name, case.request("1"))
        yield RUN
    assert case.tokens() == 1000
    assert case.rows("SELECT basis FROM usage WHERE {of} ORDER BY ALL") == [
        ("charge",),
        ("detail",),
    ]
