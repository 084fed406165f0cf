"""Reads per-sample predictions and the segments that they are measured against, and tells which names mean one person.

    predictions     the columns of predictions.csv and `segment`, the row of the ground truth, counted from 0
    ground truth    a row a segment, its `person` as `Family, Given`, `Given Family` or `Given_Family`; 0, nothing, or
                    `unknown:…` where nobody is to be recognised

Predictions may be large: they are read row by row, and of each sample only name and confidence are kept, in 12 bytes.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from src.disk.files import open_table
from src.errors import ConfigError
from src.schema import UNKNOWN, DoubleArray

NOBODY = "0"
"""The person of a segment in which nobody is to be recognised."""

ALIASES = (("Elisabeth II", "Elizabeth d'Angleterre"),)
"""Names that mean one person in the published data: of the trained model, and of the ground truth."""

_NO_NAME = re.compile(rf"0|{UNKNOWN}( \d+|:.*)?", re.IGNORECASE)
_COLUMNS = ("segment", "track_id", "name", "confidence", "tracker_sample")
_OVERSHOOT = 1e-6
"""Confidences added up in single precision may be this much more than 1."""


def name_forms(name: str) -> tuple[str, ...]:
    """Return the ways to write a name that are to be told apart no more.

    Unicode NFC, small letters, one kind of apostrophe, white space folded, `_` a blank as in names of folders. `Family, Given`
    has two forms, `given family` and `family given`: names are of one person where they share a form.

    Args:
        name: As written somewhere; empty gives one empty form.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).replace("\u2019", "'").replace("_", " ")
    parts = [" ".join(part.split()) for part in text.split(",")]
    parts = [part for part in parts if part]
    return tuple(dict.fromkeys((" ".join(reversed(parts)), " ".join(parts))))


class NameBook:
    """Tells by which name to call a person, however the name is written."""

    def __init__(self, people: Iterable[str], aliases: Iterable[tuple[str, str]] = ALIASES) -> None:
        """Begin with the people of the ground truth.

        Args:
            people: Their names; each person is called as written the first time.
            aliases: Pairs of names that mean one person, the second as in the ground truth.
        """
        self._known: dict[str, str] = {}
        for other, name in aliases:
            self._add(name, other)
        for person in people:
            self._add(person)

    def call(self, name: str) -> str:
        """Return the one name of a person; empty for nobody: `0`, `Unknown`, `Unknown 3`, and no name at all."""
        text = " ".join(name.split())
        return self._add(name) if text and not _NO_NAME.fullmatch(text) else ""

    def _add(self, *names: str) -> str:
        forms = [form for name in names for form in name_forms(name)]
        shown = " ".join(unicodedata.normalize("NFC", names[0]).split())
        person = next((self._known[form] for form in forms if form in self._known), shown)
        for form in forms:
            self._known.setdefault(form, person)
        return person


@dataclass(slots=True)
class SampledTrack:
    """What the samples of a track say, and from which to which of the video's samples it goes."""

    first_sample: int
    last_sample: int
    name_ids: array[int] = field(default_factory=lambda: array("L"))
    values: array[float] = field(default_factory=lambda: array("f"))

    def add(self, sample: int, name_id: int, confidence: float) -> None:
        """Take one more sample, in any order."""
        self.first_sample, self.last_sample = min(self.first_sample, sample), max(self.last_sample, sample)
        self.name_ids.append(name_id)
        self.values.append(confidence)


@dataclass(frozen=True, slots=True)
class SegmentPredictions:
    """The samples of all segments.

    Attributes:
        names: What the ids in the tracks mean; empty for nobody.
        segments: Of each segment that has samples its tracks, by number.
        n_samples: Rows that were read.
    """

    names: Sequence[str]
    segments: Mapping[int, Mapping[int, SampledTrack]]
    n_samples: int

    def track(self, segment: int, track_id: int) -> tuple[list[str], DoubleArray]:
        """Return the name of each sample of a track and (n,) float64 confidences."""
        track = self.segments[segment][track_id]
        return [self.names[name_id] for name_id in track.name_ids], np.array(track.values, np.float64).round(7)


