"""A cell of a report explains itself to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.support.explain_workspace import (
    PRICES,
    ExplainWorkspace,
    explain_workspace,
    explained_once,
)

# id, start, tokens in, tokens out; the third is long (over a thousand tokens in)
RECORDS = (
    ("r1", "2026-10-10T08:00:00Z", 333, 77),
    ("r2", "2026-10-10T09:00:00Z", 1000, 1),
    ("r3", "2026-10-10T10:00:00Z", 1001, 3),
    ("r4", "2026-10-10T11:00:00Z", 7, 0),
)
IN, OUT = Decimal("0.000002"), Decimal("0.000008")
CELL = ("--project", "proj_a", "--day", "2026-10-10", "--model", "alpha")


def rows(project: str = "proj_a") -> list[str]:
    """The records of a project as lines of a file."""
    prefix = "" if project == "proj_a" else f"{project}-"
    return [f"{prefix}{i},{at},{project},key_1,user_1,alpha,{n},{m}" for i, at, n, m in RECORDS]


def expected() -> Decimal:
    """What the records cost, worked out without tollbook."""
    return sum(((IN * n + OUT * m) * (2 if n > 1000 else 1) for _, _, n, m in RECORDS), Decimal(0))


MOVING = "openai,moving,text_input_tokens,default,base"
STORAGE = "openai,vector_stores,vector_store_gb_days,default,base"
BOOK = (
    *PRICES,
    PRICES[0].replace("alpha", "beta"),
    f"{MOVING},2.00,1000000,tokens,,2026-10-10T09:30:00Z,old contract,2026-09-01,",
    f"{MOVING},3.00,1000000,tokens,2026-10-10T09:30:00Z,,new contract,2026-09-01,",
    f"{STORAGE},0.10,1,gb_days,2026-10-05,2026-10-05T12:00:00Z,old contract,2026-09-01,",
    f"{STORAGE},0.20,1,gb_days,2026-10-05T12:00:00Z,2026-10-06,new contract,2026-09-01,",
)
MORE = """
[[discounts]]
percent = "10"
project = "proj_discount"

[[sources]]
name = "more"
kind = "records"
path = ["more/*.csv"]
basis = "detail"
"""
# Each case has a project, a model or a day of its own.
OTHERS = (
    "x1,2026-10-10T08:00:00Z,proj_discount,,,gpt-4o-mini-2024-07-18,3000001,0",
    *rows("proj_unpriced"),
    "u1,2026-10-10T12:00:00Z,proj_unpriced,key_1,user_1,mystery,500,5",
    "u2,2026-10-10T12:00:00Z,proj_unknown,,,enigma,500,0",
    "m1,2026-10-10T08:00:00Z,proj_moving,key_1,user_1,moving,100,0",
    "m2,2026-10-10T10:00:00Z,proj_moving,key_1,user_1,moving,100,0",
    "n1,2026-10-06T22:30:00Z,proj_night,,,alpha,100,0",
    *rows("proj_keys"),
    "k2,2026-10-10T12:00:00Z,proj_keys,key_2,user_2,alpha,100,10",
    *(f"l{n},2026-10-10T08:00:00Z,proj_lines,key_{n},,alpha,{n + 1},0" for n in range(30)),
    *rows("proj_detail"),
    "b1,2026-09-20T12:00:00Z,proj_a,,,beta,100,0",
)


def of(project: str) -> tuple[str, ...]:
    """The cell of a project."""
    return ("--project", project, *CELL[2:])


@pytest.fixture(scope="module")
def charged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExplainWorkspace]:
    """All records, run once; a question that several tests ask is worked out once."""
    workspace = explain_workspace(tmp_path_factory.mktemp("cell").resolve())
    workspace.configure((workspace.folder / "tollbook.toml").read_text() + MORE)
    workspace.price(*BOOK)
    workspace.write("a.csv", *rows())
    workspace.write("others.csv", *OTHERS)
    workspace.write("../more/b.csv", "d1,2026-10-10T08:00:00Z,proj_detail,,,alpha,5,5")
    workspace.write(
        "storage.csv",
        "s1,2026-10-10,proj_a,vector_stores,vector_stores,2.5",
        "s2,2026-10-10,proj_b,vector_stores,vector_stores,0.25",
        "s3,2026-10-05,,vector_stores,vector_stores,2.5",
        header="record_id,started_at,project_id,model,operation,vector_store_gb_days",
    )
    workspace.run()
    with explained_once():
        yield workspace


def test_the_arithmetic_gives_the_charge_to_the_last_digit(charged: ExplainWorkspace) -> None:
    """Quantities times prices, added up here, are the charges, the postings and the report."""
    total = charged.explain(*CELL)["total"]
    assert total["agrees"] is True
    assert expected() == Decimal("0.007356")
    for way in ("arithmetic_usd", "charges_usd", "postings_usd", "daily_costs_usd"):
        assert Decimal(total[way]) == expected()


def test_every_line_of_the_arithmetic_is_a_quantity_at_a_price(charged: ExplainWorkspace) -> None:
    """Base and long requests are priced apart; each has its quantity, price and product."""
    sums = charged.explain(*CELL)["sums"]
    assert [
        (
            s["context_class"],
            s["meter"],
            Decimal(s["quantity"]),
            Decimal(s["contracted_unit_price_usd"]),
            Decimal(s["product_usd"]),
        )
        for s in sums
    ] == [
        ("base", "text_input_tokens", Decimal(1340), IN, Decimal("0.00268")),
        ("base", "text_output_tokens", Decimal(78), OUT, Decimal("0.000624")),
        ("long", "text_input_tokens", Decimal(1001), 2 * IN, Decimal("0.004004")),
        ("long", "text_output_tokens", Decimal(3), 2 * OUT, Decimal("0.000048")),
    ]


def test_the_shares_of_all_records_add_up_to_the_charge(charged: ExplainWorkspace) -> None:
    """A record's share is its quantities at the prices of its size; together they are the total."""
    explained = charged.explain(*CELL)
    shares = {e["record_id"]: Decimal(e["cost_usd"]) for e in explained["examples"]}
    assert shares == {
        "r1": 333 * IN + 77 * OUT,
        "r2": 1000 * IN + 1 * OUT,
        "r3": 1001 * 2 * IN + 3 * 2 * OUT,
        "r4": 7 * IN,
    }
    assert sum(shares.values()) == Decimal(explained["total"]["charges_usd"])


