"""ByteTrack: what a doubtful detection continues is kept, what it would begin is not."""

from __future__ import annotations

import numpy as np

from ..schema import BoolArray, Detections
from .association import Association, associate
from .base import Appearance, Life, LiveTrack, Sight, Tracker
from .motion import CornerMotion

PUBLISHED = Life(max_age=30, min_hits=1)
"""The life of a track in the published code."""


class ByteTracker(Tracker[CornerMotion]):
    """Pairs tracks first with the good detections, then what is left of them with the doubtful ones.

    A doubtful detection that no track claims is nothing. With a detector that reports no doubtful ones only the first
    association has work to do.

    Source: Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022, algorithm 1. As in
    the paper, and other than in its code, overlap is not multiplied by the score, and both associations ask for the same
    overlap and look at all tracks that are left; boxes move by their corners, as the paper leaves the filter open.
    """

    motion = CornerMotion

    def __init__(
        self,
        min_iou: float = 0.2,
        life: Life = PUBLISHED,
        appearance: Appearance | None = None,
        period_s: float | None = None,
        *,
        high_score: float = 0.6,
        begin_score: float = 0.7,
    ) -> None:
        """Begin without tracks.

        Args:
            min_iou: See `Tracker`.
            life: See `Tracker`; with `min_hits` a track that is not seen again at once was none.
            appearance: See `Tracker`. Doubtful detections are paired by overlap alone, as in the paper.
            period_s: See `Tracker`.
            high_score: From here on a detection is good.
            begin_score: From here on one that no track claims begins a track.
        """
        super().__init__(min_iou, life, appearance, period_s)
        self._high_score, self._begin_score = high_score, begin_score

    def _overlapping(self, sight: Sight) -> Association:
        n, m = sight.overlap.shape
        good = sight.found.scores >= self._high_score
        high, low = np.flatnonzero(good), np.flatnonzero(~good)
        made = Association.none(n, m).then(high, np.arange(m), associate(sight.overlap[high], self._min_iou))
        rest = made.tracks
        return made.then(low, rest, associate(sight.overlap[np.ix_(low, rest)], self._min_iou))

    def _may_begin(self, found: Detections) -> BoolArray:
        may: BoolArray = found.scores >= max(self._high_score, self._begin_score)
        return may

    def _counts(self, track: LiveTrack[CornerMotion]) -> bool:
        """Other than in SORT, a track that counted once counts whenever it is seen."""
        return track.confirmed or super()._counts(track)

    def _outlives(self, track: LiveTrack[CornerMotion], npt: float | None) -> bool:
        return (track.confirmed or track.unseen == 0) and super()._outlives(track, npt)
