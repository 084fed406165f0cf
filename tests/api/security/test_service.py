"""The whole service passes all that."""

from __future__ import annotations

from src.access import add_token
from src.api import create_app
from src.api.headers import DATA_POLICY
from src.records import Role
from src.settings import FetchSettings
from src.workspace import Workspace
from tests.api.security.asking import Make


def test_the_service_is_protected(workspace: Workspace) -> None:
    client = create_app(workspace).test_client()
    assert client.get("/projects").headers["Content-Security-Policy"] == DATA_POLICY
    assert client.get("/api/v1/projects", headers={"Host": "evil.example"}).status_code == 421
    text, _ = add_token(workspace.store, "x", Role.VIEWER)
    header = {"Authorization": f"Bearer {text}"}
    for path in ("/projects", "/api/v1/projects", "/api/v1/videos"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=header).status_code == 200
    assert client.post("/api/v1/projects", headers=header, json={}).status_code == 403
    assert client.get("/openapi.json").status_code == 200


def test_the_service_fetches_through_the_guard(make: Make, workspace: Workspace) -> None:
    assert workspace.guard is None
    client = make()
    assert client.workspace.guard is not None  # type: ignore[attr-defined]
    assert client.workspace.settings.fetch == FetchSettings(guarded=True)  # type: ignore[attr-defined]
