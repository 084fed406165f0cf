"""What clients of the queue see: joining, keys, finding, cancelling, retrying."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from src import jobs
from src.errors import InvalidNameError, JobError
from src.jobs.queue import change
from src.records import Job, JobDelivery, JobName, JobStatus
from src.workspace import Workspace, open_workspace


def set_status(workspace: Workspace, job: Job, status: JobStatus) -> Job:
    return change(workspace.store, job.job_id, lambda found: replace(found, status=status))


def signing(workspace: Workspace) -> None:
    """Give the workspace a secret, without which there are no webhooks."""
    worker = workspace.settings.worker.model_copy(update={"webhook_secret": SecretStr("s")})
    workspace.settings = workspace.settings.model_copy(update={"worker": worker})


class TestSubmit:
    def test_queued_with_what_was_given(self, workspace: Workspace) -> None:
        job = jobs.submit(workspace, "track", "My Project", {"video": "a.mp4", "video_speedup": 5}, submitted_by="ann")
        assert job == jobs.get(workspace, job.job_id)
        assert (job.kind, job.project, job.status, job.submitted_by) == ("track", "My_Project", JobStatus.QUEUED, "ann")
        assert job.params == {"video": "a.mp4", "video_speedup": 5}
        assert [(event.number, event.what, event.message) for event in jobs.events(workspace.store, job.job_id)] == [
            (1, "status", "queued")
        ]

    @pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING])
    def test_the_same_joins_a_live_job(self, workspace: Workspace, status: JobStatus) -> None:
        job = jobs.submit(workspace, "track", "p", {"video": "a.mp4"})
        set_status(workspace, job, status)
        # A parameter that has its default is the same as one that was not given.
        again = jobs.submit(workspace, "track", "p", {"video": "a.mp4", "no_cache": False})
        assert again.job_id == job.job_id
        assert workspace.store.count(Job) == 1

    @pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
    def test_the_same_begins_anew_after_the_end(self, workspace: Workspace, status: JobStatus) -> None:
        job = jobs.submit(workspace, "identify", "p")
        set_status(workspace, job, status)
        assert jobs.submit(workspace, "identify", "p").job_id != job.job_id

    def test_others_do_not_join(self, workspace: Workspace) -> None:
        asked = [("track", "p", "a"), ("track", "p", "b"), ("track", "q", "a"), ("analyse", "p", "a")]
        assert len({jobs.submit(workspace, kind, project, {"video": video}).job_id for kind, project, video in asked}) == 4

    def test_what_a_dead_client_left_half_done_is_done_for_it(self, workspace: Workspace) -> None:
        job = jobs.submit(workspace, "identify", "p")
        # It took the name and died before it wrote the job.
        workspace.store.delete(Job, job_id=job.job_id)
        assert jobs.submit(workspace, "identify", "p").job_id == job.job_id
        assert jobs.get(workspace, job.job_id).status is JobStatus.QUEUED

    def test_many_at_once_are_one_job(self, workspace: Workspace) -> None:
        found: list[str] = []

        def ask(number: int) -> None:
            with open_workspace(workspace.settings) as own:
                for _ in range(5):
                    found.append(jobs.submit(own, "identify", "p", idempotency_key=str(number)).job_id)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 30
        assert len(set(found)) == 1
        assert workspace.store.count(Job) == 1

    @pytest.mark.parametrize(
        ("kind", "params", "code", "message"),
        [
            ("dance", {}, "unknown_kind", 'no kind of job "dance". Choose one of: crawl'),
            ("track", {}, "bad_params", "track: video: Field required"),
            ("track", {"video": "a", "speed": 1}, "bad_params", "there is no parameter speed"),
            ("track", {"video": "a", "video_speedup": 0}, "bad_params", "video_speedup: Input should be greater"),
            ("track", {"video": "a", "video_speedup": 2, "sample_period_s": 1}, "bad_params", "not both"),
            ("track", {"video": {"$gt": ""}}, "bad_params", "video: Input should be a valid string"),
            ("crawl", {"keywords": ["A"], "folder": "/etc"}, "bad_params", "there is no parameter folder"),
            ("export", {"video": "a"}, "bad_params", "give one of format, clips, burn_in and redact"),
            ("export", {"video": "a", "format": "mot", "clips": True}, "bad_params", "give one of format"),
            ("export", {"format": "csv", "interval": [1, 2]}, "bad_params", "interval goes with a video"),
            ("export", {"video": "a", "burn_in": True, "interval": [1, 2]}, "bad_params", "interval goes with a video"),
            ("export", {"video": "a", "clips": True, "interval": [2, 2]}, "bad_params", "the interval is empty"),
            ("export", {"video": "a", "clips": True, "interval": [-1, 2]}, "bad_params", "interval"),
            (
                "crawl",
                {"keywords": ["A"], "addresses": [{"name": "A", "url": "file:///etc/x"}]},
                "bad_params",
                "addresses.0.url",
            ),
            ("export", {"video": "a", "format": "mot", "output": "/x"}, "bad_params", "there is no parameter output"),
        ],
    )
    def test_bad_input(self, workspace: Workspace, kind: str, params: dict[str, Any], code: str, message: str) -> None:
        with pytest.raises(JobError, match=message) as caught:
            jobs.submit(workspace, kind, "p", params)
        assert caught.value.code == code
        assert workspace.store.count(Job) == 0

    def test_bad_project(self, workspace: Workspace) -> None:
        with pytest.raises(InvalidNameError):
            jobs.submit(workspace, "identify", "../p")


class TestIdempotencyKey:
    def test_the_same_job_also_after_its_end(self, workspace: Workspace) -> None:
        job = jobs.submit(workspace, "identify", "p", idempotency_key="k")
        set_status(workspace, job, JobStatus.DONE)
        assert jobs.submit(workspace, "identify", "p", idempotency_key="k").job_id == job.job_id
        assert workspace.store.count(Job) == 1

    def test_other_work_is_refused(self, workspace: Workspace) -> None:
        jobs.submit(workspace, "identify", "p", idempotency_key="k")
        with pytest.raises(JobError, match="used for another job") as caught:
            jobs.submit(workspace, "identify", "q", idempotency_key="k")
        assert caught.value.code == "idempotency_conflict"

    def test_another_key_joins_a_live_job_and_keeps_it(self, workspace: Workspace) -> None:
        job = jobs.submit(workspace, "identify", "p", idempotency_key="k")
        assert jobs.submit(workspace, "identify", "p", idempotency_key="other").job_id == job.job_id
        set_status(workspace, job, JobStatus.DONE)
        assert jobs.submit(workspace, "identify", "p", idempotency_key="other").job_id == job.job_id

    def test_two_clients_may_use_one_key(self, workspace: Workspace) -> None:
        one = jobs.submit(workspace, "identify", "p", idempotency_key="1", submitted_by="ann")
        assert jobs.submit(workspace, "identify", "q", idempotency_key="1", submitted_by="ben").job_id != one.job_id

    def test_a_client_that_died_after_taking_the_key(self, workspace: Workspace) -> None:
        job = jobs.submit(workspace, "identify", "p", idempotency_key="k")
        workspace.store.delete(Job, job_id=job.job_id)
        workspace.store.delete(JobName, name=f"work:{job.work}")
        assert jobs.submit(workspace, "identify", "p", idempotency_key="k").job_id == job.job_id

    @pytest.mark.parametrize("key", ["", "x" * 201, "a\nb"])
    def test_unusable_keys(self, workspace: Workspace, key: str) -> None:
        with pytest.raises(JobError, match="printable"):
            jobs.submit(workspace, "identify", "p", idempotency_key=key)


class TestFind:
    @pytest.fixture
    def many(self, workspace: Workspace) -> list[str]:
        """Ids of twelve jobs, the newest first: every other in project b, every third is done."""
        found = []
        for number in range(12):
            job = jobs.submit(workspace, "track", "ab"[number % 2], {"video": str(number)})
            if number % 3 == 0:
                set_status(workspace, job, JobStatus.DONE)
            found.append(job.job_id)
        return found[::-1]

    def test_newest_first_and_paged(self, workspace: Workspace, many: list[str]) -> None:
        first = jobs.find(workspace, limit=5)
        rest = jobs.find(workspace, limit=50, after=first[-1].job_id)
        assert [job.job_id for job in (*first, *rest)] == many

    def test_filters(self, workspace: Workspace, many: list[str]) -> None:
        assert [job.job_id for job in jobs.find(workspace, project="b")] == many[::2]
        assert [job.job_id for job in jobs.find(workspace, status=JobStatus.DONE)] == many[2::3]
        both = jobs.find(workspace, project="b", status=JobStatus.DONE)
        assert [job.job_id for job in both] == [many[2], many[8]]
        assert jobs.find(workspace, kind="train") == []
        assert len(jobs.find(workspace, kind="track", limit=7)) == 7

    def test_counts(self, workspace: Workspace, many: list[str]) -> None:
        counts = jobs.counts(workspace)
        assert counts[JobStatus.DONE] == 4
        assert counts[JobStatus.QUEUED] == 8
        assert counts[JobStatus.FAILED] == 0

    def test_not_found_says_why(self, workspace: Workspace) -> None:
        for call in (jobs.get, jobs.cancel, jobs.retry):
            with pytest.raises(JobError, match="kept for 30 days") as caught:
                call(workspace, "x")
            assert caught.value.code == "not_found"


class TestCancel:
    def test_a_queued_job_ends_at_once(self, workspace: Workspace) -> None:
        job = jobs.cancel(workspace, jobs.submit(workspace, "identify", "p").job_id)
        assert job.status is JobStatus.CANCELLED
        assert job.ended_at
        assert jobs.submit(workspace, "identify", "p").job_id != job.job_id

    def test_a_running_job_is_asked_to(self, workspace: Workspace) -> None:
        job = set_status(workspace, jobs.submit(workspace, "identify", "p"), JobStatus.RUNNING)
        asked = jobs.cancel(workspace, job.job_id)
        assert (asked.status, asked.cancel_requested) == (JobStatus.RUNNING, True)

    def test_what_has_ended_is_not_cancelled(self, workspace: Workspace) -> None:
        job = set_status(workspace, jobs.submit(workspace, "identify", "p"), JobStatus.DONE)
        with pytest.raises(JobError, match=r"has ended \(done\)") as caught:
            jobs.cancel(workspace, job.job_id)
        assert caught.value.code == "not_cancellable"


class TestRetry:
    @pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
    def test_begins_with_a_clean_slate(self, workspace: Workspace, status: JobStatus) -> None:
        job = jobs.submit(workspace, "identify", "p", submitted_by="ann")
        ended = replace(
            job, status=status, error="why", code="X", attempts=3, progress=0.5, cancel_requested=True, ended_at="x"
        )
        change(workspace.store, job.job_id, lambda _: ended)
        again = jobs.retry(workspace, job.job_id)
        assert replace(again, revision=0) == job
        assert again == jobs.get(workspace, job.job_id)
        assert jobs.submit(workspace, "identify", "p").job_id == job.job_id

    @pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE])
    def test_others_are_not_retried(self, workspace: Workspace, status: JobStatus) -> None:
        job = set_status(workspace, jobs.submit(workspace, "identify", "p"), status)
        with pytest.raises(JobError, match=f"is {status}") as caught:
            jobs.retry(workspace, job.job_id)
        assert caught.value.code == "not_retryable"

    def test_joins_the_same_work_that_is_live(self, workspace: Workspace) -> None:
        failed = set_status(workspace, jobs.submit(workspace, "identify", "p"), JobStatus.FAILED)
        live = jobs.submit(workspace, "identify", "p")
        assert jobs.retry(workspace, failed.job_id).job_id == live.job_id
        assert jobs.get(workspace, failed.job_id).status is JobStatus.FAILED

    def test_tells_its_end_anew(self, workspace: Workspace) -> None:
        signing(workspace)
        job = jobs.submit(workspace, "identify", "p", webhook="http://x/")
        (known,) = jobs.deliveries(workspace, job.job_id)
        workspace.store.put(replace(known, state="delivered", attempts=2))
        set_status(workspace, job, JobStatus.FAILED)
        jobs.retry(workspace, job.job_id)
        assert jobs.deliveries(workspace, job.job_id) == [known]


class TestWebhook:
    def test_everybody_who_joins_is_told_once(self, workspace: Workspace) -> None:
        signing(workspace)
        urls = ["https://a.example/x?y=1", "http://b.example:8080/", "https://a.example/x?y=1"]
        for url in urls:
            job = jobs.submit(workspace, "identify", "p", webhook=url)
        assert {known.url for known in jobs.deliveries(workspace, job.job_id)} == set(urls)

    def test_not_without_a_secret(self, workspace: Workspace) -> None:
        with pytest.raises(JobError, match="FACEREC_WORKER__WEBHOOK_SECRET") as caught:
            jobs.submit(workspace, "identify", "p", webhook="https://a.example/")
        assert caught.value.code == "bad_webhook"
        assert workspace.store.count(Job) == 0

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "x",
            "ftp://a/",
            "file:///etc/passwd",
            "http://",
            "https://me:pw@a/",
            "http://[::1",
            "http://a/\r\nX: y",
            "http://a/" + "x" * 2000,
        ],
    )
    def test_bad_addresses(self, workspace: Workspace, url: str) -> None:
        signing(workspace)
        with pytest.raises(JobError, match="no address that can be called"):
            jobs.submit(workspace, "identify", "p", webhook=url)

    def test_not_too_many(self, workspace: Workspace) -> None:
        signing(workspace)
        for number in range(10):
            job = jobs.submit(workspace, "identify", "p", webhook=f"https://a.example/{number}")
        with pytest.raises(JobError, match="has 10 webhooks"):
            jobs.submit(workspace, "identify", "p", webhook="https://a.example/more")
        assert workspace.store.count(JobDelivery, job_id=job.job_id) == 10


class TestEvents:
    def test_numbers_go_on_after_what_is_known(self, workspace: Workspace) -> None:
        from src.jobs.events import LOG, tell

        job = jobs.submit(workspace, "identify", "p")
        for number in range(2, 8):
            tell(workspace.store, job, LOG, f"line {number}")
        assert [event.number for event in jobs.events(workspace.store, job.job_id)] == list(range(1, 8))
        assert [event.message for event in jobs.events(workspace.store, job.job_id, after=5)] == ["line 6", "line 7"]
        assert jobs.events(workspace.store, job.job_id, after=7) == []
        assert [event.number for event in jobs.events(workspace.store, job.job_id, after=2, limit=2)] == [3, 4]

    def test_writers_at_once_leave_no_gap(self, workspace: Workspace) -> None:
        from src.jobs.events import LOG, tell

        job = jobs.submit(workspace, "identify", "p")

        def write() -> None:
            with open_workspace(workspace.settings) as own:
                for _ in range(20):
                    tell(own.store, job, LOG, "x")

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [event.number for event in jobs.events(workspace.store, job.job_id)] == list(range(1, 82))

    def test_long_messages_are_cut(self, workspace: Workspace) -> None:
        from src.jobs.events import LOG, tell

        event = tell(workspace.store, jobs.submit(workspace, "identify", "p"), LOG, "x" * 5000)
        assert len(event.message) == 2000
        assert event.message.endswith("…")

    @pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
    def test_an_end_that_nobody_could_write_down_is_told(self, workspace: Workspace, status: JobStatus) -> None:
        job = jobs.submit(workspace, "identify", "p")
        change(workspace.store, job.job_id, lambda found: replace(found, status=status, error="why"))
        for _ in range(2):
            assert [event.status for event in jobs.events(workspace.store, job.job_id)] == [JobStatus.QUEUED, status]
        if status is not JobStatus.DONE:
            jobs.retry(workspace, job.job_id)
            set_status(workspace, job, status)
            found = [event.status for event in jobs.events(workspace.store, job.job_id)]
            assert found == [JobStatus.QUEUED, status, JobStatus.QUEUED, status]

    def test_the_end_is_told_once_by_many(self, workspace: Workspace) -> None:
        job = set_status(workspace, jobs.submit(workspace, "identify", "p"), JobStatus.DONE)

        def read() -> None:
            with open_workspace(workspace.settings) as own:
                jobs.events(own.store, job.job_id)

        threads = [threading.Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [event.message for event in jobs.events(workspace.store, job.job_id)] == ["queued", "done"]
