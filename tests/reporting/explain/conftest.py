"""The house that most tests of explanations start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.explain_books import House, a_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A configuration and prices, no records yet."""
    return a_house(tmp_path)
