"""Unknown people: faces without a name that look like one person, over all videos of a project."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Target, Track, UnknownPerson, UnknownTrack, Verb
from ...storage import Query
from .. import shapes
from ..answers import answer, check_match, editing
from ..choosing import track_name
from ..context import existing, existing_project, store, workspace
from ..deriving import follow, told_of
from ..media import JPEG, bytes_response, sends
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import missing
from ..validation import Body, Text

unknown = APIBlueprint("unknown", __name__, url_prefix="/api/v1", tag="Unknown people")

Sort = Literal["unknown_id", "-unknown_id", "n_tracks", "-n_tracks"]
_LOOKED_AT = 20
"""Tracks among which the best face is looked for."""


class UnknownPersonPage(PageOf[shapes.UnknownPerson]):
    """Some unknown people."""


class UnknownTrackPage(PageOf[shapes.UnknownTrack]):
    """Some tracks of an unknown person."""


class UnknownParameters(PageParameters):
    """How unknown people are listed."""

    sort: Sort = "-n_tracks"


class UnknownChange(Body):
    """What may be said of an unknown person here; who they are is a decision."""

    name: Annotated[Text, Field(min_length=1, max_length=200, description="What to call them")]


def shape(person: UnknownPerson) -> shapes.UnknownPerson:
    """Return what is shown of an unknown person."""
    return shapes.UnknownPerson.model_validate(person)


@unknown.get("/projects/<project>/unknown")
@unknown.input(UnknownParameters, location="query")
@unknown.output(UnknownPersonPage)
def list_unknown_people(project: str, query_data: UnknownParameters) -> Response:
    """List the unknown people of a project, those with most tracks first."""
    owner = existing_project(project).project
    orders = {"unknown_id": (), "n_tracks": ("n_tracks",)}
    listing = Listing(UnknownPerson, Query({"project": owner}), orders, counted=True)
    return listed(listing, query_data, shape, UnknownPersonPage, query_data.sort)


@unknown.get("/projects/<project>/unknown/<int:unknown_id>")
@unknown.output(shapes.UnknownPerson)
def get_unknown_person(project: str, unknown_id: int) -> Response:
    """Show an unknown person."""
    return answer(shape(_existing(project, unknown_id)))


@unknown.patch("/projects/<project>/unknown/<int:unknown_id>")
@unknown.input(UnknownChange)
@unknown.output(shapes.UnknownPerson)
def rename_unknown_person(project: str, unknown_id: int, json_data: UnknownChange) -> Response:
    """Call an unknown person something else, as the decision `rename` does. Needs If-Match.

    Where that touches many tracks, a job changes what is shown of them: the header Link says which.
    """
    from ...verbs import decide

    with editing(f"unknown {project} {unknown_id}"):
        found = _existing(project, unknown_id)
        check_match(shape(found))
        owner, target = existing_project(project), Target("unknown", unknown_id=unknown_id)
        said = decide.say(workspace(), owner, Verb.RENAME, target, name=json_data.name)
        _, job = follow(owner, said)
    return told_of(answer(shape(_existing(project, unknown_id))), job)


@unknown.get("/projects/<project>/unknown/<int:unknown_id>/tracks")
@unknown.input(PageParameters, location="query")
@unknown.output(UnknownTrackPage)
def list_unknown_tracks(project: str, unknown_id: int, query_data: PageParameters) -> Response:
    """List the tracks that were taken for an unknown person."""
    found = _existing(project, unknown_id)
    query = Query({"project": found.project, "unknown_id": unknown_id})
    return listed(Listing(UnknownTrack, query, counted=True), query_data, _entry, UnknownTrackPage)


@unknown.get("/projects/<project>/unknown/<int:unknown_id>/thumbnail")
@unknown.doc(responses=sends(JPEG))
def get_unknown_thumbnail(project: str, unknown_id: int) -> Response:
    """Show the best face among the first tracks of an unknown person."""
    found = _existing(project, unknown_id)
    entries = store().select(UnknownTrack, Query({"project": found.project, "unknown_id": unknown_id}), _LOOKED_AT).items
    tracks = [store().get(Track, entry.analysis_id, entry.track_id) for entry in entries]
    best = max((track for track in tracks if track and track.thumbnail), key=lambda track: track.best_quality, default=None)
    if best is None:
        raise missing("thumbnail of unknown person", unknown_id)
    return bytes_response(best.thumbnail, JPEG)


def _existing(project: str, unknown_id: int) -> UnknownPerson:
    found: UnknownPerson = existing(UnknownPerson, "unknown person", existing_project(project).project, unknown_id)
    return found


def _entry(entry: UnknownTrack) -> shapes.UnknownTrack:
    return shapes.UnknownTrack(
        id=track_name(entry.analysis_id, entry.track_id),
        analysis_id=entry.analysis_id,
        track_id=entry.track_id,
        unknown_id=entry.unknown_id,
    )
