"""Files that are there whole or not at all, and tables as spreadsheets write them."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from ..errors import ExportError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside a file, and put what was written there in the file's place at the end.

    Args:
        path: The file; its folder is made where it does not exist.

    Raises:
        ExportError: It cannot be written: no space, no right. The old file is untouched.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as err:
        raise ExportError(f"{path} cannot be written: {err.strerror}. Free some space or check the folder.") from err
    finally:
        partial.unlink(missing_ok=True)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table in UTF-8 with its columns' names in the first line, one row at a time.

    Raises:
        ExportError: It cannot be written.
    """
    with replacing(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


@contextmanager
def open_table(path: Path) -> Iterator[Any]:
    """Open a table in UTF-8 and give a reader of its rows, whose `line_num` is that of the file.

    Spreadsheets part cells by comma, semicolon or tab, as their country does; whichever the first line has most of it is, or
    the one that a line `sep=;` before it names. They put a mark at the beginning of a file, which is no part of the first
    column's name.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is not in UTF-8. Also while reading.
        csv.Error: Its quotes cannot be understood. Only while reading.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        told = re.fullmatch(r'"?sep=([,;\t])"?\s*', first)
        unquoted = re.sub(r'"[^"]*"', "", first)
        rows = csv.reader(chain((first,), file), delimiter=told[1] if told else max(",;\t", key=unquoted.count), strict=True)
        if told:
            next(rows)
        yield rows


def write_json(path: Path, value: Any) -> None:
    """Write plain values as indented JSON in UTF-8.

    Raises:
        ExportError: It cannot be written.
    """
    with replacing(path) as partial:
        partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
