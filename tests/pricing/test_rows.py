"""Reading price files: what is taken, and what each refusal says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.pricing.load import load_book
from pipeline.pricing.rows import COLUMNS, read_prices
from tests.support.price_files import HEADER, at, line, price_file, rows


def findings(path: Path) -> list[str]:
    """What is wrong with a file, as the reader says it."""
    _, table = read_prices(path, path.name, "contracted")
    return [str(error) for error in table.errors]


def test_price_is_exact_for_one_unit(tmp_path: Path) -> None:
    """The unit price is price by `per`, with 18 decimals, from the text as written."""
    (row,) = rows(price_file(tmp_path, line(price_usd="0.15", per="1000000")))
    assert row.unit_price_usd == Decimal("0.00000015")
    assert row.unit_price_usd.as_tuple().exponent == -18


def test_row_keeps_its_place_and_its_words(tmp_path: Path) -> None:
    """A fact from a file knows where it stands, who says so and since when."""
    path = price_file(tmp_path, line(), "", line(model="n", valid_from="2026-07-30T12:30:00Z"))
    _, row = rows(path)
    assert (row.file, row.line, row.model) == ("prices.csv", 4, "n")
    assert (row.source, row.recorded_at) == ("a test", at("2026-01-01"))
    assert row.valid_from == at("2026-07-30T12:30")


def test_optional_columns_may_be_missing_and_order_is_free(tmp_path: Path) -> None:
    """The contract's twelve columns are enough, in any order."""
    header = ",".join(reversed(COLUMNS))
    values = ",".join(reversed(line().split(",")[: len(COLUMNS)]))
    (row,) = rows(price_file(tmp_path, values, header=header))
    assert (row.model, row.variant, row.long_above_tokens) == ("m", None, None)


def test_byte_order_mark_windows_lines_and_blanks_are_taken(tmp_path: Path) -> None:
    """A spreadsheet's CSV UTF-8 is read as it is."""
    path = tmp_path / "prices.csv"
    text = "\r\n".join((HEADER, line().replace(",", " , "), ",,,,,,,,,,,,,"))
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (row,) = rows(path)
    assert (row.model, row.price_usd) == ("m", Decimal("1.00"))


def test_ids_are_case_sensitive_and_unicode(tmp_path: Path) -> None:
    """An id is taken as written."""
    (row,) = rows(price_file(tmp_path, line(model="Größe-4")))
    assert row.model == "Größe-4"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"provider": ""}, "provider: is empty. Write a value."),
        ({"model": ""}, "model: is empty. Write a value."),
        ({"price_usd": ""}, "price_usd: '' is not a decimal. Write a decimal such as 1.20."),
        (
            {"price_usd": "free"},
            "price_usd: 'free' is not a decimal. Write a decimal such as 1.20.",
        ),
        ({"price_usd": '"1,20"'}, "price_usd: '1,20' is not a decimal. Write 1.20."),
        ({"price_usd": "$1.20"}, "price_usd: '$1.20' is not a decimal. Write 1.20."),
        ({"price_usd": "NaN"}, "price_usd: 'NaN' is not a decimal. Write a decimal such as 1.20."),
        ({"price_usd": "1_0"}, "price_usd: '1_0' is not a decimal. Write a decimal such as 1.20."),
        ({"price_usd": "-1"}, "price_usd: '-1' is negative. Write a price of 0 or more."),
        (
            {"price_usd": "0.0000000000001", "per": "1000000"},
            (
                "price_usd: 0.0000000000001 per 1000000 needs more than 18 decimals a "
                "unit, or more "
                "than 4 digits before the point. Write a price that has at most 18 decimals when "
                "divided by `per`; prices are never rounded."
            ),
        ),
        (
            {"price_usd": "1e999999", "per": "1"},
            (
                "price_usd: 1e999999 per 1 needs more than 18 decimals a unit, or more "
                "than 4 digits "
                "before the point. Write a price that has at most 18 decimals when "
                "divided by `per`; "
                "prices are never rounded."
            ),
        ),
        (
            {"price_usd": "10000", "per": "1"},
            (
                "price_usd: 10000 per 1 is 10,000 USD a unit or more. "
                "Check `per`: the number of units that the price is for."
            ),
        ),
        (
            {"per": "500"},
            "per: '500' is not a power of ten. Write 1, 10, 1000 or 1000000, and the price for it.",
        ),
        (
            {"per": "1e6"},
            "per: '1e6' is not a power of ten. Write 1, 10, 1000 or 1000000, and the price for it.",
        ),
        ({"meter": "input_tokens"}, "meter: 'input_tokens' is not a known meter. Did you mean "),
        (
            {"meter": "minutes"},
            "meter: 'minutes' is not a known meter. Write one of text_input_tokens,",
        ),
        (
            {"unit": "calls"},
            "unit: 'calls' is not the unit of text_input_tokens. Write tokens.",
        ),
        ({"service_tier": "standard"}, "'standard' is not a known service tier. Write default."),
        ({"service_tier": ""}, "service_tier: is empty. Write default."),
        (
            {"service_tier": "fast"},
            "service_tier: 'fast' is not a known service tier. Write priority.",
        ),
        (
            {"service_tier": "ultrafast"},
            (
                "'ultrafast' is not a known service tier. Write one of default, flex, priority, "
                "batch, scale."
            ),
        ),
        (
            {"context_class": "Long"},
            "context_class: 'Long' is not a known context class. Did you mean",
        ),
        (
            {"valid_from": "30.07.2026"},
            (
                "valid_from: '30.07.2026' is not a UTC date or time. Write a date such as "
                "2026-07-30, or "
                "a UTC time such as 2026-07-30T12:00:00Z."
            ),
        ),
        ({"valid_from": "2026-02-30"}, "valid_from: '2026-02-30' is not a date of the calendar."),
        ({"valid_to": "2026-07-30T12:00+02:00"}, "'2026-07-30T12:00+02:00' is not a UTC date or"),
        ({"recorded_at": "today"}, "recorded_at: 'today' is not a UTC date or time."),
        (
            {"valid_from": "2026-07-30", "valid_to": "2026-07-30"},
            (
                "valid_to: '2026-07-30' is not after valid_from '2026-07-30'. valid_to "
                "is exclusive: "
                "write the first instant at which the price no longer holds."
            ),
        ),
        (
            {"context_class": "long"},
            (
                "long_above_tokens: is empty, but the row is of class long. Write the number of "
                "input tokens above "
                "which a request costs the long price, such as 272000."
            ),
        ),
        (
            {"context_class": "long", "long_above_tokens": "272k"},
            "long_above_tokens: '272k' is not a count of tokens.",
        ),
        (
            {"long_above_tokens": "272000"},
            (
                "long_above_tokens: '272000' is set, but the row is of class base. "
                "Leave it empty, or write `long` as context_class."
            ),
        ),
    ],
)
def test_wrong_value_is_refused(tmp_path: Path, values: dict[str, str], said: str) -> None:
    """Each refusal names file, line, column and value, and says what to write."""
    (found,) = findings(price_file(tmp_path, line(), line(**values)))
    assert found.startswith("prices.csv:3 ")
    assert said in found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "prices.csv:1: is empty. Write the header provider,model,"),
        (b"\n\n", "prices.csv:1: is empty."),
        (HEADER.replace(",", ";").encode(), "prices.csv:1: is separated by semicolons."),
        (
            HEADER.replace("price_usd", "price").encode(),
            "prices.csv:1 price: unknown column. Did you mean price_usd?",
        ),
        (
            HEADER.replace("price_usd,", "").encode(),
            "price_usd: the column is missing. Write the header provider,",
        ),
        (HEADER.encode() + b",colour", "colour: unknown column. Known columns: provider, model,"),
        (HEADER.encode() + b",per", "prices.csv:1 per: the column is there 2 times."),
        (HEADER.encode() + b"\na,b", "prices.csv:2: has 2 values for 14 columns."),
        (HEADER.encode() + b"\n\xfc", "prices.csv:2: byte 0xfc is not UTF-8. Save it as"),
        (HEADER.encode("utf-16"), "prices.csv: is UTF-16 text. Save it as"),
        (HEADER.encode() + b'\n"a', "prices.csv:2: is not valid CSV: unexpected end of data."),
    ],
)
def test_wrong_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """A file that is not of the form is refused before its rows are."""
    path = tmp_path / "prices.csv"
    path.write_bytes(content)
    assert said in findings(path)[0]


