"""Writes a store with one film of two hours, 5,000 tracks and 200,000 samples, for `npm run performance`.

    python visualizer/e2e/seed_long.py FOLDER      from the top of the repository; then serve with FACEREC_DATA_DIR=FOLDER/data

The film is ten seconds that are written 720 times over, so that it plays and is sought like any other. Who is seen when is
drawn by chance, always the same: 60 people, a few of them in most of the film as in real archives, and 400 unknown ones.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image as Pillow

from src.records import (
    Analysis,
    Appearance,
    Person,
    ProjectAccess,
    ProjectVideo,
    Shot,
    Status,
    Track,
    TrackSamples,
    UnknownPerson,
    UnknownTrack,
    Video,
)
from src.schema import Box, Candidate, RgbImage
from src.settings import DatabaseSettings, Settings
from src.storage import Store
from src.videos import video_identity
from src.workspace import open_workspace
from tests.videos import write_video

WIDTH, HEIGHT, RATE, PIECE_FRAMES, N_PIECES = 640, 360, 25, 250, 720
DURATION_S = PIECE_FRAMES * N_PIECES / RATE
N_TRACKS, N_SAMPLES, EVERY = 5000, 40, 5
N_PEOPLE, N_UNKNOWN, N_SHOTS = 60, 400, 1200
SAMPLING = {"period_s": EVERY / RATE, "sample_period_s": EVERY / RATE, "video_speedup": None}
TRACK_S = N_SAMPLES * EVERY / RATE
FIRST = ("Anna", "Boris", "Clara", "David", "Elsa", "Franz", "Greta", "Hugo", "Irène", "Jules")
LAST = ("Albrecht", "Bonnet", "Castel", "Durand", "Ebner", "Fournier")
METADATA = {
    "programme": "http://archive.example/programme/1962-09-05",
    "channel": "Channel 1",
    "people": ["Anna Albrecht", "Boris Albrecht", "Somebody Else"],
    "segments": [
        {"start": n * 600, "end": (n + 1) * 600, "title": title}
        for n, title in enumerate(("State visit", "Harvest", "Fashion", "Sport", "Weather", "The city", "Theatre", "The sea"))
    ],
}


def pictures() -> Iterator[RgbImage]:
    """Draw ten seconds in which something moves everywhere."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    for frame in range(PIECE_FRAMES):
        turn = 2 * np.pi * frame / PIECE_FRAMES
        wave = 96 + 60 * np.sin(x / 90 + turn) + 40 * np.cos(y / 60 - turn)
        image = np.stack([wave, wave * 0.92, wave * 0.8], axis=-1).clip(0, 255).astype(np.uint8)
        cv2.circle(image, (int(320 + 200 * np.cos(turn)), int(180 + 90 * np.sin(turn))), 40, (225, 215, 200), -1)
        yield image


def write_film(folder: Path) -> Path:
    """Write ten seconds once, and their packets 720 times over."""
    # Without B-frames a packet is shown in the order in which it stands, so that pieces can follow each other.
    options = {"crf": "30", "preset": "veryfast", "bf": "0", "g": "125"}
    piece = write_video(folder / "piece.mp4", pictures(), options=options)
    path = folder / "long.mp4"
    with av.open(str(piece)) as source, av.open(str(path), "w", options={"movflags": "faststart"}) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        length = int(Fraction(PIECE_FRAMES, RATE) / Fraction(stream.time_base or 1))
        times = [(int(packet.dts or 0), int(packet.pts or 0), bytes(packet)) for packet in packets]
        for number in range(N_PIECES):
            for known, (dts, pts, data) in zip(packets, times, strict=True):
                packet = av.Packet(data)
                packet.stream, packet.time_base = copy, stream.time_base
                packet.dts, packet.pts = dts + number * length, pts + number * length
                packet.duration, packet.is_keyframe = known.duration, known.is_keyframe
                target.mux(packet)
    return path


def seed(folder: Path) -> None:
    """Write film and store."""
    path = write_film(folder)
    settings = Settings(data_dir=folder / "data", database=DatabaseSettings(uri=f"sqlite:///{folder / 'data' / 'facerec.db'}"))
    video_id, checksum = video_identity(str(path))
    rng = np.random.default_rng(1962)
    with open_workspace(settings) as workspace:
        workspace.begin_project("e2e", "sface")
        rate = f"{RATE}/1"
        workspace.store.put(
            Video(
                video_id,
                str(path),
                str(path),
                "long",
                "Two hours",
                "1962-09-05",
                DURATION_S,
                WIDTH,
                HEIGHT,
                rate,
                checksum,
                METADATA,
            ),
            Analysis("a", video_id, "sface@1", SAMPLING, {}, status=Status.COMPLETE, progress=1.0),
            ProjectVideo("e2e", video_id, "", "a"),
            ProjectAccess("e2e", video_id),
            *shots(rng),
            *(Person("e2e", f"p{number}", name_of(number)) for number in range(N_PEOPLE)),
        )
        put_tracks(workspace.store, rng)


