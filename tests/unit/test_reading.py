"""The reader on drawn films: samples know their shot, though it is known only later, and little is held back meanwhile."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import ClassVar

import cv2
import numpy as np
import pytest

from src.schema import WHOLE, Interval, RgbImage
from src.tracker.analyser import ended
from src.tracker.reading import Batch, Reader, Sample
from src.video.sampling import Sampling
from src.video.stream import DecodedFrame, VideoInfo, VideoStream
from tests.videos import pan, shots

RATE = 25


class DrawnFrame(DecodedFrame):
    """A picture as a decoder would hand it over."""

    alive: ClassVar[weakref.WeakSet[DrawnFrame]] = weakref.WeakSet()

    def __init__(self, frame_index: int, picture: RgbImage) -> None:
        self.frame_index, self.npt, self._picture = frame_index, frame_index / RATE, picture
        self.n_skipped = 0
        DrawnFrame.alive.add(self)

    def rgb(self) -> RgbImage:
        return self._picture

    def grey(self, max_side_px: int) -> RgbImage:
        return np.asarray(self._picture[..., 1])

    def thumbnail(self) -> RgbImage:
        return np.asarray(cv2.resize(self._picture, (64, 36), interpolation=cv2.INTER_AREA), np.uint8)


class DrawnStream(VideoStream):
    """Pictures in order; notes how many frames were in memory at a time."""

    def __init__(self, pictures: Sequence[RgbImage]) -> None:
        self.info = VideoInfo("drawn", 160, 96, Fraction(RATE), len(pictures) / RATE, len(pictures), "none")
        self.n_damaged, self.damage, self.most_alive = 0, "", 0
        self._pictures = pictures

    def frames(self, interval: Interval = WHOLE, **_: object) -> Iterator[DecodedFrame]:
        for index, picture in enumerate(self._pictures):
            yield DrawnFrame(index, picture)
            gc.collect(0)
            self.most_alive = max(self.most_alive, len(DrawnFrame.alive))

    def close(self) -> None:
        pass


def with_dissolve() -> list[RgbImage]:
    """Draw a cut at frame 40 and a dissolve of 20 frames from frame 80 on."""
    before, after = list(pan(60, seed=7, step_px=0.3)), list(pan(60, seed=2, step_px=0.3))
    pairs = zip(before[40:], after[:20], strict=True)
    mixed = [np.rint(a * (1 - k / 21) + b * (k / 21)).astype(np.uint8) for k, (a, b) in enumerate(pairs, 1)]
    return [*pan(40, seed=1), *before[:40], *mixed, *after[20:]]


def read(pictures: Sequence[RgbImage], done: int = -1, fps: float | None = None, every: int = 1) -> list[Batch]:
    reader = Reader(DrawnStream(pictures), Sampling(every), WHOLE, done, window_s=1.0, track_fps=fps)
    return list(reader.batches())


def samples(batches: Sequence[Batch]) -> list[Sample]:
    return [sample for batch in batches for sample in batch.samples]


def test_every_sample_carries_the_shot_that_it_lies_in() -> None:
    batches = read(with_dissolve())
    ended = [shot for batch in batches for shot in batch.shots]

    assert [shot.transition for shot in ended] == ["", "cut", "dissolve"]
    assert ended[1].start[0] == 40
    assert 86 <= ended[2].start[0] <= 94
    assert ended[2].end[0] == 140
    for sample in samples(batches):
        (shot,) = [shot for shot in ended if shot.start[0] <= sample.frame.frame_index < shot.end[0]]
        assert sample.frame.shot == shot.number
    assert len(samples(batches)) == 140
    assert batches[-1].n_frames == 140


def test_the_first_frame_of_each_shot_is_a_sample_where_faces_are_followed() -> None:
    batches = read(with_dissolve(), fps=25, every=25)
    taken = {sample.frame.frame_index for sample in samples(batches)}
    starts = {shot.start[0] for batch in batches for shot in batch.shots}

    assert len(starts) == 3
    assert starts <= taken
    seen = [glance.frame_index for sample in samples(batches) for glance in sample.between]
    assert sorted([*taken, *seen, *(glance.frame_index for glance in batches[-1].tail)]) == list(range(140))


@pytest.mark.parametrize("fps", [None, 12.5])
def test_going_on_gives_the_samples_that_were_missing(fps: float | None) -> None:
    def told(batches: Sequence[Batch]) -> list[tuple[int, int, int]]:
        return [(s.frame.frame_index, s.frame.shot, len(s.between)) for s in samples(batches) if not s.is_known]

    whole = told(read(with_dissolve(), fps=fps, every=5))
    done = whole[len(whole) // 2][0]

    assert told(read(with_dissolve(), done, fps, every=5)) == [each for each in whole if each[0] > done]


def test_of_other_frames_than_samples_nothing_is_held_back() -> None:
    pictures = list(shots([50, 50]))
    sparse, dense = DrawnStream(pictures), DrawnStream(pictures)
    for stream, every in ((sparse, 50), (dense, 1)):
        for batch in Reader(stream, Sampling(every), WHOLE).batches():
            del batch

    assert sparse.most_alive <= 4
    # Those of 0.7 s, the one that is decoded, and those of a batch.
    assert dense.most_alive <= 18 + 6


@pytest.mark.parametrize(
    ("start", "end", "duration", "ends"),
    [
        (0.0, None, 10.0, 10.0),
        (2.0, 5.0, 10.0, 5.0),
        (2.0, 99_999.0, 10.0, 10.0),
        (2.0, 5.0, None, 5.0),
        (2.0, None, None, 2.0),
    ],
)
def test_a_part_ends_with_its_video(start: float, end: float | None, duration: float | None, ends: float) -> None:
    info = VideoInfo("drawn", 160, 96, Fraction(RATE), duration, None, "none")
    assert ended(Interval(start, end), info) == Interval(start, ends)
