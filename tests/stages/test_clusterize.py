"""Who appears when, on drawn videos."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from src import clusterize, tracker
from src.errors import ConfigError, GalleryError
from src.identities.appearances import COLUMNS, Derived
from src.identities.naming import stretch
from src.records import Appearance, Person, Shot, Track, TrackEmbeddings
from src.schema import Box
from src.video.pyav import PyAvStream
from src.workspace import Workspace
from tests.stages.conftest import PEOPLE, DrawnShot, draw
from tests.videos import write_video

STRANGER, OTHER = 6, 8


def seen(report: Derived) -> list[tuple[str, float, float]]:
    return [(appearance.name, appearance.start_npt, appearance.end_npt) for appearance in report.appearances]


@pytest.fixture
def newsreel(tmp_path: Path) -> Path:
    """Anna with a stranger, then Ben, then the stranger again with another one, then Anna again: 1 s each."""
    shots = [
        DrawnShot(25, {0: (40, 60, 64), STRANGER: (140, 140, 64)}),
        DrawnShot(25, {1: (100, 100, 64)}, 120),
        DrawnShot(25, {STRANGER: (50, 50, 64), OTHER: (140, 140, 64)}),
        DrawnShot(25, {0: (100, 100, 64)}, 120),
    ]
    return write_video(tmp_path / "newsreel.mp4", draw(shots), options={"crf": "12"})


def test_people_are_named_and_strangers_grouped(workspace: Workspace, trained: str, newsreel: Path) -> None:
    tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    report = clusterize.run(workspace, str(newsreel), trained)
    assert seen(report) == [
        ("Anna Albers", 0.0, 1.0),
        ("Unknown 1", 0.0, 1.0),
        ("Ben Bo", 1.0, 2.0),
        ("Unknown 1", 2.0, 3.0),
        ("Unknown 2", 2.0, 3.0),
        ("Anna Albers", 3.0, 4.0),
    ]
    anna, stranger = report.appearances[:2]
    assert (anna.person_id, stranger.person_id) == ("Anna_Albers", None)
    assert anna.confidence > 0.9
    assert anna.candidates[0].name == "Anna Albers"
    assert (anna.start_frame, anna.end_frame, anna.start_sample, anna.end_sample) == (0, 20, 0, 4)


def test_the_video_is_not_opened_and_may_be_gone(
    workspace: Workspace, trained: str, newsreel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    newsreel.unlink()
    monkeypatch.setattr(PyAvStream, "__init__", lambda *_args: pytest.fail("the video was opened"))
    assert len(clusterize.run(workspace, str(newsreel), trained).appearances) == 6


def test_results_are_stored_and_written(workspace: Workspace, trained: str, newsreel: Path) -> None:
    tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    report = clusterize.run(workspace, str(newsreel), trained)
    stored = list(workspace.store.find(Appearance, project=trained, analysis_id=report.analysis.analysis_id))
    assert sorted(stored, key=lambda a: a.track_id) == sorted(report.appearances, key=lambda a: a.track_id)
    document = json.loads(report.json_path.read_text(encoding="utf-8"))
    assert [entry["name"] for entry in document["appearances"]] == [name for name, *_ in seen(report)]
    assert report.model is not None
    assert document["model_id"] == report.model.model_id
    with report.csv_path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], float(row["start_npt"]), float(row["end_npt"])) for row in rows] == seen(report)
    assert tuple(rows[0]) == COLUMNS


def test_predictions_of_samples_are_written_by_the_tracker(workspace: Workspace, trained: str, newsreel: Path) -> None:
    every = workspace.settings.tracker.model_copy(update={"embed_period_s": 0.0})
    workspace.settings = workspace.settings.model_copy(update={"tracker": every})
    report = tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    with (report.output_dir / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["x1", "y1", "x2", "y2", "track_id", "name", "confidence", "frame", "tracker_sample", "npt"]
    first = [row for row in rows if row["track_id"] == rows[0]["track_id"]]
    assert {row["name"] for row in first} == {"Anna Albers"}
    assert [row["tracker_sample"] for row in first] == ["0", "1", "2", "3", "4"]
    assert [row["npt"] for row in first] == ["0.000", "0.200", "0.400", "0.600", "0.800"]
    strangers = [row for row in rows if 110 < float(row["x1"]) < 140]
    assert max(float(row["confidence"]) for row in strangers) < 0.5


@pytest.fixture
def interrupted_view(tmp_path: Path) -> Path:
    """Anna in three shots of a second each; a shot of Ben lies between the second and the third."""
    shots = [
        DrawnShot(25, {0: (40, 60, 64)}),
        DrawnShot(25, {0: (100, 100, 64)}, 120),
        DrawnShot(50, {1: (100, 100, 64)}),
        DrawnShot(25, {0: (60, 60, 64)}, 120),
    ]
    return write_video(tmp_path / "view.mp4", draw(shots), options={"crf": "12"})


def test_neighbouring_tracks_of_a_person_are_merged(workspace: Workspace, trained: str, interrupted_view: Path) -> None:
    tracker.run(workspace, str(interrupted_view), trained, video_speedup=5)
    merged = clusterize.run(workspace, str(interrupted_view), trained, merge_cluster=True)
    assert seen(merged) == [("Anna Albers", 0, 2), ("Ben Bo", 2, 4), ("Anna Albers", 4, 5)]
    assert len(merged.appearances[0].merged_tracks) == 2
    assert (merged.appearances[0].start_frame, merged.appearances[0].end_frame) == (0, 45)
    apart = clusterize.run(workspace, str(interrupted_view), trained, merge_cluster=False)
    assert [start for name, start, _ in seen(apart) if name == "Anna Albers"] == [0, 1, 4]
    # What was derived before is replaced, not added to.
    assert workspace.store.count(Appearance, project=trained, analysis_id=apart.analysis.analysis_id) == 4


def test_a_higher_threshold_makes_names_unknown(workspace: Workspace, trained: str, newsreel: Path) -> None:
    tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    strict = clusterize.run(workspace, str(newsreel), trained, confidence_threshold=1.0)
    assert all(appearance.person_id is None for appearance in strict.appearances)
    long = clusterize.run(workspace, str(newsreel), trained, min_length=6)
    assert all(appearance.person_id is None for appearance in long.appearances)


def test_who_may_not_be_recognised_is_not_named(workspace: Workspace, trained: str, newsreel: Path) -> None:
    workspace.store.put(Person(trained, "Anna_Albers", "Anna Albers", recognisable=False))
    tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    assert "Anna Albers" not in {name for name, *_ in seen(clusterize.run(workspace, str(newsreel), trained))}


def test_a_film_without_faces_has_empty_results(workspace: Workspace, trained: str, tmp_path: Path) -> None:
    film = write_video(tmp_path / "empty.mp4", draw([DrawnShot(30, {})]))
    tracker.run(workspace, str(film), trained, video_speedup=5)
    report = clusterize.run(workspace, str(film), trained)
    assert report.appearances == ()
    assert json.loads(report.json_path.read_text())["appearances"] == []
    assert report.csv_path.read_text().splitlines() == [",".join(COLUMNS)]


def test_another_file_in_the_place_of_an_analysed_one_is_another_video(
    workspace: Workspace, trained: str, film: Path, newsreel: Path
) -> None:
    tracker.run(workspace, str(film), trained, video_speedup=5)
    clusterize.run(workspace, str(film), trained)
    newsreel.replace(film)
    with pytest.raises(ConfigError, match="has not been analysed"):
        clusterize.run(workspace, str(film), trained)
    tracker.run(workspace, str(film), trained, video_speedup=5)
    assert {name for name, _, _ in seen(clusterize.run(workspace, str(film), trained))} >= {"Anna Albers", "Unknown 2"}


def test_what_is_missing_is_said_with_the_command_that_helps(
    workspace: Workspace, trained: str, project: str, film: Path
) -> None:
    with pytest.raises(ConfigError, match="Run: track --video"):
        clusterize.run(workspace, str(film), trained)
    with pytest.raises(ConfigError, match="no project"):
        clusterize.run(workspace, str(film), "other")
    workspace.begin_project("untrained", "fake")
    tracker.run(workspace, str(film), "untrained")
    with pytest.raises(GalleryError, match="Run: train --project untrained"):
        clusterize.run(workspace, str(film), "untrained")
    with pytest.raises(ConfigError, match=r"not yet made .*Run: track"):
        clusterize.run(workspace, f"{film}#t=1,2", trained)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # In the middle of a long shot: half a period to either side.
        (3.0, 5.0, (2.75, 5.25)),
        # Less than a period after the cut: nobody looked in between.
        (1.4, 5.0, (1.0, 5.25)),
        # Exactly a period before the end, and less.
        (3.0, 7.5, (2.75, 8.0)),
        (3.0, 7.9, (2.75, 8.0)),
        # A whole period after the cut somebody looked, and saw nobody.
        (1.5, 5.0, (1.25, 5.25)),
    ],
)
def test_a_sample_stands_for_the_time_around_it(start: float, end: float, expected: tuple[float, float]) -> None:
    shot = Shot("a", 0, start_npt=1.0, end_npt=8.0, start_frame=25, end_frame=200)
    track = Track("a", 1, 0, start, end, 0, 0, 2, start, 0, Box(0, 0, 1, 1), 1.0)
    assert stretch(track, shot, 0.5) == pytest.approx(expected)


def test_names_are_those_of_the_people(workspace: Workspace, trained: str) -> None:
    assert [person.name for person in workspace.store.find(Person, project=trained)] == sorted(PEOPLE.values())


@pytest.mark.parametrize("fault", [np.nan, np.inf, 0.0])
def test_broken_embeddings_are_left_out_and_reported(
    workspace: Workspace, trained: str, newsreel: Path, fault: float, caplog: pytest.LogCaptureFixture
) -> None:
    analysis = tracker.run(workspace, str(newsreel), trained, video_speedup=5).analysis
    blocks = list(workspace.store.find(TrackEmbeddings, analysis_id=analysis.analysis_id))
    left_out = 0
    for block in blocks:
        # All but the first samples of Anna and the stranger, and all of Ben's.
        broken = (block.frame_index > 0) & (block.frame_index < 50)
        left_out += int(broken.sum())
        workspace.store.put(replace(block, embeddings=np.where(broken[:, None], np.float16(fault), block.embeddings)))
    report = clusterize.run(workspace, str(newsreel), trained)
    names = {name for name, _, _ in seen(report)}
    assert "Anna Albers" in names and "Ben Bo" not in names
    assert all(np.isfinite(appearance.confidence) for appearance in report.appearances)
    assert f"{left_out} of {sum(len(block.track_ids) for block in blocks)} embeddings" in caplog.text


def test_each_appearance_says_why(workspace: Workspace, trained: str, newsreel: Path) -> None:
    tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    anna, stranger, *_ = clusterize.run(workspace, str(newsreel), trained).appearances
    assert anna.accepted and not anna.reason
    first, *others = anna.candidates
    assert anna.margin == pytest.approx(first.score - max(other.score for other in others), abs=1e-3)
    assert not stranger.accepted
    assert stranger.reason.startswith("confidence 0.")
    stored = json.loads((workspace.output_dir(trained, "newsreel") / "appearances.json").read_text(encoding="utf-8"))
    assert [entry["reason"] for entry in stored["appearances"][:2]] == ["", stranger.reason]
