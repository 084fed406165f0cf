"""Videos by PyAV, that is FFmpeg: every format, exact time stamps, damage told and not hidden."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock
from typing import cast

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream as AvVideoStream

from ..errors import MediaError
from ..schema import WHOLE, Interval, RgbImage
from .clock import Clock, Rhythm
from .source import open_container, raise_if_network, video_stream
from .stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, DecodedFrame, VideoInfo, VideoStream, small_size

_FALLBACK_RATE = Fraction(25)
_UNSPECIFIED = 2
"""FFmpeg's AVCOL_SPC_UNSPECIFIED."""

_LARGE_PX = 1280 * 720
"""Pictures with more pixels are thinned out before they are averaged to a thumbnail: their decoding is dear enough."""

_MISSING_END_S = 1.0
"""A video that ends this much before the time that its container promises has lost its end."""


@dataclass(frozen=True, slots=True)
class _Upright:
    """How decoded pictures are turned and mirrored to be shown, as the display matrix of the container says.

    Attributes:
        transposed: Rows become columns, first of all.
        flip_x, flip_y: Then left and right, or top and bottom, change places.
    """

    transposed: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @staticmethod
    def of(frame: VideoFrame) -> _Upright:
        """Read the display matrix of a frame, to the nearest quarter turn.

        Source: ISO/IEC 14496-12, section 6.2.2 (matrix): a point (x, y) goes to (a x + c y, b x + d y).
        """
        matrix = cast(Mapping[object, Buffer], frame.side_data).get(SideDataType.DISPLAYMATRIX)
        if matrix is None:
            return _Upright()
        a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
        return _Upright(True, c < 0, b < 0) if abs(b) > abs(a) else _Upright(False, a < 0, d < 0)

    @property
    def rotation(self) -> int:
        """The turn alone, degrees clockwise; where the picture is mirrored too, that comes after the turn."""
        mirrored = self.transposed ^ self.flip_x ^ self.flip_y
        if self.transposed:
            return 270 if self.flip_y else 90
        return 180 if self.flip_x ^ mirrored else 0

    def apply(self, image: RgbImage) -> RgbImage:
        """Turn and mirror (H, W, 3) or grey (H, W) pixels."""
        turned = image.swapaxes(0, 1) if self.transposed else image
        turned = turned[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]
        return np.ascontiguousarray(turned)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height after turning."""
        return (height, width) if self.transposed else (width, height)


class _Converter:
    """Scales and converts decoded frames; kept from frame to frame because setting FFmpeg's scaler up is dear."""

    def __init__(self, width: int, height: int, upright: _Upright) -> None:
        """Convert to a size in decoded pixels, before turning."""
        self._width, self._height, self._upright = width, height, upright
        self._full, self._thin, self._small = VideoReformatter(), VideoReformatter(), VideoReformatter()
        self._grey = VideoReformatter()
        # A scaler lets go of the GIL while it holds its own state: frames may be converted from several threads.
        self._lock = Lock()

    def rgb(self, frame: VideoFrame) -> RgbImage:
        """Return (H, W, 3) uint8 RGB, upright."""
        with self._lock:
            image = self._to_rgb(self._full, frame, self._width, self._height, Interpolation.BILINEAR, 0)
        return self._upright.apply(image)

    def grey(self, frame: VideoFrame, max_side_px: int) -> RgbImage:
        """Return (h, w) uint8, upright."""
        size = small_size(self._width, self._height, max_side_px)
        with self._lock:
            small = self._grey.reformat(frame, *size, "gray", interpolation=Interpolation.FAST_BILINEAR, threads=1)
            image = cast(RgbImage, small.to_ndarray())
        return self._upright.apply(image)

    def thumbnail(self, frame: VideoFrame) -> RgbImage:
        """Return (36, 64, 3) uint8 RGB by averaging, so that grain and fine texture do not flicker."""
        with self._lock:
            if frame.width * frame.height > _LARGE_PX:
                frame = self._thin.reformat(
                    frame,
                    THUMBNAIL_WIDTH * 4,
                    THUMBNAIL_HEIGHT * 4,
                    interpolation=Interpolation.FAST_BILINEAR,
                    threads=1,
                )
            return self._to_rgb(self._small, frame, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT, Interpolation.AREA, 1)

    def _to_rgb(
        self, scaler: VideoReformatter, frame: VideoFrame, width: int, height: int, how: Interpolation, threads: int
    ) -> RgbImage:
        converted = scaler.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=self._colorspace(frame),
            dst_color_range=ColorRange.JPEG,
            interpolation=how,
            threads=threads,
        )
        return cast(RgbImage, converted.to_ndarray())

    def _colorspace(self, frame: VideoFrame) -> int | None:
        """Return the matrix to decode colour with, None for what the frame says.

        Players take untagged pictures of more than standard size for BT.709, others for BT.601; so do we.
        """
        if frame.colorspace != _UNSPECIFIED:
            return None
        high_definition = self._width >= 1280 or self._height > 576
        return Colorspace.ITU709 if high_definition else Colorspace.ITU601


