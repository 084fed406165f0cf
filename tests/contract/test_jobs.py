"""Jobs on every store: claimed by one, in turn, listed the newest first, told without a gap."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from src import jobs
from src.jobs.leases import Leases, finish
from src.records import JobStatus
from src.settings import DatabaseSettings, Settings
from src.storage import open_store
from src.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(store_uri: str) -> Iterator[Workspace]:
    """A workspace on each store in turn."""
    with open_workspace(Settings(database=DatabaseSettings(uri=store_uri))) as opened:
        yield opened


def test_of_many_workers_one_gets_a_job(workspace: Workspace, store_uri: str) -> None:
    submitted = [jobs.submit(workspace, "track", "p", {"video": str(number)}).job_id for number in range(12)]
    claimed: list[str] = []

    def work(name: str) -> None:
        with open_store(store_uri) as own:
            leases = Leases(own, name, 600.0, 3)
            while (job := leases.claim()) is not None:
                claimed.append(job.job_id)
                assert finish(own, job, {"by": name}) is not None

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == submitted
    assert [job.job_id for job in jobs.find(workspace, status=JobStatus.DONE)] == submitted[::-1]
    for job_id in submitted:
        told = jobs.events(workspace.store, job_id)
        assert [(event.number, event.message) for event in told] == [(1, "queued"), (2, "begins, attempt 1"), (3, "done")]


def test_turns_leases_and_keys(workspace: Workspace) -> None:
    now = [1000.0]
    one, other = (Leases(workspace.store, name, 30.0, 3, lambda: now[0]) for name in ("one", "other"))
    first = jobs.submit(workspace, "align", "p", idempotency_key="k")
    second = jobs.submit(workspace, "train", "p")
    assert jobs.submit(workspace, "align", "p", idempotency_key="k") == first
    mine = one.claim()
    assert mine is not None
    assert mine.job_id == first.job_id
    assert other.claim() is None
    now[0] += 31
    taken = other.claim()
    assert taken is not None
    assert (taken.job_id, taken.attempts) == (first.job_id, 2)
    assert one.renew(mine) is None
    assert finish(workspace.store, mine, {}) is None
    assert finish(workspace.store, taken, {}, "why", "code") is not None
    after = other.claim()
    assert after is not None
    assert after.job_id == second.job_id
    assert jobs.retry(workspace, first.job_id).status is JobStatus.QUEUED
    assert [job.job_id for job in jobs.find(workspace, project="p", status=JobStatus.RUNNING)] == [second.job_id]
    assert jobs.counts(workspace)[JobStatus.QUEUED] == 1
