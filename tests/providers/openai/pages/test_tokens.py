"""Token fields as disjoint meters: every token in exactly one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.rejects import RowError
from pipeline.meters import INPUT_METERS, OUTPUT_METERS
from pipeline.providers.openai.pages.tokens import held_back, split

COUNT = st.integers(0, 10**9)


def meters(**fields: Any) -> dict[str, int]:
    """The meters that are not zero."""
    row = {"output_tokens": 0, "num_model_requests": 1, **fields}
    return {name: n for name, n in split(row).meters.items() if n}


@st.composite
def full_rows(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, int]]:
    """A row as the API computes it from disjoint counts, and these counts."""
    truth = {name: draw(COUNT) for name in (*INPUT_METERS, *OUTPUT_METERS)}
    cached = sum(truth[f"cached_{kind}_input_tokens"] for kind in ("text", "audio", "image"))
    uncached = sum(truth[f"{kind}_input_tokens"] for kind in ("text", "audio", "image"))
    written = truth["cache_write_tokens"] + truth["cache_write_12h_tokens"]
    row = {
        "input_tokens": cached + uncached + written,
        "input_uncached_tokens": uncached,
        "input_cached_tokens": cached,
        "input_cache_write_tokens": written,
        "input_cache_write_30m_tokens": truth["cache_write_tokens"],
        "input_cache_write_12h_tokens": truth["cache_write_12h_tokens"],
        "output_tokens": sum(truth[name] for name in OUTPUT_METERS),
    }
    for kind in ("text", "audio", "image"):
        row[f"input_{kind}_tokens"] = truth[f"{kind}_input_tokens"]
        row[f"input_cached_{kind}_tokens"] = truth[f"cached_{kind}_input_tokens"]
        row[f"output_{kind}_tokens"] = truth[f"{kind}_output_tokens"]
    return row, truth


@given(full_rows())
def test_a_full_row_gives_back_each_count(case: tuple[dict[str, Any], dict[str, int]]) -> None:
    """Where all fields are there and add up, each meter is the field of its name."""
    row, truth = case
    assert split(row) == (truth, False)


@given(full_rows(), st.sets(st.sampled_from(sorted({
    "input_uncached_tokens", "input_cache_write_30m_tokens", "input_cache_write_12h_tokens",
    "input_text_tokens", "input_audio_tokens", "input_image_tokens", "input_cached_text_tokens",
    "input_cached_audio_tokens", "input_cached_image_tokens", "output_text_tokens",
    "output_audio_tokens", "output_image_tokens", "input_cached_tokens",
    "input_cache_write_tokens",
}))), st.booleans())  # fmt: skip
def test_whatever_is_missing_each_token_lands_in_one_meter(
    case: tuple[dict[str, Any], dict[str, int]],
    missing: set[str],
    as_null: bool,  # noqa: FBT001
) -> None:
    """Older rows lack fields; what they do have still adds up to the totals, or is refused."""
    row, _ = case
    for field in missing:
        if as_null:
            row[field] = None
        else:
            del row[field]
    try:
        found = split(row).meters
    except RowError:
        # Only a stated uncached total can contradict the rest, and only where parts are missing.
        assert missing & {
            "input_cached_tokens", "input_cache_write_tokens", "input_cached_text_tokens",
            "input_cached_audio_tokens", "input_cached_image_tokens",
        }  # fmt: skip
        return
    assert sum(found[name] for name in INPUT_METERS) == row["input_tokens"]
    assert sum(found[name] for name in OUTPUT_METERS) == row["output_tokens"]
    assert min(found.values()) >= 0


@given(st.dictionaries(
    st.sampled_from([
        "input_tokens", "input_uncached_tokens", "input_cached_tokens", "input_cache_write_tokens",
        "input_cache_write_30m_tokens", "input_cache_write_12h_tokens", "input_text_tokens",
        "input_audio_tokens", "input_image_tokens", "input_cached_text_tokens",
        "input_cached_audio_tokens", "input_cached_image_tokens", "output_tokens",
        "output_text_tokens", "output_audio_tokens", "output_image_tokens",
    ]),
    st.integers(0, 30) | st.none(),
))  # fmt: skip
def test_any_numbers_add_up_or_are_refused(row: dict[str, Any]) -> None:
    """No combination of fields loses or doubles a token."""
    try:
        found = split(row).meters
    except RowError:
        return
    assert sum(found[name] for name in INPUT_METERS) == row["input_tokens"]
    assert sum(found[name] for name in OUTPUT_METERS) == row["output_tokens"]
    assert min(found.values()) >= 0


def test_a_row_of_2025_has_only_totals_cached_and_audio() -> None:
    """A real day of January 2025: the audio is part of the input, cached or not is not said."""
    assert meters(
        input_tokens=3_718_360,
        input_cached_tokens=76_544,
        input_audio_tokens=5_776,
        output_tokens=97_756,
        output_audio_tokens=3_166,
    ) == {
        "text_input_tokens": 3_636_040,
        "cached_text_input_tokens": 76_544,
        "audio_input_tokens": 5_776,
        "text_output_tokens": 94_590,
        "audio_output_tokens": 3_166,
    }


def test_old_audio_that_includes_cached_audio_is_split() -> None:
    """Before about 2026 `input_audio_tokens` counted cached audio as well."""
    assert meters(
        input_tokens=100,
        input_cached_tokens=40,
        input_text_tokens=50,
        input_audio_tokens=40,
        input_cached_audio_tokens=30,
    ) == {
        "text_input_tokens": 50,
        "audio_input_tokens": 10,
        "cached_text_input_tokens": 10,
        "cached_audio_input_tokens": 30,
    }


def test_audio_beyond_the_uncached_tokens_must_be_cached() -> None:
    """80 of 100 tokens are cached and 50 are audio: 30 of the audio at least are cached."""
    assert meters(input_tokens=100, input_cached_tokens=80, input_audio_tokens=50) == {
        "audio_input_tokens": 20,
        "cached_audio_input_tokens": 30,
        "cached_text_input_tokens": 50,
    }


def test_text_gives_way_to_the_totals() -> None:
    """A stated text count that does not fit is replaced by what remains, and that is said."""
    row = {
        "input_tokens": 100,
        "input_cached_tokens": 40,
        "input_text_tokens": 90,
        "input_image_tokens": 10,
        "output_tokens": 5,
        "output_text_tokens": 4,
    }
    found = split(row)
    assert found.is_text_derived
    assert {n: v for n, v in found.meters.items() if v} == {
        "text_input_tokens": 50,
        "cached_text_input_tokens": 40,
        "image_input_tokens": 10,
        "text_output_tokens": 5,
    }


def test_cache_writes_of_unknown_retention_count_as_thirty_minutes() -> None:
    """`cache_write_tokens` is 30 minutes or unknown."""
    assert meters(input_tokens=10, input_cache_write_tokens=7) == {
        "text_input_tokens": 3,
        "cache_write_tokens": 7,
    }
    assert meters(input_tokens=10, input_cache_write_tokens=7, input_cache_write_12h_tokens=5) == {
        "text_input_tokens": 3,
        "cache_write_tokens": 2,
        "cache_write_12h_tokens": 5,
    }


@pytest.mark.parametrize(
    "value", [59_200, Decimal("59200.0"), "59200", "59200.0", Decimal("5.92E+4")]
)
def test_a_whole_number_may_be_written_in_many_ways(value: Any) -> None:
    """The dashboard's export shows 59200.0; others send text."""
    assert meters(input_tokens=value) == {"text_input_tokens": 59_200}


