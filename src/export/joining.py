"""Exports of a whole project as one stream of bytes: a table, a text after the other, or an archive, one video at a time.

Each video is written to a file of its own first and then passed on in pieces, so that no more than one piece is in memory.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .document import Document

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Joined = Callable[[Path, bool], Iterator[bytes]]
"""Yields what a file adds to those before it; it is told whether it is the first one."""
Writer = Callable[[Path, Document], int]

PIECE_BYTES = 1 << 18
ZIP = "application/zip"


def whole(path: Path, _first: bool) -> Iterator[bytes]:
    """Yield all of a file: texts that may follow each other, as Turtle and JSON lines do."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def csv_rows(path: Path, first: bool) -> Iterator[bytes]:
    """Yield a table, with the names of the columns only where it is the first one; no cell has a line end in them."""
    with path.open("rb") as file:
        head = file.readline()
        if first:
            yield head
        while piece := file.read(PIECE_BYTES):
            yield piece


def json_lines(path: Path, _first: bool) -> Iterator[bytes]:
    """Yield a JSON document as one line."""
    text = json.dumps(json.loads(path.read_bytes()), ensure_ascii=False, separators=(",", ":"))
    yield f"{text}\n".encode()


def joined(
    documents: Iterable[Document], write: Writer, suffix: str, join: Joined | None, empty: bytes = b""
) -> Iterator[bytes]:
    """Yield the export of many videos, piece by piece.

    Args:
        documents: What is written, taken one at a time.
        write: Writes one of them to a file.
        suffix: Of the files.
        join: How they are put together; None for an archive.
        empty: What stands for no video at all, where they are not put into an archive.

    Raises:
        ConfigError: What the format needs is not installed.
        ExportError: The temporary file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="facerec-export-") as folder:
        path = Path(folder) / f"part{suffix}"
        if join is None:
            yield from _archived(documents, write, suffix, path)
            return
        first = True
        for document in documents:
            write(path, document)
            yield from join(path, first)
            first = False
        if first and empty:
            yield empty


def archive_of(folder: Path) -> Iterator[bytes]:
    """Yield the files of a folder and of those in it as an archive, piece by piece, uncompressed: clips are compressed already.

    Args:
        folder: Links in it are not followed, and what is only just being written is left out.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file() or path.name.startswith("."):
                continue
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            with archive.open(entry, "w", force_zip64=True) as file, path.open("rb") as part:
                while piece := part.read(PIECE_BYTES):
                    file.write(piece)
                    yield sink.taken()
    yield sink.taken()


def media_type_of(name: str, media_type: str, join: Joined | None) -> tuple[str, str]:
    """Return suffix and media type of the stream of a format.

    Args:
        name: The suffix of one file.
        media_type: Of one file.
        join: How files are put together.
    """
    if join is None:
        return ".zip", ZIP
    return (".jsonl", "application/x-ndjson") if join is json_lines else (name, media_type)


def _archived(documents: Iterable[Document], write: Writer, suffix: str, path: Path) -> Iterator[bytes]:
    sink, names = _Sink(), set[str]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for document in documents:
            write(path, document)
            name = _free(document.video.folder or document.video.video_id, names)
            # The moment of the analysis and not that of the export: the same results are the same bytes.
            entry = zipfile.ZipInfo(f"{name}{suffix}", date_time=_moment(document.analysis.updated_at))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file, path.open("rb") as part:
                while piece := part.read(PIECE_BYTES):
                    file.write(piece)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def _free(name: str, taken: set[str]) -> str:
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def _moment(text: str) -> tuple[int, int, int, int, int, int]:
    digits = text.replace("T", "-").replace(":", "-").split("+")[0].split("-")[:6]
    year, *rest = (
        (int(digit) for digit in digits) if len(digits) == 6 and all(map(str.isdecimal, digits)) else (1980, 1, 1, 0, 0, 0)
    )
    return max(year, 1980), rest[0], rest[1], rest[2], rest[3], rest[4]


class _Sink(io.RawIOBase):
    """Keeps what an archive writes until it is taken; nobody can go back in it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Keep some bytes."""
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
