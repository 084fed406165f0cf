"""Which frames of a video are looked at: every Nth, or one each so many seconds."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction

from ..errors import ConfigError

_GRACE_S = 0.0005
"""Times written in milliseconds (Matroska) may fall just before the moment that they mean."""


class Sampler(ABC):
    """Picks the frames of one reading; is asked about every frame, in presentation order."""

    @abstractmethod
    def wants(self, frame_index: int, npt: float) -> bool:
        """Say whether a frame is to be looked at."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """A choice of frames that holds for all videos.

    Attributes:
        video_speedup: Every Nth frame, counted from the start of the video; used where no period is given.
        sample_period_s: Seconds between samples, whatever the frame rate; None to count frames instead.
    """

    video_speedup: int = 25
    sample_period_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be counted in.

        Raises:
            ConfigError: The number of frames is no whole number from 1, or the period is not above 0.
        """
        n, period = self.video_speedup, self.sample_period_s
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ConfigError(f"video_speedup must be a whole number from 1, not {n!r}. 1 looks at every frame.")
        if period is not None and not (math.isfinite(period) and period > 0):
            raise ConfigError(f"sample_period must be a number of seconds above 0, not {period!r}.")

    def sampler(self, after_npt: float | None = None) -> Sampler:
        """Return a fresh sampler for one reading.

        Args:
            after_npt: Time of the last sample already taken, when going on with a reading that was interrupted; the
                choice is then the same as without the interruption.
        """
        if self.sample_period_s is None:
            return _EveryNth(self.video_speedup, after_npt)
        return _Periodic(self.sample_period_s, after_npt)

    def ordinal(self, frame_index: int, npt: float) -> int:
        """Return which sample a frame belongs to: that sample is the first frame with this number, in any reading.

        It depends on the frame alone. So a sampler that begins somewhere in a video chooses, from its second frame on, as one
        that began at the start, and a reading may be cut before any frame whose number differs from that of the one before.
        """
        if self.sample_period_s is None:
            return frame_index // self.video_speedup
        return multiple_of(self.sample_period_s, npt)

    def period_s(self, rate: Fraction) -> float:
        """Return the seconds between samples at a frame rate; never less than one frame."""
        if self.sample_period_s is None:
            return float(self.video_speedup / rate)
        return max(self.sample_period_s, float(1 / rate))

    def describe(self) -> dict[str, int | float]:
        """Return what a record keeps: equal for equal choices."""
        if self.sample_period_s is None:
            return {"video_speedup": self.video_speedup}
        return {"sample_period_s": self.sample_period_s}


class _EveryNth(Sampler):
    def __init__(self, n: int, after_npt: float | None) -> None:
        self._n = n
        self._after = -math.inf if after_npt is None else after_npt

    def wants(self, frame_index: int, npt: float) -> bool:
        """Say whether N divides the index."""
        return frame_index % self._n == 0 and npt > self._after


class _Periodic(Sampler):
    """Takes the first frame at or after each multiple of the period: without drift, and at most one sample a frame.

    The first frame that it sees is always taken, so that the shortest video or fragment has a sample.
    """

    def __init__(self, period_s: float, after_npt: float | None) -> None:
        self._period = period_s
        self._next = 0 if after_npt is None else multiple_of(period_s, after_npt) + 1

    def wants(self, frame_index: int, npt: float) -> bool:
        """Say whether a multiple of the period has passed since the last sample."""
        reached = multiple_of(self._period, npt)
        if reached < self._next:
            return False
        self._next = reached + 1
        return True


def multiple_of(period_s: float, npt: float) -> int:
    """Return how many periods have passed at a time, with some grace for times written in milliseconds."""
    return math.floor((npt + min(_GRACE_S, period_s / 4)) / period_s)
