"""What a running analysis has found can be read, which does not change what comes out; cancelled it is marked as such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask.testing import FlaskClient

from src import jobs, tracker
from src.api import create_app
from src.engines import ENGINES
from src.jobs import Worker
from src.jobs.abandoned import abandon
from src.records import Analysis, Job, JobStatus, Shot, Status, Track, TrackEmbeddings, TrackSamples
from src.storage.schema import SCHEMA
from src.tracker import analyser
from src.workspace import Workspace, open_workspace
from tests.faults.conftest import ENTRY
from tests.faults.library import draw_film, settings_for
from tests.jobs.conftest import do, step_until
from tests.stages.test_segments import NEEDS_REAL, REAL

KINDS = (Analysis, Shot, Track, TrackSamples, TrackEmbeddings)
TIMES = {"created_at", "updated_at"}


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `fake` name the engine without weights."""
    monkeypatch.setitem(ENGINES, "fake", ENTRY)  # type: ignore[arg-type]


@pytest.fixture
def film(tmp_path: Path) -> str:
    """A film of eight shots, one face in each."""
    return str(draw_film(tmp_path / "films" / "film.mp4"))


@dataclass
class Held:
    """A job whose analysis waits in the midst of its work until it is told to go on."""

    workspace: Workspace
    worker: Worker
    job: Job
    every: int
    until: Path

    def now(self) -> Job:
        """Return the job as it is."""
        return jobs.get(self.workspace, self.job.job_id)

    def analysis(self) -> Analysis:
        """Return its analysis."""
        found = self.workspace.store.get(Analysis, str(self.now().result.get("analysis_id")))
        assert found is not None
        return found

    def go_on(self) -> Job:
        """Let it go on to its end."""
        self.until.touch()
        return do(self.workspace, self.worker, self.job)


