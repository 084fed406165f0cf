"""The search index of all tracks of an engine: one vector a track, kept up to date from the store.

The index lies in `data/index/<engine>/` and serves every project. It holds nothing of its own: deleted, it is built again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..records import Analysis, Status
from ..schema import FloatArray, IntArray
from ..search import VectorIndex
from ..search.approximate import discard
from ..search.manifest import parse_manifest, read_manifest
from ..videos import read_embeddings
from ..workspace import Workspace
from .identification import pool_tracks

_SEPARATOR = " "
"""Parts the two halves of a source; neither holds one."""


def source_of(analysis: Analysis) -> str:
    """Return what the index calls the tracks of an analysis: made again, they are another source."""
    return f"{analysis.analysis_id}{_SEPARATOR}{analysis.updated_at}"


def analysis_of(source: str) -> str:
    """Return the id of the analysis whose tracks a source is."""
    return source.partition(_SEPARATOR)[0]


def index_folder(workspace: Workspace, engine_id: str) -> Path:
    """Return where the index of an engine lies."""
    return workspace.data_dir / "index" / re.sub(r"[^\w.@-]", "_", engine_id)


def current_index(workspace: Workspace, engine_id: str, dimension: int, analyses: Sequence[Analysis]) -> VectorIndex:
    """Open the index of an engine after adding the analyses that it lacks and removing those that are gone.

    Args:
        workspace: Where it lies, and the store that it follows.
        engine_id: `name@version`.
        dimension: Length of an embedding of this engine.
        analyses: Complete ones of this engine that shall be in it.

    Raises:
        StorageError: The index is damaged or cannot be written.
    """
    index = VectorIndex.open(index_folder(workspace, engine_id), engine_id, dimension)
    known = index.sources()
    missing = [analysis for analysis in analyses if source_of(analysis) not in known]
    if missing:
        with workspace.progress.task("Search index", len(missing), "videos") as task:

            def rows() -> Iterator[tuple[str, IntArray, FloatArray]]:
                for analysis in missing:
                    yield source_of(analysis), *track_vectors(workspace, analysis, dimension)
                    task.advance()

            index.add_many(rows())
    index.remove(*_gone(workspace, known - {source_of(analysis) for analysis in analyses}))
    return index


def track_vectors(workspace: Workspace, analysis: Analysis, dimension: int) -> tuple[IntArray, FloatArray]:
    """Return the ids and the pooled embeddings of all tracks of an analysis, (t,) int64 and (t, dimension) float32."""
    block = read_embeddings(workspace.store, analysis.analysis_id)
    if block is None:
        return np.zeros(0, np.int64), np.zeros((0, dimension), np.float32)
    return pool_tracks(block)


def forget_analysis(workspace: Workspace, analysis_id: str) -> int:
    """Take the tracks of an analysis out of every index, and off the disk, now; the next search adds what is still stored.

    To be called where embeddings of a finished analysis are deleted: by erasing a person, for example.

    Returns:
        How many vectors were deleted.
    """
    n_vectors = 0
    for folder in sorted((workspace.data_dir / "index").glob("*/")):
        text = read_manifest(folder)
        if text is None:
            continue
        manifest = parse_manifest(folder, text)
        index = VectorIndex.open(folder, manifest.engine_id, manifest.dimension)
        n_rows = len(index)
        discard(folder)
        index.remove(*(source for source in index.sources() if analysis_of(source) == analysis_id), purge=True)
        n_vectors += n_rows - len(index)
    return n_vectors


def _gone(workspace: Workspace, sources: set[str]) -> Iterator[str]:
    """Yield the sources whose analysis was deleted, or is not what it was."""
    for source in sorted(sources):
        analysis = workspace.store.get(Analysis, analysis_of(source))
        if analysis is None or analysis.status is not Status.COMPLETE or source_of(analysis) != source:
            yield source
