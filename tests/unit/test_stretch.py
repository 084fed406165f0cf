"""A stretch of a video by itself: what is cut, what stays as it is, and what such a file says when it comes back."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from src.errors import ConfigError
from src.export import FORMATS, READABLE, Document
from src.export.edits import edits_of
from src.export.reading import Reading, decoded
from src.export.stretch import checked, marked, stretch_named, stretch_suffix, unmarked, with_itself, within
from src.records import Verb
from tests.documents import EVERY, RATE, small

STRETCH = (1.2, 21.0)
"""Of `small`: the ends of 1, 2 and 3, and the beginning of 4; nobody said anything there."""


def part(stretch: tuple[float, float] = STRETCH) -> Document:
    return within(small(), stretch)


def written(name: str, what: Document) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{FORMATS[name].suffix}"
        FORMATS[name].write(path, what)
        return path.read_text(encoding="utf-8")


def read(name: str, text: str) -> Reading:
    reader = FORMATS[name].read
    assert reader is not None
    return reader(decoded(text.encode(), f"x{FORMATS[name].suffix}"))


def test_appearances_are_cut_at_its_edges() -> None:
    assert [(one.number, one.start_npt, one.end_npt) for one in part().people] == [
        (1, 1.2, 2.0),
        (2, 1.2, 2.0),
        (3, 1.2, 3.0),
        (4, 20.04, 21.0),
    ]


@pytest.mark.parametrize(
    ("stretch", "numbers"),
    [
        ((0.0, 40.0), [1, 2, 3, 4, -1]),
        ((2.0, 20.0), [3]),
        ((3.0, 20.04), []),
        ((31.0, 99.0), [-1]),
        ((2.999, 3.0), [3]),
    ],
)
def test_who_is_not_there_is_left_out(stretch: tuple[float, float], numbers: list[int]) -> None:
    assert sorted(one.number for one in part(stretch).people) == sorted(numbers)


def test_all_of_a_video_is_the_video() -> None:
    whole = small()
    same = within(whole, (0.0, 40.0))
    assert same.people == whole.people
    for name in ("json", "csv", "csv-samples", "elan", "mot", "shots"):
        assert written(name, same) == written(name, whole)


def test_samples_lie_inside_and_keep_their_times() -> None:
    found = np.concatenate([samples.npt for samples in part().tracks()])
    whole = np.concatenate([samples.npt for samples in small().tracks()])
    np.testing.assert_array_equal(np.sort(found), np.sort(whole[(whole >= STRETCH[0]) & (whole < STRETCH[1])]))
    assert 0 < len(found) < len(whole)


def test_a_best_picture_outside_gives_way_to_one_inside() -> None:
    first = next(one for one in part().people if one.number == 1)
    assert first.best_npt == pytest.approx(1.2, abs=EVERY / RATE)
    assert first.best_npt >= STRETCH[0]
    assert first.box == next(one for one in small().people if one.number == 1).box


def test_who_has_no_sample_inside_has_no_box() -> None:
    said = part((30.5, 31.0)).people[0]
    assert (said.number, said.best_npt, said.box) == (-1, 30.5, None)


def test_shots_that_reach_into_it_stay_whole() -> None:
    assert [(shot.start_npt, shot.end_npt) for shot in part((19.0, 19.5)).shots()] == [(0.0, 20.0)]
    assert len(part((19.0, 20.1)).shots()) == 2


def test_a_stretch_past_the_end_is_told() -> None:
    with pytest.raises(ConfigError, match=r"begins at 40 s, and the video ends at 40 s. Mark one that lies in it"):
        part((40.0, 41.0))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_one(name: str) -> None:
    if name.startswith("parquet"):
        pytest.importorskip("pyarrow")
    with tempfile.TemporaryDirectory() as folder:
        for number, stretch in enumerate((STRETCH, (5.0, 6.0))):
            FORMATS[name].write(Path(folder) / f"{number}{FORMATS[name].suffix}", marked(part(stretch), stretch))


def test_a_table_says_the_times_of_the_video() -> None:
    rows = list(csv.DictReader(written("csv", part()).splitlines()))
    assert [(row["appearance"], row["start_npt"], row["end_npt"]) for row in rows][-1] == ("4", "20.04", "21.0")
    assert {row["analysis_id"] for row in rows} == {"an1"}


@pytest.mark.parametrize("name", READABLE)
def test_what_comes_back_hides_nobody_outside(name: str) -> None:
    edits = edits_of(small(), read(name, written(name, marked(part(), STRETCH))))
    assert (edits.edits, edits.notes) == ([], [])


@pytest.mark.parametrize("name", [name for name in READABLE if name != "mot"])
def test_what_was_changed_inside_is_all_that_is_new(name: str) -> None:
    left = part()
    people = tuple(replace(one, name="Somebody New") if one.number == 4 else one for one in left.people if one.number != 1)
    edits = edits_of(small(), read(name, written(name, marked(replace(left, people=people), STRETCH))))
    assert sorted((edit.verb.value, edit.track, edit.name) for edit in edits.edits) == [
        (Verb.IGNORE.value, 1, ""),
        (Verb.IS.value, 4, "Somebody New"),
    ]


def test_the_mark_of_a_stretch() -> None:
    document = marked(part(), STRETCH)
    assert json.loads(written("json", document))["analysis"]["analysis_id"] == "an1-from1200to21000"
    assert unmarked("an1-from1200to21000") == ("an1", STRETCH)
    for other in ("an1", "an1-from1to", "-from1to2", "an1-from1to2 "):
        assert unmarked(other) == (other, None)


def test_the_stretch_itself_is_cut_like_an_appearance() -> None:
    first, *others = with_itself(part((20.0, 99.0)), (20.0, 99.0)).people
    assert (first.name, first.start_npt, first.end_npt) == ("Stretch", 20.0, 40.0)
    assert [one.number for one in others] == [4, -1]


@pytest.mark.parametrize(
    ("text", "stretch"), [("12.5,30", (12.5, 30.0)), ("0:01:10,1:12.5", (70.0, 72.5)), ("0,1", (0.0, 1.0))]
)
def test_named_on_the_command_line(text: str, stretch: tuple[float, float]) -> None:
    assert stretch_named(text) == stretch


@pytest.mark.parametrize("text", ["", "12", "12,", "30,12", "5,5", "5,5.0001", "a,b", "-1,2"])
def test_what_names_no_stretch(text: str) -> None:
    with pytest.raises(ConfigError):
        stretch_named(text)


def test_names_of_files() -> None:
    assert stretch_suffix((12.5, 30.0)) == "_12.5-30"
    assert stretch_suffix(checked(0.0004, 7200.1239)) == "_0-7200.124"
