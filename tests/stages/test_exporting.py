"""The stage that writes analyses in formats of other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from src import tracker
from src.__main__ import main
from src.errors import ConfigError
from src.export.mot import read_mot
from src.verbs import exporting
from src.videos import iter_tracks
from src.workspace import Workspace


def test_every_sample_of_an_analysis_is_in_the_file(workspace: Workspace, project: str, film: Path) -> None:
    analysis = tracker.run(workspace, str(film), project, video_speedup=5).analysis
    report = exporting.run(workspace, project, str(film), "mot")
    assert report.output == workspace.output_dir(project, report.video.folder) / "mot.txt"
    assert report.n_rows == analysis.counts["n_faces"] == 30
    boxes = read_mot(report.output)
    for track, samples in iter_tracks(workspace.store, analysis):
        mine = boxes.ids == track.track_id
        np.testing.assert_array_equal(boxes.frame_index[mine], samples.frame_index)
        np.testing.assert_array_equal(boxes.boxes_xywh[mine], samples.boxes_xywh)
        np.testing.assert_array_equal(boxes.scores[mine], samples.scores)
    assert (np.diff(boxes.frame_index) >= 0).all()


def test_the_same_analysis_gives_the_same_bytes(workspace: Workspace, project: str, film: Path, tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        tracker.run(workspace, str(film), project, video_speedup=5, no_cache=True)
        contents.append(exporting.run(workspace, project, str(film), "mot", tmp_path / name).output.read_bytes())
    assert contents[0] == contents[1]
    assert contents[0]


def test_shots_are_written_as_tables(workspace: Workspace, project: str, film: Path, tmp_path: Path) -> None:
    tracker.run(workspace, str(film), project, video_speedup=5)
    report = exporting.run(workspace, project, str(film), "shots")
    assert report.output.name == "shots.csv"
    assert report.output.read_text().splitlines() == [
        "shot,start_npt,end_npt,start_frame,end_frame,transition,video",
        f"0,0.000000,2.000000,0,50,,{film}",
        f"1,2.000000,4.000000,50,100,cut,{film}",
    ]
    described = exporting.run(workspace, project, str(film), "shots-json", tmp_path / "shots.json")
    assert described.n_rows == 2
    assert json.loads(described.output.read_text()) == [
        {"shot": 0, "start_npt": 0.0, "end_npt": 2.0, "start_frame": 0, "end_frame": 50, "transition": "", "video": str(film)},
        {
            "shot": 1,
            "start_npt": 2.0,
            "end_npt": 4.0,
            "start_frame": 50,
            "end_frame": 100,
            "transition": "cut",
            "video": str(film),
        },
    ]


@pytest.mark.parametrize("name", ["csv", "csv-samples"])
def test_a_table_of_no_video_has_its_columns(workspace: Workspace, project: str, film: Path, name: str) -> None:
    empty = exporting.run_project(workspace, project, name).read_bytes()
    tracker.run(workspace, str(film), project, video_speedup=5)
    full = exporting.run_project(workspace, project, name).read_bytes()
    assert empty
    assert full.startswith(empty)
    assert full.splitlines(keepends=True)[0] == empty


def test_a_video_nobody_tracked_is_an_error(workspace: Workspace, project: str, film: Path) -> None:
    with pytest.raises(ConfigError, match="has not been analysed"):
        exporting.run(workspace, project, str(film), "mot")
    with pytest.raises(ConfigError, match='no format "xml"'):
        exporting.run(workspace, project, str(film), "xml")


def test_the_verb(tmp_path: Path, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    uri = f"sqlite:///{tmp_path / 'facerec.db'}"
    config.write_text(f"data_dir: {tmp_path}\nengine: fake\ndatabase:\n  uri: {uri}\n", encoding="utf-8")
    shared = ["--project", "p", "--video", str(film), "--config", str(config)]
    assert main(["track", "--video_speedup", "5", "--tracker", "bytetrack", *shared]) == 0
    assert main(["export", "--format", "mot", "--output", str(tmp_path / "m.txt"), *shared]) == 0
    assert "30 boxes of" in capsys.readouterr().out
    assert len(read_mot(tmp_path / "m.txt").ids) == 30
    assert main(["export", "--format", "xml", *shared]) == 2
