"""Overlaps and thresholds are errors, gaps and jumps are warnings."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.pricing.checks import check_rows, is_jump
from pipeline.pricing.load import load_book
from tests.support.price_files import line, price_file, rows


def said(path: Path) -> list[str]:
    """The findings about a file's rows."""
    return [f"{finding.severity} {finding}" for finding in check_rows(rows(path))]


def test_overlap_names_both_lines(tmp_path: Path) -> None:
    """Two prices for one instant are an error, whichever stands first in the file."""
    path = price_file(
        tmp_path,
        line(valid_from="2026-03-01"),
        line(valid_from="2026-01-01", valid_to="2026-03-02"),
    )
    assert said(path) == [
        (
            "error prices.csv:3 valid_from: openai/m/text_input_tokens/default/base holds from "
            "2026-01-01 until 2026-03-02, and so does line 2 (from 2026-03-01). "
            "Give one of them the "
            "valid_to at which the other starts, or remove it."
        )
    ]


def test_long_lasting_row_overlaps_every_later_one(tmp_path: Path) -> None:
    """A row hidden behind a shorter one is still found."""
    path = price_file(
        tmp_path,
        line(),
        line(valid_from="2026-01-01", valid_to="2026-02-01"),
        line(valid_from="2026-05-01"),
    )
    found = check_rows(rows(path))
    assert [(finding.kind, finding.line) for finding in found if finding.kind == "overlap"] == [
        ("overlap", 3),
        ("overlap", 4),
    ]
    assert "line 2 (always)" in str(found[0])


def test_row_that_lasts_longer_than_the_one_it_overlaps_is_looked_at_next(tmp_path: Path) -> None:
    """Each overlap is told against the row that lasts longest, not against the first one."""
    path = price_file(
        tmp_path,
        line(valid_from="2026-01-01", valid_to="2026-02-01"),
        line(valid_from="2026-01-15", valid_to="2026-12-01"),
        line(valid_from="2026-05-01"),
    )
    found = [str(finding) for finding in check_rows(rows(path)) if finding.kind == "overlap"]
    assert [text.split(" ")[0] for text in found] == ["prices.csv:3", "prices.csv:4"]
    assert "so does line 3" in found[1]


def test_rows_that_touch_or_differ_in_any_part_do_not_overlap(tmp_path: Path) -> None:
    """Ranges are half-open; model, meter, tier, class, variant and provider each make a key."""
    path = price_file(
        tmp_path,
        line(valid_to="2026-01-01"),
        line(valid_from="2026-01-01"),
        line(provider="other"),
        line(model="M"),
        line(meter="text_output_tokens"),
        line(service_tier="flex"),
        line(context_class="long", long_above_tokens="9"),
        line(variant="v"),
    )
    assert said(path) == []


def test_overlap_stops_the_loading(tmp_path: Path) -> None:
    """Exit code 2: nobody can say which price is meant."""
    with pytest.raises(ConfigError, match=r"prices\.csv:3 valid_from: .* so does line 2"):
        load_book([price_file(tmp_path, line(), line())], [])


def test_two_files_may_overlap(tmp_path: Path) -> None:
    """Between files the later one wins; that is what files are for."""
    one = price_file(tmp_path, line(), name="one.csv")
    two = price_file(tmp_path, line(price_usd="2"), name="two.csv")
    assert load_book([one, two], []).warnings == ()


def test_gap_is_a_warning_with_its_ends(tmp_path: Path) -> None:
    """A hole between two rows of one key is said, since usage in it may be unpriced."""
    path = price_file(
        tmp_path, line(valid_to="2026-01-01"), line(valid_from="2026-01-02T06:00:00Z")
    )
    assert said(path) == [
        (
            "warning prices.csv:3 valid_from: openai/m/text_input_tokens/default/base has no price "
            "from 2026-01-01 (line 2 ends) until 2026-01-02T06:00:00Z. Usage in "
            "between has the price "
            "of an earlier file or of the built-in book, or is unpriced."
        )
    ]


def test_jump_of_ten_times_is_a_warning(tmp_path: Path) -> None:
    """A tenth or ten times the price before is more often a slip than a price."""
    path = price_file(
        tmp_path,
        line(price_usd="1.00", valid_to="2026-01-01"),
        line(price_usd="0.1", valid_from="2026-01-01", valid_to="2026-02-01"),
        line(price_usd="0.9", valid_from="2026-02-01"),
    )
    assert said(path) == [
        (
            "warning prices.csv:3 price_usd: openai/m/text_input_tokens/default/base changes from "
            "1 USD per 1000000 tokens (line 2) to 0.1 USD per 1000000 tokens. "
            "Check `per` and the decimal point."
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "claim"),
    [
        ("1", "10", True),
        ("1", "9.99", False),
        ("10", "1", True),
        ("0", "1", True),
        ("0", "0", False),
    ],
)
def test_ten_times_is_the_limit(old: str, new: str, claim: bool) -> None:  # noqa: FBT001  a table
    """Exactly ten times counts, also down; from or to nothing always counts."""
    assert is_jump(Decimal(old), Decimal(new)) is claim


def test_contract_price_far_from_list_is_a_warning(tmp_path: Path) -> None:
    """A price for a thousand written as one for a million is found against the list price."""
    path = price_file(
        tmp_path,
        line(model="gpt-4o-2024-08-06", price_usd="0.0025"),
        line(model="gpt-4o", price_usd="2.00", valid_to="2026-01-01"),
        line(model="unknown", price_usd="0.0025"),
    )
    (warning,) = load_book([path], []).warnings
    assert (warning.severity, warning.kind, warning.line) == ("warning", "jump", 2)
    assert "is 0.0025 USD per 1000000 tokens, the list price is 2.5 USD" in warning.what


def test_long_rows_of_a_model_agree_on_the_threshold(tmp_path: Path) -> None:
    """A request is long or not as a whole, so a model has one threshold at a time."""
    long = {"context_class": "long"}
    path = price_file(
        tmp_path,
        line(**long, long_above_tokens="200000", valid_to="2026-01-01"),
        line(**long, long_above_tokens="272000", valid_from="2026-01-01"),
        line(**long, long_above_tokens="272001", meter="text_output_tokens"),
        line(**long, long_above_tokens="128000", model="n"),
    )
    found = said(path)
    assert len(found) == 1
    assert found[0].startswith(
        "error prices.csv:4 long_above_tokens: 272001 for m, but line 2 says 200000."
    )


def test_built_in_book_has_only_the_jumps_that_its_sources_have() -> None:
    """Our own file is checked as a user's; cached input of gpt-5.5-cyber did fall to a tenth."""
    found = check_rows(load_book([], []).book.rows())
    assert {(finding.kind, finding.what.split(" ")[0]) for finding in found} == {
        ("jump", f"openai/gpt-5.5-cyber/{meter}/{tier}/base")
        for meter in ("cached_text_input_tokens", "cached_image_input_tokens")
        for tier in ("default", "batch")
    }
