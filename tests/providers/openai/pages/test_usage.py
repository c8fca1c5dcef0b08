"""Usage pages as canonical records: each endpoint, each identity, each bucket."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import polars_hash as plh
import pytest

from pipeline.errors import SourceError
from pipeline.intake.rejects import REJECT_SCHEMA
from pipeline.intake.source import Context
from pipeline.meters import METER_NAMES
from pipeline.providers.openai.pages import usage as pages_usage
from pipeline.providers.openai.pages.usage import ParsedUsage
from pipeline.schemas import IDENTITY_HASH, LEDGER_SCHEMA

DAY = 1_730_419_200  # 2024-11-01T00:00:00Z

# The specification's own example, as it prints it.
SPEC_SAMPLE = """{"object":"page","data":[{"object":"bucket","start_time":1730419200,"end_time":1730505600,"results":[
 {"object":"organization.usage.completions.result","input_tokens":1000,"input_cached_tokens":400,
  "input_cache_write_tokens":100,"input_uncached_tokens":500,"output_tokens":500,"input_text_tokens":400,
  "output_text_tokens":400,"input_cached_text_tokens":300,"input_audio_tokens":50,"input_cached_audio_tokens":50,
  "output_audio_tokens":50,"input_image_tokens":50,"input_cached_image_tokens":50,"output_image_tokens":50,
  "num_model_requests":5,"project_id":null,"user_id":null,"api_key_id":null,"model":null,"batch":null,"service_tier":null}]}],
 "has_more":true,"next_page":"page_AAAAAGdGxdEiJdKOAAAAAGcqsYA="}"""  # noqa: E501  verbatim


def context(zone: str = "UTC", input_file: str = "usage.json") -> Context:
    return Context(
        organization_id="org-acme",
        source="buckets",
        provider="openai",
        basis="charge",
        zone=ZoneInfo(zone),
        recorded_at=datetime(2026, 11, 24, 3),
        now=datetime(2026, 11, 24, 3),
        input_file=input_file,
    )


def result(endpoint: str, **fields: Any) -> dict[str, Any]:
    return {"object": f"organization.usage.{endpoint}.result", **fields}


def bucket(*rows: Any, start: Any = DAY, end: Any = DAY + 86_400) -> dict[str, Any]:
    return {"object": "bucket", "start_time": start, "end_time": end, "results": list(rows)}


def page(*buckets: Any) -> dict[str, Any]:
    return {"object": "page", "data": list(buckets), "has_more": False, "next_page": None}


def envelope(
    *buckets: Any,
    fetched_at: str = "2026-11-24T02:00:00Z",
    endpoint: str = "completions",
    **asked: Any,
) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "parameters": asked,
        "fetched_at": fetched_at,
        "page": page(*buckets),
    }


def parse(tmp_path: Path, pages: Any, zone: str = "UTC", name: str = "usage.json") -> ParsedUsage:
    path = tmp_path / name
    path.write_text(pages if isinstance(pages, str) else json.dumps(pages), encoding="utf-8")
    found = pages_usage.parse(path, context(zone, name))
    assert (
        found.records.height + found.minute_records.height + found.rejects.height == found.rows_read
    )
    assert found.rejects.schema == REJECT_SCHEMA
    for frame in (found.records, found.minute_records):
        assert frame.schema == pages_usage.USAGE_BUCKET_SCHEMA
    return found


def only(found: ParsedUsage) -> dict[str, Any]:
    """The one record's filled columns that are not the same for every row."""
    (row,) = found.records.to_dicts()
    shared = {
        "source", "basis", "provider", "recorded_at", "input_file", "input_line", "organization_id",
        "usage_date", "charge_date", "started_at", "ended_at", IDENTITY_HASH, "bucket_key",
        "bucket_position",
    }  # fmt: skip
    return {k: v for k, v in row.items() if v not in (None, 0) and k not in shared}


