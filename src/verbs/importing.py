"""The stage that reads files of other programs back: what they say anew becomes decisions of whoever brings them."""

from __future__ import annotations

import getpass
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ..access import event_of
from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..errors import AnnotationError, ConfigError
from ..export import READABLE, Document, document_of
from ..export.document import Seen, one_line
from ..export.edits import Edit, Edits, edits_of
from ..export.reading import MAX_BYTES, Claim, Reading, Source, decoded
from ..export.sniffing import format_of
from ..identities.appearances import derive_if_complete
from ..identities.decisions import PIECE, active_decisions, anchors_of
from ..identities.owed import cause_of, settle
from ..records import Analysis, AuditEvent, Decision, Person, Project, Target, Track, Verb
from ..videos import find_analysis, find_video, read_samples
from ..workspace import Workspace
from .decide import keep, prepared

_TICK_S = 0.001


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a file brought.

    Attributes:
        decisions: What the file says anew, as it was stored, or would be.
        n_same: How much of it was known.
        notes: What cannot be followed: where, why, and what to do instead.
        told: What the audit log tells of it: which file, and how much of it is news.
    """

    decisions: tuple[Decision, ...]
    n_same: int
    notes: tuple[str, ...]
    told: AuditEvent


def run(
    workspace: Workspace,
    path: Path,
    project: str,
    video: str,
    *,
    format_name: str = "",
    author: str = "",
    keep_missing: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Read a file about a video, store what it says anew as decisions, and derive who appears anew.

    Args:
        workspace: Where to work.
        path: The file.
        project: Whose names.
        video: As it was given to the tracker.
        format_name: Of the file; empty where it tells by itself.
        author: Who says so.
        keep_missing: Whether what a file that was exported here lacks now is left as it is, and not taken as hidden.
        dry_run: Whether nothing is stored.

    Raises:
        ConfigError: There is no such project or video, or the file cannot be read; the message says where it is wrong.
    """
    owner = workspace.project(project)
    record, fragment = find_video(workspace.store, video)
    analysis = find_analysis(workspace.store, record, owner.engine, fragment, owner.project)
    source = read_source(path)
    report = said_by(workspace, owner, analysis, source, format_name, author, keep_missing=keep_missing)
    if not dry_run and report.decisions:
        keep(workspace, owner, report.decisions, report.told)
        derive_if_complete(workspace, owner, analysis, workspace.settings.clusterize)
        settle(workspace.store, owner.project, cause_of([decision.decision_id for decision in report.decisions]))
    return report


def said_by(
    workspace: Workspace,
    owner: Project,
    analysis: Analysis,
    source: Source,
    format_name: str = "",
    author: str = "",
    *,
    keep_missing: bool = False,
) -> ImportReport:
    """Return what a file says anew of an analysis; nothing is stored. The arguments are those of `run`.

    Raises:
        ConfigError: The file cannot be read; the message says where it is wrong.
    """
    chosen = format_of(source, format_name)
    assert chosen.read is not None, "only formats that can be read are chosen"
    document = document_of(workspace.store, owner.project, analysis)
    reading = _by_name(chosen.read(source), list(workspace.store.find(Person, project=owner.project)))
    found = edits_of(document, reading, keep_missing=keep_missing)
    decisions = _Decider(workspace, owner, document, author).decisions(found)
    # By its content: a name of a file may be that of somebody.
    digest = hashlib.sha256(source.text.encode()).hexdigest()[:16]
    name = next(name for name, known in READABLE.items() if known is chosen)
    what = f"video {document.video.video_id} {name} sha256 {digest} decisions {len(decisions)}"
    told = event_of("import", what, project=owner.project, who=author)
    return ImportReport(tuple(decisions), found.n_same, tuple(found.notes), told)


def said_by_bytes(
    workspace: Workspace, project: str, analysis_id: str, data: bytes, name: str, *more: str, keep_missing: bool
) -> ImportReport:
    """Do what `said_by` does with the bytes of a file: what goes from one process to another one.

    Args:
        workspace: Where to work.
        project: Whose names.
        analysis_id: What the file is about.
        data: The file.
        name: Of the file, for messages.
        more: Its format, and who says so.
        keep_missing: As for `run`.

    Raises:
        ConfigError: The file cannot be read, or the analysis is gone.
    """
    analysis = workspace.store.get(Analysis, analysis_id)
    if analysis is None:
        raise ConfigError(f"There is no analysis {analysis_id}.")
    return said_by(workspace, workspace.project(project), analysis, decoded(data, name), *more, keep_missing=keep_missing)


