"""The shots of a video as tables for editors and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..disk.files import write_csv, write_json
from .document import Document

COLUMNS = ("shot", "start_npt", "end_npt", "start_frame", "end_frame", "transition", "video")
"""Shots count from 0; an end lies outside, and is the start of the next shot. The transition is how the shot begins.
The video is named with the part of it that was analysed."""


def write_shots_csv(path: Path, document: Document) -> int:
    """Write one row a shot, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    rows = [tuple(f"{shot[name]:.6f}" if name.endswith("npt") else shot[name] for name in COLUMNS) for shot in _shots(document)]
    write_csv(path, COLUMNS, rows)
    return len(rows)


def write_shots_json(path: Path, document: Document) -> int:
    """Write a list of objects, one a shot, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    shots = _shots(document)
    write_json(path, shots)
    return len(shots)


def _shots(document: Document) -> list[dict[str, Any]]:
    return [{name: getattr(shot, name) for name in COLUMNS[:-1]} | {"video": document.locator} for shot in document.shots()]
