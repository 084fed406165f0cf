"""Files that clients send, checked by what they hold and not by their names, and put where such files lie."""

from __future__ import annotations

import os
from pathlib import Path

from ..disk.pictures import HEAD_BYTES, digest, kind_of, read_picture, why_no_picture
from ..errors import MediaError
from ..names import video_folder
from ..records import Image, Person, Provenance, Video
from ..workspace import Workspace
from .problems import Problem

_VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mxf", ".ogv", ".ts", ".webm", ".wmv"}
)
"""Endings that a stored video keeps; the content decides how it is read, and these how a browser plays it."""
_VIDEO_FOLDER = "video"
UPLOADED = "upload"


def take_picture(workspace: Workspace, person: Person, data: bytes, name: str) -> Image:
    """Check a photo by decoding it, and put it among the photos of a person.

    Raises:
        Problem: It is no picture, too large a one, or there already.
    """
    from ..disk.pictures import perceptual_hash
    from ..training.trainingset import TrainingSet

    shown, limits = name[:100] or "The picture", workspace.settings.crawler
    if len(data) > limits.max_bytes:
        raise Problem("request_entity_too_large", f"A picture has at most {limits.max_bytes:,} bytes.")
    if kind_of(data[:HEAD_BYTES]) is None:
        raise Problem("not_a_picture", f"{shown} {why_no_picture(data[:HEAD_BYTES])}.")
    try:
        picture = read_picture(data, shown, limits.max_pixels)
    except MediaError as err:
        raise Problem("not_a_picture", str(err)) from err
    photos = TrainingSet(workspace, person.project)
    image = Image(
        project=person.project,
        sha256=picture.sha256,
        person_id=person.person_id,
        path="",
        provenance=Provenance(UPLOADED),
        width=picture.width,
        height=picture.height,
        phash=perceptual_hash(picture.image),
    )
    # Of several who send it at once one adds it: else each would leave a file.
    with workspace.locked(f"picture-{picture.sha256[:32]}"):
        known = photos.has(picture.sha256) or photos.has(digest(data))
        if known is not None:
            raise Problem("conflict", f"The project has this picture already, as {known.path}.")
        return photos.add(image, picture.data, picture.suffix)


def take_video(workspace: Workspace, path: Path, name: str) -> Video:
    """Check a video by opening it, move it among the videos, and register it; the same bytes are kept once.

    Args:
        workspace: Where to put it.
        path: Where it lies; gone afterwards, also where it is refused.
        name: As the client called it.

    Raises:
        Problem: It is no video that can be read.
    """
    from ..video import open_stream
    from ..videos import register_video, video_identity

    try:
        _check_size(path, workspace.settings.crawler.max_pixels)
        with open_stream(str(path)):
            pass
        known = workspace.store.get(Video, video_identity(str(path))[0])
        if known is not None and Path(known.media).is_file():
            return known
        target = _free_path(workspace.data_dir / _VIDEO_FOLDER, name)
        path.replace(target)
        with open_stream(str(target)) as stream:
            return register_video(workspace.store, str(target), stream)
    except MediaError as err:
        raise Problem("not_a_video", f"{name[:100] or 'The video'} {err.why}") from err
    finally:
        path.unlink(missing_ok=True)


def _check_size(path: Path, max_pixels: int) -> None:
    """Refuse a video whose header announces pictures that no memory holds, before one is decoded."""
    from ..video.source import open_container, video_stream

    with open_container(str(path), 30.0) as container:
        stream = video_stream(container, str(path), 1)
        if stream.codec_context.width * stream.codec_context.height > max_pixels:
            raise MediaError(path.name, f"has pictures of more than {max_pixels:,} pixels")


def _free_path(folder: Path, name: str) -> Path:
    """Make an empty file under a name that is safe and not taken, so that another upload takes another."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = Path(name).suffix.lower()
    stem, ending = video_folder(Path(name).name), suffix if suffix in _VIDEO_SUFFIXES else ".video"
    number = 1
    while True:
        path = folder / (f"{stem}{ending}" if number == 1 else f"{stem}_{number}{ending}")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            number += 1
        else:
            return path
