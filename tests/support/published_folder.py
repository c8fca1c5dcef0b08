"""A small published folder: the views of the contract over Parquet, from rows given by a test.

Names, types and comments of the columns come from the data dictionary, so a view here has exactly
the columns of the contract; what a row does not give is NULL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipeline.published.dictionary import dictionary
from pipeline.published.snapshot.template import views

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]


def publish(root: Path, rows: Rows, run_id: str = "run-1") -> Path:
    """Publish a snapshot under a storage root, and give the link that leads to it."""
    root = root.resolve()
    snapshot = root / "snapshots" / run_id
    snapshot.mkdir(parents=True)
    database = snapshot / "tollbook.duckdb"
    database.write_bytes(_empty_views())
    with duckdb.connect(str(database)) as con:
        con.execute("SET enable_progress_bar = false")
        con.execute("BEGIN")
        for view in sorted(rows):
            _publish_view(con, snapshot, view, dictionary()[view], rows[view])
        con.execute("COMMIT")
    link = root / "published"
    new = root / "published.new"
    new.symlink_to(snapshot, target_is_directory=True)
    new.replace(link)
    return link


@cache
def _empty_views() -> bytes:
    """A database with every view and its comments, and no rows: made once, since it takes long."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tollbook.duckdb")
        with duckdb.connect(str(path)) as con:
            con.execute("BEGIN")  # one commit, not one for each of three hundred comments
            for view, columns in dictionary().items():
                nulls = ", ".join(
                    f'CAST(NULL AS {kind}) AS "{name}"'
                    for name, (kind, _) in columns.items()
                    if name
                )
                con.execute(f"CREATE VIEW {view} AS SELECT {nulls} WHERE false")
            compared = views()["compared_days"].replace("stored.calendar", "calendar")
            con.execute(f"CREATE OR REPLACE VIEW compared_days AS {compared}")
            for view, columns in dictionary().items():
                _comment(con, view, columns)
            con.execute("COMMIT")
        return path.read_bytes()


def covered(since: str, last: str) -> list[dict[str, Any]]:
    """Rows of `calendar`: days that the only source has covered to their end."""
    first = date.fromisoformat(since)
    return [
        {
            "calendar_date": first + timedelta(days=offset),
            "source": "gateway",
            "covers": "usage",
            "role": "charge",
            "state": "complete",
            "utc_state": "complete",
            "is_decisive": True,
            "is_day_complete": True,
        }
        for offset in range((date.fromisoformat(last) - first).days + 1)
    ]


def charge(  # a line as the rater makes it
    day: str,
    project: str | None,
    meter: str,
    quantity: str,
    unit_price: str | None,
    *,
    model: str | None = "gpt-a",
    price_id: str | None = None,
    api_key: str | None = None,
    user: str | None = None,
    tier: str = "default",
    context: str = "base",
    is_provisional: bool = False,
) -> dict[str, Any]:
    """One charge of tokens; without a unit price it is unpriced."""
    price = None if unit_price is None else Decimal(unit_price)
    cost = None if price is None else Decimal(quantity) * price
    return {
        "usage_date": date.fromisoformat(day),
        "charge_date": date.fromisoformat(day),
        "organization_id": "org-acme",
        "project_id": project,
        "project_name": None if project is None else project.removeprefix("proj_").title(),
        "api_key_id": api_key,
        "user_id": user,
        "provider": "openai",
        "model": model,
        "scope": "models",
        "operation": "completions",
        "service_tier": tier,
        "is_batch": tier == "batch",
        "context_class": context,
        "meter": meter,
        "quantity": Decimal(quantity),
        "unit": "tokens",
        "price_id": price_id,
        "list_unit_price_usd": price,
        "contracted_unit_price_usd": price,
        "list_cost_usd": cost,
        "cost_usd": cost,
        "pricing_status": "unpriced" if price is None else "priced",
        "is_provisional": is_provisional,
    }


