"""What a project has of its people, at a glance and one by one: pictures, appearances, screen time."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from ...insights.totals import PersonPictures, PersonTotals, SeenIn, appearances_of, pictures_of_people, totals_of
from .. import shapes
from ..answers import answer_plain
from ..context import existing_project, extracts, store
from .people import existing_person
from .videos import is_local

totals = APIBlueprint("totals", __name__, url_prefix="/api/v1", tag="People")


@totals.get("/projects/<project>/people-totals")
@totals.output(shapes.PeopleTotals)
def get_people_totals(project: str) -> Response:
    """Count the pictures, videos, appearances and seconds of everybody at once; those who have none of them are left out."""
    owner = existing_project(project).project
    pictures, seen = pictures_of_people(store(), owner), totals_of(extracts(), owner)
    items = [
        _line(person, pictures.get(person, PersonPictures()), seen.get(person, PersonTotals()))
        for person in sorted({*pictures, *seen})
    ]
    return answer_plain({"items": items})


@totals.get("/projects/<project>/people/<person_id>/appearances")
@totals.output(shapes.PersonAppearances)
def list_person_appearances(project: str, person_id: str) -> Response:
    """List where somebody is to be seen in all videos of a project, video by video; of very many the surest ones."""
    person = existing_person(project, person_id)
    found, total = appearances_of(store(), person.project, person.person_id)
    return answer_plain({"total": total, "videos": [_shown(seen) for seen in found]})


def _line(person: str, pictures: PersonPictures, seen: PersonTotals) -> dict[str, Any]:
    return {
        "person_id": person,
        "n_pictures": pictures.n_pictures,
        "n_training": pictures.n_training,
        "n_videos": seen.n_videos,
        "n_appearances": seen.n_appearances,
        "seconds": seen.seconds,
        "portrait": pictures.n_training > 0 or seen.n_appearances > 0,
    }


def _shown(seen: SeenIn) -> dict[str, Any]:
    video = seen.video
    return {
        "video_id": seen.member.video_id,
        "fragment": seen.member.fragment,
        "analysis_id": seen.member.analysis_id,
        "title": (video.title or video.locator) if video else "",
        "date": video.date if video else "",
        "locator": video.locator if video else "",
        "start_time": video.start_time if video else 0.0,
        "local": video is not None and is_local(video),
        "items": [{name: value for name, value in item.items() if name != "analysis_id"} for item in seen.items],
    }
