"""The stage that takes down what people say of tracks and unknown people, and shows what follows from it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack

import click

from ..access import event_of
from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import ConfigError
from ..identities.appearances import Derived, derive_all, derive_if_complete
from ..identities.called import called
from ..identities.decisions import PIECE, active_decisions, anchors_of, check, new_id, rulings_of_unknown, targets_of
from ..identities.identification import analyses_of
from ..identities.owed import cause_of, settle
from ..identities.unknowns import aliases_of, analyses_with
from ..names import display_name, folder_name
from ..records import (
    Analysis,
    AuditEvent,
    Decision,
    Owed,
    Person,
    Project,
    ProjectVideo,
    Record,
    Target,
    Track,
    UnknownPerson,
    Verb,
)
from ..storage import Store
from ..timebase import parse_npt
from ..videos import find_analysis, find_video, read_samples
from ..workspace import Workspace


@dataclass(frozen=True, slots=True)
class DecideReport:
    """What a decision changed.

    Attributes:
        decision: As it was stored.
        derived: The appearances of every video that was derived anew.
    """

    decision: Decision
    derived: tuple[Derived, ...]


class Details(TypedDict, total=False):
    """What is said besides verb and target: what `prepared` takes.

    Attributes:
        person: Who it is or is not, by name; made where nobody has this name and the verb is `is`.
        other: The second track or unknown person.
        name: The new name, for `rename`.
        npt: Where to cut, for `split`.
        author: Who says so.
    """

    person: str
    other: Target | None
    name: str
    npt: float
    author: str


def run(workspace: Workspace, project: str, verb: Verb, target: Target, **details: Unpack[Details]) -> DecideReport:
    """Store a decision and derive anew what it touches: the videos of its tracks or unknown people, else all videos.

    Args:
        workspace: Where to work.
        project: Whose video or people.
        verb: What is said.
        target: Of what; see `track_target` and the other makers of targets.
        **details: See `Details`.

    Raises:
        ConfigError: The decision lacks something, or names what does not exist.
    """
    owner = workspace.project(project)
    decision = say(workspace, owner, verb, target, **details)
    return DecideReport(decision, derive(workspace, owner, decision))


def say(workspace: Workspace, owner: Project, verb: Verb, target: Target, **details: Unpack[Details]) -> Decision:
    """Store a decision; what follows from it is left to `derive`. The arguments are those of `run`.

    Raises:
        ConfigError: The decision lacks something, or names what does not exist.
    """
    decision = prepared(workspace, owner, verb, target, **details)
    keep(workspace, owner, [decision])
    return decision


def prepared(
    workspace: Workspace,
    owner: Project,
    verb: Verb,
    target: Target,
    *,
    person: str = "",
    other: Target | None = None,
    name: str = "",
    npt: float = 0.0,
    author: str = "",
) -> Decision:
    """Return a decision that may be kept; nothing is stored. The arguments are those of `run`.

    Raises:
        ConfigError: The decision lacks something, or names what does not exist.
    """
    person_id = _person_id(workspace, owner, person, new=verb is Verb.IS)
    decision = Decision(
        owner.project,
        new_id(),
        verb,
        target,
        person_id=person_id,
        name=name.strip(),
        npt=npt,
        other=other,
        author=author,
    )
    check(decision)
    _check_target(workspace, owner, decision)
    return decision


def keep(workspace: Workspace, owner: Project, decisions: Sequence[Decision], *told: AuditEvent) -> None:
    """Store decisions that were `prepared`, all or none, with the people that are new in them; what follows is owed then.

    Args:
        workspace: Where to work.
        owner: Whose.
        decisions: What is said; one at least.
        told: What else the audit log tells of them.
    """
    project = owner.project
    cause = cause_of([decision.decision_id for decision in decisions])
    records: list[Record] = [Owed(project, cause), *told]
    for person_id in dict.fromkeys(decision.person_id for decision in decisions if decision.person_id):
        if workspace.store.get(Person, project, person_id) is None:
            # Only now: what is refused leaves nobody behind.
            records.append(Person(project, person_id, display_name(person_id)))
    for decision in decisions:
        what = f"decision {decision.decision_id} {decision.verb}"
        said = event_of("decide", what, project=project, who=decision.author)
        records += [said, decision]
    workspace.store.put(*records)
    apply_names(workspace, owner)


def reaches_all(store: Store, decision: Decision) -> bool:
    """Say whether every video of the project may look different after a decision."""
    root = root_of(store, decision)
    return root is None or any(target.kind not in ("track", "unknown") for target in targets_of(root))


def root_of(store: Store, decision: Decision) -> Decision | None:
    """Return what a decision is about in the end: what an `undo`, or the undo of an undo, takes back or says again.

    None where that was erased.
    """
    found: Decision | None = decision
    while found is not None and found.verb is Verb.UNDO:
        found = store.get(Decision, found.project, found.target.decision_id)
    return found


def touched(workspace: Workspace, owner: Project, decision: Decision) -> Iterator[Analysis]:
    """Yield the analyses whose appearances are derived anew after a decision."""
    root = root_of(workspace.store, decision)
    if root is None or reaches_all(workspace.store, decision):
        yield from analyses_of(workspace, owner.project)
    else:
        yield from (_of_tracks(workspace, root) if root.target.kind == "track" else _of_unknown(workspace, owner, root))


def derive(workspace: Workspace, owner: Project, decision: Decision) -> tuple[Derived, ...]:
    """Derive the videos of tracks and unknown people, or all where the decision reaches further.

    Of a pair of tracks the first is derived twice, as each looks at the other. Nothing is owed for the decision afterwards.
    """
    reports = _derived(workspace, owner, decision)
    settle(workspace.store, owner.project, decision.decision_id)
    return reports


def _derived(workspace: Workspace, owner: Project, decision: Decision) -> tuple[Derived, ...]:
    settings = workspace.settings.clusterize
    if reaches_all(workspace.store, decision):
        return tuple(derive_all(workspace, owner, settings))
    found = list(touched(workspace, owner, decision))
    root = root_of(workspace.store, decision)
    if root is not None and root.target.kind == "track" and len(found) > 1:
        derive_if_complete(workspace, owner, found[0], settings)
        found.reverse()
    reports = [derive_if_complete(workspace, owner, analysis, settings) for analysis in found]
    return tuple(report for report in reports if report)


def _of_tracks(workspace: Workspace, decision: Decision) -> list[Analysis]:
    ids = list(dict.fromkeys(target.analysis_id for target in targets_of(decision) if target.kind == "track"))
    return [analysis for analysis_id in ids if (analysis := workspace.store.get(Analysis, analysis_id))]


def _of_unknown(workspace: Workspace, owner: Project, decision: Decision) -> list[Analysis]:
    """Return the analyses that show the unknown people of a decision, and those with tracks that take names from these."""
    store, project = workspace.store, owner.project
    active = active_decisions(store, project)
    said = {target.unknown_id for target in targets_of(decision)}
    # Also pairs that this very decision parts, or joins no more.
    pairs = [*rulings_of_unknown(active).unknown_same, *([tuple(said)] if len(said) == 2 else [])]
    alias = aliases_of([(pair[0], pair[-1]) for pair in pairs], said)
    lowest = {alias[number] for number in said}
    ids = analyses_with(store, project, (number for number, least in alias.items() if least in lowest))
    ids += sorted(_linked(active, set(ids)) - set(ids))
    counted = {member.analysis_id for member in store.find(ProjectVideo, project=project)}
    return [analysis for one in ids if one in counted and (analysis := store.get(Analysis, one))]


def _linked(decisions: Sequence[Decision], analyses: set[str]) -> set[str]:
    """Return the analyses of tracks that somebody said are one person with a track of these."""
    linked: set[str] = set()
    for decision in decisions:
        if decision.verb in (Verb.SAME_PERSON, Verb.MERGE) and decision.target.kind == "track":
            ids = {target.analysis_id for target in targets_of(decision) if target.kind == "track"}
            linked |= ids if ids & analyses else set()
    return linked


def track_target(workspace: Workspace, project: str, video: str, track_id: int) -> Target:
    """Return a track of an analysed video as the target of a decision, with what is needed to find it again.

    Args:
        workspace: Where the video was analysed.
        project: Whose engine the analysis is of.
        video: As it was given to the tracker.
        track_id: Of the track, or of a piece of one that was split.

    Raises:
        ConfigError: The video was not analysed, or has no such track.
    """
    owner = workspace.project(project)
    record, fragment = find_video(workspace.store, video)
    analysis = find_analysis(workspace.store, record, owner.engine, fragment, owner.project)
    track = workspace.store.get(Track, analysis.analysis_id, track_id % PIECE)
    if track is None:
        raise ConfigError(f"{record.locator} has no track {track_id}. Its tracks stand in trackers.csv.")
    anchors = anchors_of(read_samples(workspace.store, track))
    return Target("track", record.video_id, str(fragment), analysis.analysis_id, track_id, anchors)


def unknown_target(unknown_id: int) -> Target:
    """Return an unknown person as the target of a decision."""
    return Target("unknown", unknown_id=unknown_id)


def interval_target(workspace: Workspace, video: str, start_npt: float, end_npt: float) -> Target:
    """Return a stretch of an analysed video as the target of a decision.

    Raises:
        ConfigError: The video was not analysed, or the end is not after the start.
    """
    if not 0 <= start_npt < end_npt:
        raise ConfigError(f"The interval {start_npt:g} to {end_npt:g} s is empty. Give its start before its end.")
    record, fragment = find_video(workspace.store, video)
    return Target("interval", record.video_id, str(fragment), start_npt=start_npt, end_npt=end_npt)


def _person_id(workspace: Workspace, owner: Project, name: str, *, new: bool) -> str:
    """Return the id of a person by name, alias or folder; that of somebody new where there may be somebody new."""
    if not name:
        return ""
    known = called(workspace.store.find(Person, project=owner.project)).get(name)
    if known is not None:
        return known.person_id
    if not new:
        raise ConfigError(f'Project "{owner.project}" knows nobody called "{name}".')
    return folder_name(name)


def _check_target(workspace: Workspace, owner: Project, decision: Decision) -> None:
    """Refuse targets that do not exist."""
    store, project = workspace.store, owner.project
    for target in (decision.target, decision.other):
        if target is None:
            continue
        if target.kind == "unknown" and store.get(UnknownPerson, project, target.unknown_id) is None:
            raise ConfigError(f'Project "{project}" has no unknown person {target.unknown_id}.')
        if target.kind == "person" and store.get(Person, project, target.person_id) is None:
            raise ConfigError(f'Project "{project}" knows nobody with the id "{target.person_id}".')
        if target.kind == "decision" and store.get(Decision, project, target.decision_id) is None:
            raise ConfigError(f'Project "{project}" has no decision {target.decision_id}. List them with: decide list')
    if decision.verb is Verb.SPLIT:
        _check_cut(workspace, decision)
    if decision.verb is Verb.RENAME and decision.target.kind == "person":
        _check_name(workspace, decision)


def _check_name(workspace: Workspace, decision: Decision) -> None:
    """Refuse the name of somebody else: models and exports tell people by their names. An alias two may have."""
    bearer = called(workspace.store.find(Person, project=decision.project)).get(decision.name)
    if bearer is not None and bearer.name == decision.name and bearer.person_id != decision.target.person_id:
        raise ConfigError(f'Somebody else is called "{decision.name}". Choose a name that tells them apart.')


def _check_cut(workspace: Workspace, decision: Decision) -> None:
    track = workspace.store.get(Track, decision.target.analysis_id, decision.target.track_id % PIECE)
    if track is None or not track.start_npt < decision.npt <= track.end_npt:
        raise ConfigError(
            f"Track {decision.target.track_id} cannot be cut at {decision.npt:g} s: it is not seen on both sides."
        )


def apply_names(workspace: Workspace, owner: Project) -> None:
    """Bring the names of people and unknown people in line with the renamings that hold; old names become aliases."""
    store, project = workspace.store, owner.project
    renamed = [decision for decision in store.find(Decision, project=project) if decision.verb is Verb.RENAME]
    active = {decision.decision_id for decision in active_decisions(store, project)}
    people = {decision.target.person_id: "" for decision in renamed if decision.target.kind == "person"}
    unknown = {decision.target.unknown_id: "" for decision in renamed if decision.target.kind == "unknown"}
    for decision in renamed:
        if decision.decision_id in active and decision.target.kind == "person":
            people[decision.target.person_id] = decision.name
        elif decision.decision_id in active:
            unknown[decision.target.unknown_id] = decision.name
    for person_id, name in people.items():
        person = store.get(Person, project, person_id)
        if person is not None:
            new = name or display_name(person_id)
            aliases = tuple(dict.fromkeys(alias for alias in (*person.aliases, person.name) if alias != new))
            if (new, aliases) != (person.name, person.aliases):  # else somebody who edits them now would lose their words
                store.put(replace(person, name=new, aliases=aliases))
    for unknown_id, name in unknown.items():
        somebody = store.get(UnknownPerson, project, unknown_id)
        if somebody is not None and somebody.name != name:
            store.put(replace(somebody, name=name))


@click.command(context_settings=CONTEXT)
@click.argument("verb", type=click.Choice([*(verb.value for verb in Verb), "list"]))
@click.option("--project", required=True, help="Whose video or people.")
@click.option("--video", help="As it was given to the tracker.")
@click.option("--track", type=int, help="Track of the video.")
@click.option("--interval", help="Stretch of the video, as START,END.")
@click.option("--unknown_person", type=int, help="Number of an unknown person; with --track, whom it is or is not the same as.")
@click.option("--decision", help="Id of a decision, for undo.")
@click.option("--person", default="", help="Who it is or is not; for rename, who gets the new name.")
@click.option("--other", type=int, help="The second track or unknown person, for merge, same_person, not_same_person.")
@click.option("--other_video", help="Video of the second track [the same].")
@click.option("--name", default="", help="The new name, for rename.")
@click.option("--at", "npt", default="0", help="Where to cut, for split: seconds or h:mm:ss.")
@click.option("--author", default=None, help="Who says so [you].")
@config_option
def command(
    verb: str,
    project: str,
    video: str | None,
    track: int | None,
    interval: str | None,
    unknown_person: int | None,
    decision: str | None,
    person: str,
    other: int | None,
    other_video: str | None,
    name: str,
    npt: str,
    author: str | None,
    config: Path | None,
) -> None:
    """Say who a track or an unknown person is or is not; nothing said is ever lost, and undo takes it back."""
    with workspace_of(config) as workspace:
        if verb == "list":
            _print_list(workspace, project)
            return
        target = _target(workspace, project, video, track, interval, unknown_person, decision, person, verb)
        second = unknown_target(unknown_person) if unknown_person is not None and target.kind == "track" else None
        if other is not None:
            there = other_video or video or ""
            second = unknown_target(other) if target.kind == "unknown" else track_target(workspace, project, there, other)
        report = run(
            workspace,
            project,
            Verb(verb),
            target,
            person="" if target.kind == "person" else person,
            other=second,
            name=name,
            npt=parse_npt(npt),
            author=getpass.getuser() if author is None else author,
        )
    click.echo(f"Stored as {report.decision.decision_id}; {len(report.derived)} videos derived anew")
    for derived in report.derived:
        for lost in derived.lost:
            click.echo(f"{derived.video.locator}: the track of decision {lost.decision_id} is not found any more")


def _target(
    workspace: Workspace,
    project: str,
    video: str | None,
    track: int | None,
    interval: str | None,
    unknown_person: int | None,
    decision: str | None,
    person: str,
    verb: str,
) -> Target:
    """Return the one target that the flags name."""
    if decision is not None:
        return Target("decision", decision_id=decision)
    if unknown_person is not None and track is None:
        return unknown_target(unknown_person)
    if video is not None and track is not None:
        return track_target(workspace, project, video, track)
    if video is not None and interval is not None:
        start, _, end = interval.partition(",")
        return interval_target(workspace, video, parse_npt(start), parse_npt(end))
    if verb == Verb.RENAME and person:
        return Target("person", person_id=_person_id(workspace, workspace.project(project), person, new=False))
    raise click.UsageError("Say of what: --video and --track, --video and --interval, --unknown_person, or --decision.")


def _print_list(workspace: Workspace, project: str) -> None:
    owner = workspace.project(project)
    active = {decision.decision_id for decision in active_decisions(workspace.store, owner.project)}
    for decision in workspace.store.find(Decision, project=owner.project):
        target = decision.target
        of = {"track": f"track {target.track_id} of {target.video_id}", "unknown": f"unknown person {target.unknown_id}"}
        said = of.get(target.kind, target.person_id or target.decision_id or f"{target.start_npt:g} to {target.end_npt:g} s")
        state = "" if decision.decision_id in active or decision.verb is Verb.UNDO else " (undone)"
        what = " ".join(part for part in (decision.verb.value, decision.person_id or decision.name) if part)
        click.echo(f"{decision.decision_id}  {decision.created_at}  {decision.author}: {said} {what}{state}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "decide")


if __name__ == "__main__":
    sys.exit(main())
