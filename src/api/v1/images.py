"""Training pictures: what state each is in and why, the pictures themselves, and new ones."""

from __future__ import annotations

import mimetypes
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, url_for
from pydantic import Field

from ...names import inside
from ...records import Image, ImageState
from ...storage import Query
from .. import shapes
from ..answers import answer, check_match, editing
from ..context import existing, existing_project, workspace
from ..media import PNG, file_response, sends
from ..multipart import sent_file, takes_file
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import Problem, missing
from ..validation import Body, Text
from .people import existing_person

images = APIBlueprint("images", __name__, url_prefix="/api/v1", tag="Images")

_NO_ARRAYS = frozenset({"embedding", "landmarks"})
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
    from ...switching import switch_off, switch_on

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


def _existing(project: str, sha256: str) -> Image:
    found: Image = existing(Image, "image", existing_project(project).project, sha256)
    return found