def test_examples_are_the_first_record_and_the_dearest_with_file_and_line(
    charged: ExplainWorkspace,
) -> None:
    """The header is line 1."""
    path = charged.folder / "logs" / "a.csv"
    examples = charged.explain(*CELL, "--examples", "2")["examples"]
    assert [(e["record_id"], e["input_file"], e["input_line"]) for e in examples] == [
        ("r1", str(path), 2),
        ("r3", str(path), 4),
    ]


def test_what_was_used_is_what_was_charged(charged: ExplainWorkspace) -> None:
    """The sum of each meter in usage is the quantity of its charge lines."""
    usage = charged.explain(*CELL)["usage"]
    assert (usage["records"], usage["requests"]) == (4, 4)
    assert {
        m["meter"]: (Decimal(m["used"]), Decimal(m["charged"]), Decimal(m["difference"]))
        for m in usage["meters"]
    } == {
        "text_input_tokens": (Decimal(2341), Decimal(2341), Decimal(0)),
        "text_output_tokens": (Decimal(81), Decimal(81), Decimal(0)),
    }


def test_a_price_names_its_source_validity_and_terms(charged: ExplainWorkspace) -> None:
    """The id on the charge leads to the row of the book."""
    explained = charged.explain(*CELL)
    prices = {p["price_id"]: p["row"] for p in explained["prices"]}
    row = prices[explained["sums"][2]["price_id"]]
    assert (row["layer"], row["source"], row["recorded_at"], row["long_above_tokens"]) == (
        "contracted",
        "our contract",
        "2026-09-01T00:00:00Z",
        1000,
    )
    assert (Decimal(row["price_usd"]), row["per"], row["valid_from_at"]) == (
        Decimal(4),
        1_000_000,
        None,
    )


def test_the_list_price_stands_beside_a_discounted_one(charged: ExplainWorkspace) -> None:
    """0.15 USD a million tokens less 10 % for this project; the id says so."""
    cell = ("--project", "proj_discount", "--day", "2026-10-10")
    explained = charged.explain(*cell)
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.405000135")
    assert Decimal(explained["total"]["list_usd"]) == Decimal("0.45000015")
    [price] = explained["prices"]
    assert price["discount"] == "less 10% project=proj_discount"
    assert price["row"]["layer"] == "list"
    assert "0.45000015 USD at list prices" in charged.text(*cell)


def test_usage_without_a_price_is_never_zero(charged: ExplainWorkspace) -> None:
    """It is shown as unpriced and the amount as a lower bound."""
    cell = ("--project", "proj_unpriced", "--day", "2026-10-10")
    explained = charged.explain(*cell)
    unpriced = [s for s in explained["sums"] if s["model"] == "mystery"]
    assert [(s["cost_usd"], s["product_usd"], s["pricing_status"]) for s in unpriced] == [
        (None, None, "unpriced")
    ] * 2
    assert Decimal(explained["total"]["unpriced_quantity"]) == 505
    assert Decimal(explained["total"]["charges_usd"]) == expected()
    text = charged.text(*cell)
    assert "at least 0.007356 USD (at least $0.01)" in text
    assert "505 units have no price and are not in the amount" in text


def test_a_cell_without_any_price_has_no_amount(charged: ExplainWorkspace) -> None:
    """NULL, not 0, in every way of adding up."""
    total = charged.explain("--model", "enigma")["total"]
    assert {total[w] for w in ("arithmetic_usd", "charges_usd", "daily_costs_usd")} == {None}
    assert total["agrees"] is True
    text = charged.text("--model", "enigma")
    assert "no price, so no amount" in text
    assert "text_input_tokens 500: unpriced (of 500 in its charge line)" in text


