"""Time stamps of a stream as npt: from its start, always rising, also where the container's stamps are not."""

from __future__ import annotations

from fractions import Fraction

_JUMP_S = 1
"""A time stamp that falls back further than this starts a new count (a recording that was joined or wrapped around)."""

_HOLE_S = 3600
"""Where stamps may begin anew, a hole longer than this is none: FFmpeg takes a count that falls back by more than a minute for
one that wrapped around, and adds the 26.5 hours after which MPEG's does."""

_STEADY_FRAMES = 25
"""After so many frames at even distances, a wider distance is a hole and not a variable frame rate."""

_NUDGE = Fraction(1, 8)
"""Of a frame's duration: how far a stamp that does not rise is put behind the one before it."""


class Clock:
    """Turns the time stamps of frames in presentation order into npt.

    A frame without PTS is timed by the DTS that comes with it, which tells the distance to its neighbours, and one without
    either comes one frame after its predecessor. This follows the idea of FFmpeg's best-effort time stamps, which PyAV does
    not hand out.
    """

    def __init__(
        self,
        time_base: Fraction,
        rate: Fraction,
        start: Fraction | None,
        stream_start: int | None,
        may_begin_anew: bool = False,
    ) -> None:
        """Start before the first frame.

        Args:
            time_base: Seconds a tick.
            rate: Frames a second, for frames without any stamp.
            start: Seconds at which the container starts, None where it does not say.
            stream_start: Ticks at which the video stream starts, None where it does not say.
            may_begin_anew: The format is one of recordings that are joined by putting one file behind the other.
        """
        self._may_begin_anew = may_begin_anew
        self._tick, self._period = time_base, 1 / rate
        self._start, self._stream_start = start, stream_start
        self._shift = Fraction(0)
        self._lag = 0
        self._last_dts: int | None = None
        self._has_fallen = False
        self._last: Fraction | None = None

    def npt(self, pts: int | None, dts: int | None) -> float:
        """Return the time of the next frame.

        Args:
            pts: Its presentation time stamp in ticks, or None.
            dts: The decoding time stamp that comes with it in ticks, or None.

        Returns:
            Seconds, 0 or more, and more than for any frame before.
        """
        time = self._seconds(pts, dts)
        if self._last is None:
            self._start = self._first_start(time, stamped=pts is not None)
        if dts is not None:
            self._has_fallen |= self._last_dts is not None and dts < self._last_dts
            self._last_dts = dts
        # A damaged frame may come late by any time, but packets are read in the order of their DTS.
        self._last = self._rising(time, is_late=dts is not None and not self._has_fallen)
        return float(self._last - (self._start or 0))

    @property
    def has_begun_anew(self) -> bool:
        """Whether stamps began a new count: what the container says of its length then holds for nothing."""
        return self._shift != 0

    def leaps(self, before: int, after: int) -> bool:
        """Say whether the second of two neighbouring stamps belongs to a new count though it does not fall back."""
        return self._is_too_far((after - before) * self._tick)

    def at(self, pts: int) -> float:
        """Return the time of a frame by its PTS, without going on to it; at least one frame must have come before."""
        return float(pts * self._tick + self._shift - (self._start or 0))

    def _first_start(self, first: Fraction, stamped: bool) -> Fraction:
        """Return what the first frame's time says of the start of the container."""
        if self._start is None:
            return first
        if not stamped:
            # A DTS runs ahead by the delay of reordering: the frame is where the stream starts.
            return first - max(Fraction(0), (self._stream_start or 0) * self._tick - self._start)
        return min(self._start, first)

    def _seconds(self, pts: int | None, dts: int | None) -> Fraction:
        if pts is not None and dts is not None:
            self._lag = pts - dts
        if pts is None and dts is not None:
            pts = dts + self._lag
        if pts is not None:
            return pts * self._tick + self._shift
        return Fraction(0) if self._last is None else self._last + self._period

    def _rising(self, time: Fraction, *, is_late: bool) -> Fraction:
        if self._last is None or (time > self._last and not self._is_too_far(time - self._last)):
            return time
        if time <= self._last and (is_late or self._last - time <= _JUMP_S):
            return self._last + self._period * _NUDGE
        self._has_fallen = False
        self._shift += self._last + self._period - time
        return self._last + self._period

    def _is_too_far(self, step: Fraction) -> bool:
        return self._may_begin_anew and step > _HOLE_S


class Rhythm:
    """Notices frames that are missing from an even row of times: some containers lose them without a word when damaged."""

    def __init__(self) -> None:
        """Start before the first frame."""
        self._last: float | None = None
        self._step, self._n_even = 0.0, 0

    def missing_before(self, npt: float) -> int:
        """Return how many frames are missing between the frame before and the next one, which is at `npt`; mostly 0."""
        step = npt - self._last if self._last is not None else 0.0
        self._last = npt
        # Times in milliseconds jitter by one of them.
        if abs(step - self._step) <= 0.1 * self._step + 0.001:
            self._n_even += 1
            return 0
        if self._n_even >= _STEADY_FRAMES and step > 1.5 * self._step:
            return round(step / self._step) - 1
        self._step, self._n_even = step, 0
        return 0
