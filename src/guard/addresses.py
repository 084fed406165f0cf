"""What an address says, read in one way only: parts that two programs might read differently are refused, not mended."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from ..errors import ForbiddenAddressError
from .networks import Ip

_MAX_LENGTH = 8192
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
"""A label of a host's name (RFC 1123, 2.1), and underscores, which real archives have."""
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_SEEN_BY_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Address:
    """An http(s) address that can be read in one way only.

    Attributes:
        url: As it was given.
        scheme: `http` or `https`.
        host: In lower case and ASCII, an IPv6 address without brackets.
        port: As given, or that of the scheme.
        ip: What `host` is where it is no name.
    """

    url: str
    scheme: str
    host: str
    port: int
    ip: Ip | None


def read_address(url: str) -> Address:
    """Read an http(s) address that somebody else has named.

    Raises:
        ForbiddenAddressError: It is no http(s) address, carries a user or a password, or names its host in a form that
            programs understand differently: numbers that are no dotted quad (2130706433, 0x7f.1, 127.1, 0177.0.0.1), zones,
            characters that do not belong there.
    """
    shown = url[:_SEEN_BY_PEOPLE]
    if len(url) > _MAX_LENGTH:
        raise ForbiddenAddressError(shown, f"has more than {_MAX_LENGTH} characters")
    if any(sign.isspace() or not sign.isprintable() or sign == "\\" for sign in url):
        raise ForbiddenAddressError(repr(shown), "holds blanks, backslashes or control characters")
    try:
        parts = parse_url(url)
    except (LocationParseError, ValueError, UnicodeError) as err:
        raise ForbiddenAddressError(shown, "is no valid address") from err
    if parts.scheme not in _PORTS:
        raise ForbiddenAddressError(shown, "is no http or https address")
    if parts.auth is not None or "@" in (parts.netloc or ""):
        raise ForbiddenAddressError("an address with a user or password", "is refused. Give it without them")
    host = read_host(parts.host or "", shown)
    return Address(url, parts.scheme, host, parts.port or _PORTS[parts.scheme], literal_ip(host))


def read_host(host: str, shown: str = "") -> str:
    """Return a host in lower case, an IPv6 address without its brackets.

    Args:
        host: A name or an IP address, as an address or a resolver's caller gives it.
        shown: What to call it in messages.

    Raises:
        ForbiddenAddressError: It is empty, or may be read in several ways.
    """
    shown = shown or host[:_SEEN_BY_PEOPLE]
    bare = host.lower().removeprefix("[").removesuffix("]")
    if "%" in bare:
        raise ForbiddenAddressError(shown, "names its host with a zone or escaped characters")
    if ":" in bare:
        if literal_ip(bare) is None:
            raise ForbiddenAddressError(shown, "has no valid IPv6 address as its host")
        return bare
    labels = bare.removesuffix(".").split(".")
    if len(bare) > 253 or not all(_NAME.fullmatch(label) for label in labels):
        raise ForbiddenAddressError(shown, "has no valid host")
    # Resolvers read such hosts as IPv4 addresses, each by rules of its own (inet_aton: parts may be few, octal or hexadecimal).
    if _NUMBER.fullmatch(labels[-1]) and literal_ip(bare) is None:
        raise ForbiddenAddressError(shown, "names its host by a number. Give a name, or four decimal numbers")
    return bare


def literal_ip(host: str) -> Ip | None:
    """Return the IP address that a host is in its usual form (RFC 6943, 3.1.1, strict), None for any other."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
