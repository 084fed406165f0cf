"""Tracks as text in the format of the MOT challenge: `frame,id,x,y,w,h,conf,-1,-1,-1`.

Frames and ids count from 1; boxes are pixels of the original frame from its upper left corner. Only sampled frames have lines.
Numbers are as long as they must be to be read back bit for bit.

Source: Milan et al., MOT16: A Benchmark for Multi-Object Tracking, 2016, section 4.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..disk.files import replacing
from ..errors import ConfigError
from ..schema import FloatArray, IntArray
from .document import Document
from .reading import FARTHEST_PX, LAST_FRAME, Claim, Reading, Source, Spots

_FIELDS = 7
"""What a line has at least: all up to the confidence. What follows is another thing in each year of the challenge."""


@dataclass(frozen=True, slots=True, eq=False)
class MotBoxes:
    """The boxes of a video, ordered by frame, then by id.

    Attributes:
        frame_index: (n,) int64, from 0. `ids`: (n,) int64; -1 where a detection belongs to no track.
        boxes_xywh: (n, 4) float32 pixels. `scores`: (n,) float32.
    """

    frame_index: IntArray
    ids: IntArray
    boxes_xywh: FloatArray
    scores: FloatArray


def boxes_of(document: Document) -> MotBoxes:
    """Return all samples of an analysis, also of tracks that nobody is to be shown for."""
    frames, ids = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    for samples in document.tracks():
        frames.append(samples.frame_index)
        ids.append(np.full(len(samples.frame_index), samples.track_id))
        boxes.append(samples.boxes_xywh)
        scores.append(samples.scores)
    return _ordered(np.concatenate(frames), np.concatenate(ids), np.concatenate(boxes), np.concatenate(scores))


def write_mot(path: Path, document: Document) -> int:
    """Write all samples of an analysis, a line each, and return how many these are.

    Raises:
        ExportError: The file cannot be written.
    """
    boxes = boxes_of(document)
    write_boxes(path, boxes)
    return len(boxes.ids)


def write_boxes(path: Path, boxes: MotBoxes) -> None:
    """Write boxes, a line each.

    Raises:
        ExportError: The file cannot be written.
    """
    columns = zip(boxes.frame_index.tolist(), boxes.ids.tolist(), boxes.boxes_xywh, boxes.scores, strict=True)
    with replacing(path) as partial, partial.open("w", encoding="ascii", newline="\n") as file:
        for frame_index, number, box, score in columns:
            x, y, w, h = (_text(value) for value in box)
            file.write(f"{frame_index + 1},{number},{x},{y},{w},{h},{_text(score)},-1,-1,-1\n")


def _text(value: np.float32) -> str:
    """Return the shortest number that is read back as this one."""
    return np.format_float_positional(np.float32(value), trim="-")


def read_mot(path: Path) -> MotBoxes:
    """Read boxes from a file of the MOT challenge: tracks, truth or detections.

    A line of truth whose seventh field is 0 is of something that does not count there; it is read like any other, score 0.

    Raises:
        ConfigError: The file cannot be read, or a line is none of this format.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{path} cannot be read: {err}. Check the path.") from err
    return _parsed(text, str(path))


def read_tracks(source: Source) -> Reading:
    """Read who is the same as claims without names, one a track.

    Raises:
        ConfigError: A line is none of this format.
    """
    boxes = _parsed(source.text, source.name)
    # Ordered by frame already; the rows of one track are put together once, and not looked for again for each.
    order = np.argsort(boxes.ids, kind="stable")
    numbers, starts = np.unique(boxes.ids[order], return_index=True)
    tracks = zip(numbers.tolist(), np.split(order, starts[1:]), strict=False)
    return Reading(tuple(_claim(boxes, number, rows) for number, rows in tracks if number >= 0), by_track=True)


def _claim(boxes: MotBoxes, number: int, rows: IntArray) -> Claim:
    return Claim(
        f"track {number}", "", math.nan, math.nan, number, spots=Spots(boxes.frame_index[rows], None, boxes.boxes_xywh[rows])
    )


def _parsed(text: str, name: str) -> MotBoxes:
    rows = [_row(line, f"{name}, line {number}") for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    table = np.array(rows, np.float64).reshape(-1, _FIELDS)
    return _ordered(table[:, 0].astype(np.int64) - 1, table[:, 1].astype(np.int64), table[:, 2:6], table[:, 6])


def _row(line: str, where: str) -> list[float]:
    try:
        row = [float(text) for text in line.replace(",", " ").split()[:_FIELDS]]
    except ValueError as err:
        raise ConfigError(f"{where}: {err}. A line is frame,id,x,y,w,h,conf and more numbers.") from err
    if len(row) < _FIELDS:
        raise ConfigError(f"{where}: {len(row)} numbers where frame,id,x,y,w,h,conf are needed.")
    frame, number = row[0], row[1]
    is_counted = (
        np.isfinite(row).all() and 1 <= frame <= LAST_FRAME and abs(number) <= LAST_FRAME and not (frame % 1 or number % 1)
    )
    if not is_counted or min(row[4:6]) < 0 or max(map(abs, row[2:])) > FARTHEST_PX:
        raise ConfigError(
            f"{where}: frames are whole numbers from 1, ids whole, boxes have no negative size, "
            "and no number is beyond all pictures."
        )
    return row


def _ordered(frames: IntArray, ids: IntArray, boxes: np.ndarray, scores: np.ndarray) -> MotBoxes:
    order = np.lexsort((ids, frames))
    return MotBoxes(frames[order], ids[order], boxes[order].astype(np.float32), scores[order].astype(np.float32))
