"""Records from CSV and Parquet: every value exact, each bad cell named, each row accounted for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.intake.rejects import REJECT_SCHEMA
from pipeline.intake.source import Context
from pipeline.intake.tabular import normalize as tabular_normalize
from pipeline.intake.tabular.normalize import Normalized
from pipeline.meters import METER_NAMES
from pipeline.schemas import IDENTITY_HASH, LEDGER_SCHEMA

HEADER = "started_at,model,text_input_tokens"
ROW = "2026-10-01T10:00:00Z,gpt-5,7"


def hashed(organization: str, record: str) -> int:
    """The stored hash of an identity, computed by another library."""
    return xxhash.xxh3_64_intdigest(f"{organization}\x1f{record}".encode())


def context(zone: str = "UTC") -> Context:
    now = datetime(2026, 11, 24, 3)
    return Context("org-acme", "sheet", "openai", "charge", ZoneInfo(zone), now, now, "in.csv")


def read(path: Path, zone: str = "UTC", **options: Any) -> Normalized:
    """All frames of one file as one."""
    parts = [
        tabular_normalize.normalize(frame, context(zone))
        for frame in tabular_normalize.read_frames(path, input_file="in.csv", **options)
    ]
    for part in parts:
        assert part.records.height + part.rejects.height + part.not_usage == part.rows_read
        assert dict(part.records.schema) == LEDGER_SCHEMA
        assert dict(part.rejects.schema) == REJECT_SCHEMA
    return Normalized(
        pl.concat([pl.DataFrame(schema=LEDGER_SCHEMA), *(p.records for p in parts)]),
        pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *(p.rejects for p in parts)]),
        sum(p.rows_read for p in parts),
        0,
    )


def from_csv(tmp_path: Path, *lines: str, zone: str = "UTC", **options: Any) -> Normalized:
    path = tmp_path / "in.csv"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    return read(path, zone, **options)


def test_the_least_that_a_row_may_say_is_filled_in(tmp_path: Path) -> None:
    """Start, model and one quantity; the rest has defaults."""
    (row,) = from_csv(tmp_path, HEADER, ROW).records.to_dicts()
    assert [row[meter] for meter in METER_NAMES] == [7, *[0] * (len(METER_NAMES) - 1)]
    assert {name: value for name, value in row.items() if value not in (None, 0)} == {
        "record_id": row["record_id"],
        "source": "sheet",
        "basis": "charge",
        "provider": "openai",
        "started_at": datetime(2026, 10, 1, 10),
        "usage_date": date(2026, 10, 1),
        "charge_date": date(2026, 10, 1),
        "organization_id": "org-acme",
        "model": "gpt-5",
        "scope": "models",
        "operation": "completions",
        "service_tier": "default",
        "text_input_tokens": 7,
        "requests": 1,
        "recorded_at": datetime(2026, 11, 24, 3),
        "input_file": "in.csv",
        "input_line": 2,
        "identity_hash": hashed("org-acme", row["record_id"]),
    }
    assert row["record_id"].startswith("line:")
    assert row["is_batch"] is False


def test_every_column_can_be_given(tmp_path: Path) -> None:
    """What is given is kept; tiers become canonical."""
    given_columns = {
        "record_id": "resp_1",
        "provider": "other",
        "started_at": "2026-10-01T10:00:00.25+02:00",
        "ended_at": "2026-10-01T08:00:01",
        "organization_id": "org-b",
        "project_id": "proj_a",
        "api_key_id": "key_a",
        "user_id": "user-a",
        "service_account_id": "svc_a",
        "model": "sora-2",
        "scope": "models",
        "operation": "videos",
        "variant": "1280x720",
        "service_tier": "fast",
        "is_batch": "false",
        **{meter: str(n) for n, meter in enumerate(METER_NAMES, 1)},
        "requests": "3",
    }
    found = from_csv(tmp_path, ",".join(given_columns), ",".join(given_columns.values()))
    (row,) = found.records.to_dicts()
    kept = {name: row[name] for name in given_columns}
    assert kept == {
        **given_columns,
        "started_at": datetime(2026, 10, 1, 8, 0, 0, 250_000),
        "ended_at": datetime(2026, 10, 1, 8, 0, 1),
        "service_tier": "priority",
        "is_batch": False,
        **{meter: n for n, meter in enumerate(METER_NAMES, 1)},
        "requests": 3,
    }
    assert row[IDENTITY_HASH] == hashed("org-b", "resp_1")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-01", datetime(2026, 10, 1)),
        ("2026-10-01 10:00", datetime(2026, 10, 1, 10)),
        ("2026-10-01T10:00:05Z", datetime(2026, 10, 1, 10, 0, 5)),
        ("2026-10-01t10:00:05z", datetime(2026, 10, 1, 10, 0, 5)),
        ("2026-10-01 10:00:05 +00:00", datetime(2026, 10, 1, 10, 0, 5)),
        ("2026-10-01T10:00:05.123456789+0530", datetime(2026, 10, 1, 4, 30, 5, 123_456)),
        ("2026-10-01T23:30:00-02", datetime(2026, 10, 2, 1, 30)),
    ],
)
def test_times_are_iso_8601_and_become_utc(tmp_path: Path, text: str, instant: datetime) -> None:
    """Without a zone they are UTC."""
    found = from_csv(tmp_path, HEADER, f"{text},gpt-5,1")
    assert found.records["started_at"].to_list() == [instant]


@given(
    st.datetimes(datetime(2020, 1, 2), datetime(2026, 11, 23)),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_any_instant_that_python_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, instant: datetime, minutes: int, precision: str
) -> None:
    """Compared with the standard library's own arithmetic."""
    zone = timezone(timedelta(minutes=minutes))
    text = instant.replace(tzinfo=zone).isoformat(timespec=precision)
    expected = datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    found = from_csv(tmp_path_factory.mktemp("t"), HEADER, f"{text},gpt-5,1")
    assert found.records["started_at"].to_list() == [expected]


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("started_at", "2026-02-30", "not_a_time"),
        ("started_at", "01.10.2026", "not_a_time"),
        ("started_at", "1790848800", "not_a_time"),
        ("started_at", "2026-10-01T25:00:00Z", "not_a_time"),
        ("started_at", "2026-10-01T10:00:00+99:00", "not_a_time"),
        ("started_at", "", "missing_value"),
        ("started_at", "2019-12-31", "implausible_time"),
        ("started_at", "2026-11-26", "implausible_time"),
        ("ended_at", "2026-09-30", "ends_before_start"),
        ("ended_at", "later", "not_a_time"),
        ("model", "", "missing_value"),
        ("model", "  ", "missing_value"),
        ("text_input_tokens", "1.5", "not_a_count"),
        ("text_input_tokens", "-1", "not_a_count"),
        ("text_input_tokens", "1e3", "not_a_count"),
        ("text_input_tokens", "1234567890123456789", "implausible_quantity"),
        ("text_input_tokens", "1000000000001", "implausible_quantity"),
        ("requests", "1000000000001.0", "implausible_quantity"),
        ("audio_seconds", "1000000000000.1", "implausible_quantity"),
        ("text_input_tokens", "1.000.000", "not_a_count"),
        ("started_at", "1793000000", "not_a_time"),
        ("ended_at", "1793000000000", "not_a_time"),
        ("text_input_tokens", "\u0661", "not_a_count"),
        ("requests", "many", "not_a_count"),
        ("audio_seconds", "-0.5", "not_a_quantity"),
        ("audio_seconds", "NaN", "not_a_quantity"),
        ("audio_seconds", "1e16", "not_a_quantity"),
        ("audio_seconds", "1E+999999999999", "not_a_quantity"),
        ("is_batch", "maybe", "not_a_boolean"),
        ("scope", "clouds", "unknown_scope"),
        ("operation", "holograms", "unknown_operation"),
    ],
)
def test_a_bad_cell_costs_its_row_and_is_named(
    tmp_path: Path, column: str, text: str, rule: str
) -> None:
    """Column and value stand in the detail; the rows around it stand."""
    cells = {
        "started_at": "2026-10-01T10:00:00Z",
        "model": "gpt-5",
        "text_output_tokens": "5",
        column: text,
    }
    good = {**cells, column: "2026-10-02" if column.endswith("_at") else ""}
    good |= {"model": "gpt-5", "started_at": "2026-10-01"}
    found = from_csv(
        tmp_path, ",".join(cells), ",".join(good.values()), ",".join(cells.values()),
        ",".join(good.values()),
    )  # fmt: skip
    assert found.records.height == 2
    (reject,) = found.rejects.to_dicts()
    assert (reject["input_line"], reject["rule"]) == (3, rule)
    assert column in reject["detail"]
    assert reject["raw"] == ",".join(cells.values())
    assert reject["tokens_held_back"] == 5


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("1.5", "1.5"),
        ("0.0000005", "0"),
        ("0.0000015", "0.000002"),
        ("2.5e-6", "0.000002"),
        ("3.5E-6", "0.000004"),
        ("1000000000000", "1000000000000"),
        (".5", "0.5"),
    ],
)
def test_fractions_are_exact_and_rounded_half_even_once(
    tmp_path: Path, text: str, kept: str
) -> None:
    """DECIMAL(22,6), never a float."""
    found = from_csv(tmp_path, "started_at,model,audio_seconds", f"2026-10-01,whisper-1,{text}")
    assert found.records["audio_seconds"].to_list() == [Decimal(kept)]


