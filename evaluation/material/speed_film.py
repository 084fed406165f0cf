"""The film on which speed is measured: pieces of real clips in turn, over and over, in one size and at 25 frames a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from src.errors import ConfigError, MediaError
from src.progress import Progress
from src.schema import Interval, RgbImage
from src.video import open_stream

RATE = 25
_PIECE_S = 6.0
"""What is taken of a clip at a time: so the first seconds already show many kinds of picture."""
_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov")
_MADE = "composed"
"""Clips whose names begin so are made of photos, not filmed."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size of picture, by the name that people give it."""

    name: str
    width: int
    height: int


SIZES = (Size("720p", 1280, 720), Size("1080p", 1920, 1080))


def real_clips(folder: Path) -> list[Path]:
    """Return the filmed clips of a folder, by name; where it has none but made ones, these.

    Raises:
        ConfigError: There is none.
    """
    clips = sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES)
    if not clips:
        raise ConfigError(f"{folder} holds no video. Give --data, or run: python -m evaluation.demo prepare")
    return [path for path in clips if not path.name.startswith(_MADE)] or clips


def speed_film(work: Path, clips: Sequence[Path], size: Size, minutes: float, progress: Progress) -> Path:
    """Make a film, unless it was made before: H.264 by x264 with its own distance of key frames.

    Args:
        work: Where films are kept.
        clips: What to take pieces of, in this order.
        size: Of its pictures; clips are scaled to fit, with black at the sides.
        minutes: How long.
        progress: Who is told.

    Raises:
        MediaError: A clip cannot be read or the film not written.
    """
    path = work / f"speed-{size.name}-{minutes:g}min.mp4"
    if path.exists():
        return path
    work.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.mp4")
    n_frames = round(minutes * 60 * RATE)
    try:
        with av.open(str(partial), "w") as container, progress.task(path.name, n_frames, "frames") as task:
            stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
            for number, picture in zip(range(n_frames), _pictures(clips, size), strict=False):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = number
                container.mux(stream.encode(frame))
                task.advance()
            container.mux(stream.encode(None))
        partial.replace(path)
    except (av.error.FFmpegError, OSError) as err:
        raise MediaError(str(path), f"cannot be written ({err}). Check the folder and the space left.") from err
    finally:
        partial.unlink(missing_ok=True)
    return path


def _pictures(clips: Sequence[Path], size: Size) -> Iterator[RgbImage]:
    """Yield pictures without end: a piece of each clip, then the next piece of each; a clip that is over begins anew."""
    places = dict.fromkeys(clips, 0.0)
    while True:
        for clip, start in places.items():
            n_pictures = 0
            for picture in _piece(clip, start):
                n_pictures += 1
                yield fit(picture, size)
            is_over = n_pictures < (_PIECE_S - 1) * RATE
            places[clip] = 0.0 if is_over else start + _PIECE_S


def _piece(clip: Path, start: float) -> Iterator[RgbImage]:
    """Yield the pictures of a piece at even times: each is the last one shown by then. A clip may have none so late."""
    with open_stream(str(clip)) as stream:
        n_shown = 0
        shown: RgbImage | None = None
        for frame in stream.frames(Interval(start, start + _PIECE_S)):
            # Less than a frame's time, so that nothing is shown twice because of how times are rounded.
            while shown is not None and start + n_shown / RATE < frame.npt - 0.002:
                n_shown += 1
                yield shown
            shown = frame.rgb()


def fit(picture: RgbImage, size: Size) -> RgbImage:
    """Scale a picture into a size, with black at the sides that it does not reach."""
    height, width = picture.shape[:2]
    scale = min(size.width / width, size.height / height)
    w, h = min(round(width * scale), size.width), min(round(height * scale), size.height)
    canvas = np.zeros((size.height, size.width, 3), np.uint8)
    left, top = (size.width - w) // 2, (size.height - h) // 2
    canvas[top : top + h, left : left + w] = cv2.resize(picture, (w, h), interpolation=cv2.INTER_LINEAR)
    return canvas
