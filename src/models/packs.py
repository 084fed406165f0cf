"""Packs of weights whose licence must be accepted first, and whose publisher gives no hashes.

Who accepts a pack has its files fetched, and their hashes written down beside them with the date. From then on only these very
files are used: what is trusted is the first download (trust on first use), not a hash that somebody checked before.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from ..errors import WeightsError
from ..progress import Progress
from .download import Url, disk_errors, fetch_url, file_sha256, open_members

_RECORD = "accepted.json"


@dataclass(frozen=True, slots=True)
class Pack:
    """Networks that are published together.

    Attributes:
        name: What it is asked for by: the engine that needs it.
        pack: What its publisher calls it, and its folder.
        files: The detector and the embedder in it; whatever else it holds is left.
        licence: In a few words, for lists.
        terms: What who accepts it agrees to.
        source: The archive.
    """

    name: str
    pack: str
    files: tuple[str, ...]
    licence: str
    terms: str
    source: Url


_RELEASES = "https://github.com/deepinsight/insightface/releases/download/v0.7"
_TERMS = (
    "The networks of InsightFace are published for non-commercial research only; its code is MIT, they are not. For any other "
    "use ask the publisher, contact@insightface.ai. See https://github.com/deepinsight/insightface/tree/master/model_zoo."
)
PACKS: tuple[Pack, ...] = (
    Pack(
        "insightface",
        "buffalo_l",
        ("det_10g.onnx", "w600k_r50.onnx"),
        "non-commercial research",
        _TERMS,
        Url(f"{_RELEASES}/buffalo_l.zip"),
    ),
    Pack(
        "insightface-s",
        "buffalo_s",
        ("det_500m.onnx", "w600k_mbf.onnx"),
        "non-commercial research",
        _TERMS,
        Url(f"{_RELEASES}/buffalo_s.zip"),
    ),
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What was written down when a pack was accepted.

    Attributes:
        pack: Its publisher's name.
        terms: As they were shown.
        accepted_at: ISO 8601, UTC.
        origin: The folder or address that the files came from.
        sha256: Of each file, in hex.
    """

    pack: str
    terms: str
    accepted_at: str
    origin: str
    sha256: Mapping[str, str]


class Lock(Protocol):
    """Lets one process at a time fetch."""

    def __call__(self) -> AbstractContextManager[None]:
        """Hold it for a while."""


