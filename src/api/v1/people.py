"""People of a project, by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, url_for
from pydantic import Field

from ...errors import InvalidNameError
from ...guard import Outside
from ...identities.decisions import PIECE, new_id
from ...names import display_name, folder_name, inside
from ...records import Appearance, Image, ImageState, Job, Person, Project, Target, Track, Verb
from ...storage import Query
from .. import shapes
from ..answers import HELD, answer, check_match, editing, no_content
from ..context import existing, existing_project, store, workspace
from ..deriving import follow, follow_everywhere, told_of
from ..media import JPEG, PNG, bytes_response, file_response, sends
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import Problem
from ..validation import Body, Metadata, Text

people = APIBlueprint("people", __name__, url_prefix="/api/v1", tag="People")

Name = Annotated[Text, Field(min_length=1, max_length=200)]
Uri = Annotated[
    Text, Outside.KEPT, Field(pattern=r"^(|(https?://|urn:).+)$", description="In a knowledge graph; empty for none")
]
_LOOKED_AT = 50
"""Pictures among which the best face is looked for."""
_TRACKS = 5
"""The same of tracks, for those who have no pictures."""


class PersonPage(PageOf[shapes.Person]):
    """Some people."""


class PersonParameters(PageParameters):
    """How people are listed."""

    sort: Literal["name", "-name", "person_id", "-person_id"] = "name"


class NewPerson(Body):
    """Somebody to know by name."""

    name: Name
    aliases: Annotated[list[Name], Field(max_length=100, default_factory=list)]
    description: Annotated[Text, Field(max_length=2000)] = ""
    uri: Uri = ""
    metadata: Annotated[Metadata, Field(default_factory=dict)]


class ListedPerson(Body):
    """Somebody of a list of names."""

    name: Name
    uri: Uri = ""


class PeopleList(Body):
    """People to know by name."""

    people: Annotated[list[ListedPerson], Field(min_length=1, max_length=1000)]


class PersonChange(Body):
    """What of a person may be changed. What was their name becomes an alias."""

    name: Name | None = None
    aliases: Annotated[list[Name], Field(max_length=100)] | None = None
    description: Annotated[Text, Field(max_length=2000)] | None = None
    uri: Uri | None = None
    metadata: Metadata | None = None
    recognisable: bool | None = None


def shape(person: Person) -> shapes.Person:
    """Return what is shown of a person."""
    return shapes.Person.model_validate(person)


def existing_person(project: str, person_id: str) -> Person:
    """Return a person of a project."""
    found: Person = existing(Person, "person", existing_project(project).project, person_id)
    return found


@people.get("/projects/<project>/people")
@people.input(PersonParameters, location="query")
@people.output(PersonPage)
def list_people(project: str, query_data: PersonParameters) -> Response:
    """List the people of a project."""
    owner = existing_project(project).project
    orders: dict[str, tuple[str, ...]] = {"name": ("name",), "person_id": ()}
    listing = Listing(Person, Query({"project": owner}), orders, counted=True, fields=tuple(shapes.Person.model_fields))
    return listed(listing, query_data, dict[str, Any], PersonPage, query_data.sort)


@people.post("/projects/<project>/people")
@people.input(NewPerson)
@people.output(shapes.Person, 201)
def add_person(project: str, json_data: NewPerson) -> Response:
    """Add a person to a project."""
    owner, person_id = existing_project(project).project, folder_name(json_data.name)
    with editing(f"person {owner} {person_id}"):
        if store().get(Person, owner, person_id) is not None:
            raise Problem("conflict", f"There is a person {person_id!r} already.")
        person = Person(
            owner,
            person_id,
            display_name(person_id),
            tuple(json_data.aliases),
            json_data.description,
            json_data.uri or None,
            json_data.metadata,
        )
        store().put(person)
    return answer(shape(person), 201, location=url_for("people.get_person", project=owner, person_id=person_id))


@people.post("/projects/<project>/people-list")
@people.input(PeopleList)
@people.output(shapes.AddedPeople)
def add_people(project: str, json_data: PeopleList) -> Response:
    """Add a list of people; those whom the project knows stay as they are, so that a list can be sent again."""
    owner = existing_project(project).project
    answered = shapes.AddedPeople(added=[], known=[], refused=[])
    for listed_person in json_data.people:
        try:
            person = Person(owner, folder_name(listed_person.name), "", uri=listed_person.uri or None)
        except InvalidNameError as err:
            answered.refused.append(shapes.RefusedPerson(name=listed_person.name, detail=str(err)))
            continue
        person = replace(person, name=display_name(person.person_id))
        is_new = store().put_new(person)
        known = person if is_new else store().get(Person, owner, person.person_id) or person
        (answered.added if is_new else answered.known).append(shape(known))
    return answer(answered)


@people.get("/projects/<project>/people/<person_id>")
@people.output(shapes.Person)
def get_person(project: str, person_id: str) -> Response:
    """Show a person."""
    return answer(shape(existing_person(project, person_id)))


@people.patch("/projects/<project>/people/<person_id>")
@people.input(PersonChange)
@people.output(shapes.Person)
def change_person(project: str, person_id: str, json_data: PersonChange) -> Response:
    """Change a person, or whether they may be recognised; names in videos follow. Needs If-Match.

    Where that touches many tracks, a job changes what is shown of them: the header Link says which.
    """
    with editing(f"person {project} {person_id}"):
        person = existing_person(project, person_id)
        check_match(shape(person))
        changes: dict[str, Any] = json_data.model_dump(exclude_none=True, exclude={"name", "recognisable"})
        if "aliases" in changes:
            changes["aliases"] = tuple(changes["aliases"])
        if "uri" in changes:
            changes["uri"] = changes["uri"] or None
        _check(existing_project(project), person, json_data)
        if changes:
            store().put(replace(person, **changes))
        job = _apply(existing_project(project), person, json_data)
    return told_of(answer(shape(existing_person(project, person_id))), job)


@people.get("/projects/<project>/people/<person_id>/thumbnail")
@people.doc(responses=sends(PNG, JPEG) | {204: {"description": "There is no picture of them yet"}})
def get_person_thumbnail(project: str, person_id: str) -> Response:
    """Show the best face among the training pictures of a person, else the surest one in a video; 204 where there is neither.

    Somebody who was just added has no picture, and no page should have to call that an error.
    """
    person = existing_person(project, person_id)
    picture = _best_picture(person)
    if picture is not None:
        return file_response(picture, PNG)
    face = _surest_face(person)
    if face:
        return bytes_response(face, JPEG)
    response = no_content()
    response.headers["Cache-Control"] = HELD
    return response


def _best_picture(person: Person) -> Path | None:
    query = Query(
        {"project": person.project, "person_id": person.person_id, "state": ImageState.ACTIVE.value},
        omit=frozenset({"embedding", "landmarks"}),
    )
    aligned = [image for image in store().select(Image, query, _LOOKED_AT).items if image.aligned_path and image.quality]
    best = max(aligned, key=lambda image: image.quality.overall if image.quality else 0.0, default=None)
    if best is None or best.aligned_path is None:
        return None
    path = inside(workspace().data_dir, best.aligned_path)
    return path if path.is_file() else None


def _surest_face(person: Person) -> bytes:
    """Return the face of somebody who was named in videos alone, as JPEG; nothing where none was kept."""
    query = Query({"project": person.project, "person_id": person.person_id}, ("confidence",), descending=True)
    for analysis_id, track_id in store().select_cells(Appearance, ("analysis_id", "track_id"), query, _TRACKS).items:
        track = store().get(Track, analysis_id, track_id % PIECE)
        if track is not None and track.thumbnail:
            return track.thumbnail
    return b""


def _check(owner: Project, person: Person, change: PersonChange) -> None:
    """Refuse a name that cannot be given, before anything else is changed."""
    from ...verbs import decide

    if change.name is not None and change.name != person.name:
        decide.prepared(workspace(), owner, Verb.RENAME, Target("person", person_id=person.person_id), name=change.name)


def _apply(owner: Project, person: Person, change: PersonChange) -> Job | None:
    """Do what has consequences in videos in the way the command line does it; return the job that they are left to."""
    from ...verbs import decide
    from ...verbs import people as verb

    job = None
    if change.name is not None and change.name != person.name:
        said = decide.say(workspace(), owner, Verb.RENAME, Target("person", person_id=person.person_id), name=change.name)
        _, job = follow(owner, said)
    if change.recognisable is not None and change.recognisable != person.recognisable:
        cause = new_id()
        verb.run(workspace(), owner.project, person.person_id, recognisable=change.recognisable, cause=cause)
        job = follow_everywhere(owner, cause)
    return job
