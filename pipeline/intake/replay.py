"""Reads quarantined lines of request logs again, from the text that the quarantine kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.intake.files.input_file import InputFile
from pipeline.intake.files.segments import Segment
from pipeline.intake.request_log import normalize as request_log_normalize
from pipeline.intake.session import IntakeSession
from pipeline.intake.source import Context


def take_lines(
    intake: IntakeSession, entry: InputFile, lines: Sequence[tuple[int, str]], provider: str
) -> Counter[int]:
    """Read some lines of a log again from their text; gives the records each line made.

    **Takes** the provider of its source.

    A line that is still broken makes none and stays in the quarantine.
    """
    path = intake.temporary / "replayed.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [(line, raw) for line, raw in lines if raw.strip() and "\n" not in raw]
    landed: Counter[int] = Counter()
    if not kept:
        return landed
    path.write_text("".join(f"{raw}\n" for _, raw in kept), encoding="utf-8")
    numbers = np.array([line for line, _ in kept], dtype=np.int64)
    segment = Segment(path, int(numbers[0]), len(kept), numbers)
    context = Context(
        organization_id=intake.organization_id,
        source=entry.source,
        provider=provider,
        basis="charge" if entry.basis == "charge" else "detail",
        zone=intake.zone,
        recorded_at=intake.recorded_at,
        now=intake.now,
        input_file=entry.input_file,
        organizations=intake.organizations,
    )
    for frame in request_log_normalize.read_frames(
        intake.con,
        segment,
        occurrences=Counter(),
        now=context.now,
        organizations=intake.organizations,
    ):
        done = request_log_normalize.normalize(frame, context)
        intake.writer.add(done.records, entry.basis, file_id=entry.file_id)
        landed.update(done.records["input_line"].to_list())
    return landed
