"""The stage: photos in, aligned faces with box, landmarks, quality and embedding out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import click
import numpy as np
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from .cleaning import CleanReport
from .cleaning import render as render_cleaning
from .cleaning import run as clean
from .cli import CONTEXT, config_option, device_option, run_command, workspace_of
from .disk.pictures import Picture, file_digest, perceptual_hash, read_picture
from .engines import Engine
from .engines.finding import find_faces, main_face
from .errors import MediaError
from .faces.drawing import DRAWN, drawing_score
from .faces.quality import shows_something
from .names import folder_name
from .progress import Task
from .records import Image, ImageState, Project, Provenance
from .schema import Box, Detections, RgbImage
from .training.trainingset import Changes, TrainingSet, photos_in, reconsider, state_of, unaligned
from .workspace import Workspace

MANUAL = "manual"
"""Provider of a photo that a person put into the folder."""

_BATCH = 16
"""Faces embedded at a time."""
_BATCH_PIXELS = 32_000_000
"""Pixels decoded at a time, about 100 MB, unless a single photo has more."""
_MAX_BYTES = 500_000_000
"""A larger file in a folder of photos is something else."""
_MAX_STEM = 150
"""Bytes of a photo's name that its aligned face keeps; a longer one is named after its digest."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that cannot be used, with the reason."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class PersonAlignment:
    """What became of one person's photos.

    Attributes:
        person_id: Name of the person's folder.
        photos: Photos in it.
        aligned: Faces aligned in this run.
        states: Photos by state, old and new ones.
        copies: Photos that are the same file as another one, and have no record of their own.
    """

    person_id: str
    photos: int
    aligned: int
    states: Mapping[ImageState, int]
    copies: int


@dataclass(frozen=True, slots=True)
class AlignReport:
    """What became of a project's photos.

    Attributes:
        project: Its slug.
        engine: Id of its engine.
        people: In the order of their folders.
        changes: What people did to the files since the last run.
        failures: Files and folders that cannot be used.
        cleaning: What was set aside then.
        shared: A line for each file that lies in the folders of two people.
    """

    project: str
    engine: str
    people: tuple[PersonAlignment, ...]
    changes: Changes
    failures: tuple[Failure, ...]
    cleaning: CleanReport
    shared: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        """Whether every file could be read. A photo without a face is no failure."""
        return not self.failures


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """A photo whose face is to be aligned."""

    image: Image
    picture: Picture


def run(workspace: Workspace, project: str, *, discard_multi_faces: bool = False) -> AlignReport:
    """Find and align the face in each photo of a project that has not been seen with the project's engine yet.

    Of several faces in a photo the largest, most central one is taken; then the cleaning looks at all pictures together, takes
    another face where that agrees better with them, and sets wrong and useless ones aside. Photos that people put into the
    folders get records of their own. An aligned face that a person deleted is not made again.

    Args:
        workspace: Where to work.
        project: Its name, as typed.
        discard_multi_faces: Whether photos with several faces are left out.

    Raises:
        ConfigError: There is no such project and no folder of photos for it.
        EngineError: Its engine cannot be loaded.
        StorageError: Disk or store cannot be written.
    """
    found = _project(workspace, project)
    engine = workspace.engine(found.engine)
    training_set = TrainingSet(workspace, found.project)
    changes = training_set.notice_changes()
    failures = [Failure(training_set.relative(folder), why) for folder, why in training_set.invalid_folders()]
    photos = _photos_of_people(training_set)
    people, shared = [], []
    with workspace.progress.task("Aligning faces", sum(map(len, photos.values())), "photos") as task:
        for person_id, files in photos.items():
            alignment = _PersonAligner(workspace, training_set, engine, person_id, discard_multi_faces)
            people.append(alignment.run(files, task))
            failures += alignment.failures
            shared += alignment.shared
    cleaning = clean(workspace, found.project)
    counted = tuple(_with_states(training_set, person) for person in people)
    return AlignReport(found.project, engine.id, counted, changes, tuple(failures), cleaning, tuple(shared))


def _with_states(training_set: TrainingSet, person: PersonAlignment) -> PersonAlignment:
    states = Counter(image.state for image in training_set.images(person.person_id))
    return replace(person, states=dict(states))


def _project(workspace: Workspace, name: str) -> Project:
    """Return the project; one whose folder of photos a person made by hand begins here."""
    if workspace.training_dir(folder_name(name, "project")).is_dir():
        return workspace.begin_project(name)
    return workspace.project(name)


def _photos_of_people(training_set: TrainingSet) -> dict[str, list[Path]]:
    """Return the photos of each person who has any."""
    photos: dict[str, list[Path]] = {}
    for person_id, folder in training_set.folders():
        files = photos_in(folder)
        if files:
            photos.setdefault(person_id, []).extend(files)
    return photos