@pytest.mark.parametrize(
    "value",
    [-1, Decimal("1.5"), "x", "", "-1", "1e3", True, [1], {}, Decimal("1e400"), 10**18, "NaN", "٣"],
)
def test_what_is_no_count_is_refused(value: Any) -> None:
    """A count is a whole number of at most 18 digits; true is not 1."""
    with pytest.raises(RowError) as caught:
        meters(input_tokens=10**17, output_tokens=value)
    assert caught.value.rule == "not_a_count"
    assert "output_tokens" in caught.value.detail


@pytest.mark.parametrize("field", ["input_tokens", "output_tokens"])
def test_a_missing_total_is_no_zero(field: str) -> None:
    """No silent zero."""
    row = {"input_tokens": 1, "output_tokens": 1}
    del row[field]
    with pytest.raises(RowError, match="is missing"):
        split(row)


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("cached_exceeds_input", {"input_cached_tokens": 101}),
        ("cached_exceeds_input", {"input_cached_tokens": 60, "input_cache_write_tokens": 41}),
        ("token_identity", {"input_cached_tokens": 40, "input_uncached_tokens": 50}),
        ("token_identity", {"input_uncached_tokens": 101}),
        ("token_identity", {"input_cached_tokens": 40, "input_image_tokens": 61}),
        ("token_identity", {"input_cached_tokens": 40, "input_audio_tokens": 101}),
        ("token_identity", {"input_cached_tokens": 40, "input_cached_audio_tokens": 41}),
        (
            "token_identity",
            {
                "input_cache_write_tokens": 9,
                "input_cache_write_30m_tokens": 4,
                "input_cache_write_12h_tokens": 4,
            },
        ),
        ("token_identity", {"input_cache_write_tokens": 3, "input_cache_write_12h_tokens": 4}),
        ("token_identity", {"output_audio_tokens": 6}),
    ],
)
def test_a_contradiction_is_refused(rule: str, fields: dict[str, int]) -> None:
    """What cannot be true is quarantined, not bent."""
    with pytest.raises(RowError) as caught:
        split({"input_tokens": 100, "output_tokens": 5, **fields})
    assert caught.value.rule == rule


def test_held_back_counts_what_is_readable() -> None:
    """A refused row still says how much it keeps out of the totals."""
    assert held_back({"input_tokens": 7, "output_tokens": "x"}) == 7
    assert held_back([1]) == 0
