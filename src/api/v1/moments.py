"""Moments of several people: with these, without those, between dates, in all videos of a project."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Annotated, Any, Literal

import numpy as np
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...insights.together import Found, Sight, Wanted, find_together, in_order
from ...intervals import lengths
from .. import overall
from ..answers import plain_json
from ..choosing import track_name
from ..context import existing_project, store
from ..gathering import Confidence, FirstDate, Human, LastDate, Names, Scope, VideoIds, named, scope_of, shown, who
from ..kept import answer_kept
from ..paging import PageParameters
from ..problems import Problem

moments = APIBlueprint("moments", __name__, url_prefix="/api/v1", tag="Moments")

Sort = Literal["date", "-date", "-seconds", "title"]
MAX_GAP_S = 600.0


class MomentParameters(PageParameters):
    """Which moments are looked for."""

    present: Annotated[
        Names,
        Field(
            alias="with",
            min_length=1,
            description="Who is together: ids of people, `unknown:3` for unknown ones, with `/` between",
        ),
    ]
    absent: Annotated[Names, Field(alias="without", description="Who is not there, in the same way")] = ""
    gap_s: Annotated[
        float,
        Field(ge=0, le=MAX_GAP_S, description="How far apart in time they may be, seconds; 0: on screen at the same time"),
    ] = 0.0
    min_s: Annotated[float, Field(ge=0, le=86_400, description="Shorter moments are left out, seconds")] = 0.0
    first: FirstDate = ""
    last: LastDate = ""
    videos: VideoIds = ""
    confidence: Confidence = 0.0
    human: Human = False
    sort: Annotated[
        Sort, Field(description="How videos follow each other: by date, longest moments (all added up) first, or by title")
    ] = "-date"


@moments.get("/projects/<project>/moments")
@moments.input(MomentParameters, location="query")
@moments.output(overall.JointMoments)
def list_moments(project: str, query_data: MomentParameters) -> Response:
    """Find when people are on screen together, and others are not, with the videos that these moments are of."""
    owner = existing_project(project).project
    present, absent = named(owner, query_data.present), named(owner, query_data.absent)
    scope = scope_of(owner, query_data.first, query_data.last, query_data.videos)
    wanted = Wanted(who(present), who(absent), query_data.gap_s, query_data.min_s, query_data.confidence, query_data.human)
    asked = query_data.model_dump(exclude={"limit", "cursor"})
    mark = hashlib.sha256(json.dumps([owner, asked], sort_keys=True).encode()).hexdigest()[:8]
    place = _place(query_data.cursor, mark)
    names = [[one.model_dump() for one in people] for people in (present, absent)]
    what = ("moments", owner, asked, query_data.limit, query_data.cursor, names, scope.state)

    def make() -> bytes:
        found = find_together(store(), owner, scope.programmes, wanted)
        page = _page(found, in_order(found, scope.programmes, query_data.sort), scope, query_data.limit, place, mark)
        return plain_json({**page, "present": names[0], "absent": names[1]})

    return answer_kept(what, scope.revision, make)


Place = tuple[str, int, int]
"""Analysis and start in milliseconds of the last moment of a page, and its place in the list."""


def _page(found: Found, order: list[int], scope: Scope, limit: int, place: Place | None, mark: str) -> dict[str, Any]:
    """Return `overall.JointMoments` as plain values, without the people."""
    first = _after(found, order, scope, place) if place else 0
    rows = order[first : first + limit]
    length_ms = lengths(found.times_ms)
    more = first + limit < len(order)
    return {
        "items": [_item(found, row, scope) for row in rows],
        "next": _cursor(found, rows[-1], first + limit - 1, scope, mark) if more else None,
        "total": len(order),
        "seconds": int(length_ms.sum()) / 1000,
        "n_videos": len(np.unique(found.numbers)),
        "n_undated": scope.n_undated,
        "videos": [_video(found, number, scope) for number in dict.fromkeys(found.numbers[rows].tolist())],
    }


def _item(found: Found, row: int, scope: Scope) -> dict[str, Any]:
    programme = scope.programmes[int(found.numbers[row])]
    start_ms, end_ms = found.times_ms[row].tolist()
    return {
        "video_id": programme.video_id,
        "fragment": programme.fragment,
        "analysis_id": programme.analysis_id,
        "start_npt": start_ms / 1000,
        "end_npt": end_ms / 1000,
        "sights": [_sight(sight, programme.analysis_id, found, at) for at, sight in enumerate(found.sights(row))],
    }


def _sight(sight: Sight | None, analysis_id: str, found: Found, at: int) -> dict[str, Any]:
    whom = found.whom[at]
    has_track = sight is not None and sight.track_id >= 0
    return {
        "person_id": whom.person_id,
        "unknown_id": whom.unknown_id,
        "track": track_name(analysis_id, sight.track_id) if sight and has_track else None,
        "confidence": sight.confidence if sight else 0.0,
    }


def _video(found: Found, number: int, scope: Scope) -> dict[str, Any]:
    own = found.numbers == number
    ms = int(lengths(found.times_ms[own]).sum())
    return {**shown(scope.programmes[number], scope), "seconds": ms / 1000, "n_moments": int(own.sum())}


def _after(found: Found, order: list[int], scope: Scope, place: Place) -> int:
    """Return where the next page begins: after the moment that the last one ended with, or where that was, if it is gone."""
    analysis_id, start_ms, position = place
    of_video = [at for at, row in enumerate(order) if scope.programmes[int(found.numbers[row])].analysis_id == analysis_id]
    later = [at for at in of_video if found.times_ms[order[at], 0] > start_ms]
    if later:
        return later[0]
    return of_video[-1] + 1 if of_video else position + 1


def _cursor(found: Found, row: int, position: int, scope: Scope, mark: str) -> str:
    analysis_id = scope.programmes[int(found.numbers[row])].analysis_id
    text = json.dumps([mark, analysis_id, int(found.times_ms[row, 0]), position])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(cursor: str, mark: str) -> Place | None:
    """Return where a page begins.

    Raises:
        Problem: The cursor is not one of this question.
    """
    if not cursor:
        return None
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        match json.loads(data):
            case [str(said), str(analysis_id), int(start_ms), int(position)] if (
                said == mark and 0 <= position < 2**53 and abs(start_ms) < 2**53
            ):
                return analysis_id, start_ms, position
    except (ValueError, TypeError, RecursionError, binascii.Error):
        pass
    raise Problem("bad_cursor", "The cursor is not one of this list with these filters. Begin again without a cursor.")
