"""Makes settled days equal to the provider's bill, stores that, and checks all days that moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pipeline.charges import store as charge_store
from pipeline.charges.model import ChargeDay, PostingFile, RatingResult
from pipeline.charges.reconciliation.load import Fetch
from pipeline.charges.true_up.post import Terms, TrueUp, true_up
from pipeline.ledger.bill import Bills
from pipeline.money import display_usd
from pipeline.runs.commit import check_bill, check_days
from pipeline.runs.context import RunContext
from pipeline.text import some_days


def true_up_days(
    run: RunContext,
    rated: RatingResult,
    days: Mapping[date, ChargeDay],
    postings: Sequence[PostingFile],
    costs: Mapping[date, Sequence[Fetch]],
    bills: Bills,
    read: Sequence[str],
) -> tuple[TrueUp, dict[date, ChargeDay]]:
    """Follow the bill, and check the charges of the days that this run rated or moved.

    Takes all days as they were rated, all postings until then, what is fetched of their costs, and
    the names of the files that this run has read. Gives what was done, and all days as they are
    charged.
    Fails: CheckFailedError.
    """
    db, root = run.db, run.storage.root
    terms = Terms(run.config.bill.true_up, run.config.bill.lag_days, run.now)
    done = true_up(
        db,
        run.con,
        days,
        postings,
        costs,
        terms=terms,
        book=run.book,
        bills=bills,
        root=root,
        folder=run.storage.charges,
        run_id=run.run_id,
        posted_at=run.started_at,
    )
    charge_store.save_days(db, root, done.fresh, run.run_id)
    charge_store.save_postings(db, root, done.postings)
    has_bill = costs or any(day.billed_path for day in days.values())
    charged = charge_store.days(db, root) if has_bill else dict(days)
    moved = {day: charged[day] for day in (*rated.days, *done.days) if day in charged}
    check_days(run.con, moved, rated, [*postings, *done.postings], read)
    check_bill(db, done.followed, charged, read)
    return done, charged


def notes_of_bill(done: TrueUp) -> list[str]:
    """What was done to follow the bill, and what keeps days from it, for the run's notes."""
    notes = []
    if done.postings:
        days = len({p.usage_date for p in done.postings})
        sign = "" if done.posted_usd < 0 else "+"
        settled = "settled day" if days == 1 else "settled days"
        notes.append(
            f"{days} {settled} made equal to the provider's bill: "
            f"{sign}{display_usd(done.posted_usd)}. See: tollbook reconcile"
        )
    if done.unbilled:
        names = sorted(done.unbilled)
        notes.append(
            f"Settled days have usage of {', '.join(names[:5])}{', …' if len(names) > 5 else ''} "
            "that is on no line of the bill, so it is charged $0.00 there. Are the costs of all "
            "projects among the files?"
        )
    if done.empty:
        number = len(done.empty)
        notes.append(
            f"{number} {'day has' if number == 1 else 'days have'} usage and no line on the "
            f"bill ({some_days(done.empty)}), so what was rated is charged there. Were the costs "
            "of all days fetched?"
        )
    if done.held:
        notes.append(
            f"{len(done.held)} days are not charged as billed, since rows of their costs are held "
            "back. See: tollbook quarantine list"
        )
    if done.foreign:
        notes.append(
            f"The provider's costs in {', '.join(sorted(done.foreign))} are not charged: they "
            "are shown in provider_costs, and the usage keeps its own prices"
        )
    return notes
