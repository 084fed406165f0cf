"""The stage that learns the people of a project from their aligned faces."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click
import numpy as np

from . import __version__
from .cli import CONTEXT, config_option, run_command, workspace_of
from .engines import ENGINES
from .errors import GalleryError
from .identities.identification import newest_model
from .recognition.calibration import VERSION, Negatives, OpenSet, softmax
from .recognition.classifiers import CLASSIFIERS
from .recognition.gallery import Gallery
from .recognition.identify import FOLDS, CrossValidation, Recognizer, train_recognizer
from .recognition.strangers import bundled_strangers
from .records import SET_ASIDE, Image, ImageState, Model, Person, Project
from .schema import UNKNOWN, FloatArray
from .training.lessons import Refuted, refuted_faces
from .training.report import (
    About,
    HeldOut,
    PersonNumbers,
    TrainingPictures,
    build,
    person_numbers,
    pictures_of,
    previous_of,
    read_advice,
    show_report,
    write_report,
)
from .training.trainingset import DISABLED_FILE, Discard, TrainingSet, trains, usable_embedding, writing
from .workspace import Workspace

NAMED_FROM = 0.5
"""Confidence from which the report counts a held-out face as named."""
_ADVICE = 3
"""Pieces of advice that the command line gives."""


@dataclass(frozen=True, slots=True)
class PersonReport:
    """How well one person was told apart while their faces were held out.

    Attributes:
        name: The person.
        n_images: Pictures trained on.
        n_held_out: Of these, how many were held out in turn; 0 for a person with a single picture.
        precision: Share right of the faces that were given this name; None where none was.
        recall: Share of this person's faces that were given their name; None where none was held out.
        confused_with: The most frequent wrong answer, `Unknown` among them; empty where there was none.
        threshold: Evidence from which a face that leads by 0.15 is taken for this person.
    """

    name: str
    n_images: int
    n_held_out: int
    precision: float | None
    recall: float | None
    confused_with: str
    threshold: float


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a training gave.

    Attributes:
        model: The model's record.
        people: One report a person.
        is_new: False where the same pictures had been trained before and nothing was done.
        n_strangers: Pictures of the `Unknown` folder.
        n_disabled: Pictures that people took out of training.
        n_set_aside: Pictures that the cleaning set aside and that were not trained on.
        n_negatives: Tracks that somebody said are not one of the people; they raise the bar for that name.
        left_out: Names without any picture that could train: known from decisions alone, or with all pictures taken out.
        page: The training report; None for a model that has none.
        advice: What it advises to do, the most important first.
    """

    model: Model
    people: tuple[PersonReport, ...]
    is_new: bool
    n_strangers: int
    n_disabled: int
    n_set_aside: int
    n_negatives: int
    left_out: tuple[str, ...]
    page: Path | None = None
    advice: tuple[str, ...] = ()


