"""The measure of how well faces are followed between samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.following import Boxes, as_markdown, compare, evaluate, together
from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import colour_of, make_fake_engine
from src.engines.registry import EngineEntry
from src.settings import Settings
from src.workspace import open_workspace
from tests.videos import write_video


def boxes(*rows: tuple[int, int, float, bool]) -> Boxes:
    """Return boxes of frame, track, left side (all are 10 x 10 at the top), and whether they were followed."""
    frames, ids, lefts, followed = zip(*rows, strict=True)
    places = np.array([(left, 0, 10, 10) for left in lefts], np.float32)
    return Boxes(np.array(frames), np.array(ids), places, np.array(followed), 1.0)


def test_boxes_are_compared_with_the_faces_of_their_frame() -> None:
    faces = [np.array([[0, 0, 10, 10]], np.float32)] * 2 + [np.zeros((0, 4), np.float32)]
    found = boxes((0, 1, 0, False), (1, 1, 2, True), (1, 2, 30, True), (2, 1, 0, True))
    row = compare("made", 1.0, found, faces)
    assert (row.n_followed, row.on_face, row.covered) == (3, pytest.approx(1 / 3), 1.0)
    assert row.overlap == pytest.approx(80 / 120 / 3)


def test_boxes_of_all_videos_count_alike() -> None:
    one = compare("one", 1.0, boxes((0, 1, 0, True)), [np.array([[0, 0, 10, 10]], np.float32)])
    other = compare("other", 1.0, boxes((0, 1, 0, True), (0, 2, 20, True), (0, 3, 40, True)), [np.zeros((0, 4), np.float32)])
    (row,) = together([one, other])
    assert (row.n_followed, row.on_face, row.cpu_s) == (4, 0.25, 2.0)
    assert as_markdown([row]).splitlines()[-1].startswith("| all videos | 1 | 4 | 25.00% | 0.250 |")


def test_a_film_is_tracked_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EngineEntry(lambda _weights, _threads: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))
    monkeypatch.setitem(ENGINES, "fake", entry)  # type: ignore[arg-type]
    pictures = [np.random.default_rng(0).integers(60, 70, (120, 240, 3)).astype(np.uint8) for _ in range(26)]
    for n, picture in enumerate(pictures):
        picture[30:80, 40 + 2 * n : 90 + 2 * n] = colour_of(3)
    film = write_video(tmp_path / "film.mp4", pictures, options={"crf": "12"})
    with open_workspace(Settings(data_dir=tmp_path / "data")) as workspace:
        (row,) = evaluate(workspace, [film], None, tmp_path, "fake", [1.0])
    assert (row.name, row.rate, row.covered) == ("film", 1.0, 1.0)
    assert row.n_followed == 24
    assert row.on_face == 1.0
