"""The table of formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..records import Analysis
from ..storage import Store
from .mot import write_mot
from .shots import write_shots_csv, write_shots_json


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write down an analysis.

    Attributes:
        suffix: Of the files, with its dot.
        write: Writes all of an analysis to a file and returns how many rows these are.
        text: What it is.
        row: What one of these rows is, in the plural.
    """

    suffix: str
    write: Callable[[Path, Store, Analysis], int]
    text: str
    row: str = "boxes"


FORMATS: Mapping[str, Format] = {
    "mot": Format(".txt", write_mot, "MOT challenge: a line a box"),
    "shots": Format(".csv", write_shots_csv, "the shots between cuts: a line a shot", "shots"),
    "shots-json": Format(".json", write_shots_json, "the same as a list of objects", "shots"),
}
"""Every format that can be named."""
