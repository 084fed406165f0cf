"""Serves by gunicorn: processes with threads, each with a workspace of its own, watched by a parent that has none."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from .lifecycle import Lifecycle
from .listening import spread
from .operations import lifecycle_of
from .production import SHARED, Plan

HAND_BACK_S = 10.0
"""How long, after the last request, jobs that run beside the requests may take to be handed back before they are killed."""
_SILENT_S = 60
"""A process whose main thread has not been heard of for so long hangs, and is replaced; threads may work for longer."""

_LONGEST_LINE = 8190
"""The most that gunicorn takes: it would refuse addresses, with a page of its own, of half the length that we do."""


def serve(plan: Plan) -> int:
    """Answer requests until the parent is told to end."""
    parent = os.getpid()
    shared = Path(tempfile.mkdtemp(prefix="facerec-metrics-"))
    os.environ[SHARED] = str(shared)
    from . import metrics  # noqa: F401 - here, so that all processes have it in memory once

    try:
        Arbiter(_Application(plan)).run()
    except SystemExit as end:
        if os.getpid() != parent:
            raise  # one of the processes ends here too, and must not clean up for all
        return int(end.code or 0)
    finally:
        if os.getpid() == parent:
            del os.environ[SHARED]
            shutil.rmtree(shared, ignore_errors=True)
    return 0


class _Application(BaseApplication):  # type: ignore[misc]
    """What gunicorn loads in each process, and how it is configured."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._process: _Process | None = None
        super().__init__()

    def load_config(self) -> None:
        """Take everything from the plan: no file and no environment variable of gunicorn is read."""
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application; gunicorn calls this in a process of its own."""
        self._process = _Process(self._plan)
        return self._process.app

    def _options(self) -> dict[str, Any]:
        server = self._plan.settings.server
        certificate, key = self._plan.certificate or (None, None)
        return {
            "bind": [f"fd://{one.detach()}" for one in spread(self._plan.listening, server.processes)],
            "workers": server.processes,
            "worker_class": _Worker,
            "threads": server.threads,
            "preload_app": False,
            "timeout": _SILENT_S,
            "limit_request_line": _LONGEST_LINE,
            "graceful_timeout": round(server.stop_s + HAND_BACK_S),
            "certfile": str(certificate) if certificate else None,
            "keyfile": str(key) if key else None,
            "logger_class": _Logger,
            "control_socket_disable": True,
            "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
            "when_ready": lambda _arbiter: print(f"Serving {self._plan.address}", file=sys.stderr, flush=True),
            "pre_fork": _give_place,
            "post_fork": _forked(server.stop_s),
            "post_worker_init": self._begin,
            "worker_exit": self._end,
            "child_exit": _forget,
        }

    def _begin(self, _worker: Any) -> None:
        if self._process:
            self._process.begin()

    def _end(self, _arbiter: Any, _worker: Any) -> None:
        if self._process:
            self._process.close()


class _Worker(ThreadWorker):  # type: ignore[misc]
    """A process that refuses connections from when it was told to end: gunicorn's own lets them wait for nobody."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Listen or not; at the end, not at all."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for one in self.sockets:
                one.close()


class _Process:
    """One process that answers: its workspace, its application and what runs beside."""

    def __init__(self, plan: Plan) -> None:
        self._stack = ExitStack()
        self._pid = os.getpid()
        self.app = self._stack.enter_context(plan.open_app())
        self.lifecycle: Lifecycle = lifecycle_of(self.app)

    def begin(self) -> None:
        """Start what runs beside the requests, and hear of the end before gunicorn waits for the requests under way."""
        before = signal.getsignal(signal.SIGTERM)

        def on_term(number: int, frame: FrameType | None) -> None:
            self.lifecycle.stopping.set()
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGTERM, on_term)
        signal.siginterrupt(signal.SIGTERM, False)
        self.lifecycle.start()

    def close(self) -> None:
        """End what runs beside, then close the workspace."""
        if os.getpid() == self._pid:
            self.lifecycle.stop(HAND_BACK_S)
            self._stack.close()


class _Logger(glogging.Logger):  # type: ignore[misc]
    """Lets the lines of gunicorn go where all lines go; requests have a line of ours."""

    def setup(self, cfg: Any) -> None:
        """Add no handler."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Say nothing."""


def _give_place(arbiter: Any, worker: Any) -> None:
    """Give a process that begins the first socket that none of the others has: that of the one it replaces."""
    taken = {other.place for other in arbiter.WORKERS.values()}
    n = len(arbiter.LISTENERS)
    worker.place = next((place for place in range(n) if place not in taken), worker.age % n)


def _forked(seconds: float) -> Any:
    def post_fork(_arbiter: Any, worker: Any) -> None:
        # The parent waits longer than its processes wait for requests: what is left then is for handing back.
        worker.cfg.set("graceful_timeout", max(1, round(seconds)))
        own = worker.sockets[worker.place]
        for other in worker.sockets:
            if other is not own:
                other.close()
        worker.sockets = [own]

    return post_fork


def _forget(_arbiter: Any, worker: Any) -> None:
    """Stop telling the present state of a process that has gone; what it counted stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