def test_a_count_may_be_a_whole_float(tmp_path: Path) -> None:
    """The dashboard's export shows 59200.0."""
    found = from_csv(tmp_path, HEADER, "2026-10-01,gpt-5,59200.0")
    assert found.records["text_input_tokens"].to_list() == [59_200]


def test_a_row_belongs_to_the_organization_s_day(tmp_path: Path) -> None:
    """23:30 UTC is tomorrow in Berlin; a bare date or a whole UTC day keeps its date."""
    lines = (
        "started_at,ended_at,model,requests",
        "2026-10-01T23:30:00Z,,gpt-5,1",
        "2026-10-01,,gpt-5,1",
        "2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,gpt-5,1",
        "2026-10-01T00:00:00Z,,gpt-5,1",
    )
    berlin = from_csv(tmp_path, *lines, zone="Europe/Berlin").records
    new_york = from_csv(tmp_path, *lines, zone="America/New_York").records
    assert [d.day for d in berlin["charge_date"]] == [2, 1, 1, 1]
    assert [d.day for d in new_york["charge_date"]] == [1, 1, 1, 30]
    assert set(new_york["usage_date"]) == {date(2026, 10, 1)}


def test_a_batch_line_has_the_batch_tier(tmp_path: Path) -> None:
    """Either column says so; standard is default; an unknown tier stays as recorded."""
    found = from_csv(
        tmp_path,
        "started_at,model,requests,service_tier,is_batch",
        *(f"2026-10-01,gpt-5,1,{tier}" for tier in (",TRUE", "batch,", "standard,0", "ultrafast,")),
    ).records
    assert found["service_tier"].to_list() == ["batch", "batch", "default", "ultrafast"]
    assert found["is_batch"].to_list() == [True, True, False, False]


