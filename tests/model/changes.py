"""What happens to the input files, in the ordinary course.

Each picks what it works on by its numbers. It does the same to the files of the product and to
those that the model sees; where there is nothing to work on, UnfitError.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from tests.model import content
from tests.model.content import Call
from tests.model.world import (
    BILLED_DAYS,
    HALF,
    MODELS,
    PROJECTS,
    TIMES,
    UnfitError,
    World,
    pick,
)


def _said(line: str) -> Call:
    said = content.understood(line)
    assert isinstance(said, Call)
    return said


def new_log(world: World, a: int, b: int, c: int) -> None:
    """A new file with some calls."""
    calls = [world.call(a + i, b + i) for i in range(1 + c % 3)]
    path = f"logs/{world.name()}.jsonl"
    world.write(path, "".join(f"{content.log_line(x)}\n" for x in calls))


def grow(world: World, a: int, b: int, c: int) -> None:
    """A log grows."""
    if not (files := world.files()):
        raise UnfitError
    world.append(pick(files, c), content.log_line(world.call(a, b)))


def half(world: World, a: int, b: int, c: int) -> None:
    """A log is read while its last line is being written."""
    files = [f for f in world.files() if f not in world.halves]
    if not files:
        raise UnfitError
    path, line = pick(files, c), content.log_line(world.call(a, b))
    middle = len(line) // 2
    world.write(path, world.disk[path].text + line[:middle])
    world.halves[path] = line[middle:]


def complete(world: World, a: int, _b: int, _c: int) -> None:
    """The last line is written to its end."""
    if not world.halves:
        raise UnfitError
    world.append(pick(sorted(world.halves), a))


def tear(world: World, a: int, b: int, _c: int) -> None:
    """The writer was killed within a line, and began anew behind it."""
    if not world.halves:
        raise UnfitError
    path = pick(sorted(world.halves), a)
    known = world.books.requests.newest.get(path)
    if "torn_line" in world.faults and known is not None and known.given_up is not None:
        raise UnfitError
    del world.halves[path]
    world.append(path, "", content.log_line(world.call(a, b)))


def repeat(world: World, a: int, _b: int, c: int) -> None:
    """A line is written again, in a file of its own or another one."""
    lines, files = world.lines(), world.files()
    if not lines:
        raise UnfitError
    if files and c % 2:
        world.append(pick(files, c // 2), pick(lines, a))
    else:
        world.write(f"logs/{world.name()}.jsonl", pick(lines, a) + "\n")


def restate(world: World, a: int, b: int, c: int) -> None:
    """The same request with other figures, in a file of its own or another one."""
    lines = [x for x in world.lines() if _said(x).name is not None]
    if not lines:
        raise UnfitError
    said = replace(_said(pick(lines, a)), tokens=HALF * (1 + b % 5))
    files = world.files()
    if files and c % 2:
        world.append(pick(files, c // 2), content.log_line(said))
    else:
        world.write(f"logs/{world.name()}.jsonl", content.log_line(said) + "\n")


def empty(world: World, a: int, _b: int, c: int) -> None:
    """The same request again with usage of zero, as of a stream that broke off."""
    lines = [x for x in world.lines() if _said(x).name is not None]
    if not lines:
        raise UnfitError
    said = content.log_line(replace(_said(pick(lines, a)), tokens=0))
    files = world.files()
    if files and c % 2:
        world.append(pick(files, c // 2), said)
    else:
        world.write(f"logs/{world.name()}.jsonl", said + "\n")


def ask_again(world: World, a: int, b: int, c: int) -> None:
    """A response is read again by another key: of another project, or one that says none."""
    lines = [x for x in world.lines() if _said(x).name is not None]
    if not lines:
        raise UnfitError
    said = replace(_said(pick(lines, a)), project=(None, *PROJECTS)[b % 3])
    files = world.files()
    if files and c % 2:
        world.append(pick(files, c // 2), content.log_line(said))
    else:
        world.write(f"logs/{world.name()}.jsonl", content.log_line(said) + "\n")


def reuse(world: World, a: int, b: int, c: int) -> None:
    """A server repeats an id at another time, which is another call."""
    lines = [x for x in world.lines() if _said(x).name is not None]
    if not lines:
        raise UnfitError
    said = replace(_said(pick(lines, a)), at=pick(TIMES, b))
    files = world.files()
    if files and c % 2:
        world.append(pick(files, c // 2), content.log_line(said))
    else:
        world.write(f"logs/{world.name()}.jsonl", content.log_line(said) + "\n")


def nameless(world: World, a: int, b: int, c: int) -> None:
    """Two equal calls without an id, which are two calls, and how a copy has them."""
    line = content.log_line(world.call(a % 3, b % 2, None))
    files = world.files()
    if files and c % 2:
        world.append(pick(files, c // 2), line)
    else:
        world.write(f"logs/{world.name()}.jsonl", f"{line}\n" * (1 + c % 3))


def rubbish(world: World, a: int, b: int, c: int) -> None:
    """A line that cannot be read; the same one may stand elsewhere."""
    line = f"rubbish {a % 2}"
    if b % 2:
        line = content.without_model(content.log_line(world.call(a, b)))
    files = world.files()
    if "held_twice" in world.faults:
        files = [f for f in files if line not in world.disk[f].text]
    if not files or c % 3 == 0:
        world.write(f"logs/{world.name()}.jsonl", line + "\n")
    else:
        world.append(pick(files, c), line)


def foreign(world: World, a: int, b: int, c: int) -> None:
    """A call of another organization."""
    if "foreign_rows" in world.faults:
        raise UnfitError
    line = content.of_another_organization(content.log_line(world.call(a, b)))
    files = world.files()
    if files and c % 2:
        world.append(pick(files, c // 2), line)
    else:
        world.write(f"logs/{world.name()}.jsonl", line + "\n")


def mend(world: World, a: int, b: int, c: int) -> None:
    """Somebody mends a line in its file, or takes it out."""
    found = [
        (path, line)
        for path in world.files()
        if path not in world.halves
        for line in world.disk[path].text.splitlines()
        if not isinstance(content.understood(line), Call)
    ]
    if not found or "mended_row" in world.faults:
        raise UnfitError
    path, line = pick(found, a)
    good = f"{content.log_line(world.call(a, b))}\n" if c % 3 else ""
    world.write(path, world.disk[path].text.replace(line + "\n", good, 1))


def future(world: World, a: int, b: int, c: int) -> None:
    """A call dated two days ahead: held back, and readable later."""
    if "future_rows" in world.faults:
        raise UnfitError
    call = replace(world.call(a, b), at=world.clock + timedelta(days=2))
    files = world.files()
    if files and c % 2:
        world.append(pick(files, c), content.log_line(call))
    else:
        world.write(f"logs/{world.name()}.jsonl", content.log_line(call) + "\n")


def copy(world: World, a: int, _b: int, c: int) -> None:
    """A file is copied."""
    files = world.files("logs", "pages", "bill", plain=False)
    if not files:
        raise UnfitError
    path = pick(files, a)
    folder, name = path.split("/")
    to = f"{folder}/{'copy' if c % 2 else 'a-copy'}{world.name()}-{name}"
    world.write(to, world.disk[path].text)


def rename(world: World, a: int, b: int, c: int) -> None:
    """A log or a page gets another name, which may sort before or behind."""
    folders = ("logs",) if b % 3 else ("pages", "look", "bill")
    if not (files := world.files(*folders, plain=False)):
        raise UnfitError
    path = pick(files, a)
    folder, name = path.split("/")
    rest = world.halves.get(path)
    to = f"{folder}/{'z' if c % 2 else 'b'}{world.name()}-{name}"
    world.write(to, world.disk[path].text)
    world.remove(path)
    if rest is not None and not to.endswith(".gz"):
        world.halves[to] = rest


def pack(world: World, a: int, _b: int, _c: int) -> None:
    """A log is packed."""
    files = [f for f in world.files() if f not in world.halves]
    if not files:
        raise UnfitError
    path = pick(files, a)
    world.write(f"{path}.gz", world.disk[path].text)
    world.remove(path)


def rotate(world: World, a: int, b: int, c: int) -> None:
    """A log is renamed, and another one begins under its name."""
    files = [f for f in world.files() if f not in world.halves]
    if not files:
        raise UnfitError
    path = pick(files, c)
    world.write(f"{path.removesuffix('.jsonl')}.{world.name()}.jsonl", world.disk[path].text)
    world.write(path, content.log_line(world.call(a, b)) + "\n")


def rewrite(world: World, a: int, b: int, c: int) -> None:
    """A log is written anew: with a line less, one more before all others, or shorter."""
    files = [f for f in world.files() if f not in world.halves and world.disk[f].text]
    if not files:
        raise UnfitError
    path = pick(files, c)
    lines = world.disk[path].text.splitlines()
    if a % 3 == 0:
        lines.pop(b % len(lines))
    elif a % 3 == 1:
        lines.insert(0, content.log_line(world.call(a, b)))
    else:
        lines = lines[: len(lines) - 1]
    world.write(path, "".join(f"{line}\n" for line in lines))


def touch(world: World, a: int, _b: int, _c: int) -> None:
    """A file gets a new time and nothing else."""
    files = world.files("logs", "tables", "pages", "bill", "audit", plain=False)
    if not files:
        raise UnfitError
    path = pick(files, a)
    world.write(path, world.disk[path].text)


def remove(world: World, a: int, _b: int, _c: int) -> None:
    """A file is removed; what was read of it stays."""
    files = world.files("logs", "tables", "pages", "bill", "audit", plain=False)
    if not files:
        raise UnfitError
    world.remove(pick(files, a))


def audit(world: World, a: int, b: int, c: int) -> None:
    """A second log that is kept as detail, of calls that are charged already or of others."""
    lines = world.lines()
    if (
        ("detail_beside_charge" in world.faults and not world.has_page_charges)
        or not lines
        or c % 3 == 0
    ):
        lines = [content.log_line(world.call(a, b, f"audit{world.name()}"))]
    world.write(f"audit/{world.name()}.jsonl", pick(lines, a) + "\n")


def table(world: World, a: int, b: int, c: int) -> None:
    """A table of requests: a new one, or one exported anew with a row more, less or changed."""
    files = world.files("tables")
    if not files or c % 3 == 0:
        rows = [content.table_row(world.call(a + i, b + i)) for i in range(1 + b % 2)]
        path = f"tables/{world.name()}.csv"
    else:
        path = pick(files, b)
        rows = world.disk[path].text.splitlines()[1:]
        if c % 3 == 1:
            rows.append(content.table_row(world.call(a, b)))
        else:
            said = content.understood_row(rows.pop(a % len(rows)))
            rows.append(content.table_row(replace(said, tokens=HALF * (1 + b % 5))))
    world.write(path, "\n".join((content.TABLE_HEADER, *rows)) + "\n")


def _delay(world: World, kind: str, at: datetime, c: int) -> timedelta:
    """When a bucket was fetched: now; or some time ago, the answer being late."""
    known = [
        (page.order(bucket), bucket.rows)
        for page in world.books.buckets.pages
        for bucket in page.buckets
        if (bucket.kind, bucket.at) == (kind, at)
    ]
    known.sort()
    is_confirmed = any(one[1] == other[1] for one, other in pairwise(known))
    if c % 4 or ("equal_fetch" in world.faults and is_confirmed):
        return timedelta(minutes=5)
    return timedelta(minutes=-25)


def page(world: World, a: int, b: int, c: int) -> None:
    """A bucket is fetched: the first time, later, late in coming, or with an earlier figure."""
    rows = (
        *((("pa", "m1", HALF * (1 + b % 3), 1 + b % 2),) if b % 7 else ()),
        *((("pb", pick(MODELS, b), HALF, 1),) if b % 3 == 0 else ()),
    )
    at = (TIMES[0], TIMES[4], TIMES[6])[a % 3].replace(minute=0)
    fetched_at = world.clock + _delay(world, "usage", at, c)
    path = f"pages/{world.name()}.json"
    world.write(path, content.usage_page(fetched_at, at, rows))


def save_page(world: World, a: int, b: int, _c: int) -> None:
    """A page from elsewhere, which does not say when it was fetched, is saved again."""
    if "returning_figure" in world.faults:
        raise UnfitError
    rows = (("pa", "m1", HALF * (1 + a % 3), 1),)
    path = f"pages/saved-{b % 2}.json" if b % 3 else f"pages/saved-{world.name()}.json"
    world.write(path, content.usage_page(None, TIMES[0].replace(hour=20), rows))


def look(world: World, a: int, b: int, c: int) -> None:
    """A page is kept as detail as well, or another one of the same bucket."""
    pages = world.files("pages")
    if not pages or c % 3 == 0:
        rows = (("pa", "m1", HALF * (1 + a % 3), 1),)
        text = content.usage_page(None, TIMES[0].replace(hour=20), rows)
    else:
        text = world.disk[pick(pages, a)].text
    world.write(f"look/{world.name()}.json" if b % 2 else f"look/saved-{b % 3}.json", text)


def bill(world: World, a: int, b: int, c: int) -> None:
    """The bill of a day is fetched, and moves, also back; or an old answer comes late."""
    item = "gpt-4.1-2025-04-14, training"
    usd = Decimal(1 + b % 3) / 4
    rows: tuple[tuple[str, str, str], ...] = (("pa", item, str(usd)),)
    if b % 2:
        rows += (("pb", item, "2"),)
    at = BILLED_DAYS[a % 2]
    fetched_at = world.clock + _delay(world, "costs", at, c)
    world.write(f"bill/{world.name()}.json", content.costs_page(fetched_at, at, rows))


def invoice(world: World, a: int, b: int, c: int) -> None:
    """The bill of a day with usage of ours is fetched, and moves: tokens of some models."""
    at = pick(TIMES, a).replace(hour=0, minute=0)
    rows = tuple(
        (str(project), f"{model}, input", str(Decimal(1 + (b + n) % 5) / 4))
        for n, (project, model) in enumerate(
            (project, model) for project in PROJECTS for model in sorted(set(MODELS))
        )
        if (b >> n) % 3
    )
    fetched_at = world.clock + _delay(world, "costs", at, c)
    world.write(f"bill/{world.name()}.json", content.costs_page(fetched_at, at, rows))


CHANGES = {
    change.__name__: change
    for change in (
        new_log,
        grow,
        half,
        complete,
        tear,
        repeat,
        restate,
        empty,
        ask_again,
        reuse,
        nameless,
        rubbish,
        foreign,
        mend,
        future,
        copy,
        rename,
        pack,
        rotate,
        rewrite,
        touch,
        remove,
        audit,
        table,
        page,
        save_page,
        look,
        bill,
        invoice,
    )
}
