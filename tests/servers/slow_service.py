"""The service with a request that takes as long as a test likes, and something that runs beside the requests.

Files in the data folder tell how far it is: `begun` while a request is under way, `go on` lets it end, `beside PID` stands as
long as what runs beside the requests of a process does.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response

from src import logs
from src.api import create_app
from src.api.ops import lifecycle_of
from src.api.ops.listening import address_of, listen
from src.api.ops.production import Plan, serve
from src.settings import load_settings
from src.workspace import Workspace, open_workspace


def main() -> int:
    """Serve on a free port."""
    settings = load_settings()
    logs.configure(settings.log.level, settings.log.format)

    @contextmanager
    def open_app() -> Iterator[Flask]:
        with open_workspace(settings) as workspace:
            yield with_slow_routes(create_app(workspace), workspace)

    listening = listen("127.0.0.1", 0)
    return serve(Plan(settings, listening, address_of(listening, "127.0.0.1", tls=False), open_app, None))


def with_slow_routes(app: Flask, workspace: Workspace) -> Flask:
    """Add a request that waits for a file, a stream without end, and something that runs beside."""
    lifecycle, folder = lifecycle_of(app), workspace.data_dir
    beside = folder / f"beside {os.getpid()}"
    lifecycle.on_start(beside.touch)
    lifecycle.on_stop(beside.unlink)

    @app.get("/slow")
    def slow() -> str:
        (folder / "begun").touch()
        while not (folder / "go on").exists():
            time.sleep(0.02)
        return "done"

    @app.get("/events")
    def events() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"first\n"
            lifecycle.stopping.wait()
            yield b"last\n"

        return Response(parts(), mimetype="text/event-stream")

    return app


if __name__ == "__main__":
    sys.exit(main())
