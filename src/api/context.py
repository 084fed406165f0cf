"""What a request works with."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from flask import Flask, current_app, request

from ..extracts import Extracts
from ..records import Project
from ..storage import Store
from ..workspace import Workspace
from .problems import missing

R = TypeVar("R")
_NAME = "facerec"
_EXTRACTS = "facerec.extracts"


def keep_workspace(app: Flask, workspace: Workspace) -> None:
    """Let the requests of an application find its workspace, and what is kept of the videos there."""
    app.extensions[_NAME] = workspace
    app.extensions[_EXTRACTS] = Extracts(workspace.store)
    app.before_request(_sweep)


def _sweep() -> None:
    # Whether the process is alive, or a file of the page, has nothing to do with the store.
    if request.path.startswith("/api/"):
        extracts().sweep()


def workspace() -> Workspace:
    """Return the workspace of the application that answers."""
    return cast(Workspace, current_app.extensions[_NAME])


def store() -> Store:
    """Return its store."""
    return workspace().store


def extracts() -> Extracts:
    """Return what is made of the appearances of each video there."""
    return cast(Extracts, current_app.extensions[_EXTRACTS])


def existing(kind: type[Any], what: str, *key: object) -> Any:
    """Return a record.

    Args:
        kind: Of the record.
        what: What to call it in the answer.
        key: Its full key.

    Raises:
        Problem: There is none.
    """
    # A NUL or half a character is in no key, and databases differ in what they say of one.
    odd = any(not part.isprintable() if isinstance(part, str) else int(str(part)).bit_length() > 63 for part in key)
    record = None if odd else store().get(kind, *key)
    if record is None:
        raise missing(what, key[-1])
    return record


def existing_project(project: str) -> Project:
    """Return a project by its slug."""
    return cast(Project, existing(Project, "project", project))
