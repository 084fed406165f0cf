"""What a project holds, how much room that takes, and the settings that it is worked on with."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from apiflask import APIBlueprint
from flask import Response, current_app

from ...settingtable import explained
from .. import shapes
from ..answers import answer
from ..context import existing_project, extracts, workspace

if TYPE_CHECKING:
    from ...insights.holdings import Holdings

holdings = APIBlueprint("holdings", __name__, url_prefix="/api/v1", tag="Projects")

_NAME = "facerec.holdings"
OF_PROJECT = ("engine", "classifier")
"""Settings that each project has of its own: the general ones are those that a new project begins with."""
CHANGEABLE = ("classifier",)


@holdings.get("/projects/<project>/summary")
@holdings.output(shapes.Summary)
def get_summary(project: str) -> Response:
    """Say how many of what a project holds, and what is new since its newest model."""
    name, kept = existing_project(project).project, _holdings()
    counts, news = kept.counts(name), kept.news(name)
    seen = counts.seen
    shape = shapes.Summary(
        people=counts.people,
        pictures=counts.pictures,
        training=counts.training,
        to_align=counts.to_align,
        videos=counts.videos,
        video_s=counts.video_s,
        unknown=counts.unknown,
        models=counts.models,
        decisions=counts.decisions,
        appearances=seen.n,
        named=seen.n_named,
        screen_s=seen.seconds,
        named_s=seen.named_s,
        since_model=shapes.SinceModel.model_validate(news) if news else None,
    )
    return answer(shape)


@holdings.get("/projects/<project>/storage")
@holdings.output(shapes.Storage)
def get_storage(project: str) -> Response:
    """Say how much room a project takes on disk. It is measured again after a minute."""
    room = _holdings().room(existing_project(project).project)
    return answer(shapes.Storage(items=[shapes.Room(what=what, **asdict(found)) for what, found in room.items()]))


@holdings.get("/projects/<project>/settings")
@holdings.output(shapes.SettingList)
def list_settings(project: str) -> Response:
    """List the settings that a project is worked on with, and what they mean. A PATCH of the project changes its own."""
    found = existing_project(project)
    items = [shapes.Setting.model_validate(setting) for setting in explained(workspace().settings)]
    for item in items:
        if item.name in OF_PROJECT:
            item.value, item.scope = getattr(found, item.name), "project"
            item.changeable = item.name in CHANGEABLE
    return answer(shapes.SettingList(items=items))


def _holdings() -> Holdings:
    from ...insights.holdings import Holdings

    """Return what the application that answers knows of its projects."""
    if _NAME not in current_app.extensions:
        current_app.extensions.setdefault(_NAME, Holdings(workspace(), extracts()))
    return cast(Holdings, current_app.extensions[_NAME])