def read_ground_truth(path: Path) -> list[str]:
    """Return the person of each segment, as written; `0` for nobody.

    Raises:
        ConfigError: The file cannot be read, or has no segment or no column `person`.
    """
    people = []
    with _table(path, ("person",)) as rows:
        for _, (person,) in rows:
            nobody = _NO_NAME.fullmatch(" ".join(person.split())) or not person.strip()
            people.append(NOBODY if nobody else person)
    if not people:
        raise ConfigError(f"{path} has no segment below its first line. Add some.")
    return people


def read_predictions(path: Path, n_segments: int, book: NameBook) -> SegmentPredictions:
    """Read what was said of each sample; a file without samples is one where no face was found.

    Args:
        path: The file; rows in any order.
        n_segments: Rows of the ground truth.
        book: Gives each person one name.

    Raises:
        ConfigError: The file or a column is missing, or a value cannot be right; the message names file and line.
    """
    names: dict[str, int] = {}
    spelled: dict[str, int] = {}
    segments: dict[int, dict[int, SampledTrack]] = {}
    n_samples = 0
    with _table(path, _COLUMNS) as rows:
        for where, (segment_text, track_text, name, confidence_text, sample_text) in rows:
            segment = _segment(segment_text, n_segments, where)
            track_id, sample = _whole(track_text, "track_id", where), _whole(sample_text, "tracker_sample", where)
            if name not in spelled:
                spelled[name] = names.setdefault(book.call(name), len(names))
            tracks = segments.setdefault(segment, {})
            track = tracks.get(track_id) or tracks.setdefault(track_id, SampledTrack(sample, sample))
            track.add(sample, spelled[name], _confidence(confidence_text, where))
            n_samples += 1
    return SegmentPredictions(tuple(names), segments, n_samples)


class _Place:
    """Where a row stands, put into words only for a message."""

    def __init__(self, path: Path) -> None:
        self.path, self.line = path, 1

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}"


@contextmanager
def _table(path: Path, columns: Sequence[str]) -> Iterator[Iterator[tuple[_Place, list[str]]]]:
    """Open a table and give its rows one by one: where each stands, and the cells of the columns asked for."""
    try:
        with open_table(path) as reader:
            yield _rows(path, reader, columns)
    except OSError as err:
        raise ConfigError(f"{path} cannot be read: {err.strerror}. Give the path of a CSV table.") from err
    except UnicodeDecodeError as err:
        raise ConfigError(f"{path} is no text in UTF-8: {err.reason} at byte {err.start}. Save it as CSV in UTF-8.") from err


def _rows(path: Path, reader: Any, columns: Sequence[str]) -> Iterator[tuple[_Place, list[str]]]:
    place = _Place(path)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        _check_header(path, header, columns)
        wanted = [header.index(column) for column in columns]
        for row in reader:
            place.line = reader.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise ConfigError(f"{place} has {len(row)} cells, the first line {len(header)}. Quote names that hold a comma.")
            yield place, [row[column] for column in wanted]
    except csv.Error as err:
        line = reader.line_num
        raise ConfigError(
            f"{path}, line {line}: {err}. Check the quotes there: a quote inside a name is written twice."
        ) from err


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    if not any(header):
        raise ConfigError(f"{path} is empty. Its first line must name the columns, {', '.join(columns)} among them.")
    missing = [column for column in columns if column not in header]
    if missing:
        raise ConfigError(f"{path}, line 1 lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")


def _segment(text: str, n_segments: int, where: _Place) -> int:
    segment = _whole(text, "segment", where)
    if not 0 <= segment < n_segments:
        raise ConfigError(f"{where}: segment {segment} is no row of the ground truth, whose rows are 0 to {n_segments - 1}.")
    return segment


def _whole(text: str, column: str, where: _Place) -> int:
    try:
        return int(text)
    except ValueError:
        value = _number(text)
    if not value.is_integer():
        raise ConfigError(f"{where}: {column} is {text!r}, not a whole number.")
    return int(value)


def _confidence(text: str, where: _Place) -> float:
    value = _number(text)
    if not -_OVERSHOOT <= value <= 1 + _OVERSHOOT:
        raise ConfigError(f"{where}: confidence is {text!r}, not a number from 0 to 1.")
    return min(max(value, 0.0), 1.0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