def test_scope_follows_the_operation(tmp_path: Path) -> None:
    """An unknown operation needs its scope beside it."""
    found = from_csv(
        tmp_path,
        "started_at,model,requests,operation,scope",
        "2026-10-01,x,1,vector_stores,",
        "2026-10-01,x,1,holograms,tools",
    ).records
    assert found["scope"].to_list() == ["storage", "tools"]


def test_rows_without_an_id_are_told_apart_by_text_and_occurrence(tmp_path: Path) -> None:
    """A copied file counts once, and two equal calls count twice, however it is cut in batches."""
    other = ROW.replace("7", "8")
    lines = (HEADER, ROW, other, ROW, ROW, "")
    found = from_csv(tmp_path, *lines)
    ids = found.records["record_id"].to_list()
    assert ids[2] == f"{ids[0]}#2"
    assert ids[3] == f"{ids[0]}#3"
    assert len(set(ids)) == 4
    for batch_rows in (1, 2, 3):
        again = from_csv(tmp_path, *lines, batch_rows=batch_rows)
        assert again.records["record_id"].to_list() == ids
    tail = from_csv(tmp_path, *lines, first_row=2, batch_rows=3)
    assert tail.records["record_id"].to_list() == ids[2:]
    assert tail.records["input_line"].to_list() == [4, 5]
    windows = from_csv(tmp_path, *(f"{line}\r" for line in lines))
    assert windows.records["record_id"].to_list() == ids


