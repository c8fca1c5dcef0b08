"""Configured budgets as the published table shows them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline.config.model import Budget


def published_budgets(budgets: Sequence[Budget]) -> pl.DataFrame:
    """The budgets as the view `budgets` shows them."""
    return pl.DataFrame(
        [(b.id, b.project, b.model, b.scope, b.amount_usd, list(b.thresholds)) for b in budgets],
        schema={
            "budget_id": pl.String,
            "project_id": pl.String,
            "model": pl.String,
            "scope": pl.String,
            "amount_usd": pl.Decimal(38, 24),
            "thresholds": pl.List(pl.Int32),
        },
        orient="row",
    )
