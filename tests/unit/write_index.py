"""A writer that changes an index for ever, to be killed by a test. Run as a program: FOLDER SEED."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from src.schema import HalfArray, IntArray
from src.search import VectorIndex

DIMENSION = 8
ENGINE = "test@1"
SOURCES = 12


def rows_of(source: int, generation: int) -> tuple[IntArray, HalfArray]:
    """Return rows that say of which source and generation they are: keys that count up, vectors that follow from them."""
    n = (source * 7 + generation * 3) % 40
    keys = np.arange(n) + 1_000_000 * source + 1_000 * generation
    vectors = np.random.default_rng([source, generation]).standard_normal((n, DIMENSION))
    return keys, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def changes(seed: int) -> Iterator[tuple[int, int]]:
    """Yield sources and generations for ever; generation 0 stands for removal."""
    rng = np.random.default_rng(seed)
    while True:
        yield int(rng.integers(SOURCES)), int(rng.integers(6))


def main(folder: str, seed: str) -> None:
    """Write until killed."""
    index = VectorIndex.open(Path(folder), ENGINE, DIMENSION)
    print("begun", flush=True)
    for source, generation in changes(int(seed)):
        if generation:
            index.add(str(source), *rows_of(source, generation))
        else:
            index.remove(str(source))


if __name__ == "__main__":
    main(*sys.argv[1:])
