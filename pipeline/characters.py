"""Control characters in text that people read, escaped: a terminal would obey them."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text in one line that cannot steer a terminal: control characters are escaped."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def printable_lines(text: str) -> str:
    """As `printable`, for text of several lines, which stay apart."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; of a longer one the beginning."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
