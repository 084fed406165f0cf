"""Which servers may be called: those of the public internet, and those that an administrator names."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..errors import ConfigError, FetchError, ForbiddenAddressError
from .addresses import Address, literal_ip, read_address, read_host
from .networks import Ip, Network, unwrapped, why_not_public, within

Resolver = Callable[[str, int], Sequence[str]]
"""Returns the IP addresses of a host, in the order in which to try them; raises OSError where there are none."""

_FREE_PORTS = (80, 443)
_PRIVILEGED = 1024
_NEVER_BY_NAME = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::/32"),
)
"""Where clouds answer with the keys of a machine: a name on the allow-list is no leave to go there, only a network is."""


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class ServerLogin:
    """Name and password for one server.

    Attributes:
        origin: The server as `origin_of` writes it: a password for https goes over no other port or scheme.
        user, password: They are in no text of this record.
    """

    origin: str
    user: str = field(repr=False)
    password: str = field(repr=False)


def origin_of(url: str) -> str:
    """Return scheme, host and port of an http(s) address, `https://archive.example:443`; empty for what is none."""
    try:
        address = read_address(url)
    except ForbiddenAddressError:
        return ""
    return f"{address.scheme}://{address.host}:{address.port}"


@dataclass(frozen=True)
class Guard:
    """Says which servers may be called; every connection asks it.

    A name is resolved once, by `addresses_of`, and the connection is made to an address that this returned, so that a name
    server which answers differently the next moment (DNS rebinding) gains nothing.

    Attributes:
        allow_hosts: Names of servers that may also lie in private networks, `archive.lan` or `*.archive.lan`.
        allow_networks: Networks that may be called although they are private.
        resolve: Looks up names.
        logins: Who asks, by HTTP Basic authentication, each for one server and no other.
    """

    allow_hosts: tuple[str, ...] = ()
    allow_networks: tuple[Network, ...] = ()
    resolve: Resolver = field(default=system_resolver, compare=False)
    logins: tuple[ServerLogin, ...] = ()

    @staticmethod
    def of(hosts: Sequence[str], networks: Sequence[str]) -> Guard:
        """Build a guard from the words of settings.

        Raises:
            ConfigError: A network is none.
        """
        try:
            parsed = tuple(ipaddress.ip_network(network) for network in networks)
        except ValueError as err:
            raise ConfigError(f"fetch.allow_networks: {err}. Write networks as 10.1.0.0/16 or fd12:3456::/48.") from err
        return Guard(tuple(host.lower() for host in hosts), parsed)

    def check(self, url: str) -> Address:
        """Judge an address by what it says alone; no name is looked up.

        Raises:
            ForbiddenAddressError: It must not be fetched.
        """
        address = read_address(url)
        if not self._is_named(address.host) and address.port < _PRIVILEGED and address.port not in _FREE_PORTS:
            raise ForbiddenAddressError(url[:200], f"names port {address.port}, where no web server is")
        if address.ip is not None:
            self._check_ip(address.host, address.ip)
        return address

    def login_for(self, url: str) -> tuple[str, str] | None:
        """Return user and password for the server of an address; None where it wants none."""
        if not self.logins:
            return None
        origin = origin_of(url)
        return next(((one.user, one.password) for one in self.logins if one.origin == origin), None)

    def addresses_of(self, host: str, port: int) -> tuple[str, ...]:
        """Resolve a host once, and return the addresses that a connection may go to.

        Raises:
            ForbiddenAddressError: One of its addresses must not be called: then none is.
            FetchError: The host is not known.
        """
        bare = read_host(host)
        ip = literal_ip(bare)
        try:
            found = [bare] if ip is not None else list(self.resolve(bare, port))
        except (OSError, UnicodeError) as err:
            raise FetchError(bare, "is a host that is not known. Check its name", passing=True) from err
        if not found:
            raise FetchError(bare, "is a host without an address", passing=True)
        return tuple(self._check_ip(bare, ipaddress.ip_address(address)) for address in found)

    def _check_ip(self, host: str, ip: Ip) -> str:
        """Return the address to connect to."""
        why = why_not_public(ip)
        if why is not None and not within(ip, self.allow_networks):
            named = self._is_named(host) and not within(ip, _NEVER_BY_NAME)
            if not named or ip.is_multicast or ip.is_unspecified:
                raise ForbiddenAddressError(
                    host, f"leads to {why}, which is not fetched. An administrator may allow it by fetch.allow_networks"
                )
        return str(unwrapped(ip)) if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped else str(ip)

    def _is_named(self, host: str) -> bool:
        return any(fnmatchcase(host.removesuffix("."), pattern) for pattern in self.allow_hosts)
