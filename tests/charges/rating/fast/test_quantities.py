"""Sums of usage by numbers of texts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.charges.rating.fast.quantities import TooLargeError, quantities_of
from pipeline.charges.rating.fast.usage import read_usage
from pipeline.ledger.files import LedgerWriter
from pipeline.pricing.load import load_book
from pipeline.schemas import LEDGER_SCHEMA
from tests.support.rated_records import DAY, record

TOKENS = "text_input_tokens"
KIND: dict[str, Any] = {
    "day": 0, "model": "m", "project_id": "p", "service_tier": "default", "requests": 1,
    "vector_store_gb_days": Decimal(0),
}  # fmt: skip


@pytest.mark.parametrize(("tokens", "fits"), [(2**61, True), (2**62, False)])
def test_a_sum_that_may_not_fit_is_left_to_the_portable_statements(
    tmp_path: Path, tokens: int, *, fits: bool
) -> None:
    """They know what fits; a sum of 64 bits that does not would be another number."""
    rows = [record(n, {**KIND, TOKENS: tokens if n == 1 else 1}) for n in (1, 2)]
    writer = LedgerWriter(tmp_path, "run-1", 1)
    writer.add(pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row"), "charge")
    none = pl.DataFrame(schema={"ledger_id": pl.Int64, "row_number": pl.Int64})
    usage = read_usage(writer.close(), none, [DAY], [TOKENS], lowest_threshold=None)
    book = load_book([], ()).book
    if fits:
        found = quantities_of(usage, book, [TOKENS], most=0).frame
        assert found[TOKENS, "requests"].rows() == [(tokens + 1, 2)]
    else:
        with pytest.raises(TooLargeError):
            quantities_of(usage, book, [TOKENS], most=0)


def test_excluded_rows_leave_nothing_behind(tmp_path: Path) -> None:
    """What only they were of is no usage, and the rest is less by them."""
    rows = [record(n, {**KIND, TOKENS: n, "project_id": "p" if n < 3 else "q"}) for n in (1, 2, 3)]
    writer = LedgerWriter(tmp_path, "run-1", 1)
    writer.add(pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row"), "charge")
    gone = pl.DataFrame({"ledger_id": [1, 1], "row_number": [0, 2]})
    usage = read_usage(writer.close(), gone, [DAY], [TOKENS], lowest_threshold=None)
    found = quantities_of(usage, load_book([], ()).book, [TOKENS], most=0).frame
    assert found.select(pl.col("project_id").cast(pl.String), TOKENS).rows() == [("p", 2)]
