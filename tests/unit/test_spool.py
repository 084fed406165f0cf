"""What is written in one process is what is read in another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from src.faces.alignment import align_faces
from src.schema import Detections, Frame
from src.tracker.buffers import make_thumbnail
from src.tracker.finding import Seen
from src.tracker.following import Gap
from src.tracker.reading import Glance, Sample
from src.tracker.spool import Entry, SpoolReader, SpoolWriter
from src.tracking.flow import Trail

RNG = np.random.default_rng(1)


def seen(n: int, *, embedded: bool) -> Seen:
    image = RNG.integers(0, 255, (90, 120, 3), np.uint8)
    boxes = np.column_stack([RNG.uniform(0, 50, (n, 2)), RNG.uniform(10, 40, (n, 2))]).astype(np.float32)
    faces = Detections(boxes, RNG.random(n, np.float32), RNG.random((n, 5, 2), np.float32))
    crops = RNG.integers(0, 255, (n, 32, 32, 3), np.uint8)
    embeddings = RNG.random((n, 13), np.float32) if embedded else None
    return Seen(Sample(Frame(7, 0.1 + 0.2, image, 3)), n + 2, faces, crops, RNG.random(n, np.float32), embeddings)


def gap(*, backward: bool) -> Gap:
    def trail() -> Trail:
        return Trail(RNG.random((2, 3, 4), np.float32)[::-1], RNG.random((2, 3)) > 0.5)

    glances = tuple(Glance(index, index / 3, np.zeros((4, 4), np.uint8)) for index in (4, 5))
    return Gap(glances, trail(), trail() if backward else None, 1 / 3)


def assert_equal_gaps(got: Gap | None, wanted: Gap | None) -> None:
    if wanted is None or got is None:
        assert got is wanted
        return
    assert [(glance.frame_index, glance.npt) for glance in got.glances] == [(4, 4 / 3), (5, 5 / 3)]
    assert got.end_npt == wanted.end_npt
    for one, other in ((got.forward, wanted.forward), (got.backward, wanted.backward)):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            np.testing.assert_array_equal(one.boxes_xywh, other.boxes_xywh)
            np.testing.assert_array_equal(one.known, other.known)
            assert one.known.dtype == bool


@pytest.mark.parametrize("embedded", [False, True])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_sample_comes_out_as_it_went_in(n: int, embedded: bool, tmp_path: Path) -> None:
    wanted = seen(n, embedded=embedded)
    gaps = [gap(backward=True)]
    with SpoolWriter(tmp_path / "a") as spool:
        spool.write(Entry(0.5, 2, ((3, 0.12, "cut"), (9, 0.36, "")), [wanted], gaps, gap(backward=False)))
    entry = SpoolReader(tmp_path / "a").next()
    assert entry is not None
    assert (entry.npt, entry.window, entry.cuts) == (0.5, 2, ((3, 0.12, "cut"), (9, 0.36, "")))
    (got,) = entry.seen
    assert (got.frame.frame_index, got.frame.npt, got.frame.shot, got.sample.is_known) == (7, 0.1 + 0.2, 3, False)
    assert got.n_found == wanted.n_found
    for name in ("boxes_xywh", "scores", "landmarks"):
        np.testing.assert_array_equal(getattr(got.faces, name), getattr(wanted.faces, name))
    np.testing.assert_array_equal(got.qualities, wanted.qualities)
    assert [got.thumbnail(row) for row in range(n)] == [
        make_thumbnail(wanted.frame.image, box) for box in wanted.faces.boxes_xywh
    ]
    if embedded:
        assert wanted.embeddings is not None
        np.testing.assert_array_equal(got.embeddings, wanted.embeddings)  # type: ignore[arg-type]
    else:
        assert got.embeddings is None
        np.testing.assert_array_equal(got.crops, wanted.crops)
    assert_equal_gaps(entry.gaps[0], gaps[0])


def test_entries_come_one_by_one_and_only_when_they_are_whole(tmp_path: Path) -> None:
    whole = []
    with SpoolWriter(tmp_path / "a") as spool:
        for npt in range(3):
            spool.write(Entry(float(npt), npt, seen=[seen(2, embedded=False)], gaps=[None]))
            whole.append((tmp_path / "a").stat().st_size)
    data = (tmp_path / "a").read_bytes()
    reader = SpoolReader(tmp_path / "b")
    assert reader.next() is None
    found: list[float] = []
    for length in sorted({*range(0, len(data), 97), *whole, *(size - 1 for size in whole), len(data)}):
        (tmp_path / "b").write_bytes(data[:length])
        entry = reader.next()
        found += [] if entry is None else [entry.npt]
        assert found == [npt for npt, size in enumerate(whole) if size <= length]


def test_a_sample_without_its_picture_is_small(tmp_path: Path) -> None:
    image = np.zeros((1080, 1920, 3), np.uint8)
    faces = Detections(np.array([[9, 9, 80, 80]], np.float32), np.ones(1, np.float32), np.ones((1, 5, 2), np.float32))
    crops = align_faces(image, faces.landmarks, np.ones((5, 2), np.float32) * np.arange(5)[:, None], 112)
    one = Seen(Sample(Frame(0, 0.0, image)), 1, faces, crops, np.ones(1, np.float32))
    with SpoolWriter(tmp_path / "a") as spool:
        spool.write(Entry(0.0, 0, seen=[one], gaps=[None]))
    assert (tmp_path / "a").stat().st_size < 112 * 112 * 3 + 10_000
