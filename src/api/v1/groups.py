"""Groups: unknown people with all that was put to them, to be named, merged and split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...records import Appearance, Decision, Project, Target, UnknownPerson, UnknownTrack, Verb
from .. import shapes
from ..answers import answer
from ..choosing import titles_of, track_name
from ..context import existing_project, store, workspace
from ..ledgers import ledger_of
from ..paging import PageOf, PageParameters, cursor_of, linked, mark_of, of_types, place_of
from ..permissions import author
from ..problems import Problem, missing
from ..validation import Body, Parameters, Text
from .decisions import MAX_DECISIONS, report_of, track_target

if TYPE_CHECKING:
    from ...identities.groups import Group

groups = APIBlueprint("groups", __name__, url_prefix="/api/v1", tag="Unknown people")

TrackText = Annotated[str, Field(max_length=200)]


class GroupPage(PageOf[shapes.UnknownGroup]):
    """Some groups."""

    seconds: float = Field(description="How long all of them are to be seen")


class GroupAppearancePage(PageOf[shapes.GroupAppearance]):
    """Some appearances of a group."""


class GroupParameters(PageParameters):
    """How many groups are listed."""

    limit: int = Field(24, ge=1, le=200, description="At most so many groups")


class GroupAppearanceParameters(PageParameters):
    """How many appearances of a group are listed."""

    limit: int = Field(60, ge=1, le=200, description="At most so many appearances")


class AlikeParameters(Parameters):
    """How many are listed that look alike."""

    limit: int = Field(8, ge=1, le=50, description="At most so many groups, and so many people")


class Split(Body):
    """Tracks that are not the person of their group."""

    tracks: Annotated[list[TrackText], Field(min_length=1, max_length=MAX_DECISIONS, description="The `id` of each")]
    together: bool = Field(True, description="They are one other person; else each goes its own way")
    author: Annotated[Text, Field(max_length=200, description="Who says so")] = ""


@groups.get("/projects/<project>/groups")
@groups.input(GroupParameters, location="query")
@groups.output(GroupPage)
def list_groups(project: str, query_data: GroupParameters) -> Response:
    """List the unknown people of all videos of a project whom nobody named, the longest seen first."""
    from ...identities.groups import list_groups as listed

    owner = existing_project(project).project
    mark = mark_of("groups", owner)
    after = place_of(mark, query_data.cursor, of_types(float, int))
    place = None if after is None else (float(after[0]), int(after[1]))
    found = listed(ledger_of(owner), query_data.limit, place)
    following = None if found.end is None else cursor_of(mark, found.end)
    items = [_shape(owner, group) for group in found.groups]
    return linked(
        answer(GroupPage(items=items, next=following, total=found.n_groups, seconds=round(found.seconds, 3))), following
    )


@groups.get("/projects/<project>/groups/<int:unknown_id>")
@groups.output(shapes.UnknownGroup)
def get_group(project: str, unknown_id: int) -> Response:
    """Show a group, by any of its numbers."""
    owner = existing_project(project).project
    return answer(_shape(owner, _existing(owner, unknown_id)))


@groups.get("/projects/<project>/groups/<int:unknown_id>/appearances")
@groups.input(GroupAppearanceParameters, location="query")
@groups.output(GroupAppearancePage)
def list_group_appearances(project: str, unknown_id: int, query_data: GroupAppearanceParameters) -> Response:
    """List all appearances of a group, video by video."""
    from ...identities.groups import rows_of

    owner = existing_project(project).project
    _existing(owner, unknown_id)
    ledger = ledger_of(owner)
    mark = mark_of("group", owner, unknown_id)
    after = place_of(mark, query_data.cursor, of_types(str, int))
    keys = [
        (ledger.members[int(ledger.analyses[row])], int(ledger.columns.track_ids[row]))
        for row in rows_of(ledger, unknown_id).tolist()
    ]
    rest = [(member, track) for member, track in keys if after is None or (member.analysis_id, track) > after]
    shown = rest[: query_data.limit]
    titles = titles_of(member.video_id for member, _ in shown)
    items = []
    for member, track_id in shown:
        seen = store().get(Appearance, owner, member.analysis_id, track_id)
        if seen is not None:  # else it was derived anew in this very moment
            items.append(
                shapes.GroupAppearance(
                    id=track_name(member.analysis_id, track_id),
                    video_id=member.video_id,
                    fragment=member.fragment,
                    title=titles[member.video_id],
                    seconds=round(seen.end_npt - seen.start_npt, 3),
                    appearance=shapes.Appearance.model_validate(seen),
                )
            )
    following = cursor_of(mark, (shown[-1][0].analysis_id, shown[-1][1])) if len(rest) > len(shown) else None
    return linked(answer(GroupAppearancePage(items=items, next=following, total=len(keys))), following)


@groups.get("/projects/<project>/groups/<int:unknown_id>/alike")
@groups.input(AlikeParameters, location="query")
@groups.output(shapes.Alike)
def list_alike(project: str, unknown_id: int, query_data: AlikeParameters) -> Response:
    """List the groups and the named people that a group resembles most, without those that somebody said it is not."""
    from ...identities.groups import alike

    owner = existing_project(project)
    _existing(owner.project, unknown_id)
    found = alike(workspace(), owner, ledger_of(owner.project), unknown_id, query_data.limit)
    body = shapes.Alike(
        groups=[shapes.AlikeGroup(score=score, group=_shape(owner.project, group)) for group, score in found.groups],
        people=[shapes.AlikePerson(score=score, person_id=one.person_id, name=one.name) for one, score in found.people],
    )
    return answer(body)


@groups.post("/projects/<project>/groups/<int:unknown_id>/split")
@groups.input(Split)
@groups.output(shapes.SplitReport, 201)
def split_group(project: str, unknown_id: int, json_data: Split) -> Response:
    """Take tracks from a group, by decisions: to a new one, or each to whom it resembles and never back to this one."""
    from ...verbs.decide import keep

    owner = existing_project(project)
    group = _existing(owner.project, unknown_id)
    targets = [track_target(owner.project, track) for track in dict.fromkeys(json_data.tracks)]
    _check_members(owner, group, targets)
    number, verb = unknown_id, Verb.NOT_SAME_PERSON
    if json_data.together:
        number, verb = _begin(owner, targets).unknown_id, Verb.SAME_PERSON
    said = [_prepared(owner, verb, target, number, author(json_data.author)) for target in targets]
    keep(workspace(), owner, said)
    report = report_of(owner, said)
    return answer(shapes.SplitReport(unknown_id=number if json_data.together else None, **report), 201)


def _check_members(owner: Project, group: Group, targets: list[Target]) -> None:
    """Refuse tracks that were not put to a group: taking them from it would mean something else.

    Raises:
        Problem: One of them was not.
    """
    from ...identities.groups import rows_of

    ledger = ledger_of(owner.project)
    seen = {
        (ledger.members[int(ledger.analyses[row])].analysis_id, int(ledger.columns.track_ids[row]))
        for row in rows_of(ledger, group.unknown_id).tolist()
    }
    for target in targets:
        place = target.analysis_id, target.track_id
        entry = None if place in seen else store().get(UnknownTrack, owner.project, *place)
        if place not in seen and (entry is None or entry.unknown_id not in group.members):
            raise Problem("conflict", f"Track {track_name(*place)} is not of this group. Read the group again.")


def _begin(owner: Project, targets: list[Target]) -> UnknownPerson:
    from ...identities.decisions import PIECE
    from ...identities.unknowns import begin_unknown

    tracks: dict[str, list[int]] = {}
    for target in targets:
        tracks.setdefault(target.analysis_id, []).append(target.track_id % PIECE)
    return begin_unknown(workspace(), owner.project, tracks)


def _prepared(owner: Project, verb: Verb, target: Target, number: int, who: str) -> Decision:
    from ...verbs.decide import prepared

    return prepared(workspace(), owner, verb, target, other=Target("unknown", unknown_id=number), author=who)


def _existing(owner: str, unknown_id: int) -> Group:
    from ...identities.groups import find_group

    found = find_group(ledger_of(owner), unknown_id) if unknown_id.bit_length() <= 63 else None
    if found is None:
        raise missing("group of unknown people", unknown_id)
    return found


def _shape(owner: str, group: Group) -> shapes.UnknownGroup:
    person = store().get(UnknownPerson, owner, group.unknown_id)
    plain: dict[str, Any] = {name: getattr(group, name) for name in ("unknown_id", "seconds", "n_appearances", "n_videos")}
    return shapes.UnknownGroup(
        name=person.name if person else "",
        members=list(group.members),
        faces=[track_name(analysis_id, track_id) for analysis_id, track_id in group.faces],
        **plain,
    )
