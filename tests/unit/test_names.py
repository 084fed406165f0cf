"""Names as folders: readable where they can be, refused with a reason where they cannot."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from src.errors import ConfigError, InvalidNameError
from src.names import MAX_NAME, display_name, folder_name, inside, part_folder

GOOD = [
    ("Churchill Winston", "Churchill_Winston"),
    ("  Churchill \t Winston\n", "Churchill_Winston"),
    ("Jean-Luc Godard", "Jean-Luc_Godard"),
    ("Sinéad O'Connor", "Sinéad_O'Connor"),
    ("Martin Luther King, Jr.", "Martin_Luther_King,_Jr."),
    ("Björk", "Björk"),
    ("黒澤 明", "黒澤_明"),
    ("黒澤\u3000明", "黒澤_明"),  # the wide space of Japanese texts
    ("عمر الشريف", "عمر_الشريف"),
    ("Владимир", "Владимир"),
    ("🎬 Director", "🎬_Director"),
    ("a", "a"),
    ("50 Cent", "50_Cent"),
    ("P!nk & Co (2003)", "P!nk_&_Co_(2003)"),
    ("Conan", "Conan"),  # begins with `con`, which alone is reserved
    ("com10", "com10"),
    ("100% Wolf", "100%_Wolf"),
]

BAD = [
    ("", "is empty"),
    (" \t\n\u3000 ", "is empty"),
    ("..", "starts with a dot"),
    (".", "starts with a dot"),
    (".hidden", "starts with a dot"),
    ("../../etc/passwd", "holds a character"),
    ("a/b", "holds a character"),
    ("/root", "holds a character"),
    ("a\\b", "holds a character"),
    ("C:", "holds a character"),
    ("a*", "holds a character"),
    ("who?", "holds a character"),
    ('"x"', "holds a character"),
    ("<x>", "holds a character"),
    ("a|b", "holds a character"),
    ("a\0b", "holds a character"),
    ("a\x1b[31mb", "holds a character"),
    ("a\x7fb", "holds a character"),
    ("abc\u202etxt.exe", "holds a character"),  # turns the writing direction round, to look like another name
    ("a\u200bb", "holds a character"),  # a space without width: two names that look alike
    ("\ud800", "holds a character"),  # half a character
    ("CON", "reserved"),
    ("nul.txt", "reserved"),
    ("Com1", "reserved"),
    ("COM¹", "reserved"),
    ("conin$", "reserved"),
    ("..%2fsecret", "escaped"),
    ("C%253A%255Cx", "escaped"),
    ("a%00b", "escaped"),
    ("x" * 300, "is longer than"),
    ("é" * 101, "is longer than"),  # 202 bytes
    ("名" * 67, "is longer than"),  # 201 bytes
]


@pytest.mark.parametrize(("name", "folder"), GOOD)
def test_good_name(name: str, folder: str) -> None:
    assert folder_name(name) == folder


@pytest.mark.parametrize(("name", "why"), BAD)
def test_bad_name(name: str, why: str) -> None:
    with pytest.raises(InvalidNameError, match=why) as caught:
        folder_name(name, "project")
    assert caught.value.kind == "project"
    assert caught.value.name == name
    assert len(str(caught.value)) < 250
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["x" * MAX_NAME, "é" * (MAX_NAME // 2), "名" * (MAX_NAME // 3)])
def test_longest_names_make_folders(tmp_path: Path, name: str) -> None:
    (tmp_path / folder_name(name)).mkdir()


@pytest.mark.parametrize(("name", "folder"), GOOD)
def test_naming_twice_changes_nothing(name: str, folder: str) -> None:
    assert folder_name(folder) == folder
    assert folder_name(display_name(folder)) == folder


@pytest.mark.parametrize("name", ["Björk", "Sinéad", "Ångström", "한국", "Việt"])
def test_both_ways_to_write_an_accent_are_one_name(name: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)
    assert composed != decomposed
    assert folder_name(composed) == folder_name(decomposed)
    assert display_name(decomposed) == composed


@pytest.mark.parametrize(
    ("folder", "shown"), [("Churchill_Winston", "Churchill Winston"), ("A", "A"), ("_A_", "A"), ("黒澤_明", "黒澤 明")]
)
def test_display_name(folder: str, shown: str) -> None:
    assert display_name(folder) == shown


class TestInside:
    @pytest.mark.parametrize("relative", ["a.jpg", "p/A/a.jpg", "p/../p/a.jpg", "./a.jpg", "", "..a", "ü/名.jpg"])
    def test_stays(self, tmp_path: Path, relative: str) -> None:
        assert inside(tmp_path, relative).is_relative_to(tmp_path)

    @pytest.mark.parametrize("relative", ["..", "../x", "p/../../x", "/etc/passwd", "p/./../..", "../" * 20 + "etc"])
    def test_leads_out(self, tmp_path: Path, relative: str) -> None:
        with pytest.raises(ConfigError, match="leads out"):
            inside(tmp_path, relative)

    def test_neighbour_of_the_same_beginning_is_outside(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data-private").mkdir()
        with pytest.raises(ConfigError, match="leads out"):
            inside(tmp_path / "data", "../data-private/x")

    def test_link_leads_out(self, tmp_path: Path) -> None:
        (tmp_path / "root").mkdir()
        (tmp_path / "root" / "link").symlink_to(tmp_path)
        with pytest.raises(ConfigError, match="leads out"):
            inside(tmp_path / "root", "link/secret")

    def test_link_that_stays_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        assert inside(tmp_path, "link/a.jpg") == (tmp_path / "real" / "a.jpg").resolve()

    def test_nul(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="NUL"):
            inside(tmp_path, "a\0b")

    def test_loop_of_links(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        with pytest.raises(ConfigError, match="loop of links"):
            inside(tmp_path, "loop/x")


class TestPartFolder:
    @pytest.mark.parametrize(
        ("fragment", "name"),
        [
            ("", "film"),
            ("t=10,20", "film#t=10,20"),
            ("t=,1&id=The%20%D7%A9%D7%9D", "film#t=,1&id=The%20%D7%A9%D7%9D"),
            ("xywh=percent:0,0,50,50", "film#xywh=percent-0,0,50,50_1a10f362"),
        ],
    )
    def test_it_says_which_part(self, fragment: str, name: str) -> None:
        assert part_folder("film", fragment) == name

    def test_parts_that_look_alike_get_folders_of_their_own(self) -> None:
        long = "t=1,2&id=" + "%F0%9F%8E%AC" * 40
        names = [part_folder("film", one) for one in ("id=a/b", "id=a:b", "id=a-b", long, f"{long}x")]

        assert len(set(names)) == 5
        assert all(len(name.encode()) <= MAX_NAME and "/" not in name and ":" not in name for name in names)
