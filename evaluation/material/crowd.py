"""Films people who move in front of each other, and says where every face is in every frame.

`material.compose` shows pictures side by side; here heads cut out of photos and clips walk through one picture, so that they
cross, hide each other, leave and come back, under a camera that pans and zooms. A face is carried through the same affine map
as its pixels. How much of it is to be seen is counted in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from src.schema import Box, DoubleArray, FloatArray, IntArray, RgbImage

from .compose import Canvas, VideoWriter

CANVAS = Canvas()
VISIBLE = 0.5
"""Share of a face from which on it has to be found."""
_GLIMPSE = 0.1
"""Share of a face below which nothing is left to find."""
_FEATHER = 0.06
"""Soft edge of a cut-out, as a share of its shorter side."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A head to film: one picture, or one a frame.

    Attributes:
        person: Who it is.
        pictures: (H, W, 3) uint8, all of one size; the last one stays.
        faces: Face in pixels of each picture.
    """

    person: str
    pictures: tuple[RgbImage, ...]
    faces: tuple[Box, ...]

    def at(self, index: int) -> tuple[RgbImage, Box]:
        """Return picture and face of a frame."""
        row = min(index, len(self.pictures) - 1)
        return self.pictures[row], self.faces[row]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a head is at a moment.

    Attributes:
        x, y: Centre of the face, in pixels of the canvas before the camera.
        height: Of the face, in pixels.
        angle: Degrees, leaning to its left.
        light: Brightness, 1 as in the picture.
        blur: Standard deviation of its blur in pixels of the canvas.
    """

    x: float
    y: float
    height: float
    angle: float = 0.0
    light: float = 1.0
    blur: float = 0.0


@dataclass(frozen=True, slots=True)
class Lens:
    """What the camera does at a moment: it looks at a point of the canvas and enlarges."""

    x: float
    y: float
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Actor:
    """A head and its way; the pose is asked for by seconds from the start of the shot, None while it is away."""

    look: Look
    pose: Callable[[float], Pose | None]


@dataclass(frozen=True, slots=True)
class CrowdShot:
    """What lies between two cuts.

    Attributes:
        name: What happens.
        duration_s: How long.
        background: (H, W, 3) uint8 of the size of the canvas.
        actors: From back to front.
        lens: The camera, by seconds from the start of the shot.
        pillars: Upright bars in front of everybody: left edge and width in pixels of the canvas before the camera.
    """

    name: str
    duration_s: float
    background: RgbImage
    actors: tuple[Actor, ...]
    lens: Callable[[float], Lens]
    pillars: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CrowdFrame:
    """The truth of one frame.

    Attributes:
        frame_index: From 0. `npt`: seconds. `shot`: from 0.
        ids: (n,) int64, one a person and shot, from 1.
        boxes_xywh: (n, 4) float32 pixels, cut off at the edges.
        hidden_xywh: (k, 4) float32, faces of which too little is to be seen: to find them is neither right nor wrong.
    """

    frame_index: int
    npt: float
    shot: int
    ids: IntArray
    boxes_xywh: FloatArray
    hidden_xywh: FloatArray


@dataclass(slots=True)
class _Stage:
    """The canvas while a frame is drawn: colours, and who owns each pixel."""

    picture: FloatArray
    owner: IntArray
    faces: list[tuple[int, DoubleArray]] = field(default_factory=list)


def film_crowd(path: Path, shots: Sequence[CrowdShot], canvas: Canvas = CANVAS) -> list[CrowdFrame]:
    """Make a video, H.264 in MP4 without sound, and return its truth. The same shots give the same bytes.

    Args:
        path: File to write; it appears when it is complete.
        shots: One after the other, with hard cuts between them.
        canvas: Size and frame rate.
    """
    partial = path.with_name(f"{path.stem}.partial.mp4")
    truth: list[CrowdFrame] = []
    first_id = 1
    try:
        with VideoWriter(partial, canvas) as writer:
            for number, shot in enumerate(shots):
                for picture, people, boxes, hidden in _shoot(shot, canvas):
                    writer.write(picture)
                    index = len(truth)
                    truth.append(CrowdFrame(index, float(index / canvas.rate), number, people + first_id, boxes, hidden))
                first_id += len(shot.actors)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return truth


