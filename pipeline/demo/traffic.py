"""When the made-up organization calls, and how much each call carries.

Every day of a workload has its own seeded generator, so a day's calls do not depend on
which other days were asked for.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.demo.cast import ApiKey, Call, Hours, Organization, Project, Size, Weighted, Workload
from pipeline.demo.workloads import LONG_CONTEXT_ABOVE

FIRST_WEEK = date(2026, 9, 21)  # growth counts from here
_WEEKS_OF_GROWTH = 26  # nothing grows for ever

# How likely each local hour is.
_HOURS: dict[Hours, dict[int, int]] = {
    "office": {8: 3, 9: 8, 10: 10, 11: 9, 12: 4, 13: 6, 14: 9, 15: 10, 16: 8, 17: 5, 18: 2, 20: 1},
    "daytime": {**dict.fromkeys(range(7, 10), 4), **dict.fromkeys(range(10, 20), 7), 20: 5, 22: 2},
    "night": {0: 2, 1: 5, 2: 5, 3: 3, 4: 1},
}
_CACHE_STEP = 128  # the provider caches prompts of 1,024 tokens and more, in steps of 128
_CACHE_FROM = 1_024


def calls(
    organization: Organization, since: date, until: date, scale: float = 1.0
) -> Iterator[Call]:
    """The calls of half-open days of the organization's zone, in time order."""
    day = since
    while day < until:
        made = [
            call
            for project in organization.projects
            for workload in project.workloads
            for call in _day_of(organization, project, workload, day, scale)
        ]
        yield from sorted(made, key=lambda call: (call.at, call.mark))
        day += timedelta(days=1)


def _day_of(
    organization: Organization, project: Project, workload: Workload, day: date, scale: float
) -> Iterator[Call]:
    if (workload.first_day and day < workload.first_day) or (
        workload.last_day and day > workload.last_day
    ):
        return
    source = random.Random(  # noqa: S311  made-up traffic, no secrets
        f"{organization.seed}:{project.slug}:{workload.name}:{day}"
    )
    for _ in range(_how_many(source, workload, day, scale)):
        at = _moment(source, workload.hours, day, organization.zone)
        if at < project.created_at or (project.archived_at and at >= project.archived_at):
            continue
        key = _key(source, project, workload, at)
        if key is not None:
            yield _call(source, project, key, workload, at)


def _how_many(source: random.Random, workload: Workload, day: date, scale: float) -> int:
    weeks = min((day - FIRST_WEEK).days / 7, _WEEKS_OF_GROWTH)
    expected = workload.calls_a_day * scale * math.pow(1 + workload.growth_percent / 100, weeks)
    if day.weekday() >= 5:
        expected *= workload.weekend_percent / 100
    if workload.surge and workload.surge.since <= day < workload.surge.until:
        expected *= workload.surge.factor
    whole = int(expected := expected * source.uniform(0.85, 1.15))
    return whole + int(source.random() < expected - whole)


def _moment(source: random.Random, hours: Hours, day: date, zone: ZoneInfo) -> datetime:
    weights = _HOURS[hours]
    hour = source.choices(tuple(weights), tuple(weights.values()))[0]
    local = datetime(
        day.year, day.month, day.day, hour, source.randrange(60), source.randrange(60), tzinfo=zone
    )
    return local.astimezone(UTC).replace(tzinfo=None)


def _key(
    source: random.Random, project: Project, workload: Workload, at: datetime
) -> ApiKey | None:
    candidates = [
        key
        for key in project.api_keys
        if (key.user_id is None) == workload.by_service_account and key.created_at <= at
    ]
    if not candidates:
        return None
    # The first of them does most of the work, as it is in every team.
    weights = [1 / (place + 1) for place in range(len(candidates))]
    return source.choices(candidates, weights)[0]


def _call(
    source: random.Random, project: Project, key: ApiKey, workload: Workload, at: datetime
) -> Call:
    model, tier = _choice(source, workload.models), _choice(source, workload.tiers)
    mark = source.getrandbits(64)
    drawn_input, drawn_output = _draw(source, workload.input), _draw(source, workload.output)
    is_long = source.randrange(100) < workload.long_percent
    if is_long:
        drawn_input, tier = source.randrange(LONG_CONTEXT_ABOVE + 5_000, 640_000), "default"
    cached = writes = 0
    if source.randrange(100) < workload.cached_percent and drawn_input >= _CACHE_FROM:
        cached = int(drawn_input * source.uniform(0.55, 0.95)) // _CACHE_STEP * _CACHE_STEP
    # Only the newer models charge for what they write into the cache.
    if workload.writes_cache and model.startswith("gpt-5.6"):
        writes = (drawn_input - cached) * 3 // 4 // _CACHE_STEP * _CACHE_STEP
    call = Call(
        at=at,
        project=project,
        api_key=key,
        workload=workload,
        model=model,
        service_tier=tier,
        mark=mark,
        input_tokens=drawn_input,
        cached_tokens=cached,
        cache_write_tokens=writes,
        output_tokens=drawn_output,
        reasoning_tokens=int(
            drawn_output * workload.reasoning_percent / 100 * source.uniform(0.5, 1.3)
        ),
    )
    return _of_kind(source, call)


def _of_kind(source: random.Random, call: Call) -> Call:
    """What was drawn as input and output, counted as calls of that kind count it."""
    drawn = call.input_tokens
    match call.workload.kind:
        case "transcription":
            return replace(call, audio_input_tokens=max(0, drawn - source.randrange(12, 60)))
        case "timed_transcription":
            return replace(call, input_tokens=0, seconds=drawn)
        case "speech":
            return replace(call, input_tokens=0, characters=drawn)
        case "voice_chat":
            return replace(
                call,
                audio_input_tokens=drawn * 3 // 4,
                audio_output_tokens=call.output_tokens * 4 // 5,
            )
        case "image":
            # One picture in four is an edit of another, which is part of the prompt.
            picture = source.randrange(600, 1_600) if source.randrange(4) == 0 else 0
            return replace(call, input_tokens=drawn + picture, image_input_tokens=picture, images=1)
        case _:
            return call


def _choice(source: random.Random, weighted: Weighted) -> str:
    return source.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]


def _draw(source: random.Random, size: Size) -> int:
    if size.median == 0:
        return 0
    return max(1, min(size.top, int(size.median * source.lognormvariate(0, size.spread))))
