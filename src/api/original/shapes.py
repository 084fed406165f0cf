"""Appearances and samples with the fields of the original service."""

from __future__ import annotations

from typing import Any

from ...geometry import whole_pixels
from ...records import Appearance
from ...schema import Box


def track_fields(seen: Appearance, locator: str) -> dict[str, Any]:
    """Return an appearance as a track: boxes are whole pixels, and unknown people are marked."""
    fields: dict[str, Any] = {
        "name": seen.name,
        "track_id": seen.track_id,
        "merged_tracks": list(seen.merged_tracks),
        "start_npt": seen.start_npt,
        "end_npt": seen.end_npt,
        "start_frame": seen.start_frame,
        "end_frame": seen.end_frame,
        "start_sample": seen.start_sample,
        "end_sample": seen.end_sample,
        "confidence": seen.confidence,
        **box_fields(seen.box),
        "locator": locator,
        "project": seen.project,
    }
    return fields if seen.person_id is not None else fields | {"unknown": True}


def box_fields(box: Box) -> dict[str, Any]:
    """Return a box by its corners, and by corner and size."""
    x, y, w, h = whole_pixels(box)
    return {
        "rect": [x, y, x + w, y + h],
        "bounding": {"x": x, "y": y, "w": w, "h": h, "xywh": f"{x},{y},{w},{h}"},
    }


def named_apart(appearances: list[Appearance]) -> tuple[list[Appearance], list[Appearance]]:
    """Return the appearances of people with a name, and those of people without."""
    named = [seen for seen in appearances if seen.person_id is not None]
    return named, [seen for seen in appearances if seen.person_id is None]
