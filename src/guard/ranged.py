"""A remote file that is read like a local one: in ranges, guarded, and gone on with after a connection broke."""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import requests

from ..errors import FetchError
from .fetch import check_answer, explained
from .policy import Guard
from .transport import open_guarded_session

MEDIA_KINDS = ("video/", "audio/", "application/octet-stream", "binary/octet-stream", "application/mp4", "application/ogg",
               "application/mxf", "application/x-matroska", "image/gif", "image/apng")  # fmt: skip
"""Content types of files with pictures and sound; servers of archives often say `application/octet-stream`."""

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_SKIP_BYTES = 1 << 18
"""So far ahead it is quicker to read on than to ask anew."""
_GONE = (403, 404, 410)
"""Refusals that stand in the middle of a file for a fault of the server."""
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


@dataclass(frozen=True, slots=True)
class RangeLimits:
    """What a server of a long file may cost us.

    Attributes:
        max_bytes: Larger files are not read.
        timeout_s: For connecting, and for each wait for data.
        min_bytes_per_s: A server that keeps us waiting at less than this, over `patience_s`, is given up. Only the time spent
            waiting counts: how long we take to analyse what came is nobody's fault.
        patience_s: Seconds of waiting over which its speed is judged.
        retries: Further tries after a connection broke; they begin anew as soon as data comes.
        backoff_s: Pause before the first further try; it doubles each time.
    """

    max_bytes: int = 50_000_000_000
    timeout_s: float = 30.0
    min_bytes_per_s: int = 1000
    patience_s: float = 60.0
    retries: int = 4
    backoff_s: float = 0.5


