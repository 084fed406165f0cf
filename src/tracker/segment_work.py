"""What a process does with one segment of a video: all that depends on nothing before it, down to the faces and their crops."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from ..engines import Engine
from ..errors import AnnotationError
from ..schema import WHOLE, Interval
from ..video import open_stream
from ..video.frameindex import FrameIndex
from ..video.sampling import Sampler, Sampling
from ..video.stream import DecodedFrame, VideoStream
from ..workspace import Workspace
from .ahead import ahead
from .finding import BESIDE, FaceLimits, Seen, embed_all, find_faces
from .following import Followed, follow_faces
from .reading import Batch, Reader
from .segments import Segment
from .spool import Cut, Entry, SpoolWriter


@dataclass(frozen=True, slots=True, eq=False)
class SegmentJob:
    """All that a process needs to know.

    Attributes:
        locator, hwaccel: The video, and what decodes it.
        index: Its frames.
        engine: Name of the engine that finds and embeds faces.
        limits: Which faces are followed.
        sampling, interval, done_frame, window_s, track_fps: As of `Reader`.
        detect_period_s: As of `find_faces`.
        segment: The part to work on.
        spool: The file that what is found is written to.
    """

    locator: str
    hwaccel: str
    index: FrameIndex
    engine: str
    limits: FaceLimits
    sampling: Sampling
    interval: Interval
    done_frame: int
    window_s: float | None
    track_fps: float | None
    detect_period_s: float | None
    segment: Segment
    spool: Path


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """What came of a segment.

    Attributes:
        damage: What the stream says of the end of the video.
        failure: Why it cannot be worked on apart; empty where it could.
    """

    damage: str = ""
    failure: str = ""


class _UnfitError(Exception):
    """The segment cannot be worked on apart; the text says why."""


class Extract(VideoStream):
    """The part of a stream that a segment is read from; the first sign of damage ends it.

    Frames and packets that are damaged are counted, and nobody who reads a part can tell which of them another part counts too.
    """

    def __init__(self, stream: VideoStream, index: FrameIndex, segment: Segment) -> None:
        """Wrap an open stream."""
        self._stream, self._index, self._segment = stream, index, segment
        self.info = stream.info
        self.n_damaged, self.damage = 0, ""

    def frames(
        self, interval: Interval = WHOLE, *, needed: Sampler | None = None, index: FrameIndex | None = None
    ) -> Iterator[DecodedFrame]:
        """Decode the frames of an interval, beginning near it.

        Raises:
            _UnfitError: A frame is damaged or missing.
        """
        awaited = [at for at in (self._segment.first, self._segment.end) if at is not None]
        for decoded in self._stream.frames(interval, needed=needed, index=index or self._index):
            self._check()
            at = decoded.frame_index
            while awaited and at >= awaited[0]:
                # Frames may be left out on purpose, the awaited one among them.
                is_left_out = at - decoded.n_skipped <= awaited[0] < at
                if (awaited.pop(0) != at and not is_left_out) or decoded.npt != self._index.npts[at]:
                    raise _UnfitError(f"frame {at} is not where its packet is")
            yield decoded
        self._check()
        if awaited:
            raise _UnfitError(f"frame {awaited[0]} is missing")
        self.damage = self._stream.damage

    def close(self) -> None:
        """Let go of the stream."""
        self._stream.close()

    def _check(self) -> None:
        if self._stream.n_damaged:
            raise _UnfitError(self._stream.damage)


def work_on_segment(workspace: Workspace, job: SegmentJob) -> SegmentEnd:
    """Find the faces of a segment and write them to its spool; what cannot be done is told, not raised."""
    try:
        with open_stream(job.locator, threads=workspace.settings.threads, hwaccel=job.hwaccel) as stream:
            return find_in_segment(stream, workspace.engine(job.engine, BESIDE), job)
    except (AnnotationError, OSError) as err:
        return SegmentEnd(failure=str(err))


def find_in_segment(stream: VideoStream, engine: Engine, job: SegmentJob) -> SegmentEnd:
    """Find the faces of a segment of an open video and write them to its spool.

    Raises:
        AnnotationError: The video or the engine cannot be used.
        OSError: The spool cannot be written.
    """
    segment, extract = job.segment, Extract(stream, job.index, job.segment)
    interval = Interval(segment.read_from, job.interval.end_npt)
    # What lies before the segment is read as what was done before: neither converted nor handed out.
    done_frame = max(job.done_frame, segment.first - 1)
    reader = Reader(extract, job.sampling, interval, done_frame, job.window_s, job.track_fps)
    decoded = ahead(_batches_of(segment, reader.batches(), follows=bool(job.track_fps)), 1)
    followed = follow_faces(ahead(find_faces(decoded, engine, job.limits, job.detect_period_s), 1))
    n_shots_before = 0
    try:
        with closing(followed), SpoolWriter(job.spool) as spool:
            for work in followed:
                n_shots_before += sum(shot.end[0] < segment.first for shot in work.batch.shots)
                entry = _entry(work, segment, n_shots_before)
                if job.window_s is None:
                    entry = replace(entry, seen=embed_all(engine, entry.seen))
                spool.write(entry)
                _end_with_parent()
    except _UnfitError as err:
        return SegmentEnd(failure=str(err))
    return SegmentEnd(extract.damage)


def _batches_of(segment: Segment, batches: Generator[Batch], *, follows: bool) -> Generator[Batch]:
    """Yield the batches of a segment, and at last, where faces are followed, the first sample behind it."""
    with closing(batches):
        for batch in batches:
            at = batch.samples[0].frame.frame_index if batch.samples else None
            if at is None or segment.owns(at):
                yield batch
            elif at < segment.first:
                yield replace(batch, samples=())
            else:
                # What lies behind that sample is found by others, the end of the video too.
                yield replace(batch, samples=batch.samples[:1] if follows else (), tail=())
                return


def _entry(work: Followed, segment: Segment, n_shots_before: int) -> Entry:
    """Return what is told of a batch; its shots are counted from the one in which the segment begins."""
    cuts: tuple[Cut, ...] = tuple((*shot.end, shot.then) for shot in work.batch.shots if segment.owns(shot.end[0]))
    seen = [_renumbered(one, n_shots_before) for one in work.seen if segment.owns(one.frame.frame_index)]
    return Entry(work.batch.npt, work.batch.window, cuts, seen, work.gaps, work.tail)


def _renumbered(seen: Seen, n_shots_before: int) -> Seen:
    frame = replace(seen.frame, shot=seen.frame.shot - n_shots_before)
    return replace(seen, sample=replace(seen.sample, frame=frame))


def _end_with_parent() -> None:
    """End where nobody waits for the work any more.

    Raises:
        BrokenPipeError: Whoever started this process is gone.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise BrokenPipeError
