"""What each role may ask of these routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from src import jobs
from src.access import add_token
from src.access.audit import events
from src.records import (
    Job,
    JobStatus,
    Project,
    Role,
)
from src.storage import Query
from tests.api.conftest import Api

from .asking import ANNA, FIRST, end, only_job, refused, set_server


class TestRoles:
    @pytest.fixture
    def headers(self, api: Api) -> Callable[[Role, str], dict[str, str]]:
        api.workspace.store.put(Project("q", "fake"))
        set_server(api.workspace, wait_s=0.0)

        def made(role: Role, project: str) -> dict[str, str]:
            text, _ = add_token(api.workspace.store, f"{role} of {project}", role, project)
            return {"Authorization": f"Bearer {text}"}

        return made

    def test_without_a_token(self, api: Api, headers: Any) -> None:
        headers(Role.ADMIN, "")
        for path in ("/projects", "/track?video=x&project=p", "/training-set?project=p", "/disabled/p", "/get_locator?video=x"):
            refused(api, 401, path)

    def test_a_viewer_reads(self, api: Api, headers: Any) -> None:
        sent, locator = {"headers": headers(Role.VIEWER, "p")}, api.video().locator
        found = api.client.get("/track", query_string={"video": locator, "project": "p"}, **sent)
        assert (found.status_code, found.json["status"]) == (200, "COMPLETE")  # type: ignore[index]
        assert api.client.get("/projects", **sent).json == ["p"]
        for path in ("/training-set?project=p", "/disabled/p", f"/{FIRST}", f"/appearance/{ANNA}?project=p"):
            assert api.client.get(path, **sent).status_code == 200, path
        for route in ("/get_locator", "/get_metadata"):
            assert api.client.get(route, query_string={"video": locator}, **sent).status_code == 200
        for path in ("/crawler?q=A&project=p", "/train/p"):
            refused(api, 403, path, **sent)
        refused(api, 403, "/disabled/p", "POST", json=[], **sent)
        refused(api, 403, "/track", query_string={"video": locator, "project": "p", "no_cache": ""}, **sent)
        refused(api, 403, "/track", query_string={"video": "https://films.example/a.mp4", "project": "p"}, **sent)
        assert jobs.find(api.workspace) == []

    def test_a_viewer_sees_what_an_editor_started(self, api: Api, headers: Any) -> None:
        asked = {"video": "https://films.example/a.mp4", "project": "p"}
        started = api.client.get("/track", query_string=asked, headers=headers(Role.EDITOR, "p"))
        assert started.json["status"] == "RUNNING"  # type: ignore[index]
        assert only_job(api).submitted_by.startswith("editor of p")
        noted = [event for event in events(api.workspace.store) if event.target == "GET /track analyse"]
        assert [(event.project, event.who.split(" (")[0]) for event in noted] == [("p", "editor of p")]
        viewer = headers(Role.VIEWER, "p")
        assert api.client.get("/track", query_string=asked, headers=viewer).json["status"] == "RUNNING"  # type: ignore[index]
        end(api, only_job(api), JobStatus.FAILED, error="gone", ended_at="2020-01-01T00:00:00+00:00")
        assert api.client.get("/track", query_string=asked, headers=viewer).json["status"] == "ERROR"  # type: ignore[index]

    def test_another_project_stays_closed(self, api: Api, headers: Any) -> None:
        sent, locator = {"headers": headers(Role.EDITOR, "q")}, api.video().locator
        for path in ("/training-set?project=p", "/training-set", "/disabled/p", f"/{FIRST}", f"/appearance/{ANNA}?project=p"):
            refused(api, 403, path, **sent)
        for path in ("/crawler?q=A&project=p", "/crawler?q=A", "/train/p", "/crawler?q=A&project=q&project=p"):
            refused(api, 422 if path.endswith("q&project=p") else 403, path, **sent)
        refused(api, 403, "/track", query_string={"video": locator, "project": "p"}, **sent)
        refused(api, 403, "/disabled/p", "POST", json=[], **sent)
        for route in ("/get_locator", "/get_metadata"):
            refused(api, 422, route, query_string={"video": locator}, **sent)  # as any path elsewhere
            refused(api, 403, route, query_string={"video": "https://films.example/a.mp4"}, **sent)
        assert jobs.find(api.workspace) == []

    def test_pages_elsewhere_start_nothing(self, api: Api) -> None:
        for path in ("/crawler?q=A&project=p", "/train/p", "/track?video=https://films.example/a.mp4&project=p"):
            for sent in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
                refused(api, 403, path, headers=sent)
        assert jobs.find(api.workspace) == []


def test_they_are_not_in_the_description(api: Api) -> None:
    described = api.client.get("/openapi.json").json
    assert described is not None
    assert all(path.startswith("/api/v1/") for path in described["paths"])


def test_no_page_of_jobs_is_scanned(api: Api) -> None:
    """The job of a video is found by its name, however many jobs there are."""
    params = {"video": "x", "video_speedup": 25}
    job = jobs.submit(api.workspace, "analyse", "p", params)
    assert jobs.latest(api.workspace, "analyse", "p", params) == job
    assert jobs.latest(api.workspace, "analyse", "p", params | {"no_cache": True}) is None
    end(api, job, JobStatus.DONE)
    found = jobs.latest(api.workspace, "analyse", "p", params)
    assert found is not None
    assert found.status is JobStatus.DONE
    assert api.workspace.store.select(Job, Query({"project": "p"}), 5).items == (found,)
