"""The trackers of the package `trackers` (Roboflow, Apache-2.0) on our sequences: what ours are compared with."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from src.errors import ConfigError
from src.schema import Detections, IntArray

from .material.sequences import FaceSequence
from .scores.track_scores import Tracked

PUBLISHED = ("sort", "bytetrack", "ocsort")


def follow_published(name: str, sequence: FaceSequence, **options: Any) -> Tracked:
    """Run a tracker of the package.

    Args:
        name: One of `PUBLISHED`.
        sequence: What it sees. It begins anew after every cut, as ours do.
        options: Of its constructor, beside the frame rate of 30 that makes `lost_track_buffer` count samples.

    Raises:
        ConfigError: The package is not installed.
    """
    tracker, offset, last, shot = open_published(name, **options), 0, 0, 0
    all_ids = []
    for moment in sequence.moments:
        if moment.shot != shot:
            tracker.reset()
            offset, shot = last, moment.shot
        ids = update_published(tracker, moment.found)
        ids[ids > 0] += offset
        last = max(last, int(ids.max(initial=0)))
        all_ids.append(ids)
    return Tracked(sequence, tuple(all_ids))


def open_published(name: str, **options: Any) -> Any:
    """Return a tracker of the package.

    Raises:
        ConfigError: The package is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from trackers import ByteTrackTracker, OCSORTTracker, SORTTracker
    except ImportError as err:
        raise ConfigError("The package trackers is needed. Run: pip install --no-deps -r requirements-tracking.txt") from err
    kinds = {"sort": SORTTracker, "bytetrack": ByteTrackTracker, "ocsort": OCSORTTracker}
    return kinds[name](frame_rate=30.0, **options)


def update_published(tracker: Any, found: Detections) -> IntArray:
    """Return the ids of the detections of a sample, from 1; 0 for none. The package answers in an order of its own."""
    import supervision

    x, y, w, h = found.boxes_xywh.astype(np.float64).T
    rows = supervision.Detections(
        xyxy=np.stack([x, y, x + w, y + h], axis=1),
        confidence=found.scores.astype(np.float64),
        data={"row": np.arange(len(found))},
    )
    said = tracker.update(rows)
    ids = np.zeros(len(found), np.int64)
    if len(said):
        ids[said.data["row"]] = said.tracker_id + 1
    return ids
