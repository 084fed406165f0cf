"""The command line of the service."""

from __future__ import annotations

import ipaddress
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from .. import logs
from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..settings import Settings
from ..workspace import open_workspace
from .app import create_app
from .ops import lifecycle_of
from .ops.listening import address_of, certificate_of, listen
from .ops.production import Plan
from .ops.production import serve as serve_by_plan

_LOG = logging.getLogger(__name__)


def open_server(app: Flask, host: str, port: int, certificate: tuple[Path, Path] | None = None) -> BaseWSGIServer:
    """Listen on an address, a thread for each request; `serve_forever()` of the result answers.

    Args:
        app: What answers.
        host: Where to listen.
        port: Where to listen, 0 for any.
        certificate: The files of certificate and key; None for plain HTTP.

    Raises:
        ConfigError: Nothing can listen there.
    """
    files = tuple(map(str, certificate)) if certificate else None
    with listen(host, port) as listening:  # the server goes on with a copy of it
        return make_server(host, port, app, threaded=True, fd=listening.fileno(), ssl_context=files)  # type: ignore[arg-type]


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@click.command(context_settings=CONTEXT)
@click.option("--host", help="Address to listen on [server.host].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any [server.port].")
@click.option("--production", is_flag=True, help="Answer many at once: by gunicorn, or waitress where that does not run.")
@config_option
def command(host: str | None, port: int | None, production: bool, config: Path | None) -> int:
    """Answer requests of other programs until Ctrl-C or SIGTERM."""
    with workspace_of(config) as workspace:
        settings: Settings = workspace.settings
        host = settings.server.host if host is None else host
        port = settings.server.port if port is None else port
        logs.configure(settings.log.level, settings.log.format)
        certificate = certificate_of(settings.server)
        if not is_loopback(host):
            _LOG.warning("%s can be reached from other machines, and nobody is asked for a password.", host)
        if not production:
            _serve_here(create_app(workspace), host, port, certificate)
            return 0
    return _serve_for_many(settings, host, port, certificate)


def _serve_here(app: Flask, host: str, port: int, certificate: tuple[Path, Path] | None) -> None:
    """Answer in this process, which is all that one person needs."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # requests have a line of ours
    with open_server(app, host, port, certificate) as server:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        lifecycle = lifecycle_of(app)
        lifecycle.start()
        print(f"Serving {address_of(server.socket, host, tls=bool(certificate))}", file=sys.stderr, flush=True)
        try:
            server.serve_forever()
        finally:
            lifecycle.stop()


def _serve_for_many(settings: Settings, host: str, port: int, certificate: tuple[Path, Path] | None) -> int:
    """Answer in processes that open their stores themselves."""

    @contextmanager
    def open_app() -> Iterator[Flask]:
        with open_workspace(settings) as workspace:
            yield create_app(workspace)

    listening = listen(host, port)
    address = address_of(listening, host, tls=bool(certificate))
    return serve_by_plan(Plan(settings, listening, address, open_app, certificate))


def main(argv: Sequence[str] | None = None) -> int:
    """Serve, and return the status for the shell."""
    return run_command(command, argv, "serve")
