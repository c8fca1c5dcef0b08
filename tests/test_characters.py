"""Control characters are shown, not obeyed."""

from __future__ import annotations

import io
import logging

import pytest
import structlog

from pipeline.characters import printable, printable_lines
from pipeline.config import log
from pipeline.config.model import Organization
from pipeline.errors import ConfigError

STEERING = "\x1b]0;title\x07\x1b[31m\x9b1m\u202egnp\r"
SHOWN = r"\x1b]0;title\x07\x1b[31m\x9b1m\u202egnp\r"


def test_what_steers_a_terminal_is_escaped() -> None:
    """Also the one-byte form of an escape, and what turns the direction of writing."""
    assert printable(STEERING) == SHOWN
    assert printable("a\nb") == r"a\nb"
    assert printable_lines(f"a{STEERING}\nb") == f"a{SHOWN}\nb"
    assert printable("\ud800") == r"\ud800"
    assert printable("Zürich 東京 🙂") == "Zürich 東京 🙂"


def test_an_error_shows_names_in_one_line() -> None:
    """Whoever may drop a file into a folder of logs chooses its name."""
    error = ConfigError(f"is bad {STEERING}", file=f"logs/{STEERING}\nok: 1 row", key="sql")
    assert str(error) == rf"logs/{SHOWN}\nok: 1 row sql: is bad {SHOWN}."


def test_an_organizations_name_is_shown_in_one_line() -> None:
    """It is the title of every message."""
    assert Organization(name=f"Acme\n{STEERING}").shown_name == rf"Acme\n{SHOWN}"


@pytest.mark.parametrize("form", ["human", "json"])
def test_the_log_is_not_steered_by_a_name(
    form: log.Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either of its forms."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    log.to_stderr(logging.INFO, form)
    log.get_logger().info("file_read", input_file=STEERING)
    structlog.reset_defaults()
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(written.getvalue())
    assert "title" in written.getvalue()
