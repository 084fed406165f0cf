"""Writes a store with one video whose frame numbers and true boxes can be read from its pictures.

    python visualizer/e2e/seed.py FOLDER      from the top of the repository; then serve with FACEREC_DATA_DIR=FOLDER/data
    python visualizer/e2e/seed.py FOLDER vp9  for a browser that does not play H.264

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

from src.identities.decisions import anchors_of
from src.records import Analysis, ProjectVideo, Shot, Status, Target, Track, TrackEmbeddings, TrackSamples, Verb, Video
from src.schema import Box, RgbImage
from src.settings import DatabaseSettings, Settings
from src.verbs import decide
from src.videos import video_identity
from src.workspace import open_workspace
from tests.videos import write_video
from visualizer.e2e.seed_review import seed_review

WIDTH, HEIGHT, RATE, N_FRAMES, EVERY = 640, 360, 25, 251, 5
SQUARE, LEFT, TOP, BITS = 20, 20, 10, 10
PATHS = {1: (30, 80, 110, 90, 5, 1), 2: (430, 230, 70, 90, -4, -1)}
"""Of each track: x, y, w and h at first, and how many pixels it moves in a frame; it turns after every 50 frames."""
SAMPLING = {"period_s": EVERY / RATE, "sample_period_s": EVERY / RATE, "video_speedup": None}
NAMES = {1: "Ann Ace", 2: "Ben Bo"}


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


def seed(folder: Path, codec: str = "h264") -> None:
    """Write video and store."""
    path = write_film(folder, codec)
    settings = Settings(data_dir=folder / "data", database=DatabaseSettings(uri=f"sqlite:///{folder / 'data' / 'facerec.db'}"))
    video_id, checksum = video_identity(str(path))
    with open_workspace(settings) as workspace:
        workspace.begin_project("e2e", "sface")
        end, rate = N_FRAMES / RATE, f"{RATE}/1"
        workspace.store.put(
            Video(video_id, str(path), str(path), "boxes", "boxes", "", end, WIDTH, HEIGHT, rate, checksum),
            Analysis("a", video_id, "sface@1", SAMPLING, {}, status=Status.COMPLETE, progress=1.0),
            ProjectVideo("e2e", video_id, "", "a"),
            Shot("a", 1, 0.0, end, 0, N_FRAMES),
        )
        samples = {track: samples_of(track) for track in PATHS}
        for track in PATHS:
            workspace.store.put(summary_of(samples[track]), samples[track])
        workspace.store.put(embeddings())
        for track, name in NAMES.items():
            target = Target("track", video_id, "", "a", track, anchors_of(samples[track]))
            decide.run(workspace, "e2e", Verb.IS, target, person=name, author="seed")
        seed_review(workspace, folder)


def write_film(folder: Path, codec: str) -> Path:
    """Write the video, in a form that can be decoded at its normal speed beside everything else that a test does."""
    if codec == "vp9":
        options = {"crf": "16", "b": "0", "deadline": "realtime", "cpu-used": "8", "row-mt": "1"}
        return write_video(folder / "boxes.webm", pictures(), codec="libvpx-vp9", options=options)
    # A group of pictures a second: a seek decodes 25 frames at most.
    return write_video(folder / "boxes.mp4", pictures(), options={"crf": "12", "g": "25", "tune": "fastdecode"})


def samples_of(track: int) -> TrackSamples:
    """Return the samples of a rectangle."""
    frames = np.arange(0, N_FRAMES, EVERY)
    boxes = np.array([box_at(track, int(frame)) for frame in frames], np.float32)
    ones = np.ones(len(frames), np.float32)
    return TrackSamples("a", track, 0, frames, frames / RATE, boxes, np.zeros((len(frames), 5, 2), np.float32), ones, ones)


def embeddings() -> TrackEmbeddings:
    """Return one embedding a track, as different from each other as two can be."""
    tracks = np.array(list(PATHS))
    ones = np.ones(len(tracks), np.float32)
    return TrackEmbeddings("a", 0, tracks, np.zeros(len(tracks), np.int64), ones, np.eye(len(tracks), 128, dtype=np.float16))


def summary_of(samples: TrackSamples) -> Track:
    """Return the track of samples."""
    last, first = int(samples.frame_index[-1]), Box(*map(float, samples.boxes_xywh[0]))
    n = len(samples.npt)
    return Track("a", samples.track_id, 1, 0.0, last / RATE, 0, last, n, 0.0, 0, first, 0.9)


if __name__ == "__main__":
    seed(Path(sys.argv[1]).resolve(), *sys.argv[2:])
