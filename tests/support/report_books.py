"""A published database for reports: two months, hostile names, every kind of gap."""

from __future__ import annotations

import random
import tempfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline.calendar.coverage import CALENDAR_SCHEMA
from pipeline.published.dictionary import dictionary
from pipeline.published.snapshot.template import views
from pipeline.schemas import CHARGE_SCHEMA

NOW = datetime(2026, 11, 17, 13, 20)
BERLIN = ZoneInfo("Europe/Berlin")
RUN_ID = "20261117T131500-7f3a"
EMPTY_DAY = date(2026, 11, 8)
CALENDAR_VIEWS = ("calendar", "compared_days")

PROJECTS: dict[str, str | None] = {
    "proj_chatbot": "Support chatbot",
    "proj_script": "<script>alert('x')</script>",
    "proj_img": '"><img src=x onerror=alert(1)>',
    "proj_formula": "=cmd|' /C calc'!A0",
    "proj_plus": "+49 30 1234",
    "proj_rtl": "פרויקט \u202eevil\u202c תמחור",
    "proj_long": "Very long project name " * 9,
    "proj_emoji": "🚀 Launch & <b>Growth</b>",
    "proj_twin_a": "Search",
    "proj_twin_b": "Search",
    "proj_nameless": None,
    "proj_ended": "Ended {{ 7 * 7 }} {% raw %}",
}
# model, scope, operation, prices of November for input, cached input and output, per token
MODELS = (
    ("gpt-5.2", "models", "completions", "0.00000175", "0.000000175", "0.000014"),
    ("gpt-5-mini-2025-08-07", "models", "completions", "0.00000025", "0.000000025", "0.000002"),
    ("gpt-realtime", "models", "realtime", "0.000004", "0.0000004", "0.000016"),
    ("text-embedding-3-large", "models", "embeddings", "0.00000013", "0.00000013", "0"),
    ("o4-mini", "models", "completions", "0.0000011", "0.000000275", "0.0000044"),
    ("gpt-4.1-nano", "models", "completions", "0.0000001", "0.000000025", "0.0000004"),
    ("ft:gpt-4.1:acme::<i>x</i>", "fine_tuning", "fine_tuning", "0.000003", "0.000001", "0.000012"),
)
UNPRICED_MODEL = "gpt-next-preview"
PRICE_RISE = ("gpt-5.2", Decimal("0.8"))  # October's prices were a fifth lower

# id, (project, model, scope), figures: amount, spent, forecast, its range, crossing date, state
BUDGETS: tuple[tuple[str, tuple[str | None, ...], str], ...] = (
    ("org-monthly", (None, None, None), "2500 1671.2 2900 2700 3150 2026-11-27 ok bound"),
    ("chatbot-monthly", ("proj_chatbot", None, None),
     "600 812.5 1400 1300 1520 2026-11-13 over exact"),
    ("<u>img</u>", ("proj_img", "gpt-5.2", None), "120 104.25 190 170 220 2026-11-19 near exact"),
    ("storage", (None, None, "storage"), "400 65.6 - - - - ok exact"),
    ("runaway", ("proj_script", None, None), "50 407.11 700 650 760 2026-11-02 over bound"),
    ("idle", ("proj_idle", None, None), "10 0 0 0 0 - ok exact"),
)  # fmt: skip

