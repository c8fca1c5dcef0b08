"""What genai-prices does not say about OpenAI's models: which modality, which real ids.

Explicit tables for `seed.py`; every id in them is one that the provider or a public list names.
"""

from __future__ import annotations

# Not seeded, because a hand-kept file has it from the provider's own page, with more prices:
# fine-tuned models (cached and batch prices), moderation (free). The last id is how Azure names
# deployments of `ft:gpt-4o-mini`; it is a prefix and no model.
HAND_KEPT = frozenset(
    {
        "ft:gpt-3.5-turbo-",
        "ft:gpt-4o",
        "ft:gpt-4o-mini",
        "gpt-4o-mini-2024-07-18.ft-",
        "moderation",
    }
)

# The ids behind the package's prefixes and patterns that are really known: from LiteLLM 1.106.2
# and the provider's model pages. A model whose prefix has no entry here stops the seeding.
KNOWN_IDS: dict[str, tuple[str, ...]] = {
    "computer-use": ("computer-use-preview", "computer-use-preview-2025-03-11"),
    "gpt-3.5-turbo-instruct": (),
    "gpt-4": (),  # ft:gpt-4-0613 is hand-kept
    "gpt-4.5-preview": ("gpt-4.5-preview-2025-02-27",),
    # The first snapshots, 2024-10-01, had other audio prices.
    "gpt-4o-audio-preview": (
        "gpt-4o-audio-preview-2024-12-17",
        "gpt-4o-audio-preview-2025-06-03",
    ),
    "gpt-4o-mini-audio-preview": ("gpt-4o-mini-audio-preview-2024-12-17",),
    "gpt-4o-mini-realtime-preview": ("gpt-4o-mini-realtime-preview-2024-12-17",),
    "gpt-4o-realtime-preview": (
        "gpt-4o-realtime-preview-2024-12-17",
        "gpt-4o-realtime-preview-2025-06-03",
    ),
    "gpt-5-nano": ("gpt-5-nano-2025-08-07",),
    "gpt-5.6-luna": (),
    "gpt-5.6-sol": (),
    "gpt-5.6-terra": (),
    "gpt-6-astra": (),
    "gpt-6-luna": (),
    "gpt-6-sol": (),
    "gpt-6.1-sol": (),
    "gpt-6.1-terra": (),
}

# Ids that the package does not match at all, at the same price: snapshots from LiteLLM 1.106.2,
# the Daybreak aliases from the provider's pricing page, gpt-image-1's from usage rows.
MORE_IDS: dict[str, tuple[str, ...]] = {
    "gpt-4o-mini-transcribe": (
        "gpt-4o-mini-transcribe-2025-03-20",
        "gpt-4o-mini-transcribe-2025-12-15",
    ),
    "gpt-4o-mini-tts": ("gpt-4o-mini-tts-2025-03-20", "gpt-4o-mini-tts-2025-12-15"),
    "gpt-5-search-api": ("gpt-5-search-api-2025-10-14",),
    "gpt-5.5-cyber": ("gpt-5.5-cyber-preview",),
    "gpt-5.6-cyber": ("gpt-daybreak-red-latest", "daybreak-red-latest"),
    "gpt-5.6-sol": ("gpt-daybreak-blue-latest", "daybreak-blue-latest"),
    "gpt-image-1": ("gpt-image-1-2025-04-23",),
    "tts-1": ("tts-1-1106",),
    "tts-1-hd": ("tts-1-hd-1106",),
}

# Models that the package prices together with another one, but whose web searches cost more: they
# stand as models of their own, with their own ids, and without the other's tool prices and tiers.
SPLIT: dict[str, tuple[str, tuple[str, ...]]] = {
    "gpt-4o-mini-search-preview": ("gpt-4o-mini", ("gpt-4o-mini-search-preview-2025-03-11",)),
}

# Models that take no images, so that an image token on them is a question, not a text token.
NO_IMAGE_INPUT = frozenset(
    {
        *("ada", "babbage", "babbage-002", "curie", "davinci", "davinci-002"),
        *("text-davinci-002", "text-davinci-003"),
        *("gpt-3.5-0301", "gpt-3.5-turbo", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-1106"),
        *("gpt-3.5-turbo-16k", "gpt-3.5-turbo-instruct", "gpt-4", "gpt-4-32k"),
        *("o1-mini", "o1-preview", "o3-mini"),
        *("gpt-4o-audio-preview", "gpt-4o-mini-audio-preview", "gpt-audio", "gpt-audio-mini"),
        *("gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview"),
        *("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-tts"),
        *("gpt-oss-120b", "gpt-oss-20b", "gpt-oss-safeguard-20b"),
        *("text-embedding-3-large", "text-embedding-3-small", "text-embedding-ada-002"),
    }
)

# Models whose output price also is that of image tokens, or of audio tokens.
IMAGE_OUTPUT = frozenset(
    {
        *("chatgpt-image-latest", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"),
        *("gpt-image-2", "gpt-image-2.5-flare", "gpt-image-2.5-sunburst"),
        *("gpt-5-image", "gpt-5-image-mini", "gpt-5.4-image-2"),
    }
)
AUDIO_OUTPUT = frozenset({"gpt-4o-mini-tts"})

# Models that the Batch API does not take: retired before it began, realtime and speech, or not
# sold by OpenAI itself. For all others a batch price that no list has is half the default one.
NOT_BATCHABLE = frozenset(
    {
        *("ada", "babbage", "curie", "davinci", "text-davinci-002", "text-davinci-003"),
        *("gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview", "gpt-realtime"),
        *("gpt-realtime-2", "gpt-realtime-mini"),
        *("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-tts"),
        *("gpt-oss-120b", "gpt-oss-20b", "gpt-oss-safeguard-20b"),
        *("gpt-4o:extended", "gpt-5-image", "gpt-5-image-mini", "gpt-5.4-image-2"),
    }
)

# The ids of hand-kept models; the video snapshots are those of the provider's Python library.
HAND_KEPT_ALIASES = {
    "ft:gpt-3.5-turbo-0125": "ft:gpt-3.5-turbo",
    "ft:gpt-3.5-turbo-0613": "ft:gpt-3.5-turbo",
    "ft:gpt-3.5-turbo-1106": "ft:gpt-3.5-turbo",
    "ft:gpt-4.1-2025-04-14": "ft:gpt-4.1",
    "ft:gpt-4.1-mini-2025-04-14": "ft:gpt-4.1-mini",
    "ft:gpt-4.1-nano-2025-04-14": "ft:gpt-4.1-nano",
    "ft:gpt-4o-2024-08-06": "ft:gpt-4o",
    "ft:gpt-4o-2024-11-20": "ft:gpt-4o",
    "ft:gpt-4o-mini-2024-07-18": "ft:gpt-4o-mini",
    "ft:o4-mini-2025-04-16": "ft:o4-mini",
    "omni-moderation": "moderation",
    "omni-moderation-2024-09-26": "moderation",
    "omni-moderation-latest": "moderation",
    "sora-2-2025-10-06": "sora-2",
    "sora-2-2025-12-08": "sora-2",
    "sora-2-pro-2025-10-06": "sora-2-pro",
    "text-moderation": "moderation",
    "text-moderation-007": "moderation",
    "text-moderation-latest": "moderation",
    "text-moderation-stable": "moderation",
}
