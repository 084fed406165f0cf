"""Asking the services of archives: guarded, bounded in size and time, and every answer judged before it is believed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import FetchError
from ..guard import Guard
from ..guard.fetch import check_answer, explained, kind_of_answer
from ..guard.transport import open_guarded_session

_CHUNK = 1 << 16
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

        What is asked with the query stays out of messages: tokens are sent so.

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
        method, auth = ("POST" if form is not None else "GET"), (login.user, login.password) if login else None
        with (
            open_guarded_session(self.guard, self.total_s) as session,
            explained(url, self.timeout_s),
            session.request(
                method,
                url,
                params=query,
                data=form,
                headers={"Accept": accept},
                auth=auth,
                timeout=self.timeout_s,
                stream=True,
            ) as response,
        ):
            check_answer(url, response, (), self.max_bytes)
            data = bytearray()
            # read1 returns what has come; read would wait for a full chunk from a server that drips.
            while chunk := response.raw.read1(_CHUNK):
                data += chunk
                if len(data) > self.max_bytes:
                    raise FetchError(url, f"answers more than {self.max_bytes} bytes. Ask for less, or raise sources.max_bytes")
                if self.clock() > deadline:
                    raise FetchError(url, f"took longer than {self.total_s:g} s", passing=True)
            return Answer(bytes(data), kind_of_answer(response), response.url)

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
        return json.loads(answer.data)
    except (ValueError, RecursionError) as err:
        raise FetchError(url, "answers something that is no JSON", passing=True) from err


def with_host(guard: Guard, url: str) -> Guard:
    """Return a guard that also lets the server of an address through, which an administrator has set."""
    host = (urlsplit(url).hostname or "").lower()
    return Guard((*guard.allow_hosts, host), guard.allow_networks, guard.resolve) if host else guard


def is_web(locator: str) -> bool:
    """Say whether a locator is an http(s) address."""
    return locator.lower().startswith(("http://", "https://"))
