"""The routes that stand so far, and errors as JSON."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable

import pytest
from flask import Flask, abort, redirect
from flask.testing import FlaskClient

from src import __version__
from src.api import create_app
from src.api.serve import is_loopback, main, open_server
from src.errors import ConfigError, EngineError, GalleryError, InvalidNameError, MediaError, ShapeError, StorageError
from src.records import Project
from src.workspace import Workspace


@pytest.fixture
def app(workspace: Workspace) -> Flask:
    return create_app(workspace)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def failing(app: Flask, fault: BaseException | Callable[[], object]) -> FlaskClient:
    """Return a client of the service with one more route, `/fails`."""

    def view() -> object:
        if isinstance(fault, BaseException):
            raise fault
        return fault()

    app.add_url_rule("/fails", view_func=view)  # type: ignore[arg-type]
    return app.test_client()


def test_healthz_needs_no_store(client: FlaskClient, workspace: Workspace) -> None:
    workspace.store.close()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "version": __version__})


def test_projects_are_a_list_of_names_in_order(client: FlaskClient, workspace: Workspace) -> None:
    assert client.get("/projects").json == []
    workspace.store.put(Project("b", "sface"), Project("ü", "sface"), Project("a", "sface"))
    answer = client.get("/projects")
    assert (answer.mimetype, answer.json) == ("application/json", ["a", "b", "ü"])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("POST", "/projects", 405, "method_not_allowed"),
        ("GET", "/../etc", 404, "not_found"),
    ],
)
def test_wrong_request_is_a_problem(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert set(answer.json) == {"type", "title", "status", "detail", "code"}
    assert (answer.json["code"], answer.json["status"], answer.json["type"]) == (code, status, f"/docs#{code}")


def test_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    assert "GET" in client.post("/projects").headers["Allow"]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (ConfigError('There is no project "x".'), 422, "invalid"),
        (InvalidNameError("person", "/", "is a path"), 422, "bad_name"),
        (MediaError("x.mp4", "is empty"), 422, "bad_media"),
        (GalleryError("two people are needed"), 409, "conflict"),
        (StorageError("store.db: disk I/O error."), 503, "store_unavailable"),
        (EngineError("no weights"), 503, "engine_unavailable"),
        (ShapeError("boxes", "(n, 4)", (3,)), 500, "internal_error"),
    ],
)
def test_error_of_ours_says_what_to_do(
    app: Flask, caplog: pytest.LogCaptureFixture, fault: Exception, status: int, code: str
) -> None:
    answer = failing(app, fault).get("/fails")
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (status, code, str(fault))
    assert [record.levelname for record in caplog.records] == (["ERROR"] if status >= 500 else [])
    caplog.clear()


@pytest.mark.parametrize("testing", [False, True])
def test_unforeseen_error_shows_no_inside(app: Flask, caplog: pytest.LogCaptureFixture, testing: bool) -> None:
    app.testing = testing
    answer = failing(app, RuntimeError("secret in line 7")).get("/fails")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "secret in line 7" in caplog.text
    caplog.clear()


def test_abort_says_why(app: Flask) -> None:
    answer = failing(app, lambda: abort(422, "q is missing")).get("/fails")
    assert answer.json is not None
    assert answer.json["detail"] == "q is missing"


def test_redirect_is_no_error(app: Flask) -> None:
    assert failing(app, lambda: redirect("/projects")).get("/fails").status_code == 302


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


class TestServer:
    def test_answers_over_http(self, app: Flask) -> None:
        with open_server(app, "127.0.0.1", 0) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/projects", timeout=30) as answer:
                    assert json.load(answer) == []
            finally:
                server.shutdown()
                thread.join()

    def test_port_in_use_is_one_line(self, app: Flask) -> None:
        with (
            open_server(app, "127.0.0.1", 0) as server,
            pytest.raises(ConfigError, match=f"127.0.0.1:{server.port}.*server.port"),
        ):
            open_server(app, "127.0.0.1", server.port)

    def test_wrong_flag_is_wrong_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--port", "70000"]) == 2
        assert "--port" in capsys.readouterr().err
