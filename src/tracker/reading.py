"""The first part of the work: frames are decoded, shots found and samples chosen. It runs ahead of the other parts, which find
faces, follow, embed and store them.

Where a shot begins is known a moment after the frame was decoded. Until then only what may still be needed is held back: the
planes of samples, and of all frames where faces are followed, since the first of each shot is a sample then. They are converted
to RGB when the shot is known, so that 1080p at 60 frames a second holds 130 MB at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..errors import MediaError
from ..schema import Frame, Interval, RgbImage
from ..video.sampling import Sampling
from ..video.shots import ShotDetector, Transition
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
    """A shot that was seen to its end. `start` and `end` are frame index and npt; the end lies outside.

    `transition` says how it began, empty for the first one.
    """

    number: int
    start: tuple[int, float]
    end: tuple[int, float]
    transition: Transition = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A frame whose shot is not known yet.

    Attributes:
        decoded: Its planes; None where they are not needed, whatever it turns out to be.
        is_sample: Whether it is one even if no shot begins here.
        is_shown: Whether faces are followed in it.
    """

    frame_index: int
    npt: float
    decoded: DecodedFrame | None
    is_sample: bool
    is_shown: bool


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
        size, shot = self._size(), None
        end, period = (0, 0.0), float(1 / self.stream.info.frame_rate)
        for held, transition in self._settled():
            here = held.frame_index, held.npt
            begins = shot is None or transition != ""
            if shot is None or begins:
                shot = self._next_shot(shot, here, transition)
            end = held.frame_index + 1, held.npt + period
            self._n_frames += 1
            follows = self.track_fps is not None
            if held.is_sample or (follows and (begins or self._n_glances >= _MOST_GLANCES)):
                yield from self._take(held, shot.number, size)
            elif held.is_shown:
                self._glance(held)
        if shot is None:
            raise MediaError(self.stream.info.locator, f"has no frame from {self.interval.start_npt:g} s on. It ends before.")
        self._next_shot(shot, end, "")
        yield self._batch(end[1], tuple(self._glances))

    def _settled(self) -> Iterator[tuple[_Held, Transition]]:
        """Yield each frame when it is known whether and how it begins a shot."""
        detector, waiting = ShotDetector(), deque[_Held]()
        sampler = self.sampling.sampler()
        displayed = Sampling(sample_period_s=1 / self.track_fps).sampler() if self.track_fps else None
        for decoded in self.stream.frames(self.interval):
            here = decoded.frame_index, decoded.npt
            is_sample, is_shown = sampler.wants(*here), displayed is not None and displayed.wants(*here)
            is_needed = decoded.frame_index >= self.done_frame and (is_sample or displayed is not None)
            waiting.append(_Held(*here, decoded if is_needed else None, is_sample, is_shown))
            for settled in detector.update(*here, decoded.thumbnail()):
                yield waiting.popleft(), settled.transition
        for settled in detector.finish():
            yield waiting.popleft(), settled.transition

    def _next_shot(self, shot: EndedShot | None, here: tuple[int, float], transition: Transition) -> EndedShot:
        """End a shot here, and return the one that begins; its end is not known yet."""
        if shot is not None:
            self._shots.append(replace(shot, end=here))
        return EndedShot(0 if shot is None else shot.number + 1, here, here, transition)

    def _glance(self, held: _Held) -> None:
        self._n_glances += 1
        if held.decoded is not None and held.frame_index > self.done_frame:
            self._glances.append(Glance(held.frame_index, held.npt, held.decoded.grey(GREY_SIDE_PX)))

    def _take(self, held: _Held, shot: int, size: int) -> Generator[Batch]:
        """Take in a sample, and yield the batch before it where that is whole."""
        self._n_glances = 0
        follows = self.track_fps is not None
        is_known = held.frame_index <= self.done_frame
        if held.decoded is None or (is_known and not (follows and held.frame_index == self.done_frame)):
            yield self._batch(held.npt)
            return
        window = self._window_of(held.npt)
        if self._samples and (len(self._samples) >= size or window != self._window or self._samples[0].is_known):
            yield self._batch(self._samples[-1].frame.npt)
            window = self._window_of(held.npt)
        self._window = window
        frame = Frame(held.frame_index, held.npt, held.decoded.rgb(), shot)
        grey = held.decoded.grey(GREY_SIDE_PX) if follows else None
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
