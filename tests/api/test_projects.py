"""Projects over HTTP, and what holds for all lists, edits and bodies."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from src.engines import ENGINES
from src.records import Project
from tests.api.conftest import Api


def test_project_is_begun_shown_and_listed(api: Api) -> None:
    answer = api.client.post("/api/v1/projects", json={"project": "Neue  Größe", "engine": "fake"})
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["project"] == "Neue_Größe"
    assert api.client.get(answer.headers["Location"]).json == answer.json
    listed = api.get("/projects")
    assert [item["project"] for item in listed["items"]] == ["Neue_Größe", "p"]
    assert (listed["next"], listed["total"]) == (None, 2)


def test_project_is_begun_once(api: Api) -> None:
    api.refused("POST", "/projects", 409, "conflict", json={"project": "p", "engine": "fake"})


def test_unknown_project_and_engine(api: Api) -> None:
    api.refused("GET", "/projects/none", 404, "not_found")
    assert "sface" in api.refused("POST", "/projects", 422, "invalid", json={"project": "x", "engine": "none"})["detail"]


def test_engines_say_which_can_run_here(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    nowhere = api.folder / "no weights"
    monkeypatch.setattr(api.workspace, "settings", api.workspace.settings.model_copy(update={"weights_dir": nowhere}))
    listed = {item["engine"]: item for item in api.get("/engines")["items"]}
    assert list(listed) == list(ENGINES)
    assert [name for name, item in listed.items() if item["is_default"]] == ["sface"]
    assert (listed["sface"]["runs"], listed["sface"]["why_not"]) == (True, "")
    assert listed["sface"]["about"].endswith(".")
    assert not listed["dlib"]["runs"]
    assert "requirements-dlib.txt" in listed["dlib"]["why_not"]
    assert not listed["insightface-s"]["runs"]
    assert "models accept insightface-s" in listed["insightface-s"]["why_not"]
    assert not nowhere.exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "con", "a\0b", " ", "C:\\x"])
def test_name_that_is_no_folder_is_refused(api: Api, name: str) -> None:
    api.refused("POST", "/projects", 422, "bad_name", json={"project": name, "engine": "fake"})


def test_html_in_a_name_comes_back_as_data(api: Api) -> None:
    project = api.send("POST", "/projects", 201, json={"project": "a&b'c", "engine": "fake"})
    assert project["project"] == "a&b'c"
    video = api.video()
    path = f"/videos/{video.video_id}"
    title = "<img src=x onerror=alert(1)> 名前 🎬"
    changed = api.send("PATCH", path, 200, json={"title": title}, headers=api.etag(path))
    assert changed["title"] == title


class TestPaging:
    def test_pages_are_walked_to_the_end_by_cursor_and_by_link(self, api: Api) -> None:
        api.workspace.store.put(*(Project(f"x{number:02}", "fake") for number in range(7)))
        seen: list[str] = []
        path: str | None = "/api/v1/projects?limit=3&sort=-project"
        while path:
            answer = api.client.get(path)
            assert answer.json is not None
            seen += [item["project"] for item in answer.json["items"]]
            assert answer.json["total"] == 8
            link = answer.headers.get("Link")
            assert (link is None) == (answer.json["next"] is None)
            path = link.split(">")[0].lstrip("<") if link else None
        assert seen == [*(f"x{number:02}" for number in range(6, -1, -1)), "p"]

    def test_inserts_move_nothing(self, api: Api) -> None:
        api.workspace.store.put(*(Project(name, "fake") for name in ("b", "d")))
        first = api.get("/projects?limit=2")
        assert [item["project"] for item in first["items"]] == ["b", "d"]
        api.workspace.store.put(*(Project(name, "fake") for name in ("a", "c", "e")))
        second = api.get(f"/projects?limit=2&cursor={first['next']}")
        assert [item["project"] for item in second["items"]] == ["e", "p"]

    @pytest.mark.parametrize("limit", ["0", "-1", "501", "x", "1.5", "", "9" * 400])
    def test_limit_is_bounded(self, api: Api, limit: str) -> None:
        assert api.refused("GET", f"/projects?limit={limit}", 422, "invalid")["errors"][0]["where"] == "limit"

    @pytest.mark.parametrize("cursor", ["x", "====", "W10", "e30", "WyIiXQ", "%00", "W1tbW1tbW1tbW1tb", "ü", "bnVsbA", "MQ"])
    def test_cursor_that_nobody_gave_out(self, api: Api, cursor: str) -> None:
        api.refused("GET", f"/projects?cursor={cursor}", 400, "bad_cursor")

    def test_cursor_of_another_list_or_order(self, api: Api) -> None:
        api.workspace.store.put(Project("a", "fake"))
        cursor = api.get("/projects?limit=1")["next"]
        api.refused("GET", f"/videos?cursor={cursor}", 400, "bad_cursor")
        api.refused("GET", f"/projects?sort=-project&cursor={cursor}", 400, "bad_cursor")

    @pytest.mark.parametrize("query", ["project[$gt]=", "limit=1&limit=2", "nothing=1", "sort=engine", "sort[]=project"])
    def test_parameters_that_nobody_declared(self, api: Api, query: str) -> None:
        api.refused("GET", f"/projects?{query}", 422, "invalid")


class TestEdits:
    def test_edit_needs_the_present_state(self, api: Api) -> None:
        before = api.etag("/projects/p")
        changed = api.send(
            "PATCH", "/projects/p", 200, json={"classifier": "KNN", "settings": {"x": [1, None]}}, headers=before
        )
        assert (changed["classifier"], changed["settings"]) == ("KNN", {"x": [1, None]})
        assert api.get("/projects/p") == changed
        api.refused("PATCH", "/projects/p", 412, "precondition_failed", json={"classifier": "RF"}, headers=before)
        api.refused("PATCH", "/projects/p", 428, "precondition_required", json={"classifier": "RF"})
        assert api.get("/projects/p")["classifier"] == "KNN"

    def test_answer_of_an_edit_brings_the_next_etag(self, api: Api) -> None:
        answer = api.client.patch("/api/v1/projects/p", json={"classifier": "KNN"}, headers=api.etag("/projects/p"))
        assert {"If-Match": answer.headers["ETag"]} == api.etag("/projects/p")

    def test_get_of_another_state_is_a_problem(self, api: Api) -> None:
        api.refused("GET", "/projects/p", 412, "precondition_failed", headers={"If-Match": '"other"'})
        api.get("/projects/p", headers=api.etag("/projects/p"))

    def test_unchanged_is_not_sent_again(self, api: Api) -> None:
        etag = api.client.get("/api/v1/projects/p").headers["ETag"]
        answer = api.client.get("/api/v1/projects/p", headers={"If-None-Match": etag})
        assert (answer.status_code, answer.data) == (304, b"")


def nested(depth: int) -> bytes:
    return b'{"project": "x", "engine": ' + b"[" * depth + b"]" * depth + b"}"


class TestBodies:
    @pytest.mark.parametrize("body", [nested(10_000), nested(1_000_000 // 3), b"{", b"", b"\xff", b"nul", b'{"a": 1}{'])
    def test_malformed_json_is_400(self, api: Api, body: bytes) -> None:
        api.refused("POST", "/projects", 400, "bad_json", data=body, content_type="application/json")

    @pytest.mark.parametrize(
        "body",
        [
            [],
            None,
            "x",
            7,
            {},
            {"project": {"$gt": ""}},
            {"project": 7},
            {"project": None},
            {"project": ["x"]},
            {"project": "x", "more": 1},
        ],
    )
    def test_wrong_types_and_unknown_fields_are_422(self, api: Api, body: Any) -> None:
        api.refused("POST", "/projects", 422, "invalid", data=json.dumps(body), content_type="application/json")

    def test_half_a_character_is_refused(self, api: Api) -> None:
        body = b'{"project": "x\\ud800", "engine": "fake"}'
        answer = api.client.post("/api/v1/projects", data=body, content_type="application/json")
        assert answer.status_code in (400, 422)

    def test_other_types_are_415(self, api: Api) -> None:
        api.refused("POST", "/projects", 415, "unsupported_media_type", data=b"project=x", content_type="text/plain")

    def test_large_body_is_413(self, api: Api) -> None:
        body = json.dumps({"project": "x" * 1_100_000}).encode()
        api.refused("POST", "/projects", 413, "request_entity_too_large", data=body, content_type="application/json")

    @pytest.mark.parametrize(
        "metadata",
        [
            '{"a":' * 9 + "1" + "}" * 9,
            '{"a": NaN}',
            '{"a": Infinity}',
            '{"a": 9223372036854775808}',
            '{"a": "' + "x" * 70_000 + '"}',
        ],
    )
    def test_metadata_is_plain_and_bounded(self, api: Api, metadata: str) -> None:
        path = f"/videos/{api.video().video_id}"
        body = f'{{"metadata": {metadata}}}'
        answer = api.client.patch(f"/api/v1{path}", data=body, content_type="application/json", headers=api.etag(path))
        assert answer.status_code in (400, 422), answer.text
