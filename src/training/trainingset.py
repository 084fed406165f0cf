"""The training set of a project: photos in a folder a person, their records, and what people deleted from it.

Files and records belong together: a file is written before its record and removed before it, so that a run cut off in
between leaves at most a file without a record, which the aligner takes in like a photo that somebody dropped there.
"""

from __future__ import annotations

import csv
import enum
import io
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..disk.pictures import PHOTO_SUFFIXES, file_digest, png_bytes, write_file
from ..errors import InvalidNameError, StorageError
from ..faces.quality import face_qualities
from ..names import display_name, folder_name
from ..records import SET_ASIDE, Image, ImageState, Person, now
from ..schema import Box, Detections, FloatArray, RgbImage
from ..workspace import Workspace

REFUSED_FILE = "refused.csv"
"""Beside the photos of a person: addresses that are not fetched again, one a line, with the reason."""

DISABLED_FILE = "disabled.txt"
"""Beside the folders of aligned faces: pictures that people want out of training, `Person_Name/000001_0.png` a line."""

ALIGNED_DELETED = "aligned picture deleted"
LISTED = f"named in {DISABLED_FILE}"
PHOTO_DELETED = "photo deleted"


class Discard(enum.StrEnum):
    """Which pictures a training leaves out; `trains` says it picture by picture."""

    AUTO = "auto"
    TRUE = "true"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Changes:
    """What people did to the files since the last run.

    Attributes:
        moved: Photos that were renamed or given to another person.
        deleted: Photos that are gone, and their records with them.
        disabled: Pictures taken out of training because their aligned face is gone.
        restored: Pictures taken in again because their aligned face is back.
    """

    moved: int = 0
    deleted: int = 0
    disabled: int = 0
    restored: int = 0