DDL = """
CREATE TABLE usage (source VARCHAR, basis VARCHAR, usage_date DATE, charge_date DATE);
CREATE TABLE projects (project_id VARCHAR, project_name VARCHAR, state VARCHAR);
CREATE TABLE charge_postings (
  charge_date DATE, cost_usd DECIMAL(38,24), reason VARCHAR, run_id VARCHAR, posted_at TIMESTAMP);
CREATE TABLE provider_costs (
  usage_date DATE, project_id VARCHAR, line_item VARCHAR, amount DECIMAL(38,24), currency VARCHAR,
  fetched_at TIMESTAMP);
CREATE TABLE budget_status (
  budget_id VARCHAR, project_id VARCHAR, model VARCHAR, scope VARCHAR, period_start_date DATE,
  period_end_date DATE, amount_usd DECIMAL(38,24), spent_usd DECIMAL(38,24),
  spent_ratio DECIMAL(38,6), is_lower_bound BOOLEAN, unpriced_quantity DECIMAL(22,6),
  forecast_usd DECIMAL(38,24), forecast_low_usd DECIMAL(38,24), forecast_high_usd DECIMAL(38,24),
  crossing_date DATE, thresholds INTEGER[], state VARCHAR, period_label VARCHAR,
  covers VARCHAR, owner VARCHAR, carried_usd DECIMAL(38,24) DEFAULT 0,
  base_amount DECIMAL(38,24) DEFAULT 0, currency VARCHAR DEFAULT 'USD');
CREATE TABLE alerts (
  alert_id VARCHAR, raised_at TIMESTAMP, kind VARCHAR, subject_id VARCHAR, period_start_date DATE,
  threshold_percent INTEGER, threshold_usd DECIMAL(38,24), severity VARCHAR, message VARCHAR,
  state VARCHAR, delivered_at TIMESTAMP, resolved_at TIMESTAMP);
CREATE TABLE alert_deliveries (
  message_id VARCHAR, channel VARCHAR, attempted_at TIMESTAMP, outcome VARCHAR, error VARCHAR,
  is_last BOOLEAN, next_attempt_at TIMESTAMP, given_up_at TIMESTAMP);
CREATE TABLE quarantine (
  source VARCHAR, input_file VARCHAR, input_line BIGINT, rule VARCHAR, detail VARCHAR, raw VARCHAR,
  tokens_held_back BIGINT, usage_date DATE, quarantined_at TIMESTAMP, replayed_at TIMESTAMP);
CREATE TABLE input_files (
  input_file VARCHAR, source VARCHAR, kind VARCHAR, state VARCHAR, waiting_bytes BIGINT,
  rows_read BIGINT, accepted BIGINT, duplicate BIGINT, superseded BIGINT, quarantined BIGINT,
  first_record_at TIMESTAMP, last_record_at TIMESTAMP, ingested_at TIMESTAMP);
CREATE TABLE rate_limits (project_id VARCHAR, model VARCHAR);
CREATE TABLE rate_limit_minutes (
  usage_date DATE, started_at TIMESTAMP, project_id VARCHAR, model VARCHAR, requests BIGINT,
  tokens BIGINT, max_requests_per_1_minute BIGINT, max_tokens_per_1_minute BIGINT,
  requests_basis_points BIGINT, tokens_basis_points BIGINT, counted_from VARCHAR,
  provider VARCHAR DEFAULT 'openai');
CREATE TABLE rate_limit_coverage (
  usage_date DATE, bucket_minutes BIGINT, request_minutes BIGINT,
  provider VARCHAR DEFAULT 'openai');
CREATE TABLE policy_findings (
  period_start_date DATE, kind VARCHAR, project_id VARCHAR, project_name VARCHAR,
  subject_id VARCHAR, since_at TIMESTAMP, first_usage_date DATE, last_usage_date DATE, days BIGINT,
  cost_usd DECIMAL(38,24), unpriced_quantity DECIMAL(38,6), is_lower_bound BOOLEAN);
CREATE TABLE runs (
  run_id VARCHAR, started_at TIMESTAMP, finished_at TIMESTAMP, outcome VARCHAR, rows_read BIGINT,
  accepted BIGINT, duplicate BIGINT, superseded BIGINT, quarantined BIGINT, message VARCHAR);
"""

DAILY_COSTS = """
CREATE TABLE daily_costs AS
SELECT
  charge_date, project_id, max(project_name) AS project_name, model, scope,
  CAST(count(*) * 37 AS BIGINT) AS requests,
  CAST(coalesce(sum(quantity) FILTER (WHERE meter LIKE '%input_tokens'), 0) AS BIGINT)
    AS input_tokens,
  CAST(coalesce(sum(quantity) FILTER (WHERE meter LIKE '%output_tokens'), 0) AS BIGINT)
    AS output_tokens,
  sum(cost_usd) AS cost_usd,
  coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity,
  CAST(0 AS DECIMAL(38,24)) AS long_context_doubt_usd,
  CAST(NULL AS DATE) AS corrected_month_date
FROM charges
GROUP BY charge_date, project_id, model, scope
"""


