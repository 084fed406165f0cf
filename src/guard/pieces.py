"""Films in pieces (HLS): a list says where they lie, and each is fetched through the guard and read as if they were one file.

FFmpeg, given such a list, would open whatever it names by itself: files of this machine, and servers that nobody checked.

Source: RFC 8216, HTTP Live Streaming, sections 3 (media segments) and 4.3 (playlist tags).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from ..errors import FetchError
from .fetch import FetchLimits, fetch
from .policy import Guard
from .ranged import RangedFile, RangeLimits

MAX_PIECES = 50_000
"""A day in pieces of two seconds."""
_LIST_BYTES = 8_000_000
_LISTS_DEEP = 2
"""A list of qualities, and that of one of them."""
_TALLEST = 1080
"""Pixels; faces are found in pictures of this height as well as in larger ones, which take longer to fetch."""
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_RANGE = re.compile(r"(\d{1,15})(?:@(\d{1,15}))?", re.ASCII)
_REMEDY = "Download it, and give the file."


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a film.

    Attributes:
        url: Where it lies.
        start: First byte of it.
        length: How many bytes; None for all from there on.
    """

    url: str
    start: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class PieceList:
    """What a list says.

    Attributes:
        pieces: In their order, what begins the film first.
        duration_s: How long they last together, as the list says.
    """

    pieces: tuple[Piece, ...]
    duration_s: float


def is_piece_list(url: str) -> bool:
    """Say whether an address ends like that of a list of pieces."""
    return urlsplit(url).path.lower().endswith(".m3u8")


def fetch_list(url: str, guard: Guard, timeout_s: float) -> PieceList:
    """Fetch a list, of several qualities the best that is not larger than needed.

    Raises:
        ForbiddenAddressError: It, or what it names, must not be fetched.
        FetchError: It cannot be fetched, or holds what is not read: live or encrypted films.
    """
    limits = FetchLimits(max_bytes=_LIST_BYTES, timeout_s=timeout_s)
    address = url
    for _ in range(_LISTS_DEEP):
        answer = fetch(address, guard, limits)
        lines = [line.strip() for line in answer.data.decode("utf-8-sig", "replace").splitlines() if line.strip()]
        if not lines or lines[0] != "#EXTM3U":
            raise FetchError(url, "is no list of pieces (HLS): it does not begin with #EXTM3U. Check the address")
        quality = _best_quality(answer.url, lines)
        if quality is None:
            return _listed(answer.url, lines)
        address = quality
    raise FetchError(url, f"is a list of lists that lie deeper than any film's. {_REMEDY}")


def _best_quality(url: str, lines: list[str]) -> str | None:
    """Return the address of the best quality; None for a list of pieces itself."""
    found: list[tuple[bool, bool, int, str]] = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("#EXT-X-STREAM-INF:") and after and not after.startswith("#"):
            said = _attributes(line)
            height = _number(said.get("RESOLUTION", "").rpartition("x")[2])
            # Lists of sound alone say so by their codecs, and have no size.
            shown = bool(height) or not said.get("CODECS", "avc").startswith(("mp4a", "ac-3", "ec-3", "opus"))
            fits = height <= _TALLEST
            rank = _number(said.get("BANDWIDTH", ""))
            found.append((shown, fits, rank if fits else -rank, _joined(url, after)))
    return max(found)[3] if found else None


def _listed(url: str, lines: list[str]) -> PieceList:
    """Return the pieces of a list.

    Raises:
        FetchError: It names something that is not read.
    """
    if "#EXT-X-ENDLIST" not in lines:
        raise FetchError(url, "is broadcast live: its list has no end (#EXT-X-ENDLIST). Record it, and give the file")
    pieces: list[Piece] = []
    duration_s, begun, said_range = 0.0, Piece(""), ""
    for line in lines:
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-KEY" and _attributes(line).get("METHOD") != "NONE":
            raise FetchError(url, f"is encrypted (#EXT-X-KEY), which is not read. {_REMEDY}")
        if tag == "#EXT-X-DISCONTINUITY":
            raise FetchError(url, f"is put together of several films (#EXT-X-DISCONTINUITY), which is not read. {_REMEDY}")
        if tag == "#EXT-X-MAP":
            said = _attributes(line)
            first = _ranged(url, _joined(url, said.get("URI", "")), said.get("BYTERANGE", ""), None)
            if first != begun:
                pieces.append(first)
            begun = first
        elif tag == "#EXTINF":
            duration_s += _seconds(url, value)
        elif tag == "#EXT-X-BYTERANGE":
            said_range = value
        elif not line.startswith("#"):
            pieces.append(_ranged(url, _joined(url, line), said_range, pieces[-1] if pieces else None))
            said_range = ""
        if len(pieces) > MAX_PIECES:
            raise FetchError(url, f"has more than {MAX_PIECES} pieces. {_REMEDY}")
    if not pieces:
        raise FetchError(url, "is a list without pieces. Check the address")
    return PieceList(tuple(_together(pieces)), duration_s)


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def _number(text: str) -> int:
    """Return a whole number; 0 for what is none."""
    return int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else 0


