"""What a composed video can show: photos, parts of videos, and pictures that are drawn."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from src.errors import MediaError
from src.schema import Box, RgbImage

_DRAWN_WIDTH, _DRAWN_HEIGHT = 1280, 720
"""Size in pixels of what is drawn: sharp on any canvas up to this."""


class Source(ABC):
    """Something to film."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What the table of shots says of it."""

    @abstractmethod
    def pictures(self, n_frames: int, rate: Fraction) -> Iterator[RgbImage]:
        """Yield n pictures of one size, (H, W, 3) uint8 RGB. A still picture is the same object each time.

        Raises:
            MediaError: The file cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Photo(Source):
    """A still photo, turned upright as its EXIF entry says.

    Attributes:
        path: The file.
        crop: Part to use, in pixels of the upright photo: frames and neighbours can be left out.
    """

    path: Path
    crop: Box | None = None

    @property
    def label(self) -> str:
        """Folder and name of the file."""
        return f"{self.path.parent.name}/{self.path.name}"

    def pictures(self, n_frames: int, rate: Fraction) -> Iterator[RgbImage]:
        """Yield the photo n times."""
        return itertools.repeat(self._read(), n_frames)

    def _read(self) -> RgbImage:
        picture = read_photo(self.path)
        if self.crop is None:
            return picture
        left, top = round(self.crop.x), round(self.crop.y)
        return picture[top : top + round(self.crop.h), left : left + round(self.crop.w)]


@dataclass(frozen=True, slots=True)
class Clip(Source):
    """Part of a video, shown at its own speed; where it is too short its last picture stays.

    Attributes:
        path: The file.
        start_s: Seconds from the start of the video.
    """

    path: Path
    start_s: float = 0.0

    @property
    def label(self) -> str:
        """Name of the file and where it begins."""
        return f"{self.path.name}@{self.start_s:g}"

    def pictures(self, n_frames: int, rate: Fraction) -> Iterator[RgbImage]:
        """Yield at each moment the picture that a player shows then.

        Raises:
            MediaError: The video cannot be read, or ends before `start_s`.
        """
        upcoming = self._decoded()
        shown, following = None, next(upcoming, None)
        for index in range(n_frames):
            # Half a millisecond of grace: containers round their time stamps.
            moment = self.start_s + float(index / rate) + 0.0005
            while following is not None and (shown is None or following[0] <= moment):
                shown, following = following, next(upcoming, None)
            if shown is None or (index == 0 and following is None and shown[0] + 1 < self.start_s):
                raise MediaError(str(self.path), f"has no picture at {self.start_s:g} s. Choose an earlier start.")
            yield shown[1]

    def _decoded(self) -> Iterator[tuple[float, RgbImage]]:
        try:
            with av.open(str(self.path)) as container:
                offset = float((container.start_time or 0) / av.time_base)
                for frame in container.decode(video=0):
                    if frame.time is not None:
                        yield frame.time - offset, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        except (av.error.FFmpegError, IndexError) as err:
            raise MediaError(str(self.path), f"cannot be read as a video ({err}). Check the file.") from err


@dataclass(frozen=True, slots=True)
class Card(Source):
    """A title card.

    Attributes:
        title: One line, large.
        subtitle: One line below, small; may be empty.
        colours: RGB of upper and lower edge.
    """

    title: str
    subtitle: str = ""
    colours: tuple[tuple[int, int, int], tuple[int, int, int]] = ((24, 34, 54), (10, 12, 20))

    @property
    def label(self) -> str:
        """The word of the tables of shots."""
        return "card"

    def pictures(self, n_frames: int, rate: Fraction) -> Iterator[RgbImage]:
        """Yield the card n times."""
        return itertools.repeat(self._draw(), n_frames)

    def _draw(self) -> RgbImage:
        picture = Image.fromarray(_gradient(*self.colours))
        draw = ImageDraw.Draw(picture)
        x, y = picture.width / 2, picture.height / 2
        draw.text((x, y - 10), self.title, (240, 240, 240), ImageFont.load_default(110), "mb")
        draw.line((x - 60, y + 22, x + 60, y + 22), (226, 164, 60), 5)
        draw.text((x, y + 60), self.subtitle, (176, 186, 200), ImageFont.load_default(50), "mt")
        return np.asarray(picture)


@dataclass(frozen=True, slots=True)
class Gradient(Source):
    """A smooth run of two colours from top to bottom."""

    top: tuple[int, int, int]
    bottom: tuple[int, int, int]

    @property
    def label(self) -> str:
        """The word of the tables of shots."""
        return "gradient"

    def pictures(self, n_frames: int, rate: Fraction) -> Iterator[RgbImage]:
        """Yield the gradient n times."""
        return itertools.repeat(_gradient(self.top, self.bottom), n_frames)


@dataclass(frozen=True, slots=True)
class Noise(Source):
    """The snow of a television without a station; the same seed gives the same snow."""

    seed: int = 0

    @property
    def label(self) -> str:
        """The word of the tables of shots."""
        return "noise"

    def pictures(self, n_frames: int, rate: Fraction) -> Iterator[RgbImage]:
        """Yield n different pictures."""
        random = np.random.default_rng(self.seed)
        for _ in range(n_frames):
            grain = random.integers(30, 200, (180, 320, 1), np.uint8).repeat(3, axis=2)
            snow: RgbImage = cv2.resize(grain, (_DRAWN_WIDTH, _DRAWN_HEIGHT)).astype(np.uint8)
            yield snow


def _gradient(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> RgbImage:
    share = np.linspace(0, 1, _DRAWN_HEIGHT)[:, None, None]
    column = np.array(top) * (1 - share) + np.array(bottom) * share
    # A little fixed grain hides the bands that 8 bits would show.
    grain = np.random.default_rng(0).uniform(-1.5, 1.5, (_DRAWN_HEIGHT, _DRAWN_WIDTH, 1))
    picture: RgbImage = np.clip(np.rint(column + grain), 0, 255).astype(np.uint8)
    return picture


def read_photo(path: Path) -> RgbImage:
    """Read a photo upright, as (H, W, 3) uint8 RGB.

    Raises:
        MediaError: The file is missing or no picture.
    """
    try:
        with Image.open(path) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except (OSError, UnidentifiedImageError) as err:
        raise MediaError(str(path), f"cannot be read as a picture ({err}). Check the file.") from err
