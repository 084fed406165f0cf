"""Steps from one version of the database to the next that adding alone cannot take. They run inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np

from .codec import pack, unpack

_BLOCK_ROWS = 8192
"""Embeddings of one record, as the tracker writes them."""


def to_version_2(connection: sqlite3.Connection) -> None:
    """Move the embeddings of samples into blocks of their own, and make videos members of projects.

    An analysis that was not complete begins anew: its checkpoint does not know of blocks. There was no MongoDB before.
    """
    connection.execute("UPDATE analysis SET status = 'QUEUED', progress = 0, checkpoint = NULL WHERE status != 'COMPLETE'")
    for table in ("shot", "track", "track_samples"):
        connection.execute(
            f"DELETE FROM {table} WHERE analysis_id NOT IN (SELECT analysis_id FROM analysis WHERE status = 'COMPLETE')"
        )
    for (analysis_id,) in connection.execute("SELECT analysis_id FROM analysis WHERE status = 'COMPLETE'").fetchall():
        for part, block in enumerate(_blocks(connection, analysis_id)):
            connection.execute(
                "INSERT INTO track_embeddings (analysis_id, part, track_ids, frame_index, weights, embeddings) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [analysis_id, part, *map(pack, block)],
            )
    for column in ("embedded", "embeddings"):
        connection.execute(f"ALTER TABLE track_samples DROP COLUMN {column}")
    # Of several analyses of one part of a video the newest counts, as it did.
    connection.execute(
        "INSERT OR REPLACE INTO project_video (project, video_id, fragment, analysis_id, added_at) "
        "SELECT DISTINCT project, video_id, fragment, analysis_id, updated_at "
        "FROM appearance JOIN analysis USING (analysis_id) ORDER BY updated_at"
    )


def _blocks(connection: sqlite3.Connection, analysis_id: str) -> Iterator[list[np.ndarray[Any, Any]]]:
    """Yield track, frame, weight and embedding of the samples of an analysis, so many rows at a time."""
    rows: list[list[np.ndarray[Any, Any]]] = []
    for track_id, *cells in connection.execute(
        "SELECT track_id, frame_index, qualities, embeddings, embedded FROM track_samples WHERE analysis_id = ? "
        "ORDER BY track_id, part",
        [analysis_id],
    ).fetchall():
        frames, qualities, embeddings, embedded = map(unpack, cells)
        found = frames[embedded]
        if len(found) == 0:
            continue
        rows.append([np.full(len(found), track_id, np.int64), found, qualities[embedded], embeddings])
        if sum(len(row[0]) for row in rows) >= _BLOCK_ROWS:
            yield [np.concatenate(arrays) for arrays in zip(*rows, strict=True)]
            rows = []
    if rows:
        yield [np.concatenate(arrays) for arrays in zip(*rows, strict=True)]