def _joined(url: str, given: str) -> str:
    """Return the address of a piece; the guard judges it when it is fetched.

    Raises:
        FetchError: It is no http(s) address.
    """
    try:
        joined = urljoin(url, given) if given else ""
    except ValueError:  # no address at all: //[
        joined = ""
    if not joined.lower().startswith(("http://", "https://")):
        raise FetchError(url, f"names a piece {given[:200]!r}, which is no http(s) address")
    return joined


def _ranged(url: str, address: str, text: str, before: Piece | None) -> Piece:
    """Return a piece; of a range without a beginning it follows the one before it."""
    if not text:
        return Piece(address)
    found = _RANGE.fullmatch(text)
    follows = before.start + (before.length or 0) if before is not None and before.url == address else None
    start = int(found[2]) if found and found[2] else follows
    if found is None or start is None:
        raise FetchError(url, f"names a range of bytes {text[:80]!r} that cannot be understood. {_REMEDY}")
    return Piece(address, start, int(found[1]))


def _seconds(url: str, value: str) -> float:
    text = value.partition(",")[0].strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d+)?", text, re.ASCII) is None:
        raise FetchError(url, f"says that a piece lasts {text[:40]!r}, which is no time. {_REMEDY}")
    return float(text)


def _together(pieces: list[Piece]) -> Iterator[Piece]:
    """Yield pieces with those that follow each other in one file joined: it is asked for once."""
    held = pieces[0]
    for piece in pieces[1:]:
        if (
            held.length is not None
            and piece.length is not None
            and (piece.url, piece.start) == (held.url, held.start + held.length)
        ):
            held = Piece(held.url, held.start, held.length + piece.length)
        else:
            yield held
            held = piece
    yield held


class PiecedFile(io.RawIOBase):
    """A film in pieces that is read like one file, from its beginning to its end."""

    def __init__(
        self,
        url: str,
        guard: Guard,
        limits: RangeLimits | None = None,
        opened: Callable[[str, Guard, RangeLimits], RangedFile] = RangedFile,
    ) -> None:
        """Fetch the list.

        Args:
            url: Of the list, http or https.
            guard: Says which servers may be called.
            limits: What the servers may cost us, all pieces together.
            opened: Opens a piece.

        Raises:
            ForbiddenAddressError: The list must not be fetched.
            FetchError: It cannot be fetched, or holds what is not read.
        """
        super().__init__()
        self._url, self._guard, self._limits, self._opened = url, guard, limits or RangeLimits(), opened
        self._list = fetch_list(url.split("#", 1)[0], guard, self._limits.timeout_s)
        self._number, self._pos, self._left = 0, 0, 0
        self._file: RangedFile | None = None

    @property
    def duration_s(self) -> float:
        """How long the film lasts, as the list says."""
        return self._list.duration_s

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """Nobody knows how long the pieces are that were not fetched."""
        return False

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._pos

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Begin anew; no other place can be gone to."""
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("a film in pieces is read from its beginning")
        self._let_go()
        self._number, self._pos = 0, 0
        return 0

    def readinto(self, buffer: Any) -> int:
        """Read what comes next into a buffer, and return how many bytes; 0 at the end of the film."""
        while buffer and self._number < len(self._list.pieces):
            data = self._read_piece(len(buffer))
            if data:
                buffer[: len(data)] = data
                self._pos += len(data)
                if self._pos > self._limits.max_bytes:
                    raise FetchError(self._url, f"is larger than {self._limits.max_bytes} bytes")
                return len(data)
            self._let_go()
            self._number += 1
        return 0

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._let_go()
        super().close()

    def _read_piece(self, size: int) -> bytes:
        """Return some bytes of the piece that it is the turn of; none at its end."""
        piece = self._list.pieces[self._number]
        if self._file is None:
            self._file, self._left = self._opened(piece.url, self._guard, self._limits), piece.length or 0
            if piece.start:
                self._file.seek(piece.start)
        if piece.length is None:
            return self._file.read(size)
        data = self._file.read(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        if not data and self._left:
            raise FetchError(piece.url, "ends before the range of bytes that its list names", passing=True)
        return data

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
