"""Where messages go: entries of the configuration in, channels out; a URL never leaves this file.

Labels, errors and logs name a channel by its service and its entry. Nothing that apprise or the
libraries below it say is passed on, because they may repeat parts of a URL.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.alerts.model import Severity
from pipeline.errors import ConfigError

TIMEOUT_SECONDS = 30

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31})://")
_ENV = "env:"
_HTTP_STATUS = re.compile(r"\berror=([1-5]\d\d)\b")
# apprise 2.2 warns with whole tokens, urllib3 logs the whole path of a webhook
_TALKATIVE = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")
_TYPE_OF: dict[Severity, str] = {"info": "info", "warning": "warning", "critical": "failure"}


@dataclass(frozen=True, slots=True)
class Channel:
    """One place that messages go to. `send` gives what went wrong, None when it was accepted."""

    label: str
    send: Callable[[str, str, Severity], str | None] = field(repr=False, compare=False)


def resolve(
    entries: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> list[Channel]:
    """The channels of `[alerts] channels`.

    **Takes** apprise URLs, or `env:NAME` for one that lies in the environment, and how long one
    message may take on one channel. **Fails**:
    ConfigError naming the entry, never the URL, for a variable that is not there, a URL that no
    service understands, and an entry that stands there twice.
    """
    channels: list[Channel] = []
    for index, entry in enumerate(entries):
        key = f"alerts.channels[{index}]"
        channel = _channel(_url(entry, key, environment), entry, key, timeout_seconds)
        if channel.label in {c.label for c in channels}:
            raise ConfigError(
                f"the channel {channel.label} is there twice", key=key, hint="Remove one of them."
            )
        channels.append(channel)
    return channels


def _url(entry: str, key: str, environment: Mapping[str, str]) -> str:
    if not entry.startswith(_ENV):
        return entry.strip()
    name = entry.removeprefix(_ENV)
    if not name:
        raise ConfigError("names no variable", key=key, hint="Write env:NAME.")
    url = environment.get(name, "").strip()
    if not url:
        raise ConfigError(
            f"the environment has no {name}",
            key=key,
            hint=f"Set {name} to an apprise URL, such as slack://….",
        )
    return url


def _channel(url: str, entry: str, key: str, timeout_seconds: float) -> Channel:
    import apprise  # noqa: PLC0415  takes a third of a second, needed only where there are channels

    asset = apprise.AppriseAsset(app_id="tollbook", app_desc="tollbook", async_mode=False)
    place = entry if entry.startswith(_ENV) else "the URL"
    scheme = _SCHEME.match(url)
    _silence()
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
    known_by = entry if entry.startswith(_ENV) else hashlib.sha256(url.encode()).hexdigest()[:8]
    return Channel(label=f"{name} ({known_by})", send=_sender(service, asset, timeout_seconds))


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
        return ConfigError(f"{place}: {scheme}:// names no service", key=key, hint=hint)
    if scheme not in services:
        return ConfigError(f"{place}: there is no service {scheme}://", key=key, hint=see)
    form = services[scheme].templates[0].replace("{schema}", scheme)
    return ConfigError(
        f"{place}: {scheme}:// is known, but parts are missing or misspelt",
        key=key,
        hint=f"Its shortest form is {form}",
    )


def _sender(
    service: Any, asset: Any, timeout_seconds: float
) -> Callable[[str, str, Severity], str | None]:
    import apprise  # noqa: PLC0415  as above

    outlet = apprise.Apprise(asset=asset)
    outlet.add(service)

    def send(title: str, body: str, severity: Severity) -> str | None:
        try:
            result = outlet.notify(
                title=title,
                body=body,
                notify_type=_TYPE_OF[severity],
                body_format=apprise.NotifyFormat.TEXT,
                timeout=timeout_seconds,
            )
            return None if result else _reason(result, timeout_seconds)
        except Exception as error:  # noqa: BLE001  one channel must not stop the others
            return f"{type(error).__name__} in the service"

    return send


def _reason(result: Any, timeout_seconds: float) -> str:
    """Why it failed, from a closed set of sentences: a service's own words may hold its URL."""
    if result.status.name == "TIMEOUT":
        return f"no answer within {timeout_seconds:g} seconds"
    for entry in result.logs():
        status = _HTTP_STATUS.search(entry.message)
        if status:
            return f"refused with HTTP status {status[1]}"
    return "not accepted (unreachable, or refused)"


class _NoSecrets(logging.Filter):
    """Of what the libraries log, lets only an HTTP status through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record, for every handler, or drop it."""
        status = _HTTP_STATUS.search(record.getMessage())
        if status is None:
            return False
        record.msg, record.args, record.exc_info = f"error={status[1]}", (), None
        return True


def _silence() -> None:
    """Keep the libraries' logs from repeating a URL, for good.

    Not only while something is sent: a thread that was given up may log later.
    """
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(f, _NoSecrets) for f in logger.filters):
            logger.addFilter(_NoSecrets())
