"""`run` of the tracker."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2

from .. import __version__
from ..connectors import Found, connectors_of
from ..disk.thumbnails import forget as forget_thumbnails
from ..engines import Engine
from ..errors import AnnotationError, ConfigError, FetchError, StorageError
from ..identities.identification import add_to_project, hidden_names, identify_analysis, newest_model, track_names
from ..identities.tables import write_predictions, write_trackers
from ..names import video_folder
from ..records import Analysis, Project, ProjectAccess, Status, Video, now, stable_id
from ..schema import UNKNOWN, Box, Candidate
from ..settings import TrackerName, TrackerSettings
from ..tracking import AnyTracker, Appearance, Life, open_tracker
from ..video import open_stream
from ..video.fragments import Fragment, split_locator
from ..video.sampling import Sampling
from ..video.source import is_address
from ..video.stream import VideoStream
from ..videos import TRACKER_VERSION, Facts, analysis_content, forget_analysis, keep_duration, register_video, settle
from ..workspace import Workspace
from .analyser import Analyser, ended
from .finding import BESIDE, FaceLimits
from .frames import export_frames as write_frames
from .looks import DENSE_S
from .parallel import Course, watch

_LINK_REFUSED = re.compile(r"answers (401|403|404|410)\b")
"""What servers say of a link that held for a while."""


@dataclass(frozen=True, slots=True)
class TrackReport:
    """What a run of the tracker did.

    Attributes:
        video: The video's record.
        analysis: The complete analysis.
        is_new: False where a complete analysis was found and nothing was decoded.
        output_dir: Where the tables lie.
        n_frames_written: Annotated frames, 0 unless asked for.
    """

    video: Video
    analysis: Analysis
    is_new: bool
    output_dir: Path
    n_frames_written: int


def run(
    workspace: Workspace,
    video: str,
    project: str,
    *,
    video_speedup: int | None = None,
    sample_period_s: float | None = None,
    tracker: TrackerName | None = None,
    track_fps: float | None = None,
    max_faces: int | None = None,
    segments: int | None = None,
    export_frames: bool = False,
    no_cache: bool = False,
) -> TrackReport:
    """Find and follow the faces of a video, unless that was done before, and write the tables of samples.

    Args:
        workspace: Where to work.
        video: Path or address, also one of an archive or a site that a connector knows, with a media fragment (`#t=10,20`)
            where only a part is meant.
        project: Whose engine is used and whose folder gets the tables; begun where there is none.
        video_speedup: Analyse every Nth frame; the setting where None.
        sample_period_s: Analyse a frame each so many seconds instead.
        tracker: How boxes become tracks; the setting where None.
        track_fps: Follow faces between samples, in so many frames a second; the setting where None.
        max_faces: Follow at most so many faces a frame; the setting where None.
        segments: Work on so many segments of the video at a time, which changes nothing in what is found; the setting where
            None.
        export_frames: Also write the sampled frames with boxes.
        no_cache: Analyse again what was analysed before.

    Raises:
        MediaError: The video cannot be read.
        ConfigError: A value lies outside its range, there is no such part of the video, or the address stands for several.
        FetchError: An archive cannot be asked where the video is.
        EngineError: The project's engine cannot be loaded.
    """
    owner = workspace.begin_project(project)
    flags = {"tracker": tracker, "track_fps": track_fps, "max_faces": max_faces}
    settings = workspace.settings.tracker.model_copy(update={name: value for name, value in flags.items() if value})
    sampling = _sampling(settings, video_speedup, sample_period_s)
    given, fragment = split_locator(video)
    connectors = connectors_of(workspace)
    how: dict[str, Any] = {"segments": segments, "export_frames": export_frames}
    found = connectors.resolve(given)
    try:
        return _track(workspace, owner, found, fragment, sampling, settings, no_cache=no_cache, **how)
    except FetchError as err:
        if not (found.expires and _LINK_REFUSED.search(err.why)):
            raise
        workspace.progress.message(f"{found.locator}: its link holds no longer; asking for a new one")
        try:
            # What was found until then stays, and is gone on with.
            return _track(workspace, owner, connectors.resolve(given), fragment, sampling, settings, no_cache=False, **how)
        except FetchError:
            raise err from None


def _track(
    workspace: Workspace,
    owner: Project,
    found: Found,
    fragment: Fragment,
    sampling: Sampling,
    settings: TrackerSettings,
    **how: Any,
) -> TrackReport:
    """Open a video that was found, store what is known of it, and analyse it."""
    locator = found.locator
    threads, hwaccel = workspace.threads(BESIDE), settings.hwaccel
    with (
        found.named_in_errors(),
        open_stream(found.play, threads=threads, hwaccel=hwaccel, guard=found.guard or workspace.guard) as stream,
    ):
        if hwaccel == "auto" and stream.hwaccel == "none":
            workspace.progress.message(f"{Path(locator).name}: no hardware here can decode it, so the processor does")
        # Two films of one name that are begun at the same moment get a folder each.
        with workspace.locked(f"folder-{video_folder(locator)}"):
            said = found.metadata()
            if not is_address(locator):
                # A file is known by its own path: which part of it this record means is nothing that holds for the file.
                said.pop("fragment", None)
                fragment = fragment.within(found.fragment)
            facts = Facts(found.media, found.title, found.date, said)
            record = register_video(workspace.store, locator, stream, facts)
        # From now on, not from the end on: whoever may see the project may watch how far its video is.
        workspace.store.put_new(ProjectAccess(owner.project, record.video_id))
        return analyse(
            workspace,
            owner,
            record,
            stream,
            sampling,
            settle(fragment, record),
            settings,
            **how,
        )


def analyse(
    workspace: Workspace,
    owner: Project,
    video: Video,
    stream: VideoStream,
    sampling: Sampling,
    fragment: Fragment,
    settings: TrackerSettings,
    *,
    segments: int | None = None,
    export_frames: bool = False,
    no_cache: bool = False,
) -> TrackReport:
    """Analyse an open video for a project unless that was done before, and write the tables of samples.

    Only one process of the data folder analyses the same video in the same way; others wait and take over what it found.

    Args:
        workspace: Where to work.
        owner: The project that gets the analysis.
        video: The video's record.
        stream: The video, opened.
        sampling: Which frames are looked at.
        fragment: Which part of the video is meant.
        settings: Which faces are followed, and how.
        segments: Work on so many segments of the video at a time; the setting where None.
        export_frames: Also write the sampled frames with boxes.
        no_cache: Analyse again what was analysed before.

    Raises:
        MediaError: The video cannot be read.
        EngineError: The project's engine cannot be loaded.
    """
    engine = workspace.engine(owner.engine, BESIDE)
    tracker = _tracker_of(settings, sampling.period_s(Fraction(video.frame_rate)))
    analysis_id = stable_id(video.video_id, engine.id, sampling.describe(), tracker, str(fragment))
    with workspace.locked(f"analysis-{analysis_id}", f"analyses {video.locator}"):
        workspace.progress.concerns(video_id=video.video_id, analysis_id=analysis_id)
        analysis, is_new = _begin(workspace, analysis_id, video, engine, sampling, tracker, fragment, no_cache)
        if analysis.status is not Status.COMPLETE:
            region = _region(fragment, video)
            limits = FaceLimits(settings.min_score, settings.min_face_px, settings.max_faces, region)
            n = workspace.settings.segments if segments is None else segments
            course = Course(sampling, fragment.interval, limits, owner.engine, settings.hwaccel, n)
            promised = stream.info.duration
            analysis = _watch(workspace, video, analysis, stream, course, settings)
            if stream.info.duration != promised:
                video = keep_duration(workspace.store, video, stream.info.duration)
        add_to_project(workspace, owner.project, video.video_id, str(fragment), analysis.analysis_id)
        output_dir = workspace.output_dir(owner.project, video.folder, analysis.fragment)
        write_trackers(output_dir / "trackers.csv", workspace.store, analysis)
        label = _write_named(workspace, owner, analysis, output_dir)
        n_written = 0
        if export_frames:
            n_written = write_frames(output_dir / "frames", workspace.store, analysis, stream, label, workspace.progress)
    return TrackReport(video, analysis, is_new, output_dir, n_written)


def _region(fragment: Fragment, video: Video) -> Box | None:
    """Return the part of the picture that is meant, in pixels; None for all of it.

    Raises:
        ConfigError: It lies outside the picture.
    """
    if fragment.region is None:
        return None
    region = fragment.region.within(video.width, video.height)
    if region is None:
        size = f"{video.width} x {video.height} pixels"
        raise ConfigError(f"#xywh={fragment.region} lies outside the picture of {video.locator}, which is {size}.")
    return region


def _tracker_of(settings: TrackerSettings, period_s: float) -> dict[str, Any]:
    """Return the settings that an analysis at this sampling depends on, as its record keeps them."""
    tracker = settings.model_dump(
        exclude={"video_speedup", "sample_period_s", "embed_period_s", "detect_period_s", "track_fps", "hwaccel"}
    )
    # Left out where every face is embedded and none followed: so it was before there was a choice, and such analyses are good.
    following = {"track_fps": settings.track_fps} if settings.track_fps else {}
    sparing = {"embed_period_s": settings.embed_period_s} if period_s <= DENSE_S and settings.embed_period_s else {}
    # What is looked at whole begins anew with each window of that length, so that there are no windows without one.
    if sparing and settings.detect_period_s > period_s:
        sparing["detect_period_s"] = settings.detect_period_s
    return tracker | sparing | following | {"version": TRACKER_VERSION}


def _sampling(settings: TrackerSettings, video_speedup: int | None, sample_period_s: float | None) -> Sampling:
    """Return the sampling that was asked for: a flag wins over both settings, a period over a count of frames."""
    if video_speedup is None and sample_period_s is None:
        video_speedup = None if settings.sample_period_s else settings.video_speedup
        sample_period_s = settings.sample_period_s
    return Sampling(video_speedup or settings.video_speedup, sample_period_s)


def _begin(
    workspace: Workspace,
    analysis_id: str,
    video: Video,
    engine: Engine,
    sampling: Sampling,
    tracker: Mapping[str, Any],
    fragment: Fragment,
    no_cache: bool,
) -> tuple[Analysis, bool]:
    """Return the analysis of this id, begun where there is none, and whether any of it is left to do."""
    store = workspace.store
    known = store.get(Analysis, analysis_id)
    # What died before its first checkpoint begins anew.
    if known is not None and not no_cache and (known.status is Status.COMPLETE or known.checkpoint):
        if known.status is Status.COMPLETE:
            return known, False
        again = replace(known, status=Status.RUNNING, error="", updated_at=now())
        store.put(again)
        return again, True
    analysis = Analysis(
        analysis_id,
        video.video_id,
        engine.id,
        sampling.describe() | {"period_s": sampling.period_s(Fraction(video.frame_rate))},
        tracker,
        str(fragment),
        Status.RUNNING,
        versions={"facerec": __version__},
    )
    # First of all it counts as begun and no more as complete: nobody may rest on what is deleted next.
    with workspace.locked(analysis_content(analysis_id)):
        store.put(analysis)
        forget_analysis(store, analysis_id)
        forget_thumbnails(workspace.data_dir, analysis_id)
    return analysis, True


def _watch(
    workspace: Workspace, video: Video, analysis: Analysis, stream: VideoStream, course: Course, settings: TrackerSettings
) -> Analysis:
    # OpenCV works beside the decoder and the networks.
    cv2.setNumThreads(workspace.threads(BESIDE))
    of = analysis.tracker
    analyser = Analyser(
        workspace.store,
        workspace.engine(course.engine, BESIDE),
        analysis,
        course.limits,
        _open_tracker(settings, analysis),
        of.get("embed_period_s"),
        of.get("track_fps"),
        of.get("detect_period_s"),
    )
    part = ended(course.interval, stream.info)
    total = max((part.end_npt or 0.0) - part.start_npt, 0.0) or None
    try:
        with workspace.progress.task(Path(video.locator).name, total, "s of video") as task:
            return watch(workspace, analyser, stream, course, task)
    except AnnotationError as err:
        # What was stored up to the last checkpoint stays; the same command goes on from there.
        # The address that was opened may be a link with a key in it: what is kept names the video as it was named.
        why = str(err).replace(stream.info.locator, video.locator)
        failed = replace(analyser.analysis, status=Status.ERROR, error=why, updated_at=now())
        # A full disk may have no room for this either; then the analysis stays RUNNING, which is gone on with in the same way.
        with suppress(StorageError):
            workspace.store.put(failed)
        raise


def _open_tracker(settings: TrackerSettings, analysis: Analysis) -> AnyTracker:
    """Return the tracker of the settings, without probation: sparse samples have no time for it."""
    life = Life(settings.max_age, settings.max_lost_s)
    appearance = Appearance(settings.appearance, settings.appearance_veto) if settings.appearance < 1 else None
    period_s = analysis.sampling["period_s"]
    return open_tracker(settings.tracker, settings.min_iou, life, appearance, period_s, settings.min_score)


def _write_named(workspace: Workspace, owner: Project, analysis: Analysis, output_dir: Path) -> Callable[[int], str]:
    """Write predictions.csv where the project has a model, and return what to call each track."""
    model = newest_model(workspace, owner)
    identification = identify_analysis(workspace, model, analysis) if model else None
    if model is None or identification is None:
        return lambda track_id: f"track {track_id}"
    write_predictions(output_dir / "predictions.csv", workspace.store, analysis, model)
    least = workspace.settings.clusterize.confidence_threshold
    hidden = hidden_names(workspace.store, owner.project)
    names = {
        track_id: _label(track_id, said.candidates[0], least, hidden) for track_id, said in track_names(model, identification)
    }
    return lambda track_id: names[track_id]


def _label(track_id: int, best: Candidate, least: float, hidden: frozenset[str]) -> str:
    """Return the likeliest name of a track, or that nobody knows it or may know it."""
    named = best.confidence >= least and best.name not in hidden
    return f"{best.name} {best.confidence:.2f}" if named else f"{UNKNOWN} (track {track_id})"
