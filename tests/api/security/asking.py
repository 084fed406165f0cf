"""What asks a service and reads what it refuses."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from src.access import add_token
from src.records import Role

Make = Callable[..., FlaskClient]


def token(client: FlaskClient, role: Role = Role.ADMIN, project: str = "") -> dict[str, str]:
    """Make a token and return the header that carries it."""
    text, _ = add_token(client.store, f"{role}", role, project)  # type: ignore[attr-defined]
    return {"Authorization": f"Bearer {text}"}


def code(answer: TestResponse) -> str:
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["status"] == answer.status_code
    assert {"type", "title", "detail"} <= set(body)
    return str(body["code"])
