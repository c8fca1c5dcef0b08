"""The CSV exports of the provider's dashboard: read as the API's answers of the same buckets."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import SourceError
from pipeline.intake.files.detect_kind import sources_of
from pipeline.intake.source import Context
from pipeline.providers.openai.pages import costs, csv_export, usage
from pipeline.runs.kinds import KINDS

USAGE = """start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens
1792972800,1793059200,2026-10-26T00:00:00+00:00,2026-10-27T00:00:00+00:00,proj_a,3,,,gpt-4.1-2025-04-14,False,default,1000,100,0
"""  # noqa: E501  as it is exported
COSTS = """start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,project_name,organization_id,organization_name
1792972800,1793059200,2026-10-26T00:00:00+00:00,2026-10-27T00:00:00+00:00,12.345678,usd,"gpt-4.1-2025-04-14, input",proj_a,Alpha,org-x,Acme
"""  # noqa: E501  as it is exported


def context() -> Context:
    now = datetime(2026, 11, 24, 3)
    return Context("org-x", "export", "openai", "charge", ZoneInfo("UTC"), now, now, "export.csv")


def parse_usage(tmp_path: Path, text: str) -> usage.ParsedUsage:
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    found = usage.parse(path, context())
    assert found.records.height + found.rejects.height == found.rows_read
    return found


def parse_costs(tmp_path: Path, text: str) -> costs.ParsedCosts:
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    found = costs.parse(path, context())
    assert found.records.height + found.rejects.height == found.rows_read
    return found


def test_usage_is_read_as_the_buckets_of_the_endpoint(tmp_path: Path) -> None:
    """A day bucket of completions, with all that its row says, and no note."""
    found = parse_usage(tmp_path, USAGE)
    row = found.records.row(0, named=True)
    assert (row["operation"], row["project_id"], row["model"]) == (
        "completions", "proj_a", "gpt-4.1-2025-04-14",
    )  # fmt: skip
    assert (row["text_input_tokens"], row["text_output_tokens"]) == (1000, 100)
    assert (row["requests"], row["is_batch"], row["input_line"]) == (3, False, 2)
    (bucket,) = found.buckets
    assert (bucket.bucket_key, bucket.rows) == ("completions|2026-10-26T00:00:00|1d", 1)
    assert (found.notes, found.rejects.height) == ((), 0)


def test_costs_are_read_exactly(tmp_path: Path) -> None:
    """The amount, its currency and the names; the tail of a float is kept as it is written."""
    found = parse_costs(tmp_path, COSTS + COSTS.splitlines()[1].replace("12.345678", "1.0e-05"))
    assert found.records["amount"].to_list() == [Decimal("12.345678"), Decimal("0.00001")]
    row = found.records.row(0, named=True)
    assert (row["currency"], row["line_item"], row["project_id"], row["organization_id"]) == (
        "usd", "gpt-4.1-2025-04-14, input", "proj_a", "org-x",
    )  # fmt: skip
    assert (row["usage_date"], found.notes) == (date(2026, 10, 26), ())


def test_columns_may_be_more_and_in_any_order_and_separated_otherwise(tmp_path: Path) -> None:
    """A column that is not known is noted; names in capitals, floats, tabs and `sep=` are read."""
    found = parse_usage(
        tmp_path,
        "sep=\t\nModel\tOUTPUT_TOKENS\tnovel\tend_time\tstart_time\tinput_tokens\tnum_model_requests\tbatch\n"
        "m1\t100.0\tx\t1793059200.0\t1792972800\t59200.0\t1.0\tTRUE\n",
    )
    row = found.records.row(0, named=True)
    assert (row["text_input_tokens"], row["text_output_tokens"], row["is_batch"]) == (
        59_200, 100, True,
    )  # fmt: skip
    assert row["input_line"] == 3
    assert found.notes == ("export.csv: the new field 'novel' was not used (1 rows)",)


def test_a_day_without_use_is_an_empty_bucket(tmp_path: Path) -> None:
    """A row of times alone covers its day; it is no row of usage."""
    found = parse_usage(
        tmp_path, USAGE + "1793059200,1793145600,2026-10-27,2026-10-28,,,,,,,,,,\n\n"
    )
    assert [(b.day.day, b.rows) for b in found.buckets] == [(26, 1), (27, 0)]
    assert found.rows_read == 1


def test_rows_of_equal_dimensions_are_all_kept(tmp_path: Path) -> None:
    """Their sum is the usage of the bucket."""
    found = parse_usage(tmp_path, USAGE + USAGE.splitlines()[1])
    assert found.records["text_input_tokens"].sum() == 2_000
    assert found.records["record_id"].n_unique() == 2


def test_bad_rows_are_held_back_with_line_and_column(tmp_path: Path) -> None:
    """One bad cell, one missing cell and one unclosed quote cost only their rows."""
    good = USAGE.splitlines()[1]
    bad = [
        good.replace(",1000,", ",1.5,"),
        good.replace(",1000,", ",,"),
        good.replace("1792972800", "yesterday", 1),
        good + ",1",
        good.replace("proj_a", '"proj_a'),
        good,
    ]
    found = parse_usage(tmp_path, USAGE + "\n".join(bad) + "\n")
    assert [(r[0], r[1]) for r in sorted(found.rejects.iter_rows())] == [
        (3, "not_a_count"),
        (4, "not_a_count"),
        (5, "bad_bucket"),
        (6, "wrong_number_of_fields"),
        (7, "unreadable_row"),
    ]
    details = {line: detail for line, _, detail, *_ in found.rejects.iter_rows()}
    assert details[3] == "input_tokens is '1.5', not a whole number"
    assert details[4] == "input_tokens is missing"
    assert details[5].startswith("start_time is 'yesterday'")
    assert found.records["input_line"].to_list() == [2, 8]


def test_a_bad_amount_is_held_back(tmp_path: Path) -> None:
    """And the other rows of its day are kept."""
    found = parse_costs(tmp_path, COSTS + COSTS.splitlines()[1].replace("12.345678", "12 dollars"))
    assert found.rejects.select("input_line", "rule").rows() == [(3, "not_an_amount")]
    assert found.records.height == 1


@pytest.mark.parametrize(
    ("columns", "kind", "endpoint"),
    [
        ("model,images,num_model_requests", "openai_usage", "images"),
        ("model,characters,num_model_requests", "openai_usage", "audio_speeches"),
        ("model,seconds,num_model_requests", "openai_usage", "audio_transcriptions"),
        ("project_id,usage_bytes", "openai_usage", "vector_stores"),
        ("project_id,num_sessions", "openai_usage", "code_interpreter_sessions"),
        ("model,context_level,num_requests", "openai_usage", "web_search_calls"),
        ("vector_store_id,num_requests", "openai_usage", "file_search_calls"),
        ("model,input_tokens,num_model_requests", "openai_usage", "embeddings"),
        ("amount_value,line_item", "openai_costs", "costs"),
    ],
)
def test_the_columns_tell_the_endpoint(
    columns: str, kind: str, endpoint: str, tmp_path: Path
) -> None:
    """Each endpoint has a column that no other has."""
    header = f"start_time,end_time,{columns}\n"
    assert csv_export.detect(header.encode()) == kind
    path = tmp_path / "export.csv"
    path.write_text(header + "1792972800,1793059200" + "," * (columns.count(",") + 1) + "\n")
    parsed = (parse_costs if endpoint == "costs" else parse_usage)(tmp_path, path.read_text())
    assert [(b.endpoint, b.rows) for b in parsed.buckets] == [(endpoint, 0)]


def test_moderations_are_told_from_embeddings_by_their_models(tmp_path: Path) -> None:
    """Both endpoints have the same columns."""
    found = parse_usage(
        tmp_path,
        "start_time,end_time,model,input_tokens,num_model_requests\n"
        "1792972800,1793059200,omni-moderation-latest,10,1\n",
    )
    assert found.records["operation"].to_list() == ["moderations"]


def test_exports_are_detected_and_other_tables_are_not(tmp_path: Path) -> None:
    """By the header; a records file and a table of times alone are none."""
    for name, text in (("usage.csv", USAGE), ("costs.csv", COSTS)):
        (tmp_path / name).write_text(text)
    found = sources_of(["usage.csv", "costs.csv"], tmp_path, KINDS)
    assert [s.kind for s in found.sources] == ["openai_costs", "openai_usage"]
    assert csv_export.detect(b"started_at,model,input_tokens\n") is None
    assert csv_export.detect(b"start_time,end_time,who\n") is None


def test_costs_given_as_usage_are_refused_with_the_kind_they_need(tmp_path: Path) -> None:
    """And the other way round."""
    with pytest.raises(SourceError, match=r'(?s)costs endpoint.*kind = "openai_costs"'):
        parse_usage(tmp_path, COSTS)
    with pytest.raises(SourceError, match=r'(?s)usage endpoint.*kind = "openai_usage"'):
        parse_costs(tmp_path, USAGE)


def test_costs_alone_say_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They make no charge, so that the spend is empty: the run says what the costs are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "costs.csv").write_text(COSTS)
    result = CliRunner().invoke(app, ["run", "costs.csv", "--now", "2026-11-24T08:00Z"])
    assert result.exit_code == 0
    assert "costs of 1 day (2026-10-26 to 2026-10-26): 12.35 USD" in result.stderr


def test_an_export_is_charged_without_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 tokens at $2 and 100 at $8 a million."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "usage.csv").write_text(USAGE)
    result = CliRunner().invoke(app, ["run", "usage.csv", "--now", "2026-11-24T08:00Z", "--json"])
    assert result.exit_code == 0
    assert Decimal(json.loads(result.stdout)["spent_usd"]) == Decimal("0.0028")


def test_an_export_of_one_project_that_replaces_others_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its days are whole buckets: nobody can tell from it whether the others had usage."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(USAGE + USAGE.splitlines()[1].replace("proj_a", "proj_b"))
    (tmp_path / "b.csv").write_text(USAGE)
    said = [
        CliRunner().invoke(app, ["run", name, "--now", "2026-11-24T08:00Z"]).stderr
        for name in ("a.csv", "b.csv")
    ]
    assert "names only project" not in said[0]
    assert "b.csv: names only project 'proj_a'" in said[1]
    assert "replace the usage of others (proj_b)" in said[1]
