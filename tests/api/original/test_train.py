"""`/train`: a classifier is made."""

from __future__ import annotations

import threading
import time

from src import jobs
from src.api.original.waiting import _Seats
from src.records import (
    JobStatus,
    Project,
)
from tests.api.conftest import Api
from tests.servers.web import LocalWeb

from .asking import FIRST, disable, end, get, only_job, refused, set_server


class TestTrain:
    def test_it_is_trained(self, api: Api, working: LocalWeb) -> None:
        disable(api, [FIRST])
        answer = get(api, "/train/p")
        assert set(answer) == {"task", "time", "execution_time", "status"}
        assert (answer["task"], answer["status"]) == ("train", "ok")
        assert isinstance(answer["execution_time"], float)
        assert (only_job(api).kind, only_job(api).status) == ("train", JobStatus.DONE)

    def test_two_at_once_share_a_job(self, api: Api, working: LocalWeb) -> None:
        answers: list[int] = []

        def ask() -> None:
            answers.append(api.app.test_client().get("/train/p").status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 3
        only_job(api)

    def test_a_job_that_takes_longer_goes_on(self, api: Api) -> None:
        set_server(api.workspace, wait_s=0.3)
        answer = api.client.get("/train/p")
        assert (answer.status_code, answer.headers["Retry-After"]) == (504, "15")
        assert answer.json is not None
        assert set(answer.json) == {"status", "error", "time", "job_id"}
        assert answer.json["status"] == "error"
        assert only_job(api).job_id == answer.json["job_id"]
        assert only_job(api).status is JobStatus.QUEUED
        assert f"goes on as job {answer.json['job_id']}" in answer.json["error"]

    def test_only_so_many_requests_wait(self, api: Api) -> None:
        api.app.extensions["facerec.original"] = seats = _Seats(1)
        with seats.taken() as has_seat:
            assert has_seat
            assert "goes on" in refused(api, 504, "/train/p")
        set_server(api.workspace, wait_s=0.1)
        refused(api, 504, "/train/p")
        with seats.taken() as has_seat:
            assert has_seat

    def test_a_server_that_ends_keeps_nobody_waiting(self, api: Api) -> None:
        from src.api.ops import lifecycle_of

        lifecycle_of(api.app).stopping.set()
        refused(api, 504, "/train/p")

    def test_failures_are_told(self, api: Api, working: LocalWeb) -> None:
        api.workspace.store.put(Project("empty", "fake"))
        assert refused(api, 422, "/train/empty") == only_job(api).error

    def test_what_failures_are(self, api: Api) -> None:
        def fail(code: str) -> None:
            while not (live := jobs.find(api.workspace, status=JobStatus.QUEUED)):
                time.sleep(0.01)
            end(api, live[0], JobStatus.FAILED, error="It broke.", code=code)

        kinds = {"GalleryError": 422, "FetchError": 502, "EngineError": 503, "unexpected": 500, "MemoryError": 500}
        for code, status in kinds.items():
            thread = threading.Thread(target=fail, args=(code,))
            thread.start()
            assert refused(api, status, "/train/p") == "It broke."
            thread.join()

    def test_a_cancelled_job(self, api: Api) -> None:
        def cancel() -> None:
            while not jobs.find(api.workspace):
                time.sleep(0.01)
            jobs.cancel(api.workspace, only_job(api).job_id)

        thread = threading.Thread(target=cancel)
        thread.start()
        assert "cancelled" in refused(api, 409, "/train/p")
        thread.join()

    def test_unknown_project(self, api: Api) -> None:
        assert "none" in refused(api, 404, "/train/none")
        assert jobs.find(api.workspace) == []
