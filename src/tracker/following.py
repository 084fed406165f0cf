"""Boxes between two samples: faces are followed forwards from the first and backwards from the second, and both must agree.

What is followed is not detected: it is stored among the samples of a track, but never embedded, and has quality 0. Its score
says how well both ways agree.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from ..geometry import iou_matrix
from ..schema import Detections, FloatArray, IntArray
from ..tracking.flow import Trail, follow_boxes
from .buffers import SampledFace
from .finding import Seen
from .reading import Batch, Glance, Grey

_AGREE_IOU = 0.4
"""Boxes of both ways that overlap less are not trusted: the straight line between the samples is taken instead."""
_ALONE = 0.5
"""Of the time to the next sample: so long a face is followed that is not found there again."""


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """The pictures between two samples of one shot, and where their faces are in them.

    Attributes:
        glances: The k pictures.
        forward: From the n faces of the sample before.
        backward: From the m faces of the sample behind; None where a cut or the end of the video comes first.
        end_npt: When the next sample, the cut or the end comes.
    """

    glances: tuple[Glance, ...]
    forward: Trail
    backward: Trail | None
    end_npt: float


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A batch whose faces were found, and the gaps before each of its samples and behind the last one of all."""

    batch: Batch
    seen: list[Seen]
    gaps: list[Gap | None]
    tail: Gap | None


def follow_faces(work: Generator[tuple[Batch, list[Seen]]]) -> Generator[Followed]:
    """Yield each batch with what lies between its samples; the work is closed with this generator."""
    before: Seen | None = None
    with closing(work):
        for batch, seen in work:
            gaps = []
            for sample in seen:
                gaps.append(_gap(before, sample.sample.between, sample))
                before = sample
            yield Followed(batch, seen, gaps, _gap(before, batch.tail, None) if batch.tail else None)


def _gap(before: Seen | None, glances: tuple[Glance, ...], after: Seen | None) -> Gap | None:
    if before is None or before.sample.grey is None or not glances:
        return None
    pictures = [glance.picture for glance in glances]
    forward = follow_boxes(before.sample.grey, _scaled(before), pictures)
    end_npt = after.frame.npt if after else glances[-1].npt
    if after is None or after.sample.grey is None or after.frame.shot != before.frame.shot:
        return Gap(glances, _original(forward, before), None, end_npt)
    backward = follow_boxes(after.sample.grey, _scaled(after), pictures[::-1]).reversed()
    return Gap(glances, _original(forward, before), _original(backward, after), end_npt)


def _scale(seen: Seen) -> FloatArray:
    """Return width and height of the small picture as shares of those of the frame, twice, (4,) float32."""
    grey: Grey | None = seen.sample.grey
    height, width = (grey if grey is not None else seen.frame.image).shape[:2]
    return np.tile(np.array([width, height], np.float32) / np.array(seen.frame.image.shape[1::-1], np.float32), 2)


def _scaled(seen: Seen) -> FloatArray:
    scaled: FloatArray = seen.faces.boxes_xywh * _scale(seen)
    return scaled


def _original(trail: Trail, seen: Seen) -> Trail:
    return Trail(trail.boxes_xywh / _scale(seen), trail.known)


def faces_between(
    gap: Gap, before: Seen, before_ids: IntArray, after: Seen | None = None, after_ids: IntArray | None = None
) -> list[tuple[int, SampledFace]]:
    """Return the followed faces of a gap with the tracks that they belong to, a track at a time, each in order of time.

    Args:
        gap: What lies between two samples.
        before: The first one.
        before_ids: (n,) int64, tracks of its faces; 0 is none.
        after: The second one; None where there is none in this shot.
        after_ids: (m,) int64, tracks of its faces.
    """
    rows = {track_id: row for row, track_id in enumerate(before_ids.tolist()) if track_id}
    later = {} if after is None or after_ids is None or gap.backward is None else _rows(after_ids)
    found = []
    for track_id in sorted(rows.keys() | later.keys()):
        row, other = rows.get(track_id), later.get(track_id)
        if row is not None and other is not None and after is not None and gap.backward is not None:
            faces = _both_ways(gap, gap.backward, before, row, after, other)
        elif row is not None:
            faces = _one_way(gap, gap.forward, before, row, until_end=after is None)
        elif other is not None and after is not None and gap.backward is not None:
            faces = _one_way(gap, gap.backward, after, other, until_end=False)
        else:
            continue
        found += [(track_id, face) for face in faces]
    return found


def _rows(ids: IntArray) -> dict[int, int]:
    return {track_id: row for row, track_id in enumerate(ids.tolist()) if track_id}


def _both_ways(gap: Gap, backward: Trail, before: Seen, row: int, after: Seen, other: int) -> list[SampledFace]:
    """Return the faces of a track that both samples show: each way counts the more, the nearer its sample is."""
    first, second = before.faces.boxes_xywh[row], after.faces.boxes_xywh[other]
    faces = []
    for step, glance in enumerate(gap.glances):
        share = np.float32((glance.npt - before.frame.npt) / max(after.frame.npt - before.frame.npt, 1e-6))
        line = (1 - share) * first + share * second
        ways = [
            (trail.boxes_xywh[step, column], weight)
            for trail, column, weight in ((gap.forward, row, 1 - share), (backward, other, share))
            if trail.known[step, column]
        ]
        box, score = _agreed(line, ways)
        landmarks = (1 - share) * _carried(before.faces, row, box) + share * _carried(after.faces, other, box)
        faces.append(_face(glance, box, landmarks, score))
    return faces


def _agreed(line: FloatArray, ways: Sequence[tuple[FloatArray, np.float32]]) -> tuple[FloatArray, float]:
    """Return the box that ways agree on, or that of the line where they do not, and how well they agree."""
    boxes = [box for box, _ in ways]
    against = boxes[1] if len(boxes) == 2 else line
    score = float(iou_matrix(boxes[0][None], against[None])[0, 0]) if boxes else 0.0
    if score < _AGREE_IOU:
        return line, score
    if len(boxes) == 1:
        return boxes[0], score
    blended: FloatArray = ways[0][1] * boxes[0] + ways[1][1] * boxes[1]
    return blended, score


def _one_way(gap: Gap, trail: Trail, seen: Seen, row: int, *, until_end: bool) -> list[SampledFace]:
    """Return the faces of a track that only one sample shows, as long as the flow is sure of it."""
    reach = abs(gap.end_npt - seen.frame.npt) if gap.end_npt != seen.frame.npt else abs(gap.glances[0].npt - seen.frame.npt)
    faces = []
    for step, glance in enumerate(gap.glances):
        distance = abs(glance.npt - seen.frame.npt)
        if trail.known[step, row] and (until_end or distance <= _ALONE * reach):
            box = trail.boxes_xywh[step, row]
            faces.append(_face(glance, box, _carried(seen.faces, row, box), _AGREE_IOU))
    return faces


def _carried(faces: Detections, row: int, box_xywh: FloatArray) -> FloatArray:
    """Return the (5, 2) landmarks of a face where its box went somewhere else."""
    at = faces.boxes_xywh[row]
    shares = (faces.landmarks[row] - at[:2]) / np.maximum(at[2:], 1e-6)
    carried: FloatArray = box_xywh[:2] + shares * box_xywh[2:]
    return carried


def _face(glance: Glance, box_xywh: FloatArray, landmarks: FloatArray, score: float) -> SampledFace:
    return SampledFace(
        glance.frame_index, glance.npt, box_xywh.astype(np.float32), landmarks.astype(np.float32), score, quality=0.0
    )