def test_the_specification_s_completions_sample(tmp_path: Path) -> None:
    """1000 = 400 + 50 + 50 uncached, 300 + 50 + 50 cached, 100 written; 500 = 400 + 50 + 50."""
    found = parse(tmp_path, SPEC_SAMPLE)
    assert only(found) == {
        "record_id": "completions|2024-11-01T00:00:00|1d|",
        "scope": "models",
        "operation": "completions",
        "service_tier": "default",
        "text_input_tokens": 400,
        "cached_text_input_tokens": 300,
        "cache_write_tokens": 100,
        "text_output_tokens": 400,
        "audio_input_tokens": 50,
        "cached_audio_input_tokens": 50,
        "audio_output_tokens": 50,
        "image_input_tokens": 50,
        "cached_image_input_tokens": 50,
        "image_output_tokens": 50,
        "requests": 5,
    }
    (row,) = found.records.select(
        "started_at", "ended_at", "usage_date", "is_batch", "model", "input_line"
    ).rows()
    assert row == (datetime(2024, 11, 1), datetime(2024, 11, 2), date(2024, 11, 1), None, None, 2)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (
            result("embeddings", input_tokens=20, num_model_requests=2, project_id="proj_abc",
                   user_id="user-abc", api_key_id="key_abc", model="text-embedding-ada-002-v2"),
            {"operation": "embeddings", "scope": "models", "text_input_tokens": 20, "requests": 2,
             "project_id": "proj_abc", "user_id": "user-abc", "api_key_id": "key_abc",
             "model": "text-embedding-ada-002-v2"},
        ),
        (
            result("moderations", input_tokens=20, num_model_requests=2, model="text-moderation"),
            {"operation": "moderations", "scope": "models", "text_input_tokens": 20, "requests": 2,
             "model": "text-moderation"},
        ),
        (
            result("images", images=2, num_model_requests=2, size="1024x1024",
                   source="image.generation", model="dall-e-3"),
            {"operation": "images", "scope": "models", "images": 2, "requests": 2,
             "variant": "1024x1024", "model": "dall-e-3"},
        ),
        (
            result("audio_speeches", characters=45, num_model_requests=1, model="tts-1"),
            {"operation": "audio_speeches", "scope": "models", "characters": 45, "requests": 1,
             "model": "tts-1"},
        ),
        (
            result("audio_transcriptions", seconds=20, num_model_requests=1),
            {"operation": "audio_transcriptions", "scope": "models",
             "audio_seconds": Decimal(20), "requests": 1},
        ),
        (
            result("vector_stores", usage_bytes=1024),
            {"operation": "vector_stores", "scope": "storage", "model": "vector_stores",
             "vector_store_gb_days": Decimal("0.000001")},
        ),
        (
            result("code_interpreter_sessions", num_sessions=1),
            {"operation": "code_interpreter_sessions", "scope": "tools",
             "model": "code_interpreter_sessions", "code_interpreter_sessions": 1},
        ),
        (
            result("file_searches", num_requests=2, vector_store_id="vs_abc"),
            {"operation": "file_search_calls", "scope": "tools", "model": "file_search_calls",
             "file_search_calls": 2},
        ),
        (
            result("web_searches", num_model_requests=2, num_requests=2,
                   model="gpt-4o-mini-2024-07-18", context_level="medium"),
            {"operation": "web_search_calls", "scope": "tools", "model": "gpt-4o-mini-2024-07-18",
             "variant": "medium", "web_search_calls": 2},
        ),
        (
            result("decisions", input_tokens=9, output_tokens=1, num_model_requests=1, model="d-1",
                   service_tier="fast", api_source="agents_api"),
            {"operation": "decisions", "scope": "models", "text_input_tokens": 9,
             "text_output_tokens": 1, "requests": 1, "model": "d-1", "service_tier": "priority"},
        ),
    ],
)  # fmt: skip
def test_each_endpoint_s_sample(
    tmp_path: Path, sample: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The specification's rows of the other ten endpoints; result names may differ from paths."""
    found = only(parse(tmp_path, page(bucket(sample))))
    del found["record_id"]
    assert found == {"service_tier": "default", **expected}


def test_the_record_id_names_endpoint_bucket_and_dimensions(tmp_path: Path) -> None:
    """A person reads from the id which row of which bucket it is."""
    row = result(
        "completions", input_tokens=1, output_tokens=0, num_model_requests=1, project_id="proj_a",
        model="gpt-4o", batch=True, service_tier="default",
    )  # fmt: skip
    found = parse(tmp_path, page(bucket(row)))
    (record_id,) = found.records["record_id"]
    assert record_id == (
        "completions|2024-11-01T00:00:00|1d|"
        "project_id=proj_a|model=gpt-4o|batch=true|service_tier=default"
    )
    assert found.records["service_tier"].to_list() == ["batch"]
    assert found.records["is_batch"].to_list() == [True]


def test_the_identity_is_the_bucket_s(tmp_path: Path) -> None:
    """All rows of a bucket share its hash: xxh3 of organization and bucket key."""
    rows = [
        result("embeddings", input_tokens=n, num_model_requests=1, model=f"m{n}") for n in (1, 2)
    ]
    found = parse(tmp_path, page(bucket(*rows)))
    (only_bucket,) = found.buckets
    hashes = pl.DataFrame({"i": ["org-acme\x1fembeddings|2024-11-01T00:00:00|1d"]}).select(
        plh.col("i").nchash.xxh3_64()
    )
    assert set(found.records[IDENTITY_HASH]) == set(hashes["i"])
    assert set(found.records["bucket_key"]) == {only_bucket.bucket_key}
    assert only_bucket.dimensions == {"model"}
    assert only_bucket.rows == 2


def test_repeated_dimensions_stay_apart_whatever_their_order(tmp_path: Path) -> None:
    """A real bucket held the same dimensions twice: both count, and their order says nothing."""
    one = result("completions", input_tokens=46_264, input_cached_tokens=8_192,
                 output_tokens=60_000, num_model_requests=1, model="gpt-5-2025-08-07")  # fmt: skip
    two = {**one, "input_tokens": 5_783, "input_cached_tokens": 0, "output_tokens": 16_000}
    forth = parse(tmp_path, page(bucket(one, two))).records
    back = parse(tmp_path, page(bucket(two, one))).records
    assert forth["text_output_tokens"].sum() == 76_000
    assert sorted(forth["record_id"].str.slice(-2)) == ["#2", "07"]
    columns = ["record_id", *METER_NAMES]
    assert forth.select(columns).sort("record_id").equals(back.select(columns).sort("record_id"))


def test_storage_counts_for_the_part_of_the_day_that_is_covered(tmp_path: Path) -> None:
    """3 GiB over a whole day are 3 GB-days; over a clipped quarter 0.75; over an hour 0.125."""
    row = result("vector_stores", usage_bytes=3 * 2**30)
    assert only(parse(tmp_path, page(bucket(row))))["vector_store_gb_days"] == 3
    clipped = page(bucket(row, start=DAY + 64_800))
    found = parse(tmp_path, clipped)
    assert only(found)["vector_store_gb_days"] == Decimal("0.75")
    assert found.records["started_at"].to_list() == [datetime(2024, 11, 1)]
    assert found.records["ended_at"].to_list() == [datetime(2024, 11, 2)]
    hour = page(bucket(row, end=DAY + 3_600))
    assert only(parse(tmp_path, hour))["vector_store_gb_days"] == Decimal("0.125")


@pytest.mark.parametrize(
    ("gib", "expected"), [(1, "0.000312"), (3, "0.000938"), (5, "0.001562"), (7, "0.002188")]
)
def test_storage_is_rounded_half_even_once(tmp_path: Path, gib: int, expected: str) -> None:
    """27 seconds are 0.0003125 days: odd GiB lie exactly between two steps of six decimals."""
    row = result("vector_stores", usage_bytes=gib * 2**30)
    found = parse(tmp_path, page(bucket(row, start=DAY + 86_400 - 27)))
    assert only(found)["vector_store_gb_days"] == Decimal(expected)


def test_the_first_and_last_day_of_a_fetch_are_floored(tmp_path: Path) -> None:
    """Real pages began at 17:31 and ended at the time of the request: both are days."""
    row = result("embeddings", input_tokens=1, num_model_requests=1)
    starts = [(1_736_616_660, 1_736_640_000), (1_736_640_000, 1_736_726_400),
              (1_736_726_400, 1_736_789_463)]  # fmt: skip
    found = parse(tmp_path, page(*(bucket(row, start=s, end=e) for s, e in starts)))
    assert [b.bucket_key for b in found.buckets] == [
        "embeddings|2025-01-11T00:00:00|1d",
        "embeddings|2025-01-12T00:00:00|1d",
        "embeddings|2025-01-13T00:00:00|1d",
    ]


def test_hours_belong_to_the_organization_s_day_and_utc_days_keep_their_date(
    tmp_path: Path,
) -> None:
    """23:00 UTC is the next day in Berlin; a UTC day is no Berlin day, so it keeps its date."""
    row = result("embeddings", input_tokens=1, num_model_requests=1)
    late = page(bucket(row, start=DAY + 82_800, end=DAY + 86_400),
                bucket(row, start=DAY + 79_200, end=DAY + 82_800))  # fmt: skip
    hours = parse(tmp_path, late, "Europe/Berlin")
    assert [b.width for b in hours.buckets] == ["1h", "1h"]
    assert hours.records["charge_date"].to_list() == [date(2024, 11, 2), date(2024, 11, 1)]
    for zone in ("America/New_York", "Europe/Berlin"):
        days = parse(tmp_path, page(bucket(row)), zone)
        assert days.records["charge_date"].to_list() == [date(2024, 11, 1)]


def test_minute_buckets_come_out_apart(tmp_path: Path) -> None:
    """They are for rate limits and are never charged."""
    row = result("embeddings", input_tokens=1, num_model_requests=1)
    found = parse(
        tmp_path, page(bucket(row, end=DAY + 60), bucket(row, start=DAY + 60, end=DAY + 120))
    )
    assert found.records.is_empty()
    assert found.minute_records["started_at"].to_list() == [
        datetime(2024, 11, 1, 0, 0),
        datetime(2024, 11, 1, 0, 1),
    ]
    assert {b.width for b in found.buckets} == {"1m"}


def test_a_lone_clipped_bucket_is_taken_as_a_day_and_that_is_said(tmp_path: Path) -> None:
    """Half an hour since midnight: the API's default width is a day."""
    row = result("embeddings", input_tokens=1, num_model_requests=1)
    found = parse(tmp_path, page(bucket(row, end=DAY + 1_800)))
    assert [b.width for b in found.buckets] == ["1d"]
    assert "taken as days" in found.notes[0]
    lines = "\n".join(
        json.dumps(p)
        for p in (
            page(bucket(row, end=DAY + 3_600)),
            page(bucket(row, start=DAY + 3_600, end=DAY + 5_000)),
        )
    )
    assert [b.width for b in parse(tmp_path, lines).buckets] == ["1h", "1h"]


def test_the_envelope_decides_width_and_dimensions(tmp_path: Path) -> None:
    """What was asked for is known, also where no row shows it."""
    row = result("completions", input_tokens=1, output_tokens=1, num_model_requests=1)
    found = parse(
        tmp_path,
        envelope(bucket(row, end=DAY + 60), bucket(start=DAY + 3_600, end=DAY + 7_200),
                 bucket_width="1h", group_by=["project_id", "user_id"]),
    )  # fmt: skip
    assert [(b.width, b.rows, b.dimensions) for b in found.buckets] == [
        ("1h", 1, frozenset({"project_id", "user_id"})),
        ("1h", 0, frozenset({"project_id", "user_id"})),
    ]
    assert found.buckets[0].fetched_at == datetime(2026, 11, 24, 2)


def test_an_empty_enveloped_page_covers_what_it_asked_for(tmp_path: Path) -> None:
    """So rows that vanished from these days are known to be gone."""
    found = parse(tmp_path, envelope(start_time=DAY, end_time=DAY + 2 * 86_400))
    assert [(b.started_at, b.rows) for b in found.buckets] == [
        (datetime(2024, 11, 1), 0),
        (datetime(2024, 11, 2), 0),
    ]
    later = parse(tmp_path, envelope(start_time=DAY, end_time=DAY + 86_400, page="page_x"))
    assert later.buckets == ()
    assert "replaces nothing" in later.notes[0]


def test_an_empty_page_from_elsewhere_is_reported_not_guessed(tmp_path: Path) -> None:
    """It does not say which endpoint it is of."""
    found = parse(tmp_path, page(bucket(), bucket(start=DAY + 86_400, end=DAY + 172_800)))
    assert found.buckets == ()
    assert found.rows_read == 0
    assert "usage.json:1" in found.notes[0]
    assert "nothing was replaced" in found.notes[0]


def test_an_empty_bucket_beside_a_full_one_is_of_its_endpoint(tmp_path: Path) -> None:
    """A weekend inside a page that says what it is."""
    row = result("embeddings", input_tokens=1, num_model_requests=1)
    found = parse(tmp_path, page(bucket(row), bucket(start=DAY + 86_400, end=DAY + 172_800)))
    assert [(b.endpoint, b.rows) for b in found.buckets] == [("embeddings", 1), ("embeddings", 0)]


def test_bad_rows_are_refused_with_rule_line_text_and_tokens(tmp_path: Path) -> None:
    """One bad row costs itself; its bucket and the rows beside it stand."""
    good = result("completions", input_tokens=1, output_tokens=1, num_model_requests=1)
    bad = [
        {**good, "input_tokens": 10, "input_cached_tokens": 11},
        {**good, "input_tokens": 10, "input_uncached_tokens": 9, "input_cached_tokens": 0},
        {**good, "output_tokens": "many"},
        {**good, "model": 5},
        {**good, "batch": "perhaps"},
        {**good, "model": "half \ud800"},
        {**good, "object": "organization.usage.embeddings.result"},
        {**good, "num_model_requests": None},
        ["no row"],
    ]
    text = json.dumps(page(bucket(good, *bad)), indent=1)
    found = parse(tmp_path, text)
    assert found.rejects["rule"].to_list() == [
        "cached_exceeds_input", "token_identity", "not_a_count", "wrong_type", "wrong_type",
        "wrong_type",
        "wrong_object", "not_a_count", "not_a_row",
    ]  # fmt: skip
    assert found.rejects["tokens_held_back"].to_list() == [11, 11, 1, 2, 2, 2, 2, 2, 0]
    lines = text.split("\n")
    for line, raw in found.rejects.select("input_line", "raw").rows():
        assert raw.startswith(lines[line - 1].strip())
    assert found.buckets[0].rows == 1


def test_an_unknown_endpoint_s_rows_are_refused_not_lost(tmp_path: Path) -> None:
    """A twelfth endpoint is quarantined until this knows how to count it."""
    found = parse(tmp_path, page(bucket(result("holograms", holograms=1))))
    assert found.rejects["rule"].to_list() == ["unknown_endpoint"]
    assert "holograms" in found.rejects["detail"][0]
    with pytest.raises(SourceError, match="holograms"):
        parse(tmp_path, envelope(endpoint="holograms"))


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        (None, DAY, "bad_bucket"),
        (DAY, DAY, "bad_bucket"),
        (DAY, DAY + 86_401, "bad_bucket"),
        (DAY + 43_200, DAY + 90_000, "bad_bucket"),
        (10**15, 10**15 + 1, "bad_bucket"),
        (1_000_000_000, 1_000_003_600, "implausible_time"),
        (1_999_987_200, 1_999_990_800, "implausible_time"),
    ],
)
def test_a_bucket_without_a_plausible_time_is_refused_row_by_row(
    tmp_path: Path, start: Any, end: Any, rule: str
) -> None:
    """Each of its rows is accounted for."""
    row = result("embeddings", input_tokens=3, num_model_requests=1)
    found = parse(tmp_path, page(bucket(row, row, start=start, end=end)))
    assert found.rejects["rule"].to_list() == [rule, rule]
    assert found.buckets == ()


