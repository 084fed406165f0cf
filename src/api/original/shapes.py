"""Appearances and samples with the fields of the original service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...geometry import whole_pixels
from ...schema import Box

_TOLD = (
    "name",
    "track_id",
    "merged_tracks",
    "start_npt",
    "end_npt",
    "start_frame",
    "end_frame",
    "start_sample",
    "end_sample",
    "confidence",
)


def track_fields(seen: Mapping[str, Any], locator: str) -> dict[str, Any]:
    """Return an appearance as a track: boxes are whole pixels, and unknown people are marked.

    Args:
        seen: The fields of an `Appearance` as plain values: a film of hours has thousands.
        locator: Of the video.
    """
    fields = {name: seen[name] for name in _TOLD} | box_fields(Box(**seen["box"]))
    fields["locator"], fields["project"] = locator, seen["project"]
    if seen["person_id"] is None:
        fields["unknown"] = True
    return fields


def box_fields(box: Box) -> dict[str, Any]:
    """Return a box by its corners, and by corner and size."""
    x, y, w, h = whole_pixels(box)
    return {
        "rect": [x, y, x + w, y + h],
        "bounding": {"x": x, "y": y, "w": w, "h": h, "xywh": f"{x},{y},{w},{h}"},
    }


def named_apart(appearances: Iterable[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return the appearances of people with a name, and those of people without."""
    apart: tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]] = [], []
    for seen in appearances:
        apart[seen["person_id"] is None].append(seen)
    return apart
