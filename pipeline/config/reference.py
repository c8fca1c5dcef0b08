"""Every key of tollbook.toml explained: the file that `tollbook init` writes, the guide's table.

Sections, keys and defaults are read off the models in `pipeline.config`; only the words are here.
A key without words fails a test.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config.alerts_texts import ALERT_TEXTS
from pipeline.config.key_text import KeyText
from pipeline.config.model import Config
from pipeline.config.source_section import FETCHING

WIDTH = 96
_HEAD = """\
# What to read, what it costs, what may be spent. All keys are listed below.
#
# A line that begins with # and no blank is a setting that is off: it shows the default, or an
# example. Take the # away to set it. Relative paths are relative to this file, amounts of money
# are strings. `tollbook doctor` checks this file, `tollbook run` does the work.
"""
# What a source that fetches has beside the others; both cannot charge the same scopes.
_FETCHED = "A source that is fetched from the provider's API has these keys instead of path."
_FETCHED_BLOCK = (
    "#[[sources]]",
    '#name = "openai"',
    '#kind = "openai"',
    '#scopes = ["storage", "tools"]',
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the models."""

    section: str
    name: str
    default: Any  # None where there is none
    is_required: bool

    @property
    def path(self) -> str:
        """The key with its section, such as `storage.root`."""
        return f"{self.section}.{self.name}"


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file; `is_list` where it is written [[so]], once for each."""

    name: str
    what: str
    is_list: bool
    keys: tuple[Key, ...]
    is_named: bool = False  # written [section.NAME], once for each name

    @property
    def header(self) -> str:
        """How it is written: `[storage]`, `[[budgets]]`, `[alerts.routes.NAME]`."""
        if self.is_named:
            return f"[{self.name}.NAME]"
        return f"[[{self.name}]]" if self.is_list else f"[{self.name}]"


TEXTS: Mapping[str, KeyText] = {
    "organization.id": KeyText(
        "The organization's id at the provider. A record is known by it and its own id, so it "
        "must not change later.",
        '"default"',
        is_on=True,
    ),
    "organization.name": KeyText("The name that reports and alerts show.", '""', is_on=True),
    "organization.timezone": KeyText(
        "IANA time zone of the days and months in reports and budgets. The storage is kept in it: "
        "with another one, start another `storage.root`.",
        '"UTC"',
        is_on=True,
    ),
    "organization.also": KeyText(
        "Ids of further organizations whose rows count too. With an id, rows of any other one are "
        "quarantined; without (default), rows of all are taken.",
        '["org-subsidiary"]',
    ),
    "storage.root": KeyText(
        "Folder for everything that tollbook keeps: the books, published files, reports.",
        '"tollbook-data"',
        is_on=True,
    ),
    "sources.name": KeyText("A name of your own, shown as `source`.", '"gateway"', is_on=True),
    "sources.kind": KeyText(
        "request_log (response bodies, one JSON object a line), records (CSV or Parquet), "
        "openai_usage or openai_costs (saved pages of the provider's usage and costs endpoints), "
        "openai (fetches these pages; needs no path, and has the keys from base_url on).",
        '"request_log"',
        is_on=True,
    ),
    "sources.provider": KeyText(
        "Of request_log and records: whose models these are, where a row does not say. The same "
        "model at two providers has two prices.",
        '"openai"',
    ),
    "sources.path": KeyText(
        "Files, folders or globs; .gz and .zst are read as they are. Also s3://, gs:// and "
        "https://, with the extra for it (`pip install 'tollbook[s3]'`).",
        '["logs/*.jsonl*"]',
        is_on=True,
    ),
    "sources.basis": KeyText(
        '"charge": its usage is charged. "detail": it is only kept, and compared with what is '
        "charged. The same traffic must be charged once.",
        '"charge"',
    ),
    "sources.enabled": KeyText(
        "false: the source is set aside, nothing of it is fetched or read. What was read of it "
        "before goes on counting.",
        "true",
    ),
    "sources.replace": KeyText(
        "records: true: a rewritten file is the whole truth of that file, rows that vanished from "
        "it count no longer. false: they go on counting.",
        "false",
    ),
    "sources.scopes": KeyText(
        "What it is charged for, if another source charges the rest: models, fine_tuning, "
        "storage, tools. Empty: all of it.",
        '["models", "fine_tuning"]',
    ),
    "sources.base_url": KeyText(
        "openai: address of the API, for a proxy or a regional host. Without it OPENAI_BASE_URL "
        "of the environment, else https://api.openai.com/v1.",
        '"https://api.openai.com/v1"',
    ),
    "sources.key": KeyText(
        "openai: which variable of the environment holds an admin key of the organization.",
        '"env:OPENAI_ADMIN_KEY"',
    ),
    "sources.since": KeyText(
        "openai: the first UTC day to fetch. Without it the first of the month before the first "
        "run. Earlier days: `tollbook ingest --since`.",
        '"2026-01-01"',
    ),
    "sources.trailing_days": KeyText(
        "openai: how many days before the current one each run fetches again, since the provider "
        "corrects them; at the turn of a month the whole month.",
        "3",
    ),
    "sources.bucket_width": KeyText(
        'openai: "1h", for days in your time zone, or "1d", which is less to fetch.', '"1h"'
    ),
    "sources.minute_buckets": KeyText(
        "openai: fetch minutes of completions as well, to see how close rate limits are. Never "
        "charged.",
        "false",
    ),
    "sources.requests_in_flight": KeyText(
        "openai: how many requests may be under way at once, 1 to 16.", "4"
    ),
    "prices.files": KeyText(
        "Price files on top of the built-in list prices; the later file wins. `tollbook guide "
        "prices` shows their columns, `tollbook prices check` checks them.",
        '["our-prices.csv"]',
    ),
    "discounts.percent": KeyText(
        "Percent off the list price; a negative one is a surcharge. Of several that apply to a "
        "line one holds, they are never added up: the one with project and model, else project, "
        "else model, else neither; among equals the larger.",
        '"7.5"',
    ),
    "discounts.provider": KeyText("Only for this provider's prices.", '"openai"'),
    "discounts.project": KeyText("Only for this project's id.", '"proj_chatbot"'),
    "discounts.model": KeyText("Only for this model's id, as recorded.", '"gpt-5-mini-2025-08-07"'),
    "discounts.valid_from": KeyText("First UTC day.", '"2026-07-01"'),
    "discounts.valid_to": KeyText("UTC day on which it no longer holds.", '"2027-07-01"'),
    "budgets.id": KeyText("A name of your own; it tells alerts apart.", '"chatbot-monthly"'),
    "budgets.project": KeyText(
        "Only this project's spend. Without project, model and scope: the whole organization's.",
        '"proj_chatbot"',
    ),
    "budgets.model": KeyText("Only this model's spend.", '"gpt-5-mini-2025-08-07"'),
    "budgets.scope": KeyText("Only this scope's: models, fine_tuning, storage, tools.", '"models"'),
    "budgets.amount_usd": KeyText("US dollars for a calendar month.", '"2000.00"'),
    "budgets.thresholds": KeyText(
        "Percentages at which an alert is raised, once in a month each.", "[50, 80, 100]"
    ),
    "directory.sync": KeyText(
        "Sources of kind openai also tell projects, people, keys and limits, at every run. false: "
        "the files below are the whole directory.",
        "true",
    ),
    "directory.projects": KeyText(
        "A CSV with the columns project_id, project_name, and optionally state (active, "
        "archived), created_at, archived_at, and what the API does not have: description, "
        "website, owner_team. This file and the next six may have valid_from and valid_to (UTC; "
        "valid_to no longer counts): then they are the whole history. Without these a row is what "
        "is so now, and a change is dated by the run that sees it.",
        '"projects.csv"',
    ),
    "directory.members": KeyText(
        "People: user_id, role, and optionally name, email, project_id. With a project the role "
        "is owner or member of it; without one owner or reader of the organization.",
        '"members.csv"',
    ),
    "directory.service_accounts": KeyText(
        "service_account_id, project_id, and optionally name, role, created_at.",
        '"service-accounts.csv"',
    ),
    "directory.keys": KeyText(
        "API keys, never their values: api_key_id, project_id, and optionally name, "
        "service_account_id or user_id, state (active, inactive), created_at, expires_at.",
        '"keys.csv"',
    ),
    "directory.rate_limits": KeyText(
        "project_id, model, and optionally max_requests_per_1_minute, max_tokens_per_1_minute, "
        "max_images_per_1_minute, max_audio_megabytes_per_1_minute, max_requests_per_1_day, "
        "batch_1_day_max_input_tokens.",
        '"rate-limits.csv"',
    ),
    "directory.model_permissions": KeyText(
        "project_id, mode (allow_list, deny_list), model_ids (with blanks between them).",
        '"model-permissions.csv"',
    ),
    "directory.spend_limits": KeyText(
        "Hard limits at the provider: project_id (empty: the organization's), amount_usd a month.",
        '"spend-limits.csv"',
    ),
    "directory.cost_centers": KeyText(
        "Which cost centre pays for a project on which of your days: project_id, cost_center, "
        "team, and optionally valid_from, valid_to (which no longer counts). A change "
        "is a row of its own, so that a reorganization does not rewrite history.",
        '"cost-centers.csv"',
    ),
    "projects.id": KeyText("Its id.", '"proj_chatbot"'),
    "projects.name": KeyText("Its name, where the API does not tell it.", '"Chatbot"'),
    "projects.description": KeyText("What it is for.", '"Answers customers"'),
    "projects.website": KeyText("A page about the project.", '"https://wiki.example.com/chatbot"'),
    "projects.owner_team": KeyText("The team that answers for it.", '"Customer care"'),
    **ALERT_TEXTS,
    "quality.max_quarantined_percent": KeyText(
        "A run that holds back more of its rows ends with 3, though what is good is committed.",
        "5",
    ),
    "bill.true_up": KeyText(
        "What of the difference between charges and the provider's costs is charged once a day's "
        'costs are settled: "all", "unpriced" (only usage that has no price here) or "none" '
        "(costs are compared only, as for a reseller's bill).",
        '"all"',
    ),
    "bill.lag_days": KeyText(
        "Days after the end of a UTC day until its costs are taken as settled, if they were "
        "fetched after that and did not move since.",
        "2",
    ),
    "headroom.near_percent": KeyText(
        "A minute that uses so much of a rate limit is near it: alerted once a month for each "
        "project and model, and once more at 100.",
        "80",
    ),
    "policy.alerts": KeyText(
        "Alert, once a month for each finding; false: findings are only listed.", "true"
    ),
    "schedule.run": KeyText('When `tollbook schedule` runs; "" is never.', '"0 * * * *"'),
    "schedule.daily_report": KeyText("When it writes the current month's report.", '"0 6 * * *"'),
    "schedule.monthly_report": KeyText(
        "When it writes the report of the month just ended.", '"0 7 1 * *"'
    ),
}


def sections() -> tuple[Section, ...]:
    """The tables of the file, in the order of the models."""
    found = []
    for name, field in Config.model_fields.items():
        model, is_list = _model_of(field)
        named = {k: f for k, f in model.model_fields.items() if get_origin(f.annotation) is dict}
        found.append(Section(name, _what(model), is_list, _keys(name, model, set(named))))
        for key, inner in named.items():
            route = get_args(inner.annotation)[1]
            path = f"{name}.{key}"
            found.append(Section(path, _what(route), False, _keys(path, route, set()), True))
    return tuple(found)


def starting_file() -> str:
    """A tollbook.toml with every key: what is needed to begin is on, the rest off, all explained.

    Fails: KeyError for a key that `TEXTS` does not know.
    """
    return "\n".join([_HEAD, *(line for s in sections() for line in _section_lines(s))])


def markdown_table() -> str:
    """The keys as a Markdown table: key, meaning, default."""
    rows = ["| key | what | default |", "|---|---|---|"]
    for section in sections():
        for key in section.keys:
            default = "needed" if key.is_required else _as_toml(key.default)
            cell = default if default in {"", "needed"} else f"`{default}`"
            rows.append(f"| `{section.header} {key.name}` | {TEXTS[key.path].what} | {cell} |")
    return "\n".join(rows)


def _what(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _keys(section: str, model: type[BaseModel], others: Collection[str]) -> tuple[Key, ...]:
    return tuple(
        Key(section, key, None if f.is_required() else f.get_default(), f.is_required())
        for key, f in model.model_fields.items()
        if key not in others
    )


def _model_of(field: FieldInfo) -> tuple[type[BaseModel], bool]:
    annotation = field.annotation
    arguments = get_args(annotation)
    model = arguments[0] if arguments else annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{annotation} is not a section of the file")
    return model, bool(arguments)


def _section_lines(section: Section) -> Iterator[str]:
    texts = {key.name: TEXTS[key.path] for key in section.keys}
    is_many = section.is_list or section.is_named
    is_off = is_many and not any(text.is_on for text in texts.values())
    header = section.header
    again = " Write one such block for each." if is_many else ""
    yield from _comment(section.what + again)
    yield f"#{header}" if is_off else header
    fetching = [k for k in section.keys if section.name == "sources" and k.name in FETCHING]
    for key in (k for k in section.keys if k not in fetching):
        yield from _key_lines(key, texts[key.name])
    if fetching:
        yield from _comment(_FETCHED)
        yield from _FETCHED_BLOCK
        yield ""
    for key in fetching:
        yield from _key_lines(key, texts[key.name])


def _key_lines(key: Key, text: KeyText) -> Iterator[str]:
    what = text.what
    if key.is_required and not text.is_on:
        what += " Needed."
    yield from _comment(what)
    yield f"{'' if text.is_on else '#'}{key.name} = {text.example}"
    yield ""


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _as_toml(value: Any) -> str:
    """A default as one would write it; empty where there is none."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | Path():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(_as_toml(item) for item in value)}]"
        case int() | Decimal():
            return str(value)
        case _:
            raise TypeError(f"no way to write {value!r}")
