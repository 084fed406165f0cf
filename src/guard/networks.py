"""Which IP addresses belong to the public internet, whatever form they are written in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
"""All that was ever given to anybody as a global unicast address (RFC 4291, 2.4; IANA registry)."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""The well-known prefix behind which networks without IPv4 show IPv4 servers (RFC 6052, 2.1)."""

_TUNNELS = (
    (ipaddress.IPv6Network("2002::/16"), "a 6to4 address"),
    (ipaddress.IPv6Network("2001::/32"), "a Teredo address"),
    (ipaddress.IPv6Network("2001:db8::/32"), "an address for documentation"),
    (ipaddress.IPv6Network("3fff::/20"), "an address for documentation"),
    (ipaddress.IPv6Network("2001:10::/28"), "an identifier, not an address"),
    (ipaddress.IPv6Network("2001:20::/28"), "an identifier, not an address"),
)
"""Parts of 2000::/3 behind which no public server stands; tunnels carry an IPv4 address that nobody has looked at."""

_SPECIAL_V4 = (
    (ipaddress.IPv4Network("168.63.129.16/32"), "the service of a cloud's host"),
    (ipaddress.IPv4Network("192.88.99.0/24"), "a 6to4 relay"),
    (ipaddress.IPv4Network("192.0.0.0/24"), "a protocol's own address"),
)
"""Addresses outside the private ranges that are nevertheless those of a machine's own surroundings."""

_ISATAP = (0x00005EFE, 0x02005EFE)
"""The middle of an IPv6 address that tunnels to the IPv4 address at its end (RFC 5214, 6.1)."""


def unwrapped(ip: Ip) -> Ip:
    """Return the IPv4 address that an IPv4-mapped or NAT64 address stands for, any other as it is."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def why_not_public(ip: Ip) -> str | None:
    """Say in words what an address is that is not one of the public internet; None for one that is.

    An IPv4 address inside an IPv6 one (IPv4-mapped, NAT64) is judged by itself; tunnels (6to4, Teredo, ISATAP) are refused
    with whatever they carry, since no server of today is reached through them.
    """
    inner = unwrapped(ip)
    if isinstance(inner, ipaddress.IPv6Address):
        return _why_not_public_v6(inner)
    if inner.is_unspecified or inner in ipaddress.IPv4Network("0.0.0.0/8"):
        return "the address of no machine"
    named = next((why for network, why in _SPECIAL_V4 if inner in network), None)
    return named or _why_common(inner) or (None if inner.is_global else "a private or reserved address")


def within(ip: Ip, networks: Iterable[Network]) -> bool:
    """Say whether an address, or the IPv4 address in it, lies in one of some networks."""
    candidates = {ip, unwrapped(ip)}
    return any(candidate in network for network in networks for candidate in candidates)


def _why_common(ip: Ip) -> str | None:
    if ip.is_loopback:
        return "this machine itself"
    if ip.is_link_local:
        return "a link-local address"
    if ip.is_multicast:
        return "a multicast address"
    return "a private address" if ip.is_private else None


def _why_not_public_v6(ip: ipaddress.IPv6Address) -> str | None:
    if ip.is_unspecified:
        return "the address of no machine"
    if ip.scope_id is not None:
        return "an address with a zone"
    if ip.is_loopback or ip.is_link_local or ip.is_multicast:
        return _why_common(ip)
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        return "an ISATAP address"
    tunnel = next((why for network, why in _TUNNELS if ip in network), None)
    if tunnel is not None:
        return tunnel
    return _why_common(ip) or (None if ip in _PUBLIC_V6 and ip.is_global else "a private or reserved address")