def run(
    workspace: Workspace, project: str, *, classifier: str | None = None, discard_disabled: Discard | str = Discard.AUTO
) -> TrainReport:
    """Train on the usable pictures of a project, unless the newest model already rests on just these.

    Tracks that somebody said are not a person (`is_not`) raise the bar for that person's name.

    Args:
        workspace: Where to work.
        project: Whose pictures.
        classifier: One of `CLASSIFIERS`; the project's own where None.
        discard_disabled: Which pictures are left out: `auto` those that a person listed or, where no list was saved, that the
            cleaning set aside; `true` both; `false` neither. See `trainingset.trains`.

    Raises:
        ConfigError: The project does not exist.
        GalleryError: Fewer than two people, a person without a face, pictures of another engine, no such classifier.
    """
    owner = workspace.project(project)
    name = classifier or owner.classifier
    if name not in CLASSIFIERS:
        raise GalleryError(f'There is no classifier "{name}". Choose one of: {", ".join(CLASSIFIERS)}.')
    training_set = TrainingSet(workspace, owner.project)
    training_set.notice_changes()
    for line in training_set.notice_disabled_file():
        workspace.progress.message(f"{DISABLED_FILE} names {line}, which is no aligned picture of this project")
    images = list(workspace.store.find(Image, project=owner.project))
    active = _chosen(workspace, training_set, images, Discard(discard_disabled))
    engine = _engine_of(owner, active)
    pictures = Counter(image.person_id for image in images if image.person_id != UNKNOWN)
    people, left_out = _people(workspace, owner, images, active)
    _check_people(people, pictures, active)
    negatives = _negatives(workspace, owner, people, engine)
    keys = [face.key for face in negatives]
    hashed = {image.sha256 for image in active}
    n_disabled = sum(image.state is ImageState.DISABLED and image.sha256 not in hashed for image in images)
    n_set_aside = sum(image.state in SET_ASIDE and image.sha256 not in hashed for image in images)
    n_strangers = sum(image.person_id == UNKNOWN for image in active)
    hashes = tuple(sorted(f"{image.person_id}/{image.sha256}" for image in active))
    last = newest_model(workspace, owner)
    counts = (n_strangers, n_disabled, n_set_aside, len(negatives), left_out)
    if last is not None and _rests_on(last) == (name, engine, hashes, keys, VERSION):
        return _train_report(workspace, last, False, *counts)
    gallery = _gallery(people, active)
    bundled = bundled_strangers(engine)
    recognizer, held = train_recognizer(name, gallery, _prior(owner.engine), _to_arrays(people, negatives), bundled)
    held_out = _held_out(recognizer, gallery, held)
    evidence = _Evidence(_pictures(workspace, people, images, active, gallery), held_out, last, keys)
    model = _save(workspace, owner, recognizer, engine, hashes, evidence)
    return _train_report(workspace, model, True, *counts)


def _chosen(workspace: Workspace, training_set: TrainingSet, images: Sequence[Image], discard: Discard) -> list[Image]:
    """Return the pictures to train on, telling of those that should and cannot."""
    saved_at = training_set.list_saved_at()
    for image in images:
        if image.state is ImageState.ACTIVE and image.embedding is not None and not usable_embedding(image.embedding):
            workspace.progress.message(f"{image.path} is left out: its embedding is no set of numbers that can be compared")
    # One without any embedding is passed on: it is still to be aligned, which is said where that is found.
    to_align = [image for image in images if image.state is ImageState.ACTIVE and image.embedding is None]
    return to_align + [image for image in images if trains(image, discard, saved_at)]


def _rests_on(model: Model) -> tuple[str, str, tuple[str, ...], list[str], int]:
    """Return what a model was made of: the same again would give the same model."""
    negatives, calibration = list(model.report.get("negatives", [])), int(model.report.get("calibration", 1))
    return model.classifier, model.engine, model.images, negatives, calibration


def _people(
    workspace: Workspace, owner: Project, images: Sequence[Image], active: Sequence[Image]
) -> tuple[list[Person], tuple[str, ...]]:
    """Return the people to learn, and the names of those who have nothing to learn from.

    Somebody may be known from a decision alone, or have lost all pictures by one: no fault of the training set.
    """
    usable = {image.person_id for image in images if image.state is not ImageState.DISABLED}
    usable |= {image.person_id for image in active}
    people = [person for person in workspace.store.find(Person, project=owner.project) if person.person_id != UNKNOWN]
    left_out = tuple(person.name for person in people if person.person_id not in usable)
    return [person for person in people if person.person_id in usable], left_out


def _negatives(workspace: Workspace, owner: Project, people: Sequence[Person], engine: str) -> list[Refuted]:
    known = {person.person_id for person in people}
    faces = refuted_faces(workspace, owner, engine)
    return [face for face in faces if face.person_id in known and usable_embedding(face.embedding)]


def _to_arrays(people: Sequence[Person], negatives: Sequence[Refuted]) -> Negatives | None:
    if not negatives:
        return None
    labels = {person.person_id: label for label, person in enumerate(people)}
    return Negatives(
        np.stack([face.embedding for face in negatives]),
        np.array([labels[face.person_id] for face in negatives], np.int64),
    )


def _engine_of(owner: Project, active: Sequence[Image]) -> str:
    """Return the one engine that made all embeddings."""
    engines = Counter(image.engine for image in active if image.engine)
    if not engines:
        raise GalleryError(f'Project "{owner.project}" has no aligned face. Run: align --project {owner.project}')
    foreign = [engine for engine in engines if engine.partition("@")[0] != owner.engine]
    if foreign or len(engines) > 1 or any(image.engine is None for image in active):
        seen = ", ".join(f"{count} of {engine}" for engine, count in engines.items())
        raise GalleryError(
            f'Not all pictures of project "{owner.project}" have an embedding of one version of {owner.engine} ({seen}). '
            f"Run: align --project {owner.project}"
        )
    return next(iter(engines))


