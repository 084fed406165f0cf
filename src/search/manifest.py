"""What an index consists of: a small file that names its blocks and says whose rows lie where.

The manifest alone decides what is in the index. It is replaced at once, after the blocks that it names are on the disk, so
that a process killed at any moment leaves the index as it was before or as it was to be.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import StorageError

MANIFEST_FILE = "manifest.json"
LOCK_FILE = ".lock"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Segment:
    """The rows of one source in a block.

    Attributes:
        source: Whose rows these are.
        number: Given when they were added, never given again, and kept when they move to another block.
        start, stop: Rows of the block; `stop` lies outside. A source without rows has an empty segment.
    """

    source: str
    number: int
    start: int
    stop: int

    def __len__(self) -> int:
        """Number of rows."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """A block that is never changed: its files and its live rows. Rows that no segment covers are dead.

    Attributes:
        name: Its files are `name.vectors.npy` and `name.keys.npy`; a block without rows has none.
        n_rows: Rows, live and dead.
        vectors_crc, keys_crc: CRC-32 of the two files.
        segments: By `start`.
    """

    name: str
    n_rows: int
    vectors_crc: int
    keys_crc: int
    segments: tuple[Segment, ...]

    @property
    def n_live(self) -> int:
        """Rows that belong to a source."""
        return sum(map(len, self.segments))


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of an index.

    Attributes:
        engine_id: What made the vectors, `name@version`.
        dimension: Length of a vector.
        blocks: Oldest first.
        version: Rises by one with every change.
        next_number: For the segment that is added next.
        origin: Made up when the index began: one that was deleted and begun again is another.
    """

    engine_id: str
    dimension: int
    blocks: tuple[BlockEntry, ...] = ()
    version: int = 0
    next_number: int = 0
    origin: str = field(default_factory=lambda: uuid.uuid4().hex)


def damaged(folder: Path, what: str) -> StorageError:
    """Return the error for an index that cannot be used any more."""
    return StorageError(
        f"The search index {folder} is damaged: {what}. Delete this folder; the index holds nothing of its own and is "
        "built again from the stored tracks."
    )


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Translate what the disk refuses.

    Raises:
        StorageError: A file of the index cannot be read or written.
    """
    try:
        yield
    except OSError as err:
        raise StorageError(
            f"The search index {folder} cannot be read or written: {err.strerror or err}. Free some space or check the folder."
        ) from err


@contextmanager
def writer_lock(folder: Path, name: str = LOCK_FILE) -> Iterator[None]:
    """Be the only writer of an index; others wait. The system lets go when a process dies."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / name).open("a")
    with file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            with disk_errors(folder):
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_manifest(folder: Path) -> bytes | None:
    """Return the manifest of a folder as it was written, or None where no index was begun.

    Raises:
        StorageError: It cannot be read.
    """
    with disk_errors(folder):
        try:
            return (folder / MANIFEST_FILE).read_bytes()
        except FileNotFoundError:
            return None


def parse_manifest(folder: Path, text: bytes) -> Manifest:
    """Turn what was read into a manifest.

    Raises:
        StorageError: It is damaged, or was written by a newer version.
    """
    try:
        values = json.loads(text)
        if values["format"] != _FORMAT:
            raise damaged(folder, f"its format is {values['format']}, and {_FORMAT} is the only one known")
        return _manifest(values)
    except (ValueError, KeyError, TypeError) as err:
        raise damaged(folder, f"{MANIFEST_FILE} cannot be understood") from err


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before; the files that it names must be on the disk already.

    Raises:
        StorageError: The disk refuses it.
    """
    text = json.dumps({"format": _FORMAT, **_plain(manifest)}, separators=(",", ":"))
    replace_file(folder / MANIFEST_FILE, text.encode())


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a power cut leaves the old one or the new one, on the disk and not only in memory.

    Raises:
        StorageError: The disk refuses it.
    """
    partial = path.with_name(f".{path.name}.partial")
    with disk_errors(path.parent):
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names of new files to the disk, where the system can."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _plain(manifest: Manifest) -> Mapping[str, Any]:
    return {
        "engine_id": manifest.engine_id,
        "dimension": manifest.dimension,
        "version": manifest.version,
        "next_number": manifest.next_number,
        "origin": manifest.origin,
        "blocks": [
            {
                "name": block.name,
                "n_rows": block.n_rows,
                "vectors_crc": block.vectors_crc,
                "keys_crc": block.keys_crc,
                "segments": [[part.source, part.number, part.start, part.stop] for part in block.segments],
            }
            for block in manifest.blocks
        ],
    }


def _manifest(values: Mapping[str, Any]) -> Manifest:
    blocks = tuple(
        BlockEntry(
            str(block["name"]),
            int(block["n_rows"]),
            int(block["vectors_crc"]),
            int(block["keys_crc"]),
            tuple(
                Segment(str(source), int(number), int(start), int(stop)) for source, number, start, stop in block["segments"]
            ),
        )
        for block in values["blocks"]
    )
    head = str(values["engine_id"]), int(values["dimension"])
    return Manifest(*head, blocks, int(values["version"]), int(values["next_number"]), str(values["origin"]))
