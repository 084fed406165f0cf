"""The comparison of whole pictures with windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluation.attention import Kept, as_markdown, compare
from src.engines.fake import colour_of, make_fake_engine
from src.schema import Detections
from src.settings import TrackerSettings
from tests.videos import write_video


def test_a_film_is_looked_at_in_both_ways(tmp_path: Path) -> None:
    pictures = [np.full((360, 640, 3), 64, np.uint8) for _ in range(50)]
    for n, picture in enumerate(pictures):
        picture[100:160, 100 + 2 * n : 160 + 2 * n] = colour_of(3)
    film = write_video(tmp_path / "film.mp4", pictures, options={"crf": "12"})
    kept = compare(film, make_fake_engine(), TrackerSettings(), 5, 9.0)
    assert kept == Kept(n_samples=10, n_whole=2, n_faces=10, n_kept=10, n_more=0)
    assert as_markdown([("film", kept)]).splitlines()[-1] == "| film | 10 | 2 | 10 | 100.00% | 0 |"


def test_missed_and_further_faces_are_counted() -> None:
    boxes = np.array([[0, 0, 10, 10], [50, 50, 10, 10], [90, 90, 10, 10]], np.float32)
    faces = Detections(boxes, np.ones(3, np.float32), np.zeros((3, 5, 2), np.float32))
    kept = Kept()
    kept.add(faces.take(np.array([0, 1])), faces.take(np.array([1, 2])))
    kept.add(Detections.empty(), Detections.empty())
    assert kept == Kept(n_samples=2, n_faces=2, n_kept=1, n_more=1)
