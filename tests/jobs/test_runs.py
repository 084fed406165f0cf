"""The real kinds of jobs, in processes of their own, with drawn faces."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from src import jobs
from src.engines import ENGINES
from src.jobs import Worker
from src.records import Analysis, Job, JobStatus, Track
from src.storage import open_store
from src.workspace import Workspace
from tests.faults.conftest import ENTRY
from tests.faults.library import draw_film
from tests.jobs.conftest import Clock, do, step_until
from tests.stages.conftest import PEOPLE, put_photos

PERSON = "Ben Bo"


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `fake` name the engine without weights, here and, by the command of the worker, in the processes of jobs."""
    monkeypatch.setitem(ENGINES, "fake", ENTRY)  # type: ignore[arg-type]


@pytest.fixture
def project(workspace: Workspace) -> str:
    """A project with photos of three people that nobody has looked at yet."""
    put_photos(workspace, "p", PEOPLE)
    return workspace.begin_project("p", "fake").project


@pytest.fixture
def film(tmp_path: Path) -> str:
    """A film of eight shots."""
    return str(draw_film(tmp_path / "films" / "film.mp4"))


def done(workspace: Workspace, worker: Worker, kind: str, **params: Any) -> Job:
    job = do(workspace, worker, jobs.submit(workspace, kind, "p", params))
    assert (job.status, job.error) == (JobStatus.DONE, "")
    return job


def test_from_photos_to_exports_and_forgotten(workspace: Workspace, worker: Worker, project: str, film: str) -> None:
    assert done(workspace, worker, "align").result["aligned"] == 12
    assert done(workspace, worker, "clean").result["kept"] == 12
    trained = done(workspace, worker, "train", classifier="Centroid").result
    assert set(trained["people"]) == set(PEOPLE.values())
    analysed = done(workspace, worker, "analyse", video=film, video_speedup=5).result
    assert analysed["is_new"]
    assert analysed["appearances"] == 8
    assert not done(workspace, worker, "track", video=film, video_speedup=5).result["is_new"]
    assert done(workspace, worker, "identify").result["videos"] == 1
    assert done(workspace, worker, "cluster", video=film, min_length=2, voting="majority").result["videos"] == 1
    assert done(workspace, worker, "cluster").result["videos"] == 1
    assert done(workspace, worker, "refresh").result == {"refreshed": 0, "current": 1, "failures": []}
    assert done(workspace, worker, "learn").result["added"] == 0
    exported = done(workspace, worker, "export", video=film, format="mot").result
    assert (workspace.data_dir / exported["path"]).read_text().count("\n") == exported["rows"]
    clips = done(workspace, worker, "export", video=film, clips=True, interval=[1, 3]).result
    assert clips["path"].endswith("clips_1-3")
    assert len(list((workspace.data_dir / clips["path"]).glob("*.mp4"))) == clips["rows"] >= 2
    drawn = done(workspace, worker, "export", video=film, redact="everyone").result
    assert (workspace.data_dir / drawn["path"]).stat().st_size > 1000
    assert any("Only faces that the analysis found" in note for note in drawn["notes"])
    everything = done(workspace, worker, "export", clips=True).result
    assert [set(one) for one in everything["videos"]] == [{"path", "rows"}]
    assert (workspace.data_dir / everything["videos"][0]["path"] / "clips.csv").is_file()
    assert everything["failures"] == []
    table = done(workspace, worker, "export", format="csv").result
    assert (workspace.data_dir / table["path"]).read_text().count("\n") == 9
    wrong = do(workspace, worker, jobs.submit(workspace, "learn", "p", {"person": f"Not {PERSON}"}))
    assert wrong.status is JobStatus.FAILED
    assert PERSON in wrong.error
    erased = done(workspace, worker, "erase", person=PERSON)
    assert erased.params == {}
    assert erased.result["counts"]["jobs"] >= 2
    assert erased.result["counts"]["people"] == 1
    assert {PERSON in str(job) for job in jobs.find(workspace)} == {False}
    database = workspace.data_dir / "facerec.db"
    assert not any(PERSON.encode() in path.read_bytes() for path in database.parent.glob(f"{database.name}*"))


def test_analyse_without_a_model_names_nobody(workspace: Workspace, worker: Worker, project: str, film: str) -> None:
    job = done(workspace, worker, "analyse", video=film)
    assert "appearances" not in job.result
    told = [event.message for event in jobs.events(workspace.store, job.job_id)]
    assert "The project has no model yet: nobody is named. See: train" in told


def test_a_format_that_does_not_exist(workspace: Workspace, worker: Worker, project: str) -> None:
    job = do(workspace, worker, jobs.submit(workspace, "export", "p", {"video": "x.mp4", "format": "dance"}))
    assert job.status is JobStatus.FAILED
    assert 'no format "dance". Choose one of' in job.error


def test_nobody_with_a_picture_is_a_failure(workspace: Workspace, worker: Worker, project: str) -> None:
    job = do(workspace, worker, jobs.submit(workspace, "crawl", "p", {"keywords": ["A B"], "providers": ["nobody"]}))
    assert job.status is JobStatus.FAILED
    assert "nobody" in job.error


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows stops no process")
@pytest.mark.parametrize("no_cache", [False, True])
def test_an_analysis_goes_on_at_another_worker(
    workspace: Workspace,
    make_worker: Callable[..., Worker],
    project: str,
    film: str,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    no_cache: bool,
) -> None:
    # Ends by itself after some checkpoints, as if somebody had killed it.
    monkeypatch.setenv("CHECKPOINTS", "3")
    job = jobs.submit(workspace, "track", "p", {"video": film, "video_speedup": 5, "no_cache": no_cache})
    dying = make_worker()
    step_until(dying, lambda: not dying.busy and jobs.get(workspace, job.job_id).attempts == 1)
    (begun,) = workspace.store.find(Analysis)
    assert begun.checkpoint
    # What is there can be read already.
    with open_store(workspace.settings.database.uri) as other:
        n_tracks = other.count(Track, analysis_id=begun.analysis_id)
    assert 0 < n_tracks < 8
    monkeypatch.delenv("CHECKPOINTS")
    clock.now += 60
    after = do(workspace, make_worker(), job)
    assert (after.status, after.attempts) == (JobStatus.DONE, 2)
    (complete,) = workspace.store.find(Analysis)
    assert complete.created_at == begun.created_at
    assert complete.versions == begun.versions
    assert os.environ.get("CHECKPOINTS") is None
    assert workspace.store.count(Track, analysis_id=complete.analysis_id) == 8
