"""From the destinations of a message to channels: the configuration's entries, each looked up once.

An owner's address is filled into the route's channels, which are of mail then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline.alerts.delivery.channels import Channel, channel_of, url_of
from pipeline.alerts.delivery.timing import Timing
from pipeline.alerts.model import Message
from pipeline.config.alerts_section import Alerts, is_channel
from pipeline.config.alerts_section import Outlets as OutletKeys
from pipeline.errors import ConfigError

_TO = "{to}"
_SOMEBODY = "somebody@example.com"  # tries a template


@dataclass(frozen=True, slots=True)
class Outlet:
    """One channel, and when it may be used."""

    channel: Channel
    timing: Timing

    @property
    def label(self) -> str:
        """The channel's."""
        return self.channel.label


@dataclass(frozen=True, slots=True)
class Route:
    """The outlets of one route; those with an address are made when they are needed."""

    timing: Timing
    outlets: tuple[Outlet, ...]
    address_outlets: tuple[Callable[[str], Outlet], ...] = ()
    address_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlets:
    """Every place that messages go to."""

    default: Route
    routes: Mapping[str, Route] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether no channel is configured at all."""
        routes = (self.default, *self.routes.values())
        return not any(route.outlets or route.address_outlets for route in routes)

    def route(self, name: str) -> Route:
        """A route by name; for one that is no longer configured, the channels of [alerts]."""
        return self.routes.get(name, self.default)

    def of(self, message: Message) -> list[Outlet]:
        """The outlets of a message, each channel once."""
        found: dict[str, Outlet] = {}
        for destination in message.destinations:
            route = self.route(destination.route)
            outlets: Sequence[Outlet] = route.outlets
            if destination.address and route.address_outlets:
                outlets = [make(destination.address) for make in route.address_outlets]
            for outlet in outlets:
                found.setdefault(outlet.label, outlet)
        return list(found.values())

    def knows(self, label: str) -> bool:
        """Whether a channel of this label is configured now."""
        return any(
            label in {o.label for o in route.outlets}
            or label.startswith(tuple(f"{of} to " for of in route.address_labels))
            for route in (self.default, *self.routes.values())
        )

    def labels(self) -> list[str]:
        """The labels of all channels, in the order of the configuration."""
        found: dict[str, None] = {}
        for route in (self.default, *self.routes.values()):
            found |= dict.fromkeys((*(o.label for o in route.outlets), *route.address_labels))
        return list(found)


NONE = Outlets(Route(Timing(ZoneInfo("UTC")), ()))


def resolve(
    alerts: Alerts,
    environment: Mapping[str, str],
    zone: ZoneInfo,
    *,
    on_error: Callable[[ConfigError], None] | None = None,
    timeout_seconds: float | None = None,
) -> Outlets:
    """The outlets of `[alerts]`.

    **Takes** in `on_error` what is told of an entry that cannot be used, which is then left out.
    **Fails**, without it: ConfigError naming the entry, never the URL.
    """
    look_up = _LookUp(environment, on_error, timeout_seconds)
    default = look_up.route(alerts, "alerts.channels", zone)
    routes = {
        name: look_up.route(route, f"alerts.routes.{name}.channels", zone, owners=route.owners)
        for name, route in alerts.routes.items()
    }
    for index, entry in enumerate(e for e in alerts.escalate_to if is_channel(e)):
        keys = OutletKeys(channels=(entry,))
        key = f"alerts.escalate_to[{index}]"
        routes[escalation_route(entry)] = look_up.route(keys, key, zone, is_list=False)
    return Outlets(default, routes)


def escalation_route(entry: str) -> str:
    """The name by which a message is routed to an entry of `escalate_to`; never a URL."""
    if not is_channel(entry):
        return entry
    known_by = entry if entry.startswith("env:") else hashlib.sha256(entry.encode()).hexdigest()[:8]
    return f"escalation to {known_by}"


@dataclass(frozen=True, slots=True)
class _LookUp:
    environment: Mapping[str, str]
    on_error: Callable[[ConfigError], None] | None
    timeout_seconds: float | None
    known: dict[str, Channel] = field(default_factory=dict)  # by entry

    def route(
        self,
        keys: OutletKeys,
        key: str,
        zone: ZoneInfo,
        *,
        owners: bool = False,
        is_list: bool = True,
    ) -> Route:
        timing = Timing(zone, keys.quiet_hours, keys.quiet_critical, keys.digest_time)
        outlets: list[Outlet] = []
        makers: list[Callable[[str], Outlet]] = []
        labels: list[str] = []
        for index, entry in enumerate(keys.channels):
            place = f"{key}[{index}]" if is_list else key
            try:
                if owners:
                    made = self._by_address(entry, place, timing)
                    labels.append(made(_SOMEBODY).label.removesuffix(f" to {_SOMEBODY}"))
                    makers.append(made)
                else:
                    outlets.append(Outlet(self._channel(entry, place), timing))
                    _check_once(outlets, place)
            except ConfigError as error:
                if self.on_error is None:
                    raise
                self.on_error(error)
        return Route(timing, tuple(outlets), tuple(makers), tuple(labels))

    def _channel(self, entry: str, key: str) -> Channel:
        if entry not in self.known:
            url = url_of(entry, key, self.environment)
            self.known[entry] = channel_of(url, entry, key, self.timeout_seconds)
        return self.known[entry]

    def _by_address(self, entry: str, key: str, timing: Timing) -> Callable[[str], Outlet]:
        template = url_of(entry, key, self.environment)
        made: dict[str, Outlet] = {}

        def make(address: str) -> Outlet:
            if address not in made:
                channel = channel_of(
                    _addressed(template, address), entry, key, self.timeout_seconds, template
                )
                labelled = Channel(f"{channel.label} to {address}", channel.send)
                made[address] = Outlet(labelled, timing)
            return made[address]

        return make


def _addressed(template: str, address: str) -> str:
    escaped = quote(address, safe="@")
    if _TO in template:
        return template.replace(_TO, escaped)
    return f"{template}{'&' if '?' in template else '?'}to={escaped}"


def _check_once(outlets: Sequence[Outlet], key: str) -> None:
    *others, last = outlets
    if last.label in set(_labels(others)):
        raise ConfigError(
            f"the channel {last.label} is there twice", key=key, hint="Remove one of them."
        )


def _labels(outlets: Sequence[Outlet]) -> Iterator[str]:
    yield from (outlet.label for outlet in outlets)
