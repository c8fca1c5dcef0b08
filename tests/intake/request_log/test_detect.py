"""Request logs are recognized by their first bytes."""

from __future__ import annotations

import pytest

from pipeline.intake.request_log.detect import detect


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b'{"id":"a","object":"chat.completion","usage":{}}\n', True),
        (b'\xef\xbb\xbf{"object": "response", "id": "r"}\n', True),
        (b'{"object":"list","model":"m","usage":{"prompt_tokens":1}}\n', True),
        (b'{"id":"batch_req_1","custom_id":"t","response":null,"error":{}}\n', True),
        (b'not json\n{"answers":[],"model":"m"}\n', True),
        (b'{"id":"c","object":"chat.completion","choices":[{"message":{"content":"cut', True),
        (b'{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,', True),
        (b'{"created":1793491200,"data":[{"b64_json":"iVBORw0KGgo', True),
        (b'{"object":"page","data":[]}\n', False),
        (b'{"object":"list","data":[{"object":"organization.project"}]}\n', False),
        (b'{"record_id":"a","model":"m","text_input_tokens":1}\n', False),
        (b"start_time,model\n1,gpt\n", False),
        (b"", False),
    ],
)
def test_a_request_log_is_recognized_by_its_start(start: bytes, expected: bool) -> None:  # noqa: FBT001
    """Also where the first line is cut off or broken."""
    assert detect(start) is expected
