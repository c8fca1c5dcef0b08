"""Budgets in files of their own: `[budgets] files`, CSV or TOML, under version control.

In a CSV the first row of a budget says what it is; each later row of the same budget is another
amount from its `valid_from` on, with who decided it and why. Every error names file and line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from pipeline.config.budget_section import USD, Amendment, Budget, BudgetFile
from pipeline.config.value_errors import value_error
from pipeline.csv_table import Row, day, identifier, read_table
from pipeline.errors import ConfigError

M = TypeVar("M", Budget, Amendment)

ID = "budget_id"
LISTS = ("thresholds", "thresholds_usd", "forecast_thresholds")
AMENDING = ("valid_from", "amount_usd", "amount", "reason", "by")
COLUMNS = (*(name for name in Budget.model_fields if name not in {"id", "amounts"}), "reason", "by")


def read_budget_files(
    paths: Sequence[Path], read_toml: Callable[[Path, type[BudgetFile]], BudgetFile]
) -> tuple[list[Budget], list[Amendment]]:
    """The budgets and amendments of all files, in order. Fails: ConfigError with file and line."""
    budgets: list[Budget] = []
    amendments: list[Amendment] = []
    for path in paths:
        if path.suffix.lower() == ".toml":
            file = read_toml(path, BudgetFile)
        elif path.suffix.lower() == ".csv":
            file = _read_csv(path)
        else:
            raise ConfigError(
                "is neither a .csv nor a .toml file", file=path, key="[budgets] files"
            )
        budgets += file.budgets
        amendments += file.amendments
    return budgets, amendments


def check_budgets(
    budgets: Sequence[Budget],
    amendments: Sequence[Amendment],
    rates: Path | None,
    config: Path,
    files: Sequence[Path] = (),
) -> None:
    """Whether ids are unique and amendments have a budget. Fails: ConfigError.

    **Takes** the files that budgets are read from as well, to say where the fault may be.
    """
    counts = Counter(b.id for b in budgets)
    twice = next((i for i, count in counts.items() if count > 1), None)
    also = f" Budgets are read from {', '.join(str(f) for f in files)}, too." if files else ""
    if twice is not None:
        raise ConfigError(
            f"budgets: the name {twice!r} is used twice",
            file=config,
            hint=f"Give each its own.{also}",
        )
    by_id = {b.id: b for b in budgets}
    for amendment in amendments:
        budget = by_id.get(amendment.budget)
        if budget is None:
            raise ConfigError(
                f"amendments: there is no budget {amendment.budget!r}",
                file=config,
                hint=f"Known budgets: {', '.join(sorted(by_id)) or 'none'}.{also}",
            )
        if (amendment.amount is None) is not (budget.currency == USD):
            raise ConfigError(
                f"amendments: the budget {budget.id!r} is in {budget.currency}",
                file=config,
                hint=f"Write {'amount_usd' if budget.currency == USD else 'amount'}.{also}",
            )
    other = next((b for b in budgets if b.currency != USD), None)
    if other is not None and rates is None:
        raise ConfigError(
            f"the budget {other.id!r} is in {other.currency}, and no rates are known",
            file=config,
            key="currency.rates",
            hint='Write [currency] rates = "rates.csv".',
        )


def _read_csv(path: Path) -> BudgetFile:
    table = read_table(
        path,
        str(path),
        (ID,),
        COLUMNS,
        path_hint="Correct [budgets] files.",
        may_end_early=True,
    )
    table.raise_first()
    if not table.has("amount_usd", "amount"):
        table.error(
            "the column is missing",
            line=1,
            key="amount_usd",
            hint="Write the amounts in a column amount_usd, or in amount with a column currency.",
        )
        table.raise_first()
    first: dict[str, Row] = {}
    seen: dict[tuple[str, str | None], int] = {}
    budgets: list[Budget] = []
    amendments: list[Amendment] = []
    for row in table.rows:
        budget_id = row.value(ID, identifier)
        since = row.text("valid_from")
        if (budget_id, since) in seen:
            raise row.error(
                "valid_from",
                f"line {seen[budget_id, since]} has {budget_id!r} from the same day",
                "Give each row of a budget a valid_from of its own.",
            )
        seen[budget_id, since] = row.line
        if budget_id not in first:
            first[budget_id] = row
            budgets.append(_budget(budget_id, row))
        else:
            amendments.append(_amendment(budget_id, row, first[budget_id]))
    return BudgetFile(budgets=tuple(budgets), amendments=tuple(amendments))


def _budget(budget_id: str, row: Row) -> Budget:
    values: dict[str, Any] = {"id": budget_id}
    for column in COLUMNS:
        text = row.text(column)
        if text is None or column in {"reason", "by"}:
            continue
        if column in LISTS:
            parts = text.replace(";", " ").replace(",", " ").split()
            values[column] = parts if column == "thresholds_usd" else [_percent(p) for p in parts]
        elif column == "hard":
            values[column] = {"true": True, "false": False}.get(text.lower(), text)
        else:
            values[column] = text
    return _validated(Budget, values, row)


def _amendment(budget_id: str, row: Row, first: Row) -> Amendment:
    if row.text("valid_from") is None:
        raise row.error(
            "valid_from",
            f"is empty; {budget_id!r} begins in line {first.line}",
            "A later row of a budget is another amount from a day on: write the day.",
        )
    begins = first.optional("valid_from", day)
    if begins is not None and row.value("valid_from", day) <= begins:
        raise row.error("valid_from", f"is not after {begins}, with which line {first.line} begins")
    for column in COLUMNS:
        text = row.text(column)
        if column not in AMENDING and text is not None and text != first.text(column):
            raise row.error(
                column,
                f"differs from line {first.line}, where {budget_id!r} begins",
                "A later row of a budget changes its amount alone; change the first row.",
            )
    values = {column: row.text(column) for column in AMENDING if row.text(column) is not None}
    values.setdefault("reason", "not given")
    return _validated(Amendment, {"budget": budget_id, **values}, row)


def _percent(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) <= 40 else text


def _validated(model: type[M], values: dict[str, Any], row: Row) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        column = str(first["loc"][0]) if first["loc"] else None
        what = value_error(
            first["type"],
            first["msg"],
            first["input"],
            first.get("ctx", {}),
            number="write whole numbers such as 50 80 100",
        )
        if column is None:  # about several columns: at the first that it names
            column = next((word for word in re.findall(r"\w+", what) if word in COLUMNS), ID)
            what = what.removeprefix(f"{column} ")
        raise row.error(ID if column == "id" else column, what) from None
