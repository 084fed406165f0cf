"""The demo's second half, on a drawn video: a finished video is named anew without being opened, and as before afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import demo
from evaluation.material.data import TruthRow, write_table
from evaluation.material.demo_stranger import AUTHOR, name_stranger, take_back
from evaluation.material.demo_video import Demo
from src import clusterize, tracker
from src.errors import GalleryError
from src.identities.decisions import active_decisions
from src.records import Appearance, Decision, Person, UnknownTrack, Verb
from src.verbs import decide
from src.verbs.decide import unknown_target
from src.video.pyav import PyAvStream
from src.workspace import Workspace
from tests.stages.conftest import DrawnShot, draw
from tests.videos import write_video

TRUTH = [
    TruthRow("demo.mp4", 0.0, 1.0, "Anna_Albers"),
    TruthRow("demo.mp4", 1.0, 2.0, "unknown:dora_day"),
    TruthRow("demo.mp4", 2.0, 3.0, "Ben_Bo"),
    TruthRow("demo.mp4", 3.0, 4.0, "unknown:dora_day"),
]


@pytest.fixture
def material(workspace: Workspace, trained: str, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """Anna, a stranger, Ben, the stranger: 1 s each, tracked; where the demo has its video."""
    monkeypatch.setattr(demo, "PROJECT", trained)
    material = Demo(workspace.data_dir / "demo")
    material.video.parent.mkdir(parents=True)
    shots = [DrawnShot(25, {person: (100, 100, 64)}, 60 + 60 * (n % 2)) for n, person in enumerate((0, 6, 1, 6))]
    write_video(material.video, draw(shots), options={"crf": "12"})
    write_table(material.truth_table, TRUTH)
    tracker.run(workspace, str(material.video), trained, video_speedup=5)
    return material


def names(workspace: Workspace, project: str) -> list[str]:
    shown = workspace.store.find(Appearance, project=project)
    return [appearance.name for appearance in sorted(shown, key=lambda appearance: appearance.start_npt)]


def test_the_stranger_gets_a_name_and_loses_it(
    workspace: Workspace, trained: str, material: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PyAvStream, "__init__", lambda *_args: pytest.fail("the video was opened"))
    for _ in range(2):
        naming = name_stranger(workspace, trained, str(material.video), material.truth())
        assert (naming.called, naming.name) == ("Unknown 1", "Dora Day")
        assert [item.start_npt for item in naming.before] == [item.start_npt for item in naming.after] == [1.0, 3.0]
        assert {item.source for item in naming.after} == {"human"}
        assert naming.seconds > 0
        assert names(workspace, trained) == ["Anna Albers", "Dora Day", "Ben Bo", "Dora Day"]
        take_back(workspace, trained)
        assert names(workspace, trained) == ["Anna Albers", "Unknown 1", "Ben Bo", "Unknown 1"]
        assert workspace.store.get(Person, trained, "Dora_Day") is None
        assert workspace.store.count(UnknownTrack, project=trained, unknown_id=1) == 2


def test_only_what_the_demo_said_is_taken_back(workspace: Workspace, trained: str, material: Demo) -> None:
    clusterize.run(workspace, str(material.video), trained)
    decide.run(workspace, trained, Verb.IS, unknown_target(1), person="Eva Eng", author="me")
    take_back(workspace, trained)
    assert [decision.author for decision in active_decisions(workspace.store, trained)] == ["me"]
    assert names(workspace, trained)[1] == "Eva Eng"
    assert workspace.store.get(Person, trained, "Eva_Eng") is not None
    with pytest.raises(GalleryError, match="Nobody unknown"):
        name_stranger(workspace, trained, str(material.video), material.truth())


def test_what_an_interrupted_demo_left_is_not_in_the_next_report(workspace: Workspace, trained: str, material: Demo) -> None:
    name_stranger(workspace, trained, str(material.video), material.truth())
    assert [decision.author for decision in active_decisions(workspace.store, trained)] == [AUTHOR]
    take_back(workspace, trained)
    take_back(workspace, trained)
    assert workspace.store.count(Decision, project=trained) == 2
    assert demo.show_report(workspace, material) == 0


def test_the_lines_that_are_printed(
    workspace: Workspace, trained: str, material: Demo, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.show_sixth_person(workspace, material)
    lines = capsys.readouterr().out.splitlines()
    assert "somebody says who Unknown 1 is" in lines[1]
    assert lines[2:4] == [
        "  0:00:01.000 - 0:00:02.000  Unknown 1 → Dora Day",
        "  0:00:03.000 - 0:00:04.000  Unknown 1 → Dora Day",
    ]
    assert "the video was not opened" in lines[4]
    assert not active_decisions(workspace.store, trained)


def test_without_a_stranger_there_is_nobody_to_name(workspace: Workspace, trained: str, material: Demo, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="nobody to give a name to"):
        name_stranger(workspace, trained, str(material.video), TRUTH[:1])
