"""Writes a store with one video whose frame numbers and true boxes can be read from its pictures.

    python visualizer/e2e/seed.py FOLDER      from the top of the repository; then serve with FACEREC_DATA_DIR=FOLDER/data

Each frame shows its number as black and white squares at the top, and two rectangles that move back and forth on straight
lines. Their tracks have a sample at every fifth frame, at all turning points among them: what the page draws between is its
own doing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from src.records import Analysis, Appearance, Person, Project, ProjectVideo, Shot, Status, Track, TrackSamples, Video
from src.schema import Box, RgbImage
from src.settings import DatabaseSettings, Settings
from src.videos import video_identity
from src.workspace import open_workspace
from tests.videos import write_video

WIDTH, HEIGHT, RATE, N_FRAMES, EVERY = 640, 360, 25, 251, 5
SQUARE, LEFT, TOP, BITS = 20, 20, 10, 10
PATHS = {1: (30, 80, 110, 90, 5, 1), 2: (430, 230, 70, 90, -4, -1)}
"""Of each track: x, y, w and h at first, and how many pixels it moves in a frame; it turns after every 50 frames."""


def box_at(track: int, frame: int) -> tuple[int, int, int, int]:
    """Return where a rectangle is in a frame."""
    x, y, w, h, across, down = PATHS[track]
    steps = 50 - abs(50 - frame % 100)
    return x + across * steps, y + down * steps, w, h


def pictures() -> Iterator[RgbImage]:
    """Draw all frames."""
    for frame in range(N_FRAMES):
        image = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
        for bit in range(BITS):
            left = LEFT + bit * 2 * SQUARE
            image[TOP : TOP + SQUARE, left : left + SQUARE] = 255 * (frame >> bit & 1)
        for track in PATHS:
            x, y, w, h = box_at(track, frame)
            cv2.rectangle(image, (x, y), (x + w - 1, y + h - 1), (225, 225, 225), -1)
        yield image


def seed(folder: Path) -> None:
    """Write video and store."""
    path = write_video(folder / "boxes.mp4", pictures(), options={"crf": "12"})
    settings = Settings(data_dir=folder / "data", database=DatabaseSettings(uri=f"sqlite:///{folder / 'data' / 'facerec.db'}"))
    with open_workspace(settings) as workspace:
        workspace.begin_project("e2e", "sface")
        workspace.store.put(*records(path))


def records(path: Path) -> Iterator[object]:
    """Return what is known of the video."""
    video_id, checksum = video_identity(str(path))
    end = N_FRAMES / RATE
    rate = f"{RATE}/1"
    yield Project("e2e", "sface")
    yield Video(video_id, str(path), str(path), "boxes", "boxes", "", end, WIDTH, HEIGHT, rate, checksum)
    yield Analysis("a", video_id, "sface@1", {}, {}, status=Status.COMPLETE, progress=1.0)
    yield ProjectVideo("e2e", video_id, "", "a")
    yield Shot("a", 1, 0.0, end, 0, N_FRAMES)
    for track, name in zip(PATHS, ("Ann Ace", "Ben Bo"), strict=True):
        yield Person("e2e", name.replace(" ", "_"), name)
        yield from track_records(track, name, end)


def track_records(track: int, name: str, end: float) -> Iterator[object]:
    """Return a track with its samples, and what it is taken for."""
    frames = np.arange(0, N_FRAMES, EVERY)
    boxes = np.array([box_at(track, int(frame)) for frame in frames], np.float32)
    first = Box(*map(float, boxes[0]))
    last = int(frames[-1])
    yield Track("a", track, 1, 0.0, last / RATE, 0, last, len(frames), 0.0, 0, first, 0.9)
    ones = np.ones(len(frames), np.float32)
    yield TrackSamples("a", track, 0, frames, frames / RATE, boxes, np.zeros((len(frames), 5, 2), np.float32), ones, ones)
    person = name.replace(" ", "_")
    yield Appearance("e2e", "a", track, name, person, 0.0, end, 0, N_FRAMES - 1, 0, len(frames) - 1, 0.97, (track,), first, 0.0)


if __name__ == "__main__":
    seed(Path(sys.argv[1]).resolve())
