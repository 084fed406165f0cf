"""Kinds of pictures: which words make which, and seconds by kind worked out by hand."""

from __future__ import annotations

import pytest

from evaluation.material.data import ShotRow, TruthRow
from evaluation.scores.claims import Claim
from evaluation.scores.kinds import PLAIN, cost, kinds_of, row_kinds, score_kinds
from evaluation.scores.moments import Footage
from evaluation.scores.scoring import Score, Seconds


@pytest.mark.parametrize(
    ("note", "kinds"),
    [
        ("", {PLAIN}),
        ("the unknown person of an earlier shot again", {PLAIN}),
        ("very dark, blue light", {"dark"}),
        ("same photo mirrored; mirror", {"mirrored"}),
        ("out of focus; also in the other composed video; blur", {"blurred"}),
        ("profile, left of Barack Obama; further spectators blurred", {"profile"}),
        ("half profile", {"half profile"}),
        ("archive look, small face; archive", {"archive look", "small face"}),
        ("15-frame shot; bw", {"short shot", "grey"}),
        ("left edge, head partly cut", {"edge of the picture"}),
        ("chin cut off; bw", {"edge of the picture", "grey"}),
        ("a known face", {PLAIN}),
        ("darkroom", {PLAIN}),
    ],
)
def test_words(note: str, kinds: set[str]) -> None:
    assert kinds_of(note) == kinds


def test_a_shot_gives_its_kind_to_the_rows_that_lie_in_it() -> None:
    shots = [ShotRow("v", 0, 0, 2, "", "dark"), ShotRow("v", 1, 2, 10, "", "bw")]

    assert row_kinds(TruthRow("v", 1.5, 4, "Ann", "profile"), shots) == {"profile", "grey"}
    assert row_kinds(TruthRow("v", 0, 2, "Ann"), shots) == {"dark"}
    assert row_kinds(TruthRow("v", 0, 2, "Ann"), []) == {PLAIN}


def test_seconds_by_kind() -> None:
    rows = (
        TruthRow("v", 0, 4, "Ann"),
        TruthRow("v", 2, 6, "Bob", "profile"),
        TruthRow("v", 6, 8, "unknown:x", "profile"),
        TruthRow("v", 8, 9, "Ann", "dark; optional"),
        TruthRow("v", 9, 10, "", "dark"),
    )
    claims = tuple(Claim(name, name, start, end, 1.0) for name, start, end in (("Ann", 0, 4), ("Bob", 2, 3), ("Cid", 5, 7.5)))

    scores = score_kinds([Footage(rows, claims=claims)])

    # Ann is right for 4 s; Bob, of another kind, is no fault there. In profile Bob is found for 1 s of 4, and Cid said for 1 s
    # in his place and for 1.5 s in the stranger's; of what is dark nothing counts, a row of nobody makes no kind.
    assert list(scores) == [PLAIN, "dark", "profile"]
    assert scores[PLAIN].people == {"Ann": Seconds(4, 0, 0)}
    assert scores["profile"].people == {"Bob": Seconds(1, 0, 3), "Cid": Seconds(0, 2.5, 0)}
    assert (scores["profile"].strangers_s, scores["profile"].false_naming_s) == (2, 1.5)
    assert scores["dark"].overall == Seconds()
    assert cost(scores, "profile") == pytest.approx(0.75)
    assert cost(scores, "dark") is None


def test_videos_add_up() -> None:
    one = Footage((TruthRow("v", 0, 2, "Ann"),), claims=(Claim("Ann", "Ann", 0, 1, 1.0),))

    assert score_kinds([one, one]) == {PLAIN: Score({"Ann": Seconds(2, 0, 2)}, {("Ann", "Ann"): 2, ("Ann", "(nobody)"): 2})}
    assert score_kinds([]) == {}
