"""Appearances: who is to be seen when, and a video at a glance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Appearance, ProjectVideo, Video
from ...storage import Query
from .. import shapes
from ..answers import answer
from ..choosing import FragmentText
from ..context import existing, existing_project, store
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import Problem
from ..validation import Parameters
from .tracks import MAX_NPT, From, To

appearances = APIBlueprint("appearances", __name__, url_prefix="/api/v1", tag="Appearances")

Sort = Literal["", "confidence", "-confidence", "start_npt", "-start_npt"]
_FIELDS = tuple(shapes.Appearance.model_fields)
_CELLS = ("name", "person_id", "unknown_id", "start_npt", "end_npt")


class AppearancePage(PageOf[shapes.Appearance]):
    """Some appearances."""


class AppearanceParameters(PageParameters):
    """Which appearances of a project are listed."""

    sort: Sort = Field("", description="By start within a video, else by confidence")
    video_id: str = Field("", max_length=100, description="Only in this video")
    fragment: FragmentText = ""
    person_id: str = Field("", max_length=200, description="Only of this person")
    unknown_id: int = Field(0, ge=0, lt=2**63, description="Only of this unknown person")
    from_npt: From = 0.0
    to_npt: To = MAX_NPT
    source: Literal["", "machine", "human"] = Field("", description="Only what this one said")
    accepted: bool | None = Field(None, description="Only those with a name, or only those without")


class OverviewParameters(Parameters):
    """How much an overview shows."""

    fragment: FragmentText = ""
    bins: Annotated[int, Field(ge=1, le=5000, description="Into so many stretches the time is divided")] = 500
    max_lanes: Annotated[int, Field(ge=1, le=1000, description="At most so many people")] = 100


@appearances.get("/projects/<project>/appearances")
@appearances.input(AppearanceParameters, location="query")
@appearances.output(AppearancePage)
def list_appearances(project: str, query_data: AppearanceParameters) -> Response:
    """List who appears, in one video or in all videos of a project. A page may be short; go on while there is a next one."""
    owner = existing_project(project).project
    listing, sort = _listing(owner, query_data)
    return listed(listing, query_data, dict, AppearancePage, sort)


@appearances.get("/projects/<project>/videos/<video_id>/overview")
@appearances.input(OverviewParameters, location="query")
@appearances.output(shapes.Overview)
def get_overview(project: str, video_id: str, query_data: OverviewParameters) -> Response:
    """Show a whole video at a glance: how many people are to be seen when, and who."""
    owner = existing_project(project).project
    member = existing(ProjectVideo, "video in this project", owner, video_id, query_data.fragment)
    video = store().get(Video, video_id)
    query = Query({"project": owner, "analysis_id": member.analysis_id}, ("start_npt",))
    cells = list(store().cells(Appearance, _CELLS, query))
    duration = max([video.duration or 0.0 if video else 0.0, *(cell[4] for cell in cells)])
    bin_s = max(duration, 0.001) / query_data.bins
    lanes = sorted(_lanes(cells, bin_s), key=lambda lane: (-lane.seconds, lane.name))
    return answer(
        shapes.Overview(
            analysis_id=member.analysis_id,
            duration=duration,
            bin_s=bin_s,
            appearances=_counts(cells, bin_s, query_data.bins),
            lanes=lanes[: query_data.max_lanes],
            n_lanes=len(lanes),
        )
    )


def _listing(owner: str, wanted: AppearanceParameters) -> tuple[Listing, str]:
    """Return the list that an index serves best, and what it is sorted by."""
    sort, by_start = wanted.sort or ("start_npt" if wanted.video_id else "-confidence"), "start_npt"
    keep = _keeper(wanted)
    if wanted.video_id:
        if sort.lstrip("-") != by_start:
            raise Problem("invalid", "The appearances of one video are sorted by start_npt.")
        member = existing(ProjectVideo, "video in this project", owner, wanted.video_id, wanted.fragment)
        query = Query(
            {"project": owner, "analysis_id": member.analysis_id},
            at_least={"end_npt": wanted.from_npt},
            below={"start_npt": wanted.to_npt},
        )
        return Listing(Appearance, query, {by_start: (by_start,)}, keep=keep, fields=_FIELDS), sort
    if sort.lstrip("-") == by_start or wanted.from_npt > 0 or wanted.to_npt < MAX_NPT:
        raise Problem("invalid", "Times belong to one video: give video_id too.")
    equals: dict[str, object] = {"project": owner}
    if wanted.person_id:
        equals["person_id"] = wanted.person_id
    elif wanted.unknown_id:
        equals["unknown_id"] = wanted.unknown_id
    return Listing(Appearance, Query(equals), {"confidence": ("confidence",)}, keep=keep, fields=_FIELDS), sort


def _keeper(wanted: AppearanceParameters) -> Any:
    """Return what says of the fields of a record whether it is wanted, or None where the index says it all."""
    asked: dict[str, object] = {}
    if wanted.source:
        asked["source"] = wanted.source
    if wanted.accepted is not None:
        asked["accepted"] = wanted.accepted
    if wanted.person_id:
        asked["person_id"] = wanted.person_id
    if wanted.unknown_id:
        asked["unknown_id"] = wanted.unknown_id
    if not wanted.video_id and len(asked) == 1 and not {"source", "accepted"} & set(asked):
        return None
    return (lambda seen: all(seen[name] == value for name, value in asked.items())) if asked else None


def _lanes(cells: Iterable[tuple[Any, ...]], bin_s: float) -> list[shapes.Lane]:
    """Return a lane for each person, with intervals that are near each other joined. Cells come in order of their start."""
    spans: dict[tuple[str, str | None, int | None], list[list[float]]] = defaultdict(list)
    seconds: dict[tuple[str, str | None, int | None], float] = defaultdict(float)
    for name, person_id, unknown_id, start, end in cells:
        who = (name, person_id, unknown_id)
        seconds[who] += end - start
        if spans[who] and start - spans[who][-1][1] < bin_s:
            spans[who][-1][1] = max(spans[who][-1][1], end)
        else:
            spans[who].append([start, end])
    return [
        shapes.Lane(
            name=who[0],
            person_id=who[1],
            unknown_id=who[2],
            seconds=round(seconds[who], 3),
            intervals=found,
        )
        for who, found in spans.items()
    ]


def _counts(cells: Iterable[tuple[Any, ...]], bin_s: float, bins: int) -> list[int]:
    """Return how many appearances touch each bin."""
    changes = [0] * (bins + 1)
    for *_, start, end in cells:
        first = min(max(int(start / bin_s), 0), bins - 1)
        changes[first] += 1
        changes[min(max(int(end / bin_s), first), bins - 1) + 1] -= 1
    counts, now = [], 0
    for change in changes[:-1]:
        now += change
        counts.append(now)
    return counts
