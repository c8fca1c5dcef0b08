"""Finds the product's own files: SQL, templates, prices, in a checkout or inside the wheel."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment, Template
    from jinja2.bccache import Bucket

from pipeline import __version__ as PROGRAM_VERSION  # noqa: N812
from pipeline import schemas

_MARKS = ("{{", "{%", "{#")  # of a template
_PLAIN = re.compile(r"\{\{ (\w+) \}\}")  # a name alone
_PROGRAM = frozenset({".py", ".sql", ".csv", ".j2", ".css", ".js"})


@cache
def program_mark() -> str:
    """A hash of sizes and times of the program's own files: another version has another one."""
    own = Path(str(files("pipeline")))
    facts = []
    for top in (own, *(folder(name) for name in ("queries", "reports", "data"))):
        for parent, _, names in os.walk(top):
            for name in names:
                if os.path.splitext(name)[1] in _PROGRAM:  # noqa: PTH122  a thousand files
                    found = os.stat(os.path.join(parent, name))  # noqa: PTH116, PTH118  as above
                    facts.append((name, found.st_size, found.st_mtime_ns))
    return hashlib.sha256(repr(sorted(facts)).encode()).hexdigest()


def folder(name: str) -> Path:
    """The folder ``queries``, ``reports`` or ``data``."""
    inside = Path(str(files("pipeline"))) / name
    return inside if inside.is_dir() else inside.parent.parent / name


@cache
def sql(name: str) -> str:
    """The text of one statement, such as ``sql("charges/rating/quantities")``."""
    return (folder("queries") / f"{name}.sql").read_text(encoding="utf-8")


def render_sql(name: str, **values: object) -> str:
    """A statement with its `{% … %}` parts filled in: names and counts of our own, never data.

    `{{ NAMES | columns }}` lists columns, `{{ NAMES | columns('c') }}` those of the table `c`.
    NAMES is `attribution_columns`, `usage_columns`, `content_columns`, `usage_dimensions`,
    `charge_columns`, `charge_dimensions`, `charge_key`, `unrated_columns` or a list;
    `| without('a', 'b')` leaves some out, and `| typed('VARCHAR')` gives each a type.
    A condition that several statements have is a `.sql.j2` file that they include.
    """
    text = sql(name).removesuffix("\n")  # as a template ends
    names = _plain_names(name)
    if names is not None and names <= values.keys():
        # most statements are no templates, or as good as none: spares the import of Jinja
        return _PLAIN.sub(lambda found: str(values[found[1]]), text) if names else text
    return _template(name).render(**values)


@cache
def _plain_names(name: str) -> frozenset[str] | None:
    """The names that a statement has between braces; None where it says more than names there."""
    text = sql(name)
    if any(mark in _PLAIN.sub("", text) for mark in _MARKS):
        return None
    return frozenset(_PLAIN.findall(text))


def kept_compiled(name: str) -> BytecodeCache:
    """Keeps the templates of a folder compiled as Python keeps modules: beside them, if it may."""
    # most verbs do without
    from jinja2 import FileSystemBytecodeCache, __version__  # noqa: PLC0415

    class Beside(FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Bucket) -> None:
            if not sys.dont_write_bytecode:
                with suppress(OSError):  # another user's folder
                    Path(self.directory).mkdir(exist_ok=True)
                    super().dump_bytecode(bucket)

    # what a template is compiled to also depends on these two; Jinja looks at its text
    version = f"{PROGRAM_VERSION}-{__version__}"
    return Beside(str(folder(name) / "__pycache__"), f"{version}-%s.jinja")


@cache
def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.sql")


@cache
def _environment() -> Environment:
    # most verbs do without
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  SQL, not HTML
        loader=FileSystemLoader(folder("queries")),
        bytecode_cache=kept_compiled("queries"),
    )
    environment.filters |= {"columns": _listed, "typed": _typed, "without": _without}
    environment.globals |= {
        "attribution_columns": schemas.ATTRIBUTION_COLUMNS,
        "usage_columns": tuple(schemas.USAGE_SCHEMA),
        "content_columns": schemas.CONTENT_COLUMNS,
        "usage_dimensions": schemas.USAGE_DIMENSIONS,
        "charge_columns": tuple(schemas.CHARGE_SCHEMA),
        "charge_dimensions": tuple(schemas.CHARGE_DIMENSIONS),
        "charge_key": schemas.CHARGE_KEY,
        "unrated_columns": {c: schemas.sql_type(t) for c, t in schemas.UNRATED_COLUMNS.items()},
    }
    return environment


def _listed(names: Iterable[str], table: str = "") -> str:
    prefix = f"{table}." if table else ""
    return ", ".join(f"{prefix}{name}" for name in names)


def _typed(names: Iterable[str], kind: str) -> str:
    return ", ".join(f"{name}: '{kind}'" for name in names)


def _without(names: Iterable[str], *left_out: str) -> list[str]:
    return [name for name in names if name not in left_out]


@cache
def sql_names(under: str) -> tuple[str, ...]:
    """The statements of one folder of ``queries/``, in name order, as ``folder/name``."""
    return tuple(sorted(f"{under}/{p.stem}" for p in (folder("queries") / under).glob("*.sql")))