class PyAvFrame(DecodedFrame):
    """A frame of a `PyAvStream`; usable as long as one likes, at the price of its memory."""

    __slots__ = ("_converter", "_frame", "frame_index", "npt")

    def __init__(self, frame_index: int, npt: float, frame: VideoFrame, converter: _Converter) -> None:
        """Keep the decoded planes."""
        self.frame_index, self.npt = frame_index, npt
        self._frame, self._converter = frame, converter

    def rgb(self) -> RgbImage:
        """Convert to (H, W, 3) uint8 RGB, upright, by the colour matrix and range of the stream."""
        return self._converter.rgb(self._frame)

    def grey(self, max_side_px: int) -> RgbImage:
        """Return an upright (h, w) uint8 grey picture."""
        return self._converter.grey(self._frame, max_side_px)

    def thumbnail(self) -> RgbImage:
        """Return a small (36, 64, 3) uint8 RGB picture, not rotated."""
        return self._converter.thumbnail(self._frame)


class PyAvStream(VideoStream):
    """A video file or http(s) address read with PyAV.

    Every reading opens the video anew and decodes from its start, so that `frame_index` is true in any interval; a new
    reading ends the one before. Pixels stay as they are coded where they are not square (sample aspect ratio), and so
    do the fields of interlaced video.

    `n_damaged` counts the packets that are damaged or that the decoder refused, the frames that it could restore only in part
    (they are yielded, since most of the picture is true), and the frames missing from an even row of times. A lost frame has
    no index: times stay right, indices close up.
    """

    def __init__(self, locator: str, timeout_s: float = 30.0, threads: int = 0, hwaccel: str = "none") -> None:
        """Open a video and decode its first frame, which alone tells its size and rotation.

        Args:
            locator: Path or http(s) address, without fragment.
            timeout_s: Longest wait for a server.
            threads: Threads of the decoder; 0 as many as FFmpeg sees fit.
            hwaccel: What decodes, one of `HWACCELS`.

        Raises:
            ConfigError: The hardware cannot decode this video, or there is none.
            FetchError: The address cannot be reached.
            MediaError: There is no such file, it holds no video stream, or not one frame can be decoded.
        """
        self._locator, self._timeout_s = locator, timeout_s
        self._threads, self._hwaccel = threads, hwaccel
        self._reading: Generator[DecodedFrame] | None = None
        self._forget_damage()
        with open_container(locator, timeout_s, hwaccel) as container:
            stream = video_stream(container, locator, threads)
            first = next(self._decode(container, stream), None)
            if first is None:
                raise self._nothing_decoded()
            self._upright, self._width, self._height = _Upright.of(first), first.width, first.height
            self.info = self._describe(container, stream)
        self._forget_damage()

    def frames(self, interval: Interval = WHOLE) -> Iterator[DecodedFrame]:
        """Decode in presentation order the frames whose npt lies in an interval.

        Raises:
            FetchError: The server stopped answering midway.
            MediaError: Not one frame can be decoded.
        """
        self.close()
        self._forget_damage()
        self._reading = self._read(interval)
        return self._reading

    def close(self) -> None:
        """End the reading, if one is under way."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _forget_damage(self) -> None:
        self.n_damaged, self.damage = 0, ""
        self._n_explained = 0

    def _nothing_decoded(self) -> MediaError:
        why = f" ({self.damage})" if self.damage else ""
        return MediaError(self._locator, f"holds a video stream, but not one frame of it can be decoded{why}. Copy it again.")

    def _describe(self, container: InputContainer, stream: AvVideoStream) -> VideoInfo:
        width, height = self._upright.size(self._width, self._height)
        return VideoInfo(
            locator=self._locator,
            width=width,
            height=height,
            frame_rate=_rate(stream),
            duration=_duration(container, stream),
            n_frames=stream.frames or None,
            codec=stream.codec_context.name,
            rotation=self._upright.rotation,
        )

    def _read(self, interval: Interval) -> Generator[DecodedFrame]:
        converter = _Converter(self._width, self._height, self._upright)
        npt = -1.0
        with open_container(self._locator, self._timeout_s, self._hwaccel) as container:
            stream = video_stream(container, self._locator, self._threads)
            clock = Clock(_time_base(stream), _rate(stream), _start(container), stream.start_time)
            rhythm = Rhythm()
            for frame_index, frame in enumerate(self._decode(container, stream)):
                before, npt = npt, clock.npt(frame.pts, frame.dts)
                self._note_missing(rhythm.missing_before(npt), before, npt)
                if interval.end_npt is not None and npt >= interval.end_npt:
                    return
                if npt >= interval.start_npt:
                    yield PyAvFrame(frame_index, npt, frame, converter)
            if npt < 0:
                raise self._nothing_decoded()
            self._check_end(npt, _promised_end(container, stream))

    def _decode(self, container: InputContainer, stream: AvVideoStream) -> Iterator[VideoFrame]:
        """Yield all frames that can be decoded, noting what cannot."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError) as err:
                raise_if_network(err, self._locator, self._timeout_s)
                self._note_damage(f"reading stopped before the end: {err.strerror}")
                # What the decoder still holds is good.
                yield from self._decode_packet(stream, None)
                return
            yield from self._decode_packet(stream, packet)

    def _decode_packet(self, stream: AvVideoStream, packet: av.Packet[AvVideoStream] | None) -> Iterator[VideoFrame]:
        if packet is not None and packet.is_corrupt:
            self._note_damage("a packet is damaged")
        try:
            frames = stream.decode(packet)
        except EOFError:
            return
        except (av.FFmpegError, ValueError) as err:
            self._note_damage(f"a packet cannot be decoded: {getattr(err, 'strerror', err)}")
            return
        for frame in frames:
            if frame.is_corrupt:
                self._note_damage("a frame could be decoded only in part")
            yield frame

    def _note_damage(self, what: str, n: int = 1) -> None:
        self.n_damaged += n
        self.damage = what

    def _note_missing(self, n: int, before: float, npt: float) -> None:
        """Count frames missing between two times, unless the decoder has complained of them already."""
        if n:
            n_told = self.n_damaged - self._n_explained
            self._note_damage(f"frames are missing between {before:.2f} s and {npt:.2f} s", max(0, n - n_told))
            self._n_explained = self.n_damaged

    def _check_end(self, npt: float, promised: float | None) -> None:
        tolerance = max(_MISSING_END_S, float(2 / self.info.frame_rate))
        if promised is not None and npt + tolerance < promised:
            self.damage = f"the video ends at {npt:.2f} s, though its container promises {promised:.2f} s"


