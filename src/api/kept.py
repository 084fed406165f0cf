"""Answers that are dear to make, kept in memory until the store says that what they were made of has changed.

Each process keeps its own. Whether one holds does not go by time: the revision is asked for with every request, and another
process that writes changes it. Time lets go of those that nobody asks for any more. These answers are also packed, once for
the many times they are sent; packing every answer would not pay.

Source: RFC 9110, sections 8.8.3 (ETag), 12.5.3 (Accept-Encoding) and 13.1.2 (If-None-Match).
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, current_app, request

from .. import __version__
from ..workspace import Workspace
from .answers import HELD, digest

_NAME = "facerec.kept"
_LOCKS = 64
_LEVEL = 6
IDLE_S = 600.0
"""What nobody asked for for so long goes: whoever it is about may have been erased since."""


@dataclass(slots=True)
class _Kept:
    revision: str
    plain: bytes
    packed: bytes | None = None
    asked_at: float = 0.0

    @property
    def n_bytes(self) -> int:
        return len(self.plain) + len(self.packed or b"")


class Keeper:
    """Bodies of answers, a bounded number of bytes; those that were not asked for for longest go first. Threads share it."""

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing.

        Args:
            max_bytes: Of all together; 0 to keep none.
            clock: Seconds.
        """
        self._max_bytes, self._clock = max_bytes, clock
        self._found: OrderedDict[str, _Kept] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()
        self._making = tuple(threading.Lock() for _ in range(_LOCKS))

    def body(self, what: str, revision: str, make: Callable[[], bytes], *, packed: bool = False) -> bytes:
        """Return a body, made where none is kept of this revision. Of several who want the same at once, one makes it.

        Args:
            what: Names the answer, with all that it depends on but the records that the revision is of.
            revision: Of these, from before they are read.
            make: Makes the body.
            packed: Whether it shall be compressed by gzip.
        """
        found = self._get(what, revision)
        if found is None or (packed and found.packed is None):
            with self._making[hash(what) % _LOCKS]:
                found = self._get(what, revision) or _Kept(revision, make())
                if packed and found.packed is None:
                    found = _Kept(revision, found.plain, gzip.compress(found.plain, _LEVEL, mtime=0))
                self._put(what, found)
        return found.packed if packed and found.packed is not None else found.plain

    def let_go(self) -> None:
        """Forget what nobody has asked for for `IDLE_S`."""
        with self._lock:
            while self._found and self._clock() - next(iter(self._found.values())).asked_at >= IDLE_S:
                self._drop_first()

    def _get(self, what: str, revision: str) -> _Kept | None:
        with self._lock:
            found = self._found.get(what)
            if found is None or found.revision != revision:
                return None
            self._found.move_to_end(what)
            found.asked_at = self._clock()
            return found

    def _put(self, what: str, kept: _Kept) -> None:
        with self._lock:
            before = self._found.pop(what, None)
            self._found[what] = kept
            kept.asked_at = self._clock()
            self._n_bytes += kept.n_bytes - (before.n_bytes if before else 0)
            while self._n_bytes > self._max_bytes:
                self._drop_first()

    def _drop_first(self) -> None:
        _, gone = self._found.popitem(last=False)
        self._n_bytes -= gone.n_bytes


def add_keeper(app: Flask, workspace: Workspace) -> None:
    """Give an application room for answers that it keeps."""
    keeper = app.extensions[_NAME] = Keeper(workspace.settings.server.cache_mb * 1_000_000)
    app.before_request(keeper.let_go)


def answer_kept(what: tuple[object, ...], revision: str, make: Callable[[], bytes]) -> Response:
    """Return JSON that is kept; a client that has it already is answered 304, and nothing is made or looked for.

    Args:
        what: Names the answer, with all that it depends on but the records that the revision is of.
        revision: Of these, from before they are read; see `Store.revision`.
        make: Makes the body, where it is needed.
    """
    name = json.dumps([__version__, *what])
    packed = request.accept_encodings.quality("gzip") > 0
    etag = digest(f"{name} {revision}".encode()) + ("-gzip" if packed else "")
    response = Response(mimetype="application/json")
    response.set_etag(etag)
    response.headers["Cache-Control"] = HELD
    response.vary.add("Accept-Encoding")
    if request.if_none_match.contains(etag):
        response.status_code = 304
        return response
    body = cast(Keeper, current_app.extensions[_NAME]).body(name, revision, make, packed=packed)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(body)
    return response
