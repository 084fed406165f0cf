"""Streams of every kind that decoding has to cope with, encoded here: what refers to what differs in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from src.schema import RgbImage
from tests.videos import shots, with_grain, write_video

N_FRAMES = 150


@dataclass(frozen=True, slots=True)
class Made:
    """How a stream is encoded.

    Attributes:
        codec, name, options, container_options: For the encoder and the container.
        times: Seconds of each picture, None for even ones.
        start_s: Added to all times.
        rotation: Degrees clockwise that a player has to turn the pictures by.
        is_seekable: Whether it can be read from the middle.
        may_skip: Whether frames that nobody asks for can be left out.
    """

    codec: str = "libx264"
    name: str = "a.mp4"
    options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)
    times: tuple[float, ...] | None = None
    start_s: float = 0.0
    rotation: int = 0
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (160, 96)
    is_seekable: bool = True
    may_skip: bool = True


def _x264(params: str, **more: object) -> Made:
    return Made(options={"preset": "veryfast", "x264-params": params}, **more)  # type: ignore[arg-type]


_UNEVEN = tuple(np.cumsum(np.random.default_rng(5).choice([0.02, 0.04, 0.1, 0.3], N_FRAMES)).round(3).tolist())

MADE: Mapping[str, Made] = {
    "h264 without B-frames": _x264("bframes=0:keyint=30", may_skip=False),
    "h264 of short groups without B-frames": _x264("bframes=0:keyint=12:min-keyint=12:scenecut=0", may_skip=False),
    "h264 of short groups with B-frames": _x264("bframes=3:keyint=15:min-keyint=15:scenecut=0"),
    "h264 of short groups at uneven times": _x264("bframes=2:keyint=15:min-keyint=15:scenecut=0", name="a.mkv", times=_UNEVEN),
    "h264 with B-frames": _x264("bframes=3:b-pyramid=none:keyint=30"),
    "h264 with a pyramid of B-frames": _x264("bframes=5:b-pyramid=normal:b-adapt=0:ref=4:keyint=40"),
    "h264 with open groups": _x264("open-gop=1:bframes=3:keyint=20:min-keyint=20:scenecut=0"),
    "h264 with open groups in MPEG-TS": _x264("open-gop=1:bframes=3:keyint=20:min-keyint=20:scenecut=0", name="a.ts"),
    "h264 with open groups in Matroska": _x264("open-gop=1:bframes=3:keyint=20:min-keyint=20:scenecut=0", name="a.mkv"),
    "h264 of one group": _x264("keyint=infinite:scenecut=0:bframes=3"),
    "h264 that is refreshed bit by bit": _x264("intra-refresh=1:keyint=25:bframes=0", name="a.ts", may_skip=False),
    "h264 of slices": _x264("slices=4:sliced-threads=1:bframes=3:keyint=30"),
    "h264 interlaced": Made(options={"flags": "+ilme+ildct", "bf": "3", "g": "30"}),
    "h264 with weighted prediction": _x264("weightp=2:weightb=1:bframes=8:ref=8:keyint=60"),
    "h264 in MPEG-TS": _x264("bframes=3:keyint=30", name="a.ts", start_s=3.0),
    "h264 in fragments": _x264("bframes=3:keyint=30", container_options={"movflags": "frag_keyframe+empty_moov"}),
    "h264 at uneven times": _x264("bframes=3:keyint=30", name="a.mkv", times=_UNEVEN),
    "h264 at uneven times in MP4": _x264("bframes=3:keyint=30", times=_UNEVEN),
    "h264 that begins late": _x264("bframes=3:keyint=30", start_s=1.5),
    "h264 turned": _x264("bframes=3:keyint=30", rotation=90),
    "h264 in AVI": _x264("bframes=3:keyint=30", name="a.avi", is_seekable=False, may_skip=False),
    "h264 without a container": _x264("bframes=3:keyint=30", name="a.h264", is_seekable=False, may_skip=False),
    "hevc": Made("libx265", options={"preset": "ultrafast", "x265-params": "log-level=none:bframes=4:b-adapt=0:keyint=30"}),
    "hevc with closed groups": Made(
        "libx265", options={"preset": "ultrafast", "x265-params": "log-level=none:open-gop=0:bframes=4:keyint=30"}
    ),
    "hevc with open groups in MPEG-TS": Made(
        "libx265", "a.ts", options={"preset": "ultrafast", "x265-params": "log-level=none:open-gop=1:bframes=4:keyint=20"}
    ),
    "hevc in layers": Made(
        "libx265",
        options={"preset": "ultrafast", "x265-params": "log-level=none:temporal-layers=3:bframes=4:b-adapt=0:keyint=30"},
        may_skip=False,
    ),
    "mpeg2 with B-frames": Made("mpeg2video", "a.mkv", options={"bf": "2", "g": "12", "b": "2M"}),
    "mpeg2 in MPEG-TS": Made("mpeg2video", "a.ts", options={"bf": "2", "g": "12", "b": "2M"}),
    "mpeg2 in a program stream": Made("mpeg2video", "a.mpg", options={"bf": "2", "g": "12", "b": "2M"}),
    "mpeg2 interlaced": Made("mpeg2video", "a.ts", options={"bf": "2", "g": "15", "b": "2M", "flags": "+ilme+ildct"}),
    "mpeg1": Made("mpeg1video", "a.ts", options={"bf": "2", "g": "15", "b": "2M"}),
    "mpeg4": Made("mpeg4", options={"bf": "2", "g": "20", "b": "1M"}),
    "mpeg4 in AVI": Made("mpeg4", "a.avi", options={"bf": "2", "g": "20", "b": "1M"}, is_seekable=False, may_skip=False),
    "mjpeg": Made("mjpeg", "a.avi", options={"q": "3"}, pix_fmt="yuvj420p"),
    "mjpeg in MOV": Made("mjpeg", "a.mov", options={"q": "3"}, pix_fmt="yuvj420p"),
    "prores": Made("prores_ks", "a.mov", pix_fmt="yuv422p10le"),
    "dnxhd": Made("dnxhd", "a.mov", options={"profile": "dnxhr_lb"}, pix_fmt="yuv422p", size=(256, 128)),
    "dv": Made("dvvideo", "a.dv", pix_fmt="yuv420p", size=(720, 576)),
    "vp8": Made("libvpx", "a.webm", options={"g": "30", "deadline": "realtime", "cpu-used": "8"}, may_skip=False),
    "vp9": Made(
        "libvpx-vp9", "a.webm", options={"g": "30", "cpu-used": "8", "lag-in-frames": "16", "auto-alt-ref": "1"}, may_skip=False
    ),
    "av1": Made("libsvtav1", "a.mkv", options={"g": "30", "preset": "12"}, may_skip=False),
}


def pictures(size: tuple[int, int], n: int = N_FRAMES) -> Iterator[RgbImage]:
    """Draw shots of several lengths that move, with grain: no two frames are alike."""
    lengths = [n // 3, n // 5, n // 15]
    return with_grain(shots([*lengths, n - sum(lengths)], size, step_px=1.5), 6)


def calm_pictures(size: tuple[int, int], n: int = N_FRAMES) -> Iterator[RgbImage]:
    """Draw two shots that hardly move, with little grain: key frames show what those before them did."""
    return with_grain(shots([n // 2 + 3, n - n // 2 - 3], size, step_px=0.05), 1.5)


def make(
    name: str, folder: Path, draw: Callable[[tuple[int, int], int], Iterator[RgbImage]] = pictures, n: int = N_FRAMES
) -> Path:
    """Write one of `MADE` into a folder, where it may be changed: so many frames as something draws them."""
    path = folder / MADE[name].name
    path.write_bytes(_encoded(name, draw, n))
    return path


@cache
def _encoded(name: str, draw: Callable[[tuple[int, int], int], Iterator[RgbImage]], n: int) -> bytes:
    """Encode one of `MADE`, once for all tests."""
    made = MADE[name]
    with TemporaryDirectory() as folder:
        path = write_video(
            Path(folder, made.name),
            draw(made.size, n if made.codec != "dvvideo" else 60),
            codec=made.codec,
            options=made.options,
            container_options=made.container_options,
            pix_fmt=made.pix_fmt,
            times=None if made.times is None else [made.times[k % N_FRAMES] + k // N_FRAMES * made.times[-1] for k in range(n)],
            start_s=Fraction(made.start_s),
            rotation=made.rotation,
        )
        return path.read_bytes()
