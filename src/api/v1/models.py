"""Models: classifiers that were trained, and the report of each training."""

from __future__ import annotations

from typing import Literal

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field

from ...names import inside
from ...records import Model
from ...storage import Query
from .. import shapes
from ..answers import answer
from ..context import existing, existing_project, workspace
from ..media import file_response, sends
from ..paging import Listing, PageOf, PageParameters, listed
from ..problems import Problem
from ..validation import Parameters

models = APIBlueprint("models", __name__, url_prefix="/api/v1", tag="Models")

_REPORTS = {"json": ("report.json", "application/json"), "html": ("report.html", "text/html")}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""The report is one page with its style and pictures inside, and runs no script."""


class ModelPage(PageOf[shapes.Model]):
    """Some models."""


class ModelParameters(PageParameters):
    """How models are listed."""

    sort: Literal["model_id", "-model_id"] = Field("-model_id", description="Ids count up")


class ReportParameters(Parameters):
    """Which form a report has."""

    format: Literal["", "json", "html"] = Field("", description="As the header Accept says where empty")


def shape(model: Model) -> shapes.Model:
    """Return what is shown of a model."""
    return shapes.Model(
        project=model.project,
        model_id=model.model_id,
        engine=model.engine,
        classifier=model.classifier,
        people=list(model.people),
        n_images=len(model.images),
        thresholds=dict(model.thresholds),
        created_at=model.created_at,
    )


@models.get("/projects/<project>/models")
@models.input(ModelParameters, location="query")
@models.output(ModelPage)
def list_models(project: str, query_data: ModelParameters) -> Response:
    """List the models of a project, the newest first."""
    listing = Listing(Model, Query({"project": existing_project(project).project}), {"model_id": ()}, counted=True)
    return listed(listing, query_data, shape, ModelPage, query_data.sort)


@models.get("/projects/<project>/models/<model_id>")
@models.output(shapes.Model)
def get_model(project: str, model_id: str) -> Response:
    """Show a model."""
    return answer(shape(_existing(project, model_id)))


@models.get("/projects/<project>/models/<model_id>/report")
@models.input(ReportParameters, location="query")
@models.doc(responses=sends(*(kind for _, kind in _REPORTS.values()), what="The report"))
def get_report(project: str, model_id: str, query_data: ReportParameters) -> Response:
    """Return the report of a training, as JSON or as a page."""
    model = _existing(project, model_id)
    kinds = {kind: name for name, (_, kind) in _REPORTS.items()}
    accepted = request.accept_mimetypes.best_match(list(kinds), "") if request.accept_mimetypes else "application/json"
    wanted = query_data.format or kinds.get(accepted or "")
    if not wanted:
        raise Problem("not_acceptable", "A report is application/json or text/html.")
    file, kind = _REPORTS[wanted]
    response = file_response(inside(workspace().data_dir, f"{model.path}/{file}"), kind)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Vary"] = "Accept"
    return response


def _existing(project: str, model_id: str) -> Model:
    found: Model = existing(Model, "model", existing_project(project).project, model_id)
    return found
