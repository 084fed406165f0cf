"""The fit of priors, on vectors whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.priors import embed_folder, fit_prior
from src.engines.fake import colour_of, make_fake_engine
from src.errors import GalleryError
from src.recognition.gallery import Gallery


def gallery(people: int, spread: float) -> Gallery:
    """Ten faces each around orthogonal directions."""
    random = np.random.default_rng(0)
    vectors = np.repeat(np.eye(people, 64), 10, axis=0) + random.normal(0, spread, (people * 10, 64))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Gallery(tuple("abcdefghij"[:people]), vectors.astype(np.float32), np.repeat(np.arange(people), 10))


def test_the_threshold_parts_known_from_strangers() -> None:
    people = gallery(6, 0.1)
    fit = fit_prior(people)
    own = people.evidence_without_self()[np.arange(60), people.labels]
    assert (fit.n_people, fit.n_faces, fit.right) == (6, 60, 1.0)
    assert 0.0 < fit.prior.threshold < own.mean()
    assert fit.prior.slope > 0


def test_harder_faces_give_a_flatter_curve() -> None:
    easy, hard = fit_prior(gallery(6, 0.1)), fit_prior(gallery(6, 0.3))
    assert hard.prior.slope < easy.prior.slope or hard.right < easy.right


def test_two_people_are_too_few() -> None:
    with pytest.raises(GalleryError, match="three people"):
        fit_prior(gallery(2, 0.1))


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
