"""The product's own files: statements that are templates, and templates that are kept compiled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from pipeline import resources


def test_a_statement_without_template_parts_is_its_text() -> None:
    """It is what rendering it gives."""
    name = "reporting/cells"
    rendered = Environment().from_string(resources.sql(name)).render()  # noqa: S701  SQL
    assert resources.render_sql(name) == rendered


def test_every_template_says_so() -> None:
    """What marks a template is in each statement that has parts, also where a name is filled in."""
    assert "{{" not in resources.render_sql(
        "published/charges",
        charge_files="files",
        stored="stored.",
    )


def test_names_alone_are_filled_in_as_jinja_does() -> None:
    """Of every statement that has no more than names in it; a value is not looked into."""
    filled = 0
    for path in resources.folder("queries").rglob("*.sql"):
        name = str(path.relative_to(resources.folder("queries")).with_suffix(""))
        names = resources._plain_names(name)
        if names:
            template = Environment().from_string(resources.sql(name))  # noqa: S701  SQL
            values = {each: f"{{{{ {each} }}}}_{each}" for each in names}
            assert resources.render_sql(name, **values) == template.render(values), name
            filled += 1
    assert filled > 20


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template."""
    (tmp_path / "one.j2").write_text("{{ 1 + 1 }}")
    monkeypatch.setattr(resources, "folder", lambda _: tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path


def _render(folder: Path) -> str:
    kept = resources.kept_compiled("any")
    environment = Environment(loader=FileSystemLoader(folder), bytecode_cache=kept)  # noqa: S701
    return environment.get_template("one.j2").render()


def test_templates_are_kept_compiled_beside_them(templates: Path) -> None:
    """The next process loads them; another text is compiled anew."""
    assert _render(templates) == "2"
    [kept] = (templates / "__pycache__").iterdir()
    before = kept.stat().st_mtime_ns
    assert _render(templates) == "2"
    assert kept.stat().st_mtime_ns == before
    (templates / "one.j2").write_text("{{ 2 + 2 }}")
    assert _render(templates) == "4"


@pytest.mark.parametrize("is_switched_off", [True, False])
def test_templates_need_not_be_kept(
    templates: Path, monkeypatch: pytest.MonkeyPatch, *, is_switched_off: bool
) -> None:
    """Where Python is told to write none, or the folder cannot be written, they are compiled."""
    if is_switched_off:
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    else:
        monkeypatch.setattr(Path, "mkdir", _refuse)
    assert _render(templates) == "2"
    assert not (templates / "__pycache__").exists()


def _refuse(path: Path, **_: object) -> None:
    raise PermissionError(13, "Permission denied", str(path))
