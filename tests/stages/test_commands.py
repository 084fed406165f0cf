"""The stages as somebody types them: what they print, and what they return to the shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src import aligner, classifier, clusterize, tracker
from src.__main__ import main
from src.workspace import Workspace
from tests.stages.conftest import PEOPLE, DrawnShot, draw, put_photos
from tests.videos import write_sound, write_video


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A settings file for a data folder of its own, with the fake engine."""
    path = tmp_path / "config.yaml"
    uri = f"sqlite:///{tmp_path / 'data' / 'facerec.db'}"
    path.write_text(f"data_dir: {tmp_path / 'data'}\nengine: fake\ndatabase:\n  uri: {uri}\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def photos(workspace: Workspace) -> None:
    """Photos of three people in the folders of the project `p`."""
    put_photos(workspace, "p", PEOPLE)


def test_the_whole_way_by_verbs(config: str, photos: None, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = ["--project", "p", "--config", config]
    assert main(["track", "--video", str(film), "--video-speedup", "5", *shared]) == 0
    assert "100 frames, 20 samples, 2 shots, 30 faces in 3 tracks" in capsys.readouterr().out
    assert main(["align", *shared]) == 0
    assert main(["train", "--classifier", "centroid", *shared]) == 0
    assert "Model 0001-Centroid trained: 3 people, 12 pictures" in capsys.readouterr().out
    assert main(["clusterize", "--video", str(film), "--confidence_threshold", "0.6", "--merge_cluster", *shared]) == 0
    table = capsys.readouterr().out
    assert "Anna Albers" in table
    assert "0:00:02.000" in table
    assert "3 people and 0 unknown" in table
    assert main(["track", "--video", str(film), "--video_speedup", "5", *shared]) == 0
    assert "was analysed before" in capsys.readouterr().out


@pytest.mark.parametrize("stage", [aligner, classifier])
def test_a_project_that_is_not_there(stage: object, config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert stage.main(["--project", "nobody", "--config", config]) == 1  # type: ignore[attr-defined]
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "nobody" in error


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.mp4", None, "missing.mp4"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"Dear diary,\n" * 99, "text.mp4"),
        ("folder", "folder", "folder"),
    ],
)
def test_what_is_no_video_is_one_line_and_status_1(
    name: str, content: bytes | str | None, message: str, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    assert tracker.main(["--video", str(path), "--project", "p", "--config", config]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert message in error


def test_sound_alone_is_no_video(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = write_sound(tmp_path / "speech.mp4")
    assert tracker.main(["--video", str(sound), "--project", "p", "--config", config]) == 1
    assert "no video" in capsys.readouterr().err.lower()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--video_speedup", "0"], "0 is not in the range"),
        (["--sample_period", "0"], "not in the range"),
        (["--video_speedup", "5", "--sample_period", "1"], "not both"),
        (["--speedup", "5"], "No such option"),
    ],
)
def test_wrong_flags_are_wrong_usage(
    flags: list[str], message: str, config: str, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tracker.main(["--video", str(film), "--project", "p", "--config", config, *flags]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("project", ["", "  ", "a/b", "..", ".hidden", "x" * 300, "a\0b"])
def test_names_that_no_folder_can_have(
    project: str, config: str, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tracker.main(["--video", str(film), "--project", project, "--config", config]) == 1
    assert "project name" in capsys.readouterr().err
    assert not (tmp_path / "data" / "out").exists()


@pytest.mark.parametrize("project", ["Élysée 1962", "новости", "日本", "x" * 200])
def test_names_in_other_scripts(project: str, config: str, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tracker.main(["--video", str(film), "--project", project, "--config", config, "--video_speedup", "50"]) == 0
    assert project.replace(" ", "_") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "message"),
    [("trackre:\n  min_iou: 0.3\n", 'Did you mean "tracker"'), ("tracker:\n  min_iou: much\n", "tracker.min_iou")],
)
def test_a_wrong_setting_stops_before_any_work(
    line: str, message: str, config: str, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(config).write_text(Path(config).read_text() + line)
    assert tracker.main(["--video", str(film), "--project", "p", "--config", config]) == 1
    assert message in capsys.readouterr().err


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(
    config: str, film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["--video", str(film), "--project", "p", "--config", config, "--video_speedup", "5"]
    take = tracker.analyser.Analyser._take

    def interrupted(*_sample: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tracker.analyser.Analyser, "_take", interrupted)
        assert tracker.main(call) == 130
    assert "Run the same command again" in capsys.readouterr().err
    assert tracker.analyser.Analyser._take is take
    assert tracker.main(call) == 0


def test_the_video_may_have_a_hash_in_its_name(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = write_video(tmp_path / "reel #1.mp4", draw([DrawnShot(10, {0: (60, 60, 60)})]))
    shared = ["--project", "p", "--config", config]
    assert tracker.main(["--video", str(film), *shared, "--video_speedup", "5"]) == 0
    assert tracker.main(["--video", f"{film}#t=0,0.2", *shared, "--video_speedup", "5"]) == 0
    assert "5 frames" in capsys.readouterr().out


def test_a_relative_path_is_the_same_video(
    config: str, film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--project", "p", "--config", config]
    tracker.main(["--video", str(film), *shared])
    monkeypatch.chdir(film.parent)
    capsys.readouterr()
    assert tracker.main(["--video", os.path.join(".", film.name), *shared]) == 0
    assert "was analysed before" in capsys.readouterr().out


def test_clusterize_says_what_to_run_first(config: str, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = ["--project", "p", "--config", config]
    assert tracker.main(["--video", str(film), *shared]) == 0
    assert clusterize.main(["--video", str(film), *shared]) == 1
    assert "Run: train --project p" in capsys.readouterr().err


def test_a_part_without_a_sample_says_what_helps(config: str, film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--video", f"{film}#t=1.1,1.5", "--project", "p", "--config", config, "--video_speedup", "25"]
    assert tracker.main(call) == 0
    said = capsys.readouterr().out
    assert "0 samples" in said
    assert "Sample more often" in said
    assert "No predictions.csv" in said
