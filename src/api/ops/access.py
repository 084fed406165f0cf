"""One line and one measurement for each request, and an id that every line of the request carries."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...logs import REQUEST_ID, USER, one_line, redacted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Request-ID"
ROUTE = "facerec.route"
"""Where the application leaves the template of its route: `/videos/<video_id>`, for measurements by route, not by address."""

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: a good answer is no news."""

_LOG = logging.getLogger(__name__)
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_LONGEST_PATH = 500


@dataclass(slots=True)
class Answered:
    """One request and what it was answered. `route` is empty where no route was asked for; `path` has no query."""

    method: str
    path: str
    client: str
    began: float
    route: str = ""
    status: int = 500
    n_bytes: int = 0
    seconds: float = 0.0


class RequestLog:
    """Wraps an application: gives each request its id, and tells of each answer when its last byte has gone."""

    def __init__(self, app: WSGIApplication, tell: Callable[[Answered], None]) -> None:
        """Wrap an application.

        Args:
            app: What answers.
            tell: Is told of every answer, for measurements.
        """
        self._app = app
        self._tell = tell

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        request_id = request_id_of(environ)
        REQUEST_ID.set(request_id)
        USER.set("")
        answered = Answered(
            environ["REQUEST_METHOD"],
            # What servers decode as Latin-1 is UTF-8, mostly.
            environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace"),
            environ.get("REMOTE_ADDR", ""),
            time.perf_counter(),
        )

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
            answered.status = int(status[:3])
            kept = [(name, value) for name, value in headers if name.lower() != HEADER.lower()]
            return start_response(status, [*kept, (HEADER, request_id)], exc_info)

        def end() -> None:
            self._end(answered, environ)

        try:
            body = self._app(environ, start)
        except BaseException:
            end()
            raise
        return _Body(body, answered, end)

    def _end(self, answered: Answered, environ: WSGIEnvironment) -> None:
        answered.seconds = time.perf_counter() - answered.began
        answered.route = environ.get(ROUTE, "")
        self._tell(answered)
        _write(answered)
        REQUEST_ID.set("")
        USER.set("")


def request_id_of(environ: WSGIEnvironment) -> str:
    """Return the id that a client or a proxy gave a request where it is well formed, else a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex


class _Body:
    """An answer that says when it has been sent, or when its reader has gone."""

    def __init__(self, body: Iterable[bytes], answered: Answered, end: Callable[[], None]) -> None:
        self._body = body
        self._answered = answered
        self._end: Callable[[], None] | None = end

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._answered.n_bytes += len(part)
            yield part

    def close(self) -> None:
        """Close what is wrapped, and tell once."""
        try:
            close = getattr(self._body, "close", None)
            if close:
                close()
        finally:
            end, self._end = self._end, None
            if end:
                end()


def _write(answered: Answered) -> None:
    level = logging.DEBUG if answered.path in QUIET and answered.status < 400 else logging.INFO
    if not _LOG.isEnabledFor(level):
        return
    path = answered.path if len(answered.path) <= _LONGEST_PATH else answered.path[:_LONGEST_PATH] + "…"
    ms = round(answered.seconds * 1000, 1)
    fields = {
        "method": answered.method,
        "path": one_line(redacted(path)),
        "route": answered.route,
        "status": answered.status,
        "duration_ms": ms,
        "bytes": answered.n_bytes,
        "client": answered.client,
    }
    _LOG.log(level, "%s %s %d %.1f ms", answered.method, path, answered.status, ms, extra={"fields": fields})
