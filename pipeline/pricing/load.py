"""Loads the price book of a run from the built-in files and the user's, with all findings.

The built-in files count as one file: their order means nothing, and they may not overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from pipeline import resources
from pipeline.config import model as config_model
from pipeline.errors import ConfigError
from pipeline.pricing import discounts as discounting
from pipeline.pricing.aliases_and_allowances import read_aliases, read_allowances
from pipeline.pricing.book import PriceBook, PriceKey
from pipeline.pricing.checks import check_errors, check_rows, jumps_from_list
from pipeline.pricing.findings import PriceFinding, raise_errors
from pipeline.pricing.price_layer import PriceLayer
from pipeline.pricing.rows import PriceRow, read_prices
from pipeline.text import counted

ALIASES_FILE = "models.csv"
ALLOWANCES_FILE = "allowances.csv"


@dataclass(frozen=True, slots=True)
class LoadedBook:
    """A book without errors, and the warnings about it."""

    book: PriceBook
    warnings: tuple[PriceFinding, ...]


def load_book(files: Sequence[Path], discounts: Sequence[config_model.Discount]) -> LoadedBook:
    """The built-in book with the user's files on top of it, the last one strongest.

    Takes the paths and the configured discounts. Gives the book and the warnings (gaps, jumps).
    Fails: ConfigError naming file, line and column of the first error and how many more there are.
    """
    book, findings = examine(files, discounts)
    raise_errors(findings)
    return LoadedBook(book, findings)


def examine(
    files: Sequence[Path], discounts: Sequence[config_model.Discount] = ()
) -> tuple[PriceBook, tuple[PriceFinding, ...]]:
    """All findings about the built-in book and the given files, and the book of the good rows.

    Fails: ConfigError for a discount whose dates are in the wrong order.
    """
    terms = discounting.from_config(discounts)
    built_in, own_findings = _built_in()
    findings = list(own_findings)
    layers: list[PriceLayer | tuple[PriceRow, ...]] = [*built_in.layers]
    for path in files:
        rows, table = read_prices(path, str(path), "contracted")
        found = [*map(PriceFinding.of, table.errors), *check_rows(rows)]
        found += jumps_from_list(rows, lambda row, at: _list_price(built_in, row, at))
        findings += sorted(found, key=lambda finding: finding.line or 0)
        layers.append(rows)
    book = PriceBook(layers, built_in.aliases(), terms, built_in.allowances())
    return book, tuple(findings)


def exit_code(findings: Sequence[PriceFinding]) -> int:
    """2 where a finding is an error, as for any file that cannot be used; else 0."""
    return ConfigError.exit_code if any(f.severity == "error" for f in findings) else 0


def summary(book: PriceBook, files: int, findings: Sequence[PriceFinding]) -> str:
    """One line: what was checked and how many errors and warnings there were."""
    own = sum(row.layer == "contracted" for row in book.rows())
    errors = sum(finding.severity == "error" for finding in findings)
    return (
        f"checked {len(book.rows()) - own} built-in prices and {own} in "
        f"{counted(files, 'file')}: {errors} errors, "
        f"{len(findings) - errors} warnings"
    )


@cache  # half a second, and the same files for as long as this version is installed
def _built_in() -> tuple[PriceBook, tuple[PriceFinding, ...]]:
    folder = resources.folder("data") / "prices"
    findings: list[PriceFinding] = []
    rows: list[PriceRow] = []
    for path in sorted(folder.glob("*.csv")):
        if path.name not in {ALIASES_FILE, ALLOWANCES_FILE}:
            read, table = read_prices(path, _shown(path), "list")
            rows += read
            findings += map(PriceFinding.of, table.errors)
    providers = {row.provider for row in rows}
    only = providers.pop() if len(providers) == 1 else None
    path = folder / ALIASES_FILE
    aliases, table = read_aliases(path, _shown(path), only)
    findings += map(PriceFinding.of, table.errors)
    path = folder / ALLOWANCES_FILE
    allowances, table = read_allowances(path, _shown(path), only)
    findings += map(PriceFinding.of, table.errors)
    # Nobody but us can act on a warning about our own file: a test holds the known ones.
    findings += check_errors(rows)
    return PriceBook([rows], aliases, (), allowances), tuple(findings)


def _shown(path: Path) -> str:
    """A built-in file's name, the same in a checkout and in an installed wheel."""
    return f"data/prices/{path.name}"


def _list_price(built_in: PriceBook, row: PriceRow, at: datetime) -> Decimal | None:
    provider, model, meter, tier, context_class, variant = row.key
    key = PriceKey(provider, model, meter, tier, context_class, variant, None)
    price = built_in.resolve(key, at)
    return None if price is None else price.list_unit_price_usd
