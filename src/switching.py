"""Training pictures switched on and off one by one, by people."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from .errors import ConfigError
from .files import replacing
from .records import SET_ASIDE, Image, ImageState
from .trainingset import ALIGNED_DELETED, DISABLED_FILE, TrainingSet, usable_embedding
from .workspace import Workspace

SWITCHED_OFF = "switched off"


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