def test_a_price_that_changes_within_a_day_splits_the_arithmetic(charged: ExplainWorkspace) -> None:
    """Each record is shown at the price of its own time."""
    explained = charged.explain("--project", "proj_moving", "--day", "2026-10-10")
    assert [(Decimal(s["quantity"]), Decimal(s["cost_usd"])) for s in explained["sums"]] == [
        (Decimal(100), Decimal("0.0002")),
        (Decimal(100), Decimal("0.0003")),
    ]
    assert {e["record_id"]: Decimal(e["cost_usd"]) for e in explained["examples"]} == {
        "m1": Decimal("0.0002"),
        "m2": Decimal("0.0003"),
    }


def test_days_are_the_organizations_unless_utc_is_asked_for(charged: ExplainWorkspace) -> None:
    """22:30 UTC on 6 October is 7 October in Berlin."""
    local = charged.explain("--day", "2026-10-07")
    assert (local["usage"]["records"], local["total"]["has_daily_costs"]) == (1, True)
    utc = charged.explain("--day", "2026-10-06", "--utc")
    assert (utc["usage"]["records"], utc["total"]["has_daily_costs"]) == (1, False)
    assert utc["total"]["agrees"] is True


def test_key_user_and_meter_narrow_a_cell(charged: ExplainWorkspace) -> None:
    """The arithmetic agrees there as well; reports know no such cells."""
    cell = of("proj_keys")
    for words in (("--key", "key_2"), ("--user", "user_2")):
        explained = charged.explain(*cell, *words)
        assert Decimal(explained["total"]["charges_usd"]) == 100 * IN + 10 * OUT
        assert [e["record_id"] for e in explained["examples"]] == ["k2"]
    explained = charged.explain(*cell, "--key", "key_2", "--meter", "text_output_tokens")
    assert Decimal(explained["total"]["charges_usd"]) == 10 * OUT
    assert explained["total"]["agrees"] is True
    assert [m["meter"] for m in explained["usage"]["meters"]] == ["text_output_tokens"]


def test_a_cell_with_many_lines_shows_the_dearest_and_says_how_many_there_are(
    charged: ExplainWorkspace,
) -> None:
    """The sum is of all of them, not of those shown."""
    cell = of("proj_lines")
    explained = charged.explain(*cell, "--lines", "3")
    assert explained["total"]["lines"] == 30
    assert [Decimal(line["quantity"]) for line in explained["lines"]] == [30, 29, 28]
    assert Decimal(explained["total"]["charges_usd"]) == IN * sum(range(1, 31))
    assert "Charge lines (the first 3 of 30" in charged.text(*cell, "--lines", "3")


def test_a_free_allowance_is_a_line_of_its_own(charged: ExplainWorkspace) -> None:
    """The organization has 1 GB a day free: it belongs to no project, and all still adds up."""
    explained = charged.explain("--day", "2026-10-10", "--scope", "storage")
    [tie] = explained["usage"]["meters"]
    assert [Decimal(tie[k]) for k in ("used", "charged", "allowance", "difference")] == [
        Decimal("2.75"),
        Decimal("2.75"),
        Decimal(-1),
        Decimal(0),
    ]
    assert [s["is_allowance"] for s in explained["sums"]] == [False, True]
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.175")
    own = charged.explain("--day", "2026-10-10", "--project", "(no project)")
    assert Decimal(own["total"]["charges_usd"]) == Decimal("-0.1")


def test_records_of_a_detail_source_are_counted_and_make_no_charge(
    charged: ExplainWorkspace,
) -> None:
    """They stand beside the usage that was charged."""
    cell = of("proj_detail")
    explained = charged.explain(*cell)
    assert (explained["usage"]["records"], explained["usage"]["detail_records"]) == (4, 1)
    assert Decimal(explained["total"]["charges_usd"]) == expected()
    assert "1 record of detail sources beside them make no charges" in charged.text(*cell)


def test_without_a_period_the_newest_month_with_charges_is_explained(
    charged: ExplainWorkspace,
) -> None:
    """October has none of beta, so it is September."""
    assert charged.explain("--project", "proj_a")["cell"]["since_date"] == "2026-10-01"
    beta = charged.explain("--model", "beta")["cell"]
    assert (beta["since_date"], beta["until_date"]) == ("2026-09-01", "2026-10-01")


def test_an_allowance_inside_a_line_is_said_and_not_hidden(charged: ExplainWorkspace) -> None:
    """Usage without project shares its line with the allowance where a price changes in a day."""
    explained = charged.explain("--day", "2026-10-05")
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.15")
    assert explained["total"]["agrees"] is True
    [tie] = explained["usage"]["meters"]
    assert [Decimal(tie[k]) for k in ("used", "charged", "difference")] == [
        Decimal("2.5"),
        Decimal("1.5"),
        Decimal(1),
    ]
    assert "vector_store_gb_days: 1 more used than charged. A free allowance" in charged.text(
        "--day", "2026-10-05"
    )
