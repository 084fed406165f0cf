"""Which analysis of a video a request means, and which track."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, cast

from pydantic import Field

from ..identities.decisions import PIECE
from ..records import Analysis, Project, ProjectVideo, Status, Track, Video
from .context import existing, existing_project, store
from .problems import Problem, missing

ProjectName = Annotated[str, Field(max_length=200, description="Whose analysis of the video; the newest one where empty")]
AnalysisId = Annotated[str, Field(max_length=100, description="This analysis, in the place of a project's")]
FragmentText = Annotated[str, Field(max_length=200, description="Of the part of the video that was analysed, `t=10,20`")]


def chosen_analysis(video_id: str, project: str, analysis_id: str, fragment: str) -> Analysis:
    """Return an analysis of a video: the one that is named, else the one that counts in a project, else the newest.

    Raises:
        Problem: There is none.
    """
    if analysis_id:
        analysis = cast(Analysis, existing(Analysis, "analysis", analysis_id))
        if analysis.video_id != video_id:
            raise missing("analysis of this video", analysis_id)
        return analysis
    if project:
        return _of_project(existing_project(project), video_id, fragment)
    found = _of_video(video_id, fragment)
    if not found:
        raise Problem("not_found", "This video has not been analysed.")
    return max(found, key=lambda analysis: (analysis.status is Status.COMPLETE, analysis.updated_at))


def _of_project(owner: Project, video_id: str, fragment: str) -> Analysis:
    """Return the analysis that counts in a project; where none does yet, the one that is under way with its engine.

    Raises:
        Problem: There is neither.
    """
    known = store().get(ProjectVideo, owner.project, video_id, fragment) if fragment.isprintable() else None
    if known is None:
        begun = [one for one in _of_video(video_id, fragment) if one.engine.partition("@")[0] == owner.engine]
        unfinished = [one for one in begun if one.status is not Status.COMPLETE]
        if unfinished:
            return max(unfinished, key=lambda one: one.updated_at)
    member = member_of(owner.project, video_id, fragment)
    return cast(Analysis, existing(Analysis, "analysis", member.analysis_id))


def _of_video(video_id: str, fragment: str) -> list[Analysis]:
    return [analysis for analysis in store().find(Analysis, video_id=video_id) if analysis.fragment == fragment]


def track_name(analysis_id: str, track_id: int) -> str:
    """Return what a track is called in addresses."""
    return f"{analysis_id}-{track_id}"


def titles_of(video_ids: Iterable[str]) -> dict[str, str]:
    """Return what each of some videos is called: its title, or the name that it was given by."""
    found = {video_id: store().get(Video, video_id) for video_id in set(video_ids)}
    return {video_id: (video.title or video.locator) if video else video_id for video_id, video in found.items()}


def existing_track(name: str) -> Track:
    """Return a track by what it is called in addresses; for a piece of a split track, the whole one.

    Raises:
        Problem: There is none.
    """
    analysis_id, number = track_parts(name)
    return cast(Track, existing(Track, "track", analysis_id, number % PIECE))


def member_of(owner: str, video_id: str, fragment: str) -> ProjectVideo:
    """Return a video of a project with the analysis that counts there.

    Raises:
        Problem: There is none; of a video of other projects the same is said as of one that is nowhere.
    """
    plain = video_id.isprintable() and fragment.isprintable()
    member = store().get(ProjectVideo, owner, video_id, fragment) if plain else None
    if member is None:
        part = f"{video_id}#{fragment}" if fragment else video_id
        raise missing("video in this project", part)
    return member


def track_of_project(owner: str, name: str) -> tuple[Track, ProjectVideo]:
    """Return a track by what it is called in addresses, and its video in a project.

    Raises:
        Problem: There is none; of a track of other projects the same is said as of one that is nowhere.
    """
    analysis_id, number = track_parts(name)
    members = store().find(ProjectVideo, analysis_id=analysis_id) if analysis_id.isprintable() else ()
    member = next((member for member in members if member.project == owner), None)
    track = store().get(Track, analysis_id, number % PIECE) if member else None
    if track is None or member is None:
        raise missing("track in this project", name)
    return track, member


def track_parts(name: str) -> tuple[str, int]:
    """Return analysis and number of a track by what it is called in addresses; it need not exist."""
    analysis_id, _, number = name.rpartition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 15):
        raise missing("track", name)
    return analysis_id, int(number)
