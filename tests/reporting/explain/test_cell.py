"""A cell of a report explains itself to the last digit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.explain_workspace import PRICES, ExplainWorkspace, explain_workspace

# id, start, tokens in, tokens out; the third is long (over a thousand tokens in)
RECORDS = (
    ("r1", "2026-10-10T08:00:00Z", 333, 77),
    ("r2", "2026-10-10T09:00:00Z", 1000, 1),
    ("r3", "2026-10-10T10:00:00Z", 1001, 3),
    ("r4", "2026-10-10T11:00:00Z", 7, 0),
)
IN, OUT = Decimal("0.000002"), Decimal("0.000008")
CELL = ("--project", "proj_a", "--day", "2026-10-10", "--model", "alpha")


def rows(
    records: tuple[tuple[str, str, int, int], ...] = RECORDS, project: str = "proj_a"
) -> list[str]:
    """Records as lines of a file."""
    return [f"{i},{at},{project},key_1,user_1,alpha,{n},{m}" for i, at, n, m in records]


def expected() -> Decimal:
    """What the records cost, worked out without tollbook."""
    return sum(((IN * n + OUT * m) * (2 if n > 1000 else 1) for _, _, n, m in RECORDS), Decimal(0))


@pytest.fixture(scope="module")
def charged(tmp_path_factory: pytest.TempPathFactory) -> ExplainWorkspace:
    """The records, run once for the tests that only read."""
    workspace = explain_workspace(tmp_path_factory.mktemp("cell").resolve())
    workspace.write("a.csv", *rows())
    workspace.run()
    return workspace


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
    explained = charged.explain(*CELL, "--examples", "100")
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


def test_the_list_price_stands_beside_a_discounted_one(workspace: ExplainWorkspace) -> None:
    """0.15 USD a million tokens less 10 % for this project; the id says so."""
    workspace.configure(
        (workspace.folder / "tollbook.toml").read_text()
        + '[[discounts]]\npercent = "10"\nproject = "proj_a"\n'
    )
    model = "gpt-4o-mini-2024-07-18"
    workspace.write("a.csv", f"r1,2026-10-10T08:00:00Z,proj_a,,,{model},3000001,0")
    workspace.run()
    explained = workspace.explain("--project", "proj_a", "--day", "2026-10-10")
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.405000135")
    assert Decimal(explained["total"]["list_usd"]) == Decimal("0.45000015")
    [price] = explained["prices"]
    assert price["discount"] == "less 10% project=proj_a"
    assert price["row"]["layer"] == "list"
    text = workspace.text("--project", "proj_a", "--day", "2026-10-10")
    assert "0.45000015 USD at list prices" in text


def test_usage_without_a_price_is_never_zero(workspace: ExplainWorkspace) -> None:
    """It is shown as unpriced and the amount as a lower bound."""
    workspace.write("a.csv", *rows(), "u1,2026-10-10T12:00:00Z,proj_a,key_1,user_1,mystery,500,5")
    workspace.run()
    explained = workspace.explain("--project", "proj_a", "--day", "2026-10-10")
    unpriced = [s for s in explained["sums"] if s["model"] == "mystery"]
    assert [(s["cost_usd"], s["product_usd"], s["pricing_status"]) for s in unpriced] == [
        (None, None, "unpriced")
    ] * 2
    assert Decimal(explained["total"]["unpriced_quantity"]) == 505
    assert Decimal(explained["total"]["charges_usd"]) == expected()
    text = workspace.text("--project", "proj_a", "--day", "2026-10-10")
    assert "at least 0.007356 USD (at least $0.01)" in text
    assert "505 units have no price and are not in the amount" in text


def test_a_cell_without_any_price_has_no_amount(workspace: ExplainWorkspace) -> None:
    """NULL, not 0, in every way of adding up."""
    workspace.write("a.csv", "u1,2026-10-10T12:00:00Z,proj_a,,,mystery,500,0")
    workspace.run()
    total = workspace.explain("--model", "mystery")["total"]
    assert {total[w] for w in ("arithmetic_usd", "charges_usd", "daily_costs_usd")} == {None}
    assert total["agrees"] is True
    text = workspace.text("--model", "mystery")
    assert "no price, so no amount" in text
    assert "text_input_tokens 500: unpriced (of 500 in its charge line)" in text


def test_a_price_that_changes_within_a_day_splits_the_arithmetic(
    workspace: ExplainWorkspace,
) -> None:
    """Each record is shown at the price of its own time."""
    workspace.price(
        "openai,alpha,text_input_tokens,default,base,2.00,1000000,tokens,,2026-10-10T09:30:00Z,"
        "old contract,2026-09-01,",
        "openai,alpha,text_input_tokens,default,base,3.00,1000000,tokens,2026-10-10T09:30:00Z,,"
        "new contract,2026-09-01,",
    )
    workspace.write("a.csv", *rows((("r1", RECORDS[0][1], 100, 0), ("r3", RECORDS[2][1], 100, 0))))
    workspace.run()
    explained = workspace.explain(*CELL)
    assert [(Decimal(s["quantity"]), Decimal(s["cost_usd"])) for s in explained["sums"]] == [
        (Decimal(100), Decimal("0.0002")),
        (Decimal(100), Decimal("0.0003")),
    ]
    assert {e["record_id"]: Decimal(e["cost_usd"]) for e in explained["examples"]} == {
        "r1": Decimal("0.0002"),
        "r3": Decimal("0.0003"),
    }


def test_days_are_the_organizations_unless_utc_is_asked_for(workspace: ExplainWorkspace) -> None:
    """22:30 UTC on 10 October is 11 October in Berlin."""
    workspace.write("a.csv", "r1,2026-10-10T22:30:00Z,proj_a,,,alpha,100,0")
    workspace.run()
    local = workspace.explain("--day", "2026-10-11")
    assert (local["usage"]["records"], local["total"]["has_daily_costs"]) == (1, True)
    utc = workspace.explain("--day", "2026-10-10", "--utc")
    assert (utc["usage"]["records"], utc["total"]["has_daily_costs"]) == (1, False)
    assert utc["total"]["agrees"] is True


def test_key_user_and_meter_narrow_a_cell(workspace: ExplainWorkspace) -> None:
    """The arithmetic agrees there as well; reports know no such cells."""
    workspace.write(
        "a.csv",
        *rows(),
        "k2,2026-10-10T12:00:00Z,proj_a,key_2,user_2,alpha,100,10",
    )
    workspace.run()
    for words in (("--key", "key_2"), ("--user", "user_2")):
        explained = workspace.explain(*CELL, *words)
        assert Decimal(explained["total"]["charges_usd"]) == 100 * IN + 10 * OUT
        assert [e["record_id"] for e in explained["examples"]] == ["k2"]
    explained = workspace.explain(*CELL, "--key", "key_2", "--meter", "text_output_tokens")
    assert Decimal(explained["total"]["charges_usd"]) == 10 * OUT
    assert explained["total"]["agrees"] is True
    assert [m["meter"] for m in explained["usage"]["meters"]] == ["text_output_tokens"]


def test_a_cell_with_many_lines_shows_the_dearest_and_says_how_many_there_are(
    workspace: ExplainWorkspace,
) -> None:
    """The sum is of all of them, not of those shown."""
    lines = [f"k{n},2026-10-10T08:00:00Z,proj_a,key_{n},,alpha,{n + 1},0" for n in range(30)]
    workspace.write("a.csv", *lines)
    workspace.run()
    explained = workspace.explain(*CELL, "--lines", "3")
    assert explained["total"]["lines"] == 30
    assert [Decimal(line["quantity"]) for line in explained["lines"]] == [30, 29, 28]
    assert Decimal(explained["total"]["charges_usd"]) == IN * sum(range(1, 31))
    assert "Charge lines (the first 3 of 30" in workspace.text(*CELL, "--lines", "3")


def test_a_free_allowance_is_a_line_of_its_own(workspace: ExplainWorkspace) -> None:
    """The organization has 1 GB a day free: it belongs to no project, and all still adds up."""
    workspace.write(
        "a.csv",
        "s1,2026-10-10,proj_a,vector_stores,vector_stores,2.5",
        "s2,2026-10-10,proj_b,vector_stores,vector_stores,0.25",
        header="record_id,started_at,project_id,model,operation,vector_store_gb_days",
    )
    workspace.run()
    explained = workspace.explain("--day", "2026-10-10", "--scope", "storage")
    [tie] = explained["usage"]["meters"]
    assert [Decimal(tie[k]) for k in ("used", "charged", "allowance", "difference")] == [
        Decimal("2.75"),
        Decimal("2.75"),
        Decimal(-1),
        Decimal(0),
    ]
    assert [s["is_allowance"] for s in explained["sums"]] == [False, True]
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.175")
    own = workspace.explain("--day", "2026-10-10", "--project", "(no project)")
    assert Decimal(own["total"]["charges_usd"]) == Decimal("-0.1")


def test_records_of_a_detail_source_are_counted_and_make_no_charge(
    workspace: ExplainWorkspace,
) -> None:
    """They stand beside the usage that was charged."""
    workspace.configure(
        (workspace.folder / "tollbook.toml").read_text()
        + '[[sources]]\nname = "more"\nkind = "records"\npath = ["more/*.csv"]\nbasis = "detail"\n'
    )
    workspace.write("a.csv", *rows())
    workspace.write("../more/b.csv", "d1,2026-10-10T08:00:00Z,proj_a,,,alpha,5,5")
    workspace.run()
    explained = workspace.explain(*CELL)
    assert (explained["usage"]["records"], explained["usage"]["detail_records"]) == (4, 1)
    assert Decimal(explained["total"]["charges_usd"]) == expected()
    assert "1 record of detail sources beside them make no charges" in workspace.text(*CELL)


def test_without_a_period_the_newest_month_with_charges_is_explained(
    workspace: ExplainWorkspace,
) -> None:
    """October has none of beta, so it is September."""
    workspace.price(*PRICES, PRICES[0].replace("alpha", "beta"))
    workspace.write("a.csv", *rows(), "b1,2026-09-20T12:00:00Z,proj_a,,,beta,100,0")
    workspace.run()
    assert workspace.explain("--project", "proj_a")["cell"]["since_date"] == "2026-10-01"
    beta = workspace.explain("--model", "beta")["cell"]
    assert (beta["since_date"], beta["until_date"]) == ("2026-09-01", "2026-10-01")


def test_an_allowance_inside_a_line_is_said_and_not_hidden(workspace: ExplainWorkspace) -> None:
    """Usage without project shares its line with the allowance where a price changes in a day."""
    storage = "openai,vector_stores,vector_store_gb_days,default,base"
    workspace.price(
        f"{storage},0.10,1,gb_days,,2026-10-10T12:00:00Z,old contract,2026-09-01,",
        f"{storage},0.20,1,gb_days,2026-10-10T12:00:00Z,,new contract,2026-09-01,",
    )
    workspace.write(
        "a.csv",
        "s1,2026-10-10,vector_stores,vector_stores,2.5",
        header="record_id,started_at,model,operation,vector_store_gb_days",
    )
    workspace.run()
    explained = workspace.explain("--day", "2026-10-10")
    assert Decimal(explained["total"]["charges_usd"]) == Decimal("0.15")
    assert explained["total"]["agrees"] is True
    [tie] = explained["usage"]["meters"]
    assert [Decimal(tie[k]) for k in ("used", "charged", "difference")] == [
        Decimal("2.5"),
        Decimal("1.5"),
        Decimal(1),
    ]
    assert "vector_store_gb_days: 1 more used than charged. A free allowance" in workspace.text(
        "--day", "2026-10-10"
    )
