"""The stage that erases a person from a project, with a receipt, and photos that were kept for too long."""

from __future__ import annotations

import getpass
import html
import json
import re
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ..access import note
from ..cli import CONTEXT, config_option, run_command, workspace_of
from ..disk.files import write_json
from ..disk.pictures import PHOTO_SUFFIXES
from ..disk.thumbnails import forget as forget_thumbnails
from ..errors import ConfigError, StorageError
from ..identities.called import called
from ..identities.decisions import PIECE, active_decisions
from ..identities.forgetting import DERIVED_FILES, FRAMES, derive_without_names_at_worst, forget_tracks, with_other_analyses
from ..identities.identification import analyses_of
from ..identities.traces import forget_in_notices, forget_jobs
from ..names import display_name, folder_name
from ..records import (
    Analysis,
    Appearance,
    Decision,
    Identification,
    IdentificationPart,
    Image,
    Model,
    Person,
    Project,
    UnknownPerson,
    Verb,
    Video,
    now,
    stable_id,
)
from ..training.lessons import read_lesson, teaching_analyses
from ..training.report import NUMBERS, PAGE
from ..training.trainingset import DISABLED_FILE, TrainingSet, person_of, writing
from ..workspace import Workspace

RECEIPTS = "receipts"
_MODEL_META = "model.json"
_OPAQUE = frozenset({".m4v", ".mkv", ".mov", ".mp4", ".parquet", ".zip"})
"""Exports that may hold a name where no text shows it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased. It does not name the person.

    Attributes:
        receipt_id: Name of its file.
        project: The project's slug.
        person_key: Fingerprint of project and person: who knows both can check that this receipt is the person's.
        created_at, author: When, and who asked for it.
        forget_embeddings: Whether the faces in videos were forgotten too, or only their name.
        scrubbed: Whether the database's file was written anew without what was deleted. A MongoDB server does that
            by itself, sooner or later.
        counts: How many of each kind were erased, changed or deleted in this run.
    """

    receipt_id: str
    project: str
    person_key: str
    created_at: str
    author: str
    forget_embeddings: bool
    scrubbed: bool
    counts: Mapping[str, int]

    @property
    def found(self) -> bool:
        """Whether there was anything to erase."""
        return any(self.counts.values())


@dataclass(frozen=True, slots=True)
class Expired:
    """What became too old in a project.

    Attributes:
        project: The project's slug.
        n_images: Photos that were erased, with their aligned faces.
        n_models: Models that rested on one of them and were deleted.
        n_undated: Photos whose date cannot be read; they were left alone.
    """

    project: str
    n_images: int
    n_models: int
    n_undated: int


def run(workspace: Workspace, project: str, person: str, *, forget_embeddings: bool = False, author: str = "") -> Receipt:
    """Erase a person from a project: files and records, as if nobody had ever named them.

    Every step can be repeated. After an interruption the same command erases what is left, with a receipt of just that.

    Args:
        workspace: Where to work.
        project: Whose person.
        person: By name, alias or folder; also one whose record is gone already.
        forget_embeddings: Also forget the tracks that were taken for them, in every project that uses the same analyses.
        author: Who asked for it.

    Raises:
        ConfigError: The project does not exist.
        InvalidNameError: Nobody can have this name.
        StorageError: Disk or store cannot be written, or another process is at work in the database.
    """
    owner = workspace.project(project)
    eraser = _Eraser(workspace, owner, *_identity(workspace, owner, person))
    eraser.run(forget_embeddings)
    try:
        scrubbed = workspace.store.scrub()
    except StorageError:
        # What was erased is erased; a run that scrubs has nothing more to count.
        _write_receipt(workspace, owner, eraser, forget_embeddings, False, author)
        raise
    return _write_receipt(workspace, owner, eraser, forget_embeddings, scrubbed, author)


