"""Videos by PyAV, that is FFmpeg: every format, exact time stamps, damage told and not hidden."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import islice, pairwise
from typing import cast

import av
from av.container import InputContainer
from av.format import Flags
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from ..errors import MediaError
from ..schema import WHOLE, Interval
from .choosing import CHOOSABLE, all_of, chosen_of
from .clock import Clock, Rhythm
from .frameindex import AccessPoint, FrameIndex
from .numbering import PROBE_FRAMES, Numbering
from .packets import Packet, packets_from, read_packets, scan
from .planes import Converter, PyAvFrame, Upright
from .sampling import Sampler
from .skipping import SKIPPABLE
from .source import is_address, open_container, raise_if_network, video_stream
from .steps import Decode, Step
from .stream import Chapter, DecodedFrame, VideoInfo, VideoStream

_FALLBACK_RATE = Fraction(25)
_SLOW_RATE = 6
"""Below so many frames a second all are decoded: neighbours differ so much that cuts cannot be told without some of them."""
_MISSING_END_S = 1.0
"""A video that ends this much before the time that its container promises has lost its end."""


class _Course:
    """How far a reading is, and what of it is missing."""

    def __init__(self, clock: Clock, missing: Callable[[int, float, float], None]) -> None:
        """Start before the first frame; `missing` is told of frames missing between two times."""
        self._clock, self._rhythm, self._missing = clock, Rhythm(), missing
        self.npt = -1.0

    def to(self, pts: int | None, dts: int | None) -> float:
        """Go on to the next frame and return its time."""
        before, self.npt = self.npt, self._clock.npt(pts, dts)
        self._missing(self._rhythm.missing_before(self.npt), before, self.npt)
        return self.npt

    def over(self, left_out: list[int]) -> list[float]:
        """Go on over frames that are left out on purpose, so that they are not missing, and return their times."""
        return [self.to(pts, None) for pts in left_out]


class PyAvStream(VideoStream):
    """A video file or http(s) address read with PyAV.

    Every reading opens the video anew, and ends the one before. Without an index it reads from the start, with one from an
    access point; where frames can be left out, nothing before a late interval is decoded in either case. Pixels stay as they
    are coded where they are not square (sample aspect ratio), and so do the fields of interlaced video.

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
        self._threads, self.hwaccel = threads, hwaccel
        self._reading: Generator[DecodedFrame] | None = None
        self._forget_damage()
        with open_container(locator, timeout_s, hwaccel) as container:
            stream = video_stream(container, locator, threads)
            steps = all_of(self._packets(container, stream))
            frames = (frame for step in steps for frame in self._decode_packet(stream, step))
            first = next(frames, None)
            if first is None:
                raise self._nothing_decoded()
            if hwaccel == "auto" and not stream.codec_context.is_hwaccel:
                # From here on it is a video like any other: it may be read from the middle, and frames may be left out.
                self.hwaccel = "none"
            self._upright, self._width, self._height = Upright.of(first), first.width, first.height
            self.info = self._describe(container, stream)
        self._forget_damage()

    def index(self) -> FrameIndex | None:
        """Read all packets, without decoding them: some 5 microseconds each.

        Only files are read: of an address all of it would have to be fetched.
        """
        if is_address(self._locator) or self.hwaccel != "none":
            return None
        self.close()
        self._forget_damage()
        shown = self._first_times()
        with open_container(self._locator, self._timeout_s) as container:
            stream = video_stream(container, self._locator, self._threads)
            leaps = self._clock(container, stream, None, None).leaps
            return None if shown is None else scan(container, stream, shown, _start(container), leaps)

    def _first_times(self) -> list[int] | None:
        """Return the PTS of the first frames, None where they are not those of the first packets."""
        numbering = Numbering()
        with open_container(self._locator, self._timeout_s) as container:
            stream = video_stream(container, self._locator, self._threads)
            steps = all_of(self._packets(container, stream))
            shown = [frame.pts for _, frame, _ in islice(self._numbered(stream, steps, numbering), PROBE_FRAMES)]
        times = [pts for pts in shown if pts is not None]
        is_rising = all(before < after for before, after in pairwise(times))
        is_whole = len(times) == len(shown) > 0 and not self.n_damaged
        return times if numbering.is_by_packets and is_rising and is_whole else None

    def frames(
        self, interval: Interval = WHOLE, *, needed: Sampler | None = None, index: FrameIndex | None = None
    ) -> Iterator[DecodedFrame]:
        """Decode in presentation order the frames whose npt lies in an interval.

        Raises:
            FetchError: The server stopped answering midway.
            MediaError: Not one frame can be decoded.
        """
        self.close()
        self._forget_damage()
        self._reading = self._read(interval, needed, index)
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
        # The pieces of a film each know their own times only; their list knows how long all last, and begins at 0.
        lasts_s = getattr(self._locator, "lasts_s", None)
        return VideoInfo(
            locator=self._locator,
            width=width,
            height=height,
            frame_rate=_rate(stream),
            duration=lasts_s or _duration(container, stream),
            n_frames=stream.frames or None,
            codec=stream.codec_context.codec.canonical_name,
            rotation=self._upright.rotation,
            recorded_at=_recorded_at(container),
            chapters=_chapters(container),
            start_time=0.0 if lasts_s else float(_start(container) or 0),
        )

    def _read(self, interval: Interval, needed: Sampler | None, index: FrameIndex | None) -> Generator[DecodedFrame]:
        converter = Converter(self._width, self._height, self._upright)
        needed = needed if self.info.frame_rate >= _SLOW_RATE else None
        begin = None if index is None else self._begin(interval, needed, index)
        first_pts = self._first_pts(interval, needed, index)
        numbering = Numbering(begin.frame_index, PROBE_FRAMES) if begin else Numbering()
        n_skipped = 0
        with open_container(self._locator, self._timeout_s, self.hwaccel) as container:
            stream = video_stream(container, self._locator, self._threads)
            packets = self._packets(container, stream, begin)
            steps = all_of(packets)
            if first_pts is not None:
                clock = self._clock(container, stream, first_pts, index)
                steps = chosen_of(packets, stream, needed, interval, clock, begin)
            first = int(index.pts[0]) if index is not None and begin is not None and begin.frame_index else None
            clock = self._clock(container, stream, first, index)
            course = _Course(clock, self._note_missing)
            for number, frame, left_out in self._numbered(stream, steps, numbering, begin):
                n_skipped += sum(npt >= interval.start_npt for npt in course.over(left_out))
                npt = course.to(frame.pts, frame.dts)
                if interval.end_npt is not None and npt >= interval.end_npt:
                    return
                if npt >= interval.start_npt:
                    yield PyAvFrame(number, npt, frame, converter, n_skipped)
                    n_skipped = 0
            course.over(numbering.rest())
            if course.npt < 0:
                raise self._nothing_decoded()
            if clock.has_begun_anew and getattr(self._locator, "lasts_s", None) is None:
                self.info = replace(self.info, duration=course.npt + float(1 / self.info.frame_rate))
            else:
                self._check_end(course.npt, _promised_end(container, stream))

    def _begin(self, interval: Interval, needed: Sampler | None, index: FrameIndex) -> AccessPoint:
        choose = index.decode_from if needed is None else index.choose_from
        return choose(interval.start_npt, self.info.codec)

    def _first_pts(self, interval: Interval, needed: Sampler | None, index: FrameIndex | None) -> int | None:
        """Return the PTS of the first frame of the video where packets are to be chosen from, None where all are decoded.

        Whether they may be chosen from, the index says, or a look at the beginning of the video.
        """
        is_late = interval.start_npt > 0 and index is None and not is_address(self._locator)
        if (needed is None and not is_late) or self.info.codec not in CHOOSABLE or self.hwaccel != "none":
            return None
        if index is not None:
            return int(index.pts[0])
        first_times = self._first_times()
        self._forget_damage()
        return None if first_times is None else first_times[0]

    def _clock(
        self, container: InputContainer, stream: AvVideoStream, first_pts: int | None, index: FrameIndex | None
    ) -> Clock:
        """Return a clock, at the first frame of the video where its time is known."""
        # What has an index is of one count, and may be read from far behind its first frame.
        may_begin_anew = index is None and _may_begin_anew(container)
        clock = Clock(_time_base(stream), _rate(stream), _start(container), stream.start_time, may_begin_anew)
        if first_pts is not None:
            clock.npt(first_pts, None)
        return clock

    def _numbered(
        self,
        stream: AvVideoStream,
        steps: Iterator[Step],
        numbering: Numbering,
        begin: AccessPoint | None = None,
    ) -> Iterator[tuple[int, VideoFrame, list[int]]]:
        """Yield frames from an access point on, with their numbers and the PTS of those left out before each."""
        for step in steps:
            if step.begins_anew:
                yield from self._number_all(self._drain(stream), numbering, begin)
            packet = step.packet
            if packet.size and not packet.is_discard and not _is_before(packet.pts, begin):
                numbering.sent(packet.pts, packet.dts, step.decode != Decode.WHOLE)
            if step.decode != Decode.NOTHING:
                yield from self._number_all(self._decode_packet(stream, step), numbering, begin)

    def _number_all(
        self, frames: Iterator[VideoFrame], numbering: Numbering, begin: AccessPoint | None
    ) -> Iterator[tuple[int, VideoFrame, list[int]]]:
        for frame in frames:
            # What is shown before the access point may refer to what was not read.
            if _is_before(frame.pts, begin):
                continue
            number, left_out = numbering.number(frame.pts)
            if number is None:
                self._note_damage("a damaged frame came too late to be shown")
            else:
                yield number, frame, left_out

    def _packets(self, container: InputContainer, stream: AvVideoStream, begin: AccessPoint | None = None) -> Iterator[Packet]:
        """Yield all packets that can be read; the last one is empty and makes the decoder give out what it still holds."""
        packets = read_packets(container, stream) if begin is None else packets_from(container, stream, begin)
        try:
            yield from packets
        except (av.FFmpegError, OSError) as err:
            raise_if_network(err, self._locator, self._timeout_s)
            self._note_damage(f"reading stopped before the end: {err.strerror}")
            # What the decoder still holds is good.
            yield cast("Packet", av.Packet())

    def _drain(self, stream: AvVideoStream) -> Iterator[VideoFrame]:
        """Yield what the decoder still holds, and make it forget all pictures."""
        yield from self._decode_packet(stream, Step(cast("Packet", av.Packet())))
        stream.codec_context.flush_buffers()

    def _decode_packet(self, stream: AvVideoStream, step: Step) -> Iterator[VideoFrame]:
        """Yield what the decoder gives out for a packet, noting what it cannot decode; a frame not wanted may be left out."""
        packet, is_wanted = step.packet, step.decode == Decode.WHOLE
        may_skip = not is_wanted and self.info.codec in SKIPPABLE
        stream.codec_context.skip_frame = "NONREF" if may_skip else "DEFAULT"
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


