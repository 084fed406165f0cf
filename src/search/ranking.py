"""The best rows of some blocks for a query: exact, in one pass over float16 rows, with little memory.

Float32 products find all rows that may be among the best; float64 products, computed for each row alone and so the same
wherever a row lies, decide their order. Turning float16 into float32 is most of the work: OpenCV does it five times as fast
as NumPy, in pieces that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..schema import DoubleArray, FloatArray, HalfArray, IntArray
from .manifest import BlockEntry, Segment

_CHUNK_VALUES = 1 << 17
"""Numbers turned into float32 at a time: half a megabyte, the fastest of those measured from 32,768 to 2 million."""
MAX_NORM = 1.01
"""Longest row: L2-normalised, and rounded to float16."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found.

    Attributes:
        source: Whose it is.
        key: Its key.
        score: Inner product with the query, the cosine similarity of unit vectors.
    """

    source: str
    key: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A block whose files are mapped into memory.

    Attributes:
        entry: What the manifest says of it.
        vectors: (n, d) float16.
        keys: (n,) int64.
    """

    entry: BlockEntry
    vectors: HalfArray
    keys: IntArray


Part = tuple[Block, Segment]
"""The rows of one source, in the block that holds them."""
_Run = tuple[Block, int, int]
"""Neighbouring rows of a block that are all wanted: first, and the one after the last."""


def parts_of(blocks: Iterable[Block], allowed: Collection[str] | None = None) -> Iterator[Part]:
    """Yield the segments of blocks, or only those of some sources."""
    wanted = allowed if allowed is None else frozenset(allowed)
    for block in blocks:
        for segment in block.entry.segments:
            if len(segment) and (wanted is None or segment.source in wanted):
                yield block, segment


def best_of_parts(parts: Iterable[Part], query: FloatArray, top: int) -> list[Hit]:
    """Look at every row and return the best.

    Args:
        parts: Where to look; the segments of one block one after the other, by their first row.
        query: (d,) float32.
        top: At most so many.

    Returns:
        Best score first; equal scores by source, then by key.
    """
    runs = list(_runs(parts))
    scores = _scores(runs, query)
    if top < 1 or not len(scores):
        return []
    return rank(_rows_at(runs, _may_be_best(scores, query, top)), query, top)


def rank(rows: Iterable[tuple[Block, IntArray]], query: FloatArray, top: int) -> list[Hit]:
    """Order given rows by their exact scores.

    Args:
        rows: Blocks, and rows of theirs.
        query: (d,) float32.
        top: At most so many are returned.
    """
    found = _by_block(rows)
    if not found:
        return []
    scores = exact_scores(np.concatenate([block.vectors[indices] for block, indices in found]), query)
    least = np.partition(scores, len(scores) - top)[len(scores) - top] if len(scores) > top else -np.inf
    hits: list[Hit] = []
    first = 0
    for block, indices in found:
        own = scores[first : first + len(indices)]
        # Those that tie with the last one wanted stay in: source and key choose among them.
        hits += _hits(block, indices[own >= least], own[own >= least])
        first += len(indices)
    return sorted(hits, key=lambda hit: (-hit.score, hit.source, hit.key))[:top]


def exact_scores(vectors: HalfArray, query: FloatArray) -> DoubleArray:
    """Return inner products that depend on nothing but row and query.

    A sum by BLAS may differ in its last bits with the place of a row in the array; then equal rows would not tie.

    Args:
        vectors: (n, d) float16.
        query: (d,) float32.

    Returns:
        (n,) float64.
    """
    result = np.zeros(len(vectors))
    step = max(1, _CHUNK_VALUES // max(len(query), 1))
    for first in range(0, len(vectors), step):
        columns = vectors[first : first + step].T.astype(np.float64)
        total = result[first : first + step]
        for column, factor in zip(columns, query.astype(np.float64), strict=True):
            total += column * factor
    return result


def _runs(parts: Iterable[Part]) -> Iterator[_Run]:
    """Join segments that touch, so that long stretches are read at once."""
    last: _Run | None = None
    for block, segment in parts:
        if last is not None and last[0] is block and last[2] == segment.start:
            last = (block, last[1], segment.stop)
            continue
        if last is not None:
            yield last
        last = (block, segment.start, segment.stop)
    if last is not None:
        yield last


def _scores(runs: Sequence[_Run], query: FloatArray) -> FloatArray:
    """Return the float32 scores of all rows of the runs, in their order."""
    scores = np.empty(sum(stop - start for _, start, stop in runs), np.float32)
    step = max(1, _CHUNK_VALUES // max(len(query), 1))
    buffer = np.empty((step, len(query)), np.float32)
    at = filled = 0
    for block, start, stop in runs:
        bits = block.vectors.view(np.int16)
        while start < stop:
            # Short runs share a buffer: one product for many of them.
            n = min(step - filled, stop - start)
            cv2.convertFp16(bits[start : start + n], buffer[filled : filled + n])
            start, filled = start + n, filled + n
            if filled == step:
                np.dot(buffer, query, out=scores[at : at + step])
                at, filled = at + step, 0
    np.dot(buffer[:filled], query, out=scores[at:])
    return scores


def _may_be_best(scores: FloatArray, query: FloatArray, top: int) -> IntArray:
    """Return the places of all rows whose exact score may be among the best.

    A float32 score is off by at most `e = d * u / (1 - d * u) * |row| * |query|` with `u = 2**-24`, in whatever order it was
    summed. The exact score of the last one wanted is at least its float32 score minus e, so that whatever belongs to the
    best has a float32 score of at least that minus 2 e.

    Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1.
    """
    if len(scores) <= top:
        return np.arange(len(scores))
    rounding = len(query) * 2.0**-24
    error = rounding / (1 - rounding) * MAX_NORM * float(np.linalg.norm(query.astype(np.float64)))
    last = np.partition(scores, len(scores) - top)[len(scores) - top]
    return np.flatnonzero(scores >= float(last) - 2 * error)


def _rows_at(runs: Sequence[_Run], places: IntArray) -> Iterator[tuple[Block, IntArray]]:
    """Turn places in the order of the runs into rows of blocks."""
    ends = np.cumsum([stop - start for _, start, stop in runs])
    owners = np.searchsorted(ends, places, side="right")
    for owner in np.unique(owners).tolist():
        block, _, stop = runs[owner]
        yield block, places[owners == owner] - int(ends[owner]) + stop


def _by_block(rows: Iterable[tuple[Block, IntArray]]) -> list[tuple[Block, IntArray]]:
    found: dict[int, tuple[Block, list[IntArray]]] = {}
    for block, indices in rows:
        found.setdefault(id(block), (block, []))[1].append(indices)
    return [(block, np.concatenate(indices)) for block, indices in found.values()]


def _hits(block: Block, indices: IntArray, scores: DoubleArray) -> Iterator[Hit]:
    segments = [segment for segment in block.entry.segments if len(segment)]
    owners = np.searchsorted([segment.stop for segment in segments], indices, side="right")
    for owner, key, score in zip(owners.tolist(), block.keys[indices].tolist(), scores.tolist(), strict=True):
        yield Hit(segments[owner].source, key, score)
