"""Fetching from servers that nobody vouches for: slow, broken, overloaded, or sending what was not asked for."""

from __future__ import annotations

import email.utils
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import urllib3

from .. import __version__
from ..errors import FetchError
from ..guard import Guard
from ..guard.transport import CarefulAdapter, open_guarded_session

USER_AGENT = f"FaceRec/{__version__} (training pictures for video archives; python-requests)"
_CHUNK = 1 << 16
_MAX_REDIRECTS = 5
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be different in a moment."""
_BUSY_ELSEWHERE = frozenset({401, 402, 403, 451})
"""Refusals that depend on who asks and when: not worth another try now, but worth one in another run."""

Check = Callable[[bytes], str | None]
"""Looks at the first bytes of an answer and says why the rest is not wanted, or None."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server may ask of us, and we of it.

    Attributes:
        workers: Requests at a time over all servers.
        per_host: Requests at a time to one server.
        timeout_s: For connecting, and for each wait for data.
        retries: Further tries after a fault that may pass.
        max_bytes: Longer answers are broken off.
        backoff_s: Pause before the first further try; it doubles each time.
    """

    workers: int = 8
    per_host: int = 2
    timeout_s: float = 15.0
    retries: int = 2
    max_bytes: int = 20_000_000
    backoff_s: float = 0.5

    @property
    def total_s(self) -> float:
        """Time for one address with all its tries: a server that sends a byte now and then never times out otherwise."""
        return 4 * self.timeout_s


class _TryAgain(FetchError):
    """A fault that may pass, with the pause that the server asked for, in seconds."""

    def __init__(self, url: str, why: str, wait_s: float | None = None) -> None:
        super().__init__(url, why, passing=True)
        self.wait_s = wait_s


def open_session(limits: Limits, guard: Guard | None = None) -> requests.Session:
    """Return a session that several threads may use: no cookies, few redirects, our name on every request.

    Args:
        limits: How many connections to keep.
        guard: Says which servers may be called; any where None.
    """
    pools: dict[str, Any] = {"pool_connections": 2 * limits.workers, "pool_maxsize": limits.per_host}
    if guard is not None:
        session = open_guarded_session(guard, limits.total_s, **pools)
        session.headers["User-Agent"] = USER_AGENT
        return session
    session = requests.Session()
    session.max_redirects = _MAX_REDIRECTS
    # Without compression the length of an answer is what it announces, and no bomb can hide in it.
    session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, CarefulAdapter(**pools))
    return session


class Web:
    """Fetches addresses from several threads, politely and never for ever."""

    def __init__(self, limits: Limits, session: requests.Session | None = None, guard: Guard | None = None) -> None:
        """Begin.

        Args:
            limits: What to expect of servers.
            session: Carries the requests; one of our own where None. It is closed with this.
            guard: Says which servers a session of our own may call; any where None.
        """
        self.limits = limits
        self._session = session or open_session(limits, guard)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._hosts: dict[str, threading.BoundedSemaphore] = {}

    def get(self, url: str, headers: Mapping[str, str] | None = None, check: Check | None = None) -> bytes:
        """Fetch an address, trying again after faults that may pass.

        Args:
            url: http or https.
            headers: To send beside our own.
            check: Looks at the beginning, so that what is not wanted is not fetched to its end.

        Raises:
            FetchError: With the reason; `passing` says whether it may work another time.
        """
        with self._place(url):
            deadline = time.monotonic() + self.limits.total_s
            for attempt in range(self.limits.retries + 1):
                try:
                    return self._get_once(url, headers or {}, check, deadline)
                except _TryAgain as err:
                    pause = self.limits.backoff_s * 2**attempt if err.wait_s is None else err.wait_s
                    too_late = time.monotonic() + pause >= deadline
                    if attempt == self.limits.retries or too_late or self._stop.wait(pause):
                        raise
        raise AssertionError("unreachable: the last try returns or raises")

    def get_json(self, url: str, parameters: Mapping[str, str | int]) -> Any:
        """Fetch an address with parameters and read its answer as JSON.

        Raises:
            FetchError: It cannot be fetched, or is not JSON.
        """
        address = f"{url}?{urlencode(parameters)}"
        try:
            return json.loads(self.get(address))
        except (json.JSONDecodeError, UnicodeDecodeError) as err:
            raise FetchError(address, "answers something that is not JSON", passing=True) from err

    def stop(self) -> None:
        """Break off what is under way as soon as its next bytes come."""
        self._stop.set()

    def close(self) -> None:
        """Break off and close the connections."""
        self.stop()
        self._session.close()

    @contextmanager
    def _place(self, url: str) -> Iterator[None]:
        """Take one of the places that we allow ourselves at a server, also for the pauses between tries."""
        try:
            host = urlsplit(url).netloc.lower()
        except ValueError as err:
            raise FetchError(url, "is no valid address") from err
        with self._lock:
            places = self._hosts.setdefault(host, threading.BoundedSemaphore(self.limits.per_host))
        with places:
            yield

    def _get_once(self, url: str, headers: Mapping[str, str], check: Check | None, deadline: float) -> bytes:
        if self._stop.is_set():
            raise FetchError(url, "was interrupted", passing=True)
        timeout = self.limits.timeout_s
        try:
            with self._session.get(url, headers=dict(headers), timeout=timeout, stream=True) as response:
                _check_status(url, response)
                return self._read(url, response, check, deadline)
        except requests.TooManyRedirects as err:
            raise FetchError(url, "redirects in a circle") from err
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as err:
            raise _TryAgain(url, f"gave no answer within {timeout:g} s") from err
        except requests.exceptions.SSLError as err:
            raise FetchError(url, "has no valid certificate", passing=True) from err
        except urllib3.exceptions.ProtocolError as err:
            raise _TryAgain(url, "broke off before its end") from err
        except (requests.ConnectionError, urllib3.exceptions.HTTPError, OSError) as err:
            if isinstance(err, ValueError):  # InvalidURL and the like are both
                raise FetchError(url, "is no valid address") from err
            raise _TryAgain(url, f"cannot be reached: {_reason(err)}") from err
        except ValueError as err:
            raise FetchError(url, "is no valid address") from err

    def _read(self, url: str, response: requests.Response, check: Check | None, deadline: float) -> bytes:
        """Read an answer as it comes, so that its size, kind and speed are judged before it is complete."""
        announced = response.headers.get("Content-Length", "")
        limit = self.limits.max_bytes
        if announced.isascii() and announced.isdigit() and int(announced) > limit:
            raise FetchError(url, f"is larger than {limit} bytes")
        data = bytearray()
        # read1 returns what has come; read would wait for a full chunk from a server that drips.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            if check is not None and not data and (why := check(chunk)) is not None:
                raise FetchError(url, why)
            data += chunk
            if len(data) > limit:
                raise FetchError(url, f"is larger than {limit} bytes")
            if self._stop.is_set():
                raise FetchError(url, "was interrupted", passing=True)
            if time.monotonic() > deadline:
                raise FetchError(url, f"took longer than {self.limits.total_s:g} s", passing=True)
        return bytes(data)


def _check_status(url: str, response: requests.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    why = f"answers {status} {response.reason or ''}".rstrip()
    if status in _TRY_AGAIN:
        raise _TryAgain(url, why, _retry_after(response.headers.get("Retry-After")))
    raise FetchError(url, why, passing=status in _BUSY_ELSEWHERE or status >= 500)


def _retry_after(value: str | None) -> float | None:
    """Read the header Retry-After, seconds or a date; None where there is none that can be read (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _reason(err: Exception) -> str:
    """Return the cause inside the wrappers of requests and urllib3, without addresses of Python objects."""
    cause: BaseException = err
    while (inner := _inner(cause)) is not None:
        cause = inner
    text = str(getattr(cause, "strerror", None) or cause).split(": ", 1)[-1]
    return " ".join(text.split())[:100] or type(cause).__name__


def _inner(err: BaseException) -> BaseException | None:
    for candidate in (getattr(err, "reason", None), *err.args):
        if isinstance(candidate, BaseException):
            return candidate
    return None
