"""Changes a budget's amount from a day on, in the file that the budget is in.

An amendment is added and nothing is rewritten: a row at the end of a CSV, a table [[amendments]] at
the end of a TOML file. The changed file is read once before it takes the place of the old one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.budgets.plan import Plan
from pipeline.config.budget_files import ID, read_budget_files
from pipeline.config.budget_section import USD
from pipeline.config.load import read_toml
from pipeline.errors import ConfigError
from pipeline.money import plain
from pipeline.storage.files import replace_text


@dataclass(frozen=True, slots=True)
class NewAmount:
    """What is to be planned for a budget from a day on, in its currency, why, and by whom."""

    budget_id: str
    amount: Decimal
    valid_from: date
    reason: str
    by: str


def find_plan(plans: Sequence[Plan], budget_id: str) -> Plan:
    """The plan of a budget. Fails: ConfigError where there is none."""
    for plan in plans:
        if plan.budget_id == budget_id:
            return plan
    known = ", ".join(plan.budget_id for plan in plans) or "none"
    raise ConfigError(f"there is no budget {budget_id!r}", hint=f"Known budgets: {known}.")


def check_new_amount(plan: Plan, new: NewAmount, today: date) -> None:
    """Whether no period that has ended would change. Fails: ConfigError with what to write."""
    if not plan.calendar.has(new.valid_from):
        raise ConfigError(
            f"{new.valid_from} is in no period of {plan.budget_id!r} ({plan.calendar_name})",
            key="--from",
        )
    period = plan.calendar.period_of(new.valid_from)
    if period.has_ended(today):
        current = plan.calendar.period_of(today)
        hint = (
            f"Write a day from {current.start} on."
            if plan.calendar.has(today)
            else "Add another budget."
        )
        raise ConfigError(
            f"{period.label} has ended and keeps the amount that it ended with",
            key="--from",
            hint=hint,
        )
    same_day = [a for a in plan.amounts if a.valid_from == new.valid_from]
    if same_day and same_day[-1].amount == new.amount:
        raise ConfigError(
            f"{plan.budget_id!r} has {plain(new.amount)} {plan.currency} from that day already",
            key="--amount",
        )


def file_of(budget_id: str, config: Path, files: Sequence[Path]) -> Path:
    """The file that a budget is in: one of `[budgets] files`, else the configuration."""
    for path in files:
        budgets, _ = read_budget_files([path], read_toml)
        if any(budget.id == budget_id for budget in budgets):
            return path
    return config


def write_amount(
    path: Path, new: NewAmount, currency: str, read_again: Callable[[Path], object]
) -> None:
    """Add an amount to a file, after `read_again` could read the changed one.

    Fails: ConfigError, or what `read_again` fails with; then the file is as it was.
    """
    try:
        text = path.read_text(encoding="utf-8")
        is_csv = path.suffix.lower() == ".csv"
        changed = (_with_row if is_csv else _with_table)(text, new, currency)
        beside = path.with_name(f".{path.stem}.changed{path.suffix}")
        beside.write_text(changed, encoding="utf-8")
        try:
            read_again(beside)
        finally:
            beside.unlink()
        replace_text(path, changed, durable=True)
    except OSError as error:
        raise ConfigError(
            f"cannot be written ({error.strerror})",
            file=path,
            hint="Add the amendment by hand, or let somebody do it who may write there.",
        ) from None


def _with_table(text: str, new: NewAmount, currency: str) -> str:
    key = "amount_usd" if currency == USD else "amount"
    lines = (
        "[[amendments]]",
        f"budget = {_quoted(new.budget_id)}",
        f"valid_from = {_quoted(new.valid_from.isoformat())}",
        f"{key} = {_quoted(plain(new.amount))}",
        f"reason = {_quoted(new.reason)}",
        f"by = {_quoted(new.by)}",
    )
    return text.rstrip("\n") + "\n\n" + "\n".join(lines) + "\n"


def _with_row(text: str, new: NewAmount, currency: str) -> str:
    """The CSV with a row more; columns that it lacks are added to its header."""
    head, line_end, rest = text.partition("\n")
    end = "\r\n" if head.endswith("\r") else "\n"
    columns = [name.strip().lstrip("\ufeff") for name in next(csv.reader([head.rstrip("\r")]))]
    values = {
        ID: new.budget_id,
        "valid_from": new.valid_from.isoformat(),
        "amount_usd" if currency == USD else "amount": plain(new.amount),
        "reason": new.reason,
        "by": new.by,
    }
    lacking = [name for name in values if name not in columns]
    row = io.StringIO()
    csv.writer(row, lineterminator=end).writerow(
        [values.get(name, "") for name in (*columns, *lacking)]
    )
    header = head.rstrip("\r") + "".join(f",{name}" for name in lacking) + end
    body = rest if not line_end or not rest or rest.endswith("\n") else rest + end
    return header + body + row.getvalue()


def _quoted(text: str) -> str:
    """A text as a TOML string."""
    return json.dumps(text)
