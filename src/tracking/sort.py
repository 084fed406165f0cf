"""SORT: one association by overlap with where each box is expected."""

from __future__ import annotations

from .association import Association, associate
from .base import Appearance, Life, Sight, Tracker
from .motion import AreaMotion

PUBLISHED = Life(max_age=1, min_hits=3)
"""The life of a track in the published code."""


class SortTracker(Tracker[AreaMotion]):
    """The simplest tracker: motion and overlap.

    Source: Bewley et al., Simple Online and Realtime Tracking, ICIP 2016; without `appearance` and with the defaults it is
    what is published.
    """

    motion = AreaMotion

    def __init__(
        self,
        min_iou: float = 0.3,
        life: Life = PUBLISHED,
        appearance: Appearance | None = None,
        period_s: float | None = None,
    ) -> None:
        """Begin without tracks; see `Tracker`."""
        super().__init__(min_iou, life, appearance, period_s)

    def _overlapping(self, sight: Sight) -> Association:
        return associate(sight.overlap, self._min_iou)
