"""Every format by an independent reader, from what the stages make: the demo on a drawn video, and the demo itself."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import pytest
from rich.console import Console

from evaluation import demo
from src import clusterize, tracker
from src.export import FORMATS
from src.records import Appearance, Person, Verb
from src.verbs import exporting
from src.verbs.decide import interval_target, track_target
from src.verbs.decide import run as decide
from src.workspace import Workspace
from tests.documents import empty
from tests.readers import READERS, check_formats, check_videos
from tests.stages.conftest import DrawnShot, draw
from tests.videos import write_video

pytest.importorskip("datumaro", reason="needs: pip install --no-deps -r requirements-alone.txt")
ODD = 'Ben "B" <Bo> & {שלום} 🙂 \\N; a, b --> ]]>'


@pytest.fixture
def film(workspace: Workspace, trained: str, tmp_path: Path) -> Path:
    """Two people, a stranger, nobody; with a tone, tracked and named; one has a name that formats stumble over."""
    shots = [
        DrawnShot(50, {0: (30, 80, 40), 1: (150, 150, 90)}),
        DrawnShot(25, {6: (100, 100, 64)}, 120),
        DrawnShot(25, {}, 60),
    ]
    path = write_video(tmp_path / "film.mp4", draw(shots), options={"crf": "12"}, sound_s=4.0)
    tracker.run(workspace, str(path), trained, video_speedup=5)
    clusterize.run(workspace, str(path), trained)
    workspace.store.put(Person(trained, "odd", ODD, uri="http://www.wikidata.org/entity/Q1"))
    (ben,) = (one for one in workspace.store.find(Appearance, project=trained) if one.name == "Ben Bo")
    decide(workspace, trained, Verb.IS, track_target(workspace, trained, str(path), ben.track_id), person=ODD, author="ann")
    decide(workspace, trained, Verb.IS, interval_target(workspace, str(path), 3.2, 3.8), person="Anna Albers", author="ann")
    return path


def test_there_is_a_reader_for_each() -> None:
    assert list(READERS) == list(FORMATS)


def test_what_the_stages_made(workspace: Workspace, trained: str, film: Path, tmp_path: Path) -> None:
    names = {one.name for one in exporting.document_named(workspace, trained, str(film)).people}
    assert names == {"Anna Albers", ODD, "Unknown 1"}
    found = check_formats(workspace, trained, str(film), tmp_path / "out")
    assert found["json"] == found["elan"] == found["annotations"] == found["edl"] == 4
    assert found["memad"] == 3
    assert found["cvat"] == found["coco"] == found["csv-samples"] > 20
    assert found["shots"] == 3


def test_what_is_drawn_and_cut(workspace: Workspace, trained: str, film: Path, tmp_path: Path) -> None:
    found = check_videos(workspace, trained, str(film), tmp_path / "out")
    assert found["annotated.mp4"] == found["redacted.mp4"] == 100
    assert len(found) == 2 + 4


@pytest.mark.parametrize("name", FORMATS)
def test_nobody(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"x{FORMATS[name].suffix}"
    n_rows = FORMATS[name].write(path, empty())
    with warnings.catch_warnings():
        # What TrackEval and Datumaro say of files without a box.
        warnings.simplefilter("ignore")
        assert READERS[name](path) == n_rows == (2 if name.startswith("shots") else 0)


@pytest.mark.weights
@pytest.mark.slow
def test_the_demo_itself(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of `make demo`, with the real networks; then its results in every format."""
    monkeypatch.setattr(demo, "Console", lambda **_more: Console(file=io.StringIO()))
    material = demo.make_material(workspace)
    demo.run_stages(workspace, material)
    assert demo.show_report(workspace, material) == 0
    found = check_formats(workspace, demo.PROJECT, str(material.video), tmp_path / "out")
    assert found["json"] >= 8
    assert found["csv-samples"] == found["coco"] == found["cvat"] > 80
    videos = check_videos(workspace, demo.PROJECT, str(material.video), tmp_path / "out")
    assert len(videos) == 2 + found["json"]
