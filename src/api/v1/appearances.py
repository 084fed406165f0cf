"""Appearances: who is to be seen when, and a video at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Appearance, Person, Video
from ...storage import Query
from .. import shapes
from ..answers import plain_json
from ..choosing import FragmentText, member_of
from ..context import existing_project, store
from ..kept import answer_kept
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import Problem
from ..validation import Parameters
from .tracks import MAX_NPT, From, To

appearances = APIBlueprint("appearances", __name__, url_prefix="/api/v1", tag="Appearances")

Sort = Literal["", "confidence", "-confidence", "start_npt", "-start_npt"]
_FIELDS = tuple(shapes.Appearance.model_fields)
_NAMES = ("person_id", "name", "aliases")
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
    ids = _person_ids(owner)

    def shown(seen: dict[str, Any]) -> dict[str, Any]:
        candidates = [{**one, "person_id": ids.get(one["name"])} for one in seen["candidates"]]
        return {**seen, "candidates": candidates}

    return listed(listing, query_data, shown, AppearancePage, sort)


def _person_ids(owner: str) -> dict[str, str]:
    """Return the id of each person of a project by what they are or were called: a model may know an older name."""
    ids: dict[str, str] = {}
    plain = store().schema.layouts[Person].plain
    for cells in store().cells(Person, _NAMES, Query({"project": owner})):
        person = plain(dict(zip(_NAMES, cells, strict=True)))
        for alias in person["aliases"]:
            ids.setdefault(alias, person["person_id"])
        ids[person["name"]] = person["person_id"]
    return ids


@appearances.get("/projects/<project>/videos/<video_id>/overview")
@appearances.input(OverviewParameters, location="query")
@appearances.output(shapes.Overview)
def get_overview(project: str, video_id: str, query_data: OverviewParameters) -> Response:
    """Show a whole video at a glance: how many people are to be seen when, and who."""
    owner = existing_project(project).project
    member = member_of(owner, video_id, query_data.fragment)
    video = store().get(Video, video_id)
    duration = video.duration or 0.0 if video else 0.0
    what = ("overview", owner, member.analysis_id, duration, query_data.bins, query_data.max_lanes)
    revision = store().revision(Appearance, owner, member.analysis_id)

    def make() -> bytes:
        return plain_json(_overview(owner, member.analysis_id, duration, query_data))

    return answer_kept(what, revision, make)


def _overview(owner: str, analysis_id: str, duration: float, wanted: OverviewParameters) -> dict[str, Any]:
    """Return `shapes.Overview` as plain values."""
    query = Query({"project": owner, "analysis_id": analysis_id}, ("start_npt",))
    cells = list(store().cells(Appearance, _CELLS, query))
    duration = max([duration, *(cell[4] for cell in cells)])
    bin_s = max(duration, 0.001) / wanted.bins
    lanes = sorted(_lanes(cells, bin_s), key=lambda lane: (-lane["seconds"], lane["name"]))
    return {
        "analysis_id": analysis_id,
        "duration": duration,
        "bin_s": bin_s,
        "appearances": _counts(cells, bin_s, wanted.bins),
        "lanes": lanes[: wanted.max_lanes],
        "n_lanes": len(lanes),
    }


def _listing(owner: str, wanted: AppearanceParameters) -> tuple[Listing, str]:
    """Return the list that an index serves best, and what it is sorted by."""
    sort, by_start = wanted.sort or ("start_npt" if wanted.video_id else "-confidence"), "start_npt"
    keep = _keeper(wanted)
    if wanted.video_id:
        if sort.lstrip("-") != by_start:
            raise Problem("invalid", "The appearances of one video are sorted by start_npt.")
        member = member_of(owner, wanted.video_id, wanted.fragment)
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


def _lanes(cells: Iterable[tuple[Any, ...]], bin_s: float) -> list[dict[str, Any]]:
    """Return a lane for each person, with intervals that are near each other joined. Cells come in order of their start."""
    lanes: dict[tuple[Any, ...], dict[str, Any]] = {}
    for name, person_id, unknown_id, start, end in cells:
        who = (name, person_id, unknown_id)
        lane = lanes.get(who)
        if lane is None:
            shown = {"name": name, "person_id": person_id, "unknown_id": unknown_id}
            lanes[who] = {**shown, "seconds": end - start, "intervals": [[start, end]]}
            continue
        lane["seconds"] += end - start
        last = lane["intervals"][-1]
        if start - last[1] >= bin_s:
            lane["intervals"].append([start, end])
        elif end > last[1]:
            last[1] = end
    return [{**lane, "seconds": round(lane["seconds"], 3)} for lane in lanes.values()]


def _counts(cells: Sequence[tuple[Any, ...]], bin_s: float, bins: int) -> list[int]:
    """Return how many appearances touch each bin."""
    import numpy as np

    times = np.array([cell[3:] for cell in cells], np.float64).reshape(-1, 2)
    first, last = np.clip((times / bin_s).astype(np.int64), 0, bins - 1).T
    ended = np.maximum(first, last) + 1
    changes = np.bincount(first, minlength=bins + 1) - np.bincount(ended, minlength=bins + 1)
    counts: list[int] = np.cumsum(changes)[:-1].tolist()
    return counts
