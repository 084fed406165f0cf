"""Asking the services of archives: guarded, bounded in size and time, and every answer judged before it is believed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests

from ..errors import FetchError
from ..guard import Guard
from ..guard.fetch import check_answer, explained, kind_of_answer
from ..guard.policy import ServerLogin, origin_of
from ..guard.transport import open_guarded_session

_CHUNK = 1 << 16
_MEANT = "%/:?#[]@!$&'()*+,;=~"
"""Signs of an address that mean something, or are encoded already (RFC 3986, 2.2)."""
_MAX_MOVES = 3
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""How JSON writes half a character, or one that lies far behind."""
_HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered: its bytes, content type in lower case without parameters, and where redirects led."""

    data: bytes
    kind: str
    url: str

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people: how most services put their failures."""
        return self.kind == "text/html" or self.data[:200].lstrip().lower().startswith(_HTML)


@dataclass(frozen=True, slots=True)
class Login:
    """Name and password, sent to the service that they are for and to nobody else."""

    user: str
    password: str


@dataclass(frozen=True)
class Asker:
    """Asks services.

    Attributes:
        guard: Says which servers may be called.
        max_bytes: Longer answers are broken off.
        timeout_s: For connecting, and for each wait for data.
        total_s: For a whole answer.
        clock: Tells the time in seconds.
    """

    guard: Guard
    max_bytes: int = 8_000_000
    timeout_s: float = 15.0
    total_s: float = 60.0
    clock: Callable[[], float] = time.monotonic

    def ask(
        self,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        accept: str = "*/*",
        login: Login | None = None,
    ) -> Answer:
        """Ask a service, by POST where there is a form.

        What is asked with the query stays out of messages: tokens are sent so. A form is sent again where the service has
        moved within its host (clients else forget it at most redirects), and to no other one: it may hold a password.

        Args:
            url: Its address.
            query: Parameters behind the address.
            form: Parameters in the body.
            accept: Content types that are wanted.
            login: Who asks.

        Raises:
            ForbiddenAddressError: The address, or one that it redirects to, must not be called.
            FetchError: There is no answer, or one that is too large or too slow.
        """
        deadline = self.clock() + self.total_s
        for _ in range(_MAX_MOVES + 1):
            with (
                open_guarded_session(self.guard, self.total_s) as session,
                explained(url, self.timeout_s),
                session.request(
                    "GET" if form is None else "POST",
                    url,
                    params=query,
                    data=form,
                    headers={"Accept": accept},
                    auth=(login.user, login.password) if login else None,
                    timeout=self.timeout_s,
                    stream=True,
                    allow_redirects=form is None,
                ) as response,
            ):
                if form is None or not response.is_redirect:
                    check_answer(url, response, (), self.max_bytes)
                    return Answer(self._read(url, response, deadline), kind_of_answer(response), response.url)
                url = self._moved(url, response.headers["Location"])
        raise FetchError(url, "redirects in a circle")

    def _read(self, url: str, response: requests.Response, deadline: float) -> bytes:
        data = bytearray()
        # read1 returns what has come; read would wait for a full chunk from a server that drips.
        while chunk := response.raw.read1(_CHUNK):
            data += chunk
            if len(data) > self.max_bytes:
                raise FetchError(url, f"answers more than {self.max_bytes} bytes. Ask for less, or raise sources.max_bytes")
            if self.clock() > deadline:
                raise FetchError(url, f"took longer than {self.total_s:g} s", passing=True)
        return bytes(data)

    def _moved(self, url: str, location: str) -> str:
        """Return where a form is sent again: within the same host, from http to https at most.

        Raises:
            ForbiddenAddressError: The new address must not be called.
            FetchError: It is on another server.
        """
        before, target = self.guard.check(url), urljoin(url, location)
        after = self.guard.check(target)
        ports = (before.port, after.port)
        if before.host != after.host or (ports != (80, 443) and (before.scheme, before.port) != (after.scheme, after.port)):
            raise FetchError(url, f"has moved to {target[:200]}, another server. If that is right, set it in the settings")
        return target

    def ask_json(self, url: str, **how: Any) -> Any:
        """Ask a service for JSON.

        Args:
            url: Its address.
            **how: As for `ask`.

        Raises:
            FetchError: As for `ask`, or the answer is no JSON.
        """
        answer = self.ask(url, **({"accept": "application/json"} | how))
        return read_json(url, answer)


def read_json(url: str, answer: Answer) -> Any:
    """Read an answer as JSON.

    Raises:
        FetchError: It is none.
    """
    if answer.is_html:
        raise FetchError(
            url, "answers a web page instead of data: it is down, wants a login, or is not this address", passing=True
        )
    try:
        found = json.loads(answer.data)
        return whole_signs(found) if _HALF.search(answer.data) else found
    except (ValueError, RecursionError) as err:
        raise FetchError(url, "answers something that is no JSON", passing=True) from err


def whole_signs(value: Any) -> Any:
    r"""Return JSON whose texts can be written down: half a character, as `"\ud83d"` alone is one, becomes a question mark.

    No store takes it, and no file; catalogues that cut their titles short write it.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {whole_signs(name): whole_signs(inner) for name, inner in value.items()}
    return [whole_signs(inner) for inner in value] if isinstance(value, list) else value


def with_host(guard: Guard, url: str) -> Guard:
    """Return a guard that also lets the server of an address through, which an administrator has set."""
    host = (urlsplit(url).hostname or "").lower()
    return replace(guard, allow_hosts=(*guard.allow_hosts, host)) if host else guard


def with_login(guard: Guard, url: str, login: Login | None) -> Guard:
    """Return a guard that sends a login to the server of an address, and to no other."""
    origin = origin_of(url)
    if login is None or not origin:
        return guard
    return replace(guard, logins=(*guard.logins, ServerLogin(origin, login.user, login.password)))


def escaped(address: str) -> str:
    """Return an http(s) address in which blanks and letters beyond ASCII are percent-encoded behind the server's name.

    Catalogues write addresses as people read them; what is encoded already, and every sign with a meaning, stays.
    """
    start = address.find("/", address.find("://") + 3)
    if start < 0 or not address.isprintable():
        return address
    return address[:start] + quote(address[start:], safe=_MEANT)


def is_web(locator: str) -> bool:
    """Say whether a locator is an http(s) address."""
    return locator.lower().startswith(("http://", "https://"))