def shots(rng: np.random.Generator) -> Iterator[Shot]:
    """Cut the film where chance says."""
    cuts = np.sort(rng.choice(np.arange(1, int(DURATION_S * RATE)), N_SHOTS - 1, replace=False))
    edges = [0, *cuts.tolist(), int(DURATION_S * RATE)]
    for number, (first, end) in enumerate(pairwise(edges), start=1):
        yield Shot("a", number, first / RATE, end / RATE, first, end)


def put_tracks(store: Store, rng: np.random.Generator) -> None:
    """Store tracks with their samples, and whose they are."""
    faces = [face(number) for number in range(24)]
    starts = np.sort(rng.integers(0, int((DURATION_S - TRACK_S) * RATE / EVERY), N_TRACKS)) * EVERY
    people = np.minimum(rng.zipf(1.4, N_TRACKS) - 1, N_PEOPLE - 1)
    unknown = rng.integers(1, N_UNKNOWN + 1, N_TRACKS)
    is_known = rng.random(N_TRACKS) < 0.6
    confidences = rng.beta(6, 2, N_TRACKS)
    counts = np.bincount(unknown[~is_known], minlength=N_UNKNOWN + 1)
    store.put(
        *(
            UnknownPerson("e2e", n, np.eye(1, 128, n % 128, dtype=np.float32)[0], int(counts[n]))
            for n in range(1, N_UNKNOWN + 1)
        )
    )
    for low in range(0, N_TRACKS, 500):
        records: list[object] = []
        for n in range(low, low + 500):
            samples = samples_of(n + 1, int(starts[n]), rng)
            first = Box(*map(float, samples.boxes_xywh[0]))
            times = (float(samples.npt[0]), float(samples.npt[-1]), int(samples.frame_index[0]), int(samples.frame_index[-1]))
            thumbnail = faces[n % len(faces)]
            records += [samples, Track("a", n + 1, 1, *times, N_SAMPLES, times[0], times[2], first, 0.9, thumbnail)]
            who = (int(people[n]), None) if is_known[n] else (None, int(unknown[n]))
            records.append(appearance(n + 1, times, first, who, float(confidences[n])))
            if not is_known[n]:
                records.append(UnknownTrack("e2e", "a", n + 1, int(unknown[n])))
        store.put(*records)  # type: ignore[arg-type]


def samples_of(track: int, first: int, rng: np.random.Generator) -> TrackSamples:
    """Return the samples of a face that wanders."""
    frames = first + np.arange(N_SAMPLES) * EVERY
    side = rng.uniform(40, 90)
    path = np.cumsum(rng.normal(0, 3, (N_SAMPLES, 2)), axis=0) + rng.uniform((20, 20), (WIDTH - 110, HEIGHT - 110))
    boxes = np.column_stack([path, np.full(N_SAMPLES, side), np.full(N_SAMPLES, side * 1.2)]).astype(np.float32)
    ones = np.ones(N_SAMPLES, np.float32)
    marks = np.zeros((N_SAMPLES, 5, 2), np.float32)
    return TrackSamples("a", track, 0, frames, frames / RATE, boxes, marks, ones, ones * np.float32(0.8))


def appearance(
    track: int,
    times: tuple[float, float, int, int],
    box: Box,
    who: tuple[int | None, int | None],
    confidence: float,
) -> Appearance:
    """Return what is shown of a track."""
    person, unknown = who
    start, end, first, last = times
    likely = [(0 if person is None else person) + step for step in range(3)]
    return Appearance(
        "e2e",
        "a",
        track,
        f"Unknown {unknown}" if person is None else name_of(person),
        None if person is None else f"p{person}",
        start,
        end,
        first,
        last,
        first // EVERY,
        last // EVERY,
        confidence,
        (track,),
        box,
        start,
        tuple(Candidate(name_of(n % N_PEOPLE), 0.6, confidence / (place + 1)) for place, n in enumerate(likely)),
        unknown_id=unknown,
        accepted=person is not None,
    )


def name_of(number: int) -> str:
    """Return what somebody is called."""
    return f"{FIRST[number % 10]} {LAST[number // 10]}"


def face(number: int) -> bytes:
    """Draw a small face."""
    rng = np.random.default_rng(number)
    image = np.full((96, 96, 3), rng.integers(60, 140, 3), np.uint8)
    skin = rng.integers(150, 235, 3).tolist()
    cv2.ellipse(image, (48, 52), (26, 34), 0, 0, 360, skin, -1)
    cv2.ellipse(image, (48, 30), (28, 18), 0, 180, 360, rng.integers(20, 120, 3).tolist(), -1)
    for x in (38, 58):
        cv2.circle(image, (x, 48), 3, (30, 30, 30), -1)
    cv2.ellipse(image, (48, 66), (9, 4), 0, 0, 180, (120, 50, 50), 2)
    data = io.BytesIO()
    Pillow.fromarray(image).save(data, "JPEG", quality=85)
    return data.getvalue()


if __name__ == "__main__":
    seed(Path(sys.argv[1]).resolve())
