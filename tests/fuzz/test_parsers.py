"""No input makes a parser crash: it is read, each row with a fate, or an error says what is wrong.

Short here; `python -m tests.fuzz PARSER --seconds N` goes on for as long as one likes.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipeline.pricing.load import examine
from tests.fuzz.hostile import DOCUMENTS, VALUES, spans, spoiled
from tests.fuzz.parsers import PARSERS, parse

DIRECTORY = [name for name in PARSERS if name.startswith("directory_")]
OTHERS = [name for name in PARSERS if not name.startswith("directory_")]
SPOILED = 60  # documents of each parser
MOST_CASES = 150
# Of the parsers that take longest: each line of these is rejected on its own.
SLOW_DOCUMENTS = {b'started_at,model\n"' + b"x\n" * 20_000, b"data: {}\n\n" * 1_000}


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_valid_is_read(name: str, tmp_path: Path) -> None:
    """So that what is spoiled was good before."""
    parser = PARSERS[name]
    assert [seed for seed in parser.seeds if not parse(parser, seed, tmp_path)] == []


@pytest.mark.parametrize("name", [*OTHERS, DIRECTORY[0]])
def test_hostile_documents_are_refused_or_read(name: str, tmp_path: Path) -> None:
    """Deep nesting, long names and numbers, control characters, broken archives."""
    for document in DOCUMENTS:
        if document not in SLOW_DOCUMENTS:
            parse(PARSERS[name], document, tmp_path)


@pytest.mark.parametrize("name", [name for name in PARSERS if PARSERS[name].seeds])
def test_spoiled_documents_are_refused_or_read(name: str, tmp_path: Path) -> None:
    """Valid ones with up to three things wrong, the same in every run."""
    parser, draw = PARSERS[name], random.Random(name)
    for _ in range(SPOILED // 4 if name in (*DIRECTORY, "request_log") else SPOILED):
        parse(parser, spoiled(draw.choice(parser.seeds), draw), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_every_value_in_every_place(name: str, tmp_path: Path) -> None:
    """Each hostile value in place of each value, name and cell of a valid document."""
    parser, draw = PARSERS[name], random.Random(name)
    for seed in parser.seeds[:2]:
        places = list(spans(seed))
        cases = [(place, value) for place in places for value in VALUES]
        for (start, end), value in draw.sample(cases, min(len(cases), MOST_CASES)):
            parse(parser, seed[:start] + value + seed[end:], tmp_path)


def test_a_number_of_thousands_of_digits_is_named(tmp_path: Path) -> None:
    """Python's own reading of one fails with an error of its own."""
    digits = b"9" * 5_000
    for name, content in (
        ("budgets_csv", b"budget_id,amount_usd,thresholds\nb,20," + digits),
        ("configuration", b"[bill]\nlag_days = " + digits),
        ("directory_rate_limits", b"project_id,model,max_requests_per_1_minute\np,m," + digits),
    ):
        assert not parse(PARSERS[name], content, tmp_path)


def test_an_export_with_a_huge_header_is_named(tmp_path: Path) -> None:
    """The reader of CSV has a limit for one field."""
    header = b"start_time,end_time,amount_value," + b"x" * 200_000
    assert not parse(PARSERS["costs_pages"], header + b"\n1,2,3,4\n", tmp_path)


def test_a_header_of_very_many_columns_is_refused_at_once(tmp_path: Path) -> None:
    """Each of them had an error of its own, and was looked for among all others: for minutes."""
    header = b",".join(b"c%d" % number for number in range(20_000))
    for name in ("budgets_csv", "rates", "directory_projects"):
        assert not parse(PARSERS[name], header + b"\n1\n", tmp_path)
    path = tmp_path / "prices.csv"
    path.write_bytes(header + b"\n1\n")
    _, [finding] = examine([path])
    assert "has 20,000 columns" in str(finding)


def test_a_message_does_not_repeat_a_whole_file(tmp_path: Path) -> None:
    """It goes into logs, mails and the database."""
    assert not parse(PARSERS["rates"], b"x" * 100_000 + b"\n1\n", tmp_path)


def test_numbers_out_of_reach_cost_only_their_line(tmp_path: Path) -> None:
    """A time of ten million digits, a count of thousands in an array over several lines."""
    chat = PARSERS["request_log"].seeds[0].strip()
    time = chat.replace(b'"created": 1795435200', b'"created": 1e400000000')
    count = chat.replace(b'"prompt_tokens": 10', b'"prompt_tokens": ' + b"9" * 5_000)
    assert time != chat != count
    for content in (chat + b"\n" + time + b"\n", b"[" + chat + b",\n" + count + b"]"):
        path = tmp_path / "log"
        path.write_bytes(content)
        assert PARSERS["request_log"].read(path) == 2


def test_a_parquet_file_with_a_name_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Its columns are read before anything else."""
    good = PARSERS["table"].seeds[-1]
    assert good.count(b"started_at") > 0
    assert not parse(PARSERS["table"], good.replace(b"started_at", b"started\xb0at"), tmp_path)
