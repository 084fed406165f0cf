"""An index of vectors in a folder: immutable float16 blocks, mapped into memory and searched exactly.

Rows come and go by their source. New rows go to a new block; small neighbouring blocks are joined as they pile up, so that
there are few, and a row is copied a number of times that grows with the logarithm of their number. Rows of a source that was
removed or replaced stay where they are, dead, until a quarter of their block is.

One process writes at a time and any number read. A reader looks at each search whether the manifest was replaced; blocks
that it has mapped stay readable for it after they were deleted.
"""

from __future__ import annotations

import os
import uuid
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ShapeError, StorageError
from ..schema import FloatArray, HalfArray, IntArray
from .manifest import (
    MANIFEST_FILE,
    BlockEntry,
    Manifest,
    Segment,
    damaged,
    disk_errors,
    parse_manifest,
    read_manifest,
    sync_folder,
    write_manifest,
    writer_lock,
)
from .ranking import MAX_NORM, Block, Hit, best_of_parts, parts_of

BLOCK_ROWS = 1 << 18
"""Blocks of so many rows are not joined any further: 64 MB at 128 numbers a row."""
_MAX_DEAD = 0.25
"""A block with a larger share of dead rows is written anew."""
_TRIES = 20
_CRC_BYTES = 1 << 22

Rows = tuple[str, IntArray, FloatArray | HalfArray]
"""A source, the (n,) keys and the (n, d) vectors of its rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An index at one moment.

    Attributes:
        manifest: What it consists of.
        blocks: Its blocks, mapped.
        text: The manifest as it was read; None where there is none.
    """

    manifest: Manifest
    blocks: tuple[Block, ...] = ()
    text: bytes | None = None