def test_lines_are_the_file_s_own_also_after_quoted_line_ends(tmp_path: Path) -> None:
    """A person opens the file there."""
    found = from_csv(
        tmp_path,
        "\ufeff" + HEADER + ",project_id",
        f"{ROW},plain",
        "",
        f'{ROW},"two',
        'lines"',
        f'{ROW},"a ""b"", c"',
    )
    assert found.records.select("input_line", "project_id").rows() == [
        (2, "plain"),
        (4, "two\nlines"),
        (6, 'a "b", c'),
    ]


def test_an_unclosed_quote_costs_one_row(tmp_path: Path) -> None:
    """It must not take the good rows after it along."""
    found = from_csv(tmp_path, HEADER, ROW, '2026-10-01,"gpt-5,7', ROW, ROW)
    assert found.records["input_line"].to_list() == [2, 4, 5]
    assert found.rejects.select("input_line", "rule").rows() == [(3, "unreadable_row")]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_row_with_another_number_of_fields_costs_itself(tmp_path: Path, quote: str) -> None:
    """With and without quotes in the file."""
    good = ROW.replace("gpt-5", f"{quote}gpt-5{quote}")
    found = from_csv(tmp_path, HEADER, good, f"{good},1", "2026-10-01", good)
    assert found.records["input_line"].to_list() == [2, 5]
    assert found.rejects.select("input_line", "rule", "detail").rows() == [
        (3, "wrong_number_of_fields", "4 fields, the header has 3"),
        (4, "wrong_number_of_fields", "1 fields, the header has 3"),
    ]


def test_bytes_that_are_no_utf_8_cost_their_row(tmp_path: Path) -> None:
    """A stray Latin-1 letter in one cell."""
    found = from_csv(tmp_path, HEADER, ROW, "2026-10-01,gpt-\udce4,7", ROW)
    assert found.records["input_line"].to_list() == [2, 4]
    assert found.rejects.select("rule", "raw").rows() == [("not_utf8", "2026-10-01,gpt-\ufffd,7")]


