"""What is made of weights is kept until they or the recipe change."""

from __future__ import annotations

import errno
import multiprocessing
import os
from pathlib import Path

import pytest

from src.errors import WeightsError
from tests.unit.models.given import CONTENT, SHA256, make_cache, make_weights


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