class VectorIndex:
    """Finds the nearest of many vectors, exactly."""

    def __init__(self, folder: Path, snapshot: Snapshot) -> None:
        """Use `VectorIndex.open`."""
        self.folder = folder
        self._snapshot = snapshot

    @staticmethod
    def open(folder: Path, engine_id: str, dimension: int) -> VectorIndex:
        """Open the index of a folder, or begin an empty one there; nothing is written before the first change.

        Args:
            folder: Need not exist.
            engine_id: What makes the vectors, `name@version`: those of two engines never meet.
            dimension: Length of a vector.

        Raises:
            StorageError: The folder holds vectors of another engine or length, is damaged, or cannot be read.
        """
        index = VectorIndex(folder, Snapshot(Manifest(engine_id, dimension)))
        index.snapshot()
        return index

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._snapshot.manifest.dimension

    def sources(self) -> set[str]:
        """Return the sources that were added, those without rows too."""
        return {part.source for block in self.snapshot().blocks for part in block.entry.segments}

    def __len__(self) -> int:
        """Number of rows that can be found."""
        return sum(block.entry.n_live for block in self.snapshot().blocks)

    def search(self, query: FloatArray, top: int, allowed: Collection[str] | None = None) -> list[Hit]:
        """Return the rows with the highest scores.

        Args:
            query: (d,) float32, L2-normalised.
            top: At most so many.
            allowed: Sources to look at; all where None.

        Returns:
            Best score first; equal scores by source, then by key.

        Raises:
            ShapeError: The query has another length.
            StorageError: The query is not finite, or the index is damaged.
        """
        query = self.checked_query(query)
        return best_of_parts(parts_of(self.snapshot().blocks, allowed), query, top)

    def checked_query(self, query: FloatArray) -> FloatArray:
        """Return a query as float32, if it can be one."""
        if query.shape != (self.dimension,):
            raise ShapeError("query", f"({self.dimension},)", query.shape)
        if not np.isfinite(query).all():
            raise StorageError("The query vector holds numbers that are not finite. Embed the face again.")
        return np.ascontiguousarray(query, np.float32)

    def add(self, source: str, keys: IntArray, vectors: FloatArray | HalfArray) -> None:
        """Add the rows of a source, in the place of those that it had.

        Args:
            source: Whose they are.
            keys: (n,) int64, what a hit shall name; n may be 0.
            vectors: (n, d), L2-normalised; kept as float16.

        Raises:
            ShapeError: The arrays do not fit each other or the index.
            StorageError: Vectors are not finite or longer than 1, or the disk refuses them.
        """
        self.add_many([(source, keys, vectors)])

    def add_many(self, rows: Iterable[Rows]) -> None:
        """Add many sources as `add` does, a block at a time; after a fault the blocks before it stay.

        A source that comes twice keeps the rows that came last.
        """
        batch: dict[str, Rows] = {}
        n_rows = 0
        for source, keys, vectors in rows:
            checked = (source, *self._checked_rows(source, keys, vectors))
            n_rows += len(keys) - (len(batch.pop(source)[1]) if source in batch else 0)
            batch[source] = checked
            if n_rows >= BLOCK_ROWS:
                self._change(set(batch), list(batch.values()))
                batch, n_rows = {}, 0
        if batch:
            self._change(set(batch), list(batch.values()))

    def remove(self, *sources: str, purge: bool = False) -> None:
        """Take the rows of sources out; a source that is not there is no error.

        Args:
            sources: Whose rows.
            purge: Leave no dead row on the disk, of these sources or of others: for what somebody wants erased.
        """
        dead = any(block.entry.n_live < block.entry.n_rows for block in self.snapshot().blocks)
        if self.sources() & set(sources) or (purge and dead):
            self._change(set(sources), [], 0.0 if purge else _MAX_DEAD)

    def snapshot(self) -> Snapshot:
        """Return the index as it stands on the disk now.

        Raises:
            StorageError: It is damaged, or of another engine or length.
        """
        known = self._snapshot
        for _ in range(_TRIES):
            # Read and not only looked at: two changes within a tick of the clock may leave time and size as they were.
            text = read_manifest(self.folder)
            if text == known.text:
                return known
            kind = known.manifest.engine_id, known.manifest.dimension
            # Where the folder was deleted an empty index is left.
            manifest = Manifest(*kind) if text is None else parse_manifest(self.folder, text)
            self._check_kind(manifest)
            try:
                blocks = self._map(manifest, known)
            except FileNotFoundError as err:
                if read_manifest(self.folder) == text:
                    raise damaged(self.folder, f"{Path(err.filename).name} is missing") from err
                continue  # A writer replaced manifest and blocks just now.
            self._snapshot = Snapshot(manifest, blocks, text)
            return self._snapshot
        raise StorageError(f"The search index {self.folder} changes faster than it can be read. Try again.")

    def _check_kind(self, manifest: Manifest) -> None:
        wanted = self._snapshot.manifest
        if (manifest.engine_id, manifest.dimension) != (wanted.engine_id, wanted.dimension):
            raise StorageError(
                f"The search index {self.folder} holds vectors of {manifest.engine_id} ({manifest.dimension} numbers); those "
                f"of {wanted.engine_id} ({wanted.dimension} numbers) cannot join them. Use another folder, or delete this one."
            )

    def _map(self, manifest: Manifest, known: Snapshot) -> tuple[Block, ...]:
        """Map the blocks of a manifest, taking over those that are mapped already."""
        mapped = {_identity(block.entry): block for block in known.blocks}
        result = []
        for entry in manifest.blocks:
            block = mapped.get(_identity(entry))
            result.append(replace(block, entry=entry) if block else self._open_block(entry))
        return tuple(result)

    def _open_block(self, entry: BlockEntry) -> Block:
        shapes = (entry.n_rows, self.dimension), (entry.n_rows,)
        if entry.n_rows == 0:
            return Block(entry, np.zeros(shapes[0], np.float16), np.zeros(shapes[1], np.int64))
        vectors = self._open_array(f"{entry.name}.vectors.npy", shapes[0], np.float16, entry.vectors_crc)
        keys = self._open_array(f"{entry.name}.keys.npy", shapes[1], np.int64, entry.keys_crc)
        if any(not 0 <= part.start <= part.stop <= entry.n_rows for part in entry.segments):
            raise damaged(self.folder, f"{MANIFEST_FILE} names rows that {entry.name} does not have")
        return Block(entry, vectors, keys)

    def _open_array(self, name: str, shape: tuple[int, ...], dtype: type[Any], crc: int) -> Any:
        path = self.folder / name
        try:
            whole = checksum(path) == crc
            array = np.load(path, mmap_mode="r", allow_pickle=False) if whole else np.zeros(0)
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as err:
            raise damaged(self.folder, f"{name} cannot be read") from err
        if array.shape != shape or array.dtype != dtype:
            raise damaged(self.folder, f"{name} is not as it was written")
        return np.asarray(array)  # A plain view: slices of np.memmap are slow to make.

    def _checked_rows(self, source: str, keys: IntArray, vectors: FloatArray | HalfArray) -> tuple[IntArray, HalfArray]:
        if keys.ndim != 1:
            raise ShapeError("keys", "(n,)", keys.shape)
        if vectors.shape != (len(keys), self.dimension):
            raise ShapeError("vectors", f"({len(keys)}, {self.dimension})", vectors.shape)
        norms = np.linalg.norm(vectors.astype(np.float32), axis=1)
        if not np.all(norms <= MAX_NORM):  # NaN is not smaller either.
            raise StorageError(f"The vectors of {source} are not L2-normalised or not finite. Embed its faces again.")
        return np.ascontiguousarray(keys, np.int64), np.ascontiguousarray(vectors, np.float16)

    def _change(self, leaving: set[str], rows: Sequence[Rows], max_dead: float = _MAX_DEAD) -> None:
        """Take sources out and add rows, in one step for readers."""
        with writer_lock(self.folder):
            before = self.snapshot()
            numbers = iter(range(before.manifest.next_number, before.manifest.next_number + len(rows)))
            fresh: list[tuple[Segment, IntArray, HalfArray]] = [
                (Segment(source, next(numbers), 0, len(keys)), keys, np.asarray(vectors, np.float16))
                for source, keys, vectors in rows
            ]
            kept = [block for block in (_without(block, leaving) for block in before.blocks) if block.entry.segments]
            blocks = self._compacted(kept, fresh, max_dead)
            manifest = replace(
                before.manifest,
                blocks=tuple(blocks),
                version=before.manifest.version + 1,
                next_number=before.manifest.next_number + len(rows),
            )
            write_manifest(self.folder, manifest)
            self._sweep(manifest)

    def _compacted(
        self, kept: list[Block], fresh: list[tuple[Segment, IntArray, HalfArray]], max_dead: float
    ) -> Iterator[BlockEntry]:
        """Yield the blocks to be: those with many dead rows written anew, the last small ones joined with the new rows."""
        joined: list[Block] = []
        n_rows = sum(len(keys) for _, keys, _ in fresh)
        while kept and _worth_joining(kept[-1].entry.n_live, n_rows):
            n_rows += kept[-1].entry.n_live
            joined.insert(0, kept.pop())
        for block in kept:
            dead = block.entry.n_rows - block.entry.n_live
            yield self._write_block(list(_live_rows([block]))) if dead > max_dead * block.entry.n_rows else block.entry
        rows = [*_live_rows(joined), *fresh]
        if rows:
            yield self._write_block(rows)

    def _write_block(self, rows: Sequence[tuple[Segment, IntArray, HalfArray]]) -> BlockEntry:
        name = f"block-{uuid.uuid4().hex[:16]}"
        vectors: HalfArray = np.concatenate([vectors for _, _, vectors in rows])
        keys: IntArray = np.concatenate([keys for _, keys, _ in rows])
        segments, start = [], 0
        for segment, own, _ in rows:
            segments.append(replace(segment, start=start, stop=start + len(own)))
            start += len(own)
        vectors_crc = keys_crc = 0
        if start:
            with disk_errors(self.folder):
                vectors_crc = _save(self.folder / f"{name}.vectors.npy", vectors)
                keys_crc = _save(self.folder / f"{name}.keys.npy", keys)
                sync_folder(self.folder)
        return BlockEntry(name, start, vectors_crc, keys_crc, tuple(segments))

    def _sweep(self, manifest: Manifest) -> None:
        """Delete the files of blocks that are not in use, also those that a killed writer left."""
        used = {block.name for block in manifest.blocks}
        for path in self.folder.glob("block-*.npy"):
            if path.name.split(".")[0] not in used:
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    continue  # Windows keeps files that a reader has mapped; the next change tries again.


