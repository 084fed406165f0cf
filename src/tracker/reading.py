"""The first part of the work: frames are decoded, cuts found and samples chosen. It runs ahead of the other parts, which find
faces, follow, embed and store them.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import MediaError
from ..schema import Frame, Interval, RgbImage
from ..video.sampling import Sampling
from ..video.shots import ShotDetector
from ..video.stream import DecodedFrame, VideoStream

Grey: TypeAlias = RgbImage
"""(h, w) uint8: a small grey picture."""

GREY_SIDE_PX = 480
"""Longer side of the pictures that faces are followed in."""
_MOST_GLANCES = 50
"""Pictures between two samples that are followed: after so many, a further sample is taken."""
_BATCH_FRAMES = 4
_BATCH_PX = 16_000_000
"""A batch holds so many sampled frames, fewer where these are large: five batches are under way at a time."""


@dataclass(frozen=True, slots=True)
class EndedShot:
    """A shot that was seen to its end. `start` and `end` are frame index and npt; the end lies outside."""

    number: int
    start: tuple[int, float]
    end: tuple[int, float]


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A frame that is no sample, but in which faces are followed."""

    frame_index: int
    npt: float
    picture: Grey


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A sampled frame.

    Attributes:
        frame: The picture.
        is_known: It was worked on before an interruption, and is needed once more only to follow faces from it.
        grey: The same, small and grey, where faces are followed.
        between: The frames since the sample before.
    """

    frame: Frame
    is_known: bool = False
    grey: Grey | None = None
    between: tuple[Glance, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Consecutive samples that are worked on together.

    Attributes:
        samples: Those that are new; none where this only tells how far the reading is.
        shots: The shots that ended since the batch before.
        npt: How far the reading is.
        n_frames: Frames read so far.
        window: Which window of time the samples belong to. Batches of one window follow each other; between two windows
            everything may be stored, and what comes later does not depend on where that was done.
        tail: The frames behind the last sample of all.
    """

    samples: tuple[Sample, ...]
    shots: tuple[EndedShot, ...]
    npt: float
    n_frames: int
    window: int
    tail: tuple[Glance, ...] = ()


@dataclass(slots=True, eq=False)
class Reader:
    """Goes through a video once and hands out its samples in batches.

    Attributes:
        stream: The video.
        sampling: Which frames are samples.
        interval: Which part of the video is meant.
        done_frame: Samples up to this frame index are known: they are decoded again, to count frames and find the same cuts,
            but not handed out.
        window_s: Length of a window in seconds; None makes each batch a window of its own.
        track_fps: Frames a second in which faces are followed between samples; None follows them in samples only. With it,
            the first frame of each shot is a sample too.
    """

    stream: VideoStream
    sampling: Sampling
    interval: Interval
    done_frame: int = -1
    window_s: float | None = None
    track_fps: float | None = None
    _samples: list[Sample] = field(default_factory=list, init=False)
    _glances: list[Glance] = field(default_factory=list, init=False)
    _shots: list[EndedShot] = field(default_factory=list, init=False)
    _n_frames: int = field(default=0, init=False)
    _n_glances: int = field(default=0, init=False)
    _window: int = field(default=0, init=False)

    def batches(self) -> Generator[Batch]:
        """Yield the samples; the last batch may have none.

        Raises:
            MediaError: Not one frame lies in the interval, or none can be decoded.
        """
        shots, sampler, size = ShotDetector(), self.sampling.sampler(), self._size()
        displayed = Sampling(sample_period_s=1 / self.track_fps).sampler() if self.track_fps else None
        number, start, end = -1, (0, 0.0), (0, 0.0)
        period = float(1 / self.stream.info.frame_rate)
        # Where faces are followed in every frame, every frame is needed.
        needed = None if self.track_fps else self.sampling.sampler()
        for decoded in self.stream.frames(self.interval, needed=needed):
            here = decoded.frame_index, decoded.npt
            begins = shots.update(decoded.thumbnail()) or number < 0
            if begins:
                if number >= 0:
                    self._shots.append(EndedShot(number, start, here))
                number, start = number + 1, here
            end = decoded.frame_index + 1, decoded.npt + period
            self._n_frames += 1 + decoded.n_skipped
            is_shown = displayed is not None and displayed.wants(*here)
            if sampler.wants(*here) or (displayed is not None and (begins or self._n_glances >= _MOST_GLANCES)):
                yield from self._take(decoded, number, size)
            elif is_shown:
                self._glance(decoded)
        if number < 0:
            raise MediaError(self.stream.info.locator, f"has no frame from {self.interval.start_npt:g} s on. It ends before.")
        self._shots.append(EndedShot(number, start, end))
        yield self._batch(end[1], tuple(self._glances))

    def _glance(self, decoded: DecodedFrame) -> None:
        self._n_glances += 1
        if decoded.frame_index > self.done_frame:
            self._glances.append(Glance(decoded.frame_index, decoded.npt, decoded.grey(GREY_SIDE_PX)))

    def _take(self, decoded: DecodedFrame, shot: int, size: int) -> Generator[Batch]:
        """Take in a sample, and yield the batch before it where that is whole."""
        self._n_glances = 0
        follows = self.track_fps is not None
        is_known = decoded.frame_index <= self.done_frame
        if is_known and not (follows and decoded.frame_index == self.done_frame):
            yield self._batch(decoded.npt)
            return
        window = self._window_of(decoded.npt)
        if self._samples and (len(self._samples) >= size or window != self._window or self._samples[0].is_known):
            yield self._batch(self._samples[-1].frame.npt)
            window = self._window_of(decoded.npt)
        self._window = window
        frame = Frame(decoded.frame_index, decoded.npt, decoded.rgb(), shot)
        grey = decoded.grey(GREY_SIDE_PX) if follows else None
        self._samples.append(Sample(frame, is_known, grey, tuple(self._glances)))
        self._glances = []

    def _window_of(self, npt: float) -> int:
        if self.window_s is None:
            return self._window if self._samples else self._window + 1
        return int(npt / self.window_s)

    def _batch(self, npt: float, tail: tuple[Glance, ...] = ()) -> Batch:
        batch = Batch(tuple(self._samples), tuple(self._shots), npt, self._n_frames, self._window, tail)
        self._samples, self._shots = [], []
        return batch

    def _size(self) -> int:
        pixels = max(self.stream.info.width * self.stream.info.height, 1)
        return max(1, min(_BATCH_FRAMES, _BATCH_PX // pixels))