class _PersonAligner:
    """Aligns the photos of one person."""

    def __init__(
        self, workspace: Workspace, training_set: TrainingSet, engine: Engine, person_id: str, discard_multi_faces: bool
    ) -> None:
        self._training_set, self._engine, self._person_id = training_set, engine, person_id
        self._discard_multi_faces, self._max_pixels = discard_multi_faces, workspace.settings.crawler.max_pixels
        self._aligned = self._copies = 0
        images = training_set.images(person_id)
        self._owners = {image.aligned_path: image.sha256 for image in images if image.aligned_path is not None}
        self._begun: set[str] = set()
        self.failures: list[Failure] = []
        self.shared: list[str] = []

    def run(self, files: Sequence[Path], task: Task) -> PersonAlignment:
        """Align what is not aligned yet, a batch at a time."""
        self._training_set.ensure_person(self._person_id)
        batch: list[_Work] = []
        for file in files:
            work = self._look_at(file)
            if work is not None:
                batch.append(work)
            if len(batch) == _BATCH or sum(work.picture.image.size for work in batch) >= 3 * _BATCH_PIXELS:
                self._align(batch)
                batch = []
            task.advance()
        self._align(batch)
        return PersonAlignment(self._person_id, len(files), self._aligned, {}, self._copies)

    def _look_at(self, file: Path) -> _Work | None:
        """Return a photo whose face is still to be aligned; keep the record of any other up to date."""
        try:
            image = self._record(file)
            return self._decode(file, image) if image is not None and self._needs_work(image) else None
        except OSError as err:
            self._fail(file, f"cannot be read: {err.strerror}")
        except UnicodeEncodeError:
            self._fail(file, "has a name that is no text. Rename it")
        return None

    def _record(self, file: Path) -> Image | None:
        """Return the record of a photo, beginning one for a new photo; None for a copy of another photo."""
        sha256 = file_digest(file)
        image = self._training_set.has(sha256)
        if image is None:
            return self._new_record(file, sha256)
        if image.path != self._training_set.relative(file):
            if file_digest(self._training_set.absolute(image.path)) == sha256:
                self._copies += 1
                if image.person_id != self._person_id:
                    self.shared.append(_same_file(self._training_set.relative(file), image.path))
                return None
            image = self._training_set.move(image, self._person_id, file)
        return self._reconsidered(image)

    def _new_record(self, file: Path, sha256: str) -> Image | None:
        """Begin a record; None where the same photo waits in the batch already."""
        if sha256 in self._begun:
            self._copies += 1
            return None
        self._begun.add(sha256)
        provenance = Provenance(MANUAL)
        for edited in self._training_set.at(file):
            # A photo that somebody cropped or retouched still comes from where it came from.
            provenance = edited.provenance
            self._training_set.forget(edited)
        path = self._training_set.relative(file)
        return Image(self._training_set.project, sha256, self._person_id, path, provenance, width=0, height=0)

    def _reconsidered(self, image: Image) -> Image:
        changed = reconsider(image, self._discard_multi_faces)
        if changed.state is ImageState.MANY_FACES and changed.aligned_path is not None:
            self._training_set.remove_aligned(changed)
            changed = unaligned(changed)
        if changed is not image:
            self._training_set.put(changed)
        return changed

    def _needs_work(self, image: Image) -> bool:
        if image.state is ImageState.MANY_FACES:
            return False
        other_engine = image.engine != self._engine.id
        if image.state in (ImageState.DISABLED, ImageState.DUPLICATE):
            return other_engine and image.aligned_path is not None
        if image.state is ImageState.NO_FACE:
            return other_engine
        return other_engine or image.aligned_path is None

    def _decode(self, file: Path, image: Image) -> _Work | None:
        size = file.stat().st_size
        try:
            if size > _MAX_BYTES:
                raise MediaError(file.name, f"is larger than {_MAX_BYTES} bytes")
            picture = read_picture(file.read_bytes(), file.name, self._max_pixels)
        except MediaError as err:
            self._fail(file, err.why)
            self._training_set.put(replace(image, state=ImageState.UNREADABLE, reason=err.why))
            return None
        phash = image.phash or perceptual_hash(picture.image)
        return _Work(replace(image, width=picture.width, height=picture.height, phash=phash), picture)

    def _align(self, batch: Sequence[_Work]) -> None:
        """Detect, align and embed; files first, records after them."""
        found = find_faces(self._engine.detector, [work.picture.image for work in batch]) if batch else []
        faces = []
        for work, detections in zip(batch, found, strict=True):
            image = self._with_state(replace(work.image, n_faces=len(detections), engine=self._engine.id))
            if len(detections) and image.state is not ImageState.MANY_FACES:
                row = main_face(detections, image.width, image.height)
                face = detections.take(np.array([row]))
                crop = self._engine.embedder.align(work.picture.image, face)[0]
                faces.append((_judged_by_pixels(image, work.picture.image, face, crop), face, crop))
            else:
                self._training_set.remove_aligned(image)
                self._training_set.put(replace(unaligned(image), engine=self._engine.id))
        if faces:
            self._keep(faces)

    def _with_state(self, image: Image) -> Image:
        """Return a record with the state that its number of faces gives it; a person's decision and a ban stay."""
        state, reason = state_of(image.n_faces or 0, self._discard_multi_faces)
        decided = image.state_by != "machine" and state is not ImageState.NO_FACE
        if decided or image.state is ImageState.DISABLED:
            return image
        return replace(image, state=state, reason=reason, state_by="machine")

    def _keep(self, faces: Sequence[tuple[Image, Detections, RgbImage]]) -> None:
        embeddings = self._engine.embedder.embed(np.stack([crop for _, _, crop in faces]))
        for (image, face, crop), embedding in zip(faces, embeddings, strict=True):
            path = self._training_set.relative(self._aligned_path(image))
            self._training_set.keep_face(replace(image, aligned_path=path), face, crop, embedding)
            self._aligned += 1

    def _aligned_path(self, image: Image) -> Path:
        """Return where the face goes: `000001_0.png` for `000001.jpg`, and another name where that is taken."""
        if image.aligned_path is not None:
            return self._training_set.absolute(image.aligned_path)
        photo = PurePosixPath(image.path)
        stem = photo.stem if len(photo.stem.encode()) <= _MAX_STEM else image.sha256[:16]
        for name in (stem, f"{stem}-{photo.suffix[1:]}", f"{stem}-{image.sha256[:16]}"):
            path = self._training_set.aligned_path(self._person_id, f"{name}_0.png")
            if self._owners.setdefault(self._training_set.relative(path), image.sha256) == image.sha256:
                break
        return path

    def _fail(self, file: Path, why: str) -> None:
        path = self._training_set.relative(file).encode("utf-8", "backslashreplace").decode()
        self.failures.append(Failure(path, why))


