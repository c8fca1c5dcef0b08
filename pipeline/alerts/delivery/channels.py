"""Where messages go: entries of the configuration in, channels out; a URL never leaves this file.

Labels, errors and logs name a channel by its service and its entry. Nothing that apprise or the
libraries below it say is passed on, because they may repeat parts of a URL.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from pipeline.alerts.delivery import causes, markup
from pipeline.alerts.model import Message, Severity
from pipeline.errors import ConfigError
from pipeline.network import guard

TIMEOUT_SECONDS = 30

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31})://")
_ENV = "env:"
# Services whose receiver reads headers and a payload that we may add to.
# The configuration names the server, and nothing that it answers leads to another one.
_MAIL_SERVERS = {"mailto", "mailtos"}
_WEBHOOKS = {"json", "jsons", "xml", "xmls", "form", "forms"}
IDEMPOTENCY_HEADER = "Idempotency-Key"
_TYPE_OF: dict[Severity, str] = {"info": "info", "warning": "warning", "critical": "failure"}


@dataclass(frozen=True, slots=True)
class Channel:
    """One place that messages go to. `send` gives what went wrong, None when it was accepted."""

    label: str
    send: Callable[[Message], str | None] = field(repr=False, compare=False)


def url_of(entry: str, key: str, environment: Mapping[str, str]) -> str:
    """The URL of an entry of the configuration: itself, or what the variable it names holds.

    Fails: ConfigError naming the entry for a variable that is not there.
    """
    if not entry.startswith(_ENV):
        return entry.strip()
    name = entry.removeprefix(_ENV)
    if not name:
        raise ConfigError("does not name a variable", key=key, hint="Write env:NAME.")
    url = environment.get(name, "").strip()
    if not url:
        raise ConfigError(
            f"the environment has no {name}",
            key=key,
            hint=f"Set {name} to an apprise URL, such as slack://….",
        )
    return url


def channel_of(
    url: str,
    entry: str,
    key: str,
    timeout_seconds: float | None = None,
    known_by_url: str | None = None,
) -> Channel:
    """The channel of a URL.

    **Takes** how long one message may take; `known_by_url`: a URL that stands for it in its label.
    **Fails**: ConfigError naming the entry, never the URL, where no service understands it.
    """
    import apprise  # noqa: PLC0415  takes a third of a second, needed only where there are channels

    asset = apprise.AppriseAsset(
        app_id="tollbook",
        app_desc="tollbook",
        async_mode=False,
        http_redirects=guard.may_redirect(),
    )
    place = entry if entry.startswith(_ENV) else "the URL"
    scheme = _SCHEME.match(url)
    causes.keep_secrets()
    service: Any
    try:
        service = apprise.Apprise.instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001  a plugin's parser may raise anything, with the URL in it
        service = None
    if service is None:
        raise _not_understood(place, key, scheme[1].lower() if scheme else None)
    if service.overflow_mode == apprise.OverflowMode.UPSTREAM:
        # else a service with a short limit refuses a long message on every run
        service.overflow_mode = apprise.OverflowMode.SPLIT
    name = str(service.url(privacy=True)).partition("://")[0]
    known_by = entry if entry.startswith(_ENV) else _mark(known_by_url or url)
    send = _sender(service, asset, timeout_seconds or TIMEOUT_SECONDS)
    return Channel(label=f"{name} ({known_by})", send=send)


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:8]


def _not_understood(place: str, key: str, scheme: str | None) -> ConfigError:
    """What is wrong with a URL, from its scheme alone: the rest of it is secret."""
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415  as above

    services: Any = NotificationManager()  # type: ignore[no-untyped-call]
    see = "See the list of services in apprise's documentation."
    if scheme is None:
        return ConfigError(
            f"{place} does not begin with a service", key=key, hint=f"Write SERVICE://…. {see}"
        )
    if scheme in {"http", "https"}:
        own = "jsons" if scheme == "https" else "json"
        hint = f"For a webhook of your own write {own}:// instead of {scheme}://. {see}"
        return ConfigError(f"{place}: {scheme}:// does not name a service", key=key, hint=hint)
    if scheme not in services:
        return ConfigError(f"{place}: there is no service {scheme}://", key=key, hint=see)
    form = services[scheme].templates[0].replace("{schema}", scheme)
    return ConfigError(
        f"{place}: {scheme}:// is known, but parts are missing or misspelt",
        key=key,
        hint=f"Its shortest form is {form}",
    )


def _sender(service: Any, asset: Any, timeout_seconds: float) -> Callable[[Message], str | None]:
    import apprise  # noqa: PLC0415  as above

    outlet = apprise.Apprise(asset=asset)
    outlet.add(service)
    name = str(service.url(privacy=True)).partition("://")[0]
    is_webhook, is_mail = name in _WEBHOOKS, markup.is_mail(name)
    send_part = service.send
    headers = dict(getattr(service, "headers", ()))
    extras = dict(getattr(service, "payload_extras", ()))

    def send(message: Message) -> str | None:
        if is_webhook:
            _add_key(service, send_part, message, headers, extras)
        try:
            with nullcontext() if name in _MAIL_SERVERS else guard.guarded():
                result = outlet.notify(
                    title=markup.as_title(name, message.title),
                    body=markup.as_html(message.body)
                    if is_mail
                    else markup.as_text(name, message.body),
                    notify_type=_TYPE_OF[message.severity],
                    body_format=apprise.NotifyFormat.HTML if is_mail else apprise.NotifyFormat.TEXT,
                    timeout=timeout_seconds,
                    log_level=logging.DEBUG,  # a socket's error is logged there; see `causes`
                )
            return None if result else causes.sentence(service, result, timeout_seconds)
        except Exception as error:  # noqa: BLE001  one channel must not stop the others
            return f"{type(error).__name__} in the service"

    return send


def _add_key(
    service: Any,
    send_part: Callable[..., Any],
    message: Message,
    headers: Mapping[str, str],
    extras: Mapping[str, Any],
) -> None:
    """Have a webhook carry the message's id as its idempotency key, and the ids of its alerts.

    A long message is sent in parts; the key of each but the first has its number.
    """
    sent = 0
    cleared = [i for i in message.alert_ids if i not in message.raised_ids]

    def send(*words: Any, **named: Any) -> Any:
        nonlocal sent
        sent += 1
        key = message.message_id if sent == 1 else f"{message.message_id}-part-{sent}"
        service.headers = {**headers, IDEMPOTENCY_HEADER: key}
        service.payload_extras = {
            "idempotency_key": key,
            "raised_alert_ids": ",".join(message.raised_ids),
            "cleared_alert_ids": ",".join(cleared),
            **extras,
        }
        return send_part(*words, **named)

    service.send = send
