"""Writes `data/sample`: nine weeks of Acme's raw files, their configuration, and some bad lines.

    python -m pipeline.demo.sample

The same bytes every time: all of it follows from one seed, and compressed files carry no time.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pipeline.demo import billing
from pipeline.demo.bodies import line
from pipeline.demo.cast import Call, Organization
from pipeline.demo.organization import acme
from pipeline.demo.saved import ENDPOINTS, bill, costs_envelope, usage_envelope
from pipeline.demo.traffic import FIRST_WEEK, calls
from pipeline.demo.workloads import SUPPORT_MODEL
from pipeline.resources import folder

LAST_DAY = date(2026, 11, 22)
_UNTIL = LAST_DAY + timedelta(days=1)
# The first night's batch, just after midnight in Berlin, is still the day before in UTC.
_FIRST_UTC_DAY = FIRST_WEEK - timedelta(days=1)

_PRICE_HEADER = (
    *("provider", "model", "meter", "service_tier", "context_class", "price_usd", "per", "unit"),
    *("valid_from", "valid_to", "source", "recorded_at"),
)

_README = """\
# The sample

Nine weeks of a made-up organization, Acme, ending on {last_day}. Written by
`python -m pipeline.demo.sample`; do not edit it by hand.

| what | where |
|---|---|
| what a gateway logged: chat, responses, embeddings, images, audio, moderation | `logs/` |
| output files of Batch jobs | `batch/` |
| saved answers of the usage endpoints for storage and tools, which pass no gateway | `usage/` |
| saved answers of the costs endpoint: the provider's own opinion | `costs/` |
| contracted prices, on top of the built-in price book | `contract-prices.csv` |
| names of projects | `directory/projects.csv` |
| limits of tokens a minute, one nearly reached and one reached | `directory/rate-limits.csv` |
| a model that a project may no longer use, and does | `directory/model-permissions.csv` |

On purpose there are lines that are broken, impossible or from the future, lines logged twice, one
that was logged again with other numbers, a model that no price list knows, a few amounts on the
bill that no log explains, in November a difference of each other kind, a surge, a budget that is
over and one that is near.
"""

_CONFIGURATION = """\
# The made-up organization that `tollbook demo` runs on.

[organization]
id = "{organization_id}"
name = "Acme"
timezone = "Europe/Berlin"

[storage]
root = "var"

[[sources]]
name = "gateway"
kind = "request_log"
path = ["logs/*.jsonl.gz"]
scopes = ["models", "fine_tuning"]

[[sources]]
name = "batch"
kind = "request_log"
path = ["batch/*.jsonl.gz"]
scopes = ["models", "fine_tuning"]

[[sources]]
name = "tools"                        # storage and tools pass no gateway
kind = "openai_usage"
path = ["usage/*.json"]
scopes = ["storage", "tools"]

[[sources]]
name = "bill"                         # what the provider says it costs, to compare with
kind = "openai_costs"
path = ["costs/*.json"]

[directory]
projects = "directory/projects.csv"
rate_limits = "directory/rate-limits.csv"
model_permissions = "directory/model-permissions.csv"

[prices]
files = ["contract-prices.csv"]

[[discounts]]
percent = "{discount_percent}"
project = "{enrichment}"  # Nightly enrichment
valid_from = "{discount_since}"

[[budgets]]
id = "acme-monthly"
amount_usd = "650.00"
thresholds = [50, 80, 100]
forecast_thresholds = [100]

[[budgets]]
id = "code-monthly"
project = "{code}"  # Code assistant
amount_usd = "220.00"
thresholds = [50, 80, 100]

[[budgets]]
id = "contracts-monthly"
project = "{contracts}"  # Contract review
amount_usd = "220.00"
thresholds = [80, 100]

[[budgets]]
id = "support-monthly"
project = "{support}"  # Support chatbot
amount_usd = "90.00"
thresholds = [50, 80, 100]

