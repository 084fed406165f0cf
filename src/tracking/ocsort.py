"""OC-SORT: what was seen counts for more than what the filter guessed."""

from __future__ import annotations

import numpy as np

from ..geometry import iou_matrix
from ..schema import BoolArray, Detections, IntArray
from .association import Association, associate
from .base import Appearance, Life, Sight, Tracker
from .motion import ObservedMotion, direction_agreement

PUBLISHED = Life(max_age=30, min_hits=3)
"""The life of a track in the published code."""


class OcSortTracker(Tracker[ObservedMotion]):
    """SORT with three corrections: direction in the pairing, a filter that is put right after a gap, and a second try.

    Source: Cao et al., Observation-Centric SORT: Rethinking SORT for Robust Multi-Object Tracking, CVPR 2023, section 4. The
    direction of a pair is weighted by the score of the detection, as in the published code. What that code offers beside it,
    ByteTrack's pairing of doubtful detections, is `with_doubtful` here.
    """

    motion = ObservedMotion

    def __init__(
        self,
        min_iou: float = 0.3,
        life: Life = PUBLISHED,
        appearance: Appearance | None = None,
        period_s: float | None = None,
        *,
        min_score: float = 0.6,
        direction_weight: float = 0.2,
        with_doubtful: bool = False,
    ) -> None:
        """Begin without tracks.

        Args:
            min_iou: See `Tracker`.
            life: See `Tracker`.
            appearance: See `Tracker`.
            period_s: See `Tracker`.
            min_score: Detections with less begin no track.
            direction_weight: Weight of the direction beside the overlap.
            with_doubtful: Whether those with less continue the tracks that no good one does; else they are not looked at.
        """
        super().__init__(min_iou, life, appearance, period_s)
        self._min_score, self._direction_weight, self._with_doubtful = min_score, direction_weight, with_doubtful

    def _overlapping(self, sight: Sight) -> Association:
        n, m = sight.overlap.shape
        good = self._may_begin(sight.found)
        boxes = np.flatnonzero(good)
        overlap = sight.overlap[boxes]
        agreement = direction_agreement([track.motion for track in self._live], sight.found.boxes_xywh[boxes])
        value = overlap + self._direction_weight * agreement * sight.found.scores[boxes, None]
        made = Association.none(n, m).then(boxes, np.arange(m), associate(overlap, self._min_iou, value))
        if self._with_doubtful:
            made = self._continued_by(np.flatnonzero(~good), sight, made)
        return self._recover(sight, made)

    def _continued_by(self, boxes: IntArray, sight: Sight, made: Association) -> Association:
        """Pair doubtful boxes with the tracks that are left, by overlap alone (Zhang et al., ByteTrack, ECCV 2022)."""
        rest = made.tracks
        return made.then(boxes, rest, associate(sight.overlap[np.ix_(boxes, rest)], self._min_iou))

    def _recover(self, sight: Sight, made: Association) -> Association:
        """Pair what is left with where the tracks were last seen: who stood still behind something is still there."""
        boxes = np.intersect1d(made.boxes, np.flatnonzero(self._may_begin(sight.found)))
        if not len(boxes) or not len(made.tracks):
            return made
        last = np.stack([self._live[column].motion.last_box for column in made.tracks])
        again = iou_matrix(sight.found.boxes_xywh[boxes], last)
        again[np.isneginf(sight.overlap[np.ix_(boxes, made.tracks)])] = -np.inf
        return made.then(boxes, made.tracks, associate(again, self._min_iou))

    def _may_begin(self, found: Detections) -> BoolArray:
        may: BoolArray = found.scores >= self._min_score
        return may