class Books:
    """Published books under construction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(_empty())
        self.con = duckdb.connect(str(path))
        self.lines: list[dict[str, Any]] = []

    def charge(
        self,
        day: date,
        project: str | None,
        model: str | None,
        meter: str,
        quantity: str | Decimal,
        price: str | Decimal | None,
        **more: Any,
    ) -> None:
        """Add one charge line; without a price it is unpriced."""
        amount = Decimal(quantity)
        unit_price = None if price is None else Decimal(price)
        cost = None if unit_price is None else amount * unit_price
        line = dict.fromkeys(CHARGE_SCHEMA) | {
            "usage_date": day, "charge_date": day, "organization_id": "org-acme",
            "project_id": project, "provider": "openai", "model": model, "scope": "models",
            "operation": "completions", "service_tier": "default", "is_batch": False,
            "context_class": "base", "meter": meter, "quantity": amount, "unit": "tokens",
            "price_id": None if price is None else "p1", "list_unit_price_usd": unit_price,
            "contracted_unit_price_usd": unit_price, "list_cost_usd": cost, "cost_usd": cost,
            "pricing_status": "unpriced" if price is None else "priced",
            "is_provisional": False, "project_name": PROJECTS.get(project or ""),
        }  # fmt: skip
        self.lines.append(line | more)

    def cover(
        self,
        since: date,
        last: date,
        *,
        source: str = "gateway",
        covers: str = "usage",
        role: str = "charge",
        state: str = "complete",
        is_day_complete: bool | None = None,
    ) -> None:
        """Give days of a source a state; without any, all are complete to the last charge."""
        is_whole = state == "complete" if is_day_complete is None else is_day_complete
        for offset in range((last - since).days + 1):
            day = since + timedelta(days=offset)
            self.insert(
                "stored.calendar", calendar_date=day, source=source, covers=covers, role=role,
                state=state, utc_state=state, is_decisive=role == "charge",
                is_day_complete=is_whole,
                covered_until_at=None,
            )  # fmt: skip

    def insert(self, table: str, **row: Any) -> None:
        """Add one row to another relation; what is not named is NULL."""
        marks = ", ".join(f"${name}" for name in row)
        self.con.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", row)

    def finish(self) -> duckdb.DuckDBPyConnection:
        """Write the charges and open the books read-only, as a report gets them."""
        schema = CHARGE_SCHEMA | {"is_provisional": pl.Boolean(), "project_name": pl.String()}
        frame = pl.DataFrame(self.lines, schema=schema, orient="row")
        self.con.register("frame", frame.to_arrow())
        self.con.execute("CREATE TABLE charges AS SELECT * FROM frame")
        self.con.unregister("frame")
        self.con.execute(DAILY_COSTS)
        days = [line["charge_date"] for line in self.lines]
        found = self.con.execute("SELECT count(*) FROM calendar").fetchone()
        if days and found == (0,):
            self.cover(min(days).replace(day=1), max(days))
        self.con.close()
        return duckdb.connect(str(self.path), read_only=True)


@cache
def _empty() -> bytes:
    """A database with all views of the contract and no rows: making it takes longer than a copy."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.duckdb")
        con = duckdb.connect(str(path))
        con.execute(DDL)
        made = {name for (name,) in con.execute("SHOW TABLES").fetchall()}
        for view, columns in dictionary().items():
            if view not in made | {"charges", "daily_costs", *CALENDAR_VIEWS}:
                types = ", ".join(f"{c} {kind}" for c, (kind, _) in columns.items() if c)
                con.execute(f"CREATE TABLE {view} ({types})")
        schema = pl.DataFrame(schema=CALENDAR_SCHEMA)
        con.execute("CREATE SCHEMA stored")
        con.register("schema", schema.to_arrow())
        con.execute("CREATE TABLE stored.calendar AS FROM schema")
        con.unregister("schema")
        for view in CALENDAR_VIEWS:
            con.execute(f"CREATE VIEW {view} AS {views()[view]}")
        con.close()
        return path.read_bytes()


