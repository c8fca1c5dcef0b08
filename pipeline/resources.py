"""Where the product's own files lie: SQL, templates, prices, in a checkout or inside the wheel."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template


def folder(name: str) -> Path:
    """The folder ``queries``, ``reports`` or ``data``."""
    inside = Path(str(files("pipeline"))) / name
    return inside if inside.is_dir() else inside.parent.parent / name


@cache
def sql(name: str) -> str:
    """The text of one statement, such as ``sql("charges/quantities")``."""
    return (folder("queries") / f"{name}.sql").read_text(encoding="utf-8")


def render_sql(name: str, **values: object) -> str:
    """A statement with its `{% … %}` parts filled in: names and counts of our own, never data."""
    return _template(name).render(**values)


@cache
def _template(name: str) -> Template:
    return Environment(undefined=StrictUndefined, autoescape=False).from_string(sql(name))  # noqa: S701  SQL, not HTML


def sql_names(under: str) -> tuple[str, ...]:
    """The statements of one folder of ``queries/``, in name order, as ``folder/name``."""
    return tuple(sorted(f"{under}/{p.stem}" for p in (folder("queries") / under).glob("*.sql")))
