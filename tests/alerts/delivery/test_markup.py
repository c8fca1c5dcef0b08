"""Names are text in every service: nothing of a message is markup, and nobody is called by it."""

from __future__ import annotations

import pytest

from pipeline.alerts.delivery.markup import as_html, as_text, as_title
from tests.support.inbox import resolved, written
from tests.support.mail import mail_server
from tests.support.webhook import webhook

NAME = "<!channel> *x* _y_ ~z~ @everyone [a](b) `c` :smile: <@U1> # |"
ESCAPED = (
    r"\<!channel\> \*x\* \_y\_ \~z\~ @" + "\u200b" + r"everyone \[a\](b) \`c\` \:smile: \<@"
    "\u200b" + r"U1\> \# \|"
)


def test_a_chat_that_reads_markdown_gets_it_escaped() -> None:
    """A mention is broken by a space without width: a backslash does not keep it from calling."""
    assert as_text("mmost", NAME) == ESCAPED
    assert as_text("discord", NAME) == ESCAPED
    assert as_text("json", NAME) == NAME
    assert (as_title("zulip", NAME), as_title("mmost", NAME)) == (NAME, ESCAPED)


def test_an_address_stays_one() -> None:
    """A link to the report leads there."""
    address = "https://reports.example.com/a_b/2026-11.html"
    assert as_text("mmost", f"x_y {address} *") == rf"x\_y {address} \*"


def test_what_a_chat_is_sent() -> None:
    """Through apprise: Mattermost shows the letters of the name."""
    with webhook() as server:
        port = server.server_address[1]
        [channel] = resolved([f"mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4"], {})
        assert channel.send(written("Title", f"Project {NAME}")) is None
        [post] = server.posts
    assert post["text"].endswith(f"Project {ESCAPED}")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_mail_is_plain_text_and_html() -> None:
    """Both say the same; in the HTML paragraphs, lists and links, and names as text."""
    body = (
        "Budget <b>x</b> & *y*, November 2026\n85 % used.\n- one\n- two\n\n"
        "Report: https://r.example.com/2026-11.html\nAlert ids: alert-1"
    )
    with mail_server() as server:
        url = f"mailto://127.0.0.1:{server.port}?smtp=127.0.0.1&from=me@example.com"
        [channel] = resolved([f"{url}&to=you@example.com&mode=insecure"], {})
        assert channel.send(written("Title <b>", body)) is None
        [(_, mail)] = server.received
    assert mail["Subject"] == "Title <b>"
    plain, html = mail.iter_parts()
    assert plain.get_content().split() == body.split()
    assert (
        "Budget &lt;b&gt;x&lt;/b&gt; &amp; *y*, November 2026<br>85 % used." in html.get_content()
    )


def test_a_body_becomes_paragraphs_lists_and_links() -> None:
    """Nothing but these."""
    made = as_html("A\nB\n- one\n- two\nC\n\nSee https://r.example.com/x.html")
    assert made.partition(">")[2] == (
        "<p>A<br>B</p><ul><li>one</li><li>two</li></ul><p>C</p>"
        '<p>See <a href="https://r.example.com/x.html">https://r.example.com/x.html</a></p></div>'
    )
