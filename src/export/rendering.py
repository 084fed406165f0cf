"""A video coded anew with something drawn on its pictures: the same times, and the same sound to the bit.

Pictures are decoded as for an analysis, so that numbers and times of frames are those of the samples; turned ones are
upright then, and pixels that are not square stay so. Packets of sound are copied. What else a container holds (subtitles,
data, chapters) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any, Protocol

from ..disk.files import replacing
from ..errors import ExportError
from ..guard import Guard
from ..schema import RgbImage
from ..video import open_stream
from ..video.guarded import GuardedAddress
from ..video.source import is_address, open_container, video_stream
from ..video.stream import VideoInfo
from .document import Document

ENCODERS: tuple[tuple[str, dict[str, str]], ...] = (
    # Without frames that refer to later ones, so that no player has to be told where the first one is.
    ("libx264", {"crf": "18", "preset": "veryfast", "bf": "0"}),
    ("libopenh264", {"rc_mode": "quality"}),
    ("mpeg4", {"qscale": "3"}),
)
"""What may code the pictures, with its settings; the first one that the build of FFmpeg has does."""
_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov"}
_OTHER = (".mkv", "matroska")
_TIMEOUT_S = 30.0
_BT601, _BT709, _LIMITED = 5, 1, 1
_HD_PX = 720
_COARSE = Fraction(1, 1000)
"""Ticks of MPEG-4 part 2, which knows no finer ones than 1/65535 s."""


class Draw(Protocol):
    """Draws on pictures in the order of the video.

    Attributes:
        notes: What somebody who uses the video has to know.
    """

    notes: list[str]

    def __call__(self, image: RgbImage, npt: float) -> RgbImage:
        """Return a picture with something drawn on it; the one given may be changed."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written.

    Attributes:
        n_frames: Pictures.
        n_packets: Packets of sound, copied.
        encoder: What coded the pictures.
    """

    n_frames: int
    n_packets: int
    encoder: str


def suffix_for(document: Document) -> str:
    """Return the ending of a file that can hold the sound of the video as it is."""
    suffix = PurePath(document.video.media).suffix.lower()
    return suffix if suffix in _CONTAINERS else _OTHER[0]


def render(
    document: Document, path: Path, draw: Draw, advance: Callable[[], None] = lambda: None, guard: Guard | None = None
) -> Rendered:
    """Write the video of a document with something drawn on every picture.

    Args:
        document: Whose video.
        path: Where to; its ending chooses the container.
        draw: What is drawn.
        advance: Called after every picture.
        guard: Says which servers may be called; any where None.

    Raises:
        ExportError: The file cannot be written.
        FetchError: The video cannot be fetched.
        MediaError: The video cannot be read any more.
    """
    import av

    locator: str = document.video.media
    if guard is not None and is_address(locator):
        guard.check(locator)
        locator = GuardedAddress(locator, guard)
    kind = _CONTAINERS.get(path.suffix.lower(), _OTHER[1])
    try:
        with (
            open_stream(document.video.media, guard=guard) as stream,
            open_container(locator, _TIMEOUT_S) as source,
            replacing(path) as partial,
            av.open(str(partial), "w", format=kind) as sink,
        ):
            coded = video_stream(source, locator, 1)
            size, shape = (stream.info.width, stream.info.height), _pixel_shape(coded, stream.info)
            picture = _Pictures(sink, document, coded.time_base or _COARSE, size, shape)
            sound = _Sound(source, sink)
            for frame in stream.frames():
                sound.copy_until(frame.npt)
                picture.add(draw(frame.rgb(), frame.npt), frame.npt)
                advance()
            picture.end()
            sound.copy_until(None)
            return Rendered(picture.n_frames, sound.n_packets, picture.encoder)
    except av.FFmpegError as err:
        raise ExportError(f"{path} cannot be written: {err}. Choose another ending, .mkv or .mp4.") from err


def sound_streams(source: Any) -> list[Any]:
    """Return the streams of sound of a container of which a stream of pictures was chosen; they are read again from now on."""
    from av.stream import Discard

    streams = list(source.streams.audio)
    for stream in streams:
        stream.discard = Discard.default
    return streams


def _pixel_shape(coded: Any, info: VideoInfo) -> Fraction:
    """Return how wide a pixel is to its height as it is shown, 0 where nobody says: old television has others than squares."""
    shape = Fraction(coded.sample_aspect_ratio or 0)
    return 1 / shape if shape and info.rotation % 180 else shape


class _Pictures:
    """The stream of pictures of a file that is written."""

    def __init__(self, sink: Any, document: Document, tick: Fraction, size: tuple[int, int], shape: Fraction) -> None:
        self.encoder, options = _encoder()
        self._sink, self._tick, self.n_frames = sink, _COARSE if self.encoder == "mpeg4" else tick, 0
        self._stream = sink.add_stream(self.encoder, rate=document.rate, options=dict(options))
        self._stream.width, self._stream.height = size
        # Colour at half the resolution needs even sides.
        self._format = "yuv444p" if self.encoder == "libx264" and (size[0] % 2 or size[1] % 2) else "yuv420p"
        self._colours = _BT709 if size[1] >= _HD_PX else _BT601
        context = self._stream.codec_context
        self._stream.pix_fmt, context.time_base = self._format, self._tick
        context.colorspace, context.color_range = self._colours, _LIMITED
        if shape:
            context.sample_aspect_ratio = shape

    def add(self, image: RgbImage, npt: float) -> None:
        """Write a picture at its time."""
        from av import VideoFrame

        plain = VideoFrame.from_ndarray(image, "rgb24")
        frame = plain.reformat(format=self._format, dst_colorspace=self._colours, dst_color_range=_LIMITED)
        frame.time_base, frame.pts = self._tick, round(Fraction(npt) / self._tick)
        self._sink.mux(self._stream.encode(frame))
        self.n_frames += 1

    def end(self) -> None:
        """Write what the encoder holds back."""
        self._sink.mux(self._stream.encode(None))


class _Sound:
    """Packets of sound, passed on as they are."""

    def __init__(self, source: Any, sink: Any) -> None:
        self._sink, self.n_packets = sink, 0
        self._targets = {stream.index: sink.add_stream_from_template(stream) for stream in sound_streams(source)}
        self._start = Fraction(source.start_time or 0, 1_000_000)
        self._packets: Iterator[Any] = iter(source.demux(*source.streams.audio)) if self._targets else iter(())
        self._next: Any = next(self._packets, None)

    def copy_until(self, npt: float | None) -> None:
        """Pass packets on up to a time, all where None."""
        while self._next is not None:
            packet = self._next
            if packet.dts is None:  # the end of a stream
                self._next = next(self._packets, None)
                continue
            if npt is not None and packet.dts * packet.time_base - self._start > npt:
                return
            shift = round(self._start / packet.time_base)
            packet.dts -= shift
            packet.pts = packet.dts if packet.pts is None else packet.pts - shift
            packet.stream = self._targets[packet.stream.index]
            self._sink.mux(packet)
            self.n_packets += 1
            self._next = next(self._packets, None)


def _encoder() -> tuple[str, dict[str, str]]:
    import av

    return next(((name, options) for name, options in ENCODERS if name in av.codecs_available), ENCODERS[-1])
