"""Reads a folder of test material: photos of people, videos, and who is to be seen in them when.

    gallery/<Person>/*          photos to train on; OUTLIERS.csv (path,reason) lists the wrong ones
    crops24/<Person>/*          aligned faces to train on; a person may be here, in gallery/ or in both
    videos/<video>              and videos/ground_truth.csv: video,start_s,end_s,person,note
    videos/shots.csv            video,shot,start_s,end_s,source,note; optional: shots of some videos, with notes

At least one of gallery/ and crops24/ is there.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from src.errors import ConfigError

from ..scores.scoring import STRANGER, Presence

PHOTO_FOLDERS = ("gallery", "crops24")
PHOTO_TYPES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})

TUNE = frozenset({
    "composed_a",
    "friends",
    "musk_interview",
    "obama_15fps",
    "obama_synthetic",
    "obama_tuxedo",
    "short_hamilton_clip",
})  # fmt: skip
"""Videos that settings may be tuned on. All others, those of other data folders too, are there to report on."""

_HARD_TO_SEE = re.compile(r"\b(edge|cut off|partly cut|half out|back of the head|turned away|very small|tiny)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TruthRow:
    """Somebody is to be seen in a video; times as a player shows them, `end_s` outside."""

    video: str
    start_s: float
    end_s: float
    person: str
    note: str = ""

    @property
    def excluded(self) -> bool:
        """Whether this time is left out of the scoring."""
        return "do not score" in self.note.lower()

    def presence(self, lenient: bool = False) -> Presence:
        """Return what the scorer needs.

        Args:
            lenient: Take people at the edge of the picture, from behind or a few pixels high as optional too, not only
                those whose note says `optional`.
        """
        optional = "optional" in self.note.lower() or (lenient and _HARD_TO_SEE.search(self.note) is not None)
        return Presence(self.person, self.start_s, self.end_s, optional, self.excluded)


@dataclass(frozen=True, slots=True)
class ShotRow:
    """One shot of a composed video and what it is made of."""

    video: str
    shot: int
    start_s: float
    end_s: float
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """A folder of test material that was read and found in order.

    Attributes:
        root: The folder.
        people: Photos of each person, those of gallery/ first, outliers included.
        truth: Rows of each video that is to be scored, videos in the order of the file.
        outliers: Photos that show somebody else, with the reason.
        shots: Shots of the videos that the table of shots has.
    """

    root: Path
    people: Mapping[str, tuple[Path, ...]]
    truth: Mapping[str, tuple[TruthRow, ...]]
    outliers: Mapping[Path, str] = field(default_factory=dict)
    shots: Mapping[str, tuple[ShotRow, ...]] = field(default_factory=dict)

    def video_path(self, video: str) -> Path:
        """Return the file of a video."""
        return self.root / "videos" / video


def split_of(video: str) -> str:
    """Return `tune` or `report`: what a video may be used for."""
    return "tune" if Path(video).stem in TUNE else "report"


def read_data(root: Path) -> EvaluationData:
    """Read and check a folder of test material.

    Raises:
        ConfigError: Something is missing or cannot be right; the message names file, line and remedy.
    """
    if not root.is_dir():
        raise ConfigError(f"{root} is no folder. Give --data a folder with gallery/ and videos/ground_truth.csv.")
    people = read_people(root)
    rows = read_truth(root / "videos" / "ground_truth.csv")
    for number, row in enumerate(rows, start=1):
        _check_row(row, f"{root / 'videos' / 'ground_truth.csv'}, row {number}", root / "videos", people)
    videos = dict.fromkeys(row.video for row in rows)
    truth = {video: tuple(row for row in rows if row.video == video) for video in videos}
    scored = {video: part for video, part in truth.items() if not all(row.excluded for row in part)}
    shots = read_shots(root / "videos" / "shots.csv")
    by_video = {video: tuple(shot for shot in shots if shot.video == video) for video in scored}
    return EvaluationData(root, people, scored, read_outliers(root), by_video)


def read_people(root: Path) -> dict[str, tuple[Path, ...]]:
    """Return the photos of each person, names in order.

    Raises:
        ConfigError: There is no folder of photos, or nobody in it.
    """
    photos = read_photos(root, PHOTO_FOLDERS)
    if not photos:
        raise ConfigError(f"{root} has no photos. Put them into gallery/<Person>/ or crops24/<Person>/.")
    return photos


def read_photos(root: Path, parts: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    """Return the photos of each person in some folders of a data folder, names in order; nobody where there are none."""
    photos: dict[str, tuple[Path, ...]] = {}
    for part in parts:
        for folder in sorted(path for path in (root / part).glob("*") if path.is_dir()):
            found = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_TYPES))
            photos[folder.name] = photos.get(folder.name, ()) + found
    return {person: photos[person] for person in sorted(photos) if photos[person]}


def read_outliers(root: Path) -> dict[Path, str]:
    """Return the photos that gallery/OUTLIERS.csv lists, with the reason; none where there is no such file.

    Raises:
        ConfigError: A column is missing, or a listed photo does not exist.
    """
    table = root / "gallery" / "OUTLIERS.csv"
    outliers: dict[Path, str] = {}
    for where, row in _read_table(table, ("path", "reason")) if table.exists() else ():
        path = root / row["path"]
        if not path.is_file():
            raise ConfigError(f"{where}: there is no photo {row['path']!r} in {root}. Paths begin with gallery/.")
        outliers[path] = row["reason"]
    return outliers


def read_truth(path: Path) -> list[TruthRow]:
    """Read a table of who is to be seen when.

    Raises:
        ConfigError: The file or a column is missing, a time is no number, or an interval ends before it starts.
    """
    rows = []
    for where, row in _read_table(path, tuple(column.name for column in fields(TruthRow))):
        start_s, end_s = _seconds(row["start_s"], "start_s", where), _seconds(row["end_s"], "end_s", where)
        if end_s <= start_s:
            raise ConfigError(f"{where}: end_s {end_s:g} is not after start_s {start_s:g}.")
        rows.append(TruthRow(row["video"], start_s, end_s, row["person"], row["note"]))
    return rows


def read_shots(path: Path) -> list[ShotRow]:
    """Read a table of shots; none where there is no such file.

    Raises:
        ConfigError: The file cannot be read, a column is missing, or a number is none.
    """
    rows = []
    for where, row in _read_table(path, tuple(column.name for column in fields(ShotRow))) if path.exists() else ():
        start_s, end_s = _seconds(row["start_s"], "start_s", where), _seconds(row["end_s"], "end_s", where)
        if not row["shot"].isdecimal():
            raise ConfigError(f"{where}: shot is {row['shot']!r}, not a number counted from 0.")
        rows.append(ShotRow(row["video"], int(row["shot"]), start_s, end_s, row["source"], row["note"]))
    return rows


def write_table(path: Path, rows: Sequence[TruthRow] | Sequence[ShotRow]) -> None:
    """Write truth or shots as CSV, times in milliseconds; at least one row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in fields(rows[0])])
        writer.writerows([f"{v:.3f}" if isinstance(v, float) else v for v in astuple(row)] for row in rows)


def _read_table(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the place of each row, for messages, and its cells."""
    try:
        # Spreadsheets put a byte order mark at the start; utf-8-sig drops it.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{path} cannot be read: {err}. It must be a CSV table in UTF-8.") from err
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"{path} lacks the column{_s(missing)} {', '.join(missing)}. Its first line must be: {','.join(columns)}"
        )
    for row in reader:
        yield f"{path}, line {reader.line_num}", {column: row[column].strip() for column in columns}


def _s(things: Sequence[object]) -> str:
    return "s" if len(things) > 1 else ""


def _seconds(text: str, column: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ConfigError(f"{where}: {column} is {text!r}, not a number of seconds from the start of the video.")
    return value


def _check_row(row: TruthRow, where: str, videos: Path, people: Iterable[str]) -> None:
    if not row.video or not (videos / row.video).is_file():
        raise ConfigError(f"{where}: there is no video {row.video!r} in {videos}.")
    if row.person and not row.person.startswith(STRANGER) and row.person not in people:
        raise ConfigError(
            f"{where}: nobody called {row.person!r} has photos in gallery/ or crops24/. Write {STRANGER}<id> for a stranger."
        )
