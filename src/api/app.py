"""The Flask application."""

from __future__ import annotations

from flask import Flask

from ..records import Project
from ..workspace import Workspace
from .errors import register_errors
from .ops import add_operations


def create_app(workspace: Workspace) -> Flask:
    """Build the service over an open workspace.

    Args:
        workspace: Stays open as long as the service runs; requests of several threads share it.
    """
    app = Flask(__name__)
    register_errors(app)
    add_operations(app, workspace)

    @app.get("/projects")
    def projects() -> list[str]:
        """List the names of all projects."""
        return [project.project for project in workspace.store.find(Project)]

    return app
