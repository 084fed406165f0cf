"""Videos that a client of the service names: addresses read through a guard, files only out of folders that are shown to it.

FFmpeg looks names up and follows redirects by itself, so what is checked before it is not what it does. Guarded, it gets no
address at all, but a file that reads for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import ForbiddenPathError
from ..guard import Guard, confined_to_one
from ..guard.ranged import RangedFile, RangeLimits


class GuardedAddress(str):
    """An address that is read through a guard; in all else the text that it is.

    It is a text, so that what opens videos by their locator need not know of guards.
    """

    guard: Guard
    max_bytes: int

    def __new__(cls, url: str, guard: Guard | None = None, max_bytes: int = RangeLimits().max_bytes) -> GuardedAddress:
        """Put address and guard together; the strictest guard where None."""
        address = super().__new__(cls, url)
        address.guard, address.max_bytes = guard or Guard(), max_bytes
        return address

    def open_file(self, timeout_s: float) -> RangedFile:
        """Open what is there.

        Raises:
            ForbiddenAddressError: It must not be fetched.
            FetchError: It cannot be fetched.
        """
        limits = RangeLimits(max_bytes=self.max_bytes, timeout_s=timeout_s)
        return RangedFile(str(self), self.guard, limits)


@contextmanager
def source_of(locator: str, name: str, timeout_s: float) -> Iterator[str | RangedFile]:
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
