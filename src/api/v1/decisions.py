"""Decisions: what people say of tracks, intervals and unknown people. They are added and taken back, never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, url_for
from pydantic import Field

from ...identities.decisions import undone_ids
from ...records import Decision, Project, Target, Verb
from ...storage import Query
from .. import shapes
from ..answers import answer
from ..choosing import member_of, track_of_project, track_parts
from ..context import existing, existing_project, store, workspace
from ..deriving import follow, follow_all, told_of
from ..paging import Listing, PageOf, PageParameters, listed
from ..permissions import author
from ..problems import Problem
from ..validation import Body, Text
from .jobs import shape as shape_of_job
from .tracks import Seconds

decisions = APIBlueprint("decisions", __name__, url_prefix="/api/v1", tag="Decisions")

MAX_DECISIONS = 200
"""That are said in one request."""

Name = Annotated[Text, Field(max_length=200)]


class TrackTarget(Body):
    """A track, or a piece of one that was split."""

    kind: Literal["track"]
    track: Annotated[str, Field(max_length=200, description="Its `id`")]


class UnknownTarget(Body):
    """An unknown person."""

    kind: Literal["unknown"]
    unknown_id: Annotated[int, Field(ge=1, lt=2**63)]


class IntervalTarget(Body):
    """A stretch of a video."""

    kind: Literal["interval"]
    video_id: Annotated[str, Field(max_length=100)]
    fragment: Annotated[str, Field(max_length=200)] = ""
    start_npt: Seconds
    end_npt: Seconds


class PersonTarget(Body):
    """A person of the project, for `rename`."""

    kind: Literal["person"]
    person_id: Annotated[str, Field(max_length=200)]


class DecisionTarget(Body):
    """A decision, for `undo`."""

    kind: Literal["decision"]
    decision_id: Annotated[str, Field(max_length=100)]


AnyTarget = Annotated[TrackTarget | UnknownTarget | IntervalTarget | PersonTarget | DecisionTarget, Field(discriminator="kind")]


class NewDecision(Body):
    """Something to say. `ignore` says that a track is no face, or not to be shown."""

    verb: Annotated[Verb, Field(strict=False)]
    target: AnyTarget
    person: Annotated[Name, Field(description="Who it is or is not: name, alias or id; `is` makes a new person")] = ""
    other: Annotated[AnyTarget | None, Field(description="The second track or unknown person, for pairs")] = None
    name: Annotated[Name, Field(description="The new name, for `rename`")] = ""
    npt: Annotated[Seconds, Field(description="Where to cut, for `split`")] = 0.0
    author: Annotated[Name, Field(description="Who says so")] = ""


class NewDecisions(Body):
    """Several things to say at once."""

    decisions: Annotated[list[NewDecision], Field(min_length=1, max_length=MAX_DECISIONS)]


class DecisionPage(PageOf[shapes.Decision]):
    """Some decisions."""


class DecisionParameters(PageParameters):
    """How decisions are listed."""

    sort: Literal["decision_id", "-decision_id"] = Field("-decision_id", description="Ids sort by time")
    video_id: str = Field("", max_length=100, description="Only those about tracks and stretches of this video")
    verb: Verb | None = Field(None, description="Only those of this verb")


@decisions.get("/projects/<project>/decisions")
@decisions.input(DecisionParameters, location="query")
@decisions.output(DecisionPage)
def list_decisions(project: str, query_data: DecisionParameters) -> Response:
    """List what people said, the latest first. A page may be short where it is filtered; go on while there is a next one."""
    owner = existing_project(project).project
    undone, keep = undone_ids(store(), owner), _keeper(query_data)
    listing = Listing(Decision, Query({"project": owner}), {"decision_id": ()}, counted=keep is None, keep=keep)
    return listed(listing, query_data, lambda said: _shape(said, undone), DecisionPage, query_data.sort)


@decisions.get("/projects/<project>/decisions/<decision_id>")
@decisions.output(shapes.Decision)
def get_decision(project: str, decision_id: str) -> Response:
    """Show a decision."""
    owner = existing_project(project).project
    return answer(_shape(existing(Decision, "decision", owner, decision_id), undone_ids(store(), owner)))


@decisions.post("/projects/<project>/decisions")
@decisions.input(NewDecision)
@decisions.output(shapes.DecisionReport, 201)
def decide(project: str, json_data: NewDecision) -> Response:
    """Say who a track or an unknown person is or is not; the appearances that rest on it are derived anew.

    The decision holds at once. Where it touches many tracks they are derived by the `job` of the answer.
    """
    from ...verbs.decide import say

    known = existing_project(project)
    owner = known.project
    said = say(
        workspace(),
        known,
        json_data.verb,
        _target(owner, json_data.target),
        person=json_data.person,
        other=_target(owner, json_data.other) if json_data.other else None,
        name=json_data.name,
        npt=json_data.npt,
        author=author(json_data.author),
    )
    reports, job = follow(known, said)
    body = shapes.DecisionReport(
        decision=_shape(said, set()),
        changed=[derived.analysis.analysis_id for derived in reports],
        lost=sorted({lost.decision_id for derived in reports for lost in derived.lost}),
        job=shape_of_job(job) if job else None,
    )
    where = url_for("decisions.get_decision", project=owner, decision_id=said.decision_id)
    return told_of(answer(body, 201, location=where), job)


@decisions.post("/projects/<project>/decisions/several")
@decisions.input(NewDecisions)
@decisions.output(shapes.DecisionsReport, 201)
def decide_several(project: str, json_data: NewDecisions) -> Response:
    """Say several things, in this order; each video that they touch is derived once.

    All are looked at first: where one of them cannot be said, none is. People go by the names that they have before.
    """
    from ...verbs.decide import keep, prepared

    owner = existing_project(project)
    targets = [
        (_target(owner.project, one.target), _target(owner.project, one.other) if one.other else None)
        for one in json_data.decisions
    ]
    said = [
        prepared(
            workspace(),
            owner,
            one.verb,
            target,
            person=one.person,
            other=other,
            name=one.name,
            npt=one.npt,
            author=author(one.author),
        )
        for one, (target, other) in zip(json_data.decisions, targets, strict=True)
    ]
    keep(workspace(), owner, said)
    return answer(shapes.DecisionsReport(**report_of(owner, said)), 201)


def report_of(owner: Project, said: Sequence[Decision]) -> dict[str, Any]:
    """Derive what decisions touch, which are stored already, and return the fields of `shapes.DecisionsReport`."""
    reports, jobs = follow_all(owner, said)
    return {
        "decisions": [_shape(one, set()) for one in said],
        "changed": [derived.analysis.analysis_id for derived in reports],
        "lost": sorted({lost.decision_id for derived in reports for lost in derived.lost}),
        "jobs": [shape_of_job(job) for job in jobs],
    }


def _keeper(wanted: DecisionParameters) -> Callable[[Decision], bool] | None:
    """Return what says of a decision whether it is wanted, or None where all are."""
    if not wanted.video_id and wanted.verb is None:
        return None

    def keep(said: Decision) -> bool:
        targets = [said.target, *([said.other] if said.other else [])]
        is_there = not wanted.video_id or any(target.video_id == wanted.video_id for target in targets)
        return is_there and wanted.verb in (None, said.verb)

    return keep


def _shape(decision: Decision, undone: set[str]) -> shapes.Decision:
    plain: dict[str, Any] = {name: getattr(decision, name) for name in shapes.Decision.model_fields if name != "undone"}
    return shapes.Decision.model_validate({**plain, "undone": decision.decision_id in undone}, from_attributes=True)


def _target(owner: str, given: AnyTarget) -> Target:
    """Return the target of a decision as it is stored.

    Raises:
        Problem: It names what is not there, or not in this project.
    """
    if isinstance(given, TrackTarget):
        return track_target(owner, given.track)
    if isinstance(given, UnknownTarget):
        return Target("unknown", unknown_id=given.unknown_id)
    if isinstance(given, IntervalTarget):
        member_of(owner, given.video_id, given.fragment)
        if not given.start_npt < given.end_npt:
            raise Problem("invalid", "The interval is empty. Give its start before its end.")
        return Target("interval", given.video_id, given.fragment, start_npt=given.start_npt, end_npt=given.end_npt)
    if isinstance(given, PersonTarget):
        return Target("person", person_id=given.person_id)
    return Target("decision", decision_id=given.decision_id)


def track_target(owner: str, name: str) -> Target:
    """Return a track of a project as the target of a decision, by what it is called in addresses.

    Raises:
        Problem: There is none, or it is of no video of this project.
    """
    from ...identities.decisions import anchors_of
    from ...videos import read_samples

    track, member = track_of_project(owner, name)
    anchors = anchors_of(read_samples(store(), track))
    return Target("track", member.video_id, member.fragment, track.analysis_id, track_parts(name)[1], anchors)
