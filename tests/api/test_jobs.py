"""Long work over HTTP: submitted, joined, watched, cancelled, retried."""

from __future__ import annotations

from typing import Any

import pytest

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
