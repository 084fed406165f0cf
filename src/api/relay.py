"""Films that lie elsewhere, sent on to whoever may see the video: through the guard, with the login that their archive wants.

Browsers have no such login, and may not play from everywhere. What is sent goes no further than the analysis itself: the same
connectors find it, the same guard is asked, and no browser learns the link or the login.

Source: RFC 9110, section 14 (range requests): an answer may hold less than was asked for.
"""

from __future__ import annotations

import mimetypes
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from ..errors import FetchError
from ..records import Video
from .context import workspace
from .media import file_by_ranges, settle_range
from .problems import Problem
from .sources import connectors, guard

if TYPE_CHECKING:
    from ..connectors import Found
    from ..guard.ranged import RangedFile

PIECE = 8 << 20
"""No answer to a range holds more: whoever stops looking keeps no connection to the archive."""
_CHUNK = 1 << 18
_KEPT_S = 300.0
"""So long a link is used again: archives are slow to ask, and links of theirs hold for an hour or so."""
_MOST = 1000
_WEB = ("http://", "https://")
_PLAIN = "application/octet-stream"


@dataclass
class Links:
    """Where films are played from now, remembered for a while."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Found]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, video: Video, *, anew: bool = False) -> Found:
        """Return where a video is played from.

        Args:
            video: One that was given as an address.
            anew: Whether what is remembered was of no use.

        Raises:
            ConfigError: A setting, a password or a package is missing.
            FetchError: Its archive cannot be asked, or answers something that cannot be understood.
            MediaError: Its archive has the video no more.
        """
        with self._lock:
            at, found = self._known.get(video.locator, (0.0, None))
        if found is not None and not anew and self.clock() - at < _KEPT_S:
            return found
        found = connectors().reopen(video)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[video.locator] = self.clock(), found
        return found


def is_elsewhere(video: Video) -> bool:
    """Say whether a video was given as an address: then no path that its record holds is opened."""
    return video.locator.lower().startswith(_WEB) and not video.checksum


def relayed(video: Video) -> Response:
    """Return the film of a video that was given as an address, or a piece of it.

    Raises:
        ConfigError: As for `Links.of`.
        FetchError: Its archive or the film cannot be fetched.
        MediaError: Its archive has the video no more.
        Problem: Its server answers no byte ranges.
    """
    found, file = _opened(video)
    if isinstance(file, Path):
        return file_by_ranges(file, _kind(file.name), max_age=0)
    size = file.size
    if size is None or not file.seekable():
        file.close()
        raise Problem(
            "media_elsewhere", f"The server of {video.locator} answers no byte ranges: its film cannot be played by its times."
        )
    return _answer(file, size, _kind(urlsplit(found.play).path))


def _opened(video: Video) -> tuple[Found, RangedFile | Path]:
    """Open a film where it lies now; a link that holds no longer is asked for anew."""
    links = workspace().kept("links to films", Links)
    found = links.of(video)
    try:
        return found, _open(found)
    except FetchError:
        if not found.expires:
            raise
    found = links.of(video, anew=True)
    return found, _open(found)


def _open(found: Found) -> RangedFile | Path:
    from ..guard.ranged import RangedFile, RangeLimits

    if not found.play.lower().startswith(_WEB):
        # In the folder that an archive's media lie in here; its connector has seen to it that it is there.
        return Path(found.play)
    with found.named_in_errors():
        return RangedFile(found.play, found.guard or guard(), RangeLimits(timeout_s=15, retries=1))


def _answer(file: RangedFile, size: int, kind: str) -> Response:
    settle_range(size)
    asked = request.range
    span = (0, size) if asked is None else asked.range_for_length(size)
    if span is None:
        file.close()
        raise RequestedRangeNotSatisfiable(length=size)
    start, stop = span if asked is None else (span[0], min(span[1], span[0] + PIECE))
    response = Response(_read(file, start, stop - start), 200 if asked is None else 206, mimetype=kind)
    response.call_on_close(file.close)
    response.content_length = stop - start
    response.accept_ranges = "bytes"
    if asked is not None:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _read(file: RangedFile, start: int, n_bytes: int) -> Iterator[bytes]:
    file.seek(start)
    while n_bytes and (data := file.read(min(n_bytes, _CHUNK))):
        n_bytes -= len(data)
        yield data


def _kind(name: str) -> str:
    guessed = mimetypes.guess_type(name)[0] or ""
    return guessed if guessed.startswith("video/") else _PLAIN