def _check_people(people: Sequence[Person], pictures: Mapping[str, int], active: Sequence[Image]) -> None:
    """Refuse people with pictures but without a face, naming each with how many pictures they have."""
    faces = Counter(image.person_id for image in active)
    without = [f"{p.name} ({pictures[p.person_id]} pictures)" for p in people if not faces[p.person_id]]
    if without:
        raise GalleryError(f"No face to train on for {', '.join(without)}. Crawl more pictures, or delete the folder.")


def _gallery(people: Sequence[Person], active: Sequence[Image]) -> Gallery:
    labels = {person.person_id: label for label, person in enumerate(people)} | {UNKNOWN: -1}
    usable = [image for image in active if image.person_id in labels and image.embedding is not None]
    embeddings: FloatArray = np.stack([image.embedding for image in usable if image.embedding is not None])
    return Gallery(
        tuple(person.name for person in people),
        embeddings.astype(np.float32),
        np.array([labels[image.person_id] for image in usable], np.int64),
    )


def _prior(engine_name: str) -> OpenSet:
    prior = ENGINES[engine_name].prior
    return OpenSet(-prior.threshold * prior.slope, prior.slope, prior.margin, pictures=prior.pictures)


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """What the training report is made from, besides the model itself."""

    pictures: TrainingPictures
    held: HeldOut
    last: Model | None
    negatives: list[str]


def _held_out(recognizer: Recognizer, gallery: Gallery, held: CrossValidation) -> HeldOut:
    """Return what the report needs to know of held-out faces and of strangers.

    Strangers are the held-out faces once more, each without its own person, and those of the `Unknown` folder.
    """
    labels = gallery.known().labels[held.rows]
    rows = np.arange(len(labels))
    confidences = softmax(held.scores, recognizer.temperature) * recognizer.open_set.known_as(held.evidence)
    scores, evidence = held.scores.copy(), held.evidence.copy()
    scores[rows, labels], evidence[rows, labels] = -np.inf, -1.0
    without_own = softmax(scores, recognizer.temperature) * recognizer.open_set.known_as(evidence)
    strangers = recognizer.predict(gallery.strangers)
    who = "the same pictures, each compared with everybody but its own person"
    return HeldOut(
        recognizer.gallery.people,
        held.rows,
        labels,
        confidences,
        held.evidence,
        np.concatenate([without_own, strangers.confidences]),
        np.concatenate([evidence, strangers.scores]),
        np.full(len(gallery.people), NAMED_FROM, np.float32),
        f"{who}, and {len(gallery.strangers)} of the folder Unknown" if len(gallery.strangers) else who,
    )


def _pictures(
    workspace: Workspace, people: Sequence[Person], images: Sequence[Image], active: Sequence[Image], gallery: Gallery
) -> TrainingPictures:
    names, known = {person.person_id: person.name for person in people}, gallery.known()
    return pictures_of(workspace.data_dir, images, active, names, known.embeddings, known.labels)


def _person_report(entry: PersonNumbers, threshold: float) -> PersonReport:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return PersonReport(
        entry.name,
        entry.n_images,
        entry.n_held_out,
        rounded(entry.precision),
        rounded(entry.recall),
        entry.confused_with,
        round(threshold, 4),
    )


