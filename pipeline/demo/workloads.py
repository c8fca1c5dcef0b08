"""What each project of the made-up organization calls: models, sizes, hours, growth.

A table to read. Every kind of traffic that tollbook distinguishes occurs at least once.
"""

from __future__ import annotations

from datetime import date

from pipeline.demo.cast import Size, Surge, Workload

SUPPORT_MODEL = "ft:gpt-4o-mini-2024-07-18:acme:support:CbQ3xK9d"
UNPRICED_MODEL = "gpt-7-preview-2026-11-10"  # no price list knows it, on purpose
LONG_CONTEXT_ABOVE = 272_000
NONE = Size(0, 0)

PLAYGROUND = (
    Workload(
        name="trials",
        kind="chat",
        models=(("gpt-4o-mini-2024-07-18", 2), ("gpt-4o-2024-08-06", 1)),
        calls_a_day=7,
        input=Size(900, 0.9),
        output=Size(350, 0.7),
    ),
    Workload(
        name="drafts",
        kind="response",
        models=(("gpt-5.4-mini-2026-03-17", 1),),
        calls_a_day=5,
        input=Size(1_800, 0.8),
        output=Size(700, 0.6),
        reasoning_percent=30,
    ),
)

SUPPORT = (
    Workload(
        name="answers",
        kind="chat",
        models=((SUPPORT_MODEL, 1),),
        calls_a_day=76,
        input=Size(7_400, 0.4),
        output=Size(420, 0.5),
        by_service_account=True,
        hours="daytime",
        weekend_percent=60,
        growth_percent=2,
        cached_percent=70,
    ),
    Workload(
        name="escalations",
        kind="response",
        models=(("gpt-5-mini-2025-08-07", 1),),
        calls_a_day=44,
        input=Size(26_000, 0.5),
        output=Size(3_400, 0.5),
        by_service_account=True,
        hours="daytime",
        weekend_percent=60,
        growth_percent=2,
        cached_percent=60,
        reasoning_percent=45,
    ),
    Workload(
        name="checks",
        kind="moderation",
        models=(("omni-moderation-latest", 1),),
        calls_a_day=42,
        input=NONE,
        output=NONE,
        by_service_account=True,
        hours="daytime",
        weekend_percent=60,
    ),
)

SEARCH = (
    Workload(
        name="queries",
        kind="embedding",
        models=(("text-embedding-3-small", 1),),
        calls_a_day=26,
        input=Size(40, 0.6),
        output=NONE,
        by_service_account=True,
        weekend_percent=15,
    ),
    Workload(
        name="reindex",
        kind="embedding",
        models=(("text-embedding-3-large", 1),),
        calls_a_day=9,
        input=Size(180_000, 0.3, top=290_000),
        output=NONE,
        by_service_account=True,
        hours="night",
        weekend_percent=100,
        growth_percent=3,
    ),
    Workload(
        name="answers",
        kind="chat",
        models=(("gpt-4.1-2025-04-14", 1),),
        calls_a_day=22,
        input=Size(14_000, 0.4),
        output=Size(650, 0.5),
        by_service_account=True,
        cached_percent=35,
    ),
)

CONTRACTS = (
    Workload(
        name="reviews",
        kind="response",
        models=(("gpt-5.4-2026-03-05", 1),),
        calls_a_day=9,
        input=Size(85_000, 0.5, top=260_000),
        output=Size(5_200, 0.4),
        weekend_percent=0,
        cached_percent=20,
        reasoning_percent=50,
        long_percent=28,
        tiers=(("default", 5), ("priority", 1)),
    ),
)

CODE = (
    Workload(
        name="agents",
        kind="response",
        models=(("gpt-5-2025-08-07", 3), ("gpt-5.6-terra", 2)),
        calls_a_day=30,
        input=Size(118_000, 0.4, top=264_000),
        output=Size(9_500, 0.5),
        weekend_percent=6,
        growth_percent=5,
        cached_percent=82,
        writes_cache=True,
        reasoning_percent=55,
        surge=Surge(date(2026, 11, 16), date(2026, 11, 20), 5),
    ),
    Workload(
        name="preview",
        kind="response",
        models=((UNPRICED_MODEL, 1),),
        calls_a_day=4,
        input=Size(24_000, 0.5),
        output=Size(2_600, 0.5),
        weekend_percent=0,
        reasoning_percent=40,
        first_day=date(2026, 11, 11),
    ),
)

MARKETING = (
    Workload(
        name="pictures",
        kind="image",
        models=(("gpt-image-2", 1),),
        calls_a_day=9,
        input=Size(160, 0.6),
        output=Size(2_400, 0.5, top=8_000),
        weekend_percent=0,
    ),
    Workload(
        name="copy",
        kind="chat",
        models=(("gpt-4o-2024-08-06", 1),),
        calls_a_day=12,
        input=Size(2_200, 0.6),
        output=Size(900, 0.5),
        weekend_percent=0,
    ),
    Workload(
        name="voiceover",
        kind="speech",
        models=(("tts-1", 1),),
        calls_a_day=3,
        input=Size(1_400, 0.5, top=4_096),
        output=NONE,
        weekend_percent=0,
    ),
)

CALLS = (
    Workload(
        name="transcripts",
        kind="transcription",
        models=(("gpt-4o-transcribe", 1),),
        calls_a_day=15,
        input=Size(3_200, 0.6),
        output=Size(800, 0.6),
        by_service_account=True,
        weekend_percent=20,
    ),
    Workload(
        name="archive",
        kind="timed_transcription",
        models=(("whisper-1", 1),),
        calls_a_day=10,
        input=Size(420, 0.7, top=7_200),
        output=NONE,
        by_service_account=True,
        hours="night",
        weekend_percent=100,
    ),
    Workload(
        name="voice agent",
        kind="voice_chat",
        models=(("gpt-audio-mini-2025-12-15", 1),),
        calls_a_day=5,
        input=Size(2_100, 0.5),
        output=Size(900, 0.5),
        by_service_account=True,
        weekend_percent=20,
        growth_percent=4,
    ),
)

ENRICHMENT = (
    Workload(
        name="catalogue",
        kind="chat",
        models=(("gpt-4o-mini-2024-07-18", 3), ("gpt-4.1-2025-04-14", 1)),
        calls_a_day=46,
        input=Size(21_000, 0.4),
        output=Size(4_200, 0.4),
        by_service_account=True,
        hours="night",
        weekend_percent=100,
        is_batch=True,
    ),
    Workload(
        name="leftovers",
        kind="response",
        models=(("gpt-5-mini-2025-08-07", 1),),
        calls_a_day=12,
        input=Size(6_000, 0.4),
        output=Size(1_500, 0.4),
        by_service_account=True,
        hours="night",
        weekend_percent=100,
        reasoning_percent=35,
        tiers=(("flex", 1),),
    ),
)

HACKATHON = (
    Workload(
        name="experiments",
        kind="chat",
        models=(("gpt-4o-mini-2024-07-18", 3), ("o3-2025-04-16", 1)),
        calls_a_day=12,
        input=Size(2_600, 0.8),
        output=Size(900, 0.7),
        weekend_percent=40,
        last_day=date(2026, 10, 9),
    ),
)
