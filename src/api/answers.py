"""What goes out: JSON with its ETag, and edits that say which state they change.

Source: RFC 9110, sections 8.8.3 (ETag), 13.1.1 (If-Match), 13.1.2 (If-None-Match).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Response, request
from pydantic import BaseModel
from pydantic_core import to_json

from .context import workspace
from .problems import Problem

HELD = "private, no-cache"
"""Every client may keep an answer, and asks each time whether it still holds: what is shown is about people."""


def answer(shape: BaseModel, status: int = 200, *, location: str | None = None) -> Response:
    """Return a model as JSON; a GET whose ETag the client has already is answered 304."""
    response = _json(shape.model_dump_json(by_alias=True).encode(), status)
    if location is not None:
        response.headers["Location"] = location
    return response


def answer_plain(values: Mapping[str, Any]) -> Response:
    """Do what `answer` does with plain values in the form of a model, unchecked: for hundreds of records at once."""
    return _json(plain_json(values))


def plain_json(values: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Return plain values as JSON, which knows no infinity: null stands in its place."""
    return to_json(values, inf_nan_mode="null")


def _json(data: bytes, status: int = 200) -> Response:
    response = Response(data, status, mimetype="application/json")
    response.set_etag(digest(data))
    response.headers["Cache-Control"] = HELD
    if status == 200 and request.method in ("GET", "HEAD"):
        response.make_conditional(request)
    return response


def no_content() -> Response:
    """Return that it is done and there is nothing to say."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


@contextmanager
def editing(what: str) -> Iterator[None]:
    """Be the only one of all processes that edits something, so that what If-Match was compared with is what is changed."""
    with workspace().locked(f"edit-{hashlib.sha256(what.encode()).hexdigest()[:32]}"):
        yield


def check_match(shape: BaseModel) -> None:
    """Refuse an edit that does not name the present state.

    Args:
        shape: The present state, as a GET would answer it.

    Raises:
        Problem: There is no If-Match, or it names another state.
    """
    if not request.if_match:
        raise Problem("precondition_required", "Send If-Match with the ETag that a GET of this address answered.")
    if not request.if_match.contains(digest(shape.model_dump_json(by_alias=True).encode())):
        raise Problem("precondition_failed", "It was changed since you read it. Read it again, and decide anew.")


def digest(data: bytes) -> str:
    """Return what tells one body from another in an ETag."""
    return hashlib.sha256(data).hexdigest()[:32]
