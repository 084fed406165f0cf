"""The shots of a video as tables for editors and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..files import write_csv, write_json
from ..records import Analysis, Shot
from ..storage import Store

COLUMNS = ("shot", "start_npt", "end_npt", "start_frame", "end_frame", "transition")
"""Shots count from 0; an end lies outside, and is the start of the next shot. The transition is how the shot begins."""


def write_shots_csv(path: Path, store: Store, analysis: Analysis) -> int:
    """Write one row a shot, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    rows = [
        tuple(f"{shot[name]:.6f}" if name.endswith("npt") else shot[name] for name in COLUMNS)
        for shot in _shots(store, analysis)
    ]
    write_csv(path, COLUMNS, rows)
    return len(rows)


def write_shots_json(path: Path, store: Store, analysis: Analysis) -> int:
    """Write a list of objects, one a shot, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    shots = _shots(store, analysis)
    write_json(path, shots)
    return len(shots)


def _shots(store: Store, analysis: Analysis) -> list[dict[str, Any]]:
    shots = sorted(store.find(Shot, analysis_id=analysis.analysis_id), key=lambda shot: shot.shot)
    return [{name: getattr(shot, name) for name in COLUMNS} for shot in shots]