def fill(books: Books) -> None:
    """Twelve projects over October and half of November, with everything that can go wrong."""
    dice = random.Random(20261117)
    for place, (project_id, name) in enumerate(PROJECTS.items()):
        if name is not None:
            books.insert("projects", project_id=project_id, project_name=name, state="active")
        weight = Decimal(2) ** (8 - place) if place < 9 else Decimal("0.004")
        for offset in range(48):
            _use(books, dice, project_id, date(2026, 10, 1) + timedelta(days=offset), weight)
    for offset in range(47):  # storage and its allowance, which belongs to no project
        day = date(2026, 10, 1) + timedelta(days=offset)
        if day == EMPTY_DAY:
            continue
        storage = {"scope": "storage", "operation": "vector_stores", "unit": "gb_days"}
        is_late = day >= date(2026, 11, 15)
        for owner, quantity in (("proj_chatbot", "41.5"), (None, "-1")):
            books.charge(
                day, owner, None, "vector_store_gb_days", quantity, "0.1",
                is_provisional=is_late, **storage,
            )  # fmt: skip
    for charge, usage, project, tokens in (  # around midnight, Berlin is a day ahead of UTC
        (date(2026, 11, 1), date(2026, 10, 31), "proj_chatbot", "1234567"),
        (date(2026, 12, 1), date(2026, 11, 30), "proj_img", "7654321"),
    ):
        books.charge(
            charge, project, "gpt-5.2", "text_output_tokens", tokens, "0.000014",
            usage_date=usage,
        )  # fmt: skip
    _beside(books)


def _use(books: Books, dice: random.Random, project: str, day: date, weight: Decimal) -> None:
    if day == EMPTY_DAY or (project == "proj_ended" and day.month == 11):
        return
    rhythm = Decimal(dice.randrange(60, 140)) / 100 * (Decimal("0.35") if day.weekday() > 4 else 1)
    is_late = day >= date(2026, 11, 15)
    for model, scope, operation, price_in, price_cached, price_out in MODELS:
        if dice.random() < 0.25 or (scope == "fine_tuning" and day.day % 7):
            continue
        cut = PRICE_RISE[1] if model == PRICE_RISE[0] and day.month == 10 else Decimal(1)
        size = int(dice.randrange(20_000, 60_000) * weight * rhythm) + 1
        meters = (
            ("text_input_tokens", size * 9, price_in),
            ("cached_text_input_tokens", size * 5, price_cached),
            ("text_output_tokens", size, price_out),
        )
        tier = {"service_tier": "batch", "is_batch": True} if dice.random() < 0.2 else {}
        for meter, quantity, price in meters:
            books.charge(
                day, project, model, meter, str(quantity), Decimal(price) * cut, scope=scope,
                operation=operation, is_provisional=is_late, **tier,
            )  # fmt: skip
    if dice.random() < 0.5:
        books.charge(
            day, project, None, "web_search_calls", str(dice.randrange(1, 90)), "0.01",
            scope="tools", operation="web_search_calls", unit="calls", is_provisional=is_late,
        )  # fmt: skip
    if project in {"proj_script", "proj_rtl"} and day >= date(2026, 11, 9):
        for meter, times in (("text_input_tokens", 8), ("text_output_tokens", 1)):
            books.charge(
                day, project, UNPRICED_MODEL, meter, str(54_321 * times), None,
                is_provisional=is_late,
            )  # fmt: skip
    if project == "proj_nameless" and day == date(2026, 11, 12):
        books.charge(
            day, project, UNPRICED_MODEL, "images", "12", None, operation="images", unit="images"
        )


def _budget(books: Books, name: str, covers: tuple[str | None, ...], figures: str) -> None:
    amount, spent, expected, low, high, crossing, state, bound = figures.split()
    known = expected != "-"
    for month, part in ((11, Decimal(1)), (10, Decimal("0.5"))):
        is_now = month == 11
        books.insert(
            "budget_status", budget_id=name, project_id=covers[0], model=covers[1], scope=covers[2],
            period_start_date=date(2026, month, 1), period_end_date=date(2026, month + 1, 1),
            amount_usd=Decimal(amount), spent_usd=Decimal(spent) * part,
            is_lower_bound=bound == "bound" and is_now,
            forecast_usd=Decimal(expected) if known else None,
            forecast_low_usd=Decimal(low) if known else None,
            forecast_high_usd=Decimal(high) if known else None,
            crossing_date=None if crossing == "-" else date.fromisoformat(crossing),
            thresholds=[50, 80, 100], state=state if is_now else "ok",
        )  # fmt: skip


