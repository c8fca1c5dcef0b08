"""Raw totals of a response body to disjoint meters: each token is in exactly one.

Cached and written tokens are inside the input; audio and image tokens inside either total. What
is only a total is taken from text first, then images, then audio, as far as there is any.
"""

from __future__ import annotations

import polars as pl

from pipeline.intake.request_log.fields import count
from pipeline.meters import METERS, QUANTITY

_MODALITIES = ("text", "image", "audio")
_RENAMED = {"training_tokens": "trained_tokens"}


def disjoint_meters(frame: pl.DataFrame) -> pl.DataFrame:
    """All meters of `records.METERS`, in their order, none NULL.

    Takes: a frame of `request_fields` whose rows keep the identities checked there.
    """
    tokens = _tokens(frame)
    return frame.select(
        tokens[m.name]
        if m.name in tokens.columns
        else _seconds(frame, m.name)
        if m.is_fraction
        else count(frame, _RENAMED.get(m.name, m.name)).alias(m.name)
        for m in METERS
    )


def _tokens(frame: pl.DataFrame) -> pl.DataFrame:
    """The token meters that are not simply a column."""
    room = {m: count(frame, f"input_{m}_tokens") for m in _MODALITIES[1:]}
    room["text"] = count(frame, "input_tokens") - room["image"] - room["audio"]
    present = ["text", *(m for m in _MODALITIES[1:] if f"input_{m}_tokens" in frame.columns)]
    cached = _spread(frame, present, room, "cached_{}_tokens", count(frame, "cached_tokens"))
    written = count(frame, "cache_write_tokens")
    left = {m: room[m] - cached[m] for m in present}
    spent = _spread(frame, present, left, "no {} column", written)
    long_lived = count(frame, "cache_write_12h_tokens")
    other = count(frame, "output_audio_tokens", "output_image_tokens")
    return frame.select(
        *((left[m] - spent[m]).alias(f"{m}_input_tokens") for m in present),
        *(cached[m].alias(f"cached_{m}_input_tokens") for m in present),
        (written - long_lived).alias("cache_write_tokens"),
        long_lived.alias("cache_write_12h_tokens"),
        (count(frame, "output_tokens") - other).alias("text_output_tokens"),
        count(frame, "output_audio_tokens").alias("audio_output_tokens"),
        count(frame, "output_image_tokens").alias("image_output_tokens"),
    )


def _spread(
    frame: pl.DataFrame, present: list[str], room: dict[str, pl.Expr], given: str, total: pl.Expr
) -> dict[str, pl.Expr]:
    """A total over the modalities that are present: as given, the rest where there is room."""
    known = {m: count(frame, given.format(m)) for m in present}
    if present == ["text"]:
        return {"text": total}
    rest = total - sum(known.values(), start=pl.lit(0, dtype=pl.Int64))
    shares = {}
    for modality in present:
        share = pl.min_horizontal(rest, room[modality] - known[modality])
        shares[modality] = known[modality] + share
        rest = rest - share
    return shares


def _seconds(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Seconds from their text, half-even at six decimals."""
    if name not in frame.columns:
        return pl.lit(0, dtype=QUANTITY).alias(name)
    exact = pl.col(name).cast(pl.Decimal(38, 18)).round(6, mode="half_to_even")
    return exact.fill_null(0).cast(QUANTITY).alias(name)
