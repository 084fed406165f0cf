"""Videos as clients of the original service name them: by address, by the path of their analysis, or in the video folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...errors import ForbiddenPathError
from ...guard import Guard
from ...names import video_folder
from ...records import Role, Video
from ..belonging import uses
from ..context import store, workspace
from ..permissions import access, may, require
from ..problems import Problem, missing

UPLOADS = "video"
"""Where uploaded videos lie, in the data folder."""


@dataclass(frozen=True, slots=True)
class NamedVideo:
    """A video that a client may name.

    Attributes:
        locator: What to analyse: an address, or the path of a file; without a fragment.
        fragment: Which part is meant, as records write it; empty for all.
        video: Its record; None where it was never analysed.
    """

    locator: str
    fragment: str
    video: Video | None

    @property
    def text(self) -> str:
        """The locator with its fragment."""
        return f"{self.locator}#{self.fragment}" if self.fragment else self.locator


def named_video(text: str) -> NamedVideo:
    """Return the video that a client names.

    Raises:
        ForbiddenAddressError: The address must not be fetched.
        Problem: The path names nothing in the folders of videos, or leads out of them.
        ConfigError: The fragment cannot be understood.
    """
    from ...video.fragments import split_locator
    from ...video.source import is_address

    if not text.isprintable():
        raise Problem("invalid", f"{text[:200]!r} holds control characters, which no path and no address does.")
    bare, fragment = split_locator(text)
    video = next(store().find(Video, locator=bare), None)
    if video is None and is_address(bare):
        guard().check(bare)
    elif video is None:
        bare = _file(bare)
        video = _at(bare)
    return NamedVideo(video.locator if video else bare, str(fragment), video)


def guard() -> Guard:
    """Return what judges addresses that clients name."""
    found = workspace().guard
    assert found is not None, "the service always has a guard"
    return found


def require_video(named: NamedVideo) -> None:
    """Go on only for those who may see a video where no project is named: one of their project, or any.

    Raises:
        Forbidden: They may not.
    """
    if named.video is not None and not may(Role.VIEWER) and uses(store(), access().project, named.video.video_id):
        return
    require(Role.VIEWER)


def require_usable(named: NamedVideo) -> None:
    """Go on only for those whose project may have a video analysed: what it uses, an address, a file that is shown to all.

    Raises:
        Problem: It is one that somebody else sent, or analysed from elsewhere on this machine; to them it is not there.
    """
    from ...video.source import is_address

    owner = access().project
    if not owner or is_address(named.locator) or (named.video is not None and uses(store(), owner, named.video.video_id)):
        return
    shown = [Path(folder).resolve() for folder in workspace().settings.server.video_dirs]
    if not any(Path(named.locator).resolve().is_relative_to(folder) for folder in shown):
        raise missing("video", named.text)


def _at(path: str) -> Video | None:
    """Return the video that was analysed under a path or, by another name, lay there."""
    named = next(store().find(Video, locator=path), None)
    return named or next((video for video in store().find(Video, folder=video_folder(path)) if video.media == path), None)


def _file(given: str) -> str:
    """Return the real path of a file in one of the folders whose videos clients may name.

    The name of the folder may stand before it, as on the command line: `video/film.mp4`.
    """
    from ...video.guarded import named_by_client

    dirs = [*map(Path, workspace().settings.server.video_dirs), workspace().data_dir / UPLOADS]
    problem: ForbiddenPathError | None = None
    for spelled in dict.fromkeys([given, *(given.removeprefix(f"{folder}/") for folder in ("video", *map(str, dirs)))]):
        try:
            path = named_by_client(spelled, guard(), dirs)
        except ForbiddenPathError as err:
            problem = problem or err
        else:
            if Path(path).is_file() and not Path(path).name.startswith("."):
                return path
    if problem is not None and "names nothing" not in problem.why:
        raise problem
    raise Problem("not_found", f"There is no video {given[:200]!r} in the folders that clients may name (server.video_dirs).")
