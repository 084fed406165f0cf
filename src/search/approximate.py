"""An optional graph above an exact index, for archives of several million vectors: faster, and nearly always right.

The graph only proposes rows. Their scores and their order are computed from the blocks of the exact index, what the graph
does not know yet is searched exactly, and where a search is small, or the graph proposes too little, the exact index answers.

Source: Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using hierarchical navigable small
world graphs, IEEE TPAMI 2020. The graphs are those of usearch.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConfigError
from ..schema import FloatArray, HalfArray, IntArray
from .blocks import Snapshot, VectorIndex
from .manifest import damaged, disk_errors, replace_file, writer_lock
from .ranking import Block, Hit, Part, best_of_parts, parts_of, rank

EXACT_ROWS = 200_000
"""So many rows are searched exactly in 10 ms: a graph for them, or a detour over it, gains nothing."""
_STALE_ROWS = 20_000
"""So many new rows are searched beside the graph before they join it."""
_MAX_DEAD = 0.3
"""A graph with a larger share of rows that are gone is built anew."""
_BATCH_ROWS = 50_000
_CONNECTIVITY, _EXPANSION_ADD, _EXPANSION = 16, 64, 128
_OVERSAMPLE = 2
"""Rows asked of the graph for each one wanted."""
_MAX_ASKED = 4096
_STATE_FILE = "approximate.json"
_LOCK_FILE = ".approximate.lock"


@dataclass(slots=True)
class _State:
    """What a graph on the disk holds.

    Attributes:
        origin: Of the exact index that it belongs to.
        file: Its name. `n_bytes`: its size.
        rows: Number of rows of each segment in it, by the segment's number.
        n_dead: Rows in it that are gone since.
    """

    origin: str
    file: str = ""
    n_bytes: int = 0
    rows: dict[int, int] = field(default_factory=dict)
    n_dead: int = 0


class ApproximateIndex:
    """Finds most of the nearest of very many vectors, without looking at all of them."""

    def __init__(self, exact: VectorIndex, graph: Any, state: _State) -> None:
        """Use `ApproximateIndex.open`."""
        self._exact, self._graph, self._state = exact, graph, state

    @staticmethod
    def open(exact: VectorIndex) -> ApproximateIndex:
        """Open the graph beside an exact index, or begin an empty one there.

        Args:
            exact: Holds the vectors.

        Raises:
            ConfigError: The package usearch is not installed.
            StorageError: The graph is damaged or cannot be read.
        """
        _usearch()
        origin = exact.snapshot().manifest.origin
        state = _read_state(exact.folder)
        if state is None or state.origin != origin:
            return ApproximateIndex(exact, _new_graph(exact.dimension), _State(origin))
        return ApproximateIndex(exact, _open_graph(exact.folder, state, view=True), state)

    def __len__(self) -> int:
        """Number of rows in the graph, those that are gone left out."""
        return sum(self._state.rows.values())

    def search(self, query: FloatArray, top: int, allowed: Collection[str] | None = None) -> list[Hit]:
        """Return rows with high scores, nearly always those with the highest.

        Args:
            query: (d,) float32, L2-normalised.
            top: At most so many.
            allowed: Sources to look at; all where None.

        Returns:
            Best score first; equal scores by source, then by key. Scores are exact.

        Raises:
            ShapeError: The query has another length.
            StorageError: The query is not finite, or the index is damaged.
        """
        query = self._exact.checked_query(query)
        parts = list(parts_of(self._exact.snapshot().blocks, allowed))
        known = {part[1].number: part for part in parts if self._state.rows.get(part[1].number) == len(part[1])}
        n_known = sum(len(segment) for _, segment in known.values())
        asked = _OVERSAMPLE * top * len(self._graph) // max(n_known, 1)
        if n_known <= EXACT_ROWS or asked > _MAX_ASKED or top < 1:
            return best_of_parts(parts, query, top)
        self._graph.expansion_search = max(_EXPANSION, asked)
        row_ids = self._graph.search(query.astype(np.float16), asked, threads=1).keys.astype(np.int64)
        found = rank(_rows_of(row_ids, known), query, top)
        if len(found) < top:
            return best_of_parts(parts, query, top)
        fresh = best_of_parts((part for part in parts if part[1].number not in known), query, top)
        return sorted([*found, *fresh], key=lambda hit: (-hit.score, hit.source, hit.key))[:top]

    def update(self) -> bool:
        """Bring the graph up to the exact index, where that is worth it, and say whether anything was done.

        Building it takes minutes for a million rows; searches go on meanwhile.

        Raises:
            StorageError: It cannot be written.
        """
        folder = self._exact.folder
        snapshot = self._exact.snapshot()
        if not self._worth_updating(snapshot):
            return False
        with writer_lock(folder, _LOCK_FILE):
            self._reload(snapshot)
            snapshot = self._exact.snapshot()
            if not self._worth_updating(snapshot):
                return True  # Somebody else did it while we waited.
            self._catch_up(snapshot)
            self._save(folder)
        return True

    def _worth_updating(self, snapshot: Snapshot) -> bool:
        live = {part.number: len(part) for block in snapshot.blocks for part in block.entry.segments}
        n_fresh = sum(n for number, n in live.items() if number not in self._state.rows)
        n_gone = sum(n for number, n in self._state.rows.items() if number not in live)
        return sum(live.values()) > EXACT_ROWS and max(n_fresh, n_gone) > _STALE_ROWS

    def _reload(self, snapshot: Snapshot) -> None:
        """Load the newest graph into memory, where it can be changed; an empty one where too much of it is dead."""
        live = {part.number for block in snapshot.blocks for part in block.entry.segments}
        state = _read_state(self._exact.folder)
        if state is not None and state.origin == snapshot.manifest.origin:
            n_dead = state.n_dead + sum(n for number, n in state.rows.items() if number not in live)
            if n_dead <= _MAX_DEAD * (sum(state.rows.values()) + state.n_dead):
                self._graph, self._state = _open_graph(self._exact.folder, state, view=False), state
                return
        self._graph, self._state = _new_graph(self._exact.dimension), _State(snapshot.manifest.origin)

    def _catch_up(self, snapshot: Snapshot) -> None:
        parts = {part[1].number: part for part in parts_of(snapshot.blocks)}
        state = self._state
        for number in [number for number in state.rows if number not in parts]:
            n_rows = state.rows.pop(number)
            self._graph.remove(_row_ids(number, n_rows).astype(np.uint64))
            state.n_dead += n_rows
        fresh = [part for number, part in parts.items() if number not in state.rows]
        for row_ids, vectors in _batches(fresh):
            self._graph.add(row_ids.astype(np.uint64), vectors)
        state.rows |= {segment.number: len(segment) for _, segment in fresh}

    def _save(self, folder: Path) -> None:
        state = self._state
        state.file = f"graph-{uuid.uuid4().hex[:16]}.usearch"
        path = folder / state.file
        with disk_errors(folder):
            self._graph.save(str(path))
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            state.n_bytes = path.stat().st_size
        replace_file(folder / _STATE_FILE, json.dumps(_plain(state), separators=(",", ":")).encode())
        _sweep(folder, state.file)


def discard(folder: Path) -> None:
    """Delete the graph of a folder, if there is one; the exact index stays."""
    with disk_errors(folder):
        (folder / _STATE_FILE).unlink(missing_ok=True)
    _sweep(folder, "")


def _usearch() -> Any:
    try:
        import usearch.index as package
    except ImportError as err:
        raise ConfigError(
            f"The approximate index needs the package {err.name or 'usearch'}. Install it with: "
            "pip install -r requirements-search.txt, or search without it."
        ) from err
    return package


def _new_graph(dimension: int) -> Any:
    return _usearch().Index(
        ndim=dimension,
        metric="ip",
        dtype="f16",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_EXPANSION,
    )


def _open_graph(folder: Path, state: _State, view: bool) -> Any:
    path = folder / state.file
    try:
        if path.stat().st_size != state.n_bytes:
            raise damaged(folder, f"{state.file} has another size than it was written with")
        graph = _usearch().Index.restore(str(path), view=view)
    except (OSError, ValueError, RuntimeError) as err:
        raise damaged(folder, f"{state.file} cannot be read") from err
    if graph is None:
        raise damaged(folder, f"{state.file} is not a graph")
    return graph


def _read_state(folder: Path) -> _State | None:
    with disk_errors(folder):
        try:
            text = (folder / _STATE_FILE).read_bytes()
        except FileNotFoundError:
            return None
    try:
        values = json.loads(text)
        rows = {int(number): int(n_rows) for number, n_rows in values["rows"]}
        return _State(values["origin"], values["file"], int(values["n_bytes"]), rows, int(values["n_dead"]))
    except (ValueError, KeyError, TypeError) as err:
        raise damaged(folder, f"{_STATE_FILE} cannot be understood") from err


def _plain(state: _State) -> Mapping[str, Any]:
    return {
        "origin": state.origin,
        "file": state.file,
        "n_bytes": state.n_bytes,
        "rows": list(state.rows.items()),
        "n_dead": state.n_dead,
    }


def _sweep(folder: Path, used: str) -> None:
    for path in folder.glob("graph-*.usearch"):
        if path.name != used:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue  # Windows keeps files that a reader has mapped; the next update tries again.


def _row_ids(number: int, n_rows: int) -> IntArray:
    """Return what the graph calls the rows of a segment; it does not depend on the block that they lie in."""
    return (np.int64(number) << 32) + np.arange(n_rows, dtype=np.int64)


def _rows_of(row_ids: IntArray, parts: Mapping[int, Part]) -> Iterator[tuple[Block, IntArray]]:
    """Turn what the graph proposes into rows of blocks, leaving out what was not asked for."""
    numbers = row_ids >> 32
    for number in np.unique(numbers).tolist():
        if number in parts:
            block, segment = parts[number]
            yield block, (row_ids[numbers == number] & 0xFFFFFFFF) + segment.start


def _batches(parts: Iterable[Part]) -> Iterator[tuple[IntArray, HalfArray]]:
    """Join the rows of parts: the graph adds many at a time with all cores."""
    ids: list[IntArray] = []
    vectors: list[HalfArray] = []
    for block, segment in parts:
        ids.append(_row_ids(segment.number, len(segment)))
        vectors.append(block.vectors[segment.start : segment.stop])
        if sum(map(len, ids)) >= _BATCH_ROWS:
            yield np.concatenate(ids), np.concatenate(vectors)
            ids, vectors = [], []
    if ids:
        yield np.concatenate(ids), np.concatenate(vectors)
