"""What other tools charge twice or not at all, each with the amount worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import Workspace, epoch, lines, price

# Millionths of a dollar a token: 4 in, 1 cached, 5 written, 10 out; of audio 40, 20 and 80.
PRICES = (
    price("alpha", "text_input_tokens", "4"),
    price("alpha", "cached_text_input_tokens", "1"),
    price("alpha", "cache_write_tokens", "5"),
    price("alpha", "text_output_tokens", "10"),
    price("alpha", "audio_input_tokens", "40"),
    price("alpha", "cached_audio_input_tokens", "20"),
    price("alpha", "audio_output_tokens", "80"),
)


def chat(prompt: dict[str, Any], completion: dict[str, Any], **more: Any) -> dict[str, Any]:
    """1,000 tokens in and 500 out, with these details."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": epoch("2026-11-20T10:00:00"),
        "model": "alpha",
        "usage": {
            "prompt_tokens": 1000,
            "completion_tokens": 500,
            "total_tokens": 1500,
            "prompt_tokens_details": prompt,
            "completion_tokens_details": completion,
        },
        **more,
    }


@pytest.mark.parametrize(
    ("prompt", "completion", "microdollars"),
    [
        # cached tokens are inside the input: 600 * 4 + 400 * 1 + 500 * 10
        ({"cached_tokens": 400}, {}, 7800),
        # so are written ones: 500 * 4 + 400 * 1 + 100 * 5 + 500 * 10
        ({"cached_tokens": 400, "cache_write_tokens": 100}, {}, 7900),
        # reasoning is inside the output, and never all of it: 1000 * 4 + 500 * 10
        ({}, {"reasoning_tokens": 300}, 9000),
        # predictions that were refused are inside the output too
        ({}, {"accepted_prediction_tokens": 10, "rejected_prediction_tokens": 90}, 9000),
        # audio is inside both: 700 * 4 + 300 * 40 + 400 * 10 + 100 * 80
        ({"audio_tokens": 300}, {"audio_tokens": 100}, 26800),
        # what is cached may be audio: 600 * 4 + 100 * 1 + 200 * 40 + 100 * 20 + 500 * 10
        (
            {
                "audio_tokens": 300,
                "cached_tokens": 200,
                "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 100},
            },
            {},
            17500,
        ),
    ],
)
def test_each_token_is_charged_once(
    tmp_path: Path, prompt: dict[str, Any], completion: dict[str, Any], microdollars: int
) -> None:
    """Parts of a total are not charged beside it."""
    workspace = Workspace(tmp_path.resolve(), prices=PRICES)
    workspace.write("logs/a.jsonl", lines(chat(prompt, completion)))
    workspace.run()
    assert workspace.rows("SELECT sum(cost_usd) FROM charges") == [
        (Decimal(microdollars) / 1_000_000,)
    ]


@pytest.mark.parametrize("tier", [None, "auto", "default", "standard"])
def test_a_request_without_a_project_or_tier_is_charged(tmp_path: Path, tier: str | None) -> None:
    """A null project is a project of its own, and every spelling of the usual tier is one."""
    workspace = Workspace(tmp_path.resolve(), prices=PRICES)
    workspace.write("logs/a.jsonl", lines(chat({}, {}, project_id=None, service_tier=tier)))
    workspace.run()
    assert workspace.rows(
        "SELECT project_id, service_tier, sum(cost_usd) FROM charges GROUP BY ALL"
    ) == [(None, "default", Decimal("0.009"))]


def test_a_tier_that_no_price_knows_is_unpriced(tmp_path: Path) -> None:
    """It never costs what another tier costs, and never nothing."""
    workspace = Workspace(tmp_path.resolve(), prices=PRICES)
    workspace.write("logs/a.jsonl", lines(chat({}, {}, service_tier="turbo")))
    workspace.run()
    assert workspace.rows("SELECT DISTINCT cost_usd, pricing_status FROM charges") == [
        (None, "unpriced")
    ]
