"""Draws test videos whose truth is known: frame numbers that can be read from the picture, known cuts, times and faults.

    write_video(path, numbered(50))                                       50 frames at 25 a second, frame i shows number i
    write_video(path, numbered(9), times=[0, 0.1, 0.5, …])                variable frame rate, a non-zero start
    write_video(path, shots([10, 15], size=(64, 36)))                     two shots, the cut is at frame 10
    write_video(path, numbered(9), rotation=90, sound_s=1.0)              turned as telephones do, with a tone
    truncate(path, 0.5); damage(path, 0.4, 0.6)                           faults

Every drawing is deterministic: the same arguments give the same pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from av.stream import Disposition

from src.schema import RgbImage

BITS = 10
"""Frame numbers run up to 1023, unless a picture is too narrow for so many bars."""

_TICK = Fraction(1, 90000)


def numbered(
    n: int, size: tuple[int, int] = (96, 64), first: int = 0, colour: tuple[int, int, int] = (90, 120, 90)
) -> Iterator[RgbImage]:
    """Draw pictures that carry their number: black and white bars in the upper half, the lowest bit at the left.

    Args:
        n: How many.
        size: Width and height in pixels.
        first: The first number.
        colour: RGB of the lower half.
    """
    width, height = size
    for number in range(first, first + n):
        image = np.full((height, width, 3), colour, np.uint8)
        for bit, (left, right) in enumerate(_bars(width)):
            image[: (height + 1) // 2, left:right] = 255 * (number >> bit & 1)
        yield image


def number_of(image: RgbImage) -> int:
    """Read the number that `numbered` drew, also after lossy coding and scaling."""
    height, width = image.shape[:2]
    rows = image[: max(1, height // 2 - height // 8)]
    bars = [rows[:, left:right].mean() > 127 for left, right in _bars(width)]
    return int(sum(1 << bit for bit, white in enumerate(bars) if white))


def _bars(width: int) -> list[tuple[int, int]]:
    n = min(BITS, width)
    edges = [round(width * k / n) for k in range(n + 1)]
    return list(pairwise(edges))


def texture(seed: int, size: tuple[int, int] = (160, 96)) -> RgbImage:
    """Draw a picture of soft, random, coloured shapes: each seed looks as different as one shot from another."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 8, 3), dtype=np.uint8)
    fine = rng.integers(0, 80, (20, 32, 3), dtype=np.uint8)
    shapes = [cv2.resize(layer, size, interpolation=cv2.INTER_CUBIC).astype(np.float32) for layer in (coarse, fine)]
    return np.clip(sum(shapes) - 40, 0, 255).astype(np.uint8)


def pan(n: int, seed: int = 0, size: tuple[int, int] = (160, 96), step_px: float = 1.0) -> Iterator[RgbImage]:
    """Draw a camera that moves over one scene."""
    width, height = size
    wide = texture(seed, (width + int(n * step_px) + 1, height))
    for i in range(n):
        left = int(i * step_px)
        yield np.ascontiguousarray(wide[:, left : left + width])


def shots(lengths: Sequence[int], size: tuple[int, int] = (160, 96), step_px: float = 1.0, seed: int = 0) -> Iterator[RgbImage]:
    """Draw shots with hard cuts between them: the cuts are at the running sums of the lengths."""
    for k, length in enumerate(lengths):
        yield from pan(length, seed + k, size, step_px)


