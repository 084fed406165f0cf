"""The fit of priors, on vectors whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.priors import Faces, embed_folder, fit_prior, looks_of
from src.engines.fake import colour_of, make_fake_engine
from src.errors import GalleryError


def faces(people: int, spread: float, pictures: int = 10) -> Faces:
    """Faces around orthogonal directions, and the same again with more noise."""
    random = np.random.default_rng(0)
    centres = np.repeat(np.eye(people, 64), pictures, axis=0)

    def noisy(deviation: float) -> np.ndarray:
        vectors = centres + random.normal(0, deviation, centres.shape)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    labels = np.repeat(np.arange(people), pictures)
    return Faces(tuple("abcdefghij"[:people]), labels, {"clean": noisy(spread), "poor": noisy(2 * spread)})


def test_the_threshold_parts_known_from_strangers() -> None:
    fit = fit_prior(faces(8, 0.05), draws=20)
    assert (fit.n_people, fit.n_faces) == (8, 80)
    assert fit.found == 1.0 and fit.passed == 0.0
    assert 0.1 < fit.prior.threshold < 0.9
    assert fit.prior.slope > 0


def test_of_harder_faces_fewer_are_found() -> None:
    easy, hard = fit_prior(faces(8, 0.05), draws=20), fit_prior(faces(8, 0.2), draws=20)
    assert hard.found < easy.found and hard.passed > easy.passed


def test_the_same_faces_give_the_same_prior() -> None:
    assert fit_prior(faces(6, 0.1), draws=5) == fit_prior(faces(6, 0.1), draws=5)


def test_too_few_faces_are_refused() -> None:
    with pytest.raises(GalleryError, match="four people"):
        fit_prior(faces(3, 0.1))
    with pytest.raises(GalleryError, match="two pictures"):
        fit_prior(faces(6, 0.1, pictures=1))


def test_looks_change_pixels_and_keep_shape() -> None:
    crops = np.random.default_rng(1).integers(0, 255, (3, 112, 112, 3)).astype(np.uint8)
    looks = looks_of(crops)
    assert looks["clean"] is crops
    assert all(look.shape == crops.shape and look.dtype == np.uint8 for look in looks.values())
    assert all((look != crops).any() for name, look in looks.items() if name != "clean")
    assert (looks["grey"][..., 0] == looks["grey"][..., 2]).all()
    np.testing.assert_array_equal(looks["mirrored"][:, :, ::-1], crops)
    assert looks["dark"].mean() < crops.mean() / 2
    again = looks_of(crops)
    assert all((again[name] == look).all() for name, look in looks.items())
    assert all(len(look) == 0 for look in looks_of(crops[:0]).values())


def test_a_folder_of_people_is_embedded(tmp_path: Path) -> None:
    for person in (0, 4, 8):
        for number in range(2):
            image = np.full((64, 64, 3), 70, np.uint8)
            image[10:40, 10:40] = colour_of(person)
            (tmp_path / str(person)).mkdir(exist_ok=True)
            Image.fromarray(image).save(tmp_path / str(person) / f"{number}.png")
    Image.new("RGB", (64, 64)).save(tmp_path / "0" / "empty.png")  # no face
    (tmp_path / "0" / "._0.png").write_bytes(b"what a Mac leaves")
    (tmp_path / "0" / "broken.jpg").write_bytes(b"no picture")
    found = embed_folder(make_fake_engine(), tmp_path)
    assert found.people == ("0", "4", "8")
    assert found.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert all(len(look) == 6 for look in found.looks.values())