def _shoot(shot: CrowdShot, canvas: Canvas) -> Iterator[tuple[RgbImage, IntArray, FloatArray, FloatArray]]:
    for index in range(round(shot.duration_s * canvas.rate)):
        moment = float(index / canvas.rate)
        stage = _draw(shot, canvas, index, moment)
        people, boxes, hidden = _visible(stage, canvas)
        yield np.clip(np.rint(stage.picture), 0, 255).astype(np.uint8), people, boxes, hidden


def _draw(shot: CrowdShot, canvas: Canvas, index: int, moment: float) -> _Stage:
    lens = shot.lens(moment)
    camera = np.array(
        [
            [lens.zoom, 0, canvas.width / 2 - lens.zoom * lens.x],
            [0, lens.zoom, canvas.height / 2 - lens.zoom * lens.y],
        ]
    )
    size = canvas.width, canvas.height
    back = cv2.warpAffine(shot.background, camera, size, borderMode=cv2.BORDER_REFLECT)
    stage = _Stage(back.astype(np.float32), np.full(back.shape[:2], -1, np.int64))
    for number, actor in enumerate(shot.actors):
        pose = actor.pose(moment)
        if pose is not None:
            picture, face = actor.look.at(index)
            _put(stage, number, picture, face, pose, camera)
    for left, width in shot.pillars:
        start, end = (round(camera[0, 0] * x + camera[0, 2]) for x in (left, left + width))
        stage.picture[:, max(start, 0) : max(end, 0)] = (58, 52, 46)
        stage.owner[:, max(start, 0) : max(end, 0)] = -1
    return stage


def _put(stage: _Stage, number: int, picture: RgbImage, face: Box, pose: Pose, camera: DoubleArray) -> None:
    """Draw a head and note where its face is."""
    scale = pose.height / face.h
    turn = cv2.getRotationMatrix2D((face.x + face.w / 2, face.y + face.h / 2), pose.angle, scale)
    turn[:, 2] += np.array([pose.x, pose.y]) - (face.x + face.w / 2, face.y + face.h / 2)
    whole = camera[:, :2] @ turn
    whole[:, 2] += camera[:, 2]
    size = stage.picture.shape[1], stage.picture.shape[0]
    shrink = scale * camera[0, 0]
    # A large photo is made smaller with a filter that looks at all its pixels; a warp alone would flicker.
    if shrink < 0.7:
        small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        factors = np.array([picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0], 1.0])
        picture, drawn = small, whole * factors
    else:
        drawn = whole
    alpha = cv2.warpAffine(_edge(picture.shape[0], picture.shape[1]), drawn, size)[..., None]
    colours = cv2.warpAffine(picture, drawn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    if pose.blur > 0:
        colours = cv2.GaussianBlur(colours, (0, 0), pose.blur)
    stage.picture += (colours * np.float32(pose.light) - stage.picture) * alpha
    stage.owner[alpha[..., 0] > 0.5] = number
    stage.faces.append((number, _bounds(whole, face)))


def _edge(height: int, width: int) -> FloatArray:
    """Return how much of a cut-out shows at each pixel: all inside, nothing at its edge."""
    feather = max(2.0, _FEATHER * min(height, width))
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    to_edge = np.minimum(np.minimum(rows, height - 1 - rows), np.minimum(columns, width - 1 - columns))
    return np.clip(to_edge / feather, 0, 1).astype(np.float32)


def _bounds(transform: DoubleArray, face: Box) -> DoubleArray:
    """Return x1, y1, x2, y2 around the ellipse inside a face box after an affine map."""
    centre = transform[:, :2] @ (face.x + face.w / 2, face.y + face.h / 2) + transform[:, 2]
    reach = np.hypot(transform[:, 0] * face.w / 2, transform[:, 1] * face.h / 2)
    result: DoubleArray = np.concatenate([centre - reach, centre + reach])
    return result


def _visible(stage: _Stage, canvas: Canvas) -> tuple[IntArray, FloatArray, FloatArray]:
    people, boxes, hidden = [], [], []
    for number, (x1, y1, x2, y2) in stage.faces:
        left, right = np.clip([x1, x2], 0, canvas.width)
        top, bottom = np.clip([y1, y2], 0, canvas.height)
        own = stage.owner[round(top) : round(bottom), round(left) : round(right)] == number
        share = own.sum() / max((x2 - x1) * (y2 - y1), 1.0)
        box = left, top, right - left, bottom - top
        if share >= VISIBLE:
            people.append(number)
            boxes.append(box)
        elif share >= _GLIMPSE:
            hidden.append(box)
    return (
        np.array(people, np.int64),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(hidden, np.float32).reshape(-1, 4),
    )
