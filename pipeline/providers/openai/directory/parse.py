"""Parses the answers of the API into entries of the directory; notes those that failed.

Takes a document; gives facts, problems and notes. A list that failed closes nothing; what an
answer has beside the fields known here is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipeline.directory.model import (
    ACCOUNTS,
    INVITES,
    KEYS,
    LIMIT_NAMES,
    MEMBERS,
    PERMISSIONS,
    PROJECTS,
    RATE_LIMITS,
    SPEND_ALERTS,
    SPEND_LIMITS,
    USERS,
    WHOLE,
    DirectoryTable,
    Entry,
    OriginEntries,
)
from pipeline.errors import ApiError
from pipeline.money import EXACT
from pipeline.providers.openai.directory.ask import (
    INVITES_PATH,
    PROJECTS_PATH,
    SPEND_ALERTS_PATH,
    SPEND_LIMIT_PATH,
    USERS_PATH,
    Asked,
    Document,
    is_archived,
    project_path,
)
from pipeline.providers.openai.kinds import NAME
from pipeline.providers.provider import DirectoryAnswer

_MOST = 2**63 - 1
_CENTS = Decimal(100)
_MOST_CENTS = 10**14  # a higher limit is as good as none, and does not fit into a row
Item = Mapping[str, Any]


def read(document: Document, origin: str, *, young_seconds: int = 600) -> DirectoryAnswer:
    """The facts in a document.

    A project younger than `young_seconds` may answer 404: the provider makes it known bit by bit.
    """
    found = DirectoryAnswer(OriginEntries(origin, document.fetched_at))
    failures: dict[str, list[Asked]] = defaultdict(list)
    projects = document.answer(PROJECTS_PATH)
    if projects is not None:
        _take(found, projects, PROJECTS, WHOLE, _project, failures)
    by_path = {answer.path: answer for answer in document.answers}
    for path, table, make in (
        (USERS_PATH, USERS, _user),
        (INVITES_PATH, INVITES, _invite),
        (SPEND_LIMIT_PATH, SPEND_LIMITS, _spend_limit_of(None)),
        (SPEND_ALERTS_PATH, SPEND_ALERTS, _spend_alert_of(None)),
    ):
        if path in by_path:
            _take(found, by_path[path], table, WHOLE, make, failures)
    for item in () if projects is None else projects.items:
        _read_project(found, item, by_path, failures, young_seconds)
    _check_accounts(found)
    _note_failures(found, failures)
    return found


def _read_project(
    found: DirectoryAnswer,
    item: Item,
    by_path: Mapping[str, Asked],
    failures: dict[str, list[Asked]],
    young_seconds: int,
) -> None:
    project_id = str(item.get("id") or "")
    archived_at = _instant(item.get("archived_at"))
    created_at = _instant(item.get("created_at"))
    is_young = created_at is not None and (
        (found.entries.at - created_at).total_seconds() < young_seconds
    )
    for what, table, make in (
        ("users", MEMBERS, _member_of(project_id)),
        ("service_accounts", ACCOUNTS, _account_of(project_id)),
        ("api_keys", KEYS, _key_of(project_id)),
        ("rate_limits", RATE_LIMITS, _limit_of(project_id)),
        ("model_permissions", PERMISSIONS, _permissions_of(project_id)),
        ("spend_limit", SPEND_LIMITS, _spend_limit_of(project_id)),
        ("spend_alerts", SPEND_ALERTS, _spend_alert_of(project_id)),
    ):
        try:
            answer = by_path.get(project_path(project_id, what))
        except ValueError:
            continue
        if is_archived(item):
            # it has no people, accounts and limits any more: nobody needs to say so
            if answer is not None and answer.error is None:
                _take(found, answer, table, project_id, make, failures)
            elif answer is None or answer.status in {400, 404}:
                found.entries.close(table, project_id, archived_at)
            continue
        if answer is None or (is_young and answer.status == 404):
            continue
        _take(found, answer, table, project_id, make, failures)


def _take(
    found: DirectoryAnswer,
    answer: Asked,
    table: DirectoryTable,
    scope: str,
    make: Callable[[Item], Entry | None],
    failures: dict[str, list[Asked]],
) -> None:
    """The items of one answer as facts; whole, unless one of them cannot be understood."""
    if answer.error is not None:
        if answer.status == 404 and table in {PERMISSIONS, SPEND_LIMITS, SPEND_ALERTS}:
            found.entries.close(table, scope)  # none is set
        else:
            failures[_general(answer.path)].append(answer)
        return
    strange = 0
    found.entries.rows.setdefault(table.name, [])
    for item in answer.items:
        fact = make(item)
        if fact is not None:
            found.entries.add(table, fact)
        elif table not in {PERMISSIONS, SPEND_LIMITS}:
            strange += 1
    if strange:
        found.notes.append(
            f"The source {found.entries.origin!r}: {answer.path} has {strange} items without an "
            "id; nothing is taken as gone there"
        )
    else:
        found.entries.close(table, scope)


def _general(path: str) -> str:
    """``projects/*/users`` for any project."""
    parts = path.removeprefix("/organization/").split("/")
    return "/".join([parts[0], "*", *parts[2:]]) if len(parts) == 3 else "/".join(parts)


def _note_failures(found: DirectoryAnswer, failures: Mapping[str, list[Asked]]) -> None:
    """One sentence for all that failed for one reason.

    Lists that this key or server does not offer are not a problem: usage comes without them.
    """
    reasons: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    first: dict[tuple[str, str | None], ApiError] = {}
    for name, answers in failures.items():
        for answer in answers:
            error = answer.error
            if error is None:
                continue
            reason = (_reason(error), error.hint)
            first.setdefault(reason, error)
            if name not in reasons[reason]:
                reasons[reason].append(name)
    for (what, hint), names in reasons.items():
        error = first[what, hint]
        problem = ApiError(
            f"the directory of {found.entries.origin!r}: {', '.join(names)} {what}; "
            "what was known of it stays",
            key=error.key,
            hint=hint,
            status=error.status,
            code=error.code,
            is_unreachable=error.is_unreachable,
        )
        if error.is_forbidden or error.status == 404:
            found.notes.append(f"{problem} Without a directory: [directory] sync = false.")
        else:
            found.problems.append(problem)


def _reason(error: ApiError) -> str:
    """The message of an error without the path at its beginning."""
    return error.what.split(" ", 1)[-1]


def _check_accounts(found: DirectoryAnswer) -> None:
    """A service account belongs to exactly one project."""
    seen: dict[Any, str] = {}
    for fact in found.entries.rows.get(ACCOUNTS.name, ()):
        project_id = fact.values[0]
        first = seen.setdefault(fact.key, project_id)
        if first != project_id:
            found.notes.append(
                f"The source {found.entries.origin!r}: the service account {fact.key[0]!r} is "
                f"listed in {first!r} and in {project_id!r}; it belongs to one project, the first "
                "is taken"
            )


def _project(item: Item) -> Entry | None:
    id_ = _text(item.get("id"))
    if id_ is None:
        return None
    created_at, archived_at = _instant(item.get("created_at")), _instant(item.get("archived_at"))
    state = "archived" if is_archived(item) else "active"
    values = (_text(item.get("name")), state, created_at, archived_at, None, None, None)
    return Entry((id_,), values, created_at, archived_at)


def _user(item: Item) -> Entry | None:
    id_ = _text(item.get("id"))
    nested = _object(item.get("user"))
    values = (
        _text(item.get("name")) or _text(nested.get("name")),
        _text(item.get("email")) or _text(nested.get("email")),
        _text(item.get("role")),
    )
    return None if id_ is None else Entry((id_,), values, _instant(item.get("added_at")))


def _invite(item: Item) -> Entry | None:
    id_ = _text(item.get("id"))
    if id_ is None:
        return None
    projects = item.get("projects")
    pairs = [
        (_text(p.get("id")) or "", _text(p.get("role")) or "")
        for p in (projects if isinstance(projects, list) else ())
        if isinstance(p, dict)
    ]
    created_at, accepted_at = _instant(item.get("created_at")), _instant(item.get("accepted_at"))
    expires_at, status = _instant(item.get("expires_at")), _text(item.get("status"))
    changed = {"accepted": accepted_at, "expired": expires_at}.get(status or "")
    values = (
        *(_text(item.get("email")), _text(item.get("role")), status),
        *(created_at, expires_at, accepted_at),
        *(tuple(p for p, _ in pairs), tuple(r for _, r in pairs)),
    )
    return Entry((id_,), values, created_at, changed)


def _member_of(project_id: str) -> Callable[[Item], Entry | None]:
    def make(item: Item) -> Entry | None:
        id_, role = _text(item.get("id")), _text(item.get("role"))
        since = _instant(item.get("added_at"))
        return None if id_ is None else Entry((project_id, id_), (role,), since)

    return make


def _account_of(project_id: str) -> Callable[[Item], Entry | None]:
    def make(item: Item) -> Entry | None:
        id_ = _text(item.get("id"))
        values = (project_id, _text(item.get("name")), _text(item.get("role")))
        return None if id_ is None else Entry((id_,), values, _instant(item.get("created_at")))

    return make


def _key_of(project_id: str) -> Callable[[Item], Entry | None]:
    def make(item: Item) -> Entry | None:
        id_ = _text(item.get("id"))
        if id_ is None:
            return None
        owner, created_at = _object(item.get("owner")), _instant(item.get("created_at"))
        values = (
            *(project_id, _text(item.get("name"))),
            _text(_object(owner.get("service_account")).get("id")),
            _text(_object(owner.get("user")).get("id")),
            _text(item.get("owner_project_access")) or "active",
            *(created_at, _instant(item.get("expires_at"))),
        )
        return Entry((id_,), values, created_at)

    return make


def _limit_of(project_id: str) -> Callable[[Item], Entry | None]:
    def make(item: Item) -> Entry | None:
        model = _text(item.get("model")) or (_text(item.get("id")) or "").removeprefix("rl-")
        if not model:
            return None
        return Entry(
            (NAME, project_id, model), tuple(_count(item.get(name)) for name in LIMIT_NAMES)
        )

    return make


def _permissions_of(project_id: str) -> Callable[[Item], Entry | None]:
    def make(item: Item) -> Entry | None:
        mode, ids = _text(item.get("mode")), item.get("model_ids")
        models = tuple(filter(None, map(_text, ids))) if isinstance(ids, list) else ()
        if mode is None or (mode == "deny_list" and not models):
            return None  # nothing is denied: as good as no list
        return Entry((project_id,), (mode, models))

    return make


def _spend_limit_of(project_id: str | None) -> Callable[[Item], Entry | None]:
    def make(item: Item) -> Entry | None:
        cents = _count(item.get("threshold_amount"))
        if not cents or cents >= _MOST_CENTS:
            return None  # a limit of nothing is how some servers say that there is none
        amount_usd = EXACT.divide(Decimal(cents), _CENTS)
        enforcement = _text(_object(item.get("enforcement")).get("status"))
        return Entry(
            (project_id,), (amount_usd, _text(item.get("interval")) or "month", enforcement)
        )

    return make


def _spend_alert_of(project_id: str | None) -> Callable[[Item], Entry | None]:
    def make(item: Item) -> Entry | None:
        alert_id, cents = _text(item.get("id")), _count(item.get("threshold_amount"))
        if alert_id is None or not cents or cents >= _MOST_CENTS:
            return None
        amount_usd = EXACT.divide(Decimal(cents), _CENTS)
        return Entry((project_id, alert_id), (amount_usd, _text(item.get("interval")) or "month"))

    return make


def _object(value: Any) -> Item:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """A text that can be stored: half a surrogate pair, which JSON allows, cannot."""
    if not isinstance(value, str) or not value:
        return None
    return value.encode("utf-8", "replace").decode()


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    return value if is_count else None


def _instant(value: Any) -> datetime | None:
    seconds = _count(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
