"""Long work over HTTP: submitted, joined, watched, cancelled, retried."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from src.api import create_app
from src.jobs.leases import Leases, finish
from src.workspace import open_workspace
from tests.api.conftest import Api

PATH = "/projects/p/jobs"


def submit(api: Api, **what: Any) -> Any:
    return api.send("POST", PATH, 202, json=what)


def test_submitted_work_is_accepted_shown_and_listed(api: Api) -> None:
    answer = api.client.post(f"/api/v1{PATH}", json={"kind": "train", "params": {"classifier": "KNN"}})
    assert answer.status_code == 202
    job = answer.json
    assert job is not None
    assert (job["kind"], job["status"], job["params"]) == ("train", "queued", {"classifier": "KNN"})
    assert api.client.get(answer.headers["Location"]).json == job
    other = submit(api, kind="identify")
    assert [item["job_id"] for item in api.get("/jobs?project=p")["items"]] == [other["job_id"], job["job_id"]]
    assert [item["kind"] for item in api.get("/jobs?status=queued&kind=train")["items"]] == ["train"]
    assert api.get("/jobs?status=done")["items"] == []
    events = api.get(f"/jobs/{job['job_id']}/events")
    assert [event["number"] for event in events["items"]] == [1]
    assert api.get(f"/jobs/{job['job_id']}/events?after={events['last']}") == {"items": [], "last": 1}


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("crawl", {"keywords": ["Ben Bo"]}),
        ("align", {}),
        ("train", {}),
        ("analyse", {"video": "https://example.org/a.mp4"}),
        ("identify", {}),
        ("cluster", {}),
        ("export", {"video": "https://example.org/a.mp4", "format": "mot"}),
        ("erase", {"person": "Ben Bo"}),
    ],
)
def test_each_kind_is_accepted_and_lasts(api: Api, kind: str, params: Any) -> None:
    answer = api.client.post(f"/api/v1{PATH}", json={"kind": kind, "params": params})
    assert (answer.status_code, answer.mimetype) == (202, "application/json")
    assert answer.json is not None
    assert (answer.json["kind"], answer.json["params"], answer.json["status"]) == (kind, params, "queued")
    # It lies in the store, not in the server: another one finds it.
    with open_workspace(api.workspace.settings) as again:
        found = create_app(again).test_client().get(answer.headers["Location"])
        assert found.json == answer.json


def test_a_failed_job_says_why_and_is_done_once_more(api: Api) -> None:
    job = submit(api, kind="train")
    claimed = Leases(api.workspace.store, "w", 30.0, 3).claim()
    assert claimed is not None
    why = "Ann Ash has no pictures. Run: crawl"
    finish(api.workspace.store, claimed, {}, why, "GalleryError")
    failed = api.get(f"/jobs/{job['job_id']}")
    assert (failed["status"], failed["error"], failed["code"]) == ("failed", why, "GalleryError")
    assert api.get(f"/jobs/{job['job_id']}/events")["items"][-1]["message"] == failed["error"]
    again = api.send("POST", f"/jobs/{job['job_id']}/retry", 202)
    assert (again["job_id"], again["status"], again["error"], again["code"]) == (job["job_id"], "queued", "", "")


def test_who_is_told_the_end_and_how_far_that_came(api: Api) -> None:
    worker = api.workspace.settings.worker.model_copy(update={"webhook_secret": SecretStr("s")})
    api.workspace.settings = api.workspace.settings.model_copy(update={"worker": worker})
    job = submit(api, kind="train", webhook="https://example.org/told?by=1")
    assert api.get(f"/jobs/{job['job_id']}/webhooks") == {
        "items": [{"url": "https://example.org/told?by=1", "state": "waiting", "attempts": 0, "error": ""}]
    }
    api.refused("GET", "/jobs/none/webhooks", 404, "not_found")


def test_same_work_joins_and_a_key_makes_that_last(api: Api) -> None:
    first = submit(api, kind="train")
    assert submit(api, kind="train")["job_id"] == first["job_id"]
    keyed = {"headers": {"Idempotency-Key": "k1"}}
    again = api.send("POST", PATH, 202, json={"kind": "align"}, **keyed)
    api.send("POST", f"/jobs/{again['job_id']}/cancel", 202)
    assert api.send("POST", PATH, 202, json={"kind": "align"}, **keyed)["job_id"] == again["job_id"]
    api.refused("POST", PATH, 409, "idempotency_conflict", json={"kind": "clean"}, **keyed)


def test_cancel_and_retry(api: Api) -> None:
    path = f"/jobs/{submit(api, kind='train')['job_id']}"
    assert api.send("POST", f"{path}/cancel", 202)["status"] == "cancelled"
    api.refused("POST", f"{path}/cancel", 409, "not_cancellable")
    assert api.send("POST", f"{path}/retry", 202)["status"] == "queued"
    api.refused("POST", f"{path}/retry", 409, "not_retryable")


def test_video_by_its_id_and_no_path_of_the_server(api: Api) -> None:
    video = api.video()
    job = submit(api, kind="track", params={"video_id": video.video_id, "video_speedup": 10})
    assert job["params"] == {"video": video.locator, "video_speedup": 10}
    assert submit(api, kind="track", params={"video": "https://example.org/a.mp4"})["params"]["video"].startswith("https")
    for path in ("/etc/passwd", "../x.mp4", "file:///etc/passwd"):
        api.refused("POST", PATH, 422, "forbidden_path", json={"kind": "track", "params": {"video": path}})
    for wrong in ({"video_id": "none"}, {"video_id": {"$gt": ""}}):
        api.refused("POST", PATH, 422, "invalid", json={"kind": "track", "params": wrong})


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"kind": "dance"}, "unknown_kind"),
        ({"kind": "train", "params": {"classifier": "none"}}, "bad_params"),
        ({"kind": "train", "params": {"more": 1}}, "bad_params"),
        ({"kind": "train", "webhook": "file:///etc/passwd"}, "bad_webhook"),
        ({"kind": "train", "params": []}, "invalid"),
        ({"kind": 1}, "invalid"),
    ],
)
def test_what_cannot_be_done(api: Api, what: Any, code: str) -> None:
    api.refused("POST", PATH, 422, code, json=what)


def test_jobs_and_projects_that_do_not_exist(api: Api) -> None:
    for method, path in (("GET", "/jobs/none"), ("GET", "/jobs/none/events"), ("POST", "/jobs/none/cancel")):
        api.refused(method, path, 404, "not_found")
    api.refused("POST", "/projects/none/jobs", 404, "not_found", json={"kind": "train"})
