"""What the tracker leaves in data/out: tables of samples, and pictures of the sampled frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..files import write_csv
from ..identification import identify_track
from ..progress import Progress
from ..recognition.identify import Recognizer
from ..records import Analysis
from ..schema import RgbImage
from ..storage import Store
from ..video.stream import VideoStream
from ..videos import iter_tracks, sample_number

TRACKER_COLUMNS = ("x1", "y1", "x2", "y2", "track_id", "frame")
PREDICTION_COLUMNS = ("x1", "y1", "x2", "y2", "track_id", "name", "confidence", "frame", "tracker_sample", "npt")

_PALETTE = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")
"""Colours that colour-blind people can tell apart. Source: Tol, Colour schemes, SRON technical note, 2021 (bright)."""


def write_trackers(path: Path, store: Store, analysis: Analysis) -> None:
    """Write one row a sample: box in pixels, track, frame."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for track, samples in iter_tracks(store, analysis):
            for box, frame_index in zip(samples.boxes_xywh, samples.frame_index.tolist(), strict=True):
                yield *_corners(box), track.track_id, frame_index

    write_csv(path, TRACKER_COLUMNS, rows())


def write_predictions(path: Path, store: Store, analysis: Analysis, recognizer: Recognizer) -> None:
    """Write one row a sample that has an embedding: box, track, likeliest person, confidence, frame, sample, time.

    `tracker_sample` counts the sampled frames of the analysis from 0.
    """

    def rows() -> Iterator[tuple[Any, ...]]:
        for track, samples in iter_tracks(store, analysis):
            named = identify_track(recognizer, samples).samples
            for row, candidate in zip(np.flatnonzero(samples.embedded).tolist(), named, strict=True):
                frame_index, npt = int(samples.frame_index[row]), float(samples.npt[row])
                yield (
                    *_corners(samples.boxes_xywh[row]),
                    track.track_id,
                    candidate.name,
                    f"{candidate.confidence:.4f}",
                    frame_index,
                    sample_number(analysis, frame_index, npt),
                    f"{npt:.3f}",
                )

    write_csv(path, PREDICTION_COLUMNS, rows())


def export_frames(
    folder: Path,
    store: Store,
    analysis: Analysis,
    stream: VideoStream,
    label: Callable[[int], str],
    progress: Progress,
) -> int:
    """Write each sampled frame with its boxes and labels as `000123.jpg`, and return how many.

    Args:
        folder: Where the pictures go.
        store: Where the tracks are.
        analysis: Whose samples are drawn.
        stream: The video, opened.
        label: What to write at the box of a track.
        progress: Who is told.
    """
    boxes: dict[int, list[tuple[Any, int]]] = {}
    for track, samples in iter_tracks(store, analysis):
        for frame_index, box in zip(samples.frame_index.tolist(), samples.boxes_xywh, strict=True):
            boxes.setdefault(frame_index, []).append((box, track.track_id))
    folder.mkdir(parents=True, exist_ok=True)
    with progress.task("Frames", len(boxes), "frames") as task:
        for frame in stream.frames():
            if frame.frame_index in boxes:
                picture = _draw(frame.rgb(), boxes[frame.frame_index], label)
                picture.save(folder / f"{frame.frame_index:06}.jpg", quality=88)
                task.advance()
    return len(boxes)


def _draw(image: RgbImage, faces: Iterable[tuple[Any, int]], label: Callable[[int], str]) -> Image.Image:
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(12, image.shape[0] // 28))
    for (x, y, w, h), track_id in faces:
        colour = _PALETTE[track_id % len(_PALETTE)]
        draw.rounded_rectangle((x, y, x + w, y + h), radius=4, outline=colour, width=2)
        text = label(track_id)
        left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
        # The chip stands above the face, and below it where there is no room.
        chip_h = bottom - top + 8
        chip_y = y - chip_h - 2 if y - chip_h - 2 >= 0 else min(y + h + 2, image.shape[0] - chip_h)
        draw.rounded_rectangle((x, chip_y, x + right - left + 10, chip_y + chip_h), radius=4, fill=colour)
        draw.text((x + 5, chip_y + 4 - top), text, font=font, fill="white")
    return picture


def _corners(box_xywh: Any) -> tuple[str, str, str, str]:
    x, y, w, h = (float(value) for value in box_xywh)
    return f"{x:.1f}", f"{y:.1f}", f"{x + w:.1f}", f"{y + h:.1f}"
