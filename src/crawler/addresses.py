"""Pictures whose addresses somebody wrote down: a list, or a table with names, pages and licences."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError
from ..names import folder_name
from .base import FoundImage, Provider

_URL = ("url", "address", "image", "image_url")
_PERSON = ("name", "person", "keyword")
_PAGE = ("page", "page_url", "source")
_LICENCE = ("licence", "license")


@dataclass(frozen=True, slots=True)
class _Row:
    """One address; `name` is empty where the list does not say who is to be seen."""

    name: str
    image: FoundImage


class Addresses(Provider):
    """A file of addresses: one a line, or CSV whose first line names its columns."""

    name = "urls"

    def __init__(self, file: Path) -> None:
        """Read the file completely, so that a mistake in it is found before anything is fetched.

        Raises:
            ConfigError: The file cannot be read, holds no addresses, or a line is none.
            InvalidNameError: A name in it cannot be a person's.
        """
        self._file: Path | None = file
        self._rows = _read(file)
        if not self._rows:
            raise ConfigError(f"{file} holds no addresses. Write one a line, or CSV with a column url.")

    @classmethod
    def of(cls, addresses: Iterable[Mapping[str, str]]) -> Addresses:
        """Take addresses that somebody gave without a file: each a `url` with its `name`, and `page` and `licence` if known."""
        given = cls.__new__(cls)
        given._file = None
        given._rows = [
            _Row(one["name"], FoundImage(one["url"], page=one.get("page", ""), licence=one.get("licence", "")))
            for one in addresses
        ]
        return given

    def people(self) -> list[str]:
        """Return the names in the file, each once, in their order.

        Raises:
            ConfigError: An address has no name.
        """
        if any(not row.name for row in self._rows):
            raise ConfigError(f"{self._file} does not name the person of each address. Give a name with --keyword.")
        return list(dict.fromkeys(row.name for row in self._rows))

    def search(self, query: str, limit: int) -> Iterator[FoundImage]:
        """Yield the addresses of a name, and those that have none."""
        wanted = folder_name(query)
        mine = [row.image for row in self._rows if not row.name or folder_name(row.name) == wanted]
        yield from mine[:limit]


def _read(file: Path) -> list[_Row]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as err:
        raise ConfigError(f"{file} cannot be read: {err.strerror}.") from err
    except UnicodeDecodeError as err:
        raise ConfigError(f"{file} is no text in UTF-8. Save it as such.") from err
    first = next(iter(csv.reader(text.splitlines()[:1])), [])
    columns = [column.strip().lower() for column in first]
    return list(_table(file, text, columns) if set(columns) & set(_URL) else _lines(file, text))


def _lines(file: Path, text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.splitlines(), start=1):
        url = line.strip()
        if url and not url.startswith("#"):
            yield _Row("", FoundImage(_checked(file, number, url)))


def _table(file: Path, text: str, columns: list[str]) -> Iterator[_Row]:
    rows = csv.reader(io.StringIO(text, newline=""))
    next(rows)
    for cells in rows:
        values = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
        if any(values.values()):
            url = _checked(file, rows.line_num, _first(values, _URL))
            name = _first(values, _PERSON)
            if name:
                folder_name(name)
            yield _Row(name, FoundImage(url, page=_first(values, _PAGE), licence=_first(values, _LICENCE)))


def _first(values: dict[str, str], columns: tuple[str, ...]) -> str:
    return next((values[column] for column in columns if values.get(column)), "")


def _checked(file: Path, line: int, url: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        raise ConfigError(f"{file}, line {line}: {url[:60]!r} is no address. It must begin with http:// or https://.")
    return url
