"""Serves by waitress: one process with threads, on every system. It cannot answer https."""

from __future__ import annotations

import logging
import signal
import sys
import time
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from ...errors import ConfigError
from .lifecycle import Lifecycle
from .operations import lifecycle_of
from .production import Plan

HAND_BACK_S = 10.0
_ROUND_S = 0.2
_LOG = logging.getLogger(__name__)


def serve(plan: Plan) -> int:
    """Answer requests until SIGTERM or Ctrl-C.

    Raises:
        ConfigError: A certificate is set.
    """
    if plan.certificate:
        raise ConfigError(
            "waitress cannot answer https. Remove server.tls_certificate and server.tls_key and put a proxy that can in front "
            "of it (docs/deploy/README.md), or serve by gunicorn."
        )
    server = plan.settings.server
    with plan.open_app() as app:
        lifecycle = lifecycle_of(app)
        sockets: dict[int, Any] = {}
        serving = create_server(
            app,
            map=sockets,
            sockets=[plan.listening],
            threads=server.threads * server.processes,
            ident=None,
            # It takes bodies in before it asks us: no more than twice what we take; a little more we refuse ourselves.
            max_request_body_size=2 * server.max_body_bytes,
            # Who asks through a proxy is told by these headers; /metrics has to see them.
            clear_untrusted_proxy_headers=False,
        )
        _hear_of_the_end(lifecycle)
        lifecycle.start()
        print(f"Serving {plan.address}", file=sys.stderr, flush=True)
        try:
            while not lifecycle.stopping.is_set():
                wasyncore.loop(timeout=_ROUND_S, map=sockets, count=1)
            _finish(serving, sockets, server.stop_s)
        finally:
            lifecycle.stop(HAND_BACK_S)
    return 0


def _hear_of_the_end(lifecycle: Lifecycle) -> None:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        lifecycle.stopping.set()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, on_signal)


def _finish(serving: Any, sockets: dict[int, Any], stop_s: float) -> None:
    """Take no more connections, and answer what was asked."""
    serving.del_channel(sockets)
    serving.socket.close()
    deadline = time.monotonic() + stop_s
    while any(channel.requests or channel.total_outbufs_len for channel in list(serving.active_channels.values())):
        if time.monotonic() > deadline:
            _LOG.warning("Requests took longer than server.stop_s; they are given up.")
            break
        wasyncore.loop(timeout=_ROUND_S, map=sockets, count=1)
    serving.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
    wasyncore.close_all(sockets, ignore_all=True)
