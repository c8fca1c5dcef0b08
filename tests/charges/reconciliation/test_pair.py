"""Which charges and costs are compared with each other, whatever the model is called."""

from __future__ import annotations

from decimal import Decimal

from pipeline.charges.reconciliation.model import Charged, Costed
from tests.support.reconciliation_sides import charge, compared, cost, parts

NIL = Decimal(0)


def told(charges: list[Charged], costs: list[Costed]) -> list[tuple[object, ...]]:
    """Model, line item, cause and gap of each line, in the order of the line items."""
    lines = compared(charges, costs)
    return sorted(
        ((x.model or "", x.line_item or "", x.cause or "", x.gap_usd) for x in lines),
        key=lambda t: (t[1], t[0]),
    )


def test_a_model_that_costs_name_with_another_date_is_joined() -> None:
    """gpt-image-1-2025-04-23 in usage is gpt-image-1 in costs; with gpt-image-2 it is reversed."""
    assert told(
        [
            charge("gpt-image-1-2025-04-23", meter="image_output_tokens"),
            charge("gpt-image-2", meter="image_output_tokens"),
        ],
        [
            cost("gpt-image-1 image, output"),
            cost("gpt-image-2-2026-04-21 image, output", "2.60"),
        ],
    ) == [
        ("gpt-image-1-2025-04-23", "gpt-image-1 image, output", "model_name", 0),
        ("gpt-image-2", "gpt-image-2-2026-04-21 image, output", "price", Decimal("0.10")),
    ]


def test_what_was_joined_by_name_is_told_with_its_amount() -> None:
    [line] = compared([charge("gpt-4o")], [cost("gpt-4o-2024-08-06, input", "2.60")])
    assert (line.joined_by_name_usd, parts(line)) == (Decimal("2.5"), {"price": "0.1"})


def test_two_dated_versions_of_a_model_stay_apart() -> None:
    """They have two prices; a gap of the one is not lost in the other."""
    assert told(
        [charge("gpt-4o-2024-05-13", usd_a_million="5"), charge("gpt-4o-2024-08-06")],
        [cost("gpt-4o-2024-05-13, input", "4"), cost("gpt-4o-2024-08-06, input", "3.50")],
    ) == [
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13, input", "price", -1),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06, input", "price", 1),
    ]


def test_usage_under_two_names_is_joined_with_the_one_line_that_is_larger_by_it() -> None:
    """The alias and its dated version, billed as one."""
    assert told([charge("gpt-4o", "250000"), charge("gpt-4o-2024-08-06", "750000")], [cost()]) == [
        ("gpt-4o + gpt-4o-2024-08-06", "gpt-4o-2024-08-06, input", "model_name", 0)
    ]


def test_a_name_that_is_left_over_is_not_joined_with_a_line_that_agrees() -> None:
    assert told([charge("gpt-4o", "250000"), charge()], [cost()]) == [
        ("gpt-4o", "gpt-4o, input", "no_costs", Decimal("-0.625")),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06, input", "", 0),
    ]


def test_the_alias_table_joins_what_no_date_explains() -> None:
    assert told([charge("gpt-chat-latest", "999999")], [cost("chat-latest, input")]) == [
        ("gpt-chat-latest", "chat-latest, input", "quantity", Decimal("0.0000025")),
    ]


def test_an_equal_quantity_joins_what_no_name_explains() -> None:
    """Only where one is left over on each side, and the meter is the same."""
    assert told([charge("gpt-old", "123457")], [cost("gpt-new, input", "1", "123457")]) == [
        ("gpt-old", "gpt-new, input", "price", Decimal("0.6913575")),
    ]
    assert told([charge("gpt-old", "123457")], [cost("gpt-new, output", "1", "123457")]) == [
        ("gpt-new", "gpt-new, output", "no_usage", 1),
        ("gpt-old", "gpt-old, input", "no_costs", Decimal("-0.3086425")),
    ]


def test_fine_tuned_models_meet_in_their_base() -> None:
    """The bill knows `ft-BASE` only; two models of one base are one line of it, and one name."""
    assert told(
        [
            charge("ft:gpt-4o-2024-08-06:acme:a:1", "400000"),
            charge("ft:gpt-4o-2024-08-06:acme:b:2", "600000"),
            charge(),
        ],
        [cost("ft-gpt-4o-2024-08-06, input"), cost()],
    ) == [
        (
            "ft:gpt-4o-2024-08-06:acme:a:1 + ft:gpt-4o-2024-08-06:acme:b:2",
            "ft-gpt-4o-2024-08-06, input",
            "",
            0,
        ),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06, input", "", 0),
    ]


