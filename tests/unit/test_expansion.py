"""Which videos a name stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import ConfigError
from src.tracker.expansion import VIDEO_SUFFIXES, expand, stands_for_many


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three videos, one of them deeper, and what is none."""
    for name in ("b.mp4", "a.MKV", "deep/c.webm", "notes.pdf", ".hidden.mp4", ".trash/d.mp4", "._b.mp4"):
        (tmp_path / "films" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / name).touch()
    return tmp_path / "films"


def named(locators: tuple[str, ...]) -> list[str]:
    return [Path(locator).name for locator in locators]


def test_a_path_and_an_address_stay_as_they_are() -> None:
    given = ("no such file.mp4", "https://example.org/list.txt", "film.mp4#t=1,2")
    assert expand(given) == given


def test_a_folder_is_the_videos_in_it_by_name(folder: Path) -> None:
    assert named(expand([str(folder)])) == ["a.MKV", "b.mp4", "c.webm"]


def test_order_is_that_of_what_was_given(folder: Path) -> None:
    assert named(expand([str(folder / "b.mp4"), str(folder)])) == ["b.mp4", "a.MKV", "c.webm"]


def test_two_spellings_of_one_path_are_one_video(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert expand(["b.mp4", "./deep/../b.mp4", str(folder / "b.mp4")]) == ("b.mp4",)


def test_two_parts_of_one_video_are_two() -> None:
    assert expand(["f.mp4", "f.mp4#t=1,2", "f.mp4#t=npt:1,2", "f.mp4#t=2,3"]) == ("f.mp4", "f.mp4#t=1,2", "f.mp4#t=2,3")


def test_a_list_has_remarks_and_paths_from_its_folder(folder: Path) -> None:
    listed = folder / "list.txt"
    listed.write_text("# ours\nb.mp4#t=1,2\n\n  deep  \nhttps://example.org/x.mp4#t=5\n", encoding="utf-8-sig")
    assert expand([str(listed)]) == (
        f"{folder / 'b.mp4'}#t=1,2",
        str(folder / "deep" / "c.webm"),
        "https://example.org/x.mp4#t=5",
    )


def test_a_list_may_name_a_list_but_not_itself(folder: Path) -> None:
    (folder / "outer.txt").write_text("inner.txt\n")
    (folder / "inner.txt").write_text("b.mp4\n")
    assert named(expand([str(folder / "outer.txt")])) == ["b.mp4"]
    (folder / "inner.txt").write_text("b.mp4\nouter.txt\n")
    with pytest.raises(ConfigError, match="leads back to itself"):
        expand([str(folder / "outer.txt")])


def test_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is an empty folder"):
        expand([str(tmp_path)])
    (tmp_path / "notes.pdf").touch()
    with pytest.raises(ConfigError, match="holds no video") as raised:
        expand([str(tmp_path)])
    assert all(suffix in str(raised.value) for suffix in VIDEO_SUFFIXES)


def test_what_is_wrong_with_a_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.txt cannot be read: No such file"):
        expand([str(tmp_path / "missing.txt")])
    (tmp_path / "empty.txt").write_text("# nothing yet\n")
    with pytest.raises(ConfigError, match="names no video"):
        expand([str(tmp_path / "empty.txt")])
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        expand([str(tmp_path / "binary.txt")])


def test_what_stands_for_many(tmp_path: Path) -> None:
    assert stands_for_many(str(tmp_path))
    assert stands_for_many("list.txt")
    assert not stands_for_many("film.mp4")
    assert not stands_for_many("https://example.org/list.txt")
    assert not stands_for_many("x" * 5000)