def run_expired(workspace: Workspace, project: str | None = None, author: str = "") -> list[Expired]:
    """Erase the photos that were fetched or made more than `retention_days` ago, and the models that rest on them.

    Args:
        workspace: Where to work; its settings say how long photos are kept.
        project: Whose photos; those of all projects where None.
        author: Who asked for it.

    Raises:
        ConfigError: Photos are kept for ever, or the project does not exist.
        StorageError: Disk or store cannot be written.
    """
    days = workspace.settings.retention_days
    if days is None:
        raise ConfigError("retention_days is not set: photos are kept for ever. Set it in config/config.yaml.")
    owners = [workspace.project(project)] if project else list(workspace.store.find(Project))
    latest = datetime.now(UTC) - timedelta(days=days)
    reports = [_expire(workspace, owner, latest) for owner in owners]
    for report in reports:
        if report.n_images:
            what = f"{report.n_images} photos older than {days} days"
            note(workspace.store, "erase.expired", what, project=report.project, who=author)
    if any(report.n_images for report in reports):
        workspace.store.scrub()
    return reports


def person_key(project: str, person_id: str) -> str:
    """Return the fingerprint that stands for a person in a receipt.

    It proves to whoever knows the name that the receipt is about them, which is what a receipt is for. It is no secret:
    whoever suspects a name can try it.
    """
    return stable_id("erased", project, person_id)


def _identity(workspace: Workspace, owner: Project, name: str) -> tuple[str, frozenset[str]]:
    """Return the id of a person and all names that they go by."""
    person = called(workspace.store.find(Person, project=owner.project)).get(name)
    if person is not None:
        names = {person.name, *person.aliases, person.person_id, display_name(person.person_id)}
        return person.person_id, frozenset(names)
    person_id = folder_name(name)
    return person_id, frozenset({name, person_id, display_name(person_id)})


