"""The verbs, and what else the books depend on: prices, discounts, the clock.

Each does the same to the product and to the model, and compares the two.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.model.compare import differences
from tests.model.money import DIGITS, Discount, Price
from tests.model.product import has_verb
from tests.model.watch import month_of
from tests.model.world import NOWS, DifferenceError, UnfitError, World, pick

RANGES = (
    (date(2026, 2, 1), date(2026, 3, 1)),
    (date(2026, 3, 1), date(2026, 3, 2)),
    (date(2026, 3, 2), date(2026, 4, 1)),
    (date(2026, 1, 1), date(2026, 5, 1)),
)
AMENDED_FROM = (date(2026, 2, 27), date(2026, 3, 5), date(2026, 3, 31), date(2026, 4, 2))
AMOUNTS = (Decimal(1), Decimal(4), Decimal(20))


def price(world: World, a: int, b: int, c: int) -> None:
    """A price is corrected, or another one holds from an instant on."""
    model, usd = pick(("m1", "m2", "m3"), a), Decimal(1 + b % 4)
    others = tuple(p for p in world.book.prices if p.model != model)
    mine = [p for p in world.book.prices if p.model == model]
    cut = pick((datetime(2026, 3, 2, 11), datetime(2026, 2, 28, 23), datetime(2026, 4, 1)), c)
    if not mine:
        mine = [Price(model, usd, None if c % 2 else cut, None)]
    elif c % 2 or (mine[-1].since is not None and mine[-1].since >= cut):
        mine[-1] = replace(mine[-1], usd=usd)
    else:
        mine[-1:] = [replace(mine[-1], until=cut), Price(model, usd, cut, None)]
    world.price(replace(world.book, prices=(*others, *mine)))


def discount(world: World, a: int, b: int, c: int) -> None:
    """A discount is agreed on."""
    new = Discount(
        Decimal(("10", "12.5", "50")[a % 3]),
        (None, "pa")[b % 2],
        (None, datetime(2026, 3, 1))[c % 2],
    )
    if new not in world.book.discounts:
        world.price(replace(world.book, discounts=(*world.book.discounts, new)))


def amend(world: World, a: int, b: int, c: int) -> None:
    """A budget has another amount from a day on."""
    budgets = world.books.watch.budgets
    chosen = pick(budgets, a)
    amended = replace(chosen, amended=(*chosen.amended, (pick(AMENDED_FROM, b), pick(AMOUNTS, c))))
    world.plan(tuple(amended if one is chosen else one for one in budgets))


def change_engine(world: World, _a: int, _b: int, _c: int) -> None:
    """From now on files are read, and repeats found, by other processes, or no longer."""
    world.product.is_elsewhere = not world.product.is_elsewhere
    world.product.configure(world.book)
    kind = "processes" if world.product.is_elsewhere else "duckdb"
    world.told.append(f'# [engine] kind = "{kind}"')


def wait(world: World, _a: int, _b: int, _c: int) -> None:
    """A day and an hour pass."""
    world.clock += timedelta(hours=25)
    world.told.append("# 25 hours pass")


def run(world: World, a: int, b: int, _c: int) -> None:
    """A run, at the last business time, a later or an earlier one."""
    if a % 3 == 0:
        now = pick(NOWS, b)
        if world.has_run and "price_before_final" in world.faults:
            run(world, 1, 0, 0)
        if now >= world.now or "earlier_now" not in world.faults:
            world.now = now
    world.told.append(f"tollbook run --now {world.now.isoformat()}Z")
    world.books.run(world.disk, world.clock, world.now, world.book)
    world.agree(world.product.run(world.now), world.books.ending(world.disk))
    world.has_run = True


def run_named(world: World, a: int, _b: int, _c: int) -> None:
    """A run of one named file, which a configured source has: it is read as that source."""
    if not world.disk or "named_file" in world.faults:
        raise UnfitError
    path = pick(sorted(world.disk), a)
    world.told.append(f"tollbook run {path} --now {world.now.isoformat()}Z")
    named = {path: world.disk[path]}
    world.books.run(named, world.clock, world.now, world.book, is_named=True)
    name = str(world.product.folder / path)
    world.agree(world.product.command("run", name, now=world.now))
    world.has_run = True


def run_again(world: World, _a: int, _b: int, _c: int) -> None:
    """The same run again: nothing changes, nothing is posted."""
    if not world.has_run:
        raise UnfitError
    run(world, 1, 0, 0)
    *_, before = world.product.facts()
    world.tick()
    run(world, 1, 0, 0)
    *_, after = world.product.facts()
    if before != after:
        raise DifferenceError(f"a second run posted {after - before} lines")


def forget(world: World, a: int, _b: int, _c: int) -> None:
    """A file is taken back."""
    if not world.has_run or "forget" in world.faults:
        raise UnfitError
    paths = sorted({v.path for v in world.books.requests.versions if not v.is_forgotten})
    paths += sorted({p.path for p in world.books.buckets.pages if not p.is_forgotten})
    if not paths:
        raise UnfitError
    path = pick(paths, a)
    _look_first(world, "forget", str(world.product.folder / path), "--reason", "a trial")
    world.told.append(f"tollbook forget {path} --reason x --now {world.now.isoformat()}Z")
    world.books.forget(path, world.now, world.book)
    world.agree(world.product.forget(path, world.now))


def remember(world: World, a: int, _b: int, _c: int) -> None:
    """A forgotten file is brought back."""
    requests = world.books.requests
    paths = sorted({v.path for v in requests.versions if v.is_forgotten and not v.is_left_out})
    paths = [p for p in paths if not requests.newest[p].is_left_out]
    if not paths or not has_verb("remember") or "forget" in world.faults:
        raise UnfitError
    path = pick(paths, a)
    name = str(world.product.folder / path)
    _look_first(world, "remember", name)
    world.told.append(f"tollbook remember {path} --now {world.now.isoformat()}Z")
    world.books.remember(path, world.now, world.book)
    world.agree(world.product.command("remember", name, now=world.now))


def rebase(world: World, _a: int, _b: int, _c: int) -> None:
    """A source gets another basis: told by the next run, and applied by `rebase`."""
    audit = next(s for s in world.sources if s.name == "audit")
    if not world.has_run or world.has_page_charges or not has_verb("rebase"):
        raise UnfitError
    moved = replace(audit, basis="detail" if audit.basis == "charge" else "charge")
    world.configure(moved)
    world.told.append(f"# the basis of audit is now {moved.basis}")
    told = world.product.run(world.now)
    versions = world.books.requests.versions
    was_read = any(v.path.startswith("audit/") and not v.is_forgotten for v in versions)
    if was_read and not told:
        raise DifferenceError("the run said nothing of the changed basis")
    world.books.rebase(moved, world.now, world.book)
    if not was_read:
        world.books.run(world.disk, world.clock, world.now, world.book)
        world.agree(told, world.books.ending(world.disk))
    _look_first(world, "rebase", "audit")
    world.told.append(f"tollbook rebase audit --now {world.now.isoformat()}Z")
    world.agree(world.product.command("rebase", "audit", now=world.now))


def set_aside(world: World, a: int, _b: int, _c: int) -> None:
    """A source is not read for a while, or is again."""
    if not world.product.knows_key("enabled"):
        raise UnfitError
    source = pick(world.sources, a)
    world.configure(replace(source, is_enabled=not source.is_enabled))
    world.told.append(f"# the source {source.name} has enabled = {not source.is_enabled}")


def skip(world: World, a: int, _b: int, _c: int) -> None:
    """A run leaves one file out."""
    if not world.disk or not has_verb("run", "--skip"):
        raise UnfitError
    path = pick(sorted(world.disk), a)
    world.told.append(f"tollbook run --skip {path} --now {world.now.isoformat()}Z")
    rest = {p: file for p, file in world.disk.items() if p != path}
    world.books.run(rest, world.clock, world.now, world.book)
    name = str(world.product.folder / path)
    ending = world.product.command("run", "--skip", name, now=world.now)
    world.agree(ending, world.books.ending(world.disk))
    world.has_run = True


def _look_first(world: World, *words: str) -> None:
    """A dry run changes nothing."""
    if not has_verb(words[0], "--dry-run"):
        return
    before = world.product.facts()
    if failure := world.product.command(*words, "--dry-run", now=world.now):
        raise DifferenceError(f"the dry run failed: {failure}")
    if world.product.facts() != before:
        raise DifferenceError(f"the dry run of {words[0]} changed something")


def replay(world: World, _a: int, _b: int, _c: int) -> None:
    """The quarantine is read again."""
    if not world.has_run:
        raise UnfitError
    world.told.append(f"tollbook quarantine replay --now {world.now.isoformat()}Z")
    world.books.replay(world.clock, world.now, world.book)
    world.agree(world.product.replay(world.now))


def compact(world: World, _a: int, _b: int, _c: int) -> None:
    """Small files are merged: nothing changes."""
    if not world.has_run:
        raise UnfitError
    world.told.append(f"tollbook compact --now {world.now.isoformat()}Z")
    world.books.compact(world.now, world.book)
    world.agree(world.product.compact(world.now))


def rerate(world: World, a: int, _b: int, _c: int) -> None:
    """Some days are priced anew, after a look at what that would do."""
    if not world.has_run or "rerate_range" in world.faults:
        raise UnfitError
    since, until = pick(RANGES, a)
    span = f"--since {since} --until {until} --now {world.now.isoformat()}Z"
    world.told.append(f"tollbook rerate {span} --dry-run")
    before = sum(cost for cost, _ in world.books.money.charges.values())
    shown = world.product.preview(since, until, world.now)
    world.told.append(f"tollbook rerate {span}")
    world.books.rerate(since, until, world.now, world.book)
    moved = sum(cost for cost, _ in world.books.money.charges.values()) - before
    world.agree(world.product.rerate(since, until, world.now))
    if abs(moved - shown) > DIGITS * 100:
        raise DifferenceError(f"the dry run showed {shown}, posted {moved}")


def set_budget(world: World, a: int, b: int, c: int) -> None:
    """`budgets set`: another amount from a day on, at once; not for a month that has ended."""
    if not world.has_run:
        raise UnfitError
    chosen, since, usd = pick(world.books.watch.budgets, a), pick(AMENDED_FROM, b), pick(AMOUNTS, c)
    held = [amount for day, amount in chosen.amended if day == since]
    is_refused = world.books.has_ended(since, world.now) or held[-1:] == [usd]
    words = (chosen.name, "--amount", str(usd), "--from", str(since), "--reason", "a trial")
    world.told.append(f"tollbook budgets set {' '.join(words)} --now {world.now.isoformat()}Z")
    if not is_refused:
        amended = replace(chosen, amended=(*chosen.amended, (since, usd)))
        world.product.budgets = world.books.amend(amended, world.now, world.book)
    ending = world.product.command("budgets", "set", *words, now=world.now)
    if is_refused and not (ending and ending.startswith("exit 2")):
        raise DifferenceError(f"the amount was not refused: {ending!r}")
    world.agree(None if is_refused else ending)


def acknowledge(world: World, a: int, b: int, _c: int) -> None:
    """An alert is acknowledged, or all that are open, or that is undone; the next run shows it."""
    is_undone = b % 3 == 0
    known = world.books.watch.alerts
    fit = [
        key
        for key, alert in known.items()
        if alert.state == ("acknowledged" if is_undone else "open")
    ]
    if not fit:
        raise UnfitError
    one = sorted(fit)[a % len(fit)]
    words = [world.product.alert_id(*one)] if b % 2 else ["--all"]
    words += ["--undo"] if is_undone else []
    world.told.append(f"tollbook alerts ack {' '.join(words)}")
    if failure := world.product.command("alerts", "ack", *words):
        raise DifferenceError(f"the alert was not acknowledged: {failure}")
    for key in [one] if b % 2 else fit:
        known[key].state = "open" if is_undone else "acknowledged"
    run(world, 1, 0, 0)


def close(world: World, a: int, _b: int, _c: int) -> None:
    """A month that has ended is closed, whatever is in the way."""
    if not world.has_run:
        raise UnfitError
    months = world.books.may_close(world.now)
    if not months:
        raise UnfitError
    month = pick(months, a)
    words = ("close", f"{month:%Y-%m}", "--force", "--reason", "a trial")
    world.told.append(f"tollbook {' '.join(words)} --now {world.now.isoformat()}Z")
    world.books.close(month, world.now, world.book)
    world.agree(world.product.command(*words, now=world.now))


def reopen(world: World, _a: int, _b: int, _c: int) -> None:
    """The month that was closed last is open again."""
    if not world.books.closed:
        raise UnfitError
    month = month_of(world.books.closed[-1].until - timedelta(days=1))
    words = ("reopen", f"{month:%Y-%m}", "--reason", "a trial")
    world.told.append(f"tollbook {' '.join(words)} --now {world.now.isoformat()}Z")
    world.books.reopen(world.now, world.book)
    world.agree(world.product.command(*words, now=world.now))


def lose_database(world: World, a: int, _b: int, _c: int) -> None:
    """The database is lost or overwritten, and made again from its copy; the next run carries on.

    A reader sees what was published, before that run as well.
    """
    if not world.has_run or not has_verb("rebuild"):
        raise UnfitError
    database = world.product.folder / "var" / "warehouse.duckdb"
    before = world.product.facts()
    if a % 2:
        database.unlink()
    else:
        database.write_bytes(b"rubbish")
    world.told.append(f"# warehouse.duckdb is {'lost' if a % 2 else 'rubbish'}; tollbook rebuild")
    if failure := world.product.command("rebuild"):
        raise DifferenceError(f"the database was not made again: {failure}")
    if world.product.facts() != before:
        raise DifferenceError("what is published changed by the rebuild")
    run(world, 1, 0, 0)


def restore_backup(world: World, a: int, _b: int, _c: int) -> None:
    """The storage is saved, lost with all that it holds, and restored; the next run carries on."""
    if not world.has_run or not has_verb("restore"):
        raise UnfitError
    saved, root = world.product.folder / "saved.tar", world.product.folder / "var"
    world.told.append(
        "# tollbook backup saved.tar; the storage is lost; tollbook restore saved.tar"
    )
    if failure := world.product.command("backup", str(saved)):
        raise DifferenceError(f"there is no backup: {failure}")
    if a % 2:
        shutil.rmtree(root)
    words = ("restore", str(saved)) + (() if a % 2 else ("--replace",))
    if failure := world.product.command(*words):
        raise DifferenceError(f"the backup was not restored: {failure}")
    saved.unlink()
    run(world, 1, 0, 0)


def look_back(world: World, a: int, _b: int, _c: int) -> None:
    """What was known at an earlier instant is still what it shows."""
    if not world.seen or "as_of" in world.faults:
        raise UnfitError
    at, facts = pick(world.seen, a)
    got = world.product.facts_as_of(at)
    found = differences(facts, got, ("charges", "daily", "usage"))
    if found:
        raise DifferenceError(f"as of {at}:\n" + "\n".join(found))


OTHER_ACTS = {
    step.__name__: step for step in (price, discount, amend, change_engine, wait, set_aside)
}
VERBS = {
    step.__name__: step
    for step in (
        run,
        run_named,
        run_again,
        forget,
        remember,
        rebase,
        skip,
        replay,
        rerate,
        look_back,
        set_budget,
        close,
        reopen,
        acknowledge,
        compact,
        lose_database,
        restore_backup,
    )
}
