"""Training pictures switched on and off by people: one by one, or by a list of all that are to be out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..disk.files import replacing
from ..errors import ConfigError
from ..records import SET_ASIDE, Image, ImageState, Person
from ..workspace import Workspace
from .trainingset import ALIGNED_DELETED, DISABLED_FILE, LISTED, Discard, TrainingSet, last_two, trains, usable_embedding

SWITCHED_OFF = "switched off"
ALIGNED = "training_img_aligned"
"""The folder of aligned pictures, in the data folder."""


def switch_off(workspace: Workspace, image: Image, reason: str = "") -> Image:
    """Take a picture out of training, and return its record.

    Args:
        workspace: Where it lies.
        image: The picture, in whatever state it is.
        reason: Why.
    """
    off = replace(image, state=ImageState.DISABLED, reason=reason or SWITCHED_OFF, state_by="human")
    workspace.store.put(off)
    return off


def switch_on(workspace: Workspace, image: Image) -> Image:
    """Take a picture into training again, whoever left it out, and return its record.

    Raises:
        ConfigError: It cannot train: no face was found in it, or its aligned face was deleted.
    """
    if image.state is ImageState.ACTIVE:
        return image
    photos = TrainingSet(workspace, image.project)
    usable = image.state is ImageState.DISABLED or image.state in SET_ASIDE
    if not usable or image.aligned_path is None or not usable_embedding(image.embedding):
        raise ConfigError(f"{image.path} cannot train: {image.reason or image.state.value}. Crawl or align it again.")
    if image.reason == ALIGNED_DELETED or not photos.absolute(image.aligned_path).is_file():
        raise ConfigError(f"{image.aligned_path} was deleted. Put the file back, or delete the photo and add it again.")
    _strike(workspace.aligned_dir(image.project) / DISABLED_FILE, image.aligned_path)
    on = replace(image, state=ImageState.ACTIVE, reason="", state_by="human")
    workspace.store.put(on)
    return on


def put_back(workspace: Workspace, image: Image, state: ImageState, reason: str, state_by: str) -> Image:
    """Give a picture the state back that it had before somebody changed their mind, and return its record.

    Args:
        workspace: Where it lies.
        image: The picture.
        state: One that it may have: active, disabled or set aside.
        reason: Why it had it.
        state_by: Who said so; the cleaning judges again what it said itself.

    Raises:
        ConfigError: The picture cannot have that state.
    """
    if state is ImageState.ACTIVE:
        image = switch_on(workspace, image)
    elif state is not ImageState.DISABLED and (state not in SET_ASIDE or image.aligned_path is None):
        raise ConfigError(f"{image.path} cannot be {state.value}: that is found by looking at it.")
    back = replace(image, state=state, reason=reason, state_by=state_by)
    workspace.store.put(back)
    return back


def give(workspace: Workspace, image: Image, person_id: str) -> Image:
    """Give a picture to another person, and return its record; what stood against it spoke of the one before.

    Args:
        workspace: Where it lies.
        image: The picture, in whatever state it is.
        person_id: Who gets it.

    Raises:
        ConfigError: There is no such person, or the photo is gone.
        StorageError: A file cannot be written.
    """
    if image.person_id == person_id:
        return image
    if workspace.store.get(Person, image.project, person_id) is None:
        raise ConfigError(f"There is nobody called {person_id!r} in project {image.project!r}. Add them first.")
    photos = TrainingSet(workspace, image.project)
    if not photos.absolute(image.path).is_file():
        raise ConfigError(f"{image.path} is gone. Run: align --project {image.project}")
    if image.aligned_path is not None:
        _strike(workspace.aligned_dir(image.project) / DISABLED_FILE, image.aligned_path)
    return photos.give(image, person_id)


def left_out(workspace: Workspace, project: str) -> list[str]:
    """Return the aligned pictures that the next training leaves out, by their paths in the data folder.

    These are the ones that people listed or switched off; where nobody saved a list, also what the cleaning set aside. A
    picture that was listed by its address is named by that again: whoever wrote it knows it so.

    Args:
        workspace: Where they lie.
        project: The project's slug.
    """
    photos = TrainingSet(workspace, project)
    listed, saved_at = photos.listed(), photos.list_saved_at()
    result = []
    for image in aligned_pictures(workspace, project):
        line = listed.get(last_two(image.aligned_path or ""))
        # What was changed by hand since a stage last looked: the line is gone, or the picture is back.
        again = image.state is ImageState.DISABLED and image.reason in (LISTED, ALIGNED_DELETED)
        current = replace(image, state=ImageState.ACTIVE) if again else image
        if line is not None or not trains(current, Discard.AUTO, saved_at):
            result.append(line if line is not None and "://" in line else image.aligned_path or "")
    return result


def leave_out(workspace: Workspace, project: str, names: Iterable[str]) -> None:
    """Let a list be all that people want out of training: what it names is out, and what they switched off before is in again.

    Args:
        workspace: Where the pictures lie.
        project: The project's slug.
        names: Aligned pictures by their paths, `training_img_aligned/project/Person_Name/000001_0.png`, also below an address
            or another folder, or by the last two parts alone.

    Raises:
        ConfigError: A name is that of no aligned picture of the project; nothing is changed then.
        ExportError: The list cannot be written.
    """
    known = {last_two(image.aligned_path or ""): image for image in aligned_pictures(workspace, project)}
    wanted = {_named(name, project, known): name for name in names}
    # What stands behind this sign is a comment in the list: such pictures are switched off by their records.
    lines = {key: _line(name, key, known[key]) for key, name in wanted.items() if "#" not in f"{key}{name}"}
    with replacing(workspace.aligned_dir(project) / DISABLED_FILE) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines.values()), encoding="utf-8")
    for key, image in known.items():
        if key in wanted and key not in lines:
            switch_off(workspace, image)
        elif key not in wanted and image.state is ImageState.DISABLED and usable_embedding(image.embedding):
            workspace.store.put(replace(image, state=ImageState.ACTIVE, reason="", state_by="human"))
    TrainingSet(workspace, project).notice_disabled_file()


def aligned_pictures(workspace: Workspace, project: str) -> list[Image]:
    """Return the records of a project's pictures whose aligned face is there, by person, then by path."""
    photos = TrainingSet(workspace, project)
    found = [
        image
        for image in workspace.store.find(Image, project=project)
        if image.aligned_path is not None and photos.absolute(image.aligned_path).is_file()
    ]
    return sorted(found, key=lambda image: (image.person_id, image.aligned_path or ""))


