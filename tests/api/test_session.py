"""The cookie of the page: what it lets in, what it does not change without proof, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask

from src.access import add_token, revoke_token
from src.access.audit import events
from src.access.tokens import Token
from src.api import create_app
from src.api.headers import CSRF_HEADER
from src.records import Project, Role
from src.settings import ServerSettings
from src.workspace import Workspace
from tests.api.conftest import Api

PROOF = {CSRF_HEADER: "1"}
SESSION = "/api/v1/session"


def token(api: Api, role: Role = Role.EDITOR, project: str = "p") -> tuple[dict[str, str], Token]:
    text, made = add_token(api.workspace.store, f"{role}", role, project)
    return {"Authorization": f"Bearer {text}"}, made


def sign_in(api: Api, role: Role = Role.EDITOR, project: str = "p") -> Token:
    """Let the client hold the cookie of a new token."""
    header, made = token(api, role, project)
    assert api.client.post(SESSION, headers=header).status_code == 200
    return made


def test_a_token_becomes_a_cookie(api: Api) -> None:
    header, made = token(api)
    answer = api.client.post(SESSION, headers=header)
    assert answer.json == {
        "who": f"editor ({made.token_id})",
        "role": "editor",
        "project": "p",
        "projects": ["p"],
        "expires_at": answer.json["expires_at"],  # type: ignore[index]
    }
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("facerec_session=v1.")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    assert header["Authorization"].split("_")[2] not in cookie


def test_what_browsers_ask_for_by_themselves_is_answered(api: Api) -> None:
    video_id = api.video().video_id
    shown = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    paths = (f"/videos/{video_id}/thumbnail", f"/videos/{video_id}/media", f"/videos/{video_id}/frame", "/jobs")
    token(api)
    assert {api.client.get(f"/api/v1{path}", headers=shown).status_code for path in paths} == {401}
    sign_in(api)
    assert {api.client.get(f"/api/v1{path}", headers=shown).status_code for path in paths} == {200}
    assert api.get("/session")["projects"] == ["p"]


def test_it_allows_what_its_token_does(api: Api) -> None:
    api.workspace.store.put(Project("q", "fake"))
    sign_in(api, Role.VIEWER, "q")
    api.refused("GET", "/projects/p/people", 403, "forbidden")
    api.refused("GET", f"/videos/{api.video().video_id}", 404, "not_found")
    api.refused("POST", "/projects/q/people", 403, "forbidden", json={"name": "X"}, headers=PROOF)


class TestForgery:
    """A page elsewhere, in a browser that is signed in here."""

    @pytest.mark.parametrize(
        "headers",
        [
            {},  # a form, in a browser that says nothing
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://evil.example", CSRF_HEADER: "1"},
            {"Sec-Fetch-Site": "same-site", CSRF_HEADER: "1"},
            {CSRF_HEADER: ""},
            {"Referer": "http://localhost/"},
        ],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "/api/v1/projects/p/people"), ("DELETE", SESSION), ("POST", SESSION), ("PATCH", "/api/v1/videos/x")],
    )
    def test_changes_nothing(self, api: Api, headers: Mapping[str, str], method: str, path: str) -> None:
        sign_in(api, Role.ADMIN, "")
        before = len(api.get("/projects/p/people")["items"])
        answer = api.client.open(path, method=method, headers=headers, json={"name": "Eve"} if "people" in path else None)
        assert answer.json is not None
        assert (answer.status_code, answer.json["code"]) == (403, "cross_site"), answer.text
        assert "Set-Cookie" not in answer.headers
        assert len(api.get("/projects/p/people")["items"]) == before

    @pytest.mark.parametrize("headers", [PROOF, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
    def test_our_page_does(self, api: Api, headers: Mapping[str, str]) -> None:
        sign_in(api)
        assert api.client.post("/api/v1/projects/p/people", json={"name": "Eva"}, headers=headers).status_code == 201

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        ],
    )
    def test_reads_nothing(self, api: Api, headers: Mapping[str, str]) -> None:
        sign_in(api)
        assert api.client.get("/api/v1/projects/p/people", headers=headers).status_code in (401, 403)

    def test_nor_does_a_page_on_the_list_without_a_token(self, api: Api) -> None:
        origin = "http://localhost:5173"
        server = ServerSettings(cors_origins=(origin,))
        api.workspace.settings = api.workspace.settings.model_copy(update={"server": server})
        client = create_app(api.workspace).test_client()
        header, _ = token(api)
        assert client.post(SESSION, headers=header).status_code == 200
        for more in ({}, PROOF):
            assert (
                client.post("/api/v1/projects/p/people", json={"name": "X"}, headers={"Origin": origin, **more}).status_code
                == 401
            )
        answer = client.get("/api/v1/projects", headers={"Origin": origin})
        assert answer.status_code == 401
        assert "Access-Control-Allow-Credentials" not in answer.headers
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": CSRF_HEADER}
        assert (
            CSRF_HEADER.lower()
            not in client.options("/api/v1/projects", headers=asked).headers["Access-Control-Allow-Headers"].lower()
        )
        assert client.get("/api/v1/projects", headers=header | {"Origin": origin}).status_code == 200

    def test_signs_nobody_in(self, api: Api) -> None:
        header, _ = token(api)
        api.refused("POST", "/session", 403, "cross_site", headers=header | {"Origin": "https://evil.example"})


class TestEnd:
    def test_signing_out(self, api: Api) -> None:
        sign_in(api)
        answer = api.client.delete(SESSION, headers=PROOF)
        assert answer.status_code == 204
        assert re.search(r"facerec_session=;.*Max-Age=0", answer.headers["Set-Cookie"])
        assert answer.headers["Clear-Site-Data"] == '"cache"'
        assert api.client.get(SESSION).status_code == 401
        assert api.client.delete(SESSION).status_code == 204

    def test_of_the_token_is_that_of_the_cookie(self, api: Api) -> None:
        made = sign_in(api)
        revoke_token(api.workspace.store, made.token_id)
        api.refused("GET", "/session", 401, "unauthorized")
        api.refused("POST", "/session", 401, "unauthorized", headers=PROOF)

    def test_a_header_wins_over_the_cookie(self, api: Api) -> None:
        sign_in(api)
        assert api.client.get(SESSION, headers={"Authorization": "Bearer x"}).status_code == 401
        other, made = token(api, Role.VIEWER)
        assert api.get("/session", headers=other)["who"] == f"viewer ({made.token_id})"
        assert api.get("/session", headers=other)["expires_at"] is None

    def test_renewed_by_itself(self, api: Api) -> None:
        sign_in(api)
        answer = api.client.post(SESSION, headers=PROOF)
        assert answer.status_code == 200
        assert answer.headers["Set-Cookie"].startswith("facerec_session=v1.")

    @pytest.mark.parametrize(
        "text", ["", "x", "v1.file.0.9999999999." + "0" * 64, "v1.0123456789ab.0.9999999999." + "a" * 64, "ü", "a" * 4000]
    )
    def test_what_is_no_session(self, api: Api, text: str) -> None:
        token(api)
        api.client.set_cookie("facerec_session", text)
        assert api.client.get(SESSION).status_code == 401
        assert api.client.delete(SESSION).status_code == 204


def test_over_tls_it_is_for_tls_and_this_host_alone(api: Api) -> None:
    header, _ = token(api)
    answer = api.client.post(SESSION, headers=header, base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-facerec_session=v1.")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert api.client.get(SESSION, base_url="https://localhost").status_code == 200
    # One that came without TLS counts for nothing here.
    client = api.app.test_client()
    client.set_cookie("facerec_session", answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0])
    assert client.get(SESSION, base_url="https://localhost").status_code == 401


def test_behind_a_proxy_with_tls_too(workspace: Workspace) -> None:
    workspace.settings = workspace.settings.model_copy(update={"server": ServerSettings(https=True)})
    text, _ = add_token(workspace.store, "x", Role.ADMIN)
    answer = create_app(workspace).test_client().post(SESSION, headers={"Authorization": f"Bearer {text}"})
    assert answer.headers["Set-Cookie"].startswith("__Host-facerec_session=")


def test_without_tokens_there_is_nothing_to_exchange(api: Api) -> None:
    answer = api.client.post(SESSION)
    assert answer.json == {"who": "local", "role": "admin", "project": "", "projects": ["p"], "expires_at": None}
    assert "Set-Cookie" not in answer.headers
    assert not (api.workspace.data_dir / "session.key").exists()
    assert api.get("/session")["role"] == "admin"


def test_processes_with_one_data_folder_know_each_others(api: Api) -> None:
    sign_in(api)
    other: Flask = create_app(api.workspace)
    cookie = api.client.get_cookie("facerec_session")
    assert cookie is not None
    client = other.test_client()
    client.set_cookie("facerec_session", cookie.value)
    assert client.get(SESSION).status_code == 200
    assert (api.workspace.data_dir / "session.key").stat().st_mode & 0o777 == 0o600


def test_a_secret_of_the_settings_leaves_no_file(workspace: Workspace) -> None:
    settings: Any = {"session_secret": "s" * 32}
    workspace.settings = workspace.settings.model_copy(update={"server": ServerSettings(**settings)})
    text, _ = add_token(workspace.store, "x", Role.ADMIN)
    assert create_app(workspace).test_client().post(SESSION, headers={"Authorization": f"Bearer {text}"}).status_code == 200
    assert not (workspace.data_dir / "session.key").exists()


def test_signing_in_is_in_the_log_and_the_cookie_is_not(api: Api) -> None:
    made = sign_in(api)
    cookie = api.client.get_cookie("facerec_session")
    assert cookie is not None
    api.client.delete(SESSION)
    told = [(event.what, event.who, event.target) for event in events(api.workspace.store)]
    assert ("request", f"editor ({made.token_id})", f"POST {SESSION}") in told
    assert ("refused", f"editor ({made.token_id})", f"DELETE {SESSION}") in told
    assert cookie.value.rpartition(".")[2] not in str(list(events(api.workspace.store)))