def read_source(path: Path) -> Source:
    """Return the text of a file.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} has more than {MAX_BYTES:,} bytes. Divide it into several files.")
        return decoded(path.read_bytes(), path.name)
    except OSError as err:
        raise ConfigError(f"{path} cannot be read: {err.strerror}. Check the path.") from err


def _by_name(reading: Reading, people: Sequence[Person]) -> Reading:
    """Return a file with people by their names whom it gives only by an address; whom nobody knows by it is told."""
    names = {person.uri: one_line(person.name) for person in people if person.uri}
    claims, notes = list[Claim](), list(reading.notes)
    for claim in reading.claims:
        if not claim.name.startswith(("http://", "https://")):
            claims.append(claim)
        elif claim.name in names:
            claims.append(replace(claim, name=names[claim.name]))
        else:
            notes.append(f"{claim.where}: the project knows nobody by the address {claim.name}. Add a name, or the person.")
    return replace(reading, claims=tuple(claims), notes=tuple(notes))


class _Decider:
    """Turns edits into decisions."""

    def __init__(self, workspace: Workspace, owner: Project, document: Document, author: str) -> None:
        self._workspace, self._owner, self._document, self._author = workspace, owner, document, author
        self._said = {seen.number: seen for seen in document.people if seen.number < 0}
        # Files have names in one line; who has such a name is meant by it.
        people = workspace.store.find(Person, project=owner.project)
        self._names = {one_line(person.name): person.name for person in people}

    def decisions(self, found: Edits) -> list[Decision]:
        """Return the decisions of edits; what cannot be said becomes a note."""
        decisions: list[Decision] = []
        for edit in found.edits:
            try:
                decisions += self._decisions(edit)
            except AnnotationError as err:
                found.notes.append(f"{edit.where}: {err}")
        return decisions

    def _decisions(self, edit: Edit) -> list[Decision]:
        taken_back = [self._prepared(Verb.UNDO, target) for target in self._said_before(edit)]
        if edit.verb is Verb.UNDO:
            return taken_back
        name = self._names.get(edit.name, edit.name)
        if edit.interval is not None:
            start, end = edit.interval
            video, analysis = self._document.video, self._document.analysis
            target = Target("interval", video.video_id, analysis.fragment, start_npt=start, end_npt=end)
            return [*taken_back, self._prepared(edit.verb, target, name)]
        other = self._track(edit.other) if edit.other is not None else None
        return [self._prepared(edit.verb, self._track(edit.track or 0), name, other)]

    def _prepared(self, verb: Verb, target: Target, name: str = "", other: Target | None = None) -> Decision:
        return prepared(self._workspace, self._owner, verb, target, person=name, other=other, author=self._author)

    def _track(self, track_id: int) -> Target:
        analysis = self._document.analysis
        track = self._workspace.store.get(Track, analysis.analysis_id, track_id % PIECE)
        if track is None:
            raise ConfigError(f"there is no track {track_id}.")
        anchors = anchors_of(read_samples(self._workspace.store, track))
        return Target("track", analysis.video_id, analysis.fragment, analysis.analysis_id, track_id, anchors)

    def _said_before(self, edit: Edit) -> list[Target]:
        """Return the statement that an edit takes the place of, as the target of an undo."""
        seen = self._said.get(edit.said)
        if seen is None:
            return []
        active = active_decisions(self._workspace.store, self._owner.project)
        return [Target("decision", decision_id=decision.decision_id) for decision in active if self._is_of(decision, seen)][-1:]

    def _is_of(self, decision: Decision, seen: Seen) -> bool:
        target = decision.target
        return (
            decision.verb is Verb.IS
            and (target.kind, target.video_id) == ("interval", self._document.video.video_id)
            and decision.person_id == seen.person_id
            and abs(target.start_npt - seen.start_npt) < _TICK_S
            and (abs(target.end_npt - seen.end_npt) < _TICK_S or target.end_npt >= self._document.duration)
        )


@click.command(context_settings=CONTEXT)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--project", required=True, help="Whose names.")
@click.option("--video", required=True, help="As it was given to the tracker.")
@click.option("--format", "format_name", type=click.Choice(tuple(READABLE)), help="Of the file [it tells by itself].")
@click.option("--author", default=None, help="Who says so [you].")
@click.option("--keep_missing", is_flag=True, help="Leave what an exported file lacks now as it is, instead of hiding it.")
@click.option("--dry_run", is_flag=True, help="Say what would be stored, and store nothing.")
@config_option
def command(
    file: Path,
    project: str,
    video: str,
    format_name: str | None,
    author: str | None,
    keep_missing: bool,
    dry_run: bool,
    config: Path | None,
) -> None:
    """Read a file of another program back: what it says anew becomes decisions, which undo takes back."""
    with workspace_of(config) as workspace:
        report = run(
            workspace,
            file,
            project,
            video,
            format_name=format_name or "",
            author=getpass.getuser() if author is None else author,
            keep_missing=keep_missing,
            dry_run=dry_run,
        )
    for decision in report.decisions:
        click.echo(_told(decision))
    for note in report.notes:
        click.echo(note, err=True)
    done = "would be stored" if dry_run else "stored"
    click.echo(f"{len(report.decisions)} decisions {done}; {report.n_same} claims were known; {len(report.notes)} not followed")


def _told(decision: Decision) -> str:
    target = decision.target
    of = {"track": f"track {target.track_id}", "decision": f"decision {target.decision_id}"}
    what = of.get(target.kind, f"{target.start_npt:g} to {target.end_npt:g} s")
    return " ".join(part for part in (what, decision.verb.value, decision.person_id) if part)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "import")


if __name__ == "__main__":
    sys.exit(main())