def _named(name: str, project: str, known: Iterable[str]) -> str:
    """Return folder and file of the picture that a name means.

    Raises:
        ConfigError: It means none of the project.
    """
    path = urlsplit(name).path if "://" in name else name
    for spelled in (path, unquote(path)):
        folders, key = spelled.replace("\\", "/").split("/")[:-2], last_two(spelled)
        if key in known and name.isprintable() and (not folders or folders[-2:] == [ALIGNED, project]):
            return key
    raise ConfigError(f"{name[:200]!r} is no aligned picture of project {project!r}. Name pictures as its training set does.")


def _line(name: str, key: str, image: Image) -> str:
    """Return how a picture stands in the list: by its address where it was named by that, else by its path."""
    return name if "://" in name and last_two(name) == key else str(image.aligned_path)


def _strike(listing: Path, aligned_path: str) -> None:
    """Take a picture off disabled.txt, which would switch it off again; when the list was saved stays as it was."""
    try:
        lines = listing.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        saved = listing.stat()
    except FileNotFoundError:
        return
    named = "/".join(aligned_path.split("/")[-2:])
    kept = [line for line in lines if not line.partition("#")[0].strip().replace("\\", "/").endswith(named)]
    if len(kept) < len(lines):
        with replacing(listing) as partial:
            partial.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        os.utime(listing, ns=(saved.st_atime_ns, saved.st_mtime_ns))
