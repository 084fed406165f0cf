"""The table of formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..records import Analysis
from ..storage import Store
from .mot import write_mot


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write down an analysis.

    Attributes:
        suffix: Of the files, with its dot.
        write: Writes all of an analysis to a file and returns how many rows these are.
        text: What it is.
    """

    suffix: str
    write: Callable[[Path, Store, Analysis], int]
    text: str


FORMATS: Mapping[str, Format] = {
    "mot": Format(".txt", write_mot, "MOT challenge: a line a box"),
}
"""Every format that can be named."""
