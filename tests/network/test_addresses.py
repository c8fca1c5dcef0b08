"""Which addresses are public, in every form in which one may be written."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from pipeline.network.addresses import is_in, is_public, parse_network


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  connects to this machine
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",  # the metadata of a cloud's machine
        "172.16.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_these_are_private(address: str) -> None:
    """Of this machine, the local network, a cloud's metadata, or of many machines."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::1.1.1.1"],
)
def test_these_are_public(address: str) -> None:
    """Any machine of the internet, also behind a translation."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize("form", ["2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1"])
def test_other_forms_of_an_address_lead_to_its_usual_one(form: str) -> None:
    """So that the address a socket gets tells, whatever was written."""
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(form, 80)}
    assert found == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("address", "network", "expected"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd00::1", "fd00::/8", True),
        ("fd00::1", "10.0.0.0/8", False),
        ("169.254.169.254", "10.0.0.0/8", False),
    ],
)
def test_a_network_has_its_addresses_in_both_forms(
    address: str, network: str, *, expected: bool
) -> None:
    """An IPv6 address that stands for an IPv4 one is in its networks."""
    assert is_in(ip_address(address), (parse_network(network),)) is expected


@pytest.mark.parametrize("text", ["", "localhost", "10.0.0.1/8", "10.0.0.0/33", "300.1.1.1"])
def test_what_is_not_a_network_is_refused(text: str) -> None:
    """With what to write instead."""
    with pytest.raises(ValueError, match="is not a network: write an address or a range"):
        parse_network(text)
