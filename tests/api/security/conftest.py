"""A service with settings of its own, and some views to try them on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from src.api.permissions import may, needs, require, who
from src.api.problems import register_problems
from src.api.security import protect
from src.records import Project, Role
from src.settings import ServerSettings, Settings
from src.workspace import Workspace, open_workspace
from tests.api.security.asking import Make


@pytest.fixture
def make(settings: Settings) -> Iterator[Make]:
    """Return what makes a client of a service with these settings of the server, and some views to try things on."""
    opened = []

    def made(**server: Any) -> FlaskClient:
        chosen = settings.model_copy(update={"server": ServerSettings(**server)})
        context = open_workspace(chosen)
        workspace = context.__enter__()
        opened.append(context)
        workspace.store.put(Project("p", "sface"), Project("q", "sface"))
        app = Flask(__name__, static_folder=None)
        register_problems(app)
        protect(app, workspace)
        _add_views(app, workspace)
        client = app.test_client()
        client.store = workspace.store  # type: ignore[attr-defined]
        client.workspace = workspace  # type: ignore[attr-defined]
        return client

    yield made
    for context in opened:
        context.__exit__(None, None, None)


def _add_views(app: Flask, workspace: Workspace) -> None:
    def projects() -> list[str]:
        return [found.project for found in workspace.store.find(Project) if may(Role.VIEWER, found.project)]

    app.add_url_rule("/projects", "projects", projects)
    app.add_url_rule("/healthz", "healthz", lambda: {"status": "ok"})
    base = "/api/v1/projects/<project>"
    app.add_url_rule(f"{base}/people", "people", lambda project: [project], methods=["GET", "POST"])
    app.add_url_rule(f"{base}/people/<person_id>", "person", lambda project, person_id: [], methods=["DELETE"])
    app.add_url_rule(base, "project", lambda project: [project], methods=["GET", "DELETE"])
    app.add_url_rule(f"{base}/erasures", "erasures", lambda project: [], methods=["POST"])
    app.add_url_rule("/api/v1/videos", "videos", list, methods=["GET", "POST"])
    app.add_url_rule("/api/v1/things", "things", list)
    app.add_url_rule("/api/v1/tokens", "tokens", list, methods=["GET"])
    app.add_url_rule("/train/<project>", "train", lambda project: {"status": "ok"})
    app.add_url_rule("/training-set", "training_set", list)
    app.add_url_rule("/training_img_aligned/<path:path>", "picture", lambda path: Response("x", mimetype="image/svg+xml"))
    app.add_url_rule("/", "page", lambda: Response("<!doctype html>", mimetype="text/html"))
    app.add_url_rule("/body", "body", _read_body, methods=["POST"])

    @app.get("/api/v1/mixed/<project>")
    @needs(Role.VIEWER, "view")
    def mixed(project: str) -> list[str]:
        require(Role.EDITOR, project)
        return [who()]


def _read_body() -> dict[str, int]:
    from flask import request

    return {"n": len(request.get_data())}