class _Eraser:
    """Erases one person, step by step; what later steps need to find things by is erased last."""

    def __init__(self, workspace: Workspace, owner: Project, person_id: str, names: frozenset[str]) -> None:
        self._workspace, self._store, self._owner = workspace, workspace.store, owner
        self._training_set = TrainingSet(workspace, owner.project)
        self.person_id, self.names = person_id, names
        self.counts: Counter[str] = Counter()

    def run(self, forget_embeddings: bool) -> None:
        """Erase."""
        if forget_embeddings:
            tracks = with_other_analyses(self._workspace, self._tracks())
            n_tracks, n_embeddings = forget_tracks(self._workspace, self._owner, tracks)
            self.counts.update(tracks=n_tracks, embeddings=n_embeddings)
            _remove(self._workspace.data_dir / "index")
            # All of them: older ones of an analysis that was made anew may lie under the number of somebody else.
            forget_thumbnails(self._workspace.data_dir)
        self._pictures()
        self._files()
        self._queries()
        rests = [model for model in self._store.find(Model, project=self._owner.project) if self._knows(model)]
        self.counts["models"] += delete_models(self._workspace, rests)
        self._stray_models()
        self._reports()
        self._appearances_of_old_analyses()
        self._frames()
        self._decisions()
        self._unknown_names()
        self._derive()
        self._other_outputs()
        self.counts["notices"] += forget_in_notices(self._store, self._owner.project, self.names, self._is_named)
        self.counts["jobs"] += forget_jobs(self._store, self._owner.project, self._is_named)
        self.counts["people"] += self._store.delete(Person, project=self._owner.project, person_id=self.person_id)

    def _tracks(self) -> dict[str, set[int]]:
        """Return the whole tracks that were taken for the person, by analysis."""
        tracks: dict[str, set[int]] = defaultdict(set)
        for seen in self._store.find(Appearance, project=self._owner.project, person_id=self.person_id):
            tracks[seen.analysis_id] |= {track_id % PIECE for track_id in seen.merged_tracks}
        decisions = active_decisions(self._store, self._owner.project)
        for analysis in teaching_analyses(self._workspace, self._owner, decisions):
            lesson = read_lesson(self._store, self._owner, analysis, decisions)
            said = [track_id for track_id, who in lesson.confirmed.items() if who.person_id == self.person_id]
            tracks[analysis.analysis_id] |= {track_id % PIECE for track_id in said}
        return {analysis_id: found for analysis_id, found in tracks.items() if found}

    def _pictures(self) -> None:
        """Delete photos and aligned faces, each file before its record."""
        for image in self._training_set.images(self.person_id):
            erase_image(self._workspace, image)
            self.counts["pictures"] += 1

    def _files(self) -> None:
        """Delete the person's folders with whatever is left in them, and their lines in the list of disabled pictures."""
        project = self._owner.project
        for root in (self._workspace.training_dir(project), self._workspace.aligned_dir(project)):
            for folder in [entry for entry in root.glob("*") if entry.is_dir() and person_of(entry) == self.person_id]:
                self.counts["files"] += sum(path.is_file() for path in folder.rglob("*"))
                _remove(folder)
        listing = self._workspace.aligned_dir(project) / DISABLED_FILE
        if listing.is_file():
            lines = listing.read_text(encoding="utf-8-sig", errors="replace").splitlines(keepends=True)
            kept = [line for line in lines if not self._names_folder(line)]
            if len(kept) < len(lines):
                with writing(listing):
                    listing.write_text("".join(kept), encoding="utf-8")

    def _names_folder(self, line: str) -> bool:
        parts = line.partition("#")[0].strip().replace("\\", "/").split("/")
        return any(person_of(Path(part)) == self.person_id for part in parts[:-1] if part) or self._is_named(line)

    def _queries(self) -> None:
        """Forget that pictures of other people were found by searching for this one."""
        for image in list(self._store.find(Image, project=self._owner.project)):
            if image.provenance.query in self.names:
                self._store.put(replace(image, provenance=replace(image.provenance, query="")))
                self.counts["queries"] += 1

    def _knows(self, model: Model) -> bool:
        own = f"{self.person_id}/"
        return bool(self.names & set(model.people)) or any(image.startswith(own) for image in model.images)

    def _stray_models(self) -> None:
        """Delete folders of models whose record is gone already, and those that a training left unfinished."""
        for folder in self._workspace.classifier_dir(self._owner.project).glob("*"):
            if folder.is_dir() and (folder.name.startswith(".") or self.names & _people_of(folder)):
                _remove(folder)
                self.counts["files"] += 1

    def _reports(self) -> None:
        """Delete training reports that name the person, those of later models among them, which tell who is gone."""
        root = self._workspace.classifier_dir(self._owner.project)
        for folder in (root, *(entry for entry in root.glob("*") if entry.is_dir())):
            files = [folder / name for name in (PAGE, NUMBERS) if (folder / name).is_file()]
            if any(self._is_named(html.unescape(_text(path))) for path in files):
                for path in files:
                    with writing(path):
                        path.unlink()
                    self.counts["files"] += 1

    def _appearances_of_old_analyses(self) -> None:
        """Delete what was derived of analyses that do not count any more: nobody derives it anew."""
        current = {analysis.analysis_id for analysis in analyses_of(self._workspace, self._owner.project)}
        project = self._owner.project
        old = {seen.analysis_id for seen in self._store.find(Appearance, project=project)} - current
        self.counts["appearances"] += self._n_appearances()
        for analysis_id in old:
            self._store.delete(Appearance, project=project, analysis_id=analysis_id)

    def _n_appearances(self) -> int:
        return self._store.count(Appearance, project=self._owner.project, person_id=self.person_id)

    def _frames(self) -> None:
        """Delete exported frames of the videos that they appear in, as far as that is still known: names are drawn on them."""
        for folder in self._outputs():
            texts = [path for path in folder.glob("*") if path.is_file() and path.suffix not in _OPAQUE]
            if (folder / FRAMES).is_dir() and any(self._is_named(_text(path)) for path in texts):
                self.counts["files"] += sum(path.is_file() for path in (folder / FRAMES).rglob("*"))
                _remove(folder / FRAMES)

    def _decisions(self) -> None:
        """Delete what was said of the person, and what took that back; nothing takes its place."""
        gone: set[str] = set()
        decisions = list(self._store.find(Decision, project=self._owner.project))
        there = {decision.decision_id for decision in decisions}
        for decision in decisions:
            about = decision.person_id == self.person_id or decision.target.person_id == self.person_id
            # Also one whose decision an interrupted run deleted: the earlier goes first, so that nothing undone comes back.
            idle = decision.verb is Verb.UNDO and decision.target.decision_id not in there - gone
            if about or idle or decision.name in self.names:
                gone.add(decision.decision_id)
        for decision_id in sorted(gone):
            self._store.delete(Decision, project=self._owner.project, decision_id=decision_id)
        self.counts["decisions"] += len(gone)

    def _unknown_names(self) -> None:
        for somebody in list(self._store.find(UnknownPerson, project=self._owner.project)):
            if somebody.name in self.names:
                self._store.put(replace(somebody, name=""))
                self.counts["unknown_names"] += 1

    def _derive(self) -> None:
        """Derive all appearances anew: the person's tracks go back to unknown."""
        for analysis in analyses_of(self._workspace, self._owner.project):
            derive_without_names_at_worst(self._workspace, self._owner, analysis)

    def _output_of(self, analysis: Analysis) -> Path:
        video = self._store.get(Video, analysis.video_id)
        folder = video.folder if video else analysis.video_id
        return self._workspace.output_dir(self._owner.project, folder, analysis.fragment)

    def _other_outputs(self) -> None:
        """Delete exports that hold the name, and those that do not tell; whoever needs them makes them again."""
        fresh = {self._output_of(analysis) for analysis in analyses_of(self._workspace, self._owner.project)}
        root = self._workspace.output_dir(self._owner.project, "")
        for path in [path for path in root.rglob("*") if path.is_file()]:
            derived_now = path.name in DERIVED_FILES and path.parent in fresh
            if derived_now or path.suffix in PHOTO_SUFFIXES:
                continue
            # A name may be drawn on a video, compressed, or stand in the name of a clip.
            if path.suffix in _OPAQUE or self._is_named(html.unescape(_text(path))):
                path.unlink(missing_ok=True)
                self.counts["files"] += 1

    def _outputs(self) -> list[Path]:
        root = self._workspace.output_dir(self._owner.project, "")
        return [entry for entry in root.glob("*") if entry.is_dir()]

    def _is_named(self, text: str) -> bool:
        """Say whether one of the names stands in a text, as it is or as JSON escapes it."""
        spellings = {spelling for name in self.names for spelling in (name, json.dumps(name)[1:-1])}
        return any(re.search(rf"(?<!\w){re.escape(spelling)}(?!\w)", text) for spelling in spellings)