def billed(day: str, amount_usd: str) -> dict[str, Any]:
    """A charge that only the costs endpoint shows, on the organization."""
    return {
        **charge(day, None, "training_tokens", "0", None, is_provisional=True),
        "model": "gpt-a-ft",
        "scope": "fine_tuning",
        "operation": "fine_tuning",
        "list_cost_usd": Decimal(amount_usd),
        "cost_usd": Decimal(amount_usd),
        "pricing_status": "billed",
    }


def price(
    price_id: str,
    meter: str,
    usd_per_million: str,
    *,
    tier: str = "default",
    context: str = "base",
    valid_from: str | None = None,
    valid_to: str | None = None,
    book_id: str = "book-1",
) -> dict[str, Any]:
    """One price of gpt-a for a million tokens."""
    return {
        "price_id": price_id,
        "provider": "openai",
        "model": "gpt-a",
        "meter": meter,
        "service_tier": tier,
        "context_class": context,
        "layer": "built-in",
        "price_usd": Decimal(usd_per_million),
        "per": 1_000_000,
        "unit": "tokens",
        "unit_price_usd": Decimal(usd_per_million) / 1_000_000,
        "long_above_tokens": 200_000 if context == "long" else None,
        "valid_from_at": None if valid_from is None else datetime.fromisoformat(valid_from),
        "valid_to_at": None if valid_to is None else datetime.fromisoformat(valid_to),
        "book_id": book_id,
    }


def daily(charges: Iterable[Row], counts: Mapping[tuple[Any, ...], tuple[int, int, int]]) -> Any:
    """The rows of daily_costs: charges summed, with requests, input and output tokens given."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for line in charges:
        key = (line["charge_date"], line["project_id"], line["model"], line["scope"])
        groups.setdefault(key, []).append(line)
    rows = []
    for key, lines in groups.items():
        costs = [line["cost_usd"] for line in lines if line["cost_usd"] is not None]
        requests, input_tokens, output_tokens = counts.get(key, (0, 0, 0))
        rows.append(
            {
                "charge_date": key[0],
                "project_id": key[1],
                "project_name": lines[0]["project_name"],
                "model": key[2],
                "scope": key[3],
                "requests": requests,
                "input_tokens": input_tokens,
                "output_tokens": output_tokens,
                "cost_usd": sum(costs, Decimal(0)) if costs else None,
                "unpriced_quantity": sum(
                    (line["quantity"] for line in lines if line["pricing_status"] == "unpriced"),
                    Decimal(0),
                ),
            }
        )
    return rows


def _publish_view(
    con: duckdb.DuckDBPyConnection,
    snapshot: Path,
    view: str,
    columns: Mapping[str, tuple[str, str]],
    rows: Sequence[Row],
) -> None:
    types = {name: kind for name, (kind, _) in columns.items() if name}
    for row in rows:
        unknown = set(row) - set(types)
        if unknown:
            raise KeyError(f"{view} has no column {sorted(unknown)}")
    folder = snapshot / view
    folder.mkdir()
    file = folder / "part.parquet"
    declared = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    con.execute(f"CREATE TEMP TABLE staged ({declared})")
    marks = ", ".join("?" for _ in types)
    for row in rows:
        con.execute(f"INSERT INTO staged VALUES ({marks})", [row.get(name) for name in types])
    path = str(file).replace("'", "''")
    con.execute(f"COPY staged TO '{path}' (FORMAT parquet)")
    con.execute("DROP TABLE staged")
    picked = ", ".join(f'"{name}"' for name in types)
    con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {picked} FROM read_parquet(['{path}'])")
    _comment(con, view, columns)


def _comment(
    con: duckdb.DuckDBPyConnection, view: str, columns: Mapping[str, tuple[str, str]]
) -> None:
    for name, (_, comment) in columns.items():
        what = f'COLUMN {view}."{name}"' if name else f"VIEW {view}"
        con.execute(f"COMMENT ON {what} IS '{comment.replace(chr(39), chr(39) * 2)}'")
