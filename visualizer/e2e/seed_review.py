"""Adds the project `archive` to the seeded store: people whom a model knows, doubtful faces, and strangers in several films.

All is as the stages leave it, but for the networks: embeddings are made up so that it is known who resembles whom and how much.
Films show drawn faces where the tracks are, so that thumbnails, frames and moments show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from src.disk.pictures import png_bytes
from src.identities.appearances import derive_all
from src.recognition.calibration import OpenSet
from src.recognition.gallery import Gallery
from src.recognition.identify import train_recognizer
from src.records import (
    Analysis,
    FaceQuality,
    Image,
    Model,
    Person,
    ProjectVideo,
    Provenance,
    Shot,
    Status,
    Track,
    TrackEmbeddings,
    TrackSamples,
    Video,
)
from src.schema import Box, FloatArray, RgbImage
from src.tracker.buffers import make_thumbnail
from src.videos import video_identity
from src.workspace import Workspace
from tests.videos import write_video

PROJECT = "archive"
WIDTH, HEIGHT, RATE, EVERY, DIMENSION = 640, 360, 10, 2, 128
SAMPLING = {"period_s": EVERY / RATE, "sample_period_s": EVERY / RATE, "video_speedup": None}
PEOPLE = ("Ada Arp", "Bert Blum", "Cora Conti", "Dan Dorn")
STRANGERS = ("x", "y", "z", "w", "v", "u", "t", "s")


@dataclass(frozen=True)
class Part:
    """Somebody on the left or right half of a film.

    Attributes:
        who: A person, or a stranger. `like`: whom they resemble too.
        own, other: How much they resemble themselves, and the other one: cosines.
    """

    who: str
    start: float
    end: float
    side: int = 0
    own: float = 0.8
    like: str = ""
    other: float = 0.0


FILMS: dict[str, tuple[Part, ...]] = {
    "Harbour 1961": (
        Part("Ada Arp", 0, 9),
        Part("Bert Blum", 1, 8, 1, own=0.45, like="Cora Conti", other=0.37),
        Part("x", 10, 18),
        Part("Cora Conti", 11, 17, 1, own=0.43, like="Dan Dorn", other=0.37),
        Part("y", 19, 24),
        Part("z", 20, 23, 1),
        Part("Dan Dorn", 25, 29, 0, own=0.44, like="Ada Arp", other=0.36),
        Part("w", 25, 29, 1),
    ),
    "Market day": (
        Part("x", 0, 9),
        Part("Ada Arp", 1, 4, 1, own=0.45, like="Bert Blum", other=0.40),
        Part("y", 10, 17),
        Part("Bert Blum", 11, 15, 1),
        Part("v", 18, 21),
        Part("Cora Conti", 18, 28, 1, own=0.47, like="Bert Blum", other=0.42),
        Part("u", 22, 29),
    ),
    "Opening of the bridge": (
        Part("x", 0, 7),
        Part("y", 1, 5, 1),
        Part("z", 8, 13),
        Part("Dan Dorn", 9, 12, 1),
        Part("t", 14, 17),
        Part("s", 15, 20, 1),
        Part("Ada Arp", 21, 29, 0, own=0.44, like="Dan Dorn", other=0.37),
        Part("w", 22, 24, 1),
    ),
}
"""Who is to be seen from when to when, in seconds. Strangers w and v resemble x and y, so that there is somebody to merge."""


def seed_review(workspace: Workspace, folder: Path) -> None:
    """Write films, people, a model and what it says."""
    owner = workspace.begin_project(PROJECT, "sface")
    looks = _looks()
    _seed_model(workspace, looks)
    for number, (title, parts) in enumerate(FILMS.items()):
        path = write_video(folder / f"{title}.mp4", _pictures(parts), RATE, options={"crf": "20"})
        _seed_film(workspace, looks, path, title, parts, f"film{number}")
    derive_all(workspace, owner, workspace.settings.clusterize)


def _looks() -> dict[str, FloatArray]:
    """Return a direction for each, at right angles to all others; strangers w and v lean to x and y."""
    random = np.random.default_rng(5)
    axes = np.linalg.qr(random.normal(size=(DIMENSION, DIMENSION)))[0].astype(np.float32)
    looks = {who: axes[number] for number, who in enumerate((*PEOPLE, *STRANGERS))}
    for who, other in (("w", "x"), ("v", "y")):
        looks[who] = _unit(0.93 * looks[who] + 0.37 * looks[other])
    return looks


def _seed_model(workspace: Workspace, looks: dict[str, FloatArray]) -> None:
    random = np.random.default_rng(6)
    rows = [(who, _unit(0.8 * looks[who] + 0.6 * _unit(random.normal(size=DIMENSION)))) for who in PEOPLE for _ in range(6)]
    labels = np.array([PEOPLE.index(who) for who, _ in rows], np.int64)
    gallery = Gallery(PEOPLE, np.stack([vector for _, vector in rows]), labels)
    recognizer, _ = train_recognizer("Centroid", gallery, OpenSet(-10.2, 22.7, 15.0))
    path = f"classifier/{PROJECT}/0001-Centroid"
    recognizer.save(workspace.data_dir / path)
    for who in PEOPLE:
        workspace.store.put(Person(PROJECT, who.replace(" ", "_"), who))
    for number, (who, vector) in enumerate(rows):
        _seed_image(workspace, who, number, vector)
    workspace.store.put(Model(PROJECT, "0001-Centroid", "sface@1", "Centroid", PEOPLE, (), {}, {}, path))


def _seed_image(workspace: Workspace, who: str, number: int, vector: FloatArray) -> None:
    path = f"training_img_aligned/{PROJECT}/{who.replace(' ', '_')}/{number:06}_0.png"
    file = workspace.data_dir / path
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full((112, 112, 3), 70 + 15 * (number % 6), np.uint8)
    draw_face(picture, who, (14, 10, 84, 92), number)
    file.write_bytes(png_bytes(picture))
    quality = FaceQuality(112.0, 0.8, 0.9, 0.8)
    workspace.store.put(
        Image(
            PROJECT,
            f"{number:064x}",
            who.replace(" ", "_"),
            path,
            Provenance("seed"),
            112,
            112,
            n_faces=1,
            aligned_path=path,
            quality=quality,
            engine="sface@1",
            embedding=vector,
        )
    )


def _seed_film(
    workspace: Workspace, looks: dict[str, FloatArray], path: Path, title: str, parts: tuple[Part, ...], analysis_id: str
) -> None:
    video_id, checksum = video_identity(str(path))
    end = _length(parts)
    workspace.store.put(
        Video(video_id, str(path), str(path), title, title, "", end, WIDTH, HEIGHT, f"{RATE}/1", checksum),
        Analysis(analysis_id, video_id, "sface@1", SAMPLING, {}, status=Status.COMPLETE, progress=1.0),
        ProjectVideo(PROJECT, video_id, "", analysis_id),
        Shot(analysis_id, 1, 0.0, end, 0, int(end * RATE)),
    )
    vectors = []
    for number, part in enumerate(parts, start=1):
        samples = _samples(analysis_id, number, part)
        workspace.store.put(_track(samples, part), samples)
        vectors.append(_embedding(looks, part, number))
    tracks = np.arange(1, len(parts) + 1)
    n_samples = [len(_samples(analysis_id, int(track), part).npt) for track, part in zip(tracks, parts, strict=True)]
    workspace.store.put(
        TrackEmbeddings(
            analysis_id,
            0,
            np.repeat(tracks, n_samples),
            np.concatenate([_frames(part) for part in parts]),
            np.ones(sum(n_samples), np.float32),
            np.repeat(np.stack(vectors).astype(np.float16), n_samples, axis=0),
        )
    )


def _embedding(looks: dict[str, FloatArray], part: Part, seed: int) -> FloatArray:
    known = np.stack(list(looks.values()))
    noise = np.random.default_rng([seed, *part.who.encode()]).normal(size=DIMENSION)
    # Like nobody: what is left of chance at right angles to everybody.
    noise = _unit(noise - known.T @ np.linalg.lstsq(known.T, noise, rcond=None)[0])
    vector = part.own * looks[part.who] + (part.other * looks[part.like] if part.like else 0)
    return _unit(vector + np.sqrt(max(1 - float(vector @ vector), 0.0)) * noise)


def _unit(vector: FloatArray) -> FloatArray:
    unit: FloatArray = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def _frames(part: Part) -> np.ndarray:
    return np.arange(int(part.start * RATE), int(part.end * RATE) + 1, EVERY)


def box_at(part: Part, frame: int) -> tuple[int, int, int, int]:
    """Return where a face is in a frame: it sways."""
    sway = int(40 * np.sin(frame / 15 + part.side))
    return 110 + 310 * part.side + sway, 90 + int(12 * np.sin(frame / 9)), 110, 140


def _samples(analysis_id: str, track: int, part: Part) -> TrackSamples:
    frames = _frames(part)
    boxes = np.array([box_at(part, int(frame)) for frame in frames], np.float32)
    ones = np.ones(len(frames), np.float32)
    qualities = (0.6 + 0.3 * np.cos(np.linspace(-2, 2, len(frames)))).astype(np.float32)
    return TrackSamples(
        analysis_id, track, 0, frames, frames / RATE, boxes, np.zeros((len(frames), 5, 2), np.float32), ones, qualities
    )


def _track(samples: TrackSamples, part: Part) -> Track:
    best = len(samples.npt) // 2
    frame = int(samples.frame_index[best])
    picture = _picture((part,), frame)
    return Track(
        samples.analysis_id,
        samples.track_id,
        1,
        float(samples.npt[0]),
        float(samples.npt[-1]),
        int(samples.frame_index[0]),
        int(samples.frame_index[-1]),
        len(samples.npt),
        frame / RATE,
        frame,
        Box(*(float(value) for value in samples.boxes_xywh[best])),
        0.9,
        make_thumbnail(picture, samples.boxes_xywh[best]),
    )


def _length(parts: tuple[Part, ...]) -> float:
    return max(part.end for part in parts) + 1


def _pictures(parts: tuple[Part, ...]) -> Iterator[RgbImage]:
    yield from (_picture(parts, frame) for frame in range(int(_length(parts) * RATE)))


def _picture(parts: tuple[Part, ...], frame: int) -> RgbImage:
    image = np.full((HEIGHT, WIDTH, 3), 58, np.uint8)
    image[240:] = 44
    for part in parts:
        if part.start * RATE <= frame <= part.end * RATE:
            draw_face(image, part.who, box_at(part, frame), frame // 8)
    return image


def draw_face(image: RgbImage, who: str, box: tuple[int, int, int, int], mood: int) -> None:
    """Draw somebody: skin, hair, eyes and mouth say who, `mood` how they look right now."""
    random = np.random.default_rng(list(who.encode()))
    x, y, w, h = box
    grey = int(random.integers(130, 215))
    skin = (grey, int(grey * 0.88), int(grey * 0.76))
    hair = tuple(int(value) for value in random.integers(15, 130, 3))
    middle = (x + w // 2, y + h // 2)
    shirt = tuple(int(value) for value in random.integers(40, 200, 3))
    cv2.ellipse(image, (middle[0], y + int(h * 1.5)), (int(w * 0.95), int(h * 0.6)), 0, 0, 360, shirt, -1)
    cv2.ellipse(image, middle, (w // 2 + 5, h // 2 + 6), 0, 0, 360, hair, -1)
    cv2.ellipse(image, (middle[0], middle[1] + h // 12), (w // 2 - 3, h // 2 - 5), 0, 0, 360, skin, -1)
    turn, open_mouth = (mood % 3 - 1) * w // 30, 2 + mood % 3 * h // 60
    for side in (-1, 1):
        eye = (middle[0] + side * w // 5 + turn, middle[1] - h // 14)
        cv2.circle(image, eye, max(w // 16, 2), (240, 240, 240), -1)
        cv2.circle(image, (eye[0] + turn // 2, eye[1]), max(w // 28, 1), (30, 30, 30), -1)
    wide = w // int(random.integers(5, 9))
    cv2.ellipse(image, (middle[0] + turn, middle[1] + h // 4), (wide, open_mouth), 0, 0, 360, (120, 50, 50), -1)
    if random.integers(2):
        cv2.ellipse(image, (middle[0] + turn, middle[1] + h // 6), (w // 5, max(h // 30, 2)), 0, 0, 360, hair, -1)