@pytest.fixture
def hold(
    workspace: Workspace, make_worker: Callable[..., Worker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Held]:
    """Submits a job and lets it work until its analysis has come to a checkpoint."""

    def begin(project: str, checkpoint: int = 5, every: int = 4, **params: Any) -> Held:
        monkeypatch.setenv("HOLD", str(checkpoint))
        monkeypatch.setenv("EVERY", str(every))
        monkeypatch.setenv("HOLD_UNTIL", str(tmp_path / "go on"))
        job = jobs.submit(workspace, "track", project, params)
        held = Held(workspace, make_worker(), job, every, tmp_path / "go on")

        def is_held() -> bool:
            found = held.now().result.get("analysis_id")
            analysis = workspace.store.get(Analysis, str(found)) if found else None
            n_samples = analysis.counts.get("n_samples", 0) if analysis else 0
            return n_samples >= checkpoint * every or held.now().status in (JobStatus.FAILED, JobStatus.DONE)

        step_until(held.worker, is_held)
        assert held.now().status is JobStatus.RUNNING, held.now().error
        return held

    return begin


def seen(workspace: Workspace, analysis_id: str) -> list[dict[str, Any]]:
    """Return all that is stored of an analysis, as it is stored, but for the times of writing."""
    return [
        {name: value for name, value in SCHEMA.layouts[kind].values(record).items() if name not in TIMES}
        for kind in KINDS
        for record in workspace.store.find(kind, analysis_id=analysis_id)
    ]


def read_all(client: FlaskClient, held: Held, project: str) -> list[dict[str, Any]]:
    """Read the tracks of a running analysis as the page does, each with what belongs to it; return those that have ended."""
    job = client.get(f"/api/v1/jobs/{held.job.job_id}").json
    assert job is not None
    assert job["status"] == "running"
    video_id, analysis_id = job["result"]["video_id"], job["result"]["analysis_id"]
    analysis = client.get(f"/api/v1/analyses/{analysis_id}").json
    assert analysis is not None
    assert analysis["status"] == "RUNNING"
    assert 0 < analysis["progress"] < 1
    path = f"/api/v1/videos/{video_id}/tracks"
    found = [client.get(f"{path}?{by}&samples=true").json for by in (f"project={project}", f"analysis_id={analysis_id}", "")]
    assert found[0] == found[1] == found[2]
    assert found[0] is not None
    assert client.get(f"{path}?project={project}&fragment=t=1,2").status_code == 404
    tracks: list[dict[str, Any]] = found[0]["items"]
    for track in tracks:
        assert client.get(f"/api/v1/tracks/{track['id']}").status_code == 200
        assert client.get(f"/api/v1/tracks/{track['id']}/thumbnail").data.startswith(b"\xff\xd8")
        samples = client.get(f"/api/v1/tracks/{track['id']}/samples").json
        assert samples is not None
        assert samples["n_samples"] == track["n_samples"]
    shots = client.get(f"/api/v1/analyses/{analysis_id}/shots").json
    assert shots is not None
    over = [shot["shot"] for shot in shots["items"]]
    return [track for track in tracks if track["shot"] in over]


def compare(held: Held, finished: list[dict[str, Any]], alone: Path) -> None:
    """Let a held job go on; what it finds must be what a run finds that nobody held or read, to the byte."""
    job = held.go_on()
    assert (job.status, job.attempts) == (JobStatus.DONE, 1)
    analysis_id = str(job.result["analysis_id"])
    found = seen(held.workspace, analysis_id)
    settings = settings_for(alone).model_copy(update={"weights_dir": held.workspace.settings.weights_dir})
    with open_workspace(settings) as workspace:
        workspace.begin_project("p", held.analysis().engine.partition("@")[0])  # type: ignore[arg-type]
        options = {name: value for name, value in held.job.params.items() if name != "video"}
        with patch.object(analyser, "CHECKPOINT_EVERY", held.every):
            report = tracker.run(workspace, str(held.job.params["video"]), "p", **options)
        assert report.analysis.analysis_id == analysis_id
        assert found == seen(workspace, analysis_id)
    kept = {record["track_id"]: record for record in found if "best_box" in record}
    # What had ended was told as it stays.
    for track in finished:
        assert track["end_npt"] == kept[track["track_id"]]["end_npt"]
        assert track["n_samples"] == kept[track["track_id"]]["n_samples"]


def test_tracks_are_read_while_their_analysis_runs(
    workspace: Workspace, hold: Callable[..., Held], film: str, tmp_path: Path
) -> None:
    workspace.begin_project("p", "fake")
    held = hold("p", video=film, video_speedup=5)
    finished = read_all(create_app(workspace).test_client(), held, "p")
    assert 0 < len(finished) < 8
    compare(held, finished, tmp_path / "alone")


@NEEDS_REAL
def test_tracks_of_a_real_video_are_read_while_its_analysis_runs(
    workspace: Workspace, hold: Callable[..., Held], tmp_path: Path
) -> None:
    workspace.begin_project("p", "sface")
    held = hold("p", checkpoint=2, every=64, video=str(REAL / "composed_b.mp4"), video_speedup=5)
    finished = read_all(create_app(workspace).test_client(), held, "p")
    assert finished
    compare(held, finished, tmp_path / "alone")


def test_cancelled_marks_the_analysis_and_once_more_goes_on(workspace: Workspace, hold: Callable[..., Held], film: str) -> None:
    workspace.begin_project("p", "fake")
    held = hold("p", video=film, video_speedup=5)
    assert held.analysis().status is Status.RUNNING
    jobs.cancel(workspace, held.job.job_id)
    after = do(workspace, held.worker, held.job)
    cancelled = held.analysis()
    assert (after.status, cancelled.status) == (JobStatus.CANCELLED, Status.CANCELLED)
    assert cancelled.checkpoint
    n_tracks = workspace.store.count(Track, analysis_id=cancelled.analysis_id)
    assert n_tracks
    jobs.retry(workspace, held.job.job_id)
    assert held.go_on().status is JobStatus.DONE
    complete = held.analysis()
    assert (complete.status, complete.created_at) == (Status.COMPLETE, cancelled.created_at)
    assert workspace.store.count(Track, analysis_id=complete.analysis_id) > n_tracks


def test_cancelled_while_it_waits_to_be_taken_up_again(workspace: Workspace, hold: Callable[..., Held], film: str) -> None:
    workspace.begin_project("p", "fake")
    held = hold("p", video=film, video_speedup=5)
    held.worker.hand_back()
    assert (held.now().status, held.analysis().status) == (JobStatus.QUEUED, Status.RUNNING)
    jobs.cancel(workspace, held.job.job_id)
    assert (held.now().status, held.analysis().status) == (JobStatus.CANCELLED, Status.CANCELLED)


def test_what_another_process_is_at_or_has_done_is_left_alone(workspace: Workspace) -> None:
    job = Job("j", "track", "p", {}, result={"analysis_id": "a"})
    for status in Status:
        workspace.store.put(Analysis("a", "v", "fake@1", {}, {}, status=status))
        with workspace.locked("analysis-a"):
            abandon(workspace, job)
        assert [found.status for found in workspace.store.find(Analysis)] == [status]
        abandon(workspace, job)
        begun = status in (Status.QUEUED, Status.RUNNING)
        assert [found.status for found in workspace.store.find(Analysis)] == [Status.CANCELLED if begun else status]
    abandon(workspace, Job("j", "train", "p", {}))
    abandon(workspace, Job("j", "track", "p", {}, result={"analysis_id": "none"}))
