"""How well faces are followed: HOTA, IDF1 and MOTA by `trackeval`, identity switches and fragments a minute.

Sources: Luiten et al., HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking, IJCV 2021; Ristani et al., Performance
Measures and a Data Set for Multi-Target, Multi-Camera Tracking, ECCV Workshops 2016 (IDF1); Bernardin and Stiefelhagen,
Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics, 2008.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from src.errors import ConfigError
from src.geometry import iou_matrix
from src.schema import FloatArray, IntArray

from ..material.sequences import FaceSequence, Moment

_SAME_PLACE = 0.5


@dataclass(frozen=True, slots=True)
class TrackScore:
    """Scores of one or several sequences; shares in [0, 1], MOTA may be below 0.

    Attributes:
        hota: Geometric mean of the next two, averaged over limits of overlap from 0.05 to 0.95.
        deta: How well faces are found. `assa`: how well they are kept together.
        idf1: Share of boxes with the right identity. `mota`: 1 less misses, false boxes and switches a true box.
        switches: Identity switches a minute. `fragments`: interruptions a minute.
    """

    hota: float
    deta: float
    assa: float
    idf1: float
    mota: float
    switches: float
    fragments: float


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """What a tracker said of a sequence: for each moment the (len(found),) ids of its detections, 0 for none."""

    sequence: FaceSequence
    ids: tuple[IntArray, ...]


def score(tracked: Sequence[Tracked]) -> TrackScore:
    """Score what a tracker said of some sequences, together.

    Detections that lie on a face of which too little is to be seen, and on no face that counts, are taken out first, as the
    MOT challenge does with what it calls distractors.

    Raises:
        ConfigError: The package trackeval is not installed.
    """
    metrics = _metrics()
    data = {f"{number} {one.sequence.name}": _data(one) for number, one in enumerate(tracked)}
    results = {
        name: metric.combine_sequences({sequence: metric.eval_sequence(rows) for sequence, rows in data.items()})
        for name, metric in metrics.items()
    }
    minutes = sum(one.sequence.duration_s for one in tracked) / 60
    hota, clear, identity = results["HOTA"], results["CLEAR"], results["Identity"]
    return TrackScore(
        *(float(np.mean(hota[name])) for name in ("HOTA", "DetA", "AssA")),
        float(identity["IDF1"]),
        float(clear["MOTA"]),
        float(clear["IDSW"]) / minutes,
        float(clear["Frag"]) / minutes,
    )


def _metrics() -> Mapping[str, Any]:
    try:
        # It tells on standard output which of its other datasets miss a package.
        with contextlib.redirect_stdout(io.StringIO()):
            from trackeval.metrics import CLEAR, HOTA, Identity
    except ImportError as err:
        raise ConfigError("The package trackeval is needed. Run: pip install --no-deps -r requirements-tracking.txt") from err
    quiet = {"PRINT_CONFIG": False}
    return {"HOTA": HOTA(), "CLEAR": CLEAR(quiet), "Identity": Identity(quiet)}


def _data(tracked: Tracked) -> dict[str, Any]:
    """Return what the metrics of trackeval read: ids counted from 0 without gaps, and the overlaps of each moment."""
    rows = [_moment(moment, ids) for moment, ids in zip(tracked.sequence.moments, tracked.ids, strict=True)]
    true_ids = np.unique(np.concatenate([row[0] for row in rows]))
    said_ids = np.unique(np.concatenate([row[1] for row in rows]))
    return {
        "gt_ids": [np.searchsorted(true_ids, row[0]) for row in rows],
        "tracker_ids": [np.searchsorted(said_ids, row[1]) for row in rows],
        "similarity_scores": [row[2].astype(np.float64) for row in rows],
        "num_timesteps": len(rows),
        "num_gt_ids": len(true_ids),
        "num_tracker_ids": len(said_ids),
        "num_gt_dets": sum(len(row[0]) for row in rows),
        "num_tracker_dets": sum(len(row[1]) for row in rows),
    }


def _moment(moment: Moment, ids: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    boxes = moment.found.boxes_xywh
    best = iou_matrix(boxes, moment.boxes_xywh).max(axis=1, initial=0.0)
    on_hidden = iou_matrix(boxes, moment.hidden_xywh).max(axis=1, initial=0.0)
    kept = (ids > 0) & ~((on_hidden >= _SAME_PLACE) & (best < _SAME_PLACE))
    return moment.ids, ids[kept], iou_matrix(moment.boxes_xywh, boxes[kept])
