"""Errors as `application/problem+json` with a stable code, never a traceback.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, Response, json, request
from werkzeug.exceptions import HTTPException

from ..errors import (
    AnnotationError,
    ConfigError,
    EngineError,
    FetchError,
    ForbiddenAddressError,
    ForbiddenPathError,
    GalleryError,
    InvalidNameError,
    JobError,
    MediaError,
    StorageError,
)
from .refusals import REFUSALS

_LOG = logging.getLogger(__name__)

MIMETYPE = "application/problem+json"

_OF_VIEWS: Mapping[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be understood."),
    "bad_json": (400, "The body is no JSON, or nested too deeply."),
    "bad_cursor": (400, "The cursor is not one of this list."),
    "not_found": (404, "There is nothing of this name."),
    "method_not_allowed": (405, "Nothing can be done here in this way."),
    "not_acceptable": (406, "There is no such format."),
    "conflict": (409, "What is stored does not allow this."),
    "idempotency_conflict": (409, "The Idempotency-Key was used for another job."),
    "not_cancellable": (409, "The job has ended."),
    "not_retryable": (409, "The job has neither failed nor been cancelled."),
    "wrong_offset": (409, "The upload stands at another byte."),
    "media_elsewhere": (409, "The video lies on another server, or its file is gone."),
    "precondition_failed": (412, "Somebody changed it in between."),
    "request_entity_too_large": (413, "The body is larger than the server takes."),
    "unsupported_media_type": (415, "The body is of a type that is not taken here."),
    "requested_range_not_satisfiable": (416, "The range lies outside the file."),
    "invalid": (422, "A value is missing, of the wrong type or out of range."),
    "unknown_kind": (422, "There is no such kind of job."),
    "bad_params": (422, "The parameters are not those of this kind of job."),
    "bad_webhook": (422, "The address cannot be told when the job ends."),
    "forbidden_address": (422, "The address leads where the server does not go for others."),
    "forbidden_path": (422, "The path leads out of its folder."),
    "bad_name": (422, "The name cannot be used."),
    "bad_media": (422, "The file cannot be read as what it should be."),
    "not_a_picture": (422, "The file is no picture that can be read."),
    "no_face": (422, "The picture shows no face."),
    "not_a_video": (422, "The file is no video that can be read."),
    "precondition_required": (428, "An edit must say with If-Match what it changes."),
    "request_header_fields_too_large": (431, "The headers are too large."),
    "internal_error": (500, "The server made a mistake."),
    "fetch_failed": (502, "An address could not be fetched."),
    "store_unavailable": (503, "The database does not answer as it should."),
    "too_many_streams": (503, "So many streams are open that other requests would have to wait."),
    "engine_unavailable": (503, "The networks cannot be used."),
    "not_ready": (503, "The service cannot be given work now."),
    "insufficient_storage": (507, "The disk of the server is full."),
}
CODES: Mapping[str, tuple[int, str]] = dict(sorted({**_OF_VIEWS, **REFUSALS}.items(), key=lambda code: code[1][0]))
"""Every code with its status and what it means. Codes do not change; the words of `detail` may."""

_OURS: tuple[tuple[type[AnnotationError], str], ...] = (
    (InvalidNameError, "bad_name"),
    (ConfigError, "invalid"),
    (MediaError, "bad_media"),
    (GalleryError, "conflict"),
    (ForbiddenAddressError, "forbidden_address"),
    (ForbiddenPathError, "forbidden_path"),
    (FetchError, "fetch_failed"),
    (StorageError, "store_unavailable"),
    (EngineError, "engine_unavailable"),
    (AnnotationError, "internal_error"),
)
"""What each error of ours is to a client; the first line that fits counts."""


class Problem(Exception):
    """An answer that something is wrong."""

    def __init__(
        self, code: str, detail: str, *, errors: Sequence[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep what to answer.

        Args:
            code: One of `CODES`.
            detail: What happened, to which thing, and what to do.
            errors: What is wrong where in the request, each with `where` and `message`.
            headers: Further headers.
        """
        super().__init__(detail)
        self.code, self.detail, self.errors, self.headers = code, detail, errors, headers or {}
        self.status = CODES[code][0]


def missing(what: str, name: object) -> Problem:
    """Return that there is nothing of a name."""
    return Problem("not_found", f"There is no {what} {str(name)[:100]!r}.")


def register_problems(app: Flask) -> None:
    """Answer every error of an application in one form."""
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(HTTPException, _of_request)
    app.register_error_handler(AnnotationError, _of_ours)
    app.register_error_handler(Exception, _unforeseen)
    app.after_request(_without_body)


def _without_body(response: Response) -> Response:
    """Say in our form that the precondition of a GET failed: Werkzeug sends what was not to be sent."""
    if response.status_code != 412 or response.mimetype == MIMETYPE:
        return response
    response.close()
    return _response(412, "precondition_failed", "The present state is not the one that If-Match names.")


def code_of(error: HTTPException) -> str:
    """Return the code under which an error of HTTP is answered: its name, unless we have one of our own for it."""
    name = error.name.lower().replace(" ", "_").replace("-", "_")
    return {"internal_server_error": "internal_error", "request_uri_too_long": "address_too_long"}.get(name, name)


def _answer(problem: Problem) -> Response:
    return _response(problem.status, problem.code, problem.detail, problem.errors, problem.headers)


def _of_request(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect is no error
    code = code_of(error)
    kept = {name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")}
    return _response(error.code, code, error.description or error.name, (), kept)


def _of_ours(error: AnnotationError) -> Response:
    code = error.code if isinstance(error, JobError) else next(code for kind, code in _OURS if isinstance(error, kind))
    status = CODES[code][0]
    if status >= 500:
        _LOG.error("%s %s: %s", request.method, request.path, error)
    return _response(status, code, str(error))


def _unforeseen(error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.path, exc_info=error)
    return _response(500, "internal_error", "The server made a mistake; its log says which.")


def _response(
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    title = CODES[code][1] if code in CODES else code.replace("_", " ").capitalize()
    body: dict[str, Any] = {"type": f"/docs#{code}", "title": title, "status": status, "detail": detail, "code": code}
    if errors:
        body["errors"] = list(errors)
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=MIMETYPE)
    response.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return response
