"""Whether an IP address belongs to the public internet, and reading networks from their text.

Pure; resolves no name.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address
_COMPATIBLE = IPv6Network("::/96")


def parse_network(text: str) -> Network:
    """A network such as ``10.0.0.0/8``, or one address. Fails: ValueError."""
    try:
        return ip_network(text.strip())
    except ValueError:
        raise ValueError(
            f"{text!r} is not a network: write an address or a range, such as 10.1.2.3 or "
            "10.0.0.0/8, not a name"
        ) from None


def parse_address(text: str) -> Address | None:
    """The address that a text is; None for a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def reached(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for; any other address as it is."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet and of one machine."""
    found = reached(address)
    is_old_local = isinstance(found, IPv6Address) and found.is_site_local
    return found.is_global and not found.is_multicast and not is_old_local


def is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    """Whether one of the networks has the address, in either of its forms."""
    return any(form in network for form in {address, reached(address)} for network in networks)
