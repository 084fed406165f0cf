"""The command line of the service."""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import ConfigError
from .app import create_app

_LOG = logging.getLogger(__name__)


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
        return make_server(host, port, app, threaded=True, fd=listening.fileno())


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@click.command(context_settings=CONTEXT)
@click.option("--host", help="Address to listen on [server.host].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any [server.port].")
@config_option
def command(host: str | None, port: int | None, config: Path | None) -> None:
    """Answer requests of other programs until Ctrl-C."""
    with workspace_of(config) as workspace:
        settings = workspace.settings.server
        host, port = settings.host if host is None else host, settings.port if port is None else port
        with open_server(create_app(workspace), host, port) as server:
            if not is_loopback(host):
                _LOG.warning("%s can be reached from other machines, and nobody is asked for a password.", host)
            print(f"Serving http://{host}:{server.port}", file=sys.stderr, flush=True)
            server.serve_forever()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve, and return the status for the shell."""
    return run_command(command, argv, "serve")
