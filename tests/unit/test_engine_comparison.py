"""The comparison of engines on drawn people, with an engine without weights and one that cannot be opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from evaluation import engines
from evaluation.material.faces import embed_found, load_faces, takes_crops
from src.engines import Engine, registry
from src.engines.base import FaceEmbedder, ScorePrior
from src.engines.fake import FakeDetector, colour_of, make_fake_engine
from src.engines.registry import EngineEntry
from src.errors import EngineError
from src.faces.alignment import ARCFACE_TEMPLATE, align_faces
from src.models import WeightsCache
from src.schema import Detections, FloatArray, RgbImage


def _draw(person: int | None, random: np.random.Generator) -> RgbImage:
    """A square of a person's colour, a little different each time, on grey."""
    image = np.full((112, 112, 3), 64, np.uint8)
    if person is not None:
        colour = np.array(colour_of(person)) + random.integers(-25, 25, 3)
        image[26:86, 26:86] = colour.clip(0, 255)
    return image


@pytest.fixture
def material(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    root = tmp_path / "material"
    for person in range(6):
        for part, count in (("crops24", 8), ("gallery", 3), ("probe", 2)):
            folder = root / part / f"Person_{person}"
            folder.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(_draw(person, random)).save(folder / f"{number}.png")
    Image.fromarray(_draw(None, random)).save(root / "crops24" / "Person_0" / "none.png")
    return root


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(weights: WeightsCache, runtime: Any) -> Engine:
        raise EngineError('Engine "dlib" needs dlib-bin.\nRun: pip install dlib-bin')

    prior = ScorePrior(0.5, 20.0, 2.0)
    known = {"fake": EngineEntry(lambda weights, runtime: make_fake_engine(), prior), "missing": EngineEntry(missing, prior)}
    # The table is one object that all who need it have imported.
    monkeypatch.setattr(engines, "ENGINES", known)
    monkeypatch.setattr(registry, "ENGINES", known)


def _compare(material: Path, tmp_path: Path, *flags: str) -> int:
    return engines.main(["--data", str(material), "--work", str(tmp_path / "work"), "--engines", "fake,missing", *flags])


@pytest.mark.slow
def test_tables(material: Path, tmp_path: Path, fakes: None, capsys: pytest.CaptureFixture[str]) -> None:
    document, result = tmp_path / "README.md", tmp_path / "result.json"
    document.write_text("a\n<!-- engines: begin -->\nold\n<!-- engines: end -->\nb\n")

    flags = ("--splits", "2", "--pictures", "4", "--json", str(result), "--document", str(document))
    assert _compare(material, tmp_path, *flags) == 0

    found = json.loads(result.read_text())["engines"]
    faces = found["fake"]["faces"]["found anew"]
    assert (faces["n_faces"], faces["missing"]) == (48, 1)
    assert faces["verification"]["tar"] > 0.9
    assert faces["rules"]["evidence"]["dir"] == [1.0, 1.0]
    assert faces["rules"]["confidence, SVM"]["ece"] is not None
    assert found["fake"]["probes"]["SVM"] == {"n_photos": 12, "missing": 0, "rank1": 12, "accepted": 12, "wrong": 0}
    assert found["fake"]["speed"] is None
    assert found["missing"] == {"error": 'Engine "dlib" needs dlib-bin.\nRun: pip install dlib-bin'}
    written = document.read_text()
    assert written.startswith("a\n<!-- engines: begin -->\n\n| engine |")
    assert written.endswith("<!-- engines: end -->\nb\n")
    assert '| `missing` | Engine "dlib" needs dlib-bin. |' in written
    assert "| `fake` | found anew | 48 | 1 |" in capsys.readouterr().out


def test_faces_are_embedded_once(material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = {"A": sorted((material / "crops24" / "Person_0").iterdir()), "B": [material / "probe" / "Person_1" / "0.png"]}
    engine = make_fake_engine()
    first = load_faces(engine, photos, embed_found, tmp_path / "cache")
    monkeypatch.setattr(FakeDetector, "detect", lambda self, images: pytest.fail("looked at a photo again"))
    second = load_faces(engine, photos, embed_found, tmp_path / "cache")

    assert (first.people, first.missing, first.labels.tolist()) == (("A", "B"), 1, [0] * 8 + [1])
    assert np.array_equal(first.embeddings, second.embeddings)
    assert second.labels.tolist() == first.labels.tolist()


class _Arcface(FaceEmbedder):
    dimension, crop_size = 2, 112

    def __init__(self, shift: float) -> None:
        self._shift = shift

    def align(self, image: RgbImage, detections: Detections) -> RgbImage:
        return align_faces(image, detections.landmarks, ARCFACE_TEMPLATE + np.float32(self._shift), self.crop_size)

    def embed(self, crops: RgbImage) -> FloatArray:
        return np.zeros((len(crops), 2), np.float32)


def test_which_engines_take_the_crops_as_they_are() -> None:
    crop = np.random.default_rng(0).integers(0, 255, (112, 112, 3)).astype(np.uint8)

    assert takes_crops(Engine("a", "1", FakeDetector(), _Arcface(0)), crop)
    assert not takes_crops(Engine("a", "1", FakeDetector(), _Arcface(6)), crop)
    assert not takes_crops(make_fake_engine(), crop)


@pytest.mark.parametrize(
    ("flags", "message"),
    [(["--engines", "fake,nothing"], "There is no engine nothing. Choose of: fake, missing."), ([], "has 0 people")],
)
def test_wrong_use(tmp_path: Path, fakes: None, capsys: pytest.CaptureFixture[str], flags: list[str], message: str) -> None:
    assert _compare(tmp_path, tmp_path, *flags) == 1
    assert message in capsys.readouterr().err
