"""Pictures of the sampled frames, with the faces in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from ..disk.files import replacing
from ..progress import Progress
from ..records import Analysis
from ..schema import RgbImage
from ..storage import Store
from ..video.stream import VideoStream
from ..videos import iter_tracks

_PALETTE = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")
"""Colours that colour-blind people can tell apart. Source: Tol, Colour schemes, SRON technical note, 2021 (bright)."""


def export_frames(
    folder: Path,
    store: Store,
    analysis: Analysis,
    stream: VideoStream,
    label: Callable[[int], str],
    progress: Progress,
) -> int:
    """Write each sampled frame that shows a face, with boxes and labels, as `000123.jpg`, and return how many.

    Args:
        folder: Where the pictures go.
        store: Where the tracks are.
        analysis: Whose samples are drawn.
        stream: The video, opened.
        label: What to write at the box of a track.
        progress: Who is told.

    Raises:
        ExportError: A picture cannot be written.
    """
    boxes: dict[int, list[tuple[Any, int]]] = {}
    for track, samples in iter_tracks(store, analysis):
        # Faces in other frames were followed there; a picture of each would be nearly the whole film.
        sampled = samples.qualities > 0
        for frame_index, box in zip(samples.frame_index[sampled].tolist(), samples.boxes_xywh[sampled], strict=True):
            boxes.setdefault(frame_index, []).append((box, track.track_id))
    with progress.task("Frames", len(boxes), "frames") as task:
        for frame in stream.frames():
            if frame.frame_index in boxes:
                picture = _draw(frame.rgb(), boxes[frame.frame_index], label)
                with replacing(folder / f"{frame.frame_index:06}.jpg") as partial:
                    picture.save(partial, "JPEG", quality=88)
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
