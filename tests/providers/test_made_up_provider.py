"""A provider that is registered is read, charged and reconciled, beside the built-in one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.config.load import load
from pipeline.errors import ConfigError
from pipeline.intake.files.detect_kind import sources_of
from pipeline.runs.kinds import PROVIDERS, kinds_of
from pipeline.runs.run import run_batch
from tests.support.globex import GLOBEX, call, day_costs
from tests.support.workspace import Workspace, bucket, cost, lines, page, request, used

BOTH = (*PROVIDERS, GLOBEX)
CONFIGURATION = """
[organization]
id = "org-acme"

[storage]
root = "var"

[prices]
files = ["prices.csv"]
"""
SOURCES = {
    "globex_usage": "globex/*.jsonl",
    "globex_costs": "globex/*.json",
    "openai_usage": "usage/*.json",
    "openai_costs": "costs/*.json",
    "request_log": "logs/*.jsonl",
}
DAY = "2026-11-20"


def source(kind: str, more: str = "") -> str:
    """A section of tollbook.toml."""
    name = kind.replace("_", "-")
    return f'[[sources]]\nname = "{name}"\nkind = "{kind}"\npath = "{SOURCES[kind]}"\n{more}\n'


def price(provider: str, meter: str, usd: str, context: str = "base", above: str = "") -> str:
    """A price a million tokens of the model alpha."""
    return f"{provider},alpha,{meter},default,{context},{usd},1000000,tokens,,,test,,{above}"


def workspace(folder: Path, kinds: tuple[str, ...], prices: tuple[str, ...]) -> Workspace:
    """A workspace with sources of some kinds."""
    text = CONFIGURATION + "".join(map(source, kinds))
    return Workspace(folder, text, prices)


def run(at: Workspace) -> None:
    """A run that knows both providers."""
    config = load(at.path("tollbook.toml"), kinds_of(BOTH))
    run_batch(config, now=at.at, real_clock=at.clock, environment={}, providers=BOTH)


def test_both_are_charged_and_reconciled_each_at_its_own_price(tmp_path: Path) -> None:
    """Buckets of one and requests of the other may both be charged; each ties to its own bill.

    OpenAI: 3,000,000 input tokens at $2 a million. Globex: 1,000,000 input at $5 and 500,000
    output at $8; its bill has $0.50 more for the output, and a line that nobody can read.
    """
    at = workspace(
        tmp_path,
        ("openai_usage", "openai_costs", "globex_usage", "globex_costs"),
        (
            price("openai", "text_input_tokens", "2"),
            price("globex", "text_input_tokens", "5"),
            price("globex", "text_output_tokens", "8"),
        ),
    )
    fetched = "2026-11-23T05:00:00Z"
    at.write("usage/a.json", page("completions", fetched, bucket(DAY, used(3_000_000))))
    bill = cost("6.00") | {"quantity": 3_000_000, "quantity_unit": "tokens"}
    at.write("costs/a.json", page("costs", fetched, bucket(DAY, bill)))
    at.write("globex/a.jsonl", call("c1", f"{DAY}T10:00:00Z", 1_000_000, 500_000))
    at.write(
        "globex/a.json",
        day_costs(
            DAY,
            ("proj_a", "alpha/in", "1000", "5.00"),
            ("proj_a", "alpha/out", "500", "4.50"),
            ("proj_a", "support", "1", "20.00"),
        ),
    )
    run(at)
    assert at.rows(
        "SELECT provider, meter, quantity, cost_usd, pricing_status FROM charges "
        "ORDER BY provider, meter, quantity"
    ) == [
        ("globex", "other", Decimal(1), Decimal(20), "billed"),
        ("globex", "text_input_tokens", Decimal(1_000_000), Decimal(5), "priced"),
        ("globex", "text_output_tokens", Decimal(0), Decimal("0.5"), "billed"),
        ("globex", "text_output_tokens", Decimal(500_000), Decimal(4), "priced"),
        ("openai", "text_input_tokens", Decimal(3_000_000), Decimal(6), "priced"),
    ]
    assert at.rows(
        "SELECT provider, line_item, charges_usd, costs_usd, cause FROM reconciliation "
        "ORDER BY provider, line_item"
    ) == [
        ("globex", "alpha/in", Decimal(5), Decimal(5), None),
        ("globex", "alpha/out", Decimal(4), Decimal("4.5"), "price"),
        ("globex", "support", Decimal(20), Decimal(20), "unknown_line_item"),
        ("openai", "alpha, input", Decimal(6), Decimal(6), None),
    ]
    assert at.rows(
        "SELECT provider, line_item, item_kind, item_model, item_meter FROM provider_costs "
        "ORDER BY provider, line_item"
    ) == [
        ("globex", "alpha/in", "usage", "alpha", "text_input_tokens"),
        ("globex", "alpha/out", "usage", "alpha", "text_output_tokens"),
        ("globex", "support", "unknown", None, None),
        ("openai", "alpha, input", "usage", "alpha", "text_input_tokens"),
    ]
    at.assert_sums_agree()


def test_costs_of_one_replace_none_of_the_other(tmp_path: Path) -> None:
    """The same UTC day of both bills has one key each: a later bill replaces its own only."""
    at = workspace(tmp_path, ("openai_costs", "globex_costs"), ())
    fetched = "2026-11-22T05:00:00Z"
    at.write("costs/a.json", page("costs", fetched, bucket(DAY, cost("6.00"))))
    run(at)
    at.write("globex/a.json", day_costs(DAY, ("proj_a", "alpha/in", "1000", "5.00")))
    run(at)
    later = page("costs", "2026-11-23T05:00:00Z", bucket(DAY, cost("7.00")))
    at.write("costs/b.json", later)
    run(at)
    assert at.rows("SELECT provider, amount FROM provider_costs ORDER BY provider") == [
        ("globex", Decimal(5)),
        ("openai", Decimal(7)),
    ]


def test_a_request_is_long_by_the_threshold_of_its_provider(tmp_path: Path) -> None:
    """The same model and tokens: above OpenAI's threshold of 1,000, below that of 2,000."""
    at = workspace(
        tmp_path,
        ("request_log", "globex_usage"),
        (
            price("openai", "text_input_tokens", "2"),
            price("openai", "text_input_tokens", "4", "long", "1000"),
            price("globex", "text_input_tokens", "5"),
            price("globex", "text_input_tokens", "9", "long", "2000"),
        ),
    )
    at.write("logs/a.jsonl", lines(request("1", 1500, when=f"{DAY}T10:00:00")))
    at.write(
        "globex/a.jsonl",
        call("1", f"{DAY}T10:00:00Z", 1500) + call("2", f"{DAY}T11:00:00Z", 2500),
    )
    run(at)
    assert at.rows(
        "SELECT provider, context_class, quantity, cost_usd FROM charges ORDER BY ALL"
    ) == [
        ("globex", "base", Decimal(1500), Decimal("0.0075")),
        ("globex", "long", Decimal(2500), Decimal("0.0225")),
        ("openai", "long", Decimal(1500), Decimal("0.006")),
    ]


