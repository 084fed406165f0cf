"""The routes of the original service, for clients of it: the same names, parameters and fields, on the same jobs and records.

They stand at the root, beside /api/v1, and in no description but docs/api.md. What is wrong is said in their own form.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, json

from ...records import now
from ..problems import MIMETYPE
from .appearances import appearances
from .track import track
from .training import training
from .videos import videos
from .waiting import prepare_waiting

original = Blueprint("original", __name__)
for part in (training, track, videos, appearances):
    original.register_blueprint(part)


def add_original_routes(app: Flask) -> None:
    """Add them to an application."""
    prepare_waiting(app)
    app.register_blueprint(original)


@original.after_request
def _in_its_own_form(response: Response) -> Response:
    """Say what is wrong as the original service did; status and headers stay."""
    if response.mimetype != MIMETYPE:
        return response
    said: dict[str, Any] = response.get_json()
    body = {"status": "error", "error": said.get("detail") or said.get("title", ""), "time": now()}
    response.set_data(json.dumps(body, ensure_ascii=False))
    response.mimetype = "application/json"
    return response
