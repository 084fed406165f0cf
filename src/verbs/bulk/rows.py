"""The table: a row a video or a part of one, in the layouts that archives hand out.

    media      address in a knowledge graph       url, locator, path, video   where the file is
    start, end (or start_s, end_s)                seconds or h:mm:ss; empty for the whole video
    person     who is to be seen, for scoring     anything else is left alone

Of several columns that name a video the first of `COLUMNS` counts that the row has filled. Cells are parted by comma, semicolon
or tab, as spreadsheets of different countries write them, and names of columns may be written with capitals.

A row that cannot be used keeps its number and says why; the others are analysed all the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin

from ...connectors.base import seconds_of
from ...disk.files import open_table
from ...errors import ConfigError
from ...mediafragments import Fragment
from ...video.fragments import split_locator
from ...video.source import is_address

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
        error: Why the row cannot be used; empty for one that can. `video` is then as the table writes it.
    """

    number: int
    line: int
    video: str
    person: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Cells:
    """What a row says, as it is written."""

    line: int
    video: str
    start: str = ""
    end: str = ""
    person: str = ""
    error: str = ""


def read_rows(table: Path, column: str | None = None, base: str | None = None) -> list[BulkRow]:
    """Read a table, or a list of videos with one a line.

    Args:
        table: CSV or TSV in UTF-8 whose first line names its columns; or a text file `.txt`, where `#` begins a remark.
        column: Which column names the video; as said above where None.
        base: Folder or address that relative ones start from, and paths that begin with `/` too; the folder of the table
            where None.

    Raises:
        ConfigError: The table cannot be read, lacks the columns, or names no video.
    """
    try:
        if table.suffix.lower() == ".txt":
            found = list(_of_list(table.read_text(encoding="utf-8-sig").splitlines()))
        else:
            with open_table(table) as rows:
                found = list(_of_table(table, rows, column))
    except OSError as err:
        raise ConfigError(f"{table} cannot be read: {err.strerror}. Give the path of a CSV table or a list.") from err
    except UnicodeDecodeError as err:
        raise ConfigError(f"{table} is no text in UTF-8. Save it as CSV in UTF-8.") from err
    except csv.Error as err:
        raise ConfigError(f"{table}: {err}. Check the quotes: a quote inside a cell is written twice.") from err
    if not found:
        raise ConfigError(f"{table} names no video. Write one a row.")
    return [_row(table, number, cells, base) for number, cells in enumerate(found)]


def _of_list(lines: Sequence[str]) -> Iterator[_Cells]:
    for line, text in enumerate(lines, start=1):
        if text.strip() and not text.lstrip().startswith("#"):
            yield _Cells(line, text.strip())


class _Rows(Protocol):
    """What `csv.reader` returns: rows, and in which line of the file the last one ended."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def _of_table(table: Path, rows: _Rows, column: str | None) -> Iterator[_Cells]:
    """Yield what each row says that is not empty."""
    header = [cell.strip().lower() for cell in next(rows, [])]
    columns = (column.strip().lower(),) if column else COLUMNS
    if not any(name in header for name in columns):
        known = ", ".join(filter(None, header)) or "none"
        raise ConfigError(f"{table} has no column {' or '.join(columns)} (its columns: {known}). Name the one with --column.")
    for cells in rows:
        line = rows.line_num
        if not any(cell.strip() for cell in cells):
            continue
        values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        video, person = _first(values, columns), values.get("person", "")
        error = "" if video else f"names no video: {' and '.join(columns)} are empty"
        if len(cells) != len(header):
            person = ""  # whatever stands there may belong to another column
            error = f"has {len(cells)} cells, the first line {len(header)}. Quote cells that hold the sign between cells"
        yield _Cells(line, video, _first(values, _START), _first(values, _END), person, error)


def _first(values: Mapping[str, str], names: Sequence[str]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _row(table: Path, number: int, cells: _Cells, base: str | None) -> BulkRow:
    try:
        if cells.error:
            raise ConfigError(cells.error)
        bare, fragment = split_locator(_based(cells.video, table.parent, base))
        video = _part(cells.start, cells.end, fragment).on(bare)
    except ConfigError as err:
        return BulkRow(number, cells.line, cells.video, cells.person, str(err))
    return BulkRow(number, cells.line, video, cells.person)


def _part(start_text: str, end_text: str, outer: Fragment) -> Fragment:
    """Return the part between two times, which may lie within a part that the video itself names.

    Raises:
        ConfigError: A time is none, the part ends before it begins, or both parts have nothing in common.
    """
    if not start_text and not end_text:
        return outer
    start, end = _seconds(start_text), _seconds(end_text)
    if end is not None and end <= (start or 0.0):
        raise ConfigError(f"the part ends at {end_text}, before it begins. Check start and end.")
    return Fragment.of(start or 0.0, end).within(outer)


def _based(video: str, folder: Path, base: str | None) -> str:
    """Return a video as seen from where the program runs."""
    if is_address(video) or "://" in video:
        return video
    if base is None:
        return str(folder / video)
    if is_address(base):
        return urljoin(base if base.endswith("/") else f"{base}/", video.lstrip("/"))
    return str(Path(base) / video.lstrip("/"))


def _seconds(text: str) -> float | None:
    if not text:
        return None
    # Spreadsheets of many countries write 12,5.
    seconds = seconds_of(text if ":" in text else text.replace(",", "."))
    if seconds is None:
        raise ConfigError(f"{text!r} is no time. Write seconds (12.5) or h:mm:ss.")
    return seconds