class PackCache:
    """Packs in the folder of weights, one folder each."""

    def __init__(
        self, folder: Path, progress: Progress, lock: Lock, local: Path | None = None, packs: tuple[Pack, ...] = PACKS
    ) -> None:
        """Begin with a folder that may not exist yet.

        Args:
            folder: Where weights are kept.
            progress: Told how far downloads are.
            lock: Lets one process at a time write there.
            local: A folder that holds files, archives or folders of packs fetched by hand.
            packs: The packs that can be named.
        """
        self._folder, self._progress, self._lock, self._local, self._packs = folder, progress, lock, local, packs

    def find(self, name: str) -> Pack:
        """Return the pack of an engine.

        Raises:
            WeightsError: There is none.
        """
        by_name = {pack.name: pack for pack in self._packs}
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise WeightsError(f'No licence has to be accepted for "{name}".{hint} Known: {", ".join(by_name)}.')
        return by_name[name]

    def acceptance(self, name: str) -> Acceptance | None:
        """Return what was accepted, or None where nothing was.

        Raises:
            WeightsError: There is no such pack, or the record cannot be read.
        """
        path = self._place(self.find(name)) / _RECORD
        if not path.is_file():
            return None
        try:
            return Acceptance(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as err:
            raise WeightsError(f"{path} cannot be read. Delete it, and accept again: {_command(name)}") from err

    def open(self, name: str) -> tuple[list[Path], str]:
        """Return the files of an accepted pack, and a text that changes whenever they do.

        Every file is hashed: a pack is opened once a run, and nobody but this record vouches for it.

        Raises:
            WeightsError: It was not accepted, a file is missing, or a file is not the one that was accepted.
        """
        pack, accepted = self.find(name), self.acceptance(name)
        if accepted is None:
            raise WeightsError(
                f'The weights of "{name}" may be used once their licence is accepted. {pack.terms} To accept: {_command(name)}'
            )
        paths = [self._place(pack) / file for file in pack.files]
        for path in paths:
            if not path.is_file():
                raise WeightsError(f"{path} is missing. Fetch it again with: {_command(name)}")
            if file_sha256(path) != accepted.sha256.get(path.name):
                raise WeightsError(
                    f"{path} is not the file that was accepted on {accepted.accepted_at}; it is not used. Put that one back, "
                    f"or delete the folder {path.parent} and accept anew: {_command(name)}"
                )
        return paths, "\n".join(accepted.sha256[file] for file in pack.files)

    def accept(self, name: str) -> Acceptance:
        """Fetch a pack whose licence somebody accepts, and write down what arrived.

        Files are looked for in the local folder, then where the package insightface keeps them, then at the publisher's.

        Raises:
            WeightsError: The pack cannot be had, or other files arrived than those that were accepted before.
        """
        pack, before = self.find(name), self.acceptance(name)
        place = self._place(pack)
        with self._lock(), disk_errors(place), tempfile.TemporaryDirectory(dir=self._folder / ".partial") as scratch:
            origin = self._collect(pack, Path(scratch))
            sha256 = {file: file_sha256(Path(scratch) / file) for file in pack.files}
            if before is not None and before.sha256 != sha256:
                raise WeightsError(
                    f"{origin} has other files than those that were accepted on {before.accepted_at}. If that is meant, delete "
                    f"the folder {place} and accept anew: {_command(name)}"
                )
            accepted = before or Acceptance(
                pack.pack, pack.terms, datetime.now(UTC).isoformat(timespec="seconds"), origin, sha256
            )
            place.mkdir(exist_ok=True)
            for file in pack.files:
                (Path(scratch) / file).replace(place / file)
            record = Path(scratch) / _RECORD
            record.write_text(json.dumps(asdict(accepted), indent=1) + "\n", encoding="utf-8")
            record.replace(place / _RECORD)
        return accepted

    def _place(self, pack: Pack) -> Path:
        return self._folder / pack.pack

    def _collect(self, pack: Pack, scratch: Path) -> str:
        """Put the files of a pack into a folder, and return where they came from."""
        for folder in self._folders(pack):
            if all((folder / file).is_file() for file in pack.files):
                for file in pack.files:
                    shutil.copyfile(folder / file, scratch / file)
                return str(folder)
        archive = self._local / f"{pack.pack}.zip" if self._local else None
        if archive is None or not archive.is_file():
            archive = scratch / f"{pack.pack}.zip"
            fetch_url(pack.source.url, archive, None, None, self._progress)
            origin = pack.source.url
        else:
            origin = str(archive)
        _unpack(archive, pack.files, scratch)
        return origin

    def _folders(self, pack: Pack) -> Iterator[Path]:
        if self._local is not None:
            yield from (self._local, self._local / pack.pack, self._local / "models" / pack.pack)
        yield Path.home() / ".insightface" / "models" / pack.pack


def _unpack(archive: Path, files: tuple[str, ...], target: Path) -> None:
    """Take files out of an archive, in whatever folder of it they lie."""

    def keep(name: str, file: IO[bytes]) -> str:
        file_name = name.rsplit("/", 1)[-1]
        with (target / file_name).open("wb") as written:
            shutil.copyfileobj(file, written, 1 << 20)
        return file_name

    found = {keep(name, file) for name, file in open_members(archive, lambda name: name.rsplit("/", 1)[-1] in files)}
    missing = [file for file in files if file not in found]
    if missing:
        raise WeightsError(f"{archive.name} holds no {' and no '.join(missing)}")


def pack_version(alignment: str, hashes: str) -> str:
    """Return a short id that changes whenever the files of a pack or the alignment do.

    Args:
        alignment: Name of the way in which crops are cut.
        hashes: What `PackCache.open` returned.
    """
    return hashlib.sha256(f"{alignment}\n{hashes}".encode()).hexdigest()[:8]


def _command(name: str) -> str:
    return f"python -m src models accept {name}"