@given(
    st.lists(
        st.lists(
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters='\r\n",'), max_size=5
            ),
            min_size=2,
            max_size=4,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_quick_way_reads_what_the_csv_module_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    """Lines without quotes are split at once; a quote far below turns the whole batch to `csv`."""
    path = tmp_path_factory.mktemp("csv") / "in.csv"
    lines = [HEADER, *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    (quick,) = list(tabular_normalize.read_frames(path)) or [pl.DataFrame()]
    path.write_text("\n".join([*lines, '"x",y,1']), encoding="utf-8", newline="")
    (slow,) = tabular_normalize.read_frames(path)
    if quick.is_empty():
        assert slow.height == 1
    else:
        assert slow.slice(0, slow.height - 1).select(quick.columns).equals(quick)


@pytest.mark.parametrize(
    ("content", "says", "hint"),
    [
        (b"", "is empty", "started_at"),
        (b"\n\n", "has no header", "started_at"),
        (b"\x89PNG\r\n\x1a\n\0\0", "neither text in UTF-8", "started_at"),
        (b"\xff\xfes\0t\0a\0", "'sta' is not a known column", "started_at"),
        (b"PAR1 and then rubbish", "cannot be read as Parquet", "copy"),
        (b"started_at,modle,requests\n", "'modle'", "Did you mean 'model'?"),
        (b"started_at,model,input_tokens\n", "'input_tokens'", "Did you mean"),
        (b"started_at;modle;requests\n", "not a known column", "semicolons"),
        (b"started_at,requests\n", "'model' is missing", "started_at"),
        (b"started_at,model\n", "no column holds a quantity", "text_input_tokens"),
        (b"started_at,model,requests,model\n", "twice", "Remove"),
        (b'{"object":"page"}', "not a known column", ""),
        (b'"started_at,model\n', "not CSV", "started_at"),
    ],
)
def test_a_file_that_is_no_such_table_is_named(
    tmp_path: Path, content: bytes, says: str, hint: str
) -> None:
    """File, what is wrong, what to do."""
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read(path)
    assert says in caught.value.what
    assert hint in (caught.value.hint or "")
    assert caught.value.file == "in.csv"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Never a traceback for a path."""
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path / "nowhere.csv")


def test_a_header_alone_is_no_error(tmp_path: Path) -> None:
    """A day without usage."""
    assert from_csv(tmp_path, HEADER).rows_read == 0


def test_parquet_keeps_native_values_exactly(tmp_path: Path) -> None:
    """Integers, decimals, timestamps with zone and floats: nothing is lost or bent."""
    path = tmp_path / "in.parquet"
    pl.DataFrame(
        {
            "started_at": pl.Series(
                [datetime(2026, 10, 1, 10, 0, 0, 1), datetime(2026, 10, 2)], dtype=pl.Datetime("ns")
            ).dt.replace_time_zone("Europe/Berlin"),
            "ended_at": pl.Series([date(2026, 10, 3), None]),
            "model": pl.Series(["gpt-5", "whisper-1"], dtype=pl.Categorical),
            "text_input_tokens": pl.Series([1_000_000_000_000, None], dtype=pl.UInt64),
            "text_output_tokens": [59_200.0, 1e12],
            "audio_seconds": [0.1, 1e-7],
            "video_seconds": pl.Series([Decimal("1.123456"), None], dtype=pl.Decimal(20, 6)),
            "is_batch": [True, None],
        }
    ).write_parquet(path)
    found = read(path)
    assert found.rejects.is_empty()
    columns = ("started_at", "ended_at", "model", "text_input_tokens", "text_output_tokens",
               "audio_seconds", "video_seconds", "is_batch", "input_line")  # fmt: skip
    assert found.records.select(columns).rows() == [
        (datetime(2026, 10, 1, 8, 0, 0, 1), datetime(2026, 10, 3), "gpt-5",
         1_000_000_000_000, 59_200, Decimal("0.1"), Decimal("1.123456"), True, 1),
        (datetime(2026, 10, 1, 22), None, "whisper-1",
         0, 10**12, Decimal(0), Decimal(0), False, 2),
    ]  # fmt: skip


def test_parquet_floats_that_are_no_counts_are_refused(tmp_path: Path) -> None:
    """Half a token, NaN, and what has no 18 digits."""
    path = tmp_path / "in.parquet"
    values = [0.5, float("nan"), float("inf"), -1.0, 1e18, 3.0]
    pl.DataFrame(
        {"started_at": ["2026-10-01"] * 6, "model": "m", "text_input_tokens": values}
    ).write_parquet(path)
    found = read(path, batch_rows=4)
    assert found.rejects["rule"].to_list() == ["not_a_count"] * 5
    assert found.records.select("text_input_tokens", "input_line").rows() == [(3, 6)]


def test_a_parquet_column_of_lists_is_named(tmp_path: Path) -> None:
    """A value that is no single value."""
    path = tmp_path / "in.parquet"
    pl.DataFrame({"started_at": ["2026-10-01"], "model": [["a"]], "requests": [1]}).write_parquet(
        path
    )
    with pytest.raises(SourceError, match=r"'model' has the type List"):
        read(path)


def test_published_records_can_be_read_again(tmp_path: Path) -> None:
    """A round trip over Parquet and CSV keeps everything; derived columns are derived again."""
    first = from_csv(
        tmp_path,
        "started_at,ended_at,model,requests,audio_seconds,text_input_tokens,project_id,record_id",
        "2026-10-01T10:00:00.123456Z,,gpt-5,2,0.25,7,proj_a,resp_1",
        "2026-10-01,2026-10-02,whisper-1,2,1.000001,,,",
    ).records
    first.write_parquet(tmp_path / "again.parquet")
    first.with_columns(pl.col("audio_seconds").cast(pl.String)).write_csv(tmp_path / "again.csv")
    for name in ("again.parquet", "again.csv"):
        found = read(tmp_path / name)
        assert found.rejects.is_empty()
        assert found.records.drop("input_line").equals(first.drop("input_line"))


@pytest.mark.parametrize(
    ("content", "is_records"),
    [
        (b"PAR1\x15\x04", True),
        (b"\xef\xbb\xbfmodel,started_at,requests\r\n1", True),
        (b'"started_at","model","requests"\n', True),
        (b"model,requests\n", False),
        (b'{"started_at":1,"model":2}', False),
        (b"", False),
    ],
)
def test_records_are_recognized_by_their_first_bytes(content: bytes, *, is_records: bool) -> None:
    """Parquet, or a CSV header with the required names."""
    assert tabular_normalize.detect(content) is is_records


@pytest.mark.parametrize(
    ("cells", "is_kept"),
    [
        ("1.000,100,1", False),  # one, or a thousand
        ("1000,100,1.000", False),
        ("12.345,100,1", False),
        ("1000.0,100.000,1.0", True),  # the first and the last show that points are decimal
        ("1.00,1,1", True),
        ("1000.000,1,1", True),
    ],
)
def test_a_point_that_may_separate_thousands_is_refused(
    tmp_path: Path,
    cells: str,
    is_kept: bool,  # noqa: FBT001  a case of the table above
) -> None:
    """A count of 1.000 is not read as 1 unless its row shows how points are meant."""
    header = "started_at,model,text_input_tokens,text_output_tokens,requests"
    found = from_csv(tmp_path, header, f"2026-10-01T10:00:00Z,m,{cells}")
    assert found.records.height == is_kept
    assert found.rejects["rule"].to_list() == [] if is_kept else ["not_a_count"]
    if not is_kept:
        assert "may separate thousands" in found.rejects["detail"].item()


def test_seconds_and_milliseconds_since_1970_are_named(tmp_path: Path) -> None:
    """A table's time is text; a number is named for what it is."""
    found = from_csv(tmp_path, HEADER, "1793000000,m,1", "1793000000000,m,1")
    assert found.rejects["detail"].to_list() == [
        f"started_at is '{text}', {unit} since 1970: write it in ISO 8601, such as "
        "2026-10-26T10:00:00Z"
        for text, unit in (("1793000000", "seconds"), ("1793000000000", "milliseconds"))
    ]


def test_a_time_may_end_in_utc(tmp_path: Path) -> None:
    """Databases write `2026-10-01 10:00:00 UTC`."""
    found = from_csv(tmp_path, HEADER, "2026-10-01 10:00:00 UTC,m,1", "2026-10-01 10:00:00UTC,m,1")
    assert found.records["started_at"].to_list() == [datetime(2026, 10, 1, 10)] * 2


def test_a_bare_date_is_a_day_of_unknown_requests(tmp_path: Path) -> None:
    """It ends a day later; how many requests it sums is known only where the row says so."""
    header = "started_at,ended_at,model,text_input_tokens,requests"
    found = from_csv(
        tmp_path,
        header,
        "2026-10-01,,m,1000,",
        "2026-10-01,,m,1000,3",
        "2026-10-01,,m,0,",
        "2026-10-01T00:00:00Z,2026-10-02,m,1000,",
        "2026-10-01T10:00:00Z,2026-10-01T10:00:07Z,m,1000,",
        "2026-10-01T10:00:00Z,,m,1000,",
    )
    midnight = datetime(2026, 10, 2)
    assert found.records.select("ended_at", "requests").rows() == [
        (midnight, 0),
        (midnight, 3),
        (midnight, 1),
        (midnight, 0),
        (datetime(2026, 10, 1, 10, 0, 7), 1),
        (None, 1),
    ]