def test_images_of_token_billed_models_are_not_counted_again(tmp_path: Path) -> None:
    """Their tokens stand in the completions pages; the row stays, without images or requests."""
    row = result("images", images=3, num_model_requests=2, model="gpt-image-2")
    found = parse(tmp_path, page(bucket(row)))
    assert found.records.select("images", "requests").rows() == [(0, 0)]
    assert "gpt-image-2" in found.notes[0]
    tokens = result("completions", input_tokens=31, output_tokens=1_756, output_image_tokens=1_756,
                    num_model_requests=1, model="gpt-image-2")  # fmt: skip
    found = parse(tmp_path, page(bucket(tokens)))
    assert only(found)["image_output_tokens"] == 1_756
    assert only(found)["text_input_tokens"] == 31


def test_a_new_field_is_named_once(tmp_path: Path) -> None:
    """A provider's new field is noted, not fatal."""
    row = result("embeddings", input_tokens=1, num_model_requests=1, input_smell_tokens=5)
    found = parse(tmp_path, page(bucket(row, row)))
    assert found.notes == ("usage.json: the new field 'input_smell_tokens' was not used (2 rows)",)


def test_a_row_of_another_organization_keeps_it(tmp_path: Path) -> None:
    """A row without an organization belongs to the configured one, which identifies the bucket."""
    row = result("embeddings", input_tokens=1, num_model_requests=1)
    found = parse(tmp_path, page(bucket(row, {**row, "organization_id": "org-b"})))
    assert found.records["organization_id"].to_list() == ["org-acme", "org-b"]
    assert [(b.organization_id, b.organizations) for b in found.buckets] == [
        ("org-acme", frozenset({"org-b"}))
    ]
    assert found.records[IDENTITY_HASH].n_unique() == 1


