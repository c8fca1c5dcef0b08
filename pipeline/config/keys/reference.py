"""Every key of tollbook.toml explained: the file that `tollbook init` writes, the guide's table.

Sections, keys and defaults are read off the models in `pipeline.config`, words off `key_texts`.
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

from pipeline.config.keys.key_text import KeyText
from pipeline.config.keys.key_texts import TEXTS
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
# Keys that do not go with the others of their table: a comment, the head of a further table, keys.
_APART: Mapping[str, tuple[tuple[str, tuple[str, ...], Collection[str]], ...]] = {
    "sources": (
        (
            "A source that is fetched from the provider's API has these keys instead of path.",
            (
                "#[[sources]]",
                '#name = "openai"',
                '#kind = "openai"',
                '#scopes = ["storage", "tools"]',
            ),
            FETCHING,
        ),
    ),
    "budgets": (
        (
            "In another currency amount is in place of amount_usd; model_family replaces model.",
            ("#[[budgets]]", '#id = "search-eur"', '#currency = "EUR"'),
            ("amount", "model_family"),
        ),
        (
            "A limit of a project that is set at the provider as well while it is passed:",
            (
                "#[[budgets]]",
                '#id = "chatbot-limit"',
                '#project = "proj_chatbot"',
                '#amount_usd = "2500.00"',
                "#hard = true",
            ),
            ("action",),
        ),
    ),
    "amendments": (
        (
            "Of a budget in another currency:",
            (
                "#[[amendments]]",
                '#budget = "search-eur"',
                '#valid_from = "2027-01-01"',
                '#reason = "prices went up"',
            ),
            ("amount",),
        ),
    ),
}
# The same key cannot be a list and a section in one file, so these are words.
_BUDGET_FILES = (
    "# Or keep budgets in files under version control; `tollbook guide budgets` shows their form:",
    "#   [budgets]",
    '#   files = ["budgets.csv"]        # CSV or TOML; [[budgets.plans]] are beside them',
    "#   allow_over_allocation = true   # budgets below another may exceed it together",
    "#   from_provider = true           # the provider's spend limits are budgets as well",
    "",
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


def sections() -> tuple[Section, ...]:
    """The tables of the file, in the order of the models."""
    found = []
    for name, field in Config.model_fields.items():
        if name == "budget_settings":  # written in place of [[budgets]]: see _BUDGET_FILES
            continue
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
    further = _APART.get(section.name, ())
    if section.name == "budgets":
        yield from _BUDGET_FILES
    apart = {name for _, _, names in further for name in names}
    for key in (k for k in section.keys if k.name not in apart):
        yield from _key_lines(key, texts[key.name])
    for what, block, names in further:
        yield from _comment(what)
        yield from block
        yield ""
        for key in (k for k in section.keys if k.name in names):
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