def _beside(books: Books) -> None:
    first_day, yesterday = date(2026, 10, 1), date(2026, 11, 16)
    books.cover(first_day, date(2026, 11, 13))
    books.cover(date(2026, 11, 14), yesterday, is_day_complete=False)
    books.cover(first_day, date(2026, 11, 13), source="openai-usage")
    books.cover(date(2026, 11, 14), date(2026, 11, 15), source="openai-usage", state="missing")
    books.cover(yesterday, date(2026, 11, 17), source="openai-usage", state="late")
    books.cover(date(2026, 11, 17), date(2026, 11, 17), state="late")
    for since, last, is_whole in (
        (first_day, date(2026, 11, 13), True), (date(2026, 11, 14), yesterday, False),
    ):  # fmt: skip
        books.cover(
            since, last, source="openai-costs", covers="costs", role="costs",
            is_day_complete=is_whole,
        )  # fmt: skip
    books.con.execute(
        "UPDATE stored.calendar SET covered_until_at = CASE source "
        "WHEN 'gateway' THEN TIMESTAMP '2026-11-17 12:58' "
        "WHEN 'openai-usage' THEN TIMESTAMP '2026-11-14' ELSE TIMESTAMP '2026-11-17' END"
    )
    for name, kind, first, missing in (
        ("gateway", "request_log", date(2026, 10, 1), {EMPTY_DAY}),
        (
            "openai-usage", "openai_usage", date(2026, 10, 1),
            {EMPTY_DAY, date(2026, 11, 14), date(2026, 11, 15), date(2026, 11, 16)},
        ),
    ):  # fmt: skip
        for offset in range(48):
            day = first + timedelta(days=offset)
            if day not in missing:
                books.insert("usage", source=name, basis="charge", usage_date=day, charge_date=day)
        last = (
            datetime(2026, 11, 17, 12, 58) if kind == "request_log" else datetime(2026, 11, 13, 23)
        )
        books.insert(
            "input_files", input_file=f"logs/{name}.jsonl.gz", source=name, kind=kind, state="read",
            waiting_bytes=0, rows_read=1_234_567, first_record_at=datetime(2026, 10, 1, 0, 1),
            last_record_at=last,
        )  # fmt: skip
    books.insert(
        "input_files", input_file="logs/<b>late</b>.jsonl", source="gateway", kind="request_log",
        state="waiting", waiting_bytes=3_400_000, rows_read=0,
    )  # fmt: skip
    books.insert(
        "input_files", input_file="costs.json", source="openai-costs", kind="openai_costs",
        state="read", waiting_bytes=0, rows_read=47,
    )  # fmt: skip
    for row in BUDGETS:
        _budget(books, *row)
    for line in range(17):
        books.insert(
            "quarantine", source="gateway", input_file="logs/gateway.jsonl.gz", input_line=line + 9,
            rule="cached_within_input", detail="cached_tokens 900 > input_tokens <b>800</b>",
            tokens_held_back=1700, usage_date=date(2026, 11, 3 + line % 5),
        )  # fmt: skip
    for line in range(2):
        books.insert(
            "quarantine", source="gateway", input_file="logs/gateway.jsonl.gz", input_line=line + 1,
            rule="not_json", detail="no JSON object",
        )  # fmt: skip
    books.insert(  # taken in since: no longer held back
        "quarantine", source="gateway", input_file="old.jsonl", input_line=1, rule="not_json",
        detail="no JSON object", usage_date=date(2026, 11, 3), replayed_at=NOW,
    )  # fmt: skip
    books.insert(
        "runs", run_id=RUN_ID, started_at=NOW, finished_at=NOW, outcome="partial",
        message="openai-usage: the connection was refused",
    )  # fmt: skip
    for number in range(1, 17):
        books.insert(
            "provider_costs", usage_date=date(2026, 11, number), project_id="proj_chatbot",
            line_item="gpt-5.2, input", amount=Decimal("1365.120000000000000000000001"),
            currency="usd", fetched_at=NOW,
        )  # fmt: skip
    books.insert(
        "charge_postings", charge_date=date(2026, 11, 3), cost_usd=Decimal("-1.234567"),
        reason="restatement", run_id=RUN_ID, posted_at=NOW,
    )  # fmt: skip
    books.insert(
        "alerts", alert_id="a1", raised_at=datetime(2026, 11, 13, 4), kind="budget_threshold",
        subject_id="chatbot-monthly", period_start_date=date(2026, 11, 1), threshold_percent=100,
        severity="critical", message="chatbot-monthly: 100% used <nothing left>", state="open",
    )  # fmt: skip
