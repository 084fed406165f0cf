"""The Flask application."""

from __future__ import annotations

from flask import Flask

from .. import __version__
from ..records import Project, Role
from ..workspace import Workspace
from .errors import register_errors
from .permissions import may
from .security import protect


def create_app(workspace: Workspace) -> Flask:
    """Build the service over an open workspace.

    Args:
        workspace: Stays open as long as the service runs; requests of several threads share it.
    """
    app = Flask(__name__)
    register_errors(app)
    protect(app, workspace)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Say that the service runs and its store answers."""
        workspace.store.count(Project)
        return {"status": "ok", "version": __version__}

    @app.get("/projects")
    def projects() -> list[str]:
        """List the names of all projects."""
        return [project.project for project in workspace.store.find(Project) if may(Role.VIEWER, project.project)]

    return app
