"""Appearances and samples as tables for spreadsheets, data frames and databases: CSV, Parquet, and JSON lines.

One row an appearance, or one row a sample of somebody who appears. CSV and Parquet have the same columns; every row names its
video, so that tables of many videos can be put one below the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..disk.files import replacing, write_csv
from ..errors import ConfigError
from .document import Document, Seen

if TYPE_CHECKING:
    import pyarrow

Columns = Mapping[str, type]

PEOPLE: Columns = {
    "video": str,
    "video_id": str,
    "analysis_id": str,
    "appearance": int,
    "name": str,
    "person_id": str,
    "uri": str,
    "unknown_id": int,
    "start_npt": float,
    "end_npt": float,
    "confidence": float,
    "source": str,
    "best_npt": float,
    "x": float,
    "y": float,
    "w": float,
    "h": float,
    "tracks": str,
}
"""Columns of the table of appearances. What nobody knows is empty; several tracks are divided by `;`."""

SAMPLES: Columns = {
    "video": str,
    "video_id": str,
    "analysis_id": str,
    "appearance": int,
    "name": str,
    "person_id": str,
    "unknown_id": int,
    "track_id": int,
    "frame": int,
    "npt": float,
    "x": float,
    "y": float,
    "w": float,
    "h": float,
    "score": float,
    "quality": float,
}
"""Columns of the table of samples. Frames count from 0; `score` is the detector's, `quality` is 0 where a face was only
followed."""

_ROWS = 50_000
"""Rows of a group of a Parquet file: what is in memory at once."""


def people_rows(document: Document) -> Iterator[dict[str, Any]]:
    """Yield a row an appearance, by time."""
    for seen in document.people:
        box = seen.box
        yield {
            **_video(document),
            "appearance": seen.number,
            **_who(seen),
            "uri": seen.uri,
            "start_npt": seen.start_npt,
            "end_npt": seen.end_npt,
            "confidence": seen.confidence,
            "source": "human" if seen.by_human else "machine",
            "best_npt": seen.best_npt,
            **(dict(zip("xywh", (box.x, box.y, box.w, box.h), strict=True)) if box else dict.fromkeys("xywh")),
            "tracks": ";".join(map(str, seen.tracks)),
        }


def sample_rows(document: Document) -> Iterator[dict[str, Any]]:
    """Yield a row a sample of somebody who appears, track by track."""
    for seen, samples in document.boxes():
        shared = {**_video(document), "appearance": seen.number, **_who(seen), "track_id": samples.track_id}
        columns = (samples.frame_index, samples.npt, samples.boxes_xywh, samples.scores, samples.qualities)
        for frame, npt, box, score, quality in zip(*(column.tolist() for column in columns), strict=True):
            place = dict(zip("xywh", box, strict=True))
            yield {**shared, "frame": frame, "npt": npt, **place, "score": score, "quality": quality}


def write_people_csv(path: Path, document: Document) -> int:
    """Write one row an appearance, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    return _write_csv(path, PEOPLE, people_rows(document))


def write_samples_csv(path: Path, document: Document) -> int:
    """Write one row a sample, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    return _write_csv(path, SAMPLES, sample_rows(document))


def write_samples_lines(path: Path, document: Document) -> int:
    """Write one JSON object a sample, each in a line of its own, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    n_rows = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        for row in sample_rows(document):
            n_rows += 1
            file.write(json.dumps({name: row.get(name) for name in SAMPLES}, ensure_ascii=False, allow_nan=False) + "\n")
    return n_rows


def write_people_parquet(path: Path, document: Document) -> int:
    """Write one row an appearance as Parquet, and return how many.

    Raises:
        ConfigError: pyarrow is not installed.
        ExportError: The file cannot be written.
    """
    return _write_parquet(path, PEOPLE, people_rows(document))


def write_samples_parquet(path: Path, document: Document) -> int:
    """Write one row a sample as Parquet, in groups of bounded size, and return how many.

    Raises:
        ConfigError: pyarrow is not installed.
        ExportError: The file cannot be written.
    """
    return _write_parquet(path, SAMPLES, sample_rows(document))


def _video(document: Document) -> dict[str, Any]:
    video = document.video
    return {"video": document.locator, "video_id": video.video_id, "analysis_id": document.analysis.analysis_id}


def _who(seen: Seen) -> dict[str, Any]:
    return {"name": seen.name, "person_id": seen.person_id, "unknown_id": seen.unknown_id}


def _write_csv(path: Path, columns: Columns, rows: Iterable[Mapping[str, Any]]) -> int:
    n_rows = 0

    def cells() -> Iterator[list[Any]]:
        nonlocal n_rows
        for row in rows:
            n_rows += 1
            yield [row.get(name) for name in columns]

    write_csv(path, tuple(columns), cells())
    return n_rows


def _write_parquet(path: Path, columns: Columns, rows: Iterator[Mapping[str, Any]]) -> int:
    schema, n_rows = _schema(columns), 0
    import pyarrow as pa
    import pyarrow.parquet as pq

    with replacing(path) as partial, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        while group := list(islice(rows, _ROWS)):
            writer.write_table(pa.Table.from_pylist([dict(row) for row in group], schema=schema))
            n_rows += len(group)
    return n_rows


def _schema(columns: Columns) -> pyarrow.Schema:
    """Return the types of a Parquet file.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as err:
        raise ConfigError(
            'Parquet needs pyarrow, which is not installed. Run: pip install "facerec[export]", or choose the format csv.'
        ) from err
    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])