def checksum(path: Path) -> int:
    """Return the CRC-32 of a file, read piece by piece.

    Raises:
        OSError: It cannot be read.
    """
    piece = bytearray(_CRC_BYTES)
    crc = 0
    with path.open("rb", buffering=0) as file:
        while n := file.readinto(piece):
            crc = zlib.crc32(memoryview(piece)[:n], crc)
    return crc


def _identity(entry: BlockEntry) -> tuple[str, int, int, int]:
    return entry.name, entry.n_rows, entry.vectors_crc, entry.keys_crc


def _without(block: Block, leaving: set[str]) -> Block:
    segments = tuple(part for part in block.entry.segments if part.source not in leaving)
    return replace(block, entry=replace(block.entry, segments=segments))


def _worth_joining(n_live: int, n_new: int) -> bool:
    """Join blocks that are not much larger than what is written anyway: each row then moves a few times in its life."""
    return n_live <= 2 * n_new and n_live + n_new <= BLOCK_ROWS


def _live_rows(blocks: Iterable[Block]) -> Iterator[tuple[Segment, IntArray, HalfArray]]:
    for block in blocks:
        for part in block.entry.segments:
            yield part, block.keys[part.start : part.stop], block.vectors[part.start : part.stop]


def _save(path: Path, array: Any) -> int:
    """Write an array down to the disk and return the checksum of its file."""
    with path.open("xb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return checksum(path)
