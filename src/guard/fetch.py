"""Fetching what a client names by its address: guarded, and bounded in size, time and kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
import urllib3

from ..errors import FetchError
from .policy import Guard
from .transport import open_guarded_session

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much an answer may be.

    Attributes:
        max_bytes: Longer answers are broken off.
        timeout_s: For connecting, and for each wait for data.
        total_s: For all of it: a server that sends a byte now and then never times out otherwise.
        kinds: Content types that are read, `image/` for all that begin so; empty for any. An answer without one passes.
    """

    max_bytes: int = 20_000_000
    timeout_s: float = 15.0
    total_s: float = 60.0
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: its bytes, its content type in lower case without parameters, and where redirects led."""

    data: bytes
    kind: str
    url: str


def fetch(url: str, guard: Guard, limits: FetchLimits | None = None, clock: Callable[[], float] = time.monotonic) -> Fetched:
    """Fetch an address that a client names.

    Args:
        url: http or https.
        guard: Says which servers may be called.
        limits: How much the answer may be.
        clock: Tells the time in seconds.

    Raises:
        ForbiddenAddressError: The address, or one that it redirects to, must not be fetched.
        FetchError: It cannot be fetched, or is too large, too slow, or of a kind that is not wanted.
    """
    limits = limits or FetchLimits()
    deadline = clock() + limits.total_s
    with (
        open_guarded_session(guard, limits.total_s) as session,
        explained(url, limits.timeout_s),
        session.get(url, timeout=limits.timeout_s, stream=True) as response,
    ):
        check_answer(url, response, limits.kinds, limits.max_bytes)
        data = bytearray()
        # read1 returns what has come; read would wait for a full chunk from a server that drips.
        while chunk := response.raw.read1(_CHUNK):
            data += chunk
            if len(data) > limits.max_bytes:
                raise FetchError(url, f"is larger than {limits.max_bytes} bytes")
            if clock() > deadline:
                raise FetchError(url, f"took longer than {limits.total_s:g} s", passing=True)
        return Fetched(bytes(data), kind_of_answer(response), response.url)


def check_answer(url: str, response: requests.Response, kinds: tuple[str, ...], max_bytes: int) -> None:
    """Look at the head of an answer.

    Raises:
        FetchError: It is none, or too large, compressed, or of a kind that is not wanted.
    """
    if response.status_code not in (200, 206):
        passing = response.status_code in (408, 425, 429) or response.status_code >= 500
        raise FetchError(url, f"answers {response.status_code} {response.reason or ''}".rstrip(), passing=passing)
    kind = kind_of_answer(response)
    if kinds and kind and not kind.startswith(kinds):
        raise FetchError(url, f"is {kind[:80]!r}, not one of {', '.join(kinds)}")
    if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
        raise FetchError(url, "comes compressed, which was not asked for")
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > max_bytes:
        raise FetchError(url, f"is larger than {max_bytes} bytes")


def kind_of_answer(response: requests.Response) -> str:
    """Return the content type of an answer in lower case, without parameters; empty where it says none."""
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


@contextmanager
def explained(url: str, timeout_s: float) -> Iterator[None]:
    """Turn the errors of requests and urllib3 into one of ours.

    Raises:
        FetchError: Something failed inside the block.
    """
    try:
        yield
    except requests.TooManyRedirects as err:
        raise FetchError(url, "redirects in a circle") from err
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as err:
        raise FetchError(url, f"gave no answer within {timeout_s:g} s", passing=True) from err
    except requests.exceptions.SSLError as err:
        raise FetchError(url, "has no valid certificate", passing=True) from err
    except urllib3.exceptions.ProtocolError as err:
        raise FetchError(url, "broke off before its end", passing=True) from err
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as err:
        if isinstance(err, ValueError):  # InvalidURL and the like are both
            raise FetchError(url, "is no valid address") from err
        raise FetchError(url, "cannot be reached. Check the address and the network", passing=True) from err