def test_pages_of_the_costs_endpoint_are_sent_to_their_own_kind(tmp_path: Path) -> None:
    """The hint names the kind."""
    costs = {"object": "organization.costs.result", "amount": {"value": 1, "currency": "usd"}}
    with pytest.raises(SourceError, match="openai_costs"):
        parse(tmp_path, page(bucket(costs)))
    with pytest.raises(SourceError, match="openai_costs"):
        parse(tmp_path, envelope(endpoint="costs"))


def test_an_unknown_width_is_named(tmp_path: Path) -> None:
    """The key at fault is in the error."""
    with pytest.raises(SourceError, match=r"bucket_width.*'1w'"):
        parse(tmp_path, envelope(bucket_width="1w"))


def test_the_records_are_the_ledger_s(tmp_path: Path) -> None:
    """The columns of the ledger come first, in its order."""
    found = parse(tmp_path, SPEC_SAMPLE)
    assert dict(found.records.select(*LEDGER_SCHEMA).schema) == LEDGER_SCHEMA


def test_many_rows_of_many_kinds_make_one_frame(tmp_path: Path) -> None:
    """More than are kept at once; a meter that comes late is 0 before, never NULL."""
    rows = [
        result("embeddings", input_tokens=n, num_model_requests=1, model=f"m{n}")
        for n in range(20_001)
    ]
    speech = result("audio_speeches", characters=45, num_model_requests=1)
    lines = "\n".join(json.dumps(page(bucket(*some))) for some in (rows, [speech]))
    found = parse(tmp_path, lines).records
    assert found.height == 20_002
    assert found["text_input_tokens"].sum() == 20_000 * 20_001 // 2
    assert found["characters"].to_list()[-2:] == [0, 45]
    assert sum(found.select(METER_NAMES).null_count().row(0)) == 0
