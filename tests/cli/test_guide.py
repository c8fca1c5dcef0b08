"""`tollbook guide` lists and prints the installed documentation."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError


def test_the_pages_are_listed_and_printed() -> None:
    """Every listed page starts with its heading."""
    listed = CliRunner().invoke(app, ["guide"], catch_exceptions=False).stdout.split()
    assert "prices" in listed
    for name in listed:
        page = CliRunner().invoke(app, ["guide", name], catch_exceptions=False).stdout
        assert page.startswith("# ")


def test_an_unknown_page_names_the_nearest() -> None:
    """A slip in the name is answered with the pages there are."""
    with pytest.raises(ConfigError, match=r"'price' is not one of .*prices.*Did you mean 'prices'"):
        CliRunner().invoke(app, ["guide", "price"], catch_exceptions=False)
