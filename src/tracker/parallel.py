"""Whether one video is worked on in segments, and how: by processes that read and find faces, and this one, which stitches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..errors import ProcessError
from ..progress import Task
from ..records import Analysis, Shot
from ..schema import Interval
from ..storage import Store
from ..video.frameindex import FrameIndex
from ..video.sampling import Sampling
from ..video.shots import CONTEXT_S, Transition
from ..video.source import is_address
from ..video.stream import VideoInfo, VideoStream
from ..workspace import Workspace
from .analyser import Analyser, ended
from .finding import FaceLimits
from .segment_work import SegmentJob, work_on_segment
from .segments import LEAST_S, Grid, plan_segments
from .stitching import GivenUpError, OpenShot, Stitcher, spool_folder
from .workers import Workers, share_of_cores


@dataclass(frozen=True, slots=True)
class Course:
    """How a video is to be watched.

    Attributes:
        sampling, interval, limits: What is looked at, and which faces are followed.
        engine: Name of the engine.
        hwaccel: What decodes.
        segments: How many segments are worked on at a time; 0 for as many as cores and memory have room for.
    """

    sampling: Sampling
    interval: Interval
    limits: FaceLimits
    engine: str
    hwaccel: str
    segments: int


def watch(workspace: Workspace, analyser: Analyser, stream: VideoStream, course: Course, task: Task) -> Analysis:
    """Watch a video, in segments where that is asked for or of use, else in one go. What is found is the same.

    Raises:
        MediaError: Not one frame of the video can be decoded.
        ProcessError: A process that worked on a segment died; the same call goes on from what is stored.
    """
    n = segments_at_a_time(stream.info, course.interval, course.segments)
    index = _index(workspace, stream) if n > 1 else None
    if index is not None:
        jobs = plan_jobs(workspace, analyser, stream, course, index, n)
        if len(jobs) > 1:
            n = min(n, len(jobs))
            shot = open_shot(workspace.store, analyser, jobs[0])
            with (
                spool_folder(jobs[0].spool.parent),
                Workers(workspace.settings, workspace.progress, work_on_segment, n) as pool,
            ):
                analysis = stitch(workspace, analyser, stream, Stitcher(pool, n, jobs, shot), course.interval, task)
            if analysis is not None:
                return analysis
    return analyser.watch(stream, course.sampling, course.interval, task)


def segments_at_a_time(info: VideoInfo, interval: Interval, asked: int) -> int:
    """Return how many segments of a video are worked on at a time.

    Args:
        info: The video.
        interval: The part of it that is meant.
        asked: How many were asked for; 0 for what the machine has room for, but 1 where the video is short or an address.
    """
    if asked:
        return asked
    if is_address(info.locator):
        return 1
    part = ended(interval, info)
    length = (part.end_npt or 0.0) - part.start_npt if info.duration else 0.0
    return share_of_cores(int(max(length, 0.0) // LEAST_S))


def _index(workspace: Workspace, stream: VideoStream) -> FrameIndex | None:
    index = stream.index()
    if index is None:
        name = Path(stream.info.locator).name
        workspace.progress.message(f"{name} can only be read from its start: it is not cut into segments")
    return index


def plan_jobs(
    workspace: Workspace, analyser: Analyser, stream: VideoStream, course: Course, index: FrameIndex, n: int
) -> list[SegmentJob]:
    """Return what is to be done with the segments of a video, without those that a checkpoint has left behind."""
    window_s, track_fps, done_frame = analyser.window_s, analyser.track_fps, analyser.done_frame
    starts = None if track_fps else index.starts
    segments = plan_segments(index.npts, course.interval, n, Grid(course.sampling, window_s), CONTEXT_S, starts)
    if analyser.knows_what_is_done:
        segments = [segment for segment in segments if segment.end is None or segment.end > done_frame]
    folder = workspace.data_dir / ".segments" / analyser.analysis.analysis_id
    return [
        SegmentJob(
            stream.info.locator,
            course.hwaccel,
            index,
            course.engine,
            course.limits,
            course.sampling,
            course.interval,
            done_frame,
            window_s,
            track_fps,
            analyser.detect_period_s,
            segment,
            folder / f"{segment.first}.spool",
        )
        for segment in segments
    ]


def stitch(
    workspace: Workspace, analyser: Analyser, stream: VideoStream, stitcher: Stitcher, interval: Interval, task: Task
) -> Analysis | None:
    """Take in what processes find in segments; return None where the rest has to be watched in one go.

    Raises:
        ProcessError: A process died; what was found before its segment is stored.
    """
    try:
        analyser.take_all(stitcher.works(), ended(interval, stream.info), task, whole=False)
    except GivenUpError as err:
        name = Path(stream.info.locator).name
        workspace.progress.message(f"{name}: {err}. From there on it is read in one go")
        return None
    except ProcessError:
        analyser.pause()
        raise
    return analyser.finish(0, stitcher.damage)


def open_shot(store: Store, analyser: Analyser, job: SegmentJob) -> OpenShot:
    """Return the shot that goes on where a segment begins, from what is stored of those before it."""
    stored = sorted(store.find(Shot, analysis_id=analyser.analysis.analysis_id), key=lambda shot: shot.shot)
    # One that ends with the first frame of the segment is ended once more by what is found there.
    n = sum(shot.end_frame < job.segment.first for shot in stored)
    if n < len(stored):
        how = cast(Transition, stored[n].transition)
        return OpenShot(n, (stored[n].start_frame, stored[n].start_npt, how))
    return OpenShot(n, analyser.open_shot) if n else OpenShot(0, (job.segment.first, job.segment.start_npt, ""))
