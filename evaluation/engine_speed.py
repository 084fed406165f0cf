"""How long engines take for a face and for a frame."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from src.engines import Engine
from src.schema import RgbImage
from src.video import open_stream

BATCH = 16
"""Faces embedded at once."""
WIDTH, HEIGHT = 1280, 720


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians in milliseconds.

    Attributes:
        face_ms: To embed a face, in batches of 16.
        frame_ms: To find the faces of a frame of 1280 x 720 pixels.
    """

    face_ms: float
    frame_ms: float


def measure_speed(engines: Mapping[str, Engine], frames: Sequence[RgbImage], rounds: int = 15) -> dict[str, Speed]:
    """Time engines in turns, so that whatever else the machine does disturbs all of them alike.

    Args:
        engines: By name.
        frames: (H, W, 3) uint8 RGB, one at least; a round looks at one of them.
        rounds: Of which the first only warms up.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for number in range(rounds + 1):
        frame = frames[number % len(frames)]
        for name, engine in engines.items():
            size = engine.embedder.crop_size
            crops: RgbImage = np.repeat(cv2.resize(frame, (size, size))[None], BATCH, axis=0).astype(np.uint8)
            frame_s = _timed(partial(engine.detector.detect, [frame]))
            face_s = _timed(partial(engine.embedder.embed, crops)) / BATCH
            times[name].append((face_s, frame_s))
    return {
        name: Speed(*(1000 * statistics.median(column) for column in zip(*rows[1:], strict=True)))
        for name, rows in times.items()
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def frames_of(video: Path, n_frames: int = 5, every: int = 12) -> list[RgbImage]:
    """Return frames of a video, brought to 1280 x 720.

    Raises:
        MediaError: It cannot be read.
    """
    frames: list[RgbImage] = []
    with open_stream(str(video)) as stream:
        for frame in stream.frames():
            if frame.frame_index % every == 0:
                frames.append(cv2.resize(frame.rgb(), (WIDTH, HEIGHT)).astype(np.uint8))
            if len(frames) == n_frames:
                break
    return frames
