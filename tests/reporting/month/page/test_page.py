"""The page is one file that loads nothing, runs nothing of the data's, and reads well."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from decimal import Decimal

import pytest

from pipeline.resources import folder
from pipeline.text import DASH
from tests.reporting.conftest import Read, Report
from tests.support.report_books import PROJECTS, RUN_ID

THEMES = ("light", "dark", "print")
# text, background, the least contrast: 4.5 for text (WCAG 2.2 AA), 3 for graphics
CONTRASTS = (
    ("text", "page", "4.5"), ("quiet", "page", "4.5"), ("link", "page", "4.5"),
    ("good", "page", "4.5"), ("warning", "page", "4.5"), ("bad", "page", "4.5"),
    ("text", "warning-soft", "4.5"), ("text", "bad-soft", "4.5"), ("quiet", "soft", "4.5"),
    ("link", "warning-soft", "4.5"),
    ("on-dark", "s1", "4.5"), ("on-light", "s2", "4.5"), ("on-dark", "s3", "4.5"),
    ("on-light", "s4", "4.5"), ("on-dark", "s5", "4.5"), ("on-light", "s6", "4.5"),
    ("on-dark", "s7", "4.5"), ("on-light", "s8", "4.5"),
    ("bad-fill", "page", "3"), ("good-fill", "page", "3"),
)  # fmt: skip


def test_every_name_from_data_is_text_and_never_markup(report: Report, read: Read) -> None:
    """Script, attributes, template code: a name is shown as it is, and does nothing."""
    page = read(report())
    for name in PROJECTS.values():
        if name is not None:
            assert re.sub(r"\s+", " ", name).strip() in page.text
    assert "<nothing left>" in page.text
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 1
    assert not {"img", "i", "u", "iframe", "link", "object", "form"} & set(tags)
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag


def test_the_page_loads_nothing(report: Report, read: Read) -> None:
    """No address of another file but the CSV beside it; style and fonts are inside."""
    written = report()
    targets = {
        value
        for _, attributes in read(written).tags
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "data", "action", "xlink:href"}
    }
    assert {t for t in targets if not str(t).startswith("#")} == {written.csv.name}
    html = written.html.read_text(encoding="utf-8")
    assert "://" not in html
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]*)\)", html)) == {"#hatch-wide", "#hatch-narrow"}


def test_the_security_policy_allows_just_the_style_and_script_inside(
    report: Report, read: Read
) -> None:
    """The hashes are those of what stands in the page, so that a browser runs it."""
    written = report()
    html = written.html.read_text(encoding="utf-8")

    def hashed(tag: str) -> str:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert len(found) == 1
        return f"'sha256-{b64encode(hashlib.sha256(found[0].encode()).digest()).decode()}'"

    policies = [
        attributes["content"]
        for tag, attributes in read(written).tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    allowed = f"style-src {hashed('style')}; script-src {hashed('script')}"
    assert policies == [f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"]


def test_the_page_has_its_sections_and_columns(report: Report, read: Read) -> None:
    """The structure readers and scripts know; a change here is a change for them."""
    page = read(report())
    compared = ["Cost", "Share", "Compared", "Before", "Change", "Change %", "Requests"]
    assert [(table.section, table.heads) for table in page.tables] == [
        ("h-days", ["Day", "A", "B", "C", "D", "E", "F", "G", "H", "Total"]),
        ("h-budgets", ["Budget", "State", "Spent of budget", "Used", "Spent", "Budget", "Left",
                       "Forecast", "Crosses on"]),
        ("h-projects", ["Project", *compared]),
        ("h-models", ["Model", *compared, "Input tokens", "Output tokens"]),
        ("h-scopes", ["Scope", *compared]),
        ("h-moves", ["Project", "Model", "Before", "Now", "Change", "From usage", "From price",
          "From the bill"]),
        ("h-doubts", ["Doubt", "Of what", "Could add"]),
        ("h-unpriced", ["Model", "Operation", "Tier", "Meter", "Quantity", "Days", "Projects"]),
        ("h-quarantine", ["Rule", "Source", "Of this month", "Of no known day", "Tokens held back",
                          "Example"]),
        ("h-sources", ["Source", "Kind", "Covered until", "Missing days", "Files", "Rows read",
                       "Not read"]),
        ("h-adjustments", ["Reason", "Days", "Postings", "Net change", "Last posted"]),
        ("h-alerts", ["Day", "About", "What", "State"]),
        ("h-ties", ["Month", "Rounded", "Exact"]),
        ("h-ties", ["Column", "Meaning"]),
    ]  # fmt: skip
    assert RUN_ID in page.text
    assert "The last run was partial. openai-usage: the connection was refused" in page.text


def test_every_body_row_has_as_many_cells_as_its_header(report: Report, read: Read) -> None:
    """A cell too few would shift every figure after it under a wrong name."""
    for table in read(report()).tables:
        assert {len(row) for row in table.body} == {len(table.heads)}, table.section


def test_amounts_of_tables_carry_every_digit_for_the_pointer(report: Report, read: Read) -> None:
    """Cents in the cell, all digits in the title, the same number to sort by."""
    for cell in read(report()).table("h-projects").column("Cost", with_foot=True):
        if cell.text == DASH:
            continue
        digits = str(cell.title).removeprefix("at least ").replace("$", "").replace(",", "")
        assert Decimal(digits) == Decimal(str(cell.sorts_by))


@pytest.mark.parametrize("theme", THEMES)
def test_colours_have_enough_contrast(theme: str) -> None:
    """WCAG 2.2 AA in light, dark and on paper, for text and for what pictures are read by."""
    colors = _colors(theme)
    low = {
        (front, back): _contrast(colors[front], colors[back])
        for front, back, least in CONTRASTS
        if _contrast(colors[front], colors[back]) < Decimal(least)
    }
    assert low == {}


def _colors(theme: str) -> dict[str, str]:
    style = (folder("reports") / "style.css").read_text(encoding="utf-8")
    found = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(found) == len(THEMES)
    blocks = [dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block)) for block in found]
    return {**blocks[0], **blocks[THEMES.index(theme)]}


def _contrast(front: str, back: str) -> Decimal:
    lights = sorted((_luminance(front), _luminance(back)))
    return (lights[1] + Decimal("0.05")) / (lights[0] + Decimal("0.05"))


def _luminance(color: str) -> Decimal:
    def linear(part: str) -> Decimal:
        value = Decimal(int(part, 16)) / 255
        if value <= Decimal("0.04045"):
            return value / Decimal("12.92")
        return ((value + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")

    red, green, blue = (linear(color[i : i + 2]) for i in (1, 3, 5))
    return red * Decimal("0.2126") + green * Decimal("0.7152") + blue * Decimal("0.0722")
