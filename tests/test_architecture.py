"""The project's own rules on imports, clock, environment, floats and length, read with ast."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import pipeline

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "pipeline"

OPEN_A_DATABASE = {
    "storage.database",
    "storage.read_copy",
    "published.reader",
    "published.snapshot.template",
}
KNOW_THE_TIME = {"cli.context"}
MONEY_PASSES = (
    "money",
    "pricing",
    "charges",
    "budgets",
    "actions",
    "charges.reconciliation",
    "published.reconciliation",
    "alerts.model",
    "alerts.texts",
    "alerts.state_machine",
    "alerts.budget_rule",
    "alerts.store",
    "alerts.monitors.policy",
    "runs.commit",
    "reporting",
    "reporting.explain.explain",
    "published.named_queries",
    "directory",
)
# Where OpenAI may be named outside its own package: prices, samples, and texts for users.
NAME_OPENAI = (
    "providers.openai",
    "pricing.seeding",
    "demo",
    "config.keys.key_texts",
    "config.keys.reference",
    "config.source_section",
    "cli.ingest",
    "cli.demo",
    "cli.directory",
)
MOST_MODULES = 14  # in one package, its `__init__` among them
ONE_FILE_A_VERB = {"cli"}  # may have more, but its verbs are in the help
# Imported by one module alone, where the configuration asks for it: the extra of this name.
OF_AN_EXTRA = {
    "aiohttp": ("intake.files.remote", "http"),
    "pyspark": ("storage.engines.spark_session", "spark"),
    "sqlglot": ("storage.engines.spark_tables", "spark"),
    "deltalake": ("published.lake.delta", "lake"),
    "pyiceberg": ("published.lake.iceberg", "lake"),
    "sqlalchemy": ("published.lake.iceberg", "lake"),
}
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


def test_row_counts_change_in_one_place() -> None:
    """Only InputFile counts rows and moves them between fates, so the fates add up."""
    counts = {"rows_read", "accepted", "duplicate", "superseded", "quarantined", "not_usage"}
    of_a_page = "providers.openai.pages"  # counts the rows of one page, before they have a fate
    changing = {
        module
        for module, tree in _modules().items()
        if module.split(".")[0] in {"intake", "ledger", "providers", "runs"}
        for node in ast.walk(tree)
        for target in _assigned(node)
        if (isinstance(target, ast.Attribute) and target.attr in counts)
        or (isinstance(target, ast.Name) and target.id == "setattr")
        if not module.startswith(of_a_page)
    }
    assert changing == {"intake.files.input_file"}


def _assigned(node: ast.AST) -> list[ast.expr]:
    """What a statement assigns to; of a call, what is called."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AugAssign):
        return [node.target]
    return [node.func] if isinstance(node, ast.Call) else []


def test_no_module_is_a_drawer_for_everything() -> None:
    """A name says what is inside, and a file is short enough to be read."""
    names = {"utils", "util", "common", "misc", "helpers", "helper", "tools"}
    assert {m for m in _modules() if m.split(".")[-1] in names} == set()
    long = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    }
    assert long == set()


def test_no_package_is_too_large_to_look_over() -> None:
    """What grows beyond it is divided by meaning: a package of its own inside."""
    sizes = {
        folder.relative_to(PACKAGE).as_posix(): len(list(folder.glob("*.py")))
        for folder in PACKAGE.rglob("*")
        if folder.is_dir()
    }
    assert {f for f, n in sizes.items() if n > MOST_MODULES} <= ONE_FILE_A_VERB


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
    assert imported == declared - NOT_IMPORTED | set(OF_AN_EXTRA)


@pytest.mark.parametrize("package", OF_AN_EXTRA)
def test_what_an_extra_brings_is_imported_in_one_module(package: str) -> None:
    """So all others work without it, and nothing of it shows elsewhere."""
    module, extra = OF_AN_EXTRA[package]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {_distribution(line) for line in project["optional-dependencies"][extra]}
    assert package in needed
    importing = {
        name
        for name, tree in _modules().items()
        if any(other.split(".")[0] == package for other in _imports(tree))
    }
    assert importing == {module}


def _distribution(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return found[0].lower().replace("_", "-")


@pytest.mark.parametrize("extra", ["http", "s3", "gcs"])
def test_optional_protocols_are_extras(extra: str) -> None:
    """Each one is installed by whoever needs it, by the name that the error message gives."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(project["optional-dependencies"][extra]) == 1


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)


def _names_openai(tree: ast.AST) -> bool:
    """Whether some text in it names OpenAI; a docstring or a comment may."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "openai" in node.value.lower()
        and id(node) not in docstrings
        for node in ast.walk(tree)
    )


def test_only_its_own_package_knows_a_provider() -> None:
    """A provider is registered in one place; nothing else compares with it or writes it down."""
    others = {m: tree for m, tree in _modules().items() if not _is_in(m, ("providers.openai",))}
    naming = {module for module, tree in others.items() if _names_openai(tree)}
    assert {module for module in naming if not _is_in(module, NAME_OPENAI)} == set()
    comparing = {
        module
        for module, tree in others.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and _names_openai(node)
    }
    assert comparing == set()
    importing = {
        module
        for module, tree in others.items()
        if any(_is_in(other, ("providers.openai",)) for other in _known(tree))
    }
    assert importing == {"runs.kinds"}


def test_no_question_names_a_provider() -> None:
    """Only migrations do: they fill in what was true of older storages. Comments may."""
    folder = REPOSITORY / "queries"
    assert {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.sql")
        if "openai" in re.sub(r"--.*", "", path.read_text(encoding="utf-8")).lower()
        and path.relative_to(folder).parts[0] != "schema"
    } == set()


def test_the_map_names_every_package() -> None:
    """The docstring of `pipeline` says what each package owns."""
    packages = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    assert {name for name in packages if f"    {name}/" not in (pipeline.__doc__ or "")} == set()
