"""Videos that are named by where they lie: a path, or the http(s) address of the file itself."""

from __future__ import annotations

import mimetypes
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from ..errors import FetchError, ForbiddenPathError, MediaError
from ..guard import Guard, confined
from ..mediafragments import names_a_part
from .asking import escaped, is_web, with_host
from .base import Connector, Found

_VIDEO_SUFFIXES = frozenset({".mkv", ".mxf", ".ogv", ".ts", ".m2ts", ".mts", ".webm", ".m4v", ".dv", ".vob"})
"""Endings of video files that not every system knows; the others it is asked for."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Local(Connector):
    """A file of this machine."""

    name = "local"

    def takes(self, locator: str) -> bool:
        """Say whether it is no address."""
        return not is_web(locator)

    def resolve(self, locator: str) -> Found:
        """Return the path; whether a video lies there is seen when it is opened."""
        return Found(self.name, locator, "", locator)


class Direct(Connector):
    """A file behind an http(s) address, read in ranges: what breaks off is gone on with where it was."""

    name = "direct"

    def __init__(self, guard: Guard | None, strict: Guard) -> None:
        """Begin.

        Args:
            guard: Says which servers may be called; None where whoever names an address may go there.
            strict: Says which servers may be called that such an address redirects to.
        """
        self._guard, self._strict = guard, strict

    def takes(self, locator: str) -> bool:
        """Say whether it is an address."""
        return is_web(locator)

    def resolve(self, locator: str) -> Found:
        """Return the address."""
        if self._guard is None and _needs_more_than_ranges(locator):
            return Found(self.name, locator, "", locator)
        return Found(self.name, locator, "", locator, guard=self._guard or with_host(self._strict, locator))


def beside(record: str, address: str) -> str:
    """Return where a medium lies that a record names: an address, also relative to that of the record, or a file beside it.

    Args:
        record: Address or path of the record.
        address: As it stands there.

    Raises:
        FetchError: A record from elsewhere names something that is no http(s) address.
        MediaError: A file names something that is not in its folder.
    """
    if is_web(address):
        return escaped(address)
    if is_web(record):
        try:
            joined = escaped(urljoin(record, address))
        except ValueError:  # no address at all: //[
            joined = ""
        if not is_web(joined):
            raise FetchError(record, f"names its medium {address[:200]!r}, which is no http(s) address")
        return joined
    # Manifests and graphs name files by relative addresses, in which blanks and accents are encoded.
    name = address.removeprefix("./")
    for one in dict.fromkeys((name, unquote(name))):
        with suppress(ForbiddenPathError):
            return str(confined(Path(record).parent, one))
    raise MediaError(record, f"names its medium {address[:200]!r}, which is no file in its folder. Put it there.")


def is_readable(path: str) -> bool:
    """Say whether a path names a file."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_video_name(address: str) -> bool:
    """Say whether an address or a path ends like that of a video, also with a part of it behind."""
    head, _, part = address.partition("#")
    bare = head if names_a_part(part) else address
    try:
        path = urlsplit(bare).path if is_web(bare) else bare
    except ValueError:  # no address after all: http://[
        return False
    kind = mimetypes.guess_type(path)[0] or ""
    return kind.startswith("video/") or Path(path).suffix.lower() in _VIDEO_SUFFIXES


def _needs_more_than_ranges(url: str) -> bool:
    """Say whether an address has a password, or is reached through a proxy: FFmpeg knows both, our own reader neither."""
    return "@" in urlsplit(url).netloc or any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES)
