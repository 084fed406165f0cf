"""Serves for many: gunicorn where it runs, waitress elsewhere."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flask import Flask

from ...errors import ConfigError
from ...settings import Settings

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder through which processes share what they count."""

AppOpener = Callable[[], AbstractContextManager[Flask]]
"""Opens a workspace and builds the application over it. Each process does so for itself: connections are never shared."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a server is told.

    Attributes:
        listening: The socket, already bound.
        address: Where it is reached, to be printed once requests are answered.
        certificate: The files of certificate and key; None for plain HTTP.
    """

    settings: Settings
    listening: socket.socket
    address: str
    open_app: AppOpener
    certificate: tuple[Path, Path] | None


def choose(wanted: Literal["auto", "gunicorn", "waitress"]) -> Literal["gunicorn", "waitress"]:
    """Return the server to use: gunicorn needs a system with fork.

    Raises:
        ConfigError: The one that is wanted does not run here.
    """
    runs = sys.platform != "win32" and importlib.util.find_spec("gunicorn") is not None
    if wanted == "gunicorn" and not runs:
        raise ConfigError("gunicorn does not run here. Set server.program to waitress, or to auto.")
    if wanted == "auto":
        return "gunicorn" if runs else "waitress"
    return wanted


def serve(plan: Plan) -> int:
    """Answer requests until SIGTERM or Ctrl-C, and return the status for the shell."""
    if choose(plan.settings.server.program) == "gunicorn":
        from .by_gunicorn import serve as serve_by
    else:
        from .by_waitress import serve as serve_by
    return serve_by(plan)
