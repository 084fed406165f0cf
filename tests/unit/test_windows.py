"""Samples in windows of time: the right ones, and no more of them read than it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from src.records import Track, TrackSamples
from src.schema import Box
from src.storage import Store
from src.videos import read_samples
from src.windows import SHOWN, Extent, best_rows, extent_of, read_window, read_windows
from src.workspace import Workspace

SIZES = (200, 1, 350, 90, 400)
"""Samples in each part of the track: checkpoints come when they come."""


def put_track(store: Store, sizes: tuple[int, ...]) -> Track:
    """Store a track that is seen twice a second, in parts, with another one on each side of it."""
    rng, n, frame = np.random.default_rng(0), sum(sizes), 0
    for part, size in enumerate(sizes):
        rows = np.arange(frame, frame + size)
        boxes = rng.uniform(0, 500, (size, 4)).astype(np.float32)
        arrays = (
            rows * 12,
            rows / 2,
            boxes,
            np.zeros((size, 5, 2), np.float32),
            *rng.uniform(0, 1, (2, size)).astype(np.float32),
        )
        store.put(*(TrackSamples("a", track_id, part, *arrays) for track_id in (1, 2, 3)))
        frame += size
    track = Track("a", 2, 0, 0.0, (n - 1) / 2, 0, (n - 1) * 12, n, 0.0, 0, Box(0, 0, 1, 1), 0.5)
    store.put(track)
    return track


@pytest.mark.parametrize("sizes", [SIZES, (40, 40), (1,)])
def test_are_those_of_the_whole_track_in_the_window(workspace: Workspace, sizes: tuple[int, ...]) -> None:
    track = put_track(workspace.store, sizes)
    whole, rng = read_samples(workspace.store, track), np.random.default_rng(1)
    windows = [(0.0, 1e7), (0.0, 0.0), (100.0, 100.5), (99.5, 100.0), (track.end_npt, 1e7), (0.0, track.end_npt), (1e6, 1e7)]
    windows += [tuple(sorted(pair)) for pair in rng.uniform(-10, track.end_npt + 10, (40, 2)).round(1).tolist()]  # type: ignore[misc]
    for start, end in windows:
        inside = (whole.npt >= start) & (whole.npt < end)
        found = read_window(workspace.store, extent_of(track), start, end)
        for name in SHOWN:
            wanted = getattr(whole, name)[inside]
            np.testing.assert_array_equal(found[name], wanted)
            assert found[name].dtype == wanted.dtype


@pytest.fixture
def read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Field and part of everything that is read of samples from now on."""
    seen: list[tuple[str, int]] = []
    selected = workspace.store._selected

    def watched(kind: type[Any], plan: Any, query: Any, names: tuple[str, ...], *more: Any) -> Any:
        rows = selected(kind, plan, query, (*names, "part"), *more)
        seen.extend((name, row[-1]) for row in rows for name in names)
        return [row[:-1] for row in rows]

    monkeypatch.setattr(workspace.store, "_selected", watched)
    return seen


def test_only_parts_with_samples_in_the_window_are_read(workspace: Workspace, read: list[tuple[str, int]]) -> None:
    track = put_track(workspace.store, SIZES)
    # Part 2 begins with sample 201, at 100.5 s, and part 3 with sample 551, at 275.5 s.
    found = read_window(workspace.store, extent_of(track), 270.0, 280.0)
    assert (len(found["npt"]), found["npt"][0]) == (20, 270.0)
    assert {part for name, part in read if name == "boxes_xywh"} == {2, 3}
    assert not any(name == "landmarks" for name, _ in read)


def test_short_tracks_are_read_at_once_and_others_not_at_all(workspace: Workspace, read: list[tuple[str, int]]) -> None:
    track = put_track(workspace.store, (40, 40))
    read_window(workspace.store, extent_of(track), 1.0, 2.0)
    assert sorted(read.count((name, part)) for name in SHOWN for part in (0, 1)) == [1] * 10
    read.clear()
    assert not len(read_window(workspace.store, extent_of(track), 40.0, 50.0)["npt"])
    assert not len(read_window(workspace.store, Extent("none", 1, 0.0, 9.0, 5), 0.0, 5.0)["npt"])
    assert read == []


@pytest.mark.parametrize(
    ("qualities", "n", "rows"),
    [
        ([], 6, []),
        ([0.5], 6, [0]),
        ([0.1, 0.9, 0.3, 0.2], 2, [1, 2]),  # the best of each half
        ([0.1, 0.9, 0.3, 0.2], 9, [0, 1, 2, 3]),
        ([0.0, 0.4, 0.0, 0.0, 0.7, 0.0], 3, [1, 4]),  # what was followed and not detected is left out
        ([0.0, 0.0, 0.0, 0.0], 2, [0, 2]),  # unless there is nothing else
    ],
)
def test_best_rows_are_spread_over_the_track(qualities: list[float], n: int, rows: list[int]) -> None:
    assert best_rows(np.array(qualities), n) == rows


def test_many_tracks_are_read_as_each_by_itself(workspace: Workspace) -> None:
    """Short and long ones, in parts, seen before, in and after the window, unknown ones; and in the order asked for."""
    rng, extents = np.random.default_rng(4), []
    for track_id, sizes in enumerate([(3,), (200, 200), (1, 0, 4), (40, 40), (7,)], start=1):
        begin = track_id * 10.0
        for part, size in enumerate(sizes):
            npt = begin + np.arange(size) / 2 + part
            boxes, points = rng.uniform(0, 500, (size, 4)), np.zeros((size, 5, 2), np.float32)
            scores = rng.uniform(0, 1, (2, size)).astype(np.float32)
            frames = (npt * 25).astype(np.int64)
            workspace.store.put(TrackSamples("a", track_id, part, frames, npt, boxes.astype(np.float32), points, *scores))
        extents.append(Extent("a", track_id, begin, begin + sum(sizes), sum(sizes)))
    extents = [extents[2], Extent("a", 99, 0.0, 100.0, 3), *extents[3:], *extents[:2]]
    for window in [(0.0, 1e7), (11.0, 31.0), (20.5, 20.5), (45.0, 52.0), (1e6, 1e7)]:
        found = read_windows(workspace.store, extents, *window)
        for one, extent in zip(found, extents, strict=True):
            wanted = read_window(workspace.store, extent, *window)
            for name in SHOWN:
                np.testing.assert_array_equal(one[name], wanted[name])
                assert one[name].dtype == wanted[name].dtype
    assert read_windows(workspace.store, [], 0.0, 1.0) == []


def test_short_tracks_are_read_in_one_question(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = [extent_of(put_track(workspace.store, (5,)))]
    tracks += [replace(tracks[0], track_id=1), replace(tracks[0], track_id=3)]
    asked: list[int] = []
    of_keys = workspace.store._of_keys

    def watched(kind: type[Any], names: Any, keys: list[Any], leading: Any) -> Any:
        asked.append(len(keys))
        return of_keys(kind, names, keys, leading)

    monkeypatch.setattr(workspace.store, "_of_keys", watched)
    assert [len(found["npt"]) for found in read_windows(workspace.store, tracks, 0.0, 1.0)] == [2, 2, 2]
    assert asked == [3]
