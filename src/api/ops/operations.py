"""The routes for whoever runs the service: /healthz, /readyz and /metrics."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any, cast

from flask import Blueprint, Flask, current_app, jsonify, request
from pydantic import SecretStr
from werkzeug.wrappers import Response

from ... import __version__
from ...workspace import Workspace
from .access import ROUTE, RequestLog
from .health import disk_check, failing, store_check
from .lifecycle import Lifecycle, settle_memory
from .workers import work_beside

_NAME = "facerec.operations"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")

operations = Blueprint("operations", __name__)
"""Its endpoints `operations.healthz`, `.readyz` and `.metrics` ask for no API token."""


class _State:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        from .metrics import Metrics

        self.lifecycle = Lifecycle()
        self.metrics = Metrics(workspace)


def add_operations(app: Flask, workspace: Workspace) -> Lifecycle:
    """Add the routes and the log of requests to an application.

    Returns:
        The lifecycle of its process: what shall run beside the requests is told to it.
    """
    state = _State(workspace)
    app.extensions[_NAME] = state
    checks = state.lifecycle.checks
    checks["store"] = store_check(workspace)
    checks["disk"] = disk_check(workspace.data_dir, workspace.settings.server.min_free_mb)
    checks["process"] = lambda: "is about to end" if state.lifecycle.stopping.is_set() else ""
    work_beside(workspace, state.lifecycle)
    state.lifecycle.on_start(settle_memory)
    app.register_blueprint(operations)
    app.after_request(_keep_route)
    app.wsgi_app = RequestLog(app.wsgi_app, state.metrics.observe)  # type: ignore[method-assign]
    return state.lifecycle


def lifecycle_of(app: Flask) -> Lifecycle:
    """Return the lifecycle of the process that an application answers in."""
    return cast(_State, app.extensions[_NAME]).lifecycle


@operations.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process lives; nothing else is looked at."""
    return {"status": "ok", "version": __version__}


@operations.get("/readyz")
def readyz() -> Response:
    """Say whether the process can be given work: 200, or 503 with what is wrong."""
    checks = lifecycle_of(current_app).checks
    wrong = failing(dict(checks))
    if not wrong:
        return jsonify(status="ready", checks=dict.fromkeys(checks, "ok"))
    detail = "; ".join(f"{name}: {text}" for name, text in wrong.items())
    return _problem(503, "not_ready", "Not ready", detail, checks=dict.fromkeys(checks, "ok") | wrong)


@operations.get("/metrics")
def metrics() -> Response:
    """Give the measurements to Prometheus."""
    state = cast(_State, current_app.extensions[_NAME])
    token = state.workspace.settings.server.metrics_token
    if token is not None and not _carries(token):
        answer = _problem(401, "unauthorized", "Unauthorized", "Send the token of server.metrics_token as Bearer.")
        answer.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    if token is None and not _from_here():
        return _problem(403, "forbidden", "Forbidden", "Only this machine may ask. Set server.metrics_token for others.")
    body, content_type = state.metrics.exposition(request.headers.get("Accept", ""))
    return Response(body, content_type=content_type, headers={"Cache-Control": "no-store"})


def _keep_route(response: Any) -> Any:
    if request.url_rule is not None:
        request.environ[ROUTE] = request.url_rule.rule
    return response


def _carries(token: SecretStr) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = token.get_secret_value()
    return bool(wanted) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted.encode())


def _from_here() -> bool:
    """Say whether a request comes from this machine itself, and not through a proxy that runs on it."""
    try:
        local = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        local = False
    return local and not any(name in request.headers for name in _FORWARDED)


def _problem(status: int, code: str, title: str, detail: str, **more: object) -> Response:
    answer = jsonify(type="about:blank", title=title, status=status, detail=detail, code=code, **more)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    answer.headers["Cache-Control"] = "no-store"
    return answer