def _time_base(stream: AvVideoStream) -> Fraction:
    return stream.time_base or Fraction(1, 90000)


def _rate(stream: AvVideoStream) -> Fraction:
    candidates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return next((Fraction(rate) for rate in candidates if rate is not None and rate > 0), _FALLBACK_RATE)


def _start(container: InputContainer) -> Fraction | None:
    """Return where the container's time begins, exactly: FFmpeg rounds the earliest stream's start to microseconds."""
    if container.start_time is None:
        return None
    rounded = Fraction(container.start_time, av.time_base)
    exact = [stream.start_time * stream.time_base for stream in container.streams if stream.start_time and stream.time_base]
    return next((start for start in exact if abs(start - rounded) <= Fraction(1, av.time_base)), rounded)


def _duration(container: InputContainer, stream: AvVideoStream) -> float | None:
    if container.duration is not None and container.duration > 0:
        return container.duration / av.time_base
    return float(stream.duration * _time_base(stream)) if stream.duration else None


def _promised_end(container: InputContainer, stream: AvVideoStream) -> float | None:
    """Return the npt at which the container says that its pictures end, None where it speaks only of all streams together."""
    if stream.duration:
        begin = (stream.start_time or 0) * _time_base(stream) - (_start(container) or 0)
        return float(begin + stream.duration * _time_base(stream))
    return _duration(container, stream) if len(container.streams) == 1 else None
