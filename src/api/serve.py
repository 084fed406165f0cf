"""The command line of the service."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .. import logs
from ..access.tokens import has_good_tokens
from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import ConfigError
from ..settings import Settings
from ..workspace import Workspace, open_workspace
from .app import create_app
from .headers import is_loopback
from .ops import lifecycle_of
from .ops.listening import address_of, certificate_of, listen
from .ops.production import Plan
from .ops.production import serve as serve_by_plan

_PATIENCE_S = 60.0
"""So long a client may say nothing in the midst of a request. The servers of --production have limits of their own."""


class _Handler(WSGIRequestHandler):
    """Lets go of clients that send nothing for a while, and does not tell everybody which versions run here."""

    timeout = _PATIENCE_S

    def version_string(self) -> str:
        """Return the value of the header Server."""
        return "FaceRec"


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
    files = (str(certificate[0]), str(certificate[1])) if certificate else None
    with listen(host, port) as listening:  # the server goes on with a copy of it
        return make_server(
            host,
            port,
            app,
            threaded=True,
            request_handler=_Handler,
            fd=listening.fileno(),
            ssl_context=files,
        )


def check_binding(workspace: Workspace) -> None:
    """Refuse to listen where other machines can reach us while there is no token to ask them for.

    Raises:
        ConfigError: There is none.
    """
    server = workspace.settings.server
    if is_loopback(server.host) or server.token_path is not None or has_good_tokens(workspace.store):
        return
    raise ConfigError(
        f"{server.host} can be reached from other machines, and there is no token to ask them for. Make one with: "
        "token add --role admin --name NAME, or name a server.token_path, or listen on 127.0.0.1."
    )


@click.command(context_settings=CONTEXT)
@click.option("--host", help="Address to listen on [server.host].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any [server.port].")
@click.option("--production", is_flag=True, help="Answer many at once: by gunicorn, or waitress where that does not run.")
@config_option
def command(host: str | None, port: int | None, production: bool, config: Path | None) -> int:
    """Answer requests of other programs until Ctrl-C or SIGTERM."""
    with workspace_of(config) as workspace:
        given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        server = workspace.settings.server.model_copy(update=given)
        settings: Settings = workspace.settings.model_copy(update={"server": server})
        workspace.settings, host, port = settings, server.host, server.port
        logs.configure(settings.log.level, settings.log.format)
        certificate = certificate_of(settings.server)
        check_binding(workspace)
        if server.token_path is not None:
            print(f"A token that may do everything stands in {server.token_path}", file=sys.stderr)
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
        try:
            lifecycle.start()
            print(f"Serving {address_of(server.socket, host, tls=bool(certificate))}", file=sys.stderr, flush=True)
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
