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
from .cuts import is_cut
from .looks import Look

Transition: TypeAlias = Literal["", "cut", "dissolve", "fade"]
"""How a shot begins; empty where nothing begins, and for the first shot of a film."""

CONTEXT_S = 2.0
"""What is said of a frame depends on the frames in so many seconds before it (and on the one just before it, however far)."""
AHEAD_S = 0.7
"""And on those in so many seconds behind it. Held back are at most the frames of this time."""

_REACH_S = 1.5
"""How far back anything is looked at. Less than CONTEXT_S, since each look also holds a comparison with the frame before it:
who starts in the midst of a film, CONTEXT_S early, has all of them right."""


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
        self._past: deque[Look] = deque()
        self._waiting: deque[Look] = deque()

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
        while self._waiting and self._waiting[0].npt < npt - AHEAD_S:
            settled.append(self._settle())
        self._last = Look.at(frame_index, npt, thumbnail, self._last)
        self._waiting.append(self._last)
        return settled

    def finish(self) -> list[Settled]:
        """Return the frames that still wait, at the end of the film."""
        return [self._settle() for _ in range(len(self._waiting))]

    def _settle(self) -> Settled:
        look = self._waiting[0]
        while self._past and self._past[0].npt < look.npt - _REACH_S:
            self._past.popleft()
        transition = self._transition(look)
        self._past.append(self._waiting.popleft())
        return Settled(look.frame_index, look.npt, transition)

    def _transition(self, look: Look) -> Transition:
        if look.before_npt == -inf:
            return ""
        window: Sequence[Look] = [*self._past, *self._waiting]
        return "cut" if is_cut(window, len(self._past)) else ""
