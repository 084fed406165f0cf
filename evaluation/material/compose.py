"""Makes videos whose every cut, person and face box is known, from photos, clips and drawn pictures.

A video is a list of segments with hard cuts between them. A segment shows one picture, or several side by side, each filmed
by a camera that moves from one view to another (the "Ken Burns" move of still photography). The move is one affine map a
frame, with sub-pixel translation, so that it is smooth, and so that the box of a face in the photo is carried through the same
map to every frame of the video.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from src.errors import ConfigError, MediaError
from src.schema import Box, FloatArray, RgbImage

from .data import ShotRow, TruthRow
from .sources import Source

MAX_ENLARGEMENT = 2.5
"""A small photo is not blown up further than this: beyond, a face gets larger but shows nothing more."""

_BACKGROUND_BRIGHTNESS = 0.55
_DIVIDER_PX = 2


@dataclass(frozen=True, slots=True)
class Canvas:
    """Size in pixels, both even, and exact frame rate of a video."""

    width: int = 640
    height: int = 360
    rate: Fraction = Fraction(25)


@dataclass(frozen=True, slots=True)
class View:
    """What a camera looks at.

    Attributes:
        x, y: Point of the picture that lies in the middle of the pane, as shares of its width and height. Near an edge the
            picture is moved no further than that its edge meets the edge of the pane.
        zoom: 1 shows the picture as its pane's `fit` says, 2 twice as large.
    """

    x: float = 0.5
    y: float = 0.5
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody to be seen in a picture.

    Attributes:
        person: As in the ground truth: a folder, or `unknown:<id>`.
        box: Face in pixels of what the source yields (after `Photo.crop`); None where nobody knows, as in clips.
        note: Goes to the ground truth.
    """

    person: str
    box: Box | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pane:
    """One picture of a segment, and how it is filmed.

    Attributes:
        source: What is filmed.
        subjects: Who is to be seen in it all the time.
        start, end: The camera at the first and the last frame; it starts and stops gently.
        fill: Whether zoom 1 fills the pane and loses what stands over, or shows all of the picture over a blurred background.
    """

    source: Source
    subjects: tuple[Subject, ...] = ()
    start: View = View()
    end: View = View()
    fill: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """What lies between two cuts; several panes stand side by side from left to right."""

    duration_s: float
    panes: tuple[Pane, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where the face of somebody is in one frame, in pixels of the video, cut off at the edge of its pane."""

    frame_index: int
    npt: float
    person: str
    box: Box


@dataclass(frozen=True, slots=True)
class Composition:
    """A video that was made, and all that is to be seen in it."""

    path: Path
    truth: tuple[TruthRow, ...]
    shots: tuple[ShotRow, ...]
    boxes: tuple[FaceBox, ...]


def compose(path: Path, segments: Sequence[Segment], canvas: Canvas = Canvas()) -> Composition:
    """Make a video, H.264 in MP4 without sound. The same segments give the same bytes on the same versions of the libraries.

    Args:
        path: File to write; it appears when it is complete.
        segments: At least one; a duration is rounded to whole frames.
        canvas: Size and frame rate.

    Raises:
        ConfigError: There is no segment, or one without panes or shorter than a frame.
        MediaError: A source cannot be read, or the video not written.
    """
    starts = _first_frames(segments, canvas)
    truth = tuple(row for number in range(len(segments)) for row in _truth(path.name, segments, starts, number, canvas))
    shots = tuple(_shot(path.name, segments, starts, number, canvas) for number in range(len(segments)))
    boxes: list[FaceBox] = []
    partial = path.with_name(f"{path.stem}.partial.mp4")
    try:
        with VideoWriter(partial, canvas) as writer:
            for segment, first, end in zip(segments, starts, starts[1:], strict=False):
                boxes += _film(segment, first, end - first, canvas, writer)
        partial.replace(path)
    except (av.error.FFmpegError, OSError) as err:
        raise MediaError(str(path), f"cannot be written ({err}). Check the folder and the space left.") from err
    finally:
        partial.unlink(missing_ok=True)
    return Composition(path, truth, shots, tuple(boxes))


def _first_frames(segments: Sequence[Segment], canvas: Canvas) -> list[int]:
    """Return the first frame of each segment, and the number of frames as the last entry."""
    if not segments:
        raise ConfigError("A video needs at least one segment.")
    lengths = [round(segment.duration_s * canvas.rate) for segment in segments]
    for number, (segment, length) in enumerate(zip(segments, lengths, strict=True)):
        if length < 1 or not segment.panes:
            raise ConfigError(
                f"Segment {number} lasts {segment.duration_s:g} s and has {len(segment.panes)} panes: too little."
            )
    return [0, *itertools.accumulate(lengths)]


def _truth(video: str, segments: Sequence[Segment], starts: list[int], number: int, canvas: Canvas) -> Iterator[TruthRow]:
    segment = segments[number]
    start_s, end_s = float(starts[number] / canvas.rate), float(starts[number + 1] / canvas.rate)
    if not any(pane.subjects for pane in segment.panes):
        yield TruthRow(video, start_s, end_s, "", "; ".join(filter(None, ("no known face", segment.note))))
    for column, pane in enumerate(segment.panes):
        for subject in pane.subjects:
            notes = (_place(column, len(segment.panes)), subject.note, segment.note)
            yield TruthRow(video, start_s, end_s, subject.person, "; ".join(filter(None, notes)))


def _place(column: int, n_panes: int) -> str:
    if n_panes == 1:
        return ""
    return ("left half", "right half")[column] if n_panes == 2 else f"part {column + 1} of {n_panes} from the left"


def _shot(video: str, segments: Sequence[Segment], starts: list[int], number: int, canvas: Canvas) -> ShotRow:
    start_s, end_s = float(starts[number] / canvas.rate), float(starts[number + 1] / canvas.rate)
    source = " | ".join(pane.source.label for pane in segments[number].panes)
    return ShotRow(video, number, start_s, end_s, source, segments[number].note)


class VideoWriter:
    """Encodes pictures in order."""

    def __init__(self, path: Path, canvas: Canvas) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "faststart"})
        self._stream = self._container.add_stream("libx264", rate=canvas.rate)
        self._stream.width, self._stream.height, self._stream.pix_fmt = canvas.width, canvas.height, "yuv420p"
        self._stream.time_base = 1 / canvas.rate
        # x264 plans by the number of its threads: one thread gives the same bytes on every machine.
        self._stream.codec_context.thread_count = 1
        self._stream.options = {"crf": "18", "preset": "veryfast"}
        self._n_frames = 0

    def __enter__(self) -> VideoWriter:
        return self

    def write(self, picture: RgbImage) -> None:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = self._n_frames
        self._n_frames += 1
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def _film(segment: Segment, first: int, n_frames: int, canvas: Canvas, writer: VideoWriter) -> Iterator[FaceBox]:
    edges = [round(canvas.width * column / len(segment.panes)) for column in range(len(segment.panes) + 1)]
    cameras = [
        _Camera(pane, right - left, canvas.height) for pane, left, right in zip(segment.panes, edges, edges[1:], strict=False)
    ]
    reels = [pane.source.pictures(n_frames, canvas.rate) for pane in segment.panes]
    for index in range(n_frames):
        # A raised cosine: the camera starts and stops without a jerk.
        progress = (1 - math.cos(math.pi * index / max(1, n_frames - 1))) / 2
        images = [camera.shoot(next(reel), progress) for camera, reel in zip(cameras, reels, strict=True)]
        picture = np.concatenate(images, axis=1)
        for edge in edges[1:-1]:
            picture[:, edge - _DIVIDER_PX // 2 : edge + _DIVIDER_PX // 2] = 12
        writer.write(picture)
        for camera, left in zip(cameras, edges, strict=False):
            for person, box in camera.faces(progress, left):
                yield FaceBox(first + index, float((first + index) / canvas.rate), person, box)


class _Camera:
    """Films one pane."""

    def __init__(self, pane: Pane, width: int, height: int) -> None:
        self._pane, self._width, self._height = pane, width, height
        self._picture: RgbImage | None = None

    def shoot(self, picture: RgbImage, progress: float) -> RgbImage:
        """Return the (height, width, 3) image of the pane at a moment of the move, 0 to 1."""
        if picture is not self._picture:
            self._load(picture)
        scale, left, top = self._map(progress)
        # The picture was enlarged once, with a good filter; what is left is a small change of size.
        rest = np.array([[scale / self._scale_x, 0, left], [0, scale / self._scale_y, top]])
        # Pixel centres lie at halves: without this the picture would creep by half a pixel as it grows.
        rest[:, 2] += (rest[[0, 1], [0, 1]] - 1) / 2
        flat = cv2.warpAffine(self._layer, rest, (self._width, self._height), borderMode=cv2.BORDER_REPLICATE)
        if self._covers(scale, left, top):
            return np.asarray(flat, np.uint8)
        # The background shows where the picture ends; the two mix at its edge, which would else jump from pixel to pixel.
        cover = cv2.warpAffine(self._cover, rest, (self._width, self._height))
        mixed: RgbImage = np.rint(self._background + (flat - self._background) * cover[..., None]).astype(np.uint8)
        return mixed

    def _covers(self, scale: float, left: float, top: float) -> bool:
        height, width = self._cover.shape
        right, bottom = left + width * scale / self._scale_x, top + height * scale / self._scale_y
        return left <= 0 and top <= 0 and right >= self._width and bottom >= self._height

    def faces(self, progress: float, pane_left: int) -> Iterator[tuple[str, Box]]:
        """Yield the people whose box is known and at least partly inside the pane, in pixels of the video."""
        scale, left, top = self._map(progress)
        for subject in self._pane.subjects:
            if subject.box is None:
                continue
            x1, x2 = np.clip([scale * subject.box.x + left, scale * (subject.box.x + subject.box.w) + left], 0, self._width)
            y1, y2 = np.clip([scale * subject.box.y + top, scale * (subject.box.y + subject.box.h) + top], 0, self._height)
            if x2 > x1 and y2 > y1:
                yield subject.person, Box(float(x1 + pane_left), float(y1), float(x2 - x1), float(y2 - y1))

    def _load(self, picture: RgbImage) -> None:
        height, width = picture.shape[:2]
        self._picture = picture
        self._ends = self._place(self._pane.start, width, height), self._place(self._pane.end, width, height)
        scale = max(end[0] for end in self._ends)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        self._scale_x, self._scale_y = size[0] / width, size[1] / height
        self._layer = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4)
        self._cover = np.ones(self._layer.shape[:2], np.float32)
        self._background = _blurred(picture, self._width, self._height)

    def _place(self, view: View, width: int, height: int) -> tuple[float, float, float]:
        """Return scale, left and top of the picture in the pane for a view."""
        pick = max if self._pane.fill else min
        scale = min(view.zoom * pick(self._width / width, self._height / height), MAX_ENLARGEMENT)
        return scale, _slide(self._width, scale * width, view.x), _slide(self._height, scale * height, view.y)

    def _map(self, progress: float) -> tuple[float, float, float]:
        (scale_a, left_a, top_a), (scale_b, left_b, top_b) = self._ends
        rest = 1 - progress
        return scale_a * rest + scale_b * progress, left_a * rest + left_b * progress, top_a * rest + top_b * progress


def _slide(pane: float, picture: float, point: float) -> float:
    """Return where a picture begins so that its point is in the middle of the pane, as far as its edges allow."""
    return min(max(pane / 2 - point * picture, min(0.0, pane - picture)), max(0.0, pane - picture))


def _blurred(picture: RgbImage, width: int, height: int) -> FloatArray:
    """Return a picture filling the pane, so blurred and dark that no face is left in it."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    small_w, small_h = max(1, round(width / scale / 4)), max(1, round(height / scale / 4))
    top, left = max(0, (picture.shape[0] - small_h * 4) // 2), max(0, (picture.shape[1] - small_w * 4) // 2)
    part = picture[top : top + small_h * 4, left : left + small_w * 4]
    tiny = cv2.resize(part, (48, max(1, round(48 * height / width))), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(tiny, (0, 0), 3)
    large: FloatArray = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return large * np.float32(_BACKGROUND_BRIGHTNESS)
