"""Says of each frame, a moment later, whether and how it begins a new shot."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal, TypeAlias

from ...errors import ShapeError
from ...schema import RgbImage
from ..stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from .cuts import is_sudden
from .dissolves import is_dissolve
from .fades import edge_at
from .looks import Look

Transition: TypeAlias = Literal["", "cut", "dissolve", "fade"]
"""How a shot begins; empty where nothing begins, and for the first shot of a film."""

CONTEXT_S = 2.0
"""What is said of a frame depends on the frames in so many seconds before it (and on the one just before it, however far)."""
AHEAD_S = 0.7
"""And on those in so many seconds behind it. Held back are at most the frames of this time."""

_REACH_S = 1.25
"""How far back a frame by itself looks; how the frames before it were taken is looked at besides."""
_ONE_BOUNDARY_S = 0.6
"""A dissolve or fade that seems to begin so shortly after another boundary is still that one."""
_FINEST = 61
"""Of films with more frames a second the first in each such part of a second is looked at, so that time bounds the work."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A frame of which it is known now whether it begins a shot, and how."""

    frame_index: int
    npt: float
    transition: Transition


class ShotDetector:
    """Finds the boundaries between shots in one pass, with a delay of `AHEAD_S`.

    What is said of a frame is a function of the thumbnails and times from `CONTEXT_S` before to `AHEAD_S` behind it, and of
    nothing else: a film may be worked on in pieces that overlap by so much, and the boundaries are those of the whole film.
    """

    def __init__(self) -> None:
        """Start before the first frame."""
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next frame is the first of a video."""
        self._last: Look | None = None
        self._window: list[Look] = []
        self._here = 0
        self._waiting: deque[tuple[int, float, bool]] = deque()
        self._found: deque[tuple[float, Transition]] = deque()
        self._last_npt = -inf

    def update(self, frame_index: int, npt: float, thumbnail: RgbImage) -> list[Settled]:
        """Look at the next frame.

        Args:
            frame_index: Of the frame; only handed through.
            npt: Its time; above that of the frame before.
            thumbnail: (36, 64, 3) uint8 RGB, as `DecodedFrame.thumbnail` gives it.

        Returns:
            The frames that are settled by it, in order; over all calls and `finish` each frame once.

        Raises:
            ShapeError: The picture has another size.
        """
        if thumbnail.shape != (THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, 3):
            raise ShapeError("thumbnail", f"({THUMBNAIL_HEIGHT}, {THUMBNAIL_WIDTH}, 3)", thumbnail.shape)
        settled = []
        while self._waiting and self._waiting[0][1] < npt - AHEAD_S:
            settled.append(self._settle())
        # Two frames so close together tell no more than one, and each is told apart by the one before it alone.
        is_seen = self._last_npt == -inf or int(npt * _FINEST) != int(self._last_npt * _FINEST)
        if is_seen:
            self._last = Look.at(frame_index, npt, thumbnail, self._last)
            self._window.append(self._last)
        self._waiting.append((frame_index, npt, is_seen))
        self._last_npt = npt
        return settled

    def finish(self) -> list[Settled]:
        """Return the frames that still wait, at the end of the film."""
        return [self._settle() for _ in range(len(self._waiting))]

    def _settle(self) -> Settled:
        frame_index, npt, is_seen = self._waiting.popleft()
        if not is_seen:
            return Settled(frame_index, npt, "")
        while self._window[0].npt < npt - _REACH_S and self._here > 0:
            del self._window[0]
            self._here -= 1
        transition = self._transition(self._window, self._here)
        self._here += 1
        return Settled(frame_index, npt, transition)

    def _transition(self, window: Sequence[Look], here: int) -> Transition:
        """Say how a shot begins here, unless what was found shortly before is the same boundary."""
        npt = window[here].npt
        while self._found and self._found[0][0] < npt - _ONE_BOUNDARY_S:
            self._found.popleft()
        transition = _found_at(window, here)
        if not transition:
            return ""
        again = bool(self._found) and (transition != "cut" or (here > 0 and self._found[-1][0] == window[here - 1].npt))
        self._found.append((npt, transition))
        return "" if again else transition


def _found_at(window: Sequence[Look], here: int) -> Transition:
    if window[here].is_first:
        return ""
    edge = edge_at(window, here)
    if edge is not None:
        return edge
    if is_sudden(window, here):
        return "cut"
    return "dissolve" if is_dissolve(window, here) else ""