def _may_begin_anew(container: InputContainer) -> bool:
    return bool(container.format.flags & cast(int, Flags.ts_discont.value))


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


def _recorded_at(container: InputContainer) -> str:
    """Return when a container says that it was made; empty where it does not, or says 1904 or 1970, the zero of its clock."""
    try:
        moment = datetime.fromisoformat(str(container.metadata.get("creation_time", "")))
    except ValueError:
        return ""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return "" if moment.year in (1904, 1970) else moment.astimezone(UTC).isoformat()


def _chapters(container: InputContainer) -> tuple[Chapter, ...]:
    """Return the chapters of a container by time, those without a title under their number from 1."""
    begin = _start(container) or Fraction(0)
    found = []
    for number, chapter in enumerate(container.chapters(), start=1):
        base = chapter["time_base"] or Fraction(1)
        start, end = (max(float(chapter[name] * base - begin), 0.0) for name in ("start", "end"))
        title = str(chapter["metadata"].get("title", "")).strip() or f"chapter-{number}"
        if end > start:
            found.append(Chapter(title, round(start, 6), round(end, 6)))
    return tuple(found)


def _promised_end(container: InputContainer, stream: AvVideoStream) -> float | None:
    """Return the npt at which the container says that its pictures end, None where it speaks only of all streams together."""
    if stream.duration:
        begin = (stream.start_time or 0) * _time_base(stream) - (_start(container) or 0)
        return float(begin + stream.duration * _time_base(stream))
    duration = _duration(container, stream) if len(container.streams) == 1 else None
    # FFmpeg writes the time of the end into Matroska, where others write the length: what both allow is promised.
    late = float(_start(container) or 0) if "matroska" in container.format.name else 0.0
    return None if duration is None else duration - max(late, 0.0)
