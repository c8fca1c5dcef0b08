"""A message as a service shows it: HTML for mail, and for chats text that stays text.

Names in a message come from data: a project called `<!channel> *x*` must arrive as these letters
and call nobody. apprise escapes for some services; for those that read Markdown in whatever they
are given, and for mail, it is done here.
"""

from __future__ import annotations

import re
from html import escape

# Chats that read Markdown and mentions in plain text as well.
_MARKDOWN = frozenset({"discord", "guilded", "mmost", "mmosts", "revolt", "ryver", "zulip"})
_PLAIN_TITLES = frozenset({"zulip"})  # of these only the text is Markdown
_MAIL = frozenset(
    {
        "mailto", "mailtos", "mailgun", "ses", "sendgrid", "sparkpost", "postmark", "resend",
        "brevo", "smtp2go", "o365", "azure",
    }
)  # fmt: skip
_SPECIAL = re.compile(r"([\\`*_~\[\]<>|#])")
_EMOJI = re.compile(r":(?=[A-Za-z0-9+_-]+:)")
_MENTION = re.compile(r"@(?=\w)")
_LINK = re.compile(r"(?:https?|file)://[\w./:%?=;,+~-]+")
_ITEM = "- "
_STYLE = "font-family: sans-serif; font-size: 16px; line-height: 1.4; max-width: 40em"
_SMALL = "color: #777; font-size: 12px"


def is_mail(service: str) -> bool:
    """Whether messages of a service are shown as HTML."""
    return service in _MAIL


def as_text(service: str, text: str) -> str:
    """Text for a service: where it would read markup, each sign of it is escaped."""
    if service not in _MARKDOWN:
        return text
    found, end = [], 0
    for link in _LINK.finditer(text):  # an address with backslashes leads nowhere
        found += [_escaped(text[end : link.start()]), link[0]]
        end = link.end()
    return "".join([*found, _escaped(text[end:])])


def as_title(service: str, title: str) -> str:
    """As `as_text`, for a title."""
    return title if service in _PLAIN_TITLES else as_text(service, title)


def as_html(body: str) -> str:
    """The body of a message as HTML: paragraphs, lists and links; what is text stays text."""
    blocks = [_block(block.splitlines()) for block in body.split("\n\n") if block.strip()]
    return f'<div style="{_STYLE}">{"".join(blocks)}</div>'


def _escaped(text: str) -> str:
    escaped = _EMOJI.sub(r"\\:", _SPECIAL.sub(r"\\\1", text))
    # no backslash keeps a mention from calling people; a space without width does
    return _MENTION.sub("@\u200b", escaped)


def _block(lines: list[str]) -> str:
    parts: list[str] = []
    items: list[str] = []
    text: list[str] = []

    def close() -> None:
        if items:
            parts.append(f"<ul>{''.join(items)}</ul>")
        if text:
            parts.append(f"<p>{'<br>'.join(text)}</p>")
        items.clear()
        text.clear()

    for line in lines:
        if line.startswith(_ITEM):
            if text:
                close()
            items.append(f"<li>{_inline(line.removeprefix(_ITEM))}</li>")
        else:
            if items:
                close()
            text.append(_inline(line))
    close()
    return "".join(parts)


def _inline(line: str) -> str:
    if line.startswith("Alert ids: "):
        return f'<span style="{_SMALL}">{escape(line)}</span>'
    found = []
    end = 0
    for link in _LINK.finditer(line):
        address = escape(link[0])
        found.append(f'{escape(line[end : link.start()])}<a href="{address}">{address}</a>')
        end = link.end()
    return "".join([*found, escape(line[end:])])
