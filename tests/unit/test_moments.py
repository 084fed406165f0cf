"""What a store holds of a video beside its truth, and who a face can be at which moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.material.data import TruthRow
from evaluation.scores.moments import Footage, Moment, SampleSeen, TrackSeen, is_right, moments, read_footage
from src.records import (
    Analysis,
    Appearance,
    Identification,
    Model,
    Person,
    Shot,
    Status,
    Track,
    TrackSamples,
    Video,
)
from src.schema import Box
from src.storage import open_store


def _row(person: str, start: float, end: float, note: str = "") -> TruthRow:
    return TruthRow("v.mp4", start, end, person, note)


ROWS = (
    _row("Ann", 0, 4),
    _row("unknown:x", 2, 6, "right half"),
    _row("Bob", 6, 8, "tiny; optional"),
    _row("Ann", 8, 9, "do not score"),
)


def test_time_is_cut_where_the_truth_changes() -> None:
    found = [(moment.length_s, sorted(moment.people)) for moment in moments(ROWS, 1, 10)]

    # The second from 8 to 9 is not scored; in that from 9 to 10 nobody is to be seen.
    assert found == [(1, ["Ann"]), (2, ["Ann", "unknown:x"]), (2, ["unknown:x"]), (2, ["Bob"]), (1, [])]
    assert list(moments(ROWS, 3, 3)) == []


# Who is there, where the face is -> the only one it can be.
@pytest.mark.parametrize(
    ("rows", "x", "only"),
    [
        ([_row("Ann", 0, 1)], 0.9, "Ann"),
        ([_row("Ann", 0, 1), _row("Bob", 0, 1)], 0.9, None),
        ([_row("Ann", 0, 1, "left half"), _row("Bob", 0, 1, "right half; tired")], 0.2, "Ann"),
        ([_row("Ann", 0, 1, "left half"), _row("Bob", 0, 1, "right half; tired")], 0.8, "Bob"),
        ([_row("Ann", 0, 1, "left half"), _row("Bob", 0, 1)], 0.8, "Bob"),
        ([_row("Ann", 0, 1, "left half"), _row("Bob", 0, 1)], 0.2, None),
        ([_row("Ann", 0, 1), _row("Bob", 0, 1, "optional")], 0.2, None),
        ([_row("", 0, 1)], 0.2, None),
        ([], 0.2, None),
    ],
)
def test_who_a_face_can_be(rows: list[TruthRow], x: float, only: str | None) -> None:
    assert Moment(1, tuple(rows)).only(x) == only


# Who is there, who is said -> right, wrong, or neither.
@pytest.mark.parametrize(
    ("rows", "said", "right"),
    [
        ([_row("Ann", 0, 1)], "Ann", True),
        ([_row("Ann", 0, 1)], "Bob", False),
        ([_row("unknown:x", 0, 1)], "Bob", False),
        ([], "Bob", False),
        ([_row("Ann", 0, 1, "optional")], "Ann", None),
        ([_row("Ann", 0, 1, "optional")], "Bob", None),
        ([_row("Ann", 0, 1), _row("Ann", 0, 1, "optional")], "Ann", True),
    ],
)
def test_whether_a_name_is_right(rows: list[TruthRow], said: str, right: bool | None) -> None:
    assert is_right(said, Moment(1, tuple(rows))) is right


def _appearance(track: int, person_id: str | None, unknown_id: int | None, merged: tuple[int, ...]) -> Appearance:
    box = Box(0, 0, 1, 1)
    name = "Ann Lee" if person_id else f"Unknown {unknown_id}"
    return Appearance("p", "a", track, name, person_id, 0, 2, 0, 0, 0, 0, 0.9, merged, box, 0, unknown_id=unknown_id)


def _track(number: int, start: float, end: float) -> Track:
    return Track("a", number, 0, start, end, 0, 0, 2, start, 0, Box(0, 0, 1, 1), 0.5)


def _samples(number: int, frames: list[int], left: float) -> TrackSamples:
    n = len(frames)
    boxes = np.tile(np.array([left, 0, 20, 20], np.float32), (n, 1))
    npt = np.array(frames, np.float64) / 10
    ones = np.ones(n, np.float32)
    return TrackSamples("a", number, 0, np.array(frames), npt, boxes, np.zeros((n, 5, 2), np.float32), ones, ones)


def test_what_a_store_holds(tmp_path: Path) -> None:
    model = Model("p", "m", "sface@1", "SVM", ("Ann Lee", "Bob"), (), {}, {}, "x")
    analysis = Analysis("a", "v", "sface@1", {"period_s": 0.5}, {}, status=Status.COMPLETE)
    said = Identification(
        "p",
        "m",
        "a",
        np.array([1, 2]),
        np.array([[0, 1], [1, 0]], np.int32),
        np.array([[0.6, 0.1], [0.3, 0.2]], np.float32),
        np.array([[0.75, 0.125], [0.25, 0.125]], np.float32),
        np.array([1, 1, 2]),
        np.array([5, 10, 20]),
        np.array([0, 1, 1], np.int32),
        np.array([0.5, 0.25, 0.25], np.float32),
    )
    shown = [_appearance(1, "Ann_Lee", None, (1,)), _appearance(2, None, 3, (2, 4))]
    with open_store(f"sqlite:///{tmp_path / 'x.db'}") as store:
        store.put(Person("p", "Ann_Lee", "Ann Lee"), Person("p", "Bob", "Bob"), Shot("a", 0, 0.0, 3.0, 0, 30))
        store.put(_track(1, 0.5, 1.0), _samples(1, [5, 10], 10), _track(2, 2.0, 2.0), _samples(2, [20], 60), said)
        video = Video("v", "v.mp4", "v.mp4", "v", width=100)
        footage = read_footage(store, video, analysis, model, shown, ROWS, ())

    # A sample stands for a quarter of a second to either side, or as far as the shot where nobody looked before.
    assert footage.tracks == (
        TrackSeen(
            1, 0.25, 1.25, "Ann_Lee", 0.75, "Ann_Lee", (SampleSeen(0.5, 0.2, "Ann_Lee", 0.5), SampleSeen(1.0, 0.2, "Bob", 0.25))
        ),
        TrackSeen(2, 1.75, 2.25, "Bob", 0.25, "Unknown 3", (SampleSeen(2.0, 0.7, "Bob", 0.25),)),
    )
    assert [claim.person for claim in footage.claims] == ["Ann_Lee", "Unknown"]
    assert footage.tracks[0].sample_s == 0.5
    assert footage.tracks[1].x == pytest.approx(0.7)


def test_nothing_seen() -> None:
    assert Footage() == Footage((), (), (), ())
    assert TrackSeen(1, 0, 1, "", 0, "", ()).sample_s == 1
