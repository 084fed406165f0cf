"""Training pictures: what state each is in and why, the pictures themselves, and new ones."""

from __future__ import annotations

import mimetypes
from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response, url_for
from pydantic import Field

from ...names import inside
from ...records import Image, ImageState
from ...storage import Query
from .. import shapes
from ..answers import answer, check_match, editing
from ..context import existing, existing_project, store, workspace
from ..media import PNG, file_response, sends
from ..multipart import sent_file, takes_file
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import Problem, missing
from ..validation import Body, Text
from .people import existing_person

images = APIBlueprint("images", __name__, url_prefix="/api/v1", tag="Images")

_NO_ARRAYS = frozenset({"embedding", "landmarks"})
_AT_ONCE = 2000
"""Pictures of one person that are shown at once; a person usually has some twenty."""
_KINDS = ("image/jpeg", PNG, "image/webp")


class ImagePage(PageOf[shapes.Image]):
    """Some training pictures."""


class ImageParameters(PageParameters):
    """Which training pictures are listed."""

    person_id: str = Field("", max_length=200, description="Only of this person")
    state: ImageState | None = Field(None, description="Only in this state")


class ImageChange(Body):
    """Whether a picture trains."""

    enabled: bool
    reason: Annotated[Text, Field(max_length=200, description="Why it does not")] = ""


class PutBack(Body):
    """The state that a picture had before."""

    state: ImageState
    reason: Annotated[Text, Field(max_length=500)] = ""
    state_by: Literal["human", "machine"] = "machine"


