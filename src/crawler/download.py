"""Found pictures to bytes: several at a time, handed on in the order in which they were found."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..disk.pictures import HEAD_BYTES, kind_of, why_no_picture
from ..errors import FetchError
from .base import FoundImage
from .web import Web


@dataclass(frozen=True, slots=True)
class Offer:
    """A picture and the provider that found it."""

    provider: str
    image: FoundImage


@dataclass(frozen=True, slots=True, eq=False)
class Download:
    """A fetched picture, or why there is none.

    Attributes:
        data: The bytes; empty where it failed.
        reason: What went wrong; empty where nothing did.
        passing: Whether it may work another time.
    """

    offer: Offer
    data: bytes = b""
    reason: str = ""
    passing: bool = False


def download_all(web: Web, offers: Iterator[Offer], missing: Callable[[], int]) -> Iterator[Download]:
    """Fetch pictures until no more are missing.

    In flight are never more than are missing, so that nothing is fetched only to be thrown away. The order of the results is
    that of the offers: the same search gives the same file names.

    Args:
        web: Fetches.
        offers: What to fetch; taken one by one, as places become free.
        missing: Says how many usable pictures are still wanted.
    """
    pool = ThreadPoolExecutor(web.limits.workers, thread_name_prefix="download")
    running: deque[Future[Download]] = deque()
    try:
        while missing() > 0:
            while len(running) < min(web.limits.workers, missing()) and (offer := next(offers, None)) is not None:
                running.append(pool.submit(fetch, web, offer))
            if not running:
                return
            yield running.popleft().result()
    finally:
        if running:
            web.stop()
        pool.shutdown(wait=True, cancel_futures=True)


def fetch(web: Web, offer: Offer) -> Download:
    """Fetch one picture; a fault is a result."""
    found = offer.image
    try:
        data = web.get(found.url, check=_check_kind) if found.path is None else _read_file(found.path, web.limits.max_bytes)
    except FetchError as err:
        return Download(offer, reason=err.why, passing=err.passing)
    return Download(offer, data) if data else Download(offer, reason=why_no_picture(data))


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        if path.stat().st_size > max_bytes:
            raise FetchError(str(path), f"is larger than {max_bytes} bytes", passing=True)
        return path.read_bytes()
    except OSError as err:
        raise FetchError(str(path), f"cannot be read: {err.strerror}", passing=True) from err


def _check_kind(head: bytes) -> str | None:
    """Refuse what begins like no picture, whatever its Content-Type says; a beginning that is too short may go on."""
    return why_no_picture(head) if len(head) >= HEAD_BYTES and kind_of(head) is None else None
