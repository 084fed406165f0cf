"""Boxes of sample after sample to track ids: one interface, one file a tracker, one table of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from .base import Appearance, Life, OnDemand, Tracker
from .bytetrack import ByteTracker
from .ocsort import OcSortTracker
from .sort import SortTracker

TRACKERS: Mapping[str, type[SortTracker] | type[ByteTracker] | type[OcSortTracker]] = {
    "sort": SortTracker,
    "bytetrack": ByteTracker,
    "ocsort": OcSortTracker,
}
"""Every tracker that can be named; without arguments each is the published one."""

AnyTracker: TypeAlias = Tracker[Any]

__all__ = [
    "TRACKERS",
    "AnyTracker",
    "Appearance",
    "ByteTracker",
    "Life",
    "OcSortTracker",
    "OnDemand",
    "SortTracker",
    "Tracker",
    "open_tracker",
]


def open_tracker(
    name: str, min_iou: float, life: Life, appearance: Appearance | None, period_s: float | None, min_score: float
) -> AnyTracker:
    """Return a tracker for detections that were chosen already.

    Args:
        name: One of `TRACKERS`.
        min_iou: Overlap of box and prediction that makes a pair.
        life: When tracks begin and end.
        appearance: What likeness does; None follows boxes only.
        period_s: Usual time between samples.
        min_score: Lowest score that begins a track: OC-SORT has such a limit of its own, which would else come on top. Where
            there are detections with less, they continue tracks.
    """
    if name == "ocsort":
        return OcSortTracker(min_iou, life, appearance, period_s, min_score=min_score, with_doubtful=True)
    return TRACKERS[name](min_iou, life, appearance, period_s)
