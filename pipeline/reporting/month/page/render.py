"""A report as one HTML file: no network, no files beside it, every name from data escaped.

Style and script are inlined, and a content security policy allows just these two, by their hash:
even a name that slipped through the escaping could load and run nothing.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline import text
from pipeline.money import display_usd, plain, ratio
from pipeline.reporting.month.csv_file import COLUMNS
from pipeline.reporting.month.model import MonthReport
from pipeline.reporting.month.page.charts import NARROW, WIDE, budget_bar, daily_chart
from pipeline.reporting.month.page.headline import headline, rounding
from pipeline.reporting.sections.costs.breakdowns import TOP_ROWS
from pipeline.reporting.sections.sources import is_stale
from pipeline.resources import folder, kept_compiled

TOP_LIMITS = 20


def render(report: MonthReport, csv_name: str) -> str:
    """The HTML of a report; `csv_name` is the file beside it."""
    templates = folder("reports")
    style = (templates / "style.css").read_text(encoding="utf-8")
    script = (templates / "sort.js").read_text(encoding="utf-8")
    environment = _environment(report.period.zone)
    # Our own two files, and nothing else, go in as they are.
    page = environment.get_template("report.html.j2").render(
        report=report,
        period=report.period,
        is_open=report.period.state == "open",
        headline=headline(report),
        charts=(daily_chart(report.days.days, WIDE), daily_chart(report.days.days, NARROW)),
        budget_bar=budget_bar,
        share_of=ratio,
        span=text.span,
        rounding=rounding,
        is_stale=lambda source: is_stale(source, report.period, report.made_at),
        top_rows=TOP_ROWS,
        top_limits=TOP_LIMITS,
        csv_name=csv_name,
        csv_columns=COLUMNS,
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return page.rstrip("\n")


@cache
def _environment(zone: ZoneInfo) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder("reports")),
        bytecode_cache=kept_compiled("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        usd=display_usd,
        exact=text.usd_exact,
        signed=text.signed_usd,
        percent=text.percent,
        signed_percent=text.signed_percent,
        count=text.count,
        counted=text.counted,
        quantity=lambda q: text.quantity(q.value, q.unit),
        day=text.day,
        days=text.days,
        month=text.month,
        day_numbers=text.day_numbers,
        some_days=text.some_days,
        instant=lambda value: text.instant(value, zone),
        size=text.size,
        age=text.age,
        plain=plain,
    )
    return environment


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
