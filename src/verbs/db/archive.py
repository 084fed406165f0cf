"""The form of an archive: one zip file that holds a project, readable without FaceRec.

    manifest.json          format, schema version, project, number of records of each kind; written last
    records/KIND.jsonl     one record a line: JSON, with arrays as the Base64 of a .npy file
    files/PATH             files, under their paths in the data folder

Nothing in it is executed or unpickled. What is read is bounded: a line, the number of bytes for each byte of the archive, and
where a file may lie.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any
from zlib import error as ZlibError

from ... import __version__
from ...errors import StorageError
from ...records import now
from ...storage.codec import Layout
from ...storage.schema import SCHEMA

FORMAT = 1
MAX_LINE = 64_000_000
"""Bytes of a record; the largest that MongoDB keeps has a third of it."""
MAX_RATIO = 200
"""Bytes that a byte of the archive may become. Records compress 2 to 20 times, and a zip bomb 1,000 times."""
_SMALL = 10_000_000
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    project: str
    counts: Mapping[str, int]
    n_files: int = 0
    format: int = FORMAT
    schema: int = SCHEMA.version
    program: str = __version__
    created_at: str = field(default_factory=now)


class ArchiveWriter:
    """Writes an archive from front to back, holding one record at a time."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        """Write into a zip file that was opened for writing."""
        self._zip = file
        self.counts: dict[str, int] = {}
        self.n_files = 0

    def add_records(self, layout: Layout, records: Iterable[Any]) -> None:
        """Write all records of a kind."""
        self.counts[layout.name] = 0
        with self._zip.open(_info(f"records/{layout.name}.jsonl"), "w", force_zip64=True) as member:
            for record in records:
                member.write(_line(layout, record))
                self.counts[layout.name] += 1

    def add_file(self, path: Path, relative: str) -> None:
        """Write a file."""
        with path.open("rb") as source, self._zip.open(_info(f"files/{relative}"), "w", force_zip64=True) as member:
            shutil.copyfileobj(source, member, 1 << 20)
        self.n_files += 1

    def finish(self, project: str) -> Manifest:
        """Write the manifest: an archive without one is not whole."""
        manifest = Manifest(project, self.counts, self.n_files)
        self._zip.writestr(_info(_MANIFEST), json.dumps(asdict(manifest), indent=2, ensure_ascii=False))
        return manifest


class ArchiveReader:
    """Reads an archive that anybody may have made."""

    def __init__(self, file: zipfile.ZipFile, path: Path) -> None:
        """Read and check the manifest, and the sizes that the archive declares.

        Raises:
            StorageError: This is no archive of ours, one that is damaged, or one of a newer program.
        """
        self._zip, self._path = file, path
        members = file.infolist()
        declared, size = sum(member.file_size for member in members), path.stat().st_size
        if declared > max(MAX_RATIO * size, _SMALL):
            raise self.refused(f"it would take {declared:,} bytes, {declared // max(size, 1)} times its size")
        self._members = {member.filename: member for member in members}
        if len(self._members) != len(members):
            raise self.refused("two of its members have one name")
        self.manifest = self._read_manifest()

    @property
    def files(self) -> list[str]:
        """Paths of the files, relative to a data folder; nobody has checked them."""
        return [name.removeprefix("files/") for name in self._members if name.startswith("files/")]

    def records(self, layout: Layout) -> Iterator[Any]:
        """Yield the records of a kind, none where the archive is older than the kind.

        Raises:
            StorageError: A line makes no such record.
        """
        name = f"records/{layout.name}.jsonl"
        if name not in self._members:
            return
        with self._translated(), self._zip.open(name) as member:
            number = 0
            while line := member.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise self.refused(f"line {number} of {name} is longer than {MAX_LINE:,} bytes")
                yield self._record(layout, line, f"line {number} of {name}")

    def check_content(self, layouts: Iterable[Layout]) -> None:
        """Refuse members that are neither records of these kinds, nor files, nor the manifest."""
        known = {_MANIFEST, *(f"records/{layout.name}.jsonl" for layout in layouts)}
        for name in self._members:
            if name not in known and not name.startswith("files/"):
                raise self.refused(f"nobody knows what {name!r} in it is")
        if len(self.files) != self.manifest.n_files:
            raise self.refused(f"it holds {len(self.files)} files and should hold {self.manifest.n_files}")

    @contextmanager
    def open_file(self, relative: str) -> Iterator[IO[bytes]]:
        """Open a file; its checksum is checked when it has been read to its end."""
        with self._translated(), self._zip.open(f"files/{relative}") as member:
            yield member

    def refused(self, why: str) -> StorageError:
        """Return what to raise where the archive is not what it should be."""
        return StorageError(f"{self._path} is not imported: {why}. Export the project again.")

    def _read_manifest(self) -> Manifest:
        if _MANIFEST not in self._members or self._members[_MANIFEST].file_size > _SMALL:
            raise self.refused("it has no manifest, so it is no archive of FaceRec, or its export was interrupted")
        with self._translated():
            try:
                values = json.loads(self._zip.read(_MANIFEST))
                form, schema = int(values["format"]), int(values["schema"])
                counts = {str(name): int(count) for name, count in values["counts"].items()}
                manifest = Manifest(str(values["project"]), counts, int(values["n_files"]), form, schema)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
                raise self.refused("its manifest is damaged") from err
        if manifest.format > FORMAT or manifest.schema > SCHEMA.version:
            raise StorageError(
                f"{self._path} was written by a newer FaceRec (format {manifest.format}, schema version {manifest.schema}); "
                f"this program knows {FORMAT} and {SCHEMA.version}. Install a newer FaceRec."
            )
        return manifest

    def _record(self, layout: Layout, line: bytes, where: str) -> Any:
        try:
            plain = json.loads(line)
            values = {name: _value(layout.types[name], plain[name]) for name in layout.types if name in plain}
            record = layout.record(values)
            # What no store would take is refused before anything is written.
            layout.values(record)
        except (ValueError, TypeError, binascii.Error, RecursionError, StorageError) as err:
            raise self.refused(f"{where} is damaged ({' '.join(str(err).split())[:200]})") from err
        return record

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError) as err:
            raise self.refused(f"it is damaged ({err})") from err


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive for reading.

    Raises:
        StorageError: It cannot be read, or is no archive.
    """
    try:
        file = zipfile.ZipFile(path)
    except OSError as err:
        raise StorageError(f"{path} cannot be read: {err.strerror or err}. Check the path.") from err
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as err:
        raise StorageError(f"{path} is not imported: it is no zip file, or a damaged one ({err}).") from err
    with file:
        yield ArchiveReader(file, path)


def _info(name: str) -> zipfile.ZipInfo:
    """Return a member without a date: what is the same looks the same."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _line(layout: Layout, record: Any) -> bytes:
    values = layout.values(record)
    plain = {name: _plain(layout.types[name], value) for name, value in values.items()}
    return json.dumps(plain, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _plain(stored: str, value: Any) -> Any:
    """Return a stored value as JSON has it."""
    if value is None:
        return None
    if stored == "BLOB":
        return base64.b64encode(value).decode()
    if stored == "JSON":
        return json.loads(value)
    # JSON knows no infinity.
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _value(stored: str, plain: Any) -> Any:
    if plain is None:
        return None
    if stored == "BLOB":
        return base64.b64decode(plain, validate=True)
    if stored == "JSON":
        return json.dumps(plain)
    if stored == "REAL":
        return float(plain)
    expected: type = int if stored == "INTEGER" else str
    if not isinstance(plain, expected):
        raise TypeError(f"{type(plain).__name__} is no {stored}")
    return plain
