"""Analyses: what was seen in a video, with which engine and how densely; and the shots it was divided into."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Analysis, Shot
from ...storage import Query
from .. import shapes
from ..answers import answer
from ..context import existing
from ..paging import Listing, PageOf, PageParameters, listed
from ..permissions import only_used
from .tracks import MAX_NPT, From, To

analyses = APIBlueprint("analyses", __name__, url_prefix="/api/v1", tag="Analyses")


class AnalysisPage(PageOf[shapes.Analysis]):
    """Some analyses."""


class ShotPage(PageOf[shapes.Shot]):
    """Some shots."""


class AnalysisParameters(PageParameters):
    """Which analyses are listed."""

    video_id: str = Field("", max_length=100, description="Only those of this video")


class ShotParameters(PageParameters):
    """Which shots are listed."""

    from_npt: From = 0.0
    to_npt: To = MAX_NPT


def shape(analysis: Analysis) -> shapes.Analysis:
    """Return what is shown of an analysis."""
    return shapes.Analysis.model_validate(analysis)


@analyses.get("/analyses")
@analyses.input(AnalysisParameters, location="query")
@analyses.output(AnalysisPage)
def list_analyses(query_data: AnalysisParameters) -> Response:
    """List the analyses, of all videos or of one; a token that is for one project sees those of the videos that it uses."""
    keep = only_used()
    query = Query({"video_id": query_data.video_id} if query_data.video_id else {}, omit=frozenset({"checkpoint"}))
    return listed(Listing(Analysis, query, counted=keep is None, keep=keep), query_data, shape, AnalysisPage)


@analyses.get("/analyses/<analysis_id>")
@analyses.output(shapes.Analysis)
def get_analysis(analysis_id: str) -> Response:
    """Show an analysis and where it stands."""
    return answer(shape(existing(Analysis, "analysis", analysis_id)))


@analyses.get("/analyses/<analysis_id>/shots")
@analyses.input(ShotParameters, location="query")
@analyses.output(ShotPage)
def list_shots(analysis_id: str, query_data: ShotParameters) -> Response:
    """List the shots of an analysis between two times, in their order."""
    existing(Analysis, "analysis", analysis_id)
    query = Query(
        {"analysis_id": analysis_id}, at_least={"end_npt": query_data.from_npt}, below={"start_npt": query_data.to_npt}
    )
    listing = Listing(Shot, query, {"start_npt": ("start_npt",)})
    return listed(listing, query_data, shapes.Shot.model_validate, ShotPage)
