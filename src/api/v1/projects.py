"""Projects: sets of people and videos that belong together."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, url_for
from pydantic import Field

from ...names import folder_name
from ...records import Project, Role
from ...settings import Classifier
from ...storage import Query
from .. import shapes
from ..answers import answer, check_match, editing
from ..context import existing_project, store, workspace
from ..paging import Listing, PageOf, PageParameters, listed
from ..permissions import may
from ..problems import Problem
from ..validation import Body, Metadata, Text

projects = APIBlueprint("projects", __name__, url_prefix="/api/v1", tag="Projects")

Sort = Literal["project", "-project"]


class ProjectPage(PageOf[shapes.Project]):
    """Some projects."""


class ProjectParameters(PageParameters):
    """How projects are listed."""

    sort: Sort = "project"


class NewProject(Body):
    """A project to begin."""

    project: Annotated[Text, Field(min_length=1, max_length=200, description="Name; spaces become underscores")]
    engine: Annotated[str, Field(max_length=40, description="As in the settings where empty; a project keeps it")] = ""


class ProjectChange(Body):
    """What of a project may be changed."""

    classifier: Classifier | None = None
    settings: Metadata | None = None


def shape(project: Project) -> shapes.Project:
    """Return what is shown of a project."""
    return shapes.Project.model_validate(project)


@projects.get("/projects")
@projects.input(ProjectParameters, location="query")
@projects.output(ProjectPage)
def list_projects(query_data: ProjectParameters) -> Response:
    """List the projects; a token that is for one project sees that one."""
    sees_all = may(Role.VIEWER)
    keep = None if sees_all else (lambda project: may(Role.VIEWER, project.project))
    listing = Listing(Project, Query(), {"project": ()}, counted=sees_all, keep=keep)
    return listed(listing, query_data, shape, ProjectPage, query_data.sort)


@projects.post("/projects")
@projects.input(NewProject)
@projects.output(shapes.Project, 201)
def begin_project(json_data: NewProject) -> Response:
    """Begin a project."""
    slug = folder_name(json_data.project, "project")
    with editing(f"project {slug}"):
        if store().get(Project, slug) is not None:
            raise Problem("conflict", f"There is a project {slug!r} already.")
        project = workspace().begin_project(slug, _known_engine(json_data.engine))
    return answer(shape(project), 201, location=url_for("projects.get_project", project=slug))


@projects.get("/engines")
@projects.output(shapes.EngineList)
def list_engines() -> Response:
    """List the engines that a project may begin with, and say which can run here. It keeps the one that it was begun with."""
    from ...engines import ENGINES

    reasons = {name: workspace().why_not(name) for name in ENGINES}
    items = [
        shapes.Engine(
            engine=name,
            about=found.about,
            is_default=name == workspace().settings.engine,
            runs=not reasons[name],
            why_not=reasons[name],
        )
        for name, found in ENGINES.items()
    ]
    return answer(shapes.EngineList(items=items))


@projects.get("/projects/<project>")
@projects.output(shapes.Project)
def get_project(project: str) -> Response:
    """Show a project."""
    return answer(shape(existing_project(project)))


@projects.patch("/projects/<project>")
@projects.input(ProjectChange)
@projects.output(shapes.Project)
def change_project(project: str, json_data: ProjectChange) -> Response:
    """Change the classifier or the settings of a project. Needs If-Match."""
    with editing(f"project {project}"):
        found = existing_project(project)
        check_match(shape(found))
        changes: dict[str, Any] = json_data.model_dump(exclude_none=True)
        changed = replace(found, **changes)
        store().put(changed)
    return answer(shape(changed))


def _known_engine(name: str) -> str | None:
    from ...engines import ENGINES

    if name and name not in ENGINES:
        raise Problem("invalid", f"There is no engine {name!r}. Choose one of: {', '.join(sorted(ENGINES))}.")
    return name or None
