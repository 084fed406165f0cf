"""Review: the doubtful decisions of the model that matter most, over all videos of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Appearance
from .. import shapes
from ..answers import answer
from ..choosing import titles_of, track_name
from ..context import existing_project, store
from ..ledgers import ledger_of
from ..paging import PageOf, PageParameters, cursor_of, linked, mark_of, of_types, place_of

if TYPE_CHECKING:
    from ...identities.review import Item

review = APIBlueprint("review", __name__, url_prefix="/api/v1", tag="Review")


class ReviewPage(PageOf[shapes.ReviewItem]):
    """Some of what is to be looked at."""

    seconds_left: float = Field(description="How long all of it is to be seen")
    seconds: float = Field(description="The same of everybody, those too that are settled")


class ReviewParameters(PageParameters):
    """What is to be looked at."""

    limit: int = Field(20, ge=1, le=100, description="At most so many items")
    video_id: str = Field("", max_length=100, description="Only in this video")
    person_id: str = Field("", max_length=200, description="Only what was taken for this person")


@review.get("/projects/<project>/review")
@review.input(ReviewParameters, location="query")
@review.output(ReviewPage)
def list_review(project: str, query_data: ReviewParameters) -> Response:
    """List what the model doubts, by screen time times doubt, the heaviest first; nothing that people said something of."""
    owner = existing_project(project).project
    video_id, person_id = query_data.video_id, query_data.person_id
    mark = mark_of("review", owner, video_id, person_id)
    after = place_of(mark, query_data.cursor, of_types(float, str, int))
    place = None if after is None else (float(after[0]), str(after[1]), int(after[2]))
    from ...identities.review import queue

    found = queue(ledger_of(owner), query_data.limit, after=place, video_id=video_id, person_id=person_id)
    titles = titles_of(item.video_id for item in found.items)
    items = [shape for item in found.items if (shape := _shape(owner, item, titles)) is not None]
    following = None if found.end is None else cursor_of(mark, found.end)
    page = ReviewPage(
        items=items,
        next=following,
        total=found.n_left,
        seconds_left=round(found.seconds_left, 3),
        seconds=round(found.seconds, 3),
    )
    return linked(answer(page), following)


def _shape(owner: str, item: Item, titles: dict[str, str]) -> shapes.ReviewItem | None:
    """Return what is shown of an item; None where it was derived anew in this very moment."""
    seen = store().get(Appearance, owner, item.analysis_id, item.track_id)
    if seen is None:
        return None
    return shapes.ReviewItem(
        id=track_name(item.analysis_id, item.track_id),
        video_id=item.video_id,
        fragment=item.fragment,
        title=titles[item.video_id],
        seconds=round(seen.end_npt - seen.start_npt, 3),
        doubt=item.doubt,
        weight=round(item.weight, 4),
        appearance=shapes.Appearance.model_validate(seen),
    )