def test_unquoted_decimal_comma_is_explained(tmp_path: Path) -> None:
    """A price with a comma makes a column too many; the hint says why."""
    (found,) = findings(price_file(tmp_path, line(price_usd="1,20")))
    assert found.startswith("prices.csv:2: has 15 values for 14 columns.")
    assert "write decimals with a point: 1.20, not 1,20" in found


def test_line_number_is_right_after_a_value_of_several_lines(tmp_path: Path) -> None:
    """A quoted value may hold line ends; the next row's number still is the file's."""
    path = price_file(tmp_path, line(source='"two\nlines"'), line(per="3"))
    assert findings(path)[0].startswith("prices.csv:4 per:")


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    """No traceback for a wrong path."""
    assert findings(tmp_path / "none.csv") == ["none.csv: there is no such file. Correct the path."]
    assert "cannot be read: Is a directory" in findings(tmp_path)[0]


def test_all_errors_are_collected_and_raised_once(tmp_path: Path) -> None:
    """The first error of all files is raised; it says how many more there are."""
    one = price_file(tmp_path, line(price_usd="x", per="3"), name="one.csv")
    two = price_file(tmp_path, line(unit="calls"), name="two.csv")
    with pytest.raises(ConfigError) as caught:
        load_book([one, two], [])
    assert str(caught.value) == (
        f"{one}:2 price_usd: 'x' is not a decimal. Write a decimal such as 1.20. "
        "(2 more after this one; `tollbook prices check` lists them all.)"
    )
    assert (caught.value.line, caught.value.key, caught.value.exit_code) == (2, "price_usd", 2)


def test_row_with_an_error_is_not_half_taken(tmp_path: Path) -> None:
    """A row is good as a whole or not there."""
    read, _ = read_prices(price_file(tmp_path, line(per="3"), line()), "p", "contracted")
    assert [row.line for row in read] == [3]


def test_another_price_is_another_id_and_a_closed_row_keeps_its_id(tmp_path: Path) -> None:
    """An id says what it prices; it moves with the price and the start, not with the end."""
    path = price_file(
        tmp_path,
        line(valid_to="2026-01-01"),
        line(model="n", price_usd="2"),
        line(model="n", price_usd="2", valid_to="2027-01-01", source="another"),
        line(model="n", price_usd="3"),
        line(model="n", price_usd="0.000002", per="1"),
        line(valid_from="2026-01-01", variant="4g"),
    )
    ids = [row.price_id for row in rows(path)]
    assert ids[0].startswith("openai/m/text_input_tokens/default/base#")
    assert ids[1] == ids[2] == ids[4] != ids[3]
    assert ids[5].startswith("openai/m/text_input_tokens/default/base/4g@2026-01-01#")