class TrainingSet:
    """The photos of one project, in files and in records."""

    def __init__(self, workspace: Workspace, project: str) -> None:
        """Look at a project.

        Args:
            workspace: Where it lies.
            project: Its slug.
        """
        self._store, self._data_dir = workspace.store, workspace.data_dir
        self._photos, self._aligned = workspace.training_dir(project), workspace.aligned_dir(project)
        self.project = project

    def folders(self) -> Iterator[tuple[str, Path]]:
        """Yield each person and a folder of theirs; one person may have two that differ in how accents are written."""
        for folder in _subfolders(self._photos):
            person_id = person_of(folder)
            if person_id is not None:
                yield person_id, folder

    def invalid_folders(self) -> Iterator[tuple[Path, str]]:
        """Yield the folders whose names can be nobody's, each with the reason."""
        for folder in _subfolders(self._photos):
            try:
                folder_name(folder.name)
            except InvalidNameError as err:
                yield folder, str(err)

    def folder_of(self, person_id: str) -> Path:
        """Return the folder of a person's photos, whichever way it is written on disk; it need not exist."""
        usual = self._photos / person_id
        if usual.is_dir():
            return usual
        return next((folder for known, folder in self.folders() if known == person_id), usual)

    def images(self, person_id: str) -> list[Image]:
        """Return the records of a person's photos in the order of their paths."""
        return sorted(self._store.find(Image, project=self.project, person_id=person_id), key=lambda image: image.path)

    def has(self, sha256: str) -> Image | None:
        """Return the record of a photo's bytes, whoever it belongs to."""
        return self._store.get(Image, self.project, sha256)

    def at(self, path: Path) -> list[Image]:
        """Return the records of the photo at a path: more than one only where files changed behind our back."""
        return list(self._store.find(Image, project=self.project, path=self.relative(path)))

    def put(self, image: Image) -> None:
        """Write a record whose photo is there already."""
        self._store.put(image)

    def relative(self, path: Path) -> str:
        """Return a path as records keep it: relative to the data folder, with slashes."""
        return path.relative_to(self._data_dir).as_posix()

    def absolute(self, relative: str) -> Path:
        """Return where a record's path lies."""
        return self._data_dir / relative

    def add(self, image: Image, data: bytes, suffix: str) -> Image:
        """Write a new photo under the next free number, then its record.

        Args:
            image: The record; its `path` is set here.
            data: The bytes of the file.
            suffix: The file's ending, `.jpg`.

        Returns:
            The record as it was stored.
        """
        folder = self.folder_of(image.person_id)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            path = _claim_number(folder, suffix)
        try:
            with writing(path):
                write_file(path, data)
            stored = replace(image, path=self.relative(path))
            self._store.put(stored)
        except BaseException:
            # Also on Ctrl-C, which may come when the record is already there: neither is left without the other.
            if self.has(image.sha256) is None:
                path.unlink(missing_ok=True)
            raise
        return stored

    def ensure_person(self, person_id: str) -> Person:
        """Return the record of a person, making it where there is none."""
        person = self._store.get(Person, self.project, person_id)
        if person is None:
            person = Person(self.project, person_id, display_name(person_id))
            self._store.put(person)
        return person

    def aligned_path(self, person_id: str, name: str) -> Path:
        """Return where an aligned face of a person lies."""
        return self._aligned / person_id / name

    def keep_face(self, image: Image, face: Detections, crop: RgbImage, embedding: FloatArray) -> Image:
        """Write an aligned face to the place that its record names, then the record, and return it.

        Args:
            image: With an `aligned_path`.
            face: The one face that was chosen.
            crop: (size, size, 3) uint8 RGB.
            embedding: (d,) float32.
        """
        assert image.aligned_path is not None
        path = self.absolute(image.aligned_path)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, png_bytes(crop))
        kept = replace(
            image,
            box=Box(*map(float, face.boxes_xywh[0])),
            landmarks=face.landmarks[0],
            score=float(face.scores[0]),
            quality=face_qualities(face, crop[None])[0],
            embedding=embedding,
        )
        self.put(kept)
        return kept

    def remove_aligned(self, image: Image) -> None:
        """Remove the file of an aligned face."""
        if image.aligned_path is not None:
            self.absolute(image.aligned_path).unlink(missing_ok=True)

    def refused(self, person_id: str) -> dict[str, str]:
        """Return the addresses that are not fetched again for a person, each with the reason."""
        try:
            text = (self.folder_of(person_id) / REFUSED_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return {}
        return {row[0]: row[1] for row in csv.reader(io.StringIO(text)) if len(row) >= 2 and row[0] != "url"}

    def refuse(self, person_id: str, url: str, reason: str) -> None:
        """Remember that an address is not worth fetching again for a person."""
        file = self.folder_of(person_id) / REFUSED_FILE
        line = io.StringIO()
        rows = csv.writer(line)
        if not file.exists():
            rows.writerow(("url", "reason", "date"))
        rows.writerow((url, reason, now()))
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            # One write in append mode: two processes do not mix their lines.
            with file.open("a", encoding="utf-8", newline="") as stream:
                stream.write(line.getvalue())

    def notice_changes(self) -> Changes:
        """Bring the records up to date with what people did to the files.

        A record follows a photo that was renamed or given to another person. One whose photo is gone goes too, and its
        address is not fetched again while the person's folder exists. A picture whose aligned face is gone is disabled on
        behalf of whoever deleted it, and enabled when the file is back. Where the whole folder of aligned faces is gone,
        nobody meant a single picture: they are made again.
        """
        images = list(self._store.find(Image, project=self.project))
        gone = [image for image in images if not self.absolute(image.path).is_file()]
        strays = self._strays({image.path for image in images}) if gone else {}
        moved = sum(self._follow_or_forget(image, strays) for image in gone)
        missing = {image.sha256 for image in gone}
        left = [image for image in images if image.sha256 not in missing and image.aligned_path is not None]
        if not self._aligned.is_dir():
            self._store.put(*(unaligned(image) for image in left))
            return Changes(moved, len(gone) - moved)
        disabled = sum(self._disable_deleted(image) for image in left)
        return Changes(moved, len(gone) - moved, disabled, sum(self._enable_restored(image) for image in left))

    def give(self, image: Image, person_id: str) -> Image:
        """Give a photo to another person with its aligned face, files first, and return its record: it trains there.

        Unlike a photo that `move` finds in another folder, this one was looked at face by face by whoever gave it.

        Raises:
            StorageError: A file cannot be written.
        """
        path = self._moved(self.absolute(image.path), self.folder_of(person_id))
        given = replace(image, person_id=person_id, path=self.relative(path), state_by="human")
        if image.aligned_path is not None and self.absolute(image.aligned_path).is_file():
            names = (f"{path.stem}_0.png", f"{path.stem}-{image.sha256[:16]}_0.png")
            free = (self.aligned_path(person_id, name) for name in names)
            aligned = next(file for file in free if not file.exists() or file.name == names[-1])
            with writing(aligned):
                aligned.parent.mkdir(parents=True, exist_ok=True)
                self.absolute(image.aligned_path).replace(aligned)
            given = replace(given, aligned_path=self.relative(aligned), state=ImageState.ACTIVE, reason="")
        elif image.aligned_path is not None or image.state in SET_ASIDE:
            given = replace(unaligned(given), state=ImageState.ACTIVE, reason="")
        self._store.put(given)
        return given

    def _moved(self, photo: Path, folder: Path) -> Path:
        """Move a photo to the next free number of a folder."""
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            path = _claim_number(folder, photo.suffix)
            try:
                return photo.replace(path)
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def move(self, image: Image, person_id: str, path: Path) -> Image:
        """Let a record follow its photo, and return it; with another person it begins anew, as one that somebody chose."""
        moved = replace(image, path=self.relative(path), person_id=person_id)
        if person_id != image.person_id:
            self.remove_aligned(image)
            moved = replace(unaligned(moved), state=ImageState.ACTIVE, reason="", state_by="human")
        self._store.put(moved)
        return moved

    def notice_disabled_file(self) -> tuple[str, ...]:
        """Disable the pictures that disabled.txt names, and enable again those whose line is gone.

        A line may begin with further folders (`training_img_aligned/project/…`); empty lines and those after `#` say nothing.

        Returns:
            Lines that name no aligned picture.
        """
        listed = self.listed()
        for image in list(self._store.find(Image, project=self.project)):
            if image.aligned_path is None:
                continue
            by_file = image.state is ImageState.DISABLED and image.reason == LISTED
            if listed.pop(last_two(image.aligned_path), None) is not None:
                if image.state is ImageState.ACTIVE or image.state in SET_ASIDE:
                    self._store.put(replace(image, state=ImageState.DISABLED, reason=LISTED, state_by="human"))
            elif by_file:
                self._store.put(replace(image, state=ImageState.ACTIVE, reason="", state_by="human"))
        return tuple(listed.values())

    def list_saved_at(self) -> str | None:
        """Return when somebody last saved disabled.txt, as records write times; None where there is no such file."""
        try:
            saved = (self._aligned / DISABLED_FILE).stat().st_mtime
        except OSError:
            return None
        return datetime.fromtimestamp(saved, UTC).isoformat(timespec="seconds")

    def listed(self) -> dict[str, str]:
        """Return the lines of disabled.txt by the picture that they name."""
        try:
            text = (self._aligned / DISABLED_FILE).read_text(encoding="utf-8-sig", errors="replace")
        except FileNotFoundError:
            return {}
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        return {last_two(line): line for line in lines if line}

    def forget(self, image: Image) -> None:
        """Drop the record and the aligned face of a photo that is gone."""
        self.remove_aligned(image)
        if image.provenance.url and self.folder_of(image.person_id).is_dir():
            self.refuse(image.person_id, image.provenance.url, PHOTO_DELETED)
        self._store.delete(Image, project=image.project, sha256=image.sha256)

    def _strays(self, known: set[str]) -> dict[str, tuple[str, Path]]:
        """Return person and path of each photo that no record has the path of, by the digest of its bytes."""
        files = [(person_id, file) for person_id, folder in self.folders() for file in photos_in(folder)]
        return {file_digest(file): (owner, file) for owner, file in files if self.relative(file) not in known}

    def _follow_or_forget(self, image: Image, strays: dict[str, tuple[str, Path]]) -> bool:
        if image.sha256 in strays:
            self.move(image, *strays[image.sha256])
            return True
        self.forget(image)
        return False

    def _disable_deleted(self, image: Image) -> bool:
        if (
            not (image.state is ImageState.ACTIVE or image.state in SET_ASIDE)
            or self.absolute(image.aligned_path or "").is_file()
        ):
            return False
        self._store.put(replace(image, state=ImageState.DISABLED, reason=ALIGNED_DELETED, state_by="human"))
        return True

    def _enable_restored(self, image: Image) -> bool:
        deleted = image.state is ImageState.DISABLED and image.reason == ALIGNED_DELETED
        if not deleted or not self.absolute(image.aligned_path or "").is_file():
            return False
        self._store.put(replace(image, state=ImageState.ACTIVE, reason="", state_by="human"))
        return True


def trains(image: Image, discard: Discard, list_saved_at: str | None) -> bool:
    """Say whether a training uses a picture.

    `auto` is the normal case. Where nobody saved disabled.txt, all that the cleaning set aside is left out, and whatever people
    switched off one by one. A list that somebody saved is the whole list for the pictures that were there then: those that it
    does not name train, whatever the cleaning says of them. `true` leaves out what either of the two says, `false` nothing but
    what cannot be used: a picture without a face or embedding, or one whose aligned face was deleted.

    Args:
        image: The picture.
        discard: What the training was asked to leave out.
        list_saved_at: From `TrainingSet.list_saved_at`.
    """
    if not usable_embedding(image.embedding):
        return False
    if image.state is ImageState.ACTIVE:
        return True
    if image.state is ImageState.DISABLED:
        return discard is Discard.FALSE and image.reason != ALIGNED_DELETED
    if image.state not in SET_ASIDE or image.aligned_path is None:
        return False
    listed = discard is Discard.AUTO and list_saved_at is not None and image.provenance.date <= list_saved_at
    return listed or discard is Discard.FALSE


def usable_embedding(embedding: FloatArray | None) -> bool:
    """Say whether an embedding can be compared: finite numbers that are not all zero."""
    return embedding is not None and bool(np.isfinite(embedding).all()) and float(np.linalg.norm(embedding)) > 1e-6


def unaligned(image: Image) -> Image:
    """Return a record as it was before the aligner saw the picture."""
    return replace(image, aligned_path=None, box=None, landmarks=None, score=None, quality=None, engine=None, embedding=None)


def state_of(n_faces: int, discard_multi_faces: bool) -> tuple[ImageState, str]:
    """Return the state of a photo with so many faces, and the reason.

    Args:
        n_faces: Faces found in it.
        discard_multi_faces: Whether a photo with several faces is left out of training.
    """
    if n_faces == 0:
        return ImageState.NO_FACE, "no face found"
    if n_faces > 1 and discard_multi_faces:
        return ImageState.MANY_FACES, f"{n_faces} faces"
    return ImageState.ACTIVE, ""


def reconsider(image: Image, discard_multi_faces: bool) -> Image:
    """Return a record with the state that its faces give it now; what a person decided stays."""
    by_faces = (ImageState.ACTIVE, ImageState.MANY_FACES)
    if image.state not in by_faces or image.state_by != "machine" or image.n_faces is None:
        return image
    state, reason = state_of(image.n_faces, discard_multi_faces)
    return image if state is image.state else replace(image, state=state, reason=reason)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the file system raises into an error that says what to do.

    Raises:
        StorageError: The file cannot be written.
    """
    try:
        yield
    except OSError as err:
        raise StorageError(f"{path} cannot be written: {err.strerror}. Check the disk and its permissions.") from err


def photos_in(folder: Path) -> list[Path]:
    """Return the photos of a folder by name; hidden files and other kinds of files are none."""
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    return [file for file in files if file.suffix.lower() in PHOTO_SUFFIXES and file.name[0] != "." and file.is_file()]


def person_of(folder: Path) -> str | None:
    """Return whose photos a folder holds; None where its name can be nobody's.

    Some systems write an accent as a sign of its own, and people write a space where we write an underscore.
    """
    try:
        return folder_name(folder.name)
    except InvalidNameError:
        return None


def last_two(path: str) -> str:
    """Return folder and file name of a path, however its accents and slashes are written."""
    return "/".join(unicodedata.normalize("NFC", path).replace("\\", "/").split("/")[-2:])


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _claim_number(folder: Path, suffix: str) -> Path:
    """Make an empty file under the number after the highest one, so that another process takes the next."""
    numbers = [int(path.stem) for path in folder.iterdir() if path.stem.isascii() and path.stem.isdigit()]
    number = max(numbers, default=0)
    while True:
        number += 1
        path = folder / f"{number:06d}{suffix}"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        return path
