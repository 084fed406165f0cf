"""What a running job tells: how far the whole is, not too often, without an end to what it may say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from src import jobs
from src.jobs.kinds import KINDS
from src.jobs.leases import finish
from src.jobs.queue import change
from src.jobs.reporting import MAX_LINES, JobProgress
from src.records import Job, JobStatus
from src.workspace import Workspace
from tests.jobs.conftest import Clock

Make = Callable[..., JobProgress]


@pytest.fixture
def job(workspace: Workspace) -> Job:
    """A job that runs."""
    submitted = jobs.submit(workspace, "mark", "p")
    return change(workspace.store, submitted.job_id, lambda found: replace(found, status=JobStatus.RUNNING, owner="me"))


@pytest.fixture
def lost() -> list[str]:
    """Where it is noted that the job was lost."""
    return []


@pytest.fixture
def make(workspace: Workspace, job: Job, clock: Clock, lost: list[str]) -> Make:
    """Makes what listens to the stages."""

    def progress(steps: Mapping[str, float] | None = None) -> JobProgress:
        return JobProgress(workspace.store, job, steps or {}, lambda: lost.append("lost"), clock)

    return progress


def stand(workspace: Workspace, job: Job) -> tuple[float, str]:
    found = jobs.get(workspace, job.job_id)
    return round(found.progress, 3), found.message


def test_one_task_is_the_whole(workspace: Workspace, job: Job, make: Make, clock: Clock) -> None:
    progress = make()
    with progress.task("film.mp4", 200, "s of video") as task:
        assert stand(workspace, job) == (0.0, "film.mp4: 0 of 200 s of video")
        task.advance(50)
        assert stand(workspace, job)[0] == 0.0  # too soon
        clock.now += 1
        task.advance(50)
        assert stand(workspace, job) == (0.5, "film.mp4: 100 of 200 s of video")
    # Only the end of the job says that all is done.
    assert stand(workspace, job) == (0.99, "film.mp4: 100 of 200 s of video")


def test_several_tasks_share_the_whole(workspace: Workspace, job: Job, make: Make) -> None:
    progress = make({"Aligning": 0.8, "Cleaning": 0.2})
    with progress.task("Aligning faces", 10, "photos") as task:
        task.advance(10)
    assert stand(workspace, job)[0] == 0.8
    with progress.task("Cleaning", 0):
        pass
    assert stand(workspace, job)[0] == 0.99


def test_weights_are_fetched_aside_and_it_never_goes_back(workspace: Workspace, job: Job, make: Make, clock: Clock) -> None:
    progress = make()
    with progress.task("Fetching sface", 100, "bytes") as task:
        task.advance(100)
    assert stand(workspace, job) == (0.0, "Fetching sface: 100 of 100 bytes")
    change(workspace.store, job.job_id, lambda found: replace(found, message="x"))
    again = JobProgress(workspace.store, replace(job, progress=0.4), {}, lambda: None, clock)
    with again.task("film.mp4", 10) as task:
        clock.now += 1
        task.advance(1)
        assert stand(workspace, job)[0] == 0.4


def test_a_task_of_unknown_length_says_what_it_counts(workspace: Workspace, job: Job, make: Make, clock: Clock) -> None:
    with make().task("Searching", None, "photos") as task:
        assert stand(workspace, job) == (0.0, "Searching")
        clock.now += 1
        task.advance(3)
        assert stand(workspace, job) == (0.0, "Searching: 3 photos")


def test_events_come_by_the_hundredth(workspace: Workspace, job: Job, make: Make, clock: Clock) -> None:
    with make().task("film.mp4", 10_000) as task:
        for _ in range(500):
            clock.now += 1
            task.advance(2)
    told = [event.progress for event in jobs.events(workspace.store, job.job_id) if event.what == "progress"]
    assert len(told) < 15
    assert told == sorted(told)


def test_lines_have_an_end(workspace: Workspace, job: Job, make: Make) -> None:
    progress = make()
    for number in range(MAX_LINES + 50):
        progress.message(f"line {number}")
    told = [event for event in jobs.events(workspace.store, job.job_id, limit=5000) if event.what == "log"]
    assert len(told) == MAX_LINES + 1
    assert told[-1].message.startswith("Further lines are left out")


def test_what_it_concerns_is_known_before_the_end_and_after_a_failure(workspace: Workspace, job: Job, make: Make) -> None:
    progress = make()
    progress.concerns(video_id="v", analysis_id="a")
    assert jobs.get(workspace, job.job_id).result == {"video_id": "v", "analysis_id": "a"}
    progress.concerns(analysis_id="b")
    failed = finish(workspace.store, jobs.get(workspace, job.job_id), {}, "no", "x")
    assert failed is not None
    assert failed.result == {"video_id": "v", "analysis_id": "b"}


def test_a_job_that_is_lost_concerns_nobody(workspace: Workspace, job: Job, make: Make, lost: list[str]) -> None:
    progress = make()
    change(workspace.store, job.job_id, lambda found: replace(found, owner="somebody else"))
    progress.concerns(analysis_id="a")
    assert lost == ["lost"]
    assert jobs.get(workspace, job.job_id).result == {}


def test_a_lost_job_is_noticed(workspace: Workspace, job: Job, make: Make, lost: list[str]) -> None:
    progress = make()
    change(workspace.store, job.job_id, lambda found: replace(found, owner="somebody else"))
    with progress.task("film.mp4", 10):
        pass
    assert lost
    assert stand(workspace, job) == (0.0, "")


@pytest.mark.parametrize(
    ("kind", "params", "steps"),
    [
        ("crawl", {"keywords": ["Ann", "Ben"]}, {"Ann": 0.5, "Ben": 0.5}),
        ("align", {}, {"Aligning": 0.8, "Cleaning": 0.2}),
        ("track", {"video": "a"}, {}),
    ],
)
def test_steps_of_kinds(kind: str, params: dict[str, Any], steps: dict[str, float]) -> None:
    assert KINDS[kind].steps(KINDS[kind].params.model_validate(params)) == steps