class OneChange(Body):
    """What becomes of one picture: at least one of `person_id`, `enabled` and `put_back`, done in this order."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    expected_state: Annotated[ImageState, Field(description="As it was seen: another state is left as it is")]
    expected_person: Annotated[
        Text, Field(max_length=200, description="The same of whose picture it is; empty for anybody's")
    ] = ""
    person_id: Annotated[Text, Field(max_length=200, description="Who gets it; empty for nobody else")] = ""
    enabled: bool | None = None
    reason: Annotated[Text, Field(max_length=200, description="Why it does not train")] = ""
    put_back: PutBack | None = None


class ChangesOfImages(Body):
    """What becomes of several pictures, each by itself."""

    changes: Annotated[list[OneChange], Field(min_length=1, max_length=500)]


def shape(image: Image) -> shapes.Image:
    """Return what is shown of a picture."""
    return shapes.Image.model_validate(image)


@images.get("/projects/<project>/images")
@images.input(ImageParameters, location="query")
@images.output(ImagePage)
def list_images(project: str, query_data: ImageParameters) -> Response:
    """List the training pictures of a project."""
    equals: dict[str, object] = {"project": existing_project(project).project}
    if query_data.person_id:
        equals["person_id"] = query_data.person_id
    if query_data.state:
        equals["state"] = query_data.state.value
    return listed(Listing(Image, Query(equals, omit=_NO_ARRAYS), counted=True), query_data, shape, ImagePage)


@images.get("/projects/<project>/images/<sha256>")
@images.output(shapes.Image)
def get_image(project: str, sha256: str) -> Response:
    """Show a training picture."""
    return answer(shape(_existing(project, sha256)))


@images.patch("/projects/<project>/images/<sha256>")
@images.input(ImageChange)
@images.output(shapes.Image)
def change_image(project: str, sha256: str, json_data: ImageChange) -> Response:
    """Take a picture into training or out of it; the next training heeds it. Needs If-Match."""
    from ...errors import ConfigError
    from ...training.switching import switch_off, switch_on

    with editing(f"image {project} {sha256}"):
        image = _existing(project, sha256)
        check_match(shape(image))
        try:
            on, why = json_data.enabled, json_data.reason
            image = switch_on(workspace(), image) if on else switch_off(workspace(), image, why)
        except ConfigError as err:
            raise Problem("conflict", str(err)) from err
    return answer(shape(image))


@images.post("/projects/<project>/people/<person_id>/images")
@images.doc(extensions=takes_file("image/*"))
@images.output(shapes.Image, 201)
def add_image(project: str, person_id: str) -> Response:
    """Add a photo of a person, as multipart/form-data with the part `file`. It trains once it is aligned."""
    from ..intake import take_picture

    person = existing_person(project, person_id)
    file = sent_file()
    image = take_picture(workspace(), person, file.read(), file.filename or "")
    return answer(shape(image), 201, location=url_for("images.get_image", project=person.project, sha256=image.sha256))


@images.get("/projects/<project>/people/<person_id>/images")
@images.output(shapes.PersonImages)
def list_person_images(project: str, person_id: str) -> Response:
    """List the training pictures of a person, the most doubtful first: those least like the others that train."""
    from ...cleaning.likeness import likeness

    person = existing_person(project, person_id)
    equals = {"project": person.project, "person_id": person.person_id}
    found = store().select(Image, Query(equals, omit=frozenset({"landmarks"})), _AT_ONCE).items
    like = likeness(found)
    # Nothing is known of those that were not aligned yet: they come after all that is.
    found = tuple(sorted(found, key=lambda image: (like.get(image.sha256, 2.0), image.path)))
    items = [
        shapes.PersonImage.model_validate({**shape(image).model_dump(), "likeness": like.get(image.sha256)}) for image in found
    ]
    total = len(items) if len(items) < _AT_ONCE else store().count(Image, **equals)
    return answer(shapes.PersonImages(items=items, total=total))


@images.post("/projects/<project>/image-changes")
@images.input(ChangesOfImages)
@images.output(shapes.ImageChanges)
def change_images(project: str, json_data: ChangesOfImages) -> Response:
    """Switch many pictures on or off, give them to somebody else, or give them their state back.

    Each says in which state and with whom it was seen: what somebody else changed in between is left as it is, and told.
    """
    owner = existing_project(project).project
    result = shapes.ImageChanges(items=[], refused=[])
    for change in json_data.changes:
        try:
            result.items.append(shape(_changed(owner, change)))
        except Problem as err:
            result.refused.append(shapes.RefusedChange(sha256=change.sha256, code=err.code, detail=err.detail))
    return answer(result)


@images.get("/projects/<project>/images/<sha256>/picture")
@images.doc(responses=sends(*_KINDS))
def get_picture(project: str, sha256: str) -> Response:
    """Return a training picture as it was found."""
    image = _existing(project, sha256)
    path = inside(workspace().data_dir, image.path)
    kind = mimetypes.guess_type(path.name)[0] or ""
    return file_response(path, kind if kind in _KINDS else "application/octet-stream")


@images.get("/projects/<project>/images/<sha256>/face")
@images.doc(responses=sends(PNG))
def get_face(project: str, sha256: str) -> Response:
    """Return the aligned face of a training picture."""
    image = _existing(project, sha256)
    if image.aligned_path is None:
        raise missing("aligned face of", sha256)
    return file_response(inside(workspace().data_dir, image.aligned_path), PNG)


def _changed(owner: str, change: OneChange) -> Image:
    """Do what is asked with one picture, and return its record.

    Raises:
        Problem: It is not there, not as it was seen, or cannot be so.
    """
    from ...errors import ConfigError
    from ...training.switching import give, put_back, switch_off, switch_on

    with editing(f"image {owner} {change.sha256}"):
        image = _existing(owner, change.sha256)
        if image.state is not change.expected_state or change.expected_person not in ("", image.person_id):
            raise Problem("precondition_failed", f"It was changed since you read it: it is {image.state.value} now.")
        try:
            if change.person_id:
                image = give(workspace(), image, change.person_id)
            if change.enabled is not None:
                image = switch_on(workspace(), image) if change.enabled else switch_off(workspace(), image, change.reason)
            if change.put_back is not None:
                back = change.put_back
                image = put_back(workspace(), image, back.state, back.reason, back.state_by)
        except ConfigError as err:
            raise Problem("conflict", str(err)) from err
    return image


def _existing(project: str, sha256: str) -> Image:
    found: Image = existing(Image, "image", existing_project(project).project, sha256)
    return found