[[budgets]]
id = "search-storage"
project = "{search}"  # Document search
scope = "storage"
amount_usd = "60.00"
"""


def write(to: Path) -> None:
    """Write the sample into a folder, replacing all that is in it."""
    organization = acme()
    made = tuple(calls(organization, FIRST_WEEK, _UNTIL))
    if to.exists():
        shutil.rmtree(to)
    for name, content in _files(organization, made):
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def compressed(text: str) -> bytes:
    """A gzip file without a time and a name in it, so that it only depends on the text."""
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=buffer, mtime=0) as out:
        out.write(text.encode())
    return buffer.getvalue()


def _files(organization: Organization, made: tuple[Call, ...]) -> Iterator[tuple[str, bytes]]:
    yield "README.md", _README.format(last_day=LAST_DAY).encode()
    yield (
        "tollbook.toml",
        _CONFIGURATION.format(
            organization_id=organization.id,
            discount_percent=billing.DISCOUNT_PERCENT,
            discount_since=billing.DISCOUNT_SINCE.date(),
            **{project.slug: project.id for project in organization.projects},
        ).encode(),
    )
    yield "contract-prices.csv", _contract().encode()
    yield "directory/projects.csv", _projects(organization).encode()
    yield "directory/rate-limits.csv", _rate_limits(organization).encode()
    yield "directory/model-permissions.csv", _model_permissions(organization).encode()
    for week, lines in _weeks(organization, made, is_batch=False).items():
        yield f"logs/{week}.jsonl.gz", compressed("".join(f"{text}\n" for text in lines))
    for week, lines in _weeks(organization, made, is_batch=True).items():
        yield f"batch/{week}.jsonl.gz", compressed("".join(f"{text}\n" for text in lines))
    items = tuple(bill(organization, made, _FIRST_UTC_DAY, _UNTIL))
    for since, until in _months():
        # What was fetched a few days into the next month, and the newest month so far.
        fetched_at = datetime.combine(until, time(5, 10))
        fetched_at += timedelta(days=0 if until == _UNTIL else 3)
        for endpoint in ENDPOINTS:
            page = usage_envelope(organization, endpoint, since, until, fetched_at)
            yield f"usage/{endpoint.name}-{since:%Y-%m}.json", _json(page)
        yield f"costs/{since:%Y-%m}.json", _json(costs_envelope(items, since, until, fetched_at))


def _months() -> Iterator[tuple[date, date]]:
    """The UTC months of the sample, cut to its days."""
    since = _FIRST_UTC_DAY
    while since < _UNTIL:
        next_month = (since.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield since, min(next_month, _UNTIL)
        since = next_month


def _weeks(
    organization: Organization, made: tuple[Call, ...], *, is_batch: bool
) -> dict[str, list[str]]:
    """The log lines by week of the organization's zone; the gateway's with their flaws."""
    weeks: dict[str, list[str]] = defaultdict(list)
    for call in made:
        if call.workload.is_batch == is_batch:
            weeks[_week(call.at.replace(tzinfo=UTC).astimezone(organization.zone))].append(
                line(organization, call)
            )
    if not is_batch:
        _spoil(weeks)
    return weeks


def _week(at: datetime) -> str:
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02d}"


def _spoil(weeks: dict[str, list[str]]) -> None:
    """What goes wrong in real logs: cut, impossible, future, repeated and corrected lines."""
    names = sorted(weeks)
    last, before = weeks[names[-1]], weeks[names[-2]]
    chats = [text for text in last if '"object":"chat.completion"' in text]
    # The gateway restarted: it re-sent the end of the old file and cut a line.
    last[:0] = before[-4:]
    corrected = next(text for text in before if SUPPORT_MODEL in text)
    before[before.index(corrected)] = _changed(corrected, completion_tokens=1)
    last.insert(4, corrected)
    last.insert(40, chats[40][: len(chats[40]) * 3 // 5])
    last.insert(41, "gateway: reconnected to upstream after 2 s")
    last.insert(90, _changed(chats[90], id_end="X0", cached_tokens=900_000))
    last.insert(140, _changed(chats[140], id_end="X1", created=1_930_000_000))
    last.insert(190, _changed(chats[190], id_end="X2", prompt_tokens="many"))
    last.insert(240, chats[30])


def _changed(
    text: str,
    *,
    id_end: str = "",
    created: int | None = None,
    cached_tokens: int | None = None,
    **usage: int | str,
) -> str:
    """A chat completion's line with other numbers and, if given, another id."""
    body = json.loads(text)
    body["id"] = body["id"][: len(body["id"]) - len(id_end)] + id_end
    body["created"] = body["created"] if created is None else created
    if cached_tokens is not None:
        body["usage"]["prompt_tokens_details"]["cached_tokens"] = cached_tokens
    body["usage"] |= usage
    if "completion_tokens" in usage:
        body["usage"]["total_tokens"] = body["usage"]["prompt_tokens"] + usage["completion_tokens"]
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _contract() -> str:
    """The contracted prices, as the provider's bill has them."""
    meters = {
        "input": "text_input_tokens",
        "cached input": "cached_text_input_tokens",
        "output": "text_output_tokens",
    }
    rows = [
        (billing.CONTRACT_MODEL, meters[kind], price, f"{billing.CONTRACT_SINCE.date()}")
        for kind, price in billing.CONTRACT.items()
    ]
    return _csv(
        _PRICE_HEADER,
        [
            (
                *("openai", model, meter, "default", "base", price, "1000000", "tokens"),
                *(valid_from, "", "contract of 2026-09-15", "2026-09-15"),
            )
            for model, meter, price, valid_from in rows
        ],
    )


def _projects(organization: Organization) -> str:
    return _csv(
        ("project_id", "project_name", "state", "created_at", "archived_at"),
        [
            (
                project.id,
                project.name,
                "archived" if project.archived_at else "active",
                f"{project.created_at.isoformat()}Z",
                f"{project.archived_at.isoformat()}Z" if project.archived_at else "",
            )
            for project in organization.projects
        ],
    )


def _rate_limits(organization: Organization) -> str:
    """Limits of tokens: plenty, nearly reached, and reached in the newest month."""
    limits = (
        ("support", "gpt-5-mini-2025-08-07", "2000000"),
        ("contracts", "gpt-5.4-2026-03-05", "700000"),
        ("code", "gpt-5-2025-08-07", "450000"),
    )
    return _csv(
        ("project_id", "model", "max_requests_per_1_minute", "max_tokens_per_1_minute"),
        [(organization.project(slug).id, model, "500", most) for slug, model, most in limits],
    )


def _model_permissions(organization: Organization) -> str:
    """A model that the default project may not use since the middle of the newest month."""
    return _csv(
        ("project_id", "mode", "model_ids", "valid_from"),
        [
            (
                organization.project("default").id,
                "deny_list",
                "gpt-4o-2024-08-06",
                "2026-11-10",
            )
        ],
    )


def _csv(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _json(page: dict[str, Any]) -> bytes:
    return json.dumps(page, separators=(",", ":")).encode() + b"\n"


def main() -> None:
    """Regenerate the sample in place, or write it into another folder."""
    parser = argparse.ArgumentParser(description="Write the sample organization's raw files.")
    parser.add_argument("--into", type=Path, default=folder("data") / "sample")
    write(parser.parse_args().into)


if __name__ == "__main__":
    main()