def test_whisper_is_whisper_1() -> None:
    """A name that the bill always shortens is no difference."""
    assert told(
        [charge("whisper-1", "60", "100", meter="audio_seconds")], [cost("whisper", "0.006", "60")]
    ) == [("whisper-1", "whisper", "", 0)]


def test_a_line_without_a_modality_covers_all_that_have_no_line() -> None:
    """Usage keeps pictures apart that a text model's bill does not."""
    assert told(
        [charge(quantity="600000"), charge(quantity="400000", meter="image_input_tokens")], [cost()]
    ) == [("gpt-4o-2024-08-06", "gpt-4o-2024-08-06, input", "", 0)]


def test_evals_are_a_line_of_their_own_unless_usage_shows_them() -> None:
    """No usage endpoint shows them; where our usage has as much more, it is them."""
    evals = cost("evals | gpt-4o-2024-08-06, input", "0.25", "100000")
    assert told([charge()], [cost(), evals]) == [
        ("gpt-4o-2024-08-06", "evals | gpt-4o-2024-08-06, input", "no_usage", Decimal("0.25")),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06, input", "", 0),
    ]
    [line] = compared([charge(quantity="1100000")], [cost(), evals])
    assert (line.cause, line.gap_usd) == (None, NIL)


def test_searches_are_compared_without_their_model() -> None:
    """The bill does not name it."""
    assert told(
        [
            charge("gpt-4o", "3", "10000", meter="web_search_calls"),
            charge("gpt-5", "4", "10000", meter="web_search_calls"),
        ],
        [cost("web search tool calls", "0.07", "7")],
    ) == [("gpt-4o + gpt-5", "web search tool calls", "", 0)]


def test_free_storage_is_spread_over_who_stores() -> None:
    """The organization's gigabyte, three to one; to the last digit it is given once."""
    lines = compared(
        [
            charge(None, "3", "100000", meter="vector_store_gb_days", project="proj_a"),
            charge(None, "1", "100000", meter="vector_store_gb_days", project="proj_b"),
            charge(None, "-1", "100000", meter="vector_store_gb_days", project=None),
        ],
        [
            cost("assistants api | file search", "0.225", "2.25"),
            cost("assistants api | file search", "0.075", "0.75", project="proj_b"),
        ],
    )
    assert [(x.project_id, x.charges_usd, x.gap_usd) for x in lines] == [
        ("proj_a", Decimal("0.225"), NIL),
        ("proj_b", Decimal("0.075"), NIL),
    ]


def test_a_bill_that_names_no_project_is_compared_with_all() -> None:
    [line] = compared([charge(), charge(project="proj_b")],
                      [cost(usd="5", quantity="2000000", project=None)])  # fmt: skip
    assert (line.project_id, line.gap_usd) == (None, NIL)


def test_the_organization_s_own_line_stays_its_own() -> None:
    """Costs without a project beside costs with one are nobody's usage."""
    lines = compared([charge()], [cost(), cost("scale tier", "90", None, project=None)])
    assert [(x.project_id, x.cause) for x in lines] == [
        (None, "unknown_line_item"),
        ("proj_a", None),
    ]


def test_a_bare_model_covers_what_no_other_line_covers() -> None:
    """What it counts is unknown, so that a difference stays unexplained."""
    ours = [charge("gpt-9"), charge("gpt-9", meter="text_output_tokens", usd_a_million="10")]
    assert told(ours, [cost("gpt-9", "12.50", None)]) == [("gpt-9", "gpt-9", "", 0)]
    assert told(ours, [cost("gpt-9", "12.00", None)])[0][2] == "unexplained"


def test_a_charge_without_a_line_is_spelled_as_the_bill_would() -> None:
    """So that one can look for it there."""
    lines = compared(
        [
            charge("gpt-audio", meter="audio_output_tokens"),
            charge("ft:gpt-4o-2024-08-06:acme::x", meter="cached_text_input_tokens"),
            charge(None, meter="file_search_calls"),
            charge(None),
        ]
    )
    assert [x.line_item for x in lines] == [
        "gpt-audio audio, output",
        "ft-gpt-4o-2024-08-06, cached input",
        "file search tool calls",
        "no model, input",
    ]


def test_hostile_names_are_only_text() -> None:
    """Formulas, markup, SQL and bytes that are no letters come out as they went in."""
    names = ["=cmd|'/c calc'!A0", "<script>alert(1)</script>", "'; DROP TABLE x; --", "\x00\u202e"]
    lines = compared([charge(n, project=n) for n in names], [cost(n, project=n) for n in names])
    assert {x.line_item for x in lines if x.charges_usd == 0} == set(names)
    assert {x.model for x in lines if x.charges_usd} == set(names)
