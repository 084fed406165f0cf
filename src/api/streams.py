"""Answers that go on for long: server-sent events, bounded in number and time, and ended when the server is stopped.

Each of them holds a thread of the server, so that there are never more than the others can spare. None lasts for ever: whoever
reads on asks again with Last-Event-ID, and is asked for a token again.

Source: HTML Living Standard, section 9.2 (server-sent events).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, Response, current_app

from ..errors import AnnotationError
from ..settings import ServerSettings
from .ops import lifecycle_of
from .problems import Problem

EVENT_STREAM = "text/event-stream"
LOOK_S = 0.5
"""How often it is looked for news."""
HEARTBEAT_S = 15.0
"""After so long without news a comment is sent: proxies keep the connection, and a reader who has gone is noticed."""
LONGEST_S = 600.0
RETRY_S = 2
"""When readers ask again whose stream ended; who found no place waits as long."""

_NAME = "facerec.streams"
_LOG = logging.getLogger(__name__)

Responses = dict[int | str, dict[str, Any]]

STREAMS: Responses = {
    200: {"description": "Events, until all is told", "content": {EVENT_STREAM: {"schema": {"type": "string"}}}},
}
"""How the description says that an answer is a stream."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, its data in one line, and the `Last-Event-ID` to go on with after it, empty for none."""

    name: str
    data: str
    id: str = ""

    def encoded(self) -> bytes:
        """Return it as it is sent."""
        mark = f"id: {self.id}\n" if self.id else ""
        return f"{mark}event: {self.name}\ndata: {self.data}\n\n".encode()


Look = Callable[[], tuple[list[Event], bool]]
"""Returns the events since the last look, and whether they are the last ones."""


def limit_streams(app: Flask, settings: ServerSettings) -> None:
    """Let an application answer so many streams at a time: those of the setting, and never more than half of the threads."""
    app.extensions[_NAME] = threading.BoundedSemaphore(min(settings.streams, settings.threads // 2))


def stream(look: Look) -> Response:
    """Answer with what happens, until all is told, the reader goes, or the server is stopped.

    Args:
        look: Called again and again, in no request any more.

    Raises:
        Problem: Too many streams are open.
    """
    places = cast(threading.BoundedSemaphore, current_app.extensions[_NAME])
    if not places.acquire(blocking=False):
        raise Problem(
            "too_many_streams",
            "All streams of this server are taken. Ask again soon, or ask for the state of jobs now and then.",
            headers={"Retry-After": str(RETRY_S)},
        )
    response = Response(_sent(look, lifecycle_of(current_app).stopping), mimetype=EVENT_STREAM)
    # Also where nothing was read: a generator that was never begun is not told of its end.
    place = ExitStack()
    place.callback(places.release)
    response.call_on_close(place.close)
    # Proxies that collect answers before they pass them on are asked not to.
    response.headers.update({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    return response


def _sent(look: Look, stopping: threading.Event) -> Iterator[bytes]:
    yield f"retry: {RETRY_S * 1000}\n\n".encode()
    began = said = time.monotonic()
    over = False
    while not over:
        try:
            events, over = look()
        except AnnotationError as err:  # the head has been sent: whoever asks again is told
            _LOG.warning("A stream ends: %s", err)
            return
        for event in events:
            yield event.encoded()
            said = time.monotonic()
        if time.monotonic() - said >= HEARTBEAT_S:
            yield b": still here\n\n"
            said = time.monotonic()
        if not over and (stopping.wait(LOOK_S) or time.monotonic() - began >= LONGEST_S):
            return
