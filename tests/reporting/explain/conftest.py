"""The workspace that most tests of explanations start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.explain_workspace import ExplainWorkspace, explain_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> ExplainWorkspace:
    """A configuration and prices, no records yet."""
    return explain_workspace(tmp_path)
