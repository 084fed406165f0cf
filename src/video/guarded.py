"""Videos that a client of the service names: addresses read through a guard, files only out of folders that are shown to it.

FFmpeg looks names up and follows redirects by itself, so what is checked before it is not what it does. Guarded, it gets no
address at all, but a file that reads for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import FetchError, ForbiddenPathError
from ..guard import Guard, confined_to_one
from ..guard.pieces import PiecedFile, is_piece_list
from ..guard.ranged import RangedFile, RangeLimits


class GuardedAddress(str):
    """An address that is read through a guard; in all else the text that it is.

    It is a text, so that what opens videos by their locator need not know of guards.
    """

    guard: Guard
    max_bytes: int
    lasts_s: float | None
    """How long a film in pieces is, once it was opened: its list says so, and the pieces do not."""

    def __new__(cls, url: str, guard: Guard | None = None, max_bytes: int = RangeLimits().max_bytes) -> GuardedAddress:
        """Put address and guard together; the strictest guard where None."""
        address = super().__new__(cls, url)
        address.guard, address.max_bytes, address.lasts_s = guard or Guard(), max_bytes, None
        return address

    def open_file(self, timeout_s: float) -> RangedFile | PiecedFile:
        """Open what is there: a file, or a list of pieces (HLS) as if it were one.

        Raises:
            ForbiddenAddressError: It must not be fetched.
            FetchError: It cannot be fetched.
        """
        limits = RangeLimits(max_bytes=self.max_bytes, timeout_s=timeout_s)
        if is_piece_list(self):
            return self._open_pieces(limits)
        try:
            return RangedFile(str(self), self.guard, limits)
        except FetchError as err:
            if "mpegurl" in err.why:
                return self._open_pieces(limits)
            if "dash+xml" in err.why or urlsplit(self).path.lower().endswith(".mpd"):
                why = "has its video in pieces (DASH), which are not read. Download it, and give the file"
                raise FetchError(str(self), why) from err
            raise

    def _open_pieces(self, limits: RangeLimits) -> PiecedFile:
        file = PiecedFile(str(self), self.guard, limits)
        self.lasts_s = file.duration_s
        return file


@contextmanager
def source_of(locator: str, name: str, timeout_s: float) -> Iterator[str | RangedFile | PiecedFile]:
    """Yield what FFmpeg is to open: a file that reads through the guard where the locator has one, else the name."""
    if not isinstance(locator, GuardedAddress):
        yield name
        return
    with locator.open_file(timeout_s) as file:
        yield file


def named_by_client(locator: str, guard: Guard, folders: Sequence[Path]) -> str:
    """Return the locator of a video that a client may name, a file as its real path.

    Args:
        locator: Address, or path of a file in one of the folders, relative to it; a media fragment stays.
        guard: Says which servers may be called.
        folders: Where videos lie that clients may name.

    Raises:
        ForbiddenAddressError: The address must not be fetched.
        ForbiddenPathError: There is no such file in the folders.
    """
    if locator.lower().startswith(("http:", "https:")):
        guard.check(locator)
        return locator
    # A name may hold a number sign; which part is the fragment, the files themselves say.
    for end in [len(locator), *(at for at in range(len(locator) - 1, 0, -1) if locator[at] == "#")]:
        try:
            return str(confined_to_one(tuple(folders), locator[:end])) + locator[end:]
        except ForbiddenPathError as err:
            problem = err
    raise problem
