"""Who may know whom: the imports of the package, read with ast, against the plan of the house."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "pipeline"

# From the ground up. A module knows those below it and those on its own level, never one above.
# A name stands for a module, or for a package with all that is in it.
LEVELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "words",
        (
            "errors",
            "money",
            "records",
            "cron",
            "resources",
            "identity",
            "validation",
            "line_items",
            "notes",
            "source_keys",
        ),
    ),
    ("configuration", ("config", "config_text", "config_directory")),
    ("tools", ("statements", "spooling", "lock", "tables", "due", "admin_api", "patience")),
    ("engines", ("engines", "warehouse", "access", "as_of")),
    ("sources", ("sources", "landing", "detecting", "fetching")),
    ("prices", ("pricing",)),
    ("facts", ("ledger", "registry", "minutes", "fetch_books", "directory")),
    ("intake", ("intake", "ingest", "known_buckets", "bucket_intake")),
    ("rating", ("rating",)),
    (
        "books",
        (
            *("billed", "catalogue", "quarantine", "bucket_books", "minute_books"),
            *("checking", "publishing"),
        ),
    ),
    (
        "status",
        (
            *("reconciling", "budgets", "alert_text", "alerts", "run_alerts", "channels", "outbox"),
            *("fact_alerts", "headroom", "policy"),
        ),
    ),
    ("paper", ("reconciled", "reporting", "explaining", "named_queries", "output", "frame_answer")),
    (
        "run",
        (
            "batch",
            "storage_errors",
            "recording",
            "replacing",
            "source_intake",
            "source_fetch",
            "source_directory",
            "run",
            "corrections",
            "acting",
            "watching",
        ),
    ),
    ("service", ("schedule", "schedule_state")),
    ("beginning", ("demo", "starting", "diagnosis")),
    ("verbs", ("cli", "__main__")),
)
OPEN_A_DATABASE = {"engines.duckdb", "warehouse", "access", "publishing"}
KNOW_THE_TIME = {"cli.setting"}
MONEY_PASSES = (
    "money",
    "pricing",
    "rating",
    "budgets",
    "reconciling",
    "reconciled",
    "alerts",
    "alert_text",
    "run_alerts",
    "outbox",
    "policy",
    "catalogue",
    "checking",
    "reporting",
    "explaining",
    "named_queries",
    "frame_answer",
    "directory",
)
# Modules over 400 lines that are still to be split; no other may become one.
STILL_LONG: set[str] = set()
# Imported by the tool that writes the built-in price book, which is no verb.
ONLY_FOR_MAINTAINERS = {"genai_prices"}
# Needed without an import: the time zones of machines that have none of their own.
NOT_IMPORTED = {"tzdata"}


@cache
def _modules() -> dict[str, ast.Module]:
    """The package's modules by their name below it; a package goes by its own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return found


def _level_of(module: str) -> int | None:
    for number, (_, names) in enumerate(LEVELS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    return None


def _imports(tree: ast.Module) -> Iterator[str]:
    """What a module imports, also inside functions: `package.module` or `package`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _known(tree: ast.Module) -> set[str]:
    """The modules of this package that a module imports."""
    known = set()
    for name in _imports(tree):
        words = name.split(".")
        if words[0] != "pipeline":
            continue
        while ".".join(words[1:]) not in _modules():
            words.pop()
        known.add(".".join(words[1:]))
    return known - {""}


def test_every_module_has_its_level() -> None:
    """A new module is given a place in LEVELS, and none stands there that is gone."""
    modules = set(_modules()) - {""}
    assert [m for m in sorted(modules) if _level_of(m) is None] == []
    placed = [name for _, names in LEVELS for name in names]
    assert sorted(set(placed) - modules) == []


def test_nobody_knows_what_is_above() -> None:
    """One direction, no way back: what comes later may know what came before, never the reverse."""
    upward = [
        f"{module} ({LEVELS[own][0]}) imports {other} ({LEVELS[theirs][0]})"
        for module, tree in _modules().items()
        for other in sorted(_known(tree))
        if (own := _level_of(module)) is not None
        and (theirs := _level_of(other)) is not None
        and theirs > own
    ]
    assert upward == []


def test_sources_know_no_stage_and_no_database() -> None:
    """A source turns its raw shape into canonical records, and nothing else."""
    allowed = {"errors", "money", "records", "resources", "identity", "validation", "spooling"}
    strangers = [
        f"{module} imports {other}"
        for module, tree in _modules().items()
        if module.split(".")[0] == "sources"
        for other in sorted(_known(tree))
        if other.split(".")[0] != "sources" and other not in allowed
    ]
    assert strangers == []


def test_verbs_are_only_called_from_outside() -> None:
    """Nothing but the command itself imports the verbs."""
    callers = {
        module.split(".")[0]
        for module, tree in _modules().items()
        if any(other.split(".")[0] == "cli" for other in _known(tree))
    }
    assert callers == {"cli", "__main__"}


def test_only_some_open_a_database() -> None:
    """Engines, the books, their publishing and the analysts' door call `duckdb.connect`."""
    opening = {
        module
        for module, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "connect"
        and isinstance(node.value, ast.Name)
        and node.value.id == "duckdb"
    }
    assert opening == OPEN_A_DATABASE


def test_the_time_comes_in_at_one_place() -> None:
    """Whoever needs the time is given it; so a run can be replayed to the last digit."""
    clocks = {"now", "utcnow", "today"}
    telling = {
        module
        for module, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (
            (node.func.attr in clocks and node.func.value.id in {"datetime", "date"})
            or (node.func.attr in {"time", "time_ns"} and node.func.value.id == "time")
        )
    }
    assert telling == KNOW_THE_TIME


def test_the_environment_comes_in_at_one_place() -> None:
    """Secrets are read by name, where the verbs begin, and handed on."""
    reading = {
        module
        for module, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert reading == KNOW_THE_TIME


def test_no_float_where_money_passes() -> None:
    """Neither a conversion nor an annotation names binary floats."""
    floats = [
        f"{module}:{node.lineno}"
        for module, tree in _modules().items()
        if any(module == name or module.startswith(f"{name}.") for name in MONEY_PASSES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "float"
    ]
    assert floats == []


def test_no_module_is_a_drawer_for_everything() -> None:
    """A name says what is inside, and a file is short enough to be read."""
    names = {"utils", "util", "common", "misc", "helpers", "helper", "tools"}
    assert {m for m in _modules() if m.split(".")[-1] in names} == set()
    long = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    }
    assert long == STILL_LONG


def test_every_import_is_a_dependency_and_every_dependency_is_imported() -> None:
    """What the package imports is installed with it, and nothing else is."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_distribution(line) for line in project["dependencies"]}
    imported = {
        name.split(".")[0].lower().replace("_", "-")
        for tree in _modules().values()
        for name in _imports(tree)
        if name.split(".")[0] not in sys.stdlib_module_names | ONLY_FOR_MAINTAINERS
    } - {"pipeline"}
    assert imported == declared - NOT_IMPORTED


def _distribution(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return found[0].lower().replace("_", "-")


@pytest.mark.parametrize("extra", ["http", "s3", "gcs"])
def test_optional_protocols_are_extras(extra: str) -> None:
    """Each one is installed by whoever needs it, by the name that the error message gives."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(project["optional-dependencies"][extra]) == 1
