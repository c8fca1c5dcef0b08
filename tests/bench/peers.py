"""What other ways to price the same rows cost, and by how many cents they are off.

Each peer is a small program of its own: the cost functions of LiteLLM and genai-prices, a request
at a time over the first lines; a plain polars program and DuckDB with a price join over all lines.
One that is not installed is left out and said so.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path

from tests.bench.generate import MODELS
from tests.bench.measure import MIB, CommandFailedError, Measured, measure
from tests.bench.table import Finding

_PER_MILLION = Decimal(1_000_000)
_FLOATS = "binary floating point"

_REQUESTS = """
import itertools, json, sys
log, prices, lines = sys.argv[1:]
prices, spent = json.loads(prices), {}
def requests():
    with open(log, encoding="utf-8") as file:
        for line in itertools.islice(file, int(lines)):
            body = json.loads(line)
            usage = body["usage"]
            cached = usage["prompt_tokens_details"]["cached_tokens"]
            yield body["model"], usage["prompt_tokens"], cached, usage["completion_tokens"]
"""
_SAID = """
print(json.dumps({model: str(usd) for model, usd in spent.items()}))
"""
_GENAI = f"""{_REQUESTS}
from genai_prices import Usage, calc_price
for model, tokens, cached, output in requests():
    usage = Usage(input_tokens=tokens, cache_read_tokens=cached, output_tokens=output)
    price = calc_price(usage, model_ref=model, provider_id="openai").total_price
    spent[model] = spent.get(model, 0) + price
{_SAID}"""
_LITELLM = f"""{_REQUESTS}
import litellm
for model, tokens, cached, output in requests():
    cost = litellm.cost_per_token(
        model=model, prompt_tokens=tokens, completion_tokens=output, cache_read_input_tokens=cached
    )
    spent[model] = spent.get(model, 0) + sum(cost)
{_SAID}"""
_POLARS = f"""{_REQUESTS}
import polars as pl
listed = pl.DataFrame(
    [(m, *map(float, usd)) for m, usd in prices.items()],
    schema=["model", "input", "cached", "output"], orient="row",
)
usage = pl.col("usage").struct
cached = usage.field("prompt_tokens_details").struct.field("cached_tokens")
found = (
    pl.scan_ndjson(log)
    .select("model", usage.field("prompt_tokens"), usage.field("completion_tokens"), cached)
    .join(listed.lazy(), on="model")
    .with_columns(
        usd=((pl.col("prompt_tokens") - pl.col("cached_tokens")) * pl.col("input")
        + pl.col("cached_tokens") * pl.col("cached")
        + pl.col("completion_tokens") * pl.col("output")) / 1e6
    )
    .group_by("model").agg(pl.col("usd").sum())
    .collect(engine="streaming")
)
spent = dict(found.rows())
{_SAID}"""
_DUCKDB = f"""{_REQUESTS}
import duckdb
con = duckdb.connect(config={{"threads": 2}})
con.execute("SET enable_progress_bar = false")
con.execute("CREATE TABLE listed (model VARCHAR, i DOUBLE, c DOUBLE, o DOUBLE)")
con.executemany("INSERT INTO listed VALUES (?, ?, ?, ?)", [(m, *p) for m, p in prices.items()])
spent = dict(con.execute(
    "SELECT model, sum((usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens) * i "
    "+ usage.prompt_tokens_details.cached_tokens * c + usage.completion_tokens * o) / 1e6 "
    f"FROM read_json('{{log}}') JOIN listed USING (model) GROUP BY model"
).fetchall())
{_SAID}"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that prices a log, and whether it looks at every line."""

    name: str
    package: str
    program: str
    reads_all: bool


PEERS = (
    Peer("plain DuckDB with a price join", "duckdb", _DUCKDB, reads_all=True),
    Peer("straightforward polars", "polars", _POLARS, reads_all=True),
    Peer("genai-prices, a request at a time", "genai_prices", _GENAI, reads_all=False),
    Peer("LiteLLM, a request at a time", "litellm", _LITELLM, reads_all=False),
)


def measure_peers(
    log: Path, rows: int, sample: int, *, python: str = sys.executable
) -> list[Finding]:
    """Each peer on the log, or on its first `sample` lines, in a process of its own."""
    findings = []
    for peer in PEERS:
        lines = rows if peer.reads_all else min(sample, rows)
        words = [str(log), json.dumps(MODELS), str(lines)]
        output = log.with_name("peer.log")
        try:
            measure([python, "-c", f"import {peer.package}"], cwd=log.parent, log=output)
        except CommandFailedError:
            findings.append(Finding(peer.name, "not installed"))
            continue
        one = measure([python, "-c", peer.program, *words], cwd=log.parent, log=output)
        findings += _findings(peer, one, lines, spent_by_model(log, lines))
    return findings


def _findings(peer: Peer, one: Measured, lines: int, spent: dict[str, Decimal]) -> list[Finding]:
    said = {m: Decimal(usd) for m, usd in json.loads(one.output.splitlines()[-1]).items()}
    off = sum(said.values(), Decimal(0)) - sum(spent.values(), Decimal(0))
    other = [m for m in spent if abs(said.get(m, Decimal(0)) - spent[m]) >= Decimal("0.005")]
    why = f"other prices of {', '.join(sorted(other))}" if other else _FLOATS
    return [
        Finding(
            f"{peer.name}, {lines:,} lines",
            f"{one.seconds:.2f} s",
            cpu=f"{one.cpu_seconds:.2f} s",
            memory=f"{one.peak_bytes / MIB:,.0f} MiB",
            ratio=f"{one.cpu_seconds / lines * 1e6:,.1f} s per M",
        ),
        Finding("  … off by", f"{off * 100:.12f} cents" + (f": {why}" if off else "")),
    ]


def spent_by_model(log: Path, lines: int) -> dict[str, Decimal]:
    """What the first lines of a log cost, exactly, by model."""
    spent = dict.fromkeys(MODELS, Decimal(0))
    with log.open(encoding="utf-8") as file:
        for line in islice(file, lines):
            body = json.loads(line)
            usage = body["usage"]
            cached = usage["prompt_tokens_details"]["cached_tokens"]
            counts = (usage["prompt_tokens"] - cached, cached, usage["completion_tokens"])
            prices = map(Decimal, MODELS[body["model"]])
            spent[body["model"]] += sum(n * p for n, p in zip(counts, prices, strict=True))
    return {model: usd / _PER_MILLION for model, usd in spent.items()}
