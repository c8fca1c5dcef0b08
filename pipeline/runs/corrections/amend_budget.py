"""`tollbook budgets set`: another amount from a day on, for whom may, in the file and on record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.budgets.amend import NewAmount, check_new_amount, file_of, find_plan, write_amount
from pipeline.budgets.history import (
    BudgetChange,
    differences,
    record_plans,
    save_changes,
    save_version,
)
from pipeline.budgets.permission import refusal
from pipeline.budgets.plan import Plan, configured_plans
from pipeline.budgets.provider_plans import plans_of
from pipeline.config.budget_files import read_budget_files
from pipeline.config.load import read_toml
from pipeline.config.model import Config
from pipeline.errors import ConfigError
from pipeline.money import plain
from pipeline.published.snapshot.fingerprint import published_state
from pipeline.runs.change_set import ChangeSet
from pipeline.runs.context import RunContext, load_inputs
from pipeline.runs.result import RunResult
from pipeline.runs.run import rate_and_commit


def amend_budget(
    run: RunContext,
    new: NewAmount,
    config_file: Path,
    load_again: Callable[[Path], Config],
) -> tuple[RunResult, BudgetChange, Path]:
    """Plan another amount for a budget: write it to its file, record it, and evaluate anew.

    **Gives** the result, the change, and the file that was changed. **Fails**: ConfigError where
    there is no such budget, where a period that has ended would change, or where the user may not
    change it; a refusal is recorded.
    """
    plans = configured_plans(run.config)
    plan, asked, refused = _asked(run, plans, new)
    if refused is not None:
        with run.db.transaction():
            save_changes(
                run.db.con,
                [replace(asked, outcome="refused", reason=f"{refused} (asked: {new.reason})")],
                at=run.started_at,
                found_in="command",
                run_id=run.run_id,
            )
        raise _refused(new, refused)
    path = file_of(new.budget_id, config_file, run.config.budget_settings.files)
    read_again = load_again if path == config_file else _read_budgets
    write_amount(path, new, plan.currency, read_again)
    known = plans_of(run.config, run.db)
    config = load_again(config_file)
    run = replace(
        run,
        config=config,
        inputs=load_inputs(config, run.kinds, published_state(run.storage)),
    )
    [changed] = [p for p in configured_plans(config) if p.budget_id == new.budget_id]
    with run.db.transaction():
        # what was changed in the files before is not this change
        record_plans(run.db.con, known, at=run.started_at, run_id=run.run_id)
        save_version(run.db.con, new.budget_id, changed, at=run.started_at, run_id=None)
        save_changes(
            run.db.con,
            differences(new.budget_id, plan, changed),
            at=run.started_at,
            found_in="command",
            run_id=run.run_id,
        )
    return rate_and_commit(run, ChangeSet()), asked, path


def preview_amendment(
    run: RunContext, new: NewAmount, config_file: Path
) -> tuple[BudgetChange, Path]:
    """What `amend_budget` would change, and in which file. Fails: as it would."""
    _, asked, refused = _asked(run, configured_plans(run.config), new)
    if refused is not None:
        raise _refused(new, refused)
    return asked, file_of(new.budget_id, config_file, run.config.budget_settings.files)


def _asked(
    run: RunContext, plans: Sequence[Plan], new: NewAmount
) -> tuple[Plan, BudgetChange, str | None]:
    """The plan, the change that is asked for, and why it is refused (None: it is not)."""
    plan = find_plan(plans, new.budget_id)
    check_new_amount(plan, new, run.today)
    asked = BudgetChange(
        new.budget_id,
        "amount",
        new.valid_from,
        f"{plain(plan.amount_on(new.valid_from).amount)} {plan.currency}",
        f"{plain(new.amount)} {plan.currency}",
        new.reason,
        new.by,
    )
    return plan, asked, refusal(run.db, plan.subject, new.by)


def _refused(new: NewAmount, reason: str) -> ConfigError:
    return ConfigError(
        f"refused: {reason}",
        key=f"budgets set {new.budget_id}",
        hint="Somebody who may can name themselves with --as.",
    )


def _read_budgets(file: Path) -> object:
    return read_budget_files([file], read_toml)
