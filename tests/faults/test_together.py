"""Several workers on one database: each finds what the others left, and nothing is done or counted twice."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from src.records import Analysis, ProjectVideo, Status, Track, UnknownPerson, UnknownTrack, Video
from src.verbs import identify
from tests.faults.conftest import run_program
from tests.faults.kill_often import snapshot
from tests.faults.library import PROJECT, differences, draw_film, fake_workspace, work

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


@pytest.fixture
def calm(prepared: Path, tmp_path: Path) -> Path:
    """A copy for one worker after the other."""
    return Path(shutil.copytree(prepared, tmp_path / "calm"))


@pytest.fixture
def rough(prepared: Path, tmp_path: Path) -> Path:
    """A copy for several at once."""
    return Path(shutil.copytree(prepared, tmp_path / "rough"))


def test_two_trackers_on_one_video(calm: Path, rough: Path, film: Path) -> None:
    work("track", calm, film)
    run_program("work_together", rough, f"track={film}", f"track={film}")
    assert differences(snapshot(calm), snapshot(rough)) == []


def test_two_trackers_on_a_new_database(tmp_path: Path, film: Path) -> None:
    for folder in ("calm", "rough"):
        with fake_workspace(tmp_path / folder) as workspace:
            workspace.begin_project(PROJECT, "fake")
    work("track", tmp_path / "calm", film)
    run_program("work_together", tmp_path / "rough", f"track={film}", f"track={film}", f"track={film}")
    assert differences(snapshot(tmp_path / "calm"), snapshot(tmp_path / "rough")) == []


def test_two_films_of_one_name_get_a_folder_each(rough: Path, film: Path, tmp_path: Path) -> None:
    other = draw_film(tmp_path / "b" / film.name, 5)
    run_program("work_together", rough, f"track={film}", f"track={other}")
    with fake_workspace(rough) as workspace:
        videos = [video for video in workspace.store.find(Video) if video.locator in (str(film), str(other))]
        assert len({video.folder for video in videos}) == 2
        for video, n_shots in zip(sorted(videos, key=lambda video: video.locator != str(film)), (8, 5), strict=True):
            (analysis,) = workspace.store.find(Analysis, video_id=video.video_id)
            assert analysis.status is Status.COMPLETE
            assert workspace.store.count(Track, analysis_id=analysis.analysis_id) == n_shots
            assert (rough / "out" / PROJECT / video.folder / "trackers.csv").exists()


@pytest.mark.parametrize("naming", ["identify", "clusterize"])
def test_naming_while_a_tracker_runs(naming: str, calm: Path, rough: Path, film: Path) -> None:
    for kind in ("track", naming):
        work(kind, calm, film)
    run_program("work_together", rough, f"track={film}", f"{naming}={film}")
    work(naming, rough, film)
    assert differences(snapshot(calm), snapshot(rough)) == []


def test_naming_while_a_video_is_analysed_anew(calm: Path, rough: Path, film: Path) -> None:
    for folder in (calm, rough):
        for kind in ("track", "identify"):
            work(kind, folder, film)
    run_program("work_together", rough, f"track again={film}", *[f"identify={film}"] * 2)
    work("identify", rough, film)
    wanted, got = snapshot(calm), snapshot(rough)
    for person in (*wanted["UnknownPerson"], *got["UnknownPerson"]):
        # What somebody looks like is remembered from the first analysis, and then learned from the second too.
        person.pop("centre")
    assert differences(wanted, got) == []


def test_two_give_numbers_to_unknown_people(calm: Path, rough: Path, film: Path) -> None:
    work("clusterize", calm, film)
    run_program("work_together", rough, *[f"clusterize={film}"] * 3)
    assert differences(snapshot(calm), snapshot(rough)) == []
    with fake_workspace(rough) as workspace:
        for person in workspace.store.find(UnknownPerson, project=PROJECT):
            n_tracks = workspace.store.count(UnknownTrack, project=PROJECT, unknown_id=person.unknown_id)
            assert person.n_tracks == n_tracks > 0


def test_a_video_under_way_has_no_part_in_naming(rough: Path, film: Path) -> None:
    work("track", rough, film)
    with fake_workspace(rough) as workspace:
        (video,) = (video for video in workspace.store.find(Video) if video.locator == str(film))
        (analysis,) = workspace.store.find(Analysis, video_id=video.video_id)
        membership = workspace.store.get(ProjectVideo, PROJECT, video.video_id, "")
        assert membership.analysis_id == analysis.analysis_id
        workspace.store.put(replace(analysis, status=Status.RUNNING))
        report = identify.run(workspace, PROJECT)
        assert report.n_videos == 20
