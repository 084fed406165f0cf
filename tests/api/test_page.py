"""The page beside the API: what is served it, what is kept of it, and what it must not hide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from src.api import create_app, page
from src.records import Project
from src.workspace import Workspace

ASSET = "index-D1BlIM8i.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as it is built."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        f'<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><script type="module" src="/assets/{ASSET}"></script>'
    )
    (folder / "assets" / ASSET).write_text("export {}")
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "sw.js").write_text("self.x = 1")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def client(workspace: Workspace, built: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(page, "BUILT", built)
    return create_app(workspace).test_client()


@pytest.mark.parametrize(
    "path",
    ["/", "/projects/antract", "/projects/antract/videos/69644e4b?t=134.32&track=58", "/projects/Les%20Actualités/people"],
)
def test_its_addresses_are_served_the_page_and_nobody_keeps_it(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert ASSET in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_only_styles_with_the_nonce_of_this_answer_hold(client: FlaskClient) -> None:
    nonces = set()
    for _ in range(2):
        answer = client.get("/")
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        nonce = re.findall(r'nonce="([^"]+)"', answer.text)
        assert policy["style-src"] == f"'self' 'nonce-{nonce[0]}'"
        assert policy["script-src"] == "'self'"
        nonces.update(nonce)
    assert len(nonces) == 2
    assert "__CSP_NONCE__" not in nonces


def test_films_come_from_the_services_that_are_listed_and_no_others(workspace: Workspace, built: Path) -> None:
    server = workspace.settings.server.model_copy(update={"media_origins": ("https://films.example",)})
    settings = workspace.settings.model_copy(update={"server": server})
    app = create_app(Workspace(settings, workspace.store, workspace.progress))
    with app.test_client() as client:
        policy = dict(part.split(" ", 1) for part in client.get("/").headers["Content-Security-Policy"].split("; "))
    assert policy["media-src"] == "'self' blob: https://films.example"
    assert policy["connect-src"] == "'self' https://films.example"
    assert all("films.example" not in value for name, value in policy.items() if name not in ("media-src", "connect-src"))


def test_assets_never_change_under_their_names(client: FlaskClient) -> None:
    with client.get(f"/assets/{ASSET}") as answer:
        assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/javascript", "export {}")
        assert {"max-age=31536000", "immutable", "public"} <= set(answer.headers["Cache-Control"].split(", "))
    with client.get("/favicon.svg") as answer:
        assert answer.mimetype == "image/svg+xml"


def test_the_worker_may_ask_this_service_and_no_other(client: FlaskClient) -> None:
    with client.get("/sw.js") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
        assert "immutable" not in answer.headers["Cache-Control"]


def test_an_asset_that_is_gone_says_what_to_do(client: FlaskClient) -> None:
    answer = client.get("/assets/index-old.js")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")  # type: ignore[index]
    assert "built anew" in answer.json["detail"]  # type: ignore[index]
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/assets/../../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"]
)
def test_assets_stay_in_their_folder(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_it_hides_neither_the_api_nor_the_original_service(client: FlaskClient, workspace: Workspace) -> None:
    workspace.store.put(Project("antract", "sface"))
    assert client.get("/projects").json == ["antract"]
    assert client.get("/api/v1/projects/antract").json["engine"] == "sface"  # type: ignore[index]
    assert client.get("/healthz").mimetype == "application/json"
    assert client.get("/openapi.json").mimetype == "application/json"
    assert ASSET not in client.get("/docs").text
    for path in ("/api/v1/nothing", "/nothing", "/docs/nothing", "/training-set/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), path


def test_it_is_read_only(client: FlaskClient) -> None:
    assert client.post("/projects/antract").status_code == 405
    assert client.head("/").status_code == 200


def test_where_it_was_not_built_a_hint_says_how(workspace: Workspace, tmp_path: Path) -> None:
    app = APIFlask("x", docs_path=None)
    page.add_page(app, tmp_path / "none")
    answer = app.test_client().get("/projects/antract/videos")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "npm --prefix visualizer run build" in answer.text
    nonce = re.findall(r'nonce="([^"]+)"', answer.text)[0]
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
    assert app.test_client().get("/favicon.svg").status_code == 404


def test_a_page_that_is_built_while_the_service_runs_is_there_at_once(client: FlaskClient, built: Path) -> None:
    (built / "index.html").unlink()
    assert client.get("/").status_code == 503
    (built / "index.html").write_text("<!doctype html>anew")
    assert client.get("/").text == "<!doctype html>anew"


def test_the_page_needs_no_token_but_what_it_asks_for_does(client: FlaskClient, workspace: Workspace) -> None:
    from src.access import add_token
    from src.records import Role

    add_token(workspace.store, "laptop", Role.VIEWER)
    assert client.get("/projects/antract").status_code == 200
    assert client.get("/api/v1/projects").status_code == 401
