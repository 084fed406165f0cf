"""Videos as clients of the original service name them: by address, by the path of their analysis, or in the video folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...errors import ForbiddenPathError
from ...mediafragments import joined
from ...names import video_folder
from ...records import Role, Video
from ..belonging import uses
from ..context import store, workspace
from ..permissions import access, require
from ..problems import Problem


@dataclass(frozen=True, slots=True)
class NamedVideo:
    """A video that a client may name.

    Attributes:
        locator: What to analyse: an address, or the path of a file; without a fragment.
        fragment: Which part is meant, as records write it; empty for all.
        video: Its record; None where it was never analysed, or is used by no project that the token is for.
    """

    locator: str
    fragment: str
    video: Video | None

    @property
    def text(self) -> str:
        """The locator with its fragment."""
        return joined(self.locator, self.fragment)


def named_video(text: str) -> NamedVideo:
    """Return the video that a client names.

    Raises:
        ForbiddenAddressError: The address must not be fetched.
        ForbiddenPathError: The path leads out of the folders whose videos clients may name.
        Problem: There is nothing there.
        ConfigError: The fragment cannot be understood.
    """
    from ...video.fragments import split_locator
    from ...videos import settle

    if not text.isprintable():
        raise Problem("invalid", f"{text[:200]!r} holds control characters, which no path and no address does.")
    bare, fragment = split_locator(_found(text))
    named = next(store().find(Video, locator=bare), None)
    # The same file by another name is the same video.
    video = named or next((video for video in store().find(Video, folder=video_folder(bare)) if video.media == bare), None)
    seen = video if video is not None and _is_shown(video) else None
    part = settle(fragment, seen) if seen else fragment
    return NamedVideo(seen.locator if seen else bare, str(part), seen)


def require_shown(named: NamedVideo) -> None:
    """Go on only for those who may see a video where no project is named: their project uses it, or they see all.

    Raises:
        Forbidden: They may not.
    """
    if named.video is None:
        require(Role.VIEWER)


def _is_shown(video: Video) -> bool:
    project = access().project
    return not project or uses(store(), project, video.video_id)


def _found(text: str) -> str:
    """Return the locator of a video as jobs take it; a path may begin with the name of its folder: `video/film.mp4`."""
    from ..sources import client_video

    folders = ("video", *workspace().settings.server.video_dirs)
    problem: ForbiddenPathError | None = None
    for spelled in dict.fromkeys((text, *(text.removeprefix(f"{folder}/") for folder in folders))):
        try:
            return _of_a_file(client_video(spelled, decodes=True), text)
        except ForbiddenPathError as err:
            problem = problem or err
    assert problem is not None, "nothing else ends the loop"
    raise _missing(text) if "names nothing" in problem.why else problem


def _of_a_file(locator: str, text: str) -> str:
    """Return a locator, unless it is that of a folder or of a hidden file."""
    from ...video.source import is_address

    path = Path(locator)
    if not is_address(locator) and (path.is_dir() or path.name.startswith(".")):
        raise _missing(text)
    return locator


def _missing(text: str) -> Problem:
    return Problem("not_found", f"There is no video {text[:200]!r} in the folders that clients may name (server.video_dirs).")
