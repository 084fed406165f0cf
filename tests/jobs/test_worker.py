"""Workers with real processes: jobs that end well, fail, crash, are cancelled and handed back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from src import jobs
from src.jobs import Worker
from src.jobs.worker import CANCEL_S
from src.records import Job, JobStatus
from src.settings import WorkerSettings
from src.workspace import Workspace
from tests.jobs.conftest import Clock, do, lines, step_until

MakeWorker = Callable[..., Worker]


def messages(workspace: Workspace, job: Job, what: str = "status") -> list[str]:
    return [event.message for event in jobs.events(workspace.store, job.job_id) if event.what == what]


def begun(workspace: Workspace) -> Callable[[], bool]:
    return lambda: any(" begins " in line for line in lines(workspace))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pid_of(workspace: Workspace) -> int:
    return int(lines(workspace)[0].split()[-1])


class TestEnds:
    def test_done_with_result_progress_and_log(self, workspace: Workspace, worker: Worker) -> None:
        job = do(workspace, worker, jobs.submit(workspace, "mark", "p", {"text": "ü"}, submitted_by="ann"))
        assert job.status is JobStatus.DONE
        assert (job.progress, job.attempts, job.owner, job.error) == (1.0, 1, "", "")
        assert job.result == {"text": "ü", "by": "ann"}
        assert job.started_at
        assert job.ended_at
        assert lines(workspace) == ["ü"]
        assert messages(workspace, job) == ["queued", "begins, attempt 1", "done"]
        assert messages(workspace, job, "log") == ["half-way"]
        assert "Marking: 2 of 2 marks" in messages(workspace, job, "progress")
        numbers = [event.number for event in jobs.events(workspace.store, job.job_id)]
        assert numbers == list(range(1, len(numbers) + 1))

    def test_a_failure_says_why_and_can_be_retried(self, workspace: Workspace, worker: Worker) -> None:
        job = do(workspace, worker, jobs.submit(workspace, "fail", "p"))
        assert (job.status, job.code) == (JobStatus.FAILED, "GalleryError")
        assert job.error == 'Project "p" has no model. Run: train --project p'
        assert messages(workspace, job)[-1] == job.error
        assert do(workspace, worker, jobs.retry(workspace, job.job_id)).attempts == 1

    def test_a_surprise_shows_no_traceback(self, workspace: Workspace, worker: Worker) -> None:
        job = do(workspace, worker, jobs.submit(workspace, "surprise", "p"))
        assert (job.status, job.code) == (JobStatus.FAILED, "unexpected")
        assert "ZeroDivisionError: division by zero" in job.error
        assert "Traceback" not in job.error + "".join(messages(workspace, job))

    def test_a_real_kind_without_its_project(self, workspace: Workspace, worker: Worker) -> None:
        job = do(workspace, worker, jobs.submit(workspace, "identify", "nobody"))
        assert (job.status, job.code) == (JobStatus.FAILED, "ConfigError")
        assert 'There is no project "nobody"' in job.error

    def test_several_at_a_time(self, workspace: Workspace, make_worker: MakeWorker) -> None:
        worker = make_worker(slots=2)
        for text in ("a", "b", "c"):
            jobs.submit(workspace, "sleep", "p", {"text": text})
        step_until(worker, lambda: len(lines(workspace)) == 2)
        worker.step()
        assert {line[0] for line in lines(workspace)} == {"a", "b"}
        assert jobs.counts(workspace)[JobStatus.QUEUED] == 1

    def test_jobs_of_a_kind_that_nobody_here_knows_wait(self, workspace: Workspace, worker: Worker) -> None:
        workspace.store.put(Job("0", "from the future", "p", {}))
        do(workspace, worker, jobs.submit(workspace, "mark", "p"))
        assert jobs.get(workspace, "0").status is JobStatus.QUEUED


class TestCrashes:
    def test_a_crash_is_tried_again_after_a_pause(self, workspace: Workspace, worker: Worker, clock: Clock) -> None:
        job = jobs.submit(workspace, "crash", "p", {"times": 1})
        step_until(worker, lambda: not worker.busy and "try" in lines(workspace))
        waiting = jobs.get(workspace, job.job_id)
        assert (waiting.status, waiting.attempts, waiting.owner) == (JobStatus.QUEUED, 1, "")
        assert waiting.not_before > clock.now
        worker.step()
        assert not worker.busy
        clock.now = waiting.not_before
        after = do(workspace, worker, job)
        assert (after.status, after.attempts) == (JobStatus.DONE, 2)
        assert messages(workspace, job)[2] == "its process was ended by SIGABRT; queued again"

    def test_poison_stops(self, workspace: Workspace, worker: Worker, clock: Clock) -> None:
        job = jobs.submit(workspace, "crash", "p", {"times": 99, "by": int(signal.SIGSEGV)})
        for attempt in (1, 2, 3):
            clock.now += 60
            step_until(worker, lambda attempt=attempt: not worker.busy and len(lines(workspace)) == attempt)  # type: ignore[misc]
        after = jobs.get(workspace, job.job_id)
        assert (after.status, after.code) == (JobStatus.FAILED, "crashed")
        assert after.error.startswith(
            "Begun 3 times, and each time it ended without a result, the last time because its process"
        )
        assert "SIGSEGV" in after.error
        clock.now += 600
        worker.step()
        assert not worker.busy

    def test_others_are_not_touched(self, workspace: Workspace, make_worker: MakeWorker) -> None:
        worker = make_worker(slots=2, max_attempts=1)
        crash = jobs.submit(workspace, "crash", "p", {"times": 99})
        mark = jobs.submit(workspace, "mark", "p")
        assert do(workspace, worker, mark).status is JobStatus.DONE
        assert do(workspace, worker, crash).status is JobStatus.FAILED


class TestCancel:
    def test_in_good_order(self, workspace: Workspace, worker: Worker) -> None:
        job = jobs.submit(workspace, "sleep", "p")
        step_until(worker, begun(workspace))
        jobs.cancel(workspace, job.job_id)
        after = do(workspace, worker, job)
        assert after.status is JobStatus.CANCELLED
        assert lines(workspace)[1:] == ["x stops in good order"]
        assert messages(workspace, job)[-1] == "cancelled"
        assert not is_alive(pid_of(workspace))

    def test_native_code_that_does_not_listen(self, workspace: Workspace, worker: Worker) -> None:
        job = jobs.submit(workspace, "deaf", "p")
        step_until(worker, begun(workspace))
        jobs.cancel(workspace, job.job_id)
        assert do(workspace, worker, job).status is JobStatus.CANCELLED
        assert not is_alive(pid_of(workspace))

    def test_takes_two_looks_and_the_time_for_good_order_which_are_two_seconds_at_most(
        self, workspace: Workspace, worker: Worker
    ) -> None:
        job = jobs.submit(workspace, "deaf", "p")
        step_until(worker, begun(workspace))
        jobs.cancel(workspace, job.job_id)
        worker.step()  # the first look: it is asked to end
        (running,) = worker._running
        assert running.kill_at is not None
        assert jobs.get(workspace, job.job_id).status is JobStatus.RUNNING
        running.kill_at = time.monotonic()  # its time is over
        worker.step()  # the first look after that: it is killed
        assert jobs.get(workspace, job.job_id).status is JobStatus.CANCELLED
        assert not is_alive(pid_of(workspace))
        longest_s = 0.5
        assert WorkerSettings(poll_s=longest_s).poll_s == longest_s
        with pytest.raises(ValidationError):
            WorkerSettings(poll_s=longest_s + 0.01)
        assert longest_s + CANCEL_S + longest_s <= 2.0

    def test_what_crashes_meanwhile_is_not_begun_again(self, workspace: Workspace, worker: Worker, clock: Clock) -> None:
        job = jobs.submit(workspace, "deaf", "p")
        step_until(worker, begun(workspace))
        jobs.cancel(workspace, job.job_id)
        os.kill(pid_of(workspace), signal.SIGKILL)
        assert do(workspace, worker, job).status is JobStatus.CANCELLED

    def test_of_a_dead_worker(self, workspace: Workspace, make_worker: MakeWorker, clock: Clock) -> None:
        dead, other = make_worker(), make_worker()
        job = jobs.submit(workspace, "deaf", "p")
        step_until(dead, begun(workspace))
        jobs.cancel(workspace, job.job_id)
        clock.now += 31
        other.step()
        assert jobs.get(workspace, job.job_id).status is JobStatus.CANCELLED
        assert not other.busy


class TestLeases:
    def test_a_job_of_a_dead_worker_is_taken_up(self, workspace: Workspace, make_worker: MakeWorker, clock: Clock) -> None:
        dead, other = make_worker(), make_worker()
        job = jobs.submit(workspace, "deaf", "p")
        step_until(dead, begun(workspace))
        other.step()
        assert not other.busy
        clock.now += 31
        other.step()
        assert other.busy
        taken = jobs.get(workspace, job.job_id)
        assert taken.owner.startswith(other.name)
        assert taken.attempts == 2
        assert messages(workspace, job)[-2:] == ["its worker died; queued again", "begins, attempt 2"]
        # The first one was not dead after all: it finds its job gone and kills the process.
        pid = pid_of(workspace)
        dead.step()
        assert not dead.busy
        assert not is_alive(pid)
        assert jobs.get(workspace, job.job_id).owner.startswith(other.name)

    def test_a_living_worker_keeps_its_job(self, workspace: Workspace, make_worker: MakeWorker, clock: Clock) -> None:
        one, other = make_worker(), make_worker()
        job = jobs.submit(workspace, "deaf", "p")
        step_until(one, begun(workspace))
        owner = jobs.get(workspace, job.job_id).owner
        for _ in range(10):
            clock.now += 20
            one.step()
            other.step()
        after = jobs.get(workspace, job.job_id)
        assert (after.owner, after.attempts) == (owner, 1)
        assert after.lease_until == clock.now + 30

    def test_a_process_that_lost_its_job_changes_nothing(self, workspace: Workspace, worker: Worker) -> None:
        from src.jobs.leases import finish

        job = jobs.submit(workspace, "deaf", "p")
        step_until(worker, begun(workspace))
        mine = jobs.get(workspace, job.job_id)
        worker._leases.crashed(mine, "x")
        assert finish(workspace.store, mine, {"late": True}) is None
        assert jobs.get(workspace, job.job_id).status is JobStatus.QUEUED

    def test_attempts_end_for_jobs_that_kill_their_workers(
        self, workspace: Workspace, make_worker: MakeWorker, clock: Clock
    ) -> None:
        worker = make_worker()
        job = jobs.submit(workspace, "mark", "p")
        for _ in range(3):
            assert worker._leases.claim() is not None
            clock.now += 100
        assert worker._leases.claim() is None
        after = jobs.get(workspace, job.job_id)
        assert after.status is JobStatus.FAILED
        assert "Begun 3 times" in after.error
        assert "its worker died" in after.error


class TestHandBack:
    def test_goes_on_at_another_worker(self, workspace: Workspace, make_worker: MakeWorker) -> None:
        job = jobs.submit(workspace, "sleep", "p")
        leaving = make_worker()
        step_until(leaving, begun(workspace))
        leaving.hand_back()
        after = jobs.get(workspace, job.job_id)
        assert (after.status, after.attempts, after.not_before) == (JobStatus.QUEUED, 0, 0.0)
        assert lines(workspace)[1:] == ["x stops in good order"]
        assert not leaving.busy
        other = make_worker()
        step_until(other, lambda: len(lines(workspace)) == 3)
        assert jobs.get(workspace, job.job_id).owner.startswith(other.name)

    def test_what_does_not_listen_is_killed(self, workspace: Workspace, make_worker: MakeWorker) -> None:
        job = jobs.submit(workspace, "deaf", "p")
        leaving = make_worker(stop_s=0.2)
        step_until(leaving, begun(workspace))
        leaving.hand_back()
        assert jobs.get(workspace, job.job_id).status is JobStatus.QUEUED
        assert not is_alive(pid_of(workspace))

    def test_what_is_cancelled_is_not_queued_again(self, workspace: Workspace, make_worker: MakeWorker) -> None:
        job = jobs.submit(workspace, "sleep", "p")
        leaving = make_worker()
        step_until(leaving, begun(workspace))
        jobs.cancel(workspace, job.job_id)
        leaving.hand_back()
        assert jobs.get(workspace, job.job_id).status is JobStatus.CANCELLED

    def test_a_worker_in_a_thread_stops(self, workspace: Workspace, make_worker: MakeWorker) -> None:
        job = jobs.submit(workspace, "sleep", "p")
        worker = make_worker()
        worker.start()
        step_until([], begun(workspace))
        worker.stop()
        assert jobs.get(workspace, job.job_id).status is JobStatus.QUEUED


class TestTurns:
    def test_jobs_of_a_project_that_build_on_each_other(self, workspace: Workspace, make_worker: MakeWorker) -> None:
        one, other = make_worker(), make_worker()
        first = jobs.submit(workspace, "turn", "p", {"text": "1"})
        second = jobs.submit(workspace, "turn", "p", {"text": "2"})
        free = jobs.submit(workspace, "mark", "p")
        elsewhere = jobs.submit(workspace, "turn", "q")
        claimed = one._leases.claim()
        assert claimed is not None
        assert claimed.job_id == first.job_id
        found = [other._leases.claim() for _ in range(3)]
        assert [job.job_id if job else None for job in found] == [free.job_id, elsewhere.job_id, None]
        one._leases.hand_back(claimed)
        again = other._leases.claim()
        assert again is not None
        assert again.job_id == first.job_id
        jobs.cancel(workspace, first.job_id)
        other._leases.hand_back(again)
        after = other._leases.claim()
        assert after is not None
        assert after.job_id == second.job_id

    def test_one_that_pauses_is_not_overtaken(self, workspace: Workspace, worker: Worker, clock: Clock) -> None:
        first = jobs.submit(workspace, "turn", "p", {"text": "1"})
        jobs.submit(workspace, "turn", "p", {"text": "2"})
        claimed = worker._leases.claim()
        assert claimed is not None
        worker._leases.crashed(claimed, "x")
        assert worker._leases.claim() is None
        clock.now += 60
        again = worker._leases.claim()
        assert again is not None
        assert again.job_id == first.job_id


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
def test_old_jobs_are_removed_with_all_that_is_kept_of_them(workspace: Workspace, status: JobStatus) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime

    from src.jobs.queue import change
    from src.jobs.upkeep import remove_old
    from src.records import JobEvent, JobName

    old = jobs.submit(workspace, "mark", "p", {"text": "old"}, idempotency_key="k")
    new = jobs.submit(workspace, "mark", "p", {"text": "new"})
    live = jobs.submit(workspace, "mark", "p", {"text": "live"})
    change(workspace.store, old.job_id, lambda job: replace(job, status=status, ended_at="2024-01-01T00:00:00+00:00"))
    change(workspace.store, new.job_id, lambda job: replace(job, status=status, ended_at="2024-01-02T00:00:00+00:00"))
    at = datetime(2024, 1, 31, 12, tzinfo=UTC).timestamp()
    assert remove_old(workspace, at) == 1
    assert [job.job_id for job in jobs.find(workspace)] == [live.job_id, new.job_id]
    assert workspace.store.count(JobEvent, job_id=old.job_id) == workspace.store.count(JobName, job_id=old.job_id) == 0
    assert jobs.submit(workspace, "mark", "p", {"text": "old"}, idempotency_key="k").status is JobStatus.QUEUED


def test_a_process_that_is_done_may_put_things_in_order(workspace: Workspace, worker: Worker) -> None:
    assert do(workspace, worker, jobs.submit(workspace, "tidy", "p", {"text": "tidied"})).status is JobStatus.DONE
    assert lines(workspace) == ["tidied"]
