"""A reading that begins in the middle gives the frames of one from the start: number, time and every bit of the picture."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.schema import WHOLE, Interval
from src.video import open_stream
from src.video.planes import PyAvFrame
from src.video.pyav import PyAvStream
from src.video.stream import DecodedFrame
from tests.made_streams import MADE, make
from tests.videos import damage, numbered, truncate, with_grain, write_video

REAL = Path(os.environ.get("FACEREC_REAL_VIDEOS", Path(__file__).parents[3] / "shared" / "data" / "videos"))
"""Real videos beside the repository, where there are any."""

Shown = tuple[int, float, int]


def shown(stream: PyAvStream, interval: Interval = WHOLE, seek: bool = False) -> list[Shown]:
    """Return number, time and a mark of all frames of an interval."""
    index = stream.index() if seek else None
    return [(frame.frame_index, frame.npt, mark_of(frame)) for frame in stream.frames(interval, index=index)]


def mark_of(frame: DecodedFrame) -> int:
    """Return a hash of what was decoded, and of all by which it becomes RGB: the conversion itself would cost as much again."""
    assert isinstance(frame, PyAvFrame)
    decoded = frame._frame
    if decoded.format.name not in ("yuv420p", "yuvj420p"):
        return hash(frame.rgb().tobytes())
    planes = (
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width] for plane in decoded.planes
    )
    size, colours = (decoded.width, decoded.height), (int(decoded.colorspace), int(decoded.color_range))
    return hash((decoded.format.name, size, colours, *(plane.tobytes() for plane in planes)))


def open_pyav(path: Path) -> PyAvStream:
    stream = open_stream(str(path))
    assert isinstance(stream, PyAvStream)
    return stream


def check_every_part(path: Path, n_parts: int = 9) -> None:
    with open_pyav(path) as stream:
        whole = shown(stream)
        index = stream.index()
        assert index is not None
        assert index.npts.tolist() == [npt for _, npt, _ in whole]
        ends = [*np.linspace(0, whole[-1][1], n_parts).tolist(), None]
        for start, end in pairwise(ends):
            wanted = [frame for frame in whole if frame[1] >= start and (end is None or frame[1] < end)]
            assert shown(stream, Interval(start, end), seek=True) == wanted
        for point in index.access_points()[:: max(1, len(index.starts) // 6)]:
            assert whole[point.frame_index][1] == point.npt
            assert next(iter(shown(stream, Interval(point.npt, point.npt + 0.001), seek=True))) == whole[point.frame_index]


@pytest.mark.parametrize("name", [name for name, made in MADE.items() if made.is_seekable])
def test_any_part_of_a_made_stream(name: str, tmp_path: Path) -> None:
    check_every_part(make(name, tmp_path))


@pytest.mark.parametrize("name", [name for name, made in MADE.items() if not made.is_seekable])
def test_streams_that_are_read_in_order_only(name: str, tmp_path: Path) -> None:
    with open_pyav(make(name, tmp_path)) as stream:
        assert stream.index() is None
        assert len(list(stream.frames())) > 0


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real videos at {REAL}")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.mp4")), ids=lambda path: path.name)
def test_any_part_of_a_real_video(path: Path) -> None:
    check_every_part(path, n_parts=4)


def test_decoding_begins_near_the_part_and_not_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(500), options={"g": "25"})
    decoded = []
    original = PyAvStream._decode_packet

    def counting(self: PyAvStream, *args: Any) -> Iterator[Any]:
        decoded.append(args)
        return original(self, *args)

    monkeypatch.setattr(PyAvStream, "_decode_packet", counting)
    with open_pyav(path) as stream:
        index = stream.index()
        decoded.clear()
        frames = list(stream.frames(Interval(18, 19), index=index))

    assert [frame.frame_index for frame in frames] == list(range(450, 475))
    assert len(decoded) < 110


def test_an_index_can_be_sent_to_another_process(tmp_path: Path) -> None:
    with open_pyav(write_video(tmp_path / "a.mp4", numbered(100), options={"g": "10"})) as stream:
        index = pickle.loads(pickle.dumps(stream.index()))
        assert [frame.frame_index for frame in stream.frames(Interval(3.0), index=index)] == list(range(75, 100))
        assert index.before(2.0).frame_index == 50
        assert index.before(0.0).frame_index == 0
        assert index.before(2.39).npt == 2.0


def test_a_truncated_file_is_indexed_as_far_as_it_goes_or_not_at_all(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", with_grain(numbered(100), 8), container_options={"movflags": "faststart"})
    with open_pyav(truncate(path, 0.5)) as stream:
        assert stream.index() is None


def test_damage_behind_the_start_does_not_move_numbers(tmp_path: Path) -> None:
    pictures = with_grain(numbered(200, (192, 128)), 10)
    path = damage(write_video(tmp_path / "a.mp4", pictures, options={"g": "10"}), 0.4, 0.43)
    with open_pyav(path) as stream:
        whole = shown(stream)
        assert stream.n_damaged > 0
        assert shown(stream, Interval(7), seek=True) == [frame for frame in whole if frame[1] >= 7]
        assert [index for index, npt, _ in whole] == [round(npt * 25) for _, npt, _ in whole]
