"""A made-up organization, "Acme", and the calls its projects make; the same seed, the same Acme.

`acme` says who they are, `request_lines` what a gateway in front of the provider's API logs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pipeline.demo import workloads
from pipeline.demo.bodies import line
from pipeline.demo.cast import (
    ApiKey,
    Organization,
    Person,
    Project,
    ServiceAccount,
    Workload,
)
from pipeline.demo.ids import base62
from pipeline.demo.traffic import calls

SEED = 20261122
_FOUNDED = date(2025, 2, 3)

_NAMES = (
    ("Ada Brandt", "owner"),
    ("Bo Lindqvist", "owner"),
    ("Carla Moreau", "reader"),
    ("Deniz Kaya", "reader"),
    ("Emil Novak", "reader"),
    ("Femke de Vries", "reader"),
    ("Goran Ilic", "reader"),
    ("Hanna Weiss", "reader"),
    ("Imani Otieno", "reader"),
    ("Jonas Keller", "reader"),
    ("Katya Sokolova", "reader"),
    ("Luca Ferri", "reader"),
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A project before it has ids; people are places in `_NAMES`."""

    slug: str
    name: str
    created: date
    owner: int
    does: tuple[Workload, ...]
    members: tuple[int, ...] = ()
    bots: tuple[str, ...] = ()
    archived: date | None = None


_PROJECTS = (
    _Plan(
        "default",
        "Default project",
        _FOUNDED,
        owner=0,
        does=workloads.PLAYGROUND,
        members=(2, 5, 8, 11),
    ),
    _Plan(
        "support",
        "Support chatbot",
        date(2025, 3, 10),
        owner=2,
        does=workloads.SUPPORT,
        members=(3,),
        bots=("support-bot", "support-bot-eu"),
    ),
    _Plan(
        "search",
        "Document search",
        date(2025, 5, 19),
        owner=4,
        does=workloads.SEARCH,
        members=(5,),
        bots=("search-api", "indexer"),
    ),
    _Plan(
        "contracts",
        "Contract review",
        date(2025, 9, 1),
        owner=6,
        does=workloads.CONTRACTS,
        members=(7,),
    ),
    _Plan(
        "code",
        "Code assistant",
        date(2025, 11, 17),
        owner=9,
        does=workloads.CODE,
        members=(4, 8, 10, 11),
    ),
    _Plan(
        "marketing",
        "Marketing studio",
        date(2026, 1, 12),
        owner=5,
        does=workloads.MARKETING,
        members=(7, 10),
    ),
    _Plan(
        "calls",
        "Call centre audio",
        date(2026, 3, 2),
        owner=3,
        does=workloads.CALLS,
        members=(2,),
        bots=("call-recorder",),
    ),
    _Plan(
        "enrichment",
        "Nightly enrichment",
        date(2026, 4, 20),
        owner=4,
        does=workloads.ENRICHMENT,
        members=(9,),
        bots=("catalogue-job",),
    ),
    _Plan(
        "hackathon",
        "Hackathon 2026",
        date(2026, 9, 14),
        owner=8,
        does=workloads.HACKATHON,
        members=(6, 11),
        archived=date(2026, 10, 12),
    ),
)


def acme(seed: int = SEED) -> Organization:
    """The organization of that seed: people, projects (one the Default project), keys."""
    source = random.Random(f"{seed}:organization")  # noqa: S311  made-up people, no secrets
    people = tuple(_person(source, number) for number in range(len(_NAMES)))
    return Organization(
        seed=seed,
        id=f"org-{base62(source, 24)}",
        name="Acme",
        timezone="Europe/Berlin",
        people=people,
        projects=tuple(_project(source, people, number) for number in range(len(_PROJECTS))),
    )


def request_lines(
    organization: Organization, since: date, until: date, scale: float = 1.0
) -> Iterator[str]:
    """One JSON line a call, in time order: the API's answer, and beside it who asked.

    **Takes** half-open days of the organization's zone, and how many times the usual traffic.
    **Gives** the same lines for a day whatever else was asked for.
    """
    for call in calls(organization, since, until, scale):
        yield line(organization, call)


def _person(source: random.Random, number: int) -> Person:
    name, role = _NAMES[number]
    first, _, last = name.lower().partition(" ")
    return Person(
        id=f"user-{base62(source, 24)}",
        name=name,
        email=f"{first}.{last.replace(' ', '')}@acme.example",
        role="owner" if role == "owner" else "reader",
        added_at=datetime.combine(_FOUNDED, time(9)) + timedelta(days=17 * number),
    )


def _project(source: random.Random, people: tuple[Person, ...], number: int) -> Project:
    plan = _PROJECTS[number]
    created_at = datetime.combine(plan.created, time(9, 30))
    accounts = tuple(
        ServiceAccount(f"svc_acct_{base62(source, 24)}", bot, created_at + timedelta(hours=1))
        for bot in plan.bots
    )
    keys = [
        ApiKey(
            id=f"key_{base62(source, 16)}",
            name=f"{plan.slug}-{people[place].name.split()[0].lower()}",
            created_at=created_at + timedelta(days=1 + place),
            user_id=people[place].id,
            service_account_id=None,
        )
        for place in (plan.owner, *plan.members)
    ]
    keys += [
        ApiKey(
            id=f"key_{base62(source, 16)}",
            name=account.name,
            created_at=account.created_at,
            user_id=None,
            service_account_id=account.id,
        )
        for account in accounts
    ]
    return Project(
        slug=plan.slug,
        id=f"proj_{base62(source, 24)}",
        name=plan.name,
        created_at=created_at,
        archived_at=datetime.combine(plan.archived, time(15)) if plan.archived else None,
        owner_ids=(people[plan.owner].id,),
        member_ids=tuple(people[place].id for place in plan.members),
        service_accounts=accounts,
        api_keys=tuple(keys),
        workloads=plan.does,
    )
