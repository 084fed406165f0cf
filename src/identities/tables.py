"""Tables of samples for programs that read CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..disk.files import write_csv
from ..records import Analysis, Model
from ..schema import UNKNOWN
from ..storage import Store
from ..videos import iter_tracks, sample_number
from .identification import hidden_names, read_identification, track_names

TRACKER_COLUMNS = ("x1", "y1", "x2", "y2", "track_id", "frame")
PREDICTION_COLUMNS = ("x1", "y1", "x2", "y2", "track_id", "name", "confidence", "frame", "tracker_sample", "npt")


def write_trackers(path: Path, store: Store, analysis: Analysis) -> None:
    """Write one row a sample: box in pixels, track, frame."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for track, samples in iter_tracks(store, analysis):
            for box, frame_index in zip(samples.boxes_xywh, samples.frame_index.tolist(), strict=True):
                yield *_corners(box), track.track_id, frame_index

    write_csv(path, TRACKER_COLUMNS, rows())


def write_predictions(path: Path, store: Store, analysis: Analysis, model: Model) -> None:
    """Write one row a sample that has an embedding: box, track, likeliest person, confidence, frame, sample, time.

    `tracker_sample` counts the sampled frames of the analysis from 0. A sample of somebody who may not be recognised is
    `Unknown`, without confidence.
    """
    write_csv(path, PREDICTION_COLUMNS, prediction_rows(store, analysis, model))


def prediction_rows(store: Store, analysis: Analysis, model: Model) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of `PREDICTION_COLUMNS` for each sample that has an embedding, by track and frame."""
    hidden = hidden_names(store, model.project)
    identification = read_identification(store, model, analysis.analysis_id)
    names = dict(track_names(model, identification)) if identification else {}
    for track, samples in iter_tracks(store, analysis):
        said = names.get(track.track_id)
        if said is None:
            continue
        at = dict(zip(samples.frame_index.tolist(), range(len(samples.npt)), strict=True))
        for frame_index, name, confidence in zip(said.frames.tolist(), said.names, said.confidences, strict=True):
            row = at[frame_index]
            npt = float(samples.npt[row])
            yield (
                *_corners(samples.boxes_xywh[row]),
                track.track_id,
                UNKNOWN if name in hidden else name,
                f"{0.0 if name in hidden else confidence:.4f}",
                frame_index,
                sample_number(analysis, frame_index, npt),
                f"{npt:.3f}",
            )


def _corners(box_xywh: Any) -> tuple[str, str, str, str]:
    x, y, w, h = (float(value) for value in box_xywh)
    return f"{x:.1f}", f"{y:.1f}", f"{x + w:.1f}", f"{y + h:.1f}"
