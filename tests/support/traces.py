"""Real traces as a request log: two LLM services of Azure, one hour of November 2023.

The traces say when a request came and how many tokens went in and out; they carry no project,
key or model. Those are assigned here, from the CRC-32 of "FILE:ROW" (rows counted from 0), so
that the same row always gets the same: project = hash mod 7, key = hash // 7 mod 3 (keys
belong to their project), model = hash // 21 mod 4 of `PRICES`. Nothing is cached.

Source: Microsoft's Azure Public Dataset, CC-BY 4.0; Patel et al., "Splitwise: Efficient
generative LLM inference using phase splitting", ISCA 2024.
"""

from __future__ import annotations

import csv
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

FILES = ("azure_llm_2023_code.csv", "azure_llm_2023_conversation.csv")
ENVIRONMENT = "TOLLBOOK_TRACES"  # the folder of the traces

# USD per million tokens, in and out. The traces' days lie before these models, so the prices
# are stated for the test in a file of its own (`price_file`) and valid at any time.
PRICES: dict[str, tuple[str, str]] = {
    "gpt-4o-mini-2024-07-18": ("0.15", "0.60"),
    "gpt-4o-2024-08-06": ("2.50", "10.00"),
    "gpt-4.1-2025-04-14": ("2.00", "8.00"),
    "gpt-5-mini-2025-08-07": ("0.25", "2.00"),
}
PROJECTS, KEYS = 7, 3
_PER_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Request:
    """One row of a trace, and what it was assigned."""

    at: datetime  # naive UTC, to the second
    name: str
    project_id: str
    api_key_id: str
    model: str
    input_tokens: int
    output_tokens: int

    @property
    def cost_usd(self) -> Decimal:
        """What the request costs at the stated prices."""
        price_in, price_out = PRICES[self.model]
        cost = self.input_tokens * Decimal(price_in) + self.output_tokens * Decimal(price_out)
        return cost / _PER_MILLION


def find() -> Path | None:
    """The folder of the traces: that of the environment, or `shared/data` beside the checkout."""
    named = os.environ.get(ENVIRONMENT)
    checkout = Path(__file__).resolve().parents[2]
    folder = Path(named) if named else checkout.parent / "shared" / "data"
    return folder if all((folder / name).is_file() for name in FILES) else None


def requests(folder: Path) -> Iterator[Request]:
    """The requests of all traces, file by file, in their order."""
    for name in FILES:
        with (folder / name).open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                yield _request(name, number, row)


def write_log(folder: Path, to: Path) -> int:
    """Write the requests as chat completions, one a line; gives their number."""
    count = 0
    with to.open("w", encoding="utf-8") as out:
        for request in requests(folder):
            out.write(_line(request))
            count += 1
    return count


def price_file(to: Path) -> None:
    """Write the stated prices as a price file of the user."""
    header = "provider,model,meter,service_tier,context_class,price_usd,per,unit"
    lines = [f"{header},valid_from,valid_to,source,recorded_at"]
    for model, prices in PRICES.items():
        for meter, price in zip(("text_input_tokens", "text_output_tokens"), prices, strict=True):
            lines.append(
                f"openai,{model},{meter},default,base,{price},1000000,tokens,,,stated,2023-11-01"
            )
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")


def totals(folder: Path) -> dict[tuple[str, str, date], tuple[int, int, int, Decimal]]:
    """By project, model and UTC day: requests, input and output tokens, exact cost."""
    sums: dict[tuple[str, str, date], tuple[int, int, int, Decimal]] = {}
    for request in requests(folder):
        key = (request.project_id, request.model, request.at.date())
        count, tokens_in, tokens_out, cost = sums.get(key, (0, 0, 0, Decimal(0)))
        sums[key] = (
            count + 1,
            tokens_in + request.input_tokens,
            tokens_out + request.output_tokens,
            cost + request.cost_usd,
        )
    return sums


def _request(name: str, number: int, row: dict[str, str]) -> Request:
    place = zlib.crc32(f"{name}:{number}".encode())
    project, key = place % PROJECTS, place // PROJECTS % KEYS
    model = tuple(PRICES)[place // (PROJECTS * KEYS) % len(PRICES)]
    # Seven digits of fractions of a second: a body's `created` has whole seconds.
    at = datetime.fromisoformat(row["TIMESTAMP"].partition(".")[0])
    return Request(
        at=at,
        name=f"{name.removesuffix('.csv')}-{number}",
        project_id=f"proj_trace{project}",
        api_key_id=f"key_trace{project}x{key}",
        model=model,
        input_tokens=int(row["ContextTokens"]),
        output_tokens=int(row["GeneratedTokens"]),
    )


def _line(request: Request) -> str:
    body = {
        "id": f"chatcmpl-{request.name}",
        "object": "chat.completion",
        "created": int(request.at.replace(tzinfo=UTC).timestamp()),
        "model": request.model,
        "choices": [],
        "usage": {
            "prompt_tokens": request.input_tokens,
            "completion_tokens": request.output_tokens,
            "total_tokens": request.input_tokens + request.output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "organization_id": "org-traces",
        "project_id": request.project_id,
        "api_key_id": request.api_key_id,
        "user_id": None,
    }
    return json.dumps(body, separators=(",", ":")) + "\n"