class RangedFile(io.RawIOBase):
    """A file behind an http(s) address, with `read`, `seek` and `tell`.

    Where the server answers byte ranges, any place of the file can be gone to; else it is read from its beginning to its end.
    A connection that breaks is made again, through the guard like the first, and the reading goes on where it was, provided
    that the file is still the same one (its length, ETag and date).
    """

    def __init__(
        self,
        url: str,
        guard: Guard,
        limits: RangeLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open the address.

        Args:
            url: http or https.
            guard: Says which servers may be called.
            limits: What the server may cost us.
            clock: Tells the time in seconds.
            sleep: Waits for so many seconds.

        Raises:
            ForbiddenAddressError: The address, or one that it redirects to, must not be fetched.
            FetchError: It cannot be fetched, or is no file that we read.
        """
        super().__init__()
        self._url, self._guard = url.split("#", 1)[0], guard
        self._limits, self._clock, self._sleep = limits or RangeLimits(), clock, sleep
        self._session = open_guarded_session(guard, self._limits.patience_s)
        self._response: requests.Response | None = None
        self._pos = self._at = 0  # where the next read begins, and where the open answer stands
        self._waited_s, self._waited_bytes = 0.0, 0
        self._size: int | None = None
        self._version: tuple[str, str] | None = None
        self._in_ranges = False
        try:
            self._again(self._open)
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int | None:
        """How many bytes the file has; None where the server does not say."""
        return self._size

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """Whether the server answers ranges."""
        return self._in_ranges

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._pos

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is asked of the server before the next read.

        Raises:
            OSError: The server does not answer ranges, or there is no such place.
        """
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._pos, io.SEEK_END: self._size}.get(whence)
        if base is None or base + offset < 0:
            raise OSError("there is no such place in the file")
        if not self._in_ranges and base + offset != self._pos:
            raise OSError("the server does not answer byte ranges")
        self._pos = base + offset
        return self._pos

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes, fewer only where no more have come yet, none at the end of the file.

        Raises:
            FetchError: The server does not go on, or too slowly.
        """
        if self.closed:
            raise ValueError("the file is closed")
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        if size == 0 or (self._size is not None and self._pos >= self._size):
            return b""
        return self._again(lambda: self._read_once(size))

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, and return how many bytes came."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._let_go()
            self._session.close()
        super().close()

    def _again(self, step: Callable[[], T]) -> T:
        """Take a step, and take it again after faults that may pass."""
        for attempt in range(self._limits.retries + 1):
            try:
                return step()
            except FetchError as err:
                self._let_go()
                can_go_on = self._pos == 0 or self._in_ranges
                if not err.passing or not can_go_on or attempt == self._limits.retries:
                    raise
                _LOG.info("%s: going on at byte %d", err, self._pos)
                self._sleep(self._limits.backoff_s * 2**attempt)
        raise AssertionError("unreachable: the last try returns or raises")

    def _read_once(self, size: int) -> bytes:
        if self._response is not None and not 0 <= self._pos - self._at <= _SKIP_BYTES:
            self._let_go()
        if self._response is None:
            self._open()
        while self._at < self._pos:
            if not self._receive(min(self._pos - self._at, _SKIP_BYTES)):
                raise FetchError(self._url, "broke off before its end", passing=True)
        data = self._receive(size)
        if not data and self._size is not None:
            raise FetchError(self._url, "broke off before its end", passing=True)
        self._pos += len(data)
        if self._pos > self._limits.max_bytes:
            raise FetchError(self._url, f"is larger than {self._limits.max_bytes} bytes")
        return data

    def _receive(self, size: int) -> bytes:
        """Take what has come of the open answer, waiting for the first byte of it."""
        assert self._response is not None
        begin = self._clock()
        with explained(self._url, self._limits.timeout_s):
            # read1 returns what has come; read would wait for all of it from a server that drips.
            data: bytes = self._response.raw.read1(size)
        self._at += len(data)
        self._judge_speed(self._clock() - begin, len(data))
        return data

    def _judge_speed(self, waited_s: float, n_bytes: int) -> None:
        self._waited_s, self._waited_bytes = self._waited_s + waited_s, self._waited_bytes + n_bytes
        if self._waited_s < self._limits.patience_s:
            return
        if self._waited_bytes < self._limits.min_bytes_per_s * self._waited_s:
            raise FetchError(self._url, f"sends less than {self._limits.min_bytes_per_s} bytes a second")
        self._waited_s, self._waited_bytes = 0.0, 0

    def _open(self) -> None:
        """Ask for the file from where the next read begins, and see that it is the file that it was."""
        begin = self._clock()
        timeout_s = self._limits.timeout_s
        with explained(self._url, timeout_s):
            headers = {"Range": f"bytes={self._pos}-"}
            response = self._session.get(self._url, headers=headers, timeout=timeout_s, stream=True)
        self._response = response
        self._check_answer(response)
        start, size = self._span(response)
        version = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        if self._version not in (None, version) or (self._version is not None and self._size != size):
            raise FetchError(self._url, "has changed while it was read. Begin anew")
        if start != self._pos:
            raise FetchError(self._url, "does not send the part that was asked for")
        if size is not None and size > self._limits.max_bytes:
            raise FetchError(self._url, f"is larger than {self._limits.max_bytes} bytes")
        self._size, self._version, self._at = size, version, start
        self._in_ranges = response.status_code == 206
        self._judge_speed(self._clock() - begin, 0)

    def _check_answer(self, response: requests.Response) -> None:
        """Look at the head of an answer.

        A server that had the file a moment ago and now refuses it is mostly one of several behind a balancer, or one that
        begins anew: that passes more often than it stays.

        Raises:
            FetchError: It is none, or no media.
        """
        try:
            check_answer(self._url, response, MEDIA_KINDS, self._limits.max_bytes)
        except FetchError as err:
            if self._version is None or response.status_code not in _GONE:
                raise
            why = f"{err.why} in the middle of the file, from byte {self._pos} on, where it had answered before"
            raise FetchError(self._url, why, passing=True) from err

    def _span(self, response: requests.Response) -> tuple[int, int | None]:
        """Return where an answer begins, and how long the whole file is.

        Raises:
            FetchError: It says so in a way that cannot be understood.
        """
        if response.status_code == 200:
            length = response.headers.get("Content-Length", "")
            return 0, int(length) if length.isascii() and length.isdigit() else None
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if found is None:
            raise FetchError(self._url, "does not say which part of it comes")
        return int(found[1]), int(found[3])

    def _let_go(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
