"""Evaluation of a data folder with stages that play their part: what is trained on, scored, reported and returned."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import src
from evaluation import run
from src.errors import MediaError
from src.records import Appearance, Model
from src.schema import Box
from src.settings import Settings
from src.workspace import Workspace

TRUTH = """video,start_s,end_s,person,note
friends.mp4,0,4,Ann,
friends.mp4,4,8,unknown:x,
friends.mp4,8,9,Ann,left edge
other.mp4,0,2,Bob_Lee,
broken.mp4,0,2,Bob_Lee,
"""


@pytest.fixture
def material(tmp_path: Path) -> Path:
    root = tmp_path / "material"
    for name in ("gallery/Ann/0.jpg", "gallery/Ann/1.jpg", "crops24/Ann/0.jpg", "crops24/Bob_Lee/0.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    (root / "gallery" / "OUTLIERS.csv").write_text("path,reason\ngallery/Ann/1.jpg,another woman\n")
    (root / "videos").mkdir()
    for video in ("friends.mp4", "other.mp4", "broken.mp4"):
        (root / "videos" / video).write_bytes(b"x")
    (root / "videos" / "ground_truth.csv").write_text(TRUTH)
    return root


def _appearance(project: str, video: str, track: int, person: str | None, start: float, end: float) -> Appearance:
    name = (person or f"Unknown {track}").replace("_", " ")
    return Appearance(
        project, Path(video).stem, track, name, person, start, end, 0, 0, 0, 0, 0.9, (track,), Box(0, 0, 1, 1), start
    )


class _Stages:
    """Stages that note what they are given, and find what this test says."""

    def __init__(self) -> None:
        self.photos: list[str] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.settings: Settings | None = None
        self.fault: Exception = MediaError("broken.mp4", "has no video stream")

    def crawl(self, workspace: Workspace, project: str, keywords: list[str], **options: Any) -> None:
        self.settings = workspace.settings
        folder: Path = options["folder"]
        self.photos = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        self.calls.append(("crawl", {"project": project, "max_num": options["max_num"], "engine": options["engine"]}))

    def align(self, workspace: Workspace, project: str) -> None:
        self.calls.append(("align", {"project": project}))

    def train(self, workspace: Workspace, project: str, *, classifier: str | None = None) -> SimpleNamespace:
        people, images = ("Ann", "Bob_Lee"), tuple(self.photos)
        model = Model(project, "m1", "sface@1", classifier or "", people, images, {}, {}, "classifier/m1")
        return SimpleNamespace(model=model)

    def track(self, workspace: Workspace, video: str, project: str, *, sample_period_s: float) -> None:
        self.calls.append(("track", {"video": Path(video).name, "period": sample_period_s}))
        if "broken" in video:
            raise self.fault

    def clusterize(self, workspace: Workspace, video: str, project: str) -> SimpleNamespace:
        found = {
            # The stranger is called Bob for a while, and then nobody.
            "friends": [("Ann", 0.0, 4.0), ("Bob_Lee", 4.0, 5.25), (None, 5.75, 7.75)],
            "other": [("Bob_Lee", 0.0, 1.5)],
        }[Path(video).stem]
        return SimpleNamespace(
            video=SimpleNamespace(width=100),
            analysis=SimpleNamespace(analysis_id=Path(video).stem, sampling={"period_s": 0.5}),
            model=None,
            appearances=[_appearance(project, video, n, *row) for n, row in enumerate(found)],
        )


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> _Stages:
    stages = _Stages()
    parts: dict[str, Callable[..., Any]] = {
        "crawler": stages.crawl,
        "aligner": stages.align,
        "classifier": stages.train,
        "tracker": stages.track,
        "clusterize": stages.clusterize,
    }
    for name, stage in parts.items():
        monkeypatch.setattr(src, name, SimpleNamespace(run=stage), raising=False)
    return stages


def _evaluate(material: Path, tmp_path: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    result = tmp_path / "result.json"
    status = run.main(["--data", str(material), "--work", str(tmp_path / "work"), "--json", str(result), *flags])
    return status, json.loads(result.read_text())


def test_numbers_by_hand(material: Path, tmp_path: Path, stages: _Stages, capsys: pytest.CaptureFixture[str]) -> None:
    status, result = _evaluate(material, tmp_path, "--videos", "friends,other.mp4")

    # friends: Ann found 4 s of 4 + 1, Bob said for 1.25 s while the stranger is there. other: Bob from 0 to 1.5 of 2 s.
    assert status == 0
    assert result["overall"] == {
        "tp_s": 5.5,
        "fp_s": 1.25,
        "fn_s": 1.5,
        "precision": pytest.approx(5.5 / 6.75, abs=1e-4),
        "recall": pytest.approx(5.5 / 7, abs=1e-4),
        "f1": pytest.approx(11 / 13.75, abs=1e-4),
        "false_naming_s": 1.25,
        "unknown": {"tp_s": 2, "fp_s": 0, "fn_s": 2, "precision": 1, "recall": 0.5, "f1": 0.6667, "crowd_s": 0},
    }
    assert (result["tune"]["tp_s"], result["tune"]["fp_s"], result["tune"]["fn_s"]) == (4, 1.25, 1)
    assert (result["report"]["tp_s"], result["report"]["fp_s"], result["report"]["fn_s"]) == (1.5, 0, 0.5)
    assert result["lenient"]["fn_s"] == 0.5
    assert result["people"]["Bob_Lee"] == {
        "tp_s": 1.5,
        "fp_s": 1.25,
        "fn_s": 0.5,
        "precision": 0.5455,
        "recall": 0.75,
        "f1": 0.6316,
    }
    assert {(cell["seen"], cell["said"]): cell["seconds"] for cell in result["confusion"]} == {
        ("Ann", "Ann"): 4,
        ("Ann", "(nobody)"): 1,
        ("Bob_Lee", "Bob_Lee"): 1.5,
        ("Bob_Lee", "(nobody)"): 0.5,
        ("Unknown", "Bob_Lee"): 1.25,
        ("Unknown", "Unknown"): 2,
        ("Unknown", "(nobody)"): 0.75,
    }
    assert [result["videos"][video]["split"] for video in ("friends.mp4", "other.mp4")] == ["tune", "report"]
    # Appearances last 4 + 1.25 + 2 + 1.5 s, each with confidence 0.9; Bob's 1.25 s are wrong.
    shown = result["calibration"]["overall"]["appearances"]
    assert shown["seconds"] == 8.75
    assert shown["ece"] == pytest.approx(abs(7.5 / 8.75 - 0.9), abs=1e-4)
    edge = result["shot_kinds"]["overall"]["edge of the picture"]
    assert (edge["tp_s"], edge["fn_s"], edge["cost"]) == (0, 1, pytest.approx(5.5 / 6, abs=1e-4))
    assert result["shot_kinds"]["overall"]["plain"]["strangers_s"] == 4
    printed = capsys.readouterr().out
    assert "Bob Lee" in printed
    assert "friends.mp4 (tune)" in printed
    assert "Bob_Lee" not in printed


def test_what_is_trained_on(material: Path, tmp_path: Path, stages: _Stages) -> None:
    _, result = _evaluate(material, tmp_path, "--videos", "other")
    project = stages.calls[0][1]["project"]

    assert stages.photos == ["Ann/crops24_0.jpg", "Ann/gallery_0.jpg", "Bob_Lee/crops24_0.png"]
    assert stages.calls[0] == ("crawl", {"project": project, "max_num": 2, "engine": "sface"})
    assert (result["settings"]["photos"], result["settings"]["people"]) == (3, 2)

    _evaluate(material, tmp_path, "--videos", "other", "--with-outliers")
    assert "Ann/gallery_1.jpg" in stages.photos
    # Another set of photos is another project: nothing of the first one is trained on.
    assert stages.calls[-2][1]["project"] != project


def test_flags_reach_the_stages(material: Path, tmp_path: Path, stages: _Stages) -> None:
    _, result = _evaluate(material, tmp_path, "--videos", "other", "--sample_period", "0.25", "--classifier", "KNN")

    assert stages.calls[-1] == ("track", {"video": "other.mp4", "period": 0.25})
    assert result["settings"]["classifier"] == "KNN"
    assert result["settings"]["sample_period_s"] == 0.25


def test_a_failed_video_is_recorded_and_the_rest_goes_on(
    material: Path, tmp_path: Path, stages: _Stages, capsys: pytest.CaptureFixture[str]
) -> None:
    status, result = _evaluate(material, tmp_path, "--videos", "broken,other")

    assert status == 1
    assert result["failed"] == {"broken.mp4": "broken.mp4: has no video stream"}
    assert result["videos"]["broken.mp4"]["error"]
    assert result["overall"]["tp_s"] == 1.5
    assert "Failed: broken.mp4" in capsys.readouterr().out


def test_a_fault_in_the_code_does_not_lose_the_other_videos(
    material: Path, tmp_path: Path, stages: _Stages, caplog: pytest.LogCaptureFixture
) -> None:
    stages.fault = ZeroDivisionError("division by zero")

    status, result = _evaluate(material, tmp_path, "--videos", "other,broken")

    assert status == 1
    assert result["failed"] == {"broken.mp4": "ZeroDivisionError: division by zero"}
    assert "broken.mp4" in caplog.text
    caplog.clear()


def test_an_evaluation_stays_in_its_folder(
    material: Path, tmp_path: Path, stages: _Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEREC_DATA_DIR", str(tmp_path / "mine"))
    monkeypatch.setenv("FACEREC_DATABASE__URI", f"sqlite:///{tmp_path / 'mine.db'}")
    monkeypatch.setenv("FACEREC_WEIGHTS_DIR", str(tmp_path / "weights"))

    _evaluate(material, tmp_path, "--videos", "other")

    assert stages.settings is not None
    assert stages.settings.data_dir == tmp_path / "work"
    assert stages.settings.database.uri == f"sqlite:///{tmp_path / 'work' / 'facerec.db'}"
    assert stages.settings.weights_dir == tmp_path / "weights"
    assert not (tmp_path / "mine").exists()
    assert not (tmp_path / "mine.db").exists()


def test_the_temporary_folder_is_removed(
    material: Path, tmp_path: Path, stages: _Stages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    assert run.main(["--data", str(material), "--videos", "other", "--json", "-"]) == 0
    assert list((tmp_path / "temporary").iterdir()) == []
    assert json.loads(capsys.readouterr().out)["overall"]["tp_s"] == 1.5

    assert run.main(["--data", str(material), "--videos", "other", "--keep"]) == 0
    assert [path.name.startswith("facerec-evaluation-") for path in (tmp_path / "temporary").iterdir()] == [True]


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (["--videos", "nobody"], 1, "No video with ground truth is called nobody. Known: friends.mp4"),
        (["--sample_period", "0"], 2, "sample_period"),
        (["--classifier", "Oracle"], 2, "Oracle"),
    ],
)
def test_wrong_use(
    material: Path, stages: _Stages, capsys: pytest.CaptureFixture[str], flags: list[str], status: int, message: str
) -> None:
    assert run.main(["--data", str(material), *flags]) == status
    assert message in capsys.readouterr().err
    assert stages.calls == []


def test_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--data", str(tmp_path / "nowhere")]) == 1
    assert "is no folder" in capsys.readouterr().err
