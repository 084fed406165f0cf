"""Videos by PyAV, that is FFmpeg: every format, exact time stamps, damage told and not hidden."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from itertools import islice
from typing import cast

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from ..errors import MediaError
from ..schema import WHOLE, Interval
from .clock import Clock, Rhythm
from .frameindex import AccessPoint, FrameIndex
from .numbering import PROBE_FRAMES, Numbering
from .packets import Packet, packets_from, scan
from .planes import Converter, PyAvFrame, Upright
from .source import is_address, open_container, raise_if_network, video_stream
from .stream import DecodedFrame, VideoInfo, VideoStream

_FALLBACK_RATE = Fraction(25)
_MISSING_END_S = 1.0
"""A video that ends this much before the time that its container promises has lost its end."""


class PyAvStream(VideoStream):
    """A video file or http(s) address read with PyAV.

    Every reading opens the video anew, and ends the one before. Without an index it decodes from the start, with one from an
    access point. Pixels stay as they are coded where they are not square (sample aspect ratio), and so do the fields of
    interlaced video.

    `n_damaged` counts the packets that are damaged or that the decoder refused, the frames that it could restore only in part
    (they are yielded, since most of the picture is true), and the frames missing from an even row of times. A lost frame whose
    packet was read keeps its number (see `Numbering`); times stay right in any case.
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
            first = next(self._decode(stream, self._packets(container, stream)), None)
            if first is None:
                raise self._nothing_decoded()
            self._upright, self._width, self._height = Upright.of(first), first.width, first.height
            self.info = self._describe(container, stream)
        self._forget_damage()

    def index(self) -> FrameIndex | None:
        """Read all packets, without decoding them: some 5 microseconds each.

        Only files are read: of an address all of it would have to be fetched.
        """
        if is_address(self._locator) or self._hwaccel != "none":
            return None
        self.close()
        self._forget_damage()
        shown = self._first_times()
        with open_container(self._locator, self._timeout_s) as container:
            stream = video_stream(container, self._locator, self._threads)
            return scan(container, stream, shown, _start(container)) if not self.n_damaged else None

    def _first_times(self) -> list[int | None]:
        """Return the PTS of the first frames."""
        with open_container(self._locator, self._timeout_s) as container:
            stream = video_stream(container, self._locator, self._threads)
            frames = self._decode(stream, self._packets(container, stream))
            return [frame.pts for frame in islice(frames, PROBE_FRAMES)]

    def frames(self, interval: Interval = WHOLE, *, index: FrameIndex | None = None) -> Iterator[DecodedFrame]:
        """Decode in presentation order the frames whose npt lies in an interval.

        Raises:
            FetchError: The server stopped answering midway.
            MediaError: Not one frame can be decoded.
        """
        self.close()
        self._forget_damage()
        self._reading = self._read(interval, index)
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

    def _read(self, interval: Interval, index: FrameIndex | None) -> Generator[DecodedFrame]:
        converter = Converter(self._width, self._height, self._upright)
        begin = None if index is None else index.decode_from(interval.start_npt, self.info.codec)
        npt = -1.0
        with open_container(self._locator, self._timeout_s, self._hwaccel) as container:
            stream = video_stream(container, self._locator, self._threads)
            clock = Clock(_time_base(stream), _rate(stream), _start(container), stream.start_time)
            if index is not None and begin is not None and begin.frame_index:
                clock.npt(int(index.pts[0]), None)
            rhythm = Rhythm()
            for frame_index, frame in self._numbered(container, stream, begin):
                before, npt = npt, clock.npt(frame.pts, frame.dts)
                self._note_missing(rhythm.missing_before(npt), before, npt)
                if interval.end_npt is not None and npt >= interval.end_npt:
                    return
                if npt >= interval.start_npt:
                    yield PyAvFrame(frame_index, npt, frame, converter)
            if npt < 0:
                raise self._nothing_decoded()
            self._check_end(npt, _promised_end(container, stream))

    def _numbered(
        self, container: InputContainer, stream: AvVideoStream, begin: AccessPoint | None
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Yield frames with their numbers, from an access point on."""
        numbering = Numbering(begin.frame_index, PROBE_FRAMES) if begin else Numbering()

        def noted() -> Iterator[Packet]:
            for packet in self._packets(container, stream, begin):
                if packet.size and not packet.is_discard and not _is_before(packet.pts, begin):
                    numbering.sent(packet.pts, packet.dts)
                yield packet

        for frame in self._decode(stream, noted()):
            # What is shown before the access point may refer to what was not read.
            if _is_before(frame.pts, begin):
                continue
            number, _ = numbering.number(frame.pts)
            if number is None:
                self._note_damage("a damaged frame came too late to be shown")
            else:
                yield number, frame

    def _packets(self, container: InputContainer, stream: AvVideoStream, begin: AccessPoint | None = None) -> Iterator[Packet]:
        """Yield all packets that can be read; the last one is empty and makes the decoder give out what it still holds."""
        packets = container.demux(stream) if begin is None else packets_from(container, stream, begin)
        try:
            yield from packets
        except (av.FFmpegError, OSError) as err:
            raise_if_network(err, self._locator, self._timeout_s)
            self._note_damage(f"reading stopped before the end: {err.strerror}")
            # What the decoder still holds is good.
            yield cast("Packet", av.Packet())

    def _decode(self, stream: AvVideoStream, packets: Iterator[Packet]) -> Iterator[VideoFrame]:
        """Yield all frames that can be decoded, noting what cannot."""
        for packet in packets:
            yield from self._decode_packet(stream, packet)

    def _decode_packet(self, stream: AvVideoStream, packet: Packet) -> Iterator[VideoFrame]:
        if packet.is_corrupt:
            self._note_damage("a packet is damaged")
        try:
            frames = stream.decode(packet if packet.size else None)
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


def _is_before(pts: int | None, begin: AccessPoint | None) -> bool:
    return begin is not None and (pts is None or pts < begin.pts)


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
