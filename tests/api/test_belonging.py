"""What a token of one project sees of videos, which no project owns: those that its project uses, and nothing of others."""

from __future__ import annotations

import io
from typing import Any

import pytest

from src.access import add_token
from src.access.audit import events
from src.api.belonging import used_videos, users_of, uses
from src.records import (
    Appearance,
    Project,
    ProjectAccess,
    ProjectVideo,
    Role,
)
from src.records import Track as TrackRecord
from tests.api.conftest import Api
from tests.api.routes import address, known_names, needed, routes, short_streams  # noqa: F401 - a fixture
from tests.videos import numbered, write_video

CHUNK = "application/offset+octet-stream"


def header(api: Api, role: Role, project: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {add_token(api.workspace.store, f'{role} {project}', role, project)[0]}"}


@pytest.fixture
def stranger(api: Api) -> dict[str, str]:
    """An admin of a project that uses no video."""
    api.workspace.store.put(Project("q", "fake"))
    return header(api, Role.ADMIN, "q")


@pytest.fixture
def viewer(api: Api) -> dict[str, str]:
    """A viewer of the project that all of the archive is of."""
    return header(api, Role.VIEWER, "p")


@pytest.fixture
def known(api: Api) -> dict[str, Any]:
    """A name of something of project p for each argument of a route."""
    return known_names(api)


def test_another_project_reaches_nothing(api: Api, known: dict[str, Any], stranger: dict[str, str]) -> None:
    tried = [(method, address(api.app, rule, known), rule) for method, rule in routes(api.app) if needed(api.app, method, rule)]
    assert len(tried) > 40
    for method, path, rule in tried:
        for query in ("", "?project=q", "?project=p"):
            answer = api.client.open(path + query, method=method, headers=stranger, json={} if method != "GET" else None)
            # Where a route does not know the parameter, it says so to everybody.
            expected = (403, 404, 422) if query else (403, 404)
            assert answer.status_code in expected, (method, path + query, answer.text[:300])
            # The routes of the original service say it in their own form.
            form = "application/problem+json" if rule.rule.startswith("/api/") else "application/json"
            assert answer.mimetype == form, (method, rule.rule)
    refused = [event for event in events(api.workspace.store) if event.what == "refused"]
    assert refused


def test_what_is_of_another_project_looks_like_what_is_not_there(
    api: Api, known: dict[str, Any], stranger: dict[str, str]
) -> None:
    for tail in (f"/videos/{known['video_id']}", f"/tracks/{known['track']}", f"/uploads/{known['upload_id']}"):
        there, gone = (api.client.get(f"/api/v1{path}", headers=stranger).json for path in (tail, tail[:-3] + "000"))
        assert there == gone


def test_nor_does_it_under_the_address_of_ones_own_project(api: Api, known: dict[str, Any], stranger: dict[str, str]) -> None:
    """What a project lacks is told in the same words, whether another project has it or nobody."""
    tried = 0
    for method, rule in routes(api.app):
        if "project" not in rule.arguments or not {"video_id", "analysis_id", "track"} & rule.arguments:
            continue
        said = []
        for video_id in (known["video_id"], "0" * len(known["video_id"])):
            answer = api.client.open(
                address(api.app, rule, known | {"project": "q", "video_id": video_id}), method=method, headers=stranger
            )
            assert answer.status_code in (404, 415), (method, rule.rule)
            said.append(answer.text.replace(video_id, "VIDEO"))
        assert said[0] == said[1], rule.rule
        tried += 1
    assert tried >= 4
    for path, body in (
        ("decisions", lambda track, _video: {"verb": "ignore", "target": {"kind": "track", "track": track}}),
        ("search/track", lambda track, _video: {"track": track}),
        (
            "decisions",
            lambda _track, video: {
                "verb": "ignore",
                "target": {"kind": "interval", "video_id": video, "start_npt": 0.0, "end_npt": 1.0},
            },
        ),
    ):
        there, gone = (
            api.refused("POST", f"/projects/q/{path}", 404, "not_found", headers=stranger, json=body(track, video_id))["detail"]
            for track, video_id in ((known["track"], known["video_id"]), ("0" * 16 + "-1", "0" * 64))
        )
        assert there.replace(known["track"], "X").replace(known["video_id"], "V") == gone.replace("0" * 16 + "-1", "X").replace(
            "0" * 64, "V"
        )


def test_those_of_the_project_reach_all_of_it(api: Api, known: dict[str, Any], viewer: dict[str, str]) -> None:
    for method, rule in routes(api.app):
        if method == "GET" and rule.rule.startswith("/api/v1/"):
            answer = api.client.get(address(api.app, rule, known), headers=viewer)
            expected = 200 if needed(api.app, method, rule) is Role.VIEWER else 403
            assert answer.status_code == expected, (rule.rule, answer.text[:300])


def test_lists_show_what_the_project_uses(api: Api, viewer: dict[str, str], stranger: dict[str, str]) -> None:
    store, film = api.workspace.store, api.video("film")
    admin = header(api, Role.VIEWER)
    assert len(api.get("/videos", headers=viewer)["items"]) == 2
    assert api.get("/videos", headers=stranger) == {"items": [], "next": None, "total": None}
    assert api.get("/analyses", headers=stranger) == {"items": [], "next": None, "total": None}
    store.put(ProjectAccess("q", film.video_id))
    assert [item["title"] for item in api.get("/videos", headers=stranger)["items"]] == ["film"]
    assert [item["video_id"] for item in api.get("/analyses", headers=stranger)["items"]] == [film.video_id]
    assert api.get("/videos", headers=admin)["total"] == 2
    assert len(api.get("/exports", headers=stranger)["items"]) >= 1


def test_who_uses_a_video(api: Api) -> None:
    store, video_id = api.workspace.store, api.video().video_id
    assert users_of(store, video_id) == {"p"}
    assert used_videos(store, "p") == {api.video().video_id, api.video("film").video_id}
    # Databases of older programs and archives have no more than the analysis that counts.
    assert store.delete(ProjectAccess, video_id=video_id) == 1
    assert (uses(store, "p", video_id), uses(store, "q", video_id), users_of(store, video_id)) == (True, False, {"p"})
    member = next(store.find(ProjectVideo, project="p", video_id=video_id))
    store.put(ProjectVideo("q", video_id, "", member.analysis_id))
    assert users_of(store, video_id) == {"p", "q"}


def test_what_others_use_too_is_not_changed(api: Api) -> None:
    video_id, editor = api.video().video_id, header(api, Role.EDITOR, "p")
    path, change = f"/videos/{video_id}", {"json": {"title": "Mine"}}
    everything = header(api, Role.EDITOR)

    def match() -> dict[str, str]:
        return {"If-Match": api.client.get(f"/api/v1{path}", headers=editor).headers["ETag"]}

    assert api.send("PATCH", path, 200, headers=editor | match(), **change)["title"] == "Mine"
    api.workspace.store.put(ProjectAccess("q", video_id))
    api.refused("PATCH", path, 404, "not_found", headers=editor | match(), json={"title": "Ours"})
    assert api.send("PATCH", path, 200, headers=everything | match(), json={"title": "Ours"})["title"] == "Ours"


def test_nobodys_view_of_a_video_leads_to_the_names_in_another_project(api: Api, stranger: dict[str, str]) -> None:
    video_id = api.video().video_id
    api.workspace.store.put(ProjectAccess("q", video_id))
    page = api.get(f"/videos/{video_id}/tracks", headers=stranger)
    assert page["items"]
    assert "Anna" not in str(page)
    api.refused("GET", f"/videos/{video_id}/tracks?project=p", 404, "not_found", headers=stranger)
    api.refused("GET", f"/projects/q/videos/{video_id}/export", 404, "not_found", headers=stranger)
    api.refused("GET", f"/projects/q/appearances?video_id={video_id}", 404, "not_found", headers=stranger)


class TestUploads:
    def test_a_video_belongs_to_the_project_of_the_token(self, api: Api, stranger: dict[str, str]) -> None:
        data = write_video(api.folder / "sent.mp4", numbered(30, first=200)).read_bytes()
        editor = header(api, Role.EDITOR, "p")
        form = {"data": {"file": (io.BytesIO(data), "sent.mp4")}, "content_type": "multipart/form-data"}
        video = api.send("POST", "/videos", 201, headers=editor, **form)
        assert api.get(f"/videos/{video['video_id']}", headers=editor) == video
        api.refused("GET", f"/videos/{video['video_id']}", 404, "not_found", headers=stranger)

    def test_so_does_one_in_chunks_while_it_comes_and_after(self, api: Api, stranger: dict[str, str]) -> None:
        data = write_video(api.folder / "sent.mp4", numbered(30, first=300)).read_bytes()
        editor = header(api, Role.EDITOR, "p")
        what = {"kind": "video", "filename": "x.mp4", "size": len(data)}
        path = f"/uploads/{api.send('POST', '/uploads', 201, json=what, headers=editor)['upload_id']}"
        for method in ("GET", "DELETE"):
            api.refused(method, path, 404, "not_found", headers=stranger)
        chunk = {"data": data, "content_type": CHUNK}
        api.refused("PATCH", path, 404, "not_found", headers=stranger | {"Upload-Offset": "0"}, **chunk)
        done = api.send("PATCH", path, 200, headers=editor | {"Upload-Offset": "0"}, **chunk)
        assert api.get(f"/videos/{done['result']}", headers=editor)["video_id"] == done["result"]
        api.refused("GET", f"/videos/{done['result']}", 404, "not_found", headers=stranger)

    def test_the_same_bytes_of_another_project_are_shown_to_who_has_them(self, api: Api, stranger: dict[str, str]) -> None:
        video = api.video()
        with open(video.media, "rb") as file:
            form = {"data": {"file": (file, "mine.mp4")}, "content_type": "multipart/form-data"}
            assert api.send("POST", "/videos", 201, headers=stranger, **form)["video_id"] == video.video_id
        assert api.get(f"/videos/{video.video_id}", headers=stranger)["video_id"] == video.video_id
        assert users_of(api.workspace.store, video.video_id) == {"p", "q"}

    def test_pictures_go_to_its_people_alone(self, api: Api, stranger: dict[str, str]) -> None:
        what = {"kind": "picture", "filename": "x.png", "size": 9, "project": "p", "person_id": "Ben_Bo"}
        api.refused("POST", "/uploads", 403, "forbidden", json=what, headers=stranger)


class TestJobs:
    def test_no_job_takes_a_video_of_another_project(self, api: Api, stranger: dict[str, str]) -> None:
        video = api.video()
        for kind in ("track", "analyse", "cluster", "export"):
            more = {"format": "mot"} if kind == "export" else {}
            for name in ({"video_id": video.video_id}, {"video": video.locator}):
                body = {"kind": kind, "params": name | more}
                answer = api.client.post("/api/v1/projects/q/jobs", json=body, headers=stranger)
                assert (answer.status_code, answer.mimetype) == (422, "application/problem+json"), (body, answer.text)

    def test_its_own_it_does(self, api: Api) -> None:
        editor, video = header(api, Role.EDITOR, "p"), api.video()
        for kind in ("track", "cluster"):
            job = api.send(
                "POST", "/projects/p/jobs", 202, json={"kind": kind, "params": {"video_id": video.video_id}}, headers=editor
            )
            assert job["params"]["video"] == video.locator


def test_a_video_may_be_watched_while_it_is_analysed(api: Api) -> None:
    store = api.workspace.store
    for video in (api.video(), api.video("film")):
        assert store.get(ProjectAccess, "p", video.video_id) is not None
    seen = next(store.find(Appearance, project="p"))
    assert store.get(TrackRecord, seen.analysis_id, seen.track_id) is not None


class TestOriginalService:
    """The routes of the original service, which name videos by path and address."""

    def test_a_video_that_was_sent_for_another_project(self, api: Api, stranger: dict[str, str]) -> None:
        data = write_video(api.folder / "sent.mp4", numbered(30, first=400)).read_bytes()
        form = {"data": {"file": (io.BytesIO(data), "sent.mp4")}, "content_type": "multipart/form-data"}
        sent = api.send("POST", "/videos", 201, headers=header(api, Role.EDITOR, "p"), **form)
        for name in ("sent.mp4", sent["locator"], api.video().locator):
            answer = api.client.get("/track", query_string={"video": name, "project": "q"}, headers=stranger)
            assert answer.status_code in (404, 422), (name, answer.text)
            for path in ("/get_locator", "/get_metadata"):
                answer = api.client.get(path, query_string={"video": name}, headers=stranger)
                assert answer.status_code in (403, 404, 422), (path, name, answer.text)
        assert api.get("/jobs", headers=stranger)["items"] == []

    def test_those_of_the_project_name_it(self, api: Api) -> None:
        locator, viewer = api.video().locator, header(api, Role.VIEWER, "p")
        answer = api.client.get("/track", query_string={"video": locator, "project": "p"}, headers=viewer)
        assert (answer.status_code, answer.json["project"]) == (200, "p")  # type: ignore[index]
        assert api.client.get("/get_metadata", query_string={"video": locator}, headers=viewer).status_code == 200

    def test_a_cookie_starts_nothing_without_proof(self, api: Api) -> None:
        editor = header(api, Role.EDITOR, "p")
        api.client.post("/api/v1/session", headers=editor)
        film = {"video": "https://archive.example/film.mp4", "project": "p"}
        assert api.client.get("/track", query_string=film).status_code == 403
        assert api.client.get("/train/p").status_code == 403
        assert api.get("/jobs")["items"] == []
        answer = api.client.get("/track", query_string=film, headers={"Sec-Fetch-Site": "same-origin"})
        assert (answer.status_code, answer.json["status"]) == (200, "RUNNING")  # type: ignore[index]
