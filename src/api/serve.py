"""The command line of the service."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ..access.tokens import has_good_tokens
from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import ConfigError
from ..workspace import Workspace
from .app import create_app
from .headers import is_loopback

_PATIENCE_S = 60.0
"""So long a client may say nothing in the midst of a request. A server for many clients (gunicorn) has limits of its own."""


class _Handler(WSGIRequestHandler):
    """Lets go of clients that send nothing for a while, and does not tell everybody which versions run here."""

    timeout = _PATIENCE_S

    def version_string(self) -> str:
        """Return the value of the header Server."""
        return "FaceRec"


def open_server(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """Listen on an address, a thread for each request; `serve_forever()` of the result answers.

    Raises:
        ConfigError: Nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as err:
        raise ConfigError(
            f"Nothing can listen on {host}:{port}: {err.strerror}. Stop what does, or set another server.host or server.port."
        ) from err
    with listening:  # the server goes on with a copy of it
        return make_server(host, port, app, threaded=True, request_handler=_Handler, fd=listening.fileno())


def check_binding(workspace: Workspace) -> None:
    """Refuse to listen where other machines can reach us while there is no token to ask them for.

    Raises:
        ConfigError: There is none.
    """
    server = workspace.settings.server
    if is_loopback(server.host) or server.token_file is not None or has_good_tokens(workspace.store):
        return
    raise ConfigError(
        f"{server.host} can be reached from other machines, and there is no token to ask them for. Make one with: "
        "token add --role admin --name NAME, or name a server.token_file, or listen on 127.0.0.1."
    )


@click.command(context_settings=CONTEXT)
@click.option("--host", help="Address to listen on [server.host].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any [server.port].")
@config_option
def command(host: str | None, port: int | None, config: Path | None) -> None:
    """Answer requests of other programs until Ctrl-C."""
    with workspace_of(config) as workspace:
        given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        settings = workspace.settings.server.model_copy(update=given)
        workspace.settings = workspace.settings.model_copy(update={"server": settings})
        check_binding(workspace)
        with open_server(create_app(workspace), settings.host, settings.port) as server:
            if settings.token_file is not None:
                print(f"A token that may do everything stands in {settings.token_file}", file=sys.stderr)
            print(f"Serving http://{settings.host}:{server.port}", file=sys.stderr, flush=True)
            server.serve_forever()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve, and return the status for the shell."""
    return run_command(command, argv, "serve")