def _same_file(one: str, other: str) -> str:
    """Say that a photo lies in the folders of two people."""
    first, second = (path.split("/", 2)[-1] for path in (one, other))
    return f"{first} is the same file as {second} and counts there alone: delete it where it does not belong"


def _judged_by_pixels(image: Image, picture: RgbImage, face: Detections, crop: RgbImage) -> Image:
    """Return a record that says so where its face is drawn: only here are the pixels at hand."""
    if image.state is not ImageState.ACTIVE or image.state_by != "machine" or not shows_something(crop):
        return image
    if drawing_score(picture, Box(*map(float, face.boxes_xywh[0]))) < DRAWN:
        return image
    return replace(image, state=ImageState.DRAWING, reason="drawn: even areas, hard edges, few colours")


def render(report: AlignReport) -> Iterator[RenderableType]:
    """Yield a table of people, then what else happened in words."""
    table = Table(title=f"Faces of project {report.project}, engine {report.engine}")
    table.add_column("person", no_wrap=True)
    states = [state for state in ImageState if any(person.states.get(state) for person in report.people)]
    for heading in ("photos", "aligned now", *(state.value.replace("_", " ") for state in states), "copies"):
        table.add_column(heading, justify="right")
    for person in report.people:
        counts = (person.photos, person.aligned, *(person.states.get(state, 0) for state in states), person.copies)
        table.add_row(Text(person.person_id), *map(str, counts))
    yield table
    for count, text in (
        (report.changes.moved, "photos were moved"),
        (report.changes.deleted, "photos were deleted; their records are gone too"),
        (report.changes.disabled, "aligned faces were deleted; they do not train any more"),
        (report.changes.restored, "aligned faces are back; they train again"),
    ):
        if count:
            yield f"{count} {text}"
    yield from (f"Warning: {line}" for line in report.shared)
    yield from render_cleaning(report.cleaning)
    yield from (f"{failure.path}: {failure.reason}" for failure in report.failures)


@click.command("align", context_settings=CONTEXT)
@click.option("--project", required=True, help="Project whose photos are aligned.")
@click.option("--discard_multi_faces", is_flag=True, help="Leave out photos with several faces.")
@device_option
@config_option
def command(project: str, discard_multi_faces: bool, device: str | None, config: Path | None) -> int:
    """Find and align the face in each photo. Only new photos are looked at when it runs again."""
    with workspace_of(config, device) as workspace:
        report = run(workspace, project, discard_multi_faces=discard_multi_faces)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    for part in render(report):
        console.print(part)
    return 0 if report.succeeded else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell: 1 also where a file could not be read."""
    return run_command(command, argv, "align")


if __name__ == "__main__":
    sys.exit(main())
