"""The table: a row a video or a part of one, in the layouts that archives hand out.

    media      address in a knowledge graph       url, locator, path, video   where the file is
    start, end (or start_s, end_s)                seconds or h:mm:ss; empty for the whole video
    person     who is to be seen, for scoring     anything else is left alone

Of several columns that name a video the first of `COLUMNS` counts that the row has filled.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin

from ..connectors.base import seconds_of
from ..errors import ConfigError
from ..mediafragments import Fragment
from ..video.fragments import split_locator
from ..video.source import is_address

COLUMNS = ("media", "locator", "url", "path", "video")
"""What names a video, the first one first."""

_START, _END = ("start", "start_s"), ("end", "end_s")


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A row.

    Attributes:
        number: Counted from 0, as the column `segment` of predictions counts.
        line: Of the file, for messages.
        video: What to analyse, with its fragment.
        person: As the table writes it; empty where it does not say.
    """

    number: int
    line: int
    video: str
    person: str


def read_rows(table: Path, column: str | None = None, base: str | None = None) -> list[BulkRow]:
    """Read a table, or a list of videos with one a line.

    Args:
        table: CSV in UTF-8 whose first line names its columns; or a text file `.txt`, where `#` begins a remark.
        column: Which column names the video; as said above where None.
        base: Folder or address that relative ones start from, and paths that begin with `/` too; the folder of the table
            where None.

    Raises:
        ConfigError: The table cannot be read, names no video, or a row is wrong; the message says which line.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            if table.suffix.lower() == ".txt":
                found = list(_of_list(file))
            else:
                found = list(_of_table(table, csv.reader(file, strict=True), column))
    except OSError as err:
        raise ConfigError(f"{table} cannot be read: {err.strerror}. Give the path of a CSV table or a list.") from err
    except UnicodeDecodeError as err:
        raise ConfigError(f"{table} is no text in UTF-8. Save it as CSV in UTF-8.") from err
    except csv.Error as err:
        raise ConfigError(f"{table}: {err}. Check the quotes: a quote inside a cell is written twice.") from err
    if not found:
        raise ConfigError(f"{table} names no video. Write one a row.")
    return [_row(table, number, *parts, base) for number, parts in enumerate(found)]


def _of_list(lines: Iterator[str]) -> Iterator[tuple[int, str, str, str, str]]:
    for line, text in enumerate(lines, start=1):
        if text.strip() and not text.lstrip().startswith("#"):
            yield line, text.strip(), "", "", ""


class _Rows(Protocol):
    """What `csv.reader` returns: rows, and in which line of the file the last one ended."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def _of_table(table: Path, rows: _Rows, column: str | None) -> Iterator[tuple[int, str, str, str, str]]:
    """Yield line, video, start, end and person of each row that is not empty."""
    header = [cell.strip() for cell in next(rows, [])]
    columns = (column,) if column else COLUMNS
    if not any(name in header for name in columns):
        known = ", ".join(filter(None, header)) or "none"
        raise ConfigError(f"{table} has no column {' or '.join(columns)} (its columns: {known}). Name the one with --column.")
    for cells in rows:
        line = rows.line_num
        if not cells:
            continue
        if len(cells) != len(header):
            raise ConfigError(f"{table}, line {line} has {len(cells)} cells, the first line {len(header)}. Quote commas.")
        values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        video = _first(values, columns)
        if not video:
            raise ConfigError(f"{table}, line {line} names no video: {' and '.join(columns)} are empty.")
        yield line, video, _first(values, _START), _first(values, _END), values.get("person", "")


def _first(values: Mapping[str, str], names: Sequence[str]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _row(
    table: Path, number: int, line: int, video: str, start_text: str, end_text: str, person: str, base: str | None
) -> BulkRow:
    start, end = (_seconds(table, line, text) for text in (start_text, end_text))
    if end is not None and end <= (start or 0.0):
        raise ConfigError(f"{table}, line {line}: the part ends at {end_text}, before it begins. Check start and end.")
    bare, fragment = split_locator(_based(video, table.parent, base))
    try:
        part = Fragment.of(start or 0.0, end).within(fragment) if start_text or end_text else fragment
    except ConfigError as err:
        raise ConfigError(f"{table}, line {line}: {err}") from err
    return BulkRow(number, line, part.on(bare), person)


def _based(video: str, folder: Path, base: str | None) -> str:
    """Return a video as seen from where the program runs."""
    if is_address(video) or "://" in video:
        return video
    if base is None:
        return str(folder / video)
    if is_address(base):
        return urljoin(base if base.endswith("/") else f"{base}/", video.lstrip("/"))
    return str(Path(base) / video.lstrip("/"))


def _seconds(table: Path, line: int, text: str) -> float | None:
    if not text:
        return None
    seconds = seconds_of(text)
    if seconds is None:
        raise ConfigError(f"{table}, line {line}: {text!r} is no time. Write seconds (12.5) or h:mm:ss.")
    return seconds
