"""Analyses of an older tracker, made anew."""

from __future__ import annotations

from dataclasses import dataclass

from ..connectors import connectors_of
from ..disk.thumbnails import forget as forget_thumbnails
from ..errors import AnnotationError, MediaError
from ..identities.appearances import derive
from ..identities.identification import analyses_of
from ..records import Analysis, Appearance, Project, Video
from ..settings import TrackerSettings
from ..video import open_stream
from ..video.fragments import parse_fragment
from ..video.sampling import Sampling
from ..video.source import is_address
from ..videos import analysis_content, forget_derived, is_outdated, remove_unused, video_identity
from ..workspace import Workspace
from .stage import analyse


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What was made anew.

    Attributes:
        refreshed: The analyses that count now in the place of outdated ones.
        n_current: Analyses that needed nothing.
        n_removed: Old analyses that no project uses any more.
        failures: What went wrong, a line a video; its old analysis still counts.
    """

    refreshed: tuple[Analysis, ...]
    n_current: int
    n_removed: int
    failures: tuple[str, ...]


def refresh(workspace: Workspace, project: str) -> RefreshReport:
    """Analyse again the videos of a project that an older tracker analysed, with the sampling and settings of then.

    Where appearances were derived from the old analysis, they are derived from the new one: decisions find their tracks
    again by time and place. An old analysis goes when no project uses it any more.

    Raises:
        ConfigError: The project does not exist.
    """
    owner = workspace.project(project)
    analyses = list(analyses_of(workspace, owner.project))
    outdated = [analysis for analysis in analyses if is_outdated(analysis)]
    failures = []
    with workspace.progress.task("Videos", len(outdated), "videos") as task:
        for old in outdated:
            try:
                _analyse_again(workspace, owner, old)
            except AnnotationError as err:
                failures.append(str(err))
            task.advance()
    known = {analysis.analysis_id for analysis in analyses}
    refreshed = [new for new in analyses_of(workspace, owner.project) if new.analysis_id not in known]
    # Of all analyses, not of those just made: a run before this one may have been interrupted here.
    n_removed = sum(_replace_older(workspace, owner, analysis) for analysis in analyses_of(workspace, owner.project))
    return RefreshReport(tuple(refreshed), len(analyses) - len(outdated), n_removed, tuple(failures))


def _analyse_again(workspace: Workspace, owner: Project, old: Analysis) -> None:
    video = workspace.store.get(Video, old.video_id)
    if video is None:
        raise MediaError(old.video_id, "is no video that is stored. Track it again by its name.")
    hwaccel = workspace.settings.tracker.hwaccel
    threads = workspace.settings.threads
    found = connectors_of(workspace).reopen(video)
    with open_stream(found.play, threads=threads, hwaccel=hwaccel, guard=found.guard or workspace.guard) as stream:
        if not is_address(video.locator) and video_identity(video.media)[0] != old.video_id:
            raise MediaError(video.media, "is another file than the one that was analysed. Track it by its name.")
        fragment, settings = parse_fragment(old.fragment), _settings_of(workspace, old)
        analyse(workspace, owner, video, stream, _sampling_of(old), fragment, settings)


def _replace_older(workspace: Workspace, owner: Project, analysis: Analysis) -> int:
    """Derive from an analysis what was derived from older ones of the video, and return how many of these are gone."""
    store, n_removed = workspace.store, 0
    for old in list(store.find(Analysis, video_id=analysis.video_id)):
        if not is_outdated(old) or old.analysis_id == analysis.analysis_id:
            continue
        is_same_part = old.fragment == analysis.fragment
        if is_same_part and store.count(Appearance, project=owner.project, analysis_id=old.analysis_id):
            derive(workspace, owner, analysis, workspace.settings.clusterize)
        if is_same_part:
            forget_derived(store, owner.project, old.analysis_id)
        with workspace.locked(analysis_content(old.analysis_id)):
            if remove_unused(store, old.analysis_id):
                forget_thumbnails(workspace.data_dir, old.analysis_id)
                n_removed += 1
    return n_removed


def _sampling_of(analysis: Analysis) -> Sampling:
    speedup, period_s = analysis.sampling.get("video_speedup"), analysis.sampling.get("sample_period_s")
    return Sampling(sample_period_s=float(period_s)) if speedup is None and period_s else Sampling(int(speedup or 0))


def _settings_of(workspace: Workspace, analysis: Analysis) -> TrackerSettings:
    """Return the settings of an analysis; those that its tracker did not have are the present ones."""
    known = {name: value for name, value in analysis.tracker.items() if name in TrackerSettings.model_fields}
    return workspace.settings.tracker.model_copy(update=known)
