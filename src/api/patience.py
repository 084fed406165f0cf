"""Bodies that never end: a client that sends a byte now and then holds a thread of ours for as long as it likes.

Servers know the longest silence between two bytes, not the longest body. Here a connection whose body has not come within
its time is closed for reading: whatever waits for the rest finds the end and answers 400. waitress takes bodies in before it
calls us, and gives us no socket to look at; there a slow client costs no thread.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE_S = 60.0
MIN_BYTES_PER_S = 10_000
_SOCKETS = ("gunicorn.socket", "werkzeug.socket")
_LOG = logging.getLogger(__name__)


class Patience:
    """Wraps an application: the body of each request has a time by which it must be there."""

    def __init__(
        self, app: WSGIApplication, max_bytes: int, patience_s: float = PATIENCE_S, min_bytes_per_s: float = MIN_BYTES_PER_S
    ) -> None:
        """Wrap an application.

        Args:
            app: What answers.
            max_bytes: Of a body; one that does not say how long it is has the time of such a one.
            patience_s: Time that every body has.
            min_bytes_per_s: How fast the rest must come.
        """
        self._app, self._max_bytes = app, max_bytes
        self._patience_s, self._min_bytes_per_s = patience_s, min_bytes_per_s

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        sock = next((environ[name] for name in _SOCKETS if name in environ), None)
        n_bytes = self._announced(environ)
        if sock is None or n_bytes == 0:
            return self._app(environ, start_response)
        timer = threading.Timer(self._patience_s + n_bytes / self._min_bytes_per_s, _stop_reading, [sock])
        timer.daemon = True
        timer.start()
        try:
            # The connection may serve another request afterwards, which this timer must not touch.
            return ClosingIterator(self._app(environ, start_response), [timer.cancel])
        except BaseException:
            timer.cancel()
            raise

    def _announced(self, environ: WSGIEnvironment) -> int:
        """Return how many bytes a body is to have."""
        if "HTTP_TRANSFER_ENCODING" in environ:
            return self._max_bytes
        length = str(environ.get("CONTENT_LENGTH") or "0")
        return min(int(length), self._max_bytes) if length.isascii() and length.isdigit() else 0


def _stop_reading(sock: Any) -> None:
    """Let whoever reads from a connection find its end; an answer can still be sent."""
    try:
        # Not the method of a TLS socket, which drops its state under the hands of the thread that reads.
        socket.socket.shutdown(sock, socket.SHUT_RD)
        _LOG.warning("a request whose body came too slowly was given up")
    except (OSError, TypeError):
        return  # it is closed already