def _save(
    workspace: Workspace,
    owner: Project,
    recognizer: Recognizer,
    engine: str,
    hashes: tuple[str, ...],
    evidence: _Evidence,
) -> Model:
    """Write the model's files with its report, then its record: a record never lacks its files.

    Raises:
        StorageError: They cannot be written.
        ExportError: The report cannot be written.
    """
    folder = workspace.classifier_dir(owner.project)
    taken = [int(entry.name[:4]) for entry in folder.glob("[0-9][0-9][0-9][0-9]-*")]
    people = [
        _person_report(entry, recognizer.open_set.threshold_of(label))
        for label, entry in enumerate(person_numbers(evidence.held, evidence.pictures.labels))
    ]
    model_id = f"{max(taken, default=0) + 1:04}-{recognizer.classifier_name}"
    partial = folder / f".{model_id}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    with writing(partial):
        recognizer.save(partial)
    model = Model(
        owner.project,
        model_id,
        engine,
        recognizer.classifier_name,
        recognizer.gallery.people,
        hashes,
        thresholds={"evidence": recognizer.open_set.threshold, "named_from": NAMED_FROM},
        report={"people": [asdict(entry) for entry in people], "negatives": evidence.negatives, "calibration": VERSION},
        path=(folder / model_id).relative_to(workspace.data_dir).as_posix(),
    )
    before = previous_of(workspace.data_dir, evidence.last)
    write_report(build(_about(model, recognizer, len(evidence.negatives)), evidence.pictures, evidence.held, before), partial)
    partial.rename(folder / model_id)
    workspace.store.put(model)
    return model


def _about(model: Model, recognizer: Recognizer, n_negatives: int) -> About:
    settings = {
        **model.thresholds,
        "temperature": recognizer.temperature,
        "bias": recognizer.open_set.bias,
        "slope": recognizer.open_set.slope,
        "margin": recognizer.open_set.margin,
        "folds": FOLDS,
        "faces_that_are_not_who_they_look_like": n_negatives,
    }
    versions = {"facerec": __version__} | {name: metadata.version(name) for name in ("numpy", "scipy", "scikit-learn")}
    return About(model.project, model.model_id, model.engine, model.classifier, model.created_at, settings, versions)


def _train_report(
    workspace: Workspace,
    model: Model,
    is_new: bool,
    n_strangers: int,
    n_disabled: int,
    n_set_aside: int,
    n_negatives: int,
    left_out: tuple[str, ...],
) -> TrainReport:
    """Return what the model's record and files say, with the report where people look for it."""
    page = show_report(workspace.data_dir / model.path, workspace.classifier_dir(model.project))
    people = tuple(PersonReport(**entry) for entry in model.report["people"])
    advice = read_advice(page) if page is not None else ()
    counts = (n_strangers, n_disabled, n_set_aside, n_negatives)
    return TrainReport(model, people, is_new, *counts, left_out, page, advice)


@click.command(context_settings=CONTEXT)
@click.option("--project", required=True, help="Whose pictures to learn.")
@click.option("--classifier", type=click.Choice(list(CLASSIFIERS), case_sensitive=False), help="How to tell people apart.")
@click.option(
    "--discard_disabled",
    type=click.Choice([choice.value for choice in Discard], case_sensitive=False),
    is_flag=False,
    flag_value=Discard.TRUE.value,
    default=Discard.AUTO.value,
    help="Leave out: auto, what disabled.txt lists or, where there is none, what the cleaning set aside [auto]; true, both; "
    "false, neither.",
)
@config_option
def command(project: str, classifier: str | None, discard_disabled: str, config: Path | None) -> None:
    """Train a classifier on the aligned faces of a project."""
    with workspace_of(config) as workspace:
        report = run(workspace, project, classifier=classifier, discard_disabled=discard_disabled)
    _print(report)


def _print(report: TrainReport) -> None:
    from rich.console import Console
    from rich.table import Table

    def share(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    table = Table("Person", "Pictures", "Precision", "Recall", "Most confused with", title="Held-out faces")
    for person in report.people:
        table.add_row(person.name, str(person.n_images), share(person.precision), share(person.recall), person.confused_with)
    Console().print(table)
    state = "trained" if report.is_new else "is up to date"
    if report.left_out:
        click.echo(f"Left out, having no picture to learn from: {', '.join(report.left_out)}")
    click.echo(
        f"Model {report.model.model_id} {state}: {len(report.people)} people, {len(report.model.images)} pictures, "
        f"{report.n_strangers} of strangers, {report.n_disabled} taken out by hand, "
        f"{report.n_set_aside} set aside, "
        f"{report.n_negatives} faces that are not who they look like"
    )
    for entry in report.advice[:_ADVICE]:
        click.echo(f"- {entry}")
    if report.page is not None:
        click.echo(f"Report: {report.page}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "classifier")


if __name__ == "__main__":
    sys.exit(main())
