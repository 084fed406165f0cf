"""What old, poor or strange footage does to a picture, each as a function of the picture and a random generator.

Sizes are shares of the face's crop: the pictures given have faces that fill a crop of 112 pixels, so that `low28` leaves
28 pixels of it, about 20 between ear and ear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from src.schema import FloatArray, RgbImage

CROP_PX = 112
"""Side of the crop that a face fills before anything is done to it."""
CROP_BOX = (16.0, 6.0, 80.0, 104.0)
"""x, y, w, h of the box that detectors draw around the face in such a crop."""
CLEAN = "clean"
MIRRORED = "mirrored"

Degradation = Callable[[RgbImage, np.random.Generator], RgbImage]


def to_grey(image: RgbImage) -> RgbImage:
    """Take the colour out."""
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8, copy=False)


def at_resolution(image: RgbImage, crop_px: int) -> RgbImage:
    """Lower the resolution so that `crop_px` pixels of the crop's 112 are left, and blow the picture up again."""
    height, width = image.shape[:2]
    size = max(1, round(width * crop_px / CROP_PX)), max(1, round(height * crop_px / CROP_PX))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def with_noise(image: RgbImage, deviation: float, rng: np.random.Generator, coloured: bool = True) -> RgbImage:
    """Add normal noise; without colour it is film grain, the same in all channels."""
    channels = 3 if coloured else 1
    noise = rng.normal(0, deviation, (*image.shape[:2], channels))
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def as_jpeg(image: RgbImage, quality: int) -> RgbImage:
    """Compress and decompress in blocks, as JPEG and the still pictures of MPEG-2 are."""
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def interlaced(image: RgbImage, shift_px: int) -> RgbImage:
    """Show two fields at once, the odd lines later, with what moved between them shifted sideways."""
    woven = image.copy()
    woven[1::2] = np.roll(image, shift_px, axis=1)[1::2]
    return woven


def with_poor_colour(image: RgbImage, share: float) -> RgbImage:
    """Keep the brightness and lower the resolution of the colours, as video tape does."""
    height, width = image.shape[:2]
    colours = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    size = max(1, round(width * share)), max(1, round(height * share))
    colours[..., 1:] = cv2.resize(cv2.resize(colours[..., 1:], size, interpolation=cv2.INTER_AREA), (width, height))
    return cv2.cvtColor(colours, cv2.COLOR_YCrCb2RGB).astype(np.uint8, copy=False)


def letterboxed(image: RgbImage) -> RgbImage:
    """Put black bars of a quarter of the height above and below, without changing the size of what is between."""
    bar = image.shape[0] // 4
    return cv2.copyMakeBorder(image, bar, bar, 0, 0, cv2.BORDER_CONSTANT).astype(np.uint8, copy=False)


def _dark(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    gloomy: FloatArray = ((image / 255.0) ** 2 * 0.4 * 255).astype(np.float32)
    return np.clip(gloomy + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def _archive(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    return with_noise(to_grey(at_resolution(image, 40)), 14, rng, coloured=False)


def _tape(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    soft = cv2.GaussianBlur(with_poor_colour(image, 0.2), (0, 0), sigmaX=1.5, sigmaY=0.01).astype(np.uint8, copy=False)
    return as_jpeg(with_noise(interlaced(soft, 3), 6, rng), 25)


DEGRADATIONS: Mapping[str, Degradation] = {
    CLEAN: lambda image, rng: image,
    "grey": lambda image, rng: to_grey(image),
    "low28": lambda image, rng: at_resolution(image, 28),
    "low18": lambda image, rng: at_resolution(image, 18),
    "blur": lambda image, rng: cv2.GaussianBlur(image, (0, 0), 2.5).astype(np.uint8, copy=False),
    "dark": _dark,
    "grain": lambda image, rng: with_noise(image, 20, rng, coloured=False),
    "archive": _archive,
    "jpeg": lambda image, rng: as_jpeg(image, 12),
    "interlaced": lambda image, rng: interlaced(image, 6),
    "mpeg": lambda image, rng: as_jpeg(at_resolution(image, 56), 20),
    "tape": _tape,
}
"""By name. `blur`: 2.5 pixels. `dark`: squared and at 0.4. `grain`: deviation 20 of 255. `archive`: grey, 40 pixels, grain 14.
`jpeg`: quality 12. `interlaced`: 6 pixels between the fields. `mpeg`: half the resolution and strong blocks. `tape`: soft,
colours at a fifth, 3 pixels between the fields, noise, blocks."""


def degrade(image: RgbImage, kind: str, seed: int) -> RgbImage:
    """Apply a degradation; the same seed gives the same noise."""
    return DEGRADATIONS[kind](image, np.random.default_rng(seed))