def snow(n: int, size: tuple[int, int] = (160, 96), seed: int = 0) -> Iterator[RgbImage]:
    """Draw a set without a station: every frame another noise."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        grey = rng.integers(0, 256, (size[1], size[0], 1), dtype=np.uint8)
        yield np.repeat(grey, 3, axis=2)


def with_grain(pictures: Iterable[RgbImage], sigma: float, seed: int = 0) -> Iterator[RgbImage]:
    """Add the grain of film."""
    rng = np.random.default_rng(seed)
    for picture in pictures:
        grain = rng.normal(0, sigma, picture.shape[:2])[..., None]
        yield np.clip(picture + grain, 0, 255).astype(np.uint8)


def with_gain(pictures: Iterable[RgbImage], gains: Iterable[float]) -> Iterator[RgbImage]:
    """Make each picture darker or brighter: flicker, flashes and fades."""
    for picture, gain in zip(pictures, gains, strict=False):
        yield np.clip(picture * gain, 0, 255).astype(np.uint8)


def write_video(
    path: Path,
    pictures: Iterable[RgbImage],
    rate: Fraction | int = 25,
    times: Sequence[float | Fraction] | None = None,
    start_s: float | Fraction = 0,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    rotation: int = 0,
    mirrored: bool = False,
    colorspace: int | None = None,
    color_range: int | None = None,
    sound_s: float = 0.0,
    pixel_shape: Fraction | None = None,
) -> Path:
    """Write pictures as a video; the ending of the name chooses the container.

    Args:
        path: Where to write.
        pictures: (H, W, 3) uint8 RGB; the first gives the size.
        rate: Frames a second, for the header and for the times where none are given.
        times: Seconds of each picture, rising.
        start_s: Added to all times.
        codec: FFmpeg's name of the encoder; `libx264` makes B-frames unless `options` say otherwise.
        pix_fmt: FFmpeg's name of the pixel format.
        options: For the encoder.
        container_options: For the muxer.
        rotation: Degrees clockwise that a player has to turn the pictures by.
        mirrored: Whether a player has to swap left and right after turning.
        colorspace: FFmpeg's number: 1 = BT.709, 5 = BT.601. Default: not said.
        color_range: FFmpeg's number: 1 = limited, 2 = full. Default: not said.
        sound_s: Seconds of a tone beside the pictures, from 0.
        pixel_shape: Width of a pixel to its height. Default: not said.

    Returns:
        The path.
    """
    with av.open(str(path), "w", options=dict(container_options or {})) as container:
        stream = None
        tone = container.add_stream("aac", rate=48000) if sound_s else None
        for index, picture in enumerate(pictures):
            if stream is None:
                stream = container.add_stream(codec, rate=Fraction(rate), options=dict(options or {}))
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt, stream.codec_context.time_base = pix_fmt, _tick(path, codec, rate)
                if pixel_shape is not None:
                    stream.codec_context.sample_aspect_ratio = pixel_shape
                if colorspace is not None:
                    stream.codec_context.colorspace = colorspace
                if color_range is not None:
                    stream.codec_context.color_range = color_range
                if rotation or mirrored:
                    stream.set_display_rotation(-rotation, hflip=mirrored)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format=pix_fmt, dst_colorspace=colorspace, dst_color_range=color_range
            )
            seconds = Fraction(times[index]) if times is not None else Fraction(index) / Fraction(rate)
            frame.time_base = stream.codec_context.time_base
            frame.pts = round((seconds + Fraction(start_s)) / frame.time_base)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
        if tone is not None:
            _write_tone(container, tone, sound_s)
    return path


def _tick(path: Path, codec: str, rate: Fraction | int) -> Fraction:
    """Return the time base: AVI, MPEG-2 and MPEG-4 part 2 know no times between frames."""
    return 1 / Fraction(rate) if path.suffix == ".avi" or codec in ("mpeg4", "mpeg1video", "mpeg2video") else _TICK


def _write_tone(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    for start in range(0, int(seconds * 48000), 1024):
        wave = np.sin(np.arange(start, start + 1024) * (2 * np.pi * 440 / 48000)) * 0.1
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def write_sound(path: Path, seconds: float = 1.0, cover: RgbImage | None = None) -> Path:
    """Write a tone without a video stream, with a picture of the cover if one is given (.m4a)."""
    with av.open(str(path), "w", format="mp4") as container:
        tone = container.add_stream("aac", rate=48000)
        tone.layout = "mono"
        picture = container.add_stream("mjpeg", rate=1) if cover is not None else None
        if picture is not None and cover is not None:
            picture.height, picture.width, picture.pix_fmt = *cover.shape[:2], "yuvj420p"
            picture.disposition = Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(cover, "rgb24").reformat(format="yuvj420p")
            container.mux([*picture.encode(frame), *picture.encode(None)])
        _write_tone(container, tone, seconds)
    return path


def truncate(path: Path, share: float) -> Path:
    """Keep only the first part of a file, as when a copy was interrupted."""
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))
    return path


def damage(path: Path, begin: float, end: float, seed: int = 0) -> Path:
    """Overwrite a stretch of a file (shares of its length) with noise, as a bad disk does."""
    size = path.stat().st_size
    first, last = int(size * begin), int(size * end)
    with path.open("r+b") as file:
        file.seek(first)
        file.write(np.random.default_rng(seed).bytes(last - first))
    return path
