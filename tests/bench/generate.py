"""Makes the benchmark's request log: chat completions of 200 projects and 8 models, in time order.

Every row is a pure function of its number (SplitMix64, no library's hash), so the same
rows come out on any machine, whole or day by day. What they cost is summed on the way,
in integers and Decimal, from prices stated here and not from the product's price book.

    python -m tests.bench.generate --rows 3000000 --out requests.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import polars as pl

FIRST_DAY = date(2026, 9, 16)
DAYS = 30
PROJECTS = 200
ORGANIZATION = "org-bench"
CHUNK_ROWS = 200_000

# USD per million tokens: input, cached input, output; the list prices of the default tier.
MODELS: dict[str, tuple[str, str, str]] = {
    "gpt-4o-mini-2024-07-18": ("0.15", "0.075", "0.60"),
    "gpt-5-mini-2025-08-07": ("0.25", "0.025", "2.00"),
    "gpt-5.4": ("2.50", "0.25", "15.00"),
    "gpt-4.1-2025-04-14": ("2.00", "0.50", "8.00"),
    "gpt-4o-2024-08-06": ("2.50", "1.25", "10.00"),
    "gpt-5-2025-08-07": ("1.25", "0.125", "10.00"),
    "gpt-5.4-mini": ("0.75", "0.075", "4.50"),
    "o3": ("2.00", "0.50", "8.00"),
}

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEYS_PER_PROJECT = 5
_USERS_PER_KEY = 6
_PER_MILLION = Decimal(1_000_000)


@dataclass(slots=True)
class Totals:
    """What the rows add up to: rows, tokens by model, and with the prices above, money."""

    rows: int = 0
    size_bytes: int = 0
    tokens: dict[str, list[int]] = field(default_factory=lambda: {m: [0, 0, 0] for m in MODELS})

    @property
    def cost_usd(self) -> Decimal:
        """The exact cost, from integers and the prices stated in this file."""
        return sum(
            (
                Decimal(count) * Decimal(price) / _PER_MILLION
                for model, counts in self.tokens.items()
                for count, price in zip(counts, MODELS[model], strict=True)
            ),
            Decimal(0),
        )

    def add(self, other: Totals) -> None:
        """Add another file's totals to these."""
        self.rows += other.rows
        self.size_bytes += other.size_bytes
        for model, counts in other.tokens.items():
            self.tokens[model] = [a + b for a, b in zip(self.tokens[model], counts, strict=True)]


def write_log(
    path: Path,
    rows: int,
    *,
    first_day: date = FIRST_DAY,
    days: int = DAYS,
    first_row: int = 0,
) -> Totals:
    """Write `rows` lines spread evenly over `days`, numbered from `first_row`.

    Gives the totals. The file appears under its name only when it is whole.
    """
    totals = Totals()
    part = path.with_name(path.name + ".part")
    with part.open("wb") as out:
        for start in range(0, rows, CHUNK_ROWS):
            numbers = _numbers(start, min(start + CHUNK_ROWS, rows), rows, first_day, days)
            chunk = _facts(numbers, first_row)
            _lines(chunk).write_csv(
                out, include_header=False, quote_style="never", line_terminator="\n"
            )
            _count(chunk, totals)
        totals.size_bytes = out.tell()
    part.rename(path)
    return totals


def write_days(
    folder: Path, days: int, rows_a_day: int, *, last_day: date
) -> Iterator[tuple[Path, Totals]]:
    """One file a day, the last of them for `last_day`; a row's number says its day."""
    folder.mkdir(parents=True, exist_ok=True)
    for back in range(days - 1, -1, -1):
        day = last_day - timedelta(days=back)
        path = folder / f"{day}.jsonl"
        first_row = (day.toordinal() - date(2020, 1, 1).toordinal()) * rows_a_day
        yield path, write_log(path, rows_a_day, first_day=day, days=1, first_row=first_row)


