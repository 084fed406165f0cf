"""Projects and their training sets: photos are searched, switched off, shown and trained on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, json, jsonify, request

from ... import jobs
from ...errors import ForbiddenPathError
from ...guard import confined
from ...guard.paths import safe_parts
from ...names import display_name, folder_name
from ...records import Job, Person, Project, Role, now
from ..answers import editing
from ..context import existing_project, store, workspace
from ..media import PNG, file_response
from ..permissions import may, who
from ..problems import Problem, missing
from ..validation import MAX_JSON_BYTES
from .parameters import parameter, project_name, project_of_query
from .waiting import wait_for

training = Blueprint("training", __name__)

_MAX_NAMES = 1000


@training.get("/projects")
def projects() -> Response:
    """List the names of all projects."""
    return jsonify([found.project for found in store().find(Project) if may(Role.VIEWER, found.project)])


@training.get("/training-set")
def training_set() -> Response:
    """List the people of a project, each with their aligned pictures."""
    from ...training.switching import aligned_pictures

    project = project_of_query().project
    names = {person.person_id: person.name for person in store().find(Person, project=project)}
    people = groupby(aligned_pictures(workspace(), project), key=lambda image: image.person_id)
    return jsonify(
        [
            {"class": names.get(person, display_name(person)), "path": [image.aligned_path for image in images]}
            for person, images in people
        ]
    )


@training.get("/crawler")
def crawler() -> Response:
    """Search photos of people and align the faces in them; `q` holds the names, with semicolons between them."""
    since = time.monotonic()
    names = [name.strip() for name in parameter("q").split(";") if name.strip()]
    if not 1 <= len(names) <= _MAX_NAMES:
        raise Problem("invalid", f"The parameter q holds {len(names)} names. Give 1 to {_MAX_NAMES}, as in: q=A;B.")
    for name in names:
        folder_name(name)  # what can be nobody's name is refused before work is begun
    project = project_name()
    search = _submit("crawl", project, {"keywords": names})
    # At once, so that the faces are found too where nobody waits any more: jobs of a project are done in order.
    align = _submit("align", project)
    wait_for(search, since)
    if align.job_id < search.job_id:
        align = _submit("align", project)  # the one that was joined may have looked before the photos came
    wait_for(align, since)
    return _done("crawl", since)


@training.get("/train/<project>")
def train(project: str) -> Response:
    """Train the classifier of a project."""
    since = time.monotonic()
    wait_for(_submit("train", existing_project(project).project), since)
    return _done("train", since)


@training.get("/disabled/<project>")
def disabled(project: str) -> Response:
    """List the pictures that the next training leaves out."""
    from ...training.switching import left_out

    return jsonify(left_out(workspace(), existing_project(project).project))


@training.post("/disabled/<project>")
def disable(project: str) -> Response:
    """Take down the list of pictures that are to be left out; all others train."""
    from ...errors import ConfigError
    from ...training.switching import leave_out

    owner = existing_project(project).project
    names = _list_of_paths()
    with editing(f"disabled {owner}"):
        try:
            leave_out(workspace(), owner, names)
        except ConfigError as err:
            raise Problem("invalid", str(err)) from err
    return jsonify("ok")


@training.get("/training_img_aligned/<path:path>")
def picture(path: str) -> Response:
    """Return an aligned picture."""
    project, *parts = safe_parts(path)
    existing_project(project)
    try:
        # Within the folder of the project: a link in it is no way to pictures of another one.
        file = confined(workspace().aligned_dir(project), "/".join(parts))
    except ForbiddenPathError as err:
        raise missing("picture", path) from err
    if file.suffix.lower() != ".png":
        raise missing("picture", path)
    return file_response(file, PNG)


def _submit(kind: str, project: str, params: Mapping[str, Any] | None = None) -> Job:
    return jobs.submit(workspace(), kind, project, params, submitted_by=who())


def _done(task: str, since: float) -> Response:
    return jsonify(task=task, time=now(), execution_time=round(time.monotonic() - since, 3), status="ok")


def _list_of_paths() -> list[str]:
    """Return the body of a request, a JSON list of text.

    Raises:
        Problem: It is something else.
    """
    if not request.is_json:
        raise Problem("unsupported_media_type", "Send the body as application/json.")
    request.max_content_length = MAX_JSON_BYTES
    try:
        body = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError) as err:
        raise Problem("bad_json", "The body is no JSON. Send a list of paths.") from err
    if not isinstance(body, list) or not all(isinstance(item, str) for item in body):
        raise Problem("invalid", "The body is no list of paths. Send what the training set lists, as in: [] or [PATH, PATH].")
    return body
