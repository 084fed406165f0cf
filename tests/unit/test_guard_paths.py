"""Paths from outside stay in their folder, whatever is tried."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from src.errors import ForbiddenPathError
from src.guard import confined
from src.guard.paths import confined_to_one, safe_parts

OUT = [
    "../secret",
    "..",
    "a/../../secret",
    "a/..",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "",
    "..%2fsecret",
    "..%2Fsecret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%252fsecret",
    "..%5csecret",
    "a%00.jpg",
    "/etc/passwd",
    "//host/share/a",
    "~/a",
    "~root/a",
    "a\0.jpg",
    "a\n.jpg",
    "a\r.jpg",
    "a\x1b[2J",
    "a\u2028b",
    "\ud800",
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "C:a",
    "c|/a:b",
    "\\\\host\\share\\a",
    "\\\\?\\C:\\a",
    "\\\\.\\PhysicalDrive0",
    "..\\secret",
    "a\\..\\..\\secret",
    "a.jpg::$DATA",
    "a.jpg:stream",
    "CON",
    "con.jpg",
    "a/NUL",
    "a/nul.tar.gz",
    "aux",
    "COM1.txt",
    "lpt9",
    "COM¹",
    "conin$",
    "a.jpg.",
    "a.jpg ",
    ".../secret",
    ".. /secret",
    "．．/secret",
    "‥/secret",
    "..／secret",
    "a" * 300,
    "é" * 200,
    "a/" * 3000 + "a",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with a file in it, beside one that holds a secret."""
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "b.jpg").write_text("b")
    (root / "Ünï_名 (1).jpg").write_text("c")
    return root


@pytest.mark.parametrize("given", OUT)
def test_is_refused(root: Path, given: str) -> None:
    for must_exist in (True, False):
        with pytest.raises(ForbiddenPathError):
            confined(root, given, must_exist=must_exist)


@pytest.mark.parametrize("given", ["a/b.jpg", "Ünï_名 (1).jpg", "a"])
def test_finds_what_is_there(root: Path, given: str) -> None:
    assert confined(root, given) == (root / given).resolve()


@pytest.mark.parametrize("given", ["100%.jpg", "console", "com10.txt", "a..b", "..a", "...a", ".hidden", "nul_", "a b.jpg"])
def test_harmless_names_are_names(root: Path, given: str) -> None:
    (root / given).write_text("x")

    assert confined(root, given).read_text() == "x"


def test_what_is_not_there(root: Path) -> None:
    with pytest.raises(ForbiddenPathError, match="nothing that is there"):
        confined(root, "a/c.jpg")
    assert confined(root, "new/c.jpg", must_exist=False) == (root / "new" / "c.jpg").resolve()


def test_says_nothing_of_where_the_folder_lies(root: Path) -> None:
    for given in (*OUT, "a/c.jpg"):
        with pytest.raises(ForbiddenPathError) as info:
            confined(root, given)
        assert str(root) not in str(info.value)
        assert not any(ord(sign) < 32 for sign in str(info.value))


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
class TestLinks:
    """Links inside a data folder."""

    def test_out_of_the_folder(self, root: Path) -> None:
        (root / "file").symlink_to(root.parent / "secret")
        (root / "folder").symlink_to(root.parent)
        (root / "a" / "up").symlink_to("../..")
        for given in ("file", "folder/secret", "a/up/secret"):
            for must_exist in (True, False):
                with pytest.raises(ForbiddenPathError, match="leads out"):
                    confined(root, given, must_exist=must_exist)

    def test_a_chain_out_of_the_folder(self, root: Path) -> None:
        (root / "last").symlink_to(root.parent / "secret")
        (root / "first").symlink_to(root / "last")
        with pytest.raises(ForbiddenPathError, match="leads out"):
            confined(root, "first")

    def test_to_a_new_file_outside(self, root: Path) -> None:
        (root / "new").symlink_to(root.parent / "not_there_yet")
        with pytest.raises(ForbiddenPathError, match="leads out"):
            confined(root, "new", must_exist=False)

    def test_to_a_folder_whose_name_begins_alike(self, root: Path) -> None:
        (root.parent / "root2").mkdir()
        (root.parent / "root2" / "x").write_text("x")
        (root / "link").symlink_to(root.parent / "root2")
        with pytest.raises(ForbiddenPathError, match="leads out"):
            confined(root, "link/x")

    def test_within_the_folder(self, root: Path) -> None:
        (root / "link").symlink_to(root / "a")
        assert confined(root, "link/b.jpg") == (root / "a" / "b.jpg").resolve()

    def test_round_in_circles(self, root: Path) -> None:
        (root / "x").symlink_to(root / "y")
        (root / "y").symlink_to(root / "x")
        with pytest.raises(ForbiddenPathError):
            confined(root, "x/a")

    def test_the_folder_itself_may_be_one(self, root: Path) -> None:
        link = root.parent / "link"
        link.symlink_to(root)
        assert confined(link, "a/b.jpg") == (root / "a" / "b.jpg").resolve()


def test_one_of_several_folders(root: Path) -> None:
    other = root.parent / "other"
    other.mkdir()
    (other / "d.mp4").write_text("d")
    roots = (root, other)

    assert confined_to_one(roots, "a/b.jpg") == (root / "a" / "b.jpg").resolve()
    assert confined_to_one(roots, "d.mp4") == (other / "d.mp4").resolve()
    assert confined_to_one(roots, str(other / "d.mp4")) == (other / "d.mp4").resolve()
    for given in (str(root.parent / "secret"), f"{other}/../secret", "../secret", f"{root}2/a", "x", "/etc/passwd"):
        with pytest.raises(ForbiddenPathError):
            confined_to_one(roots, given)
    with pytest.raises(ForbiddenPathError):
        confined_to_one((), "a")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@drawn(st.text(alphabet="./\\%2eEfF5cC:~ a\0\n．／", max_size=24), st.booleans())
def test_nothing_leads_out(root: Path, text: str, must_exist: bool) -> None:
    try:
        found = confined(root, text, must_exist=must_exist)
    except ForbiddenPathError:
        return
    assert found == root.resolve() or root.resolve() in found.parents


@drawn(st.text(max_size=40))
def test_parts_are_the_path(text: str) -> None:
    try:
        parts = safe_parts(text)
    except ForbiddenPathError:
        return
    assert "/".join(parts) == text
    assert all(part and part not in (".", "..") and "\\" not in part and "\0" not in part for part in parts)