def _numbers(start: int, stop: int, rows: int, first_day: date, days: int) -> pl.DataFrame:
    """The rows' numbers, and the second each was made in."""
    since = (first_day - date(1970, 1, 1)).days * 86_400
    return pl.DataFrame({"number": pl.int_range(start, stop, eager=True)}).with_columns(
        created=since + pl.col("number") * (days * 86_400) // rows
    )


def _facts(numbers: pl.DataFrame, first_row: int) -> pl.DataFrame:
    """Who called what with how many tokens: small integers only."""
    rows = numbers.with_columns(row=(pl.col("number") + first_row).cast(pl.UInt64))
    rows = rows.with_columns(a=_mix(pl.col("row") * 4), b=_mix(pl.col("row") * 4 + 1))
    picked = rows.with_columns(
        project=_pick(pl.col("a"), 0, _zipf(PROJECTS, 1.0)),
        model_number=_pick(pl.col("a"), 16, _zipf(len(MODELS), 0.95)),
        key=_pick(pl.col("a"), 32, _zipf(_KEYS_PER_PROJECT, 0.7)),
        user=_pick(pl.col("a"), 48, _zipf(_USERS_PER_KEY, 0.7)),
    )
    input_tokens = 20 + _bits(pl.col("b"), 0, 9) * (1 + _bits(pl.col("b"), 9, 4))
    output_tokens = 1 + _bits(pl.col("b"), 13, 6) * (1 + _bits(pl.col("b"), 19, 4))
    # Prompt caching begins at 1,024 tokens and goes in steps of 128.
    cached = (
        pl.when((pl.col("input_tokens") >= 1024) & (_bits(pl.col("b"), 23, 1) == 1))
        .then(pl.col("input_tokens") // 128 * 128 * (1 + _bits(pl.col("b"), 24, 2)) // 512 * 128)
        .otherwise(0)
    )
    return (
        picked.with_columns(input_tokens=input_tokens, output_tokens=output_tokens)
        .with_columns(cached_tokens=cached)
        .with_columns(
            reasoning_tokens=pl.when(pl.col("model_number").is_in([1, 5, 7]))
            .then(pl.col("output_tokens") * _bits(pl.col("b"), 26, 3) // 8)
            .otherwise(0)
        )
    )


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as JSON, one string each."""
    key = pl.col("project") * _KEYS_PER_PROJECT + pl.col("key")
    user = key * _USERS_PER_KEY + pl.col("user")
    return rows.select(
        pl.concat_str(
            pl.lit('{"id":"chatcmpl-'),
            *_row_name(),
            pl.lit('","object":"chat.completion","created":'),
            pl.col("created"),
            pl.lit(',"model":"'),
            _gather(pl.col("model_number"), tuple(MODELS)),
            pl.lit('","usage":{"prompt_tokens":'),
            pl.col("input_tokens"),
            pl.lit(',"completion_tokens":'),
            pl.col("output_tokens"),
            pl.lit(',"total_tokens":'),
            pl.col("input_tokens") + pl.col("output_tokens"),
            pl.lit(',"prompt_tokens_details":{"cached_tokens":'),
            pl.col("cached_tokens"),
            pl.lit('},"completion_tokens_details":{"reasoning_tokens":'),
            pl.col("reasoning_tokens"),
            pl.lit(
                '}},"service_tier":"default","system_fingerprint":"fp_50cad350e4",'
                f'"organization_id":"{ORGANIZATION}","project_id":"proj_'
            ),
            _gather(pl.col("project"), _names(PROJECTS, "proj", 16)),
            pl.lit('","api_key_id":"key_'),
            _gather(key, _names(PROJECTS * _KEYS_PER_PROJECT, "key", 16)),
            pl.lit('","user_id":"user-'),
            _gather(user, _names(PROJECTS * _KEYS_PER_PROJECT * _USERS_PER_KEY, "user", 16)),
            pl.lit('"}'),
        )
    )


def _row_name() -> list[pl.Expr]:
    """29 characters that no other row has: six say the row's number, the rest are mixed."""
    triples = _triples()
    number = pl.col("row").cast(pl.Int64)
    wide = [_mix(pl.col("row") * 4 + 2), _mix(pl.col("row") * 4 + 3)]
    parts = [_gather(number // 62**3, triples), _gather(number % 62**3, triples)]
    for word in wide:
        parts += [_gather(_bits(word, shift, 16) * 3, triples) for shift in (0, 16, 32, 48)]
    parts[-1] = parts[-1].str.head(2)
    return parts


def _count(rows: pl.DataFrame, totals: Totals) -> None:
    sums = rows.group_by("model_number").agg(
        pl.len().alias("rows"),
        (pl.col("input_tokens") - pl.col("cached_tokens")).sum().alias("uncached"),
        pl.col("cached_tokens").sum(),
        pl.col("output_tokens").sum(),
    )
    names = tuple(MODELS)
    for number, count, uncached, cached, output in sums.iter_rows():
        counts = totals.tokens[names[number]]
        for place, tokens in enumerate((uncached, cached, output)):
            counts[place] += tokens
        totals.rows += count


def _mix(value: pl.Expr) -> pl.Expr:
    """SplitMix64 of a number: 64 bits, each of them usable by itself."""
    z = (value.cast(pl.UInt64) + 1) * pl.lit(0x9E3779B97F4A7C15, dtype=pl.UInt64)
    z = _xor_shift(z, 30) * pl.lit(0xBF58476D1CE4E5B9, dtype=pl.UInt64)
    z = _xor_shift(z, 27) * pl.lit(0x94D049BB133111EB, dtype=pl.UInt64)
    return _xor_shift(z, 31)


def _xor_shift(value: pl.Expr, shift: int) -> pl.Expr:
    return value.xor(value // pl.lit(2**shift, dtype=pl.UInt64))


def _bits(word: pl.Expr, shift: int, count: int) -> pl.Expr:
    """`count` bits of a word, as a small number."""
    shifted = word // pl.lit(2**shift, dtype=pl.UInt64)
    return (shifted % pl.lit(2**count, dtype=pl.UInt64)).cast(pl.Int64)


def _pick(word: pl.Expr, shift: int, table: pl.Series) -> pl.Expr:
    """One of a weighted table of 65,536 places, by 16 bits of the word."""
    return pl.lit(table).gather(_bits(word, shift, 16))


def _gather(index: pl.Expr, names: tuple[str, ...] | pl.Series) -> pl.Expr:
    return pl.lit(names if isinstance(names, pl.Series) else pl.Series(names)).gather(index)


@cache
def _zipf(count: int, exponent: float) -> pl.Series:
    """65,536 places shared among `count` numbers by 1 / rank ** exponent."""
    weights = [1 / rank**exponent for rank in range(1, count + 1)]
    whole, places, reached = sum(weights), list[int](), 0.0
    for number, weight in enumerate(weights):
        reached += weight
        upto = 65_536 if number == count - 1 else round(reached / whole * 65_536)
        places += [number] * (upto - len(places))
    return pl.Series(places, dtype=pl.Int64)


@cache
def _triples() -> pl.Series:
    return pl.Series([a + b + c for a in _BASE62 for b in _BASE62 for c in _BASE62])


@cache
def _names(count: int, kind: str, length: int) -> pl.Series:
    """`count` made-up ids in base 62, different for each kind."""
    salt = sum(ord(letter) * 1_000_003**place for place, letter in enumerate(kind)) % 2**32
    state, names = salt, list[str]()
    for number in range(count):
        letters = _BASE62[number // 62**2 % 62] + _BASE62[number // 62 % 62] + _BASE62[number % 62]
        while len(letters) < length:
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            letters += _BASE62[state >> 33 & 31] + _BASE62[31 + (state >> 40 & 15)]
        names.append(letters[:length])
    return pl.Series(names)


def main() -> None:
    """Write one file and print what is in it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--since", type=date.fromisoformat, default=FIRST_DAY)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    totals = write_log(given.out, given.rows, first_day=given.since, days=given.days)
    print(
        json.dumps(
            {
                "rows": totals.rows,
                "bytes": totals.size_bytes,
                "cost_usd": str(totals.cost_usd),
                "tokens": totals.tokens,
            }
        )
    )


if __name__ == "__main__":
    main()
