"""Folders of test material: what is read from them, and what is said of one that is not in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.material.data import ShotRow, TruthRow, read_data, read_shots, read_truth, split_of, write_table
from evaluation.scores.scoring import Presence
from src.errors import ConfigError

HEADER = "video,start_s,end_s,person,note\n"


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """A small folder in order: two people with photos in two places, one video."""
    for name in ("gallery/Ann/01.jpg", "gallery/Ann/00.JPG", "gallery/Ann/notes.txt", "crops24/Ann/5.png", "crops24/Bob/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "crops24" / "Nobody_Yet").mkdir()
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_bytes(b"x")
    _write_truth(tmp_path, "a.mp4,0.5,2,Ann,\na.mp4,2.00,4.00,unknown:x,profile\na.mp4,4,5,,empty\n")
    return tmp_path


def _write_truth(root: Path, rows: str, header: str = HEADER) -> None:
    (root / "videos" / "ground_truth.csv").write_text(header + rows, encoding="utf-8")


def test_people_of_both_folders_are_merged(material: Path) -> None:
    people = read_data(material).people

    assert {person: [str(path.relative_to(material)) for path in paths] for person, paths in people.items()} == {
        "Ann": ["gallery/Ann/00.JPG", "gallery/Ann/01.jpg", "crops24/Ann/5.png"],
        "Bob": ["crops24/Bob/1.png"],
    }


def test_truth(material: Path) -> None:
    data = read_data(material)

    assert data.truth == {
        "a.mp4": (
            TruthRow("a.mp4", 0.5, 2.0, "Ann"),
            TruthRow("a.mp4", 2.0, 4.0, "unknown:x", "profile"),
            TruthRow("a.mp4", 4.0, 5.0, "", "empty"),
        )
    }
    assert data.video_path("a.mp4") == material / "videos" / "a.mp4"
    assert data.outliers == {}


def test_crops_alone_are_enough(material: Path) -> None:
    for path in (material / "gallery" / "Ann").iterdir():
        path.unlink()
    (material / "gallery" / "Ann").rmdir()
    (material / "gallery").rmdir()

    assert list(read_data(material).people) == ["Ann", "Bob"]


def test_outliers(material: Path) -> None:
    (material / "gallery" / "OUTLIERS.csv").write_text('path,reason\ngallery/Ann/01.jpg,"not she, but her sister"\n')

    assert read_data(material).outliers == {material / "gallery" / "Ann" / "01.jpg": "not she, but her sister"}


def test_tables_of_spreadsheets_are_read(material: Path) -> None:
    text = '\ufeffnote,person,end_s,start_s,video,more\r\n"two\nlines", Ann ,2,1,a.mp4,x\r\n'
    (material / "videos" / "ground_truth.csv").write_bytes(text.encode())

    assert read_data(material).truth["a.mp4"] == (TruthRow("a.mp4", 1.0, 2.0, "Ann", "two\nlines"),)


def test_a_video_that_is_not_to_be_scored_is_left_out(material: Path) -> None:
    (material / "videos" / "b.mp4").write_bytes(b"x")
    _write_truth(material, "b.mp4,0,9,unknown:y,face swap: do not score\na.mp4,0,1,Ann,\na.mp4,1,2,Ann,do not score\n")

    truth = read_data(material).truth

    assert list(truth) == ["a.mp4"]
    assert [row.excluded for row in truth["a.mp4"]] == [False, True]


@pytest.mark.parametrize(
    ("note", "strict", "lenient"),
    [
        ("", False, False),
        ("profile", False, False),
        ("very small and dark; optional", True, True),
        ("Optional", True, True),
        ("left edge, head partly cut", False, True),
        ("cut off by the right edge", False, True),
        ("profile, moving, half out of the frame", False, True),
        ("back of the head until about 8.8, then profile", False, True),
        ("turned away until about 6.5", False, True),
        ("wide shot, small face", False, False),
        ("right half", False, False),
    ],
)
def test_optional_rows(note: str, strict: bool, lenient: bool) -> None:
    row = TruthRow("a.mp4", 0, 1, "Ann", note)

    assert row.presence() == Presence("Ann", 0, 1, optional=strict)
    assert row.presence(lenient=True) == Presence("Ann", 0, 1, optional=lenient)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.mp4,2,1,Ann,", r"line 2: end_s 1 is not after start_s 2"),
        ("a.mp4,1,1,Ann,", r"line 2: end_s 1 is not after start_s 1"),
        ("a.mp4,0,1,Ann,\na.mp4,one,2,Ann,", r"line 3: start_s is 'one'"),
        ("a.mp4,-1,2,Ann,", r"start_s is '-1'"),
        ("a.mp4,0,inf,Ann,", r"end_s is 'inf'"),
        ("a.mp4,0", r"end_s is ''"),
        ("b.mp4,0,1,Ann,", r"row 1: there is no video 'b.mp4'"),
        (",0,1,Ann,", r"there is no video ''"),
        ("a.mp4,0,1,Eve,", r"nobody called 'Eve' has photos.*unknown:<id>"),
    ],
)
def test_rows_that_cannot_be_right(material: Path, rows: str, message: str) -> None:
    _write_truth(material, rows + "\n")

    with pytest.raises(ConfigError, match=message):
        read_data(material)


def test_missing_columns_are_named(material: Path) -> None:
    _write_truth(material, "a.mp4,1\n", header="video,start_s\n")

    with pytest.raises(ConfigError, match="lacks the columns end_s, person, note"):
        read_data(material)


def test_an_empty_table_lacks_its_columns(material: Path) -> None:
    _write_truth(material, "", header="")

    with pytest.raises(ConfigError, match="lacks the columns video"):
        read_data(material)


def test_a_table_without_rows_has_no_videos(material: Path) -> None:
    _write_truth(material, "")

    assert read_data(material).truth == {}


def test_a_table_that_is_no_text(material: Path) -> None:
    (material / "videos" / "ground_truth.csv").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="cannot be read"):
        read_data(material)


def test_missing_parts_are_named(material: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        read_data(tmp_path / "nowhere")
    (material / "gallery" / "OUTLIERS.csv").write_text("path,reason\ngallery/Ann/99.jpg,wrong\n")
    with pytest.raises(ConfigError, match=r"line 2: there is no photo 'gallery/Ann/99.jpg'"):
        read_data(material)
    (material / "videos" / "ground_truth.csv").unlink()
    with pytest.raises(ConfigError, match=r"ground_truth.csv cannot be read"):
        read_data(material)


def test_no_photos(tmp_path: Path) -> None:
    (tmp_path / "gallery" / "Ann").mkdir(parents=True)

    with pytest.raises(ConfigError, match="has no photos"):
        read_data(tmp_path)


def test_tables_written_are_read_again(tmp_path: Path) -> None:
    rows = [TruthRow("v.mp4", 0.0, 2.48, "Ann", 'a "note", with commas'), TruthRow("v.mp4", 2.48, 3.0, "", "")]
    write_table(tmp_path / "truth.csv", rows)
    write_table(tmp_path / "shots.csv", [ShotRow("v.mp4", 0, 0.0, 2.48, "a.jpg | b.jpg", "x")])

    assert read_truth(tmp_path / "truth.csv") == rows
    assert (tmp_path / "shots.csv").read_text() == (
        "video,shot,start_s,end_s,source,note\nv.mp4,0,0.000,2.480,a.jpg | b.jpg,x\n"
    )


def test_the_split_is_fixed() -> None:
    assert [split_of(video) for video in ("composed_a.mp4", "friends.mp4", "composed_b.mp4", "somebody_else.mkv")] == [
        "tune",
        "tune",
        "report",
        "report",
    ]


def test_shots_of_the_scored_videos(material: Path) -> None:
    assert read_data(material).shots == {"a.mp4": ()}
    row = ShotRow("a.mp4", 3, 0.5, 2.0, "gallery/Ann/01.jpg", "dark")
    write_table(material / "videos" / "shots.csv", [row, ShotRow("b.mp4", 0, 0.0, 1.0, "")])

    assert read_data(material).shots == {"a.mp4": (row,)}


@pytest.mark.parametrize(
    ("row", "message"),
    [("a.mp4,one,0,1,,", "shot is 'one'"), ("a.mp4,1,x,1,,", "start_s is 'x'"), ("a.mp4,1,0,-1,,", "end_s is '-1'")],
)
def test_shots_that_cannot_be_right(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "shots.csv"
    path.write_text(f"video,shot,start_s,end_s,source,note\n{row}\n")

    with pytest.raises(ConfigError, match=rf"shots.csv, line 2: {message}"):
        read_shots(path)