def test_a_log_of_no_provider_may_name_one(tmp_path: Path) -> None:
    """`provider` of a source: whose models its rows are, where they do not say."""
    text = CONFIGURATION + source("request_log", 'provider = "globex"')
    prices = (price("openai", "text_input_tokens", "2"), price("globex", "text_input_tokens", "5"))
    at = Workspace(tmp_path, text, prices)
    at.write("logs/a.jsonl", lines(request("1", 1_000_000, when=f"{DAY}T10:00:00")))
    run(at)
    assert at.rows("SELECT provider, cost_usd FROM charges") == [("globex", Decimal(5))]


def test_one_provider_is_not_charged_twice(tmp_path: Path) -> None:
    """Buckets and requests of one provider still need scopes or a detail source."""
    kinds = ("openai_usage", "request_log", "globex_usage")
    path = workspace(tmp_path, kinds, ()).path("tollbook.toml")
    with pytest.raises(ConfigError, match=r"'openai-usage' .* and 'request-log' .* twice"):
        load(path, kinds_of(BOTH))


def test_its_files_are_told_by_their_beginning(tmp_path: Path) -> None:
    """A run without a configuration knows the kinds that are registered, and no others."""
    at = workspace(tmp_path, (), ())
    at.write("in/a.jsonl", call("1", f"{DAY}T10:00:00Z", 1500))
    at.write("in/b.json", day_costs(DAY))
    found = sources_of(["in"], tmp_path, kinds_of(BOTH))
    assert [(s.kind, s.provider, s.basis) for s in found.sources] == [
        ("globex_costs", "globex", "charge"),
        ("globex_usage", "globex", "charge"),
    ]
    with pytest.raises(ConfigError, match="kind"):
        sources_of(["in/b.json"], tmp_path, kinds_of(PROVIDERS))


def test_a_kind_that_is_not_registered_is_refused(tmp_path: Path) -> None:
    """The message lists the kinds that there are."""
    path = workspace(tmp_path, ("globex_usage",), ()).path("tollbook.toml")
    with pytest.raises(ConfigError, match="'globex_usage' is not one of request_log, "):
        load(path, kinds_of(PROVIDERS))
