"""Boxes for programs that train and look at detectors: COCO with tracks, and the video labels of FiftyOne.

Boxes go by frame there and by track here: those of one video are held in memory, the file is written as it goes.

Source: Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014, with the fields `videos`, `tracks`, `video_id`,
`frame_id` and `track_id` of the video data sets that grew from it (Dave et al., TAO: A Large-Scale Benchmark for Tracking Any
Object, ECCV 2020), which MMTracking calls `instance_id`; Voxel51, ETA: video labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from .. import __version__
from ..disk.files import replacing
from .document import PIECE, Document, Seen

Row = tuple[int, int, Seen, list[float], float]
"""Frame from 0, track, who, x, y, w, h in pixels, score of the detector."""


def write_coco(path: Path, document: Document) -> int:
    """Write all boxes as COCO annotations, and return how many.

    A category is a person, an image a frame with somebody in it; `file_name` is what FFmpeg calls it, `frame_000001.jpg` for
    the first one, where frames are numbered from 1.

    Raises:
        ExportError: The file cannot be written.
    """
    names = dict.fromkeys(seen.name for seen in document.people)
    categories = {name: number for number, name in enumerate(names, start=1)}
    rows = frame_rows(document)
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write("{\n" + f'"info": {_json(_info(document))},\n"licenses": [],\n"videos": [{_json(_video(document))}],\n')
        file.write('"categories": ')
        _array(file, ({"id": number, "name": name, "supercategory": "person"} for name, number in categories.items()))
        file.write(',\n"images": ')
        _array(file, (_image(document, frame) for frame in dict.fromkeys(row[0] for row in rows)))
        file.write(',\n"annotations": ')
        _array(file, (_annotation(number, row, categories[row[2].name]) for number, row in enumerate(rows, start=1)))
        file.write(',\n"tracks": ')
        _array(file, _tracks(rows, categories))
        file.write("\n}\n")
    return len(rows)


def write_fiftyone(path: Path, document: Document) -> int:
    """Write all boxes as the video labels that FiftyOne imports, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    width, height = max(document.video.width, 1), max(document.video.height, 1)
    rows = frame_rows(document)
    frames: dict[int, list[dict[str, Any]]] = {}
    for frame, track_id, seen, (x, y, w, h), score in rows:
        corners = ((x / width, y / height), ((x + w) / width, (y + h) / height))
        top_left, bottom_right = ({"x": round(left, 6), "y": round(top, 6)} for left, top in corners)
        box = {"top_left": top_left, "bottom_right": bottom_right}
        label = {"label": seen.name, "confidence": round(score, 4), "index": track_id, "bounding_box": box}
        frames.setdefault(frame, []).append(label)
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"filename": {_json(document.locator)}, "frames": {{')
        for number, (at, labels) in enumerate(frames.items()):
            # Frames count from 1 there.
            value = {"frame_number": at + 1, "objects": {"objects": labels}}
            file.write(f'{"," if number else ""}\n"{at + 1}": {_json(value)}')
        file.write("\n}}\n")
    return len(rows)


def frame_rows(document: Document) -> list[Row]:
    """Return all boxes ordered by frame, then by track."""
    rows: list[Row] = []
    for seen, samples in document.boxes():
        # Of a track that was split each piece is a track of its own: one track is one person here.
        number = next((number for number in seen.tracks if number % PIECE == samples.track_id), samples.track_id)
        boxes = np.round(samples.boxes_xywh.astype(np.float64), 2).tolist()
        columns = zip(samples.frame_index.tolist(), boxes, samples.scores.tolist(), strict=True)
        rows += [(frame, number, seen, box, score) for frame, box, score in columns]
    return sorted(rows, key=lambda row: row[:2])


def _info(document: Document) -> dict[str, Any]:
    return {
        "description": document.title,
        "contributor": f"FaceRec {__version__}",
        "date_created": document.analysis.updated_at,
        "analysis_id": document.analysis.analysis_id,
        "url": document.locator,
    }


def _video(document: Document) -> dict[str, Any]:
    video = document.video
    size = {"width": video.width, "height": video.height}
    return {"id": 1, "name": document.title, **size, "frame_rate": video.frame_rate, "duration": video.duration}


def _image(document: Document, frame: int) -> dict[str, Any]:
    size = {"width": document.video.width, "height": document.video.height}
    return {"id": frame + 1, "video_id": 1, "frame_id": frame, "file_name": f"frame_{frame + 1:06}.jpg", **size}


def _annotation(number: int, row: Row, category: int) -> dict[str, Any]:
    frame, track_id, seen, box, score = row
    return {
        "id": number,
        "image_id": frame + 1,
        "video_id": 1,
        "track_id": track_id,
        "instance_id": track_id,
        "category_id": category,
        "bbox": box,
        "area": round(box[2] * box[3], 2),
        "iscrowd": 0,
        "score": round(score, 4),
        "attributes": {"appearance": seen.number, "confidence": seen.confidence},
    }


def _tracks(rows: Sequence[Row], categories: Mapping[str, int]) -> Iterable[dict[str, Any]]:
    found = {track_id: seen for _, track_id, seen, _, _ in rows}
    for track_id, seen in sorted(found.items(), key=lambda item: item[0]):
        yield {"id": track_id, "category_id": categories[seen.name], "video_id": 1}


def _array(file: TextIO, items: Iterable[Any]) -> None:
    file.write("[")
    for number, item in enumerate(items):
        file.write(f"{',' if number else ''}\n{_json(item)}")
    file.write("]")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
