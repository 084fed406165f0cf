"""What happens in a film of a crowd: seeded shots of people who cross, dance, stand, hide and hurry.

Heads come from the photos of a data folder that show exactly one face, and from its clips that show exactly one face in every
frame. The detector says where that face is in the material, at full size and unhidden; in the film nobody is asked any more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from src.engines import FaceDetector
from src.errors import ConfigError, MediaError
from src.schema import Box, RgbImage
from src.video import open_stream

from .compose import Canvas
from .crowd import CANVAS, Actor, CrowdShot, Lens, Look, Pose
from .sources import read_photo

_SUFFIXES = {".jpg", ".jpeg", ".png"}
_MIN_FACE_PX = 60.0
_MIN_SCORE = 0.8
_CLIP_FRAMES = 200
_AROUND = (0.75, 0.7, 0.75, 0.9)
"""What is cut out around a face: left and above, right and below, in widths and heights of the face."""

Random = np.random.Generator
_Way = Callable[[float], Pose | None]
_Scene = tuple[list[_Way], Callable[[float], Lens], list[tuple[float, float]]]
"""Ways of the people from back to front, the camera, pillars."""


def looks_of_photos(folders: Sequence[Path], detector: FaceDetector, at_most: int = 3) -> dict[str, list[Look]]:
    """Return heads cut out of photos, some a person.

    Args:
        folders: Folders with a folder a person.
        detector: Says where the face is.
        at_most: Photos a person.
    """
    looks: dict[str, list[Look]] = {}
    for person in sorted(path for folder in folders for path in folder.glob("[!_]*") if path.is_dir()):
        for file in sorted(path for path in person.glob("*") if path.suffix.lower() in _SUFFIXES):
            known = looks.setdefault(person.name, [])
            if len(known) < at_most and (look := _photo_look(file, detector)) is not None:
                known.append(look)
    return {person: found for person, found in looks.items() if found}


def _photo_look(path: Path, detector: FaceDetector) -> Look | None:
    try:
        picture = read_photo(path)
    except MediaError:
        return None
    face = _only_face(picture, detector)
    return _cut_out(path.parent.name, [picture], [face]) if face else None


def looks_of_clips(videos: Mapping[Path, str], detector: FaceDetector) -> dict[str, list[Look]]:
    """Return heads cut out of the first 8 s of videos that show one face all this time.

    Args:
        videos: Who is to be seen in each.
        detector: Says where the face is.
    """
    looks: dict[str, list[Look]] = {}
    for path, person in videos.items():
        pictures, faces = _watch(path, detector)
        if len(pictures) == _CLIP_FRAMES and _is_steady(faces):
            looks.setdefault(person, []).append(_cut_out(person, pictures, faces))
    return looks


def _watch(path: Path, detector: FaceDetector) -> tuple[list[RgbImage], list[Box]]:
    """Return pictures and faces until one shows another number of faces."""
    pictures, faces = [], []
    with open_stream(str(path)) as stream:
        for decoded in stream.frames():
            picture = decoded.rgb()
            face = _only_face(picture, detector)
            if face is None or len(pictures) == _CLIP_FRAMES:
                break
            pictures.append(picture)
            faces.append(face)
    return pictures, faces


def _only_face(picture: RgbImage, detector: FaceDetector) -> Box | None:
    found = detector.detect([picture])[0]
    if len(found) != 1 or found.scores[0] < _MIN_SCORE or found.boxes_xywh[0, 2:].min() < _MIN_FACE_PX:
        return None
    return Box(*(float(value) for value in found.boxes_xywh[0]))


def _is_steady(faces: Sequence[Box]) -> bool:
    """Say whether a face never jumps: no cut lies in a clip."""
    return all(
        abs(one.x - other.x) < one.w / 3 and abs(one.y - other.y) < one.h / 3 for one, other in itertools.pairwise(faces)
    )


def _cut_out(person: str, pictures: Sequence[RgbImage], faces: Sequence[Box]) -> Look:
    height, width = pictures[0].shape[:2]
    x1, x2 = min(face.x for face in faces), max(face.x + face.w for face in faces)
    y1, y2 = min(face.y for face in faces), max(face.y + face.h for face in faces)
    w, h = max(face.w for face in faces), max(face.h for face in faces)
    left, top = max(0, round(x1 - _AROUND[0] * w)), max(0, round(y1 - _AROUND[1] * h))
    right, bottom = min(width, round(x2 + _AROUND[2] * w)), min(height, round(y2 + _AROUND[3] * h))
    cut = tuple(np.ascontiguousarray(picture[top:bottom, left:right]) for picture in pictures)
    return Look(person, cut, tuple(Box(face.x - left, face.y - top, face.w, face.h) for face in faces))


def crowd_shots(looks: dict[str, list[Look]], seed: int, n_shots: int = 12, canvas: Canvas = CANVAS) -> list[CrowdShot]:
    """Return the shots of a film of about 6 s a shot; the same seed gives the same film.

    Args:
        looks: Heads of each person.
        seed: Chooses people, ways and light.
        n_shots: How many shots; kinds take turns.
        canvas: Size of the film.

    Raises:
        ConfigError: There are fewer than four people.
    """
    if len(looks) < 4:
        raise ConfigError(f"A crowd needs heads of 4 people, and there are {len(looks)}. Give a folder with more photos.")
    random = np.random.default_rng(seed)
    kinds = (_walkers, _dancers, _group, _hidden, _hurry, _passers)
    return [_shot(kinds[number % len(kinds)], looks, random, canvas) for number in range(n_shots)]


def _shot(
    kind: Callable[[Random, Canvas], _Scene],
    looks: dict[str, list[Look]],
    random: Random,
    canvas: Canvas,
) -> CrowdShot:
    duration = float(random.uniform(5.0, 7.5))
    ways, lens, pillars = kind(random, canvas)
    people = random.choice(sorted(looks), len(ways), replace=False)
    actors = [
        Actor(looks[person][random.integers(len(looks[person]))], _lively(way, random))
        for person, way in zip(people, ways, strict=True)
    ]
    return CrowdShot(kind.__name__.strip("_"), duration, _background(random, canvas), tuple(actors), lens, tuple(pillars))


def _background(random: Random, canvas: Canvas) -> RgbImage:
    """Return soft blotches of colour: nothing that looks like a face, and another picture in every shot."""
    tiny = random.integers(20, 150, (5, 8, 3), np.uint8)
    return np.asarray(cv2.resize(tiny, (canvas.width, canvas.height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _lively(way: _Way, random: Random) -> _Way:
    """Let a head sway and the light on it change, and let it be out of focus and dark for a moment."""
    sway, pace, phase = random.uniform(4, 12), random.uniform(0.2, 0.6), random.uniform(0, 6.28)
    glow, dim_at = random.uniform(0.05, 0.2), random.uniform(1.0, 5.0)

    def pose(moment: float) -> Pose | None:
        plain = way(moment)
        if plain is None:
            return None
        dim = max(0.0, 1 - abs(moment - dim_at) / 0.4)
        return Pose(
            plain.x,
            plain.y,
            plain.height,
            sway * math.sin(2 * math.pi * pace * moment + phase),
            (1 + glow * math.sin(2 * math.pi * pace * 0.7 * moment + 2 * phase)) * (1 - 0.45 * dim),
            3.0 * dim,
        )

    return pose


def _still(canvas: Canvas) -> Callable[[float], Lens]:
    return lambda _: Lens(canvas.width / 2, canvas.height / 2)


def _straight(random: Random, canvas: Canvas, from_left: bool, height: float, y: float) -> _Way:
    speed = random.uniform(90, 190) * (1 if from_left else -1)
    start = random.uniform(0.05, 0.3) * canvas.width
    start = start if from_left else canvas.width - start
    bob = random.uniform(2, 8)
    return lambda moment: Pose(start + speed * moment, y + bob * math.sin(7 * moment), height)


def _walkers(random: Random, canvas: Canvas) -> _Scene:
    """Three people walk past each other."""
    ways = [
        _straight(random, canvas, from_left, random.uniform(60, 100), canvas.height * random.uniform(0.4, 0.6))
        for from_left in (True, False, bool(random.integers(2)))
    ]
    return ways, _still(canvas), []


def _dancers(random: Random, canvas: Canvas) -> _Scene:
    """Four people go to and fro, each in a rhythm of their own."""

    def way(column: int) -> _Way:
        x, y = canvas.width * (column + 1) / 5, canvas.height * random.uniform(0.4, 0.6)
        reach, pace, phase = random.uniform(60, 150), random.uniform(0.15, 0.35), random.uniform(0, 6.28)
        height, lift = random.uniform(55, 85), random.uniform(5, 30)
        return lambda moment: Pose(
            x + reach * math.sin(2 * math.pi * pace * moment + phase),
            y + lift * math.sin(2 * math.pi * 1.4 * pace * moment),
            height,
        )

    return [way(column) for column in range(4)], _still(canvas), []


def _group(random: Random, canvas: Canvas) -> _Scene:
    """Four people stand close to each other while the camera pans and zooms."""
    places = [(canvas.width * (0.2 + 0.2 * column), canvas.height * random.uniform(0.45, 0.6)) for column in range(4)]
    heights = random.uniform(50, 75, 4)

    def standing(x: float, y: float, height: float) -> _Way:
        return lambda _: Pose(x, y, height)

    pace, zoom, reach = random.uniform(0.1, 0.2), random.uniform(0.2, 0.5), random.uniform(80, 150)

    def lens(moment: float) -> Lens:
        turn = 2 * math.pi * pace * moment
        return Lens(canvas.width / 2 + reach * math.sin(turn), canvas.height / 2, 1.0 + zoom * (1 - math.cos(turn)) / 2)

    return [standing(*place, height) for place, height in zip(places, heights, strict=True)], lens, []


def _hidden(random: Random, canvas: Canvas) -> _Scene:
    """Two people walk behind pillars and come out again; a third stands."""
    pillars = [(canvas.width * random.uniform(0.3, 0.36), 90.0), (canvas.width * random.uniform(0.62, 0.68), 90.0)]
    ways = [
        _straight(random, canvas, True, random.uniform(60, 85), canvas.height * random.uniform(0.35, 0.5)),
        _straight(random, canvas, False, random.uniform(60, 85), canvas.height * random.uniform(0.5, 0.65)),
    ]
    height = random.uniform(60, 80)
    return [lambda _: Pose(canvas.width * 0.52, canvas.height * 0.5, height), *ways], _still(canvas), pillars


def _hurry(random: Random, canvas: Canvas) -> _Scene:
    """Two people run while the camera follows one of them."""
    speed = random.uniform(200, 320)
    heights = random.uniform(65, 100, 2)
    y = canvas.height * random.uniform(0.42, 0.55)
    ways: list[_Way] = [
        lambda moment: Pose(100 + speed * moment, y + 10 * math.sin(9 * moment), heights[0]),
        lambda moment: Pose(420 + 0.55 * speed * moment, y - 20, heights[1]),
    ]
    return ways, lambda moment: Lens(200 + 0.9 * speed * moment, canvas.height / 2), []


def _passers(random: Random, canvas: Canvas) -> _Scene:
    """One person stays; three others pass close by, one after the other, and come nearer."""
    height = random.uniform(60, 80)
    ways: list[_Way] = [lambda _: Pose(canvas.width / 2, canvas.height * 0.5, height)]

    def passing(begin: float, from_left: bool) -> _Way:
        speed, size = random.uniform(130, 220), random.uniform(55, 75)
        offset = random.uniform(-0.12, 0.12) * canvas.height

        def way(moment: float) -> Pose | None:
            if moment < begin:
                return None
            x = -40 + speed * (moment - begin)
            side = x if from_left else canvas.width - x
            return Pose(side, canvas.height * 0.5 + offset, size * (1 + 0.12 * (moment - begin)))

        return way

    ways += [passing(begin, bool(random.integers(2))) for begin in (0.0, 1.3, 2.6)]
    return ways, _still(canvas), []