def erase_image(workspace: Workspace, image: Image) -> None:
    """Delete a photo, its aligned face and its record, in this order."""
    for path in (image.path, image.aligned_path):
        if path is not None:
            file = workspace.data_dir / path
            with writing(file):
                file.unlink(missing_ok=True)
    workspace.store.delete(Image, project=image.project, sha256=image.sha256)


def delete_models(workspace: Workspace, models: Iterable[Model]) -> int:
    """Delete models with their files and all that they said, and return how many.

    The report of the newest model goes too; the next training shows that of whichever is the newest then.
    """
    count = 0
    for model in models:
        key = {"project": model.project, "model_id": model.model_id}
        said = [found.analysis_id for found in workspace.store.find(Identification, **key)]
        for analysis_id in said:
            workspace.store.delete(IdentificationPart, analysis_id=analysis_id, **key)
        workspace.store.delete(Identification, **key)
        _remove(workspace.data_dir / model.path)
        for name in (PAGE, NUMBERS):
            copy = workspace.classifier_dir(model.project) / name
            with writing(copy):
                copy.unlink(missing_ok=True)
        count += workspace.store.delete(Model, **key)
    return count


def _expire(workspace: Workspace, owner: Project, latest: datetime) -> Expired:
    dated = [(image, _moment(image.provenance.date)) for image in workspace.store.find(Image, project=owner.project)]
    old = [image for image, date in dated if date is not None and date < latest]
    keys = {f"{image.person_id}/{image.sha256}" for image in old}
    # Models first: they hold the embeddings of their pictures, and are found by the records of these.
    models = [model for model in workspace.store.find(Model, project=owner.project) if keys & set(model.images)]
    n_models = delete_models(workspace, models)
    for image in old:
        erase_image(workspace, image)
    return Expired(owner.project, len(old), n_models, sum(date is None for _, date in dated))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _people_of(folder: Path) -> set[str]:
    """Return whom the files of a model know."""
    try:
        return set(json.loads((folder / _MODEL_META).read_text(encoding="utf-8"))["people"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _remove(folder: Path) -> None:
    """Delete a folder with all that is in it, where it is there."""
    with writing(folder):
        if folder.exists():
            shutil.rmtree(folder)


def _write_receipt(
    workspace: Workspace, owner: Project, eraser: _Eraser, forget_embeddings: bool, scrubbed: bool, author: str
) -> Receipt:
    folder = workspace.data_dir / RECEIPTS
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    stem = f"{moment}-{owner.project}"
    taken = len(list(folder.glob(f"{stem}*.json")))
    receipt_id = f"{stem}-{taken + 1}" if taken else stem
    key = person_key(owner.project, eraser.person_id)
    kinds = ("people", "pictures", "files", "queries", "models", "decisions", "unknown_names", "appearances", "notices", "jobs")
    counts = {kind: eraser.counts[kind] for kind in (*kinds, "tracks", "embeddings")}
    receipt = Receipt(receipt_id, owner.project, key, now(), author, forget_embeddings, scrubbed, counts)
    write_json(folder / f"{receipt_id}.json", asdict(receipt))
    note(workspace.store, "erase", f"person {key} receipt {receipt_id}", project=owner.project, who=author)
    return receipt


@click.command(context_settings=CONTEXT)
@click.option("--project", help="Whose person; with --expired, whose photos [all projects].")
@click.option("--person", help="Who is to be erased: name, alias or folder.")
@click.option("--forget_embeddings", is_flag=True, help="Also forget their faces in the videos, in every project.")
@click.option("--expired", is_flag=True, help="Erase the photos that are older than retention_days.")
@click.option("--author", default=None, help="Who asks for it [you].")
@config_option
def command(
    project: str | None, person: str | None, forget_embeddings: bool, expired: bool, author: str | None, config: Path | None
) -> int:
    """Erase a person everywhere in a project and write a receipt; it cannot be undone."""
    if expired == (person is not None) or (person is not None and project is None):
        raise click.UsageError("Give --project and --person, or --expired.")
    with workspace_of(config) as workspace:
        asker = getpass.getuser() if author is None else author
        if person is None:
            _print_expired(run_expired(workspace, project, asker))
            return 0
        receipt = run(workspace, str(project), person, forget_embeddings=forget_embeddings, author=asker)
        path = workspace.data_dir / RECEIPTS / f"{receipt.receipt_id}.json"
    _print(receipt, path)
    return 0 if receipt.found else 1


def _print(receipt: Receipt, path: Path) -> None:
    for kind, count in receipt.counts.items():
        if count:
            click.echo(f"{kind.replace('_', ' ')}: {count}")
    if not receipt.found:
        click.echo("Nothing of this person was found: all of it is erased already, or the name is written otherwise")
    if receipt.counts["models"]:
        click.echo(f"Now run: train --project {receipt.project}, then identify")
    if not receipt.scrubbed:
        click.echo("The database server overwrites what was deleted by itself, sooner or later")
    click.echo(f"Receipt: {path}")


def _print_expired(reports: Sequence[Expired]) -> None:
    for report in reports:
        undated = f", {report.n_undated} without a date left alone" if report.n_undated else ""
        click.echo(f"{report.project}: {report.n_images} photos and {report.n_models} models erased{undated}")
        if report.n_models:
            click.echo(f"Now run: train --project {report.project}, then identify")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell: 1 also where nothing of the person was found."""
    return run_command(command, argv, "erase")


if __name__ == "__main__":
    sys.exit(main())
