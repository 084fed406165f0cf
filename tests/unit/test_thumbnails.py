"""Faces that are kept on disk: made once, never too many, and gone when they have to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.disk import thumbnails
from src.disk.thumbnails import Thumbnails, forget
from src.errors import ConfigError


class Maker:
    def __init__(self, size: int = 10) -> None:
        self.n, self.size = 0, size

    def __call__(self) -> bytes:
        self.n += 1
        return bytes([self.n]) * self.size


def always() -> bool:
    return True


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("thumbnails/*/*"))


def test_is_made_once_by_whoever_asks_first(tmp_path: Path) -> None:
    make = Maker()
    first = Thumbnails(tmp_path, 1000).of("a", "x1", make, always)
    again = Thumbnails(tmp_path, 1000).of("a", "x1", make, always)
    assert (first, make.n) == (again, 1)
    assert kept(tmp_path) == ["x1.jpg"]


def test_without_room_none_is_kept(tmp_path: Path) -> None:
    make, pictures = Maker(), Thumbnails(tmp_path, 0)
    pictures.of("a", "x", make, always)
    pictures.of("a", "x", make, always)
    assert (make.n, kept(tmp_path)) == (2, [])


def test_a_face_that_was_forgotten_meanwhile_is_not_kept(tmp_path: Path) -> None:
    assert Thumbnails(tmp_path, 1000).of("a", "x", Maker(), lambda: False)
    assert kept(tmp_path) == []


def test_those_that_nobody_asked_for_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "_LOOK_EVERY", 2)
    pictures = Thumbnails(tmp_path, 45)
    for number in range(1, 5):
        pictures.of("a", f"x{number}", Maker(), always)
        os.utime(tmp_path / "thumbnails" / "a" / f"x{number}.jpg", (number, number))
    # A look at every second one: the fifth finds 50 bytes where 45 may be, and leaves at most 36 of them.
    pictures.of("a", "x2", Maker(), always)
    pictures.of("a", "x5", Maker(), always)
    assert kept(tmp_path) == ["x2.jpg", "x4.jpg", "x5.jpg"]


def test_a_disk_that_takes_nothing_costs_time_alone(tmp_path: Path) -> None:
    (tmp_path / "thumbnails").write_text("no folder")
    assert Thumbnails(tmp_path, 1000).of("a", "x", Maker(), always)


def test_of_one_analysis_or_all_are_forgotten(tmp_path: Path) -> None:
    pictures = Thumbnails(tmp_path, 1000)
    for analysis in ("a", "b", "c"):
        pictures.of(analysis, f"of_{analysis}", Maker(), always)
    forget(tmp_path, "a")
    assert kept(tmp_path) == ["of_b.jpg", "of_c.jpg"]
    forget(tmp_path, "gone already")
    forget(tmp_path)
    assert kept(tmp_path) == []


def test_none_leads_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Thumbnails(tmp_path, 1000).of("..", "../x", Maker(), always)
    with pytest.raises(ConfigError):
        forget(tmp_path, "../..")
