"""InsightFace's own networks, which may not be passed on: tried where somebody has them."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from src.engines import open_engine
from src.models import WeightsCache
from src.schema import RgbImage

# Read before a test may clean the environment.
REAL = os.environ.get("FACEREC_TEST_INSIGHTFACE")


@pytest.mark.skipif(not REAL, reason="FACEREC_TEST_INSIGHTFACE names no folder with det_10g.onnx and w600k_r50.onnx")
def test_real_networks_find_faces_and_tell_people_apart(tmp_path: Path, photos: dict[str, list[RgbImage]]) -> None:
    weights = WeightsCache(tmp_path, local=Path(str(REAL)))
    weights.packs.accept("insightface")
    engine = open_engine("insightface", weights)
    vectors, owners = [], []
    for person, images in photos.items():
        for image, faces in zip(images, engine.detector.detect(images), strict=True):
            assert len(faces), person
            left_eye, right_eye = faces.landmarks[0, :2]
            assert left_eye[0] > right_eye[0]
            vectors.append(engine.embedder.embed(engine.embedder.align(image, faces.take(np.array([0]))))[0])
            owners.append(person)
    pairs = list(itertools.combinations(range(len(owners)), 2))
    scores = np.array([vectors[a] @ vectors[b] for a, b in pairs])
    same = np.array([owners[a] == owners[b] for a, b in pairs])
    assert np.median(scores[same]) > scores[~same].max()
