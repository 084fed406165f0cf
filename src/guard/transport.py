"""Connections that go to checked addresses only: what `requests` sends its requests through."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util.connection import allowed_gai_family

from .. import __version__
from ..errors import ForbiddenAddressError
from .policy import Guard

USER_AGENT = f"FaceRec/{__version__} (video archives; python-requests)"
_MAX_REDIRECTS = 5


class CarefulAdapter(HTTPAdapter):
    """Does not read what comes with a redirect: `requests` would, all of it, however long it is."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request."""
        response = super().send(request, *args, **kwargs)
        if response.is_redirect:
            response.close()
            vars(response).update(_content=b"", _content_consumed=True)
        return response


class GuardedAdapter(CarefulAdapter):
    """Sends requests to servers that a guard lets through.

    Each address is judged as it is written, also after each redirect, since `requests` sends a redirected request through
    its adapter again; and each new connection is judged by the IP address that it goes to. The name stays what it was in the
    Host header, for SNI and for the certificate.
    """

    def __init__(self, guard: Guard, answer_s: float = 60.0, **kwargs: Any) -> None:
        """Begin.

        Args:
            guard: Says which servers may be called.
            answer_s: For the handshake, and again until the head of an answer is complete: each wait for data has a timeout of
                its own, which a server that sends a byte now and then never meets.
            **kwargs: As those of `HTTPAdapter`.
        """
        self._guard, self._answer_s = guard, answer_s
        super().__init__(**kwargs)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Make the pools, whose every connection asks the guard."""
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._guard, self._answer_s)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Judge the address and send the request.

        Raises:
            ForbiddenAddressError: The address, or where it leads, must not be fetched.
        """
        self._guard.check(str(request.url))
        login = self._guard.login_for(str(request.url))
        if login is not None and "Authorization" not in request.headers:
            # Here and not in the session, which knows one login for all servers; `requests` drops it at a redirect elsewhere.
            HTTPBasicAuth(*login)(request)
        # A proxy would look names up by itself, and connect for us where nobody has looked.
        return super().send(request, *args, **kwargs | {"proxies": {}})


def open_guarded_session(guard: Guard, answer_s: float = 60.0, **kwargs: Any) -> requests.Session:
    """Return a session for addresses that others name: guarded, no cookies, few redirects, nothing from the environment.

    Proxies and passwords (`.netrc`) of the environment are those of the user who started us, not of a client.

    Args:
        guard: Says which servers may be called.
        answer_s: Longest time until the head of an answer is complete.
        **kwargs: As those of `HTTPAdapter`.
    """
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = _MAX_REDIRECTS
    # Without compression the length of an answer is what it announces, and no bomb can hide in it.
    session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, GuardedAdapter(guard, answer_s, **kwargs))
    return session


def _pools(guard: Guard, answer_s: float) -> dict[str, Any]:
    """Return pools of connections that ask this guard: urllib3 makes connections from classes, so these are made here."""

    class Plain(_Guarded, HTTPConnection):
        pass

    class Secure(_Guarded, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    for kind in (Plain, Secure):
        kind.guard, kind.answer_s = guard, answer_s
    return {"http": PlainPool, "https": SecurePool}


class _Guarded(HTTPConnection):
    """A connection to one of the addresses that a guard returns, with an end to how long its first words may take."""

    guard: Guard
    answer_s: float
    _twin: socket.socket | None = None
    """The same connection during the handshake, when the socket itself belongs to the TLS library."""

    def _new_conn(self) -> socket.socket:
        """Resolve the host once, and connect to what was checked."""
        failure: OSError | None = None
        for address in self.guard.addresses_of(self._dns_host, self.port or self.default_port):
            try:
                sock = self._connect_to(address)
            except OSError as err:
                failure = err
                continue
            sys.audit("http.client.connect", self, self.host, self.port)
            self._twin = sock.dup()
            return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from failure
        raise NewConnectionError(self, f"Failed to establish a new connection: {failure}") from failure

    def _connect_to(self, address: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if family == socket.AF_INET6 and allowed_gai_family() == socket.AF_INET:
            raise OSError("this machine has no IPv6")
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)
            sock.connect((address, self.port or self.default_port))
        except BaseException:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        """Connect and shake hands within the time."""
        try:
            with self._watched("shake hands"):
                super().connect()
        finally:
            twin, self._twin = self._twin, None
            if twin is not None:
                twin.close()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """Read the head of the answer within the time."""
        with self._watched("answer"):
            return super().getresponse()

    @contextmanager
    def _watched(self, what: str) -> Iterator[None]:
        """Cut the connection when the block takes too long: what waits for it fails then."""
        is_late = threading.Event()

        def cut() -> None:
            is_late.set()
            _shut(self._twin or self.sock)

        timer = threading.Timer(self.answer_s, cut)
        timer.daemon = True
        timer.start()
        late = f"{self.host} did not {what} within {self.answer_s:g} s"
        try:
            yield
        except ForbiddenAddressError:
            raise
        except Exception as err:
            if is_late.is_set():
                raise TimeoutError(late) from err
            raise
        finally:
            timer.cancel()
        if is_late.is_set():  # a head that was cut off looks like one that has ended
            raise TimeoutError(late)


def _shut(sock: Any) -> None:
    """Let everybody who reads from a socket find its end."""
    try:
        # Not the method of an SSL socket, which drops its state under the hands of the thread that reads.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except (OSError, TypeError):
        return  # it is closed, or not there yet
