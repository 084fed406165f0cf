"""Errors as JSON: `{"error": {"code", "message", "details"}}`, never a traceback."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..errors import AnnotationError, ConfigError, StorageError

_LOG = logging.getLogger(__name__)
_STATUS: tuple[tuple[type[AnnotationError], int], ...] = ((ConfigError, 422), (StorageError, 503), (AnnotationError, 500))

Answer = tuple[dict[str, Any], int]


def register_errors(app: Flask) -> None:
    """Answer every error of an application in one form."""
    app.register_error_handler(HTTPException, _of_request)
    app.register_error_handler(AnnotationError, _of_ours)
    app.register_error_handler(Exception, _unforeseen)


def _of_request(error: HTTPException) -> Answer | Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # a redirect is no error
    code = error.name.lower().replace(" ", "_")
    return _body(code, error.description or error.name, {"path": request.path}), error.code


def _of_ours(error: AnnotationError) -> Answer:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if status >= 500:
        _LOG.error("%s %s: %s", request.method, request.path, error)
    return _body(type(error).__name__, str(error), {}), status


def _unforeseen(error: Exception) -> Answer:
    _LOG.error("%s %s failed", request.method, request.path, exc_info=error)
    return _body("internal_error", "The server made a mistake; its log says which.", {}), 500


def _body(code: str, message: str, details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": details}}
