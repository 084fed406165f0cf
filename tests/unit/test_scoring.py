"""Seconds on screen against tables worked out by hand."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from evaluation.scores.scoring import NOBODY, Presence, Score, Seconds, score
from src.schema import UNKNOWN


def _rows(*rows: tuple[str, float, float]) -> list[Presence]:
    return [Presence(*row) for row in rows]


def test_nothing_there_and_nothing_said() -> None:
    empty = score([], [])

    assert empty == Score()
    assert empty.overall == Seconds()
    assert (empty.overall.precision, empty.overall.recall, empty.overall.f1) == (None, None, None)


# Truth: A from 0 to 10. What was said of A -> tp, fp, fn.
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], (0, 0, 10)),
        ([("A", 0, 10)], (10, 0, 0)),
        ([("A", 2, 12)], (8, 2, 2)),
        ([("A", 10, 12)], (0, 2, 10)),  # the end lies outside: nothing in common
        ([("A", 1, 3), ("A", 2, 4)], (3, 0, 7)),  # overlapping intervals count once
        ([("A", 1, 3), ("A", 3, 4)], (3, 0, 7)),
        ([("A", 5, 5)], (0, 0, 10)),  # no length, no seconds
        ([("A", 4, 6), ("A", 9, 11), ("A", 20, 21)], (3, 2, 7)),
        ([(UNKNOWN, 0, 10)], (0, 0, 10)),
    ],
)
def test_one_person(said: list[tuple[str, float, float]], expected: tuple[float, float, float]) -> None:
    people = score(_rows(("A", 0, 10)), _rows(*said)).people

    assert people == {"A": Seconds(*expected)}


def test_ratios_of_a_hand_computed_case() -> None:
    seconds = Seconds(tp=6, fp=2, fn=4)

    assert seconds.precision == pytest.approx(0.75)
    assert seconds.recall == pytest.approx(0.6)
    assert seconds.f1 == pytest.approx(12 / 18)


def test_people_add_up_by_seconds() -> None:
    truth = _rows(("A", 0, 10), ("B", 0, 2))
    said = _rows(("A", 0, 10), ("C", 0, 1))

    result = score(truth, said)

    assert result.people == {"A": Seconds(10, 0, 0), "B": Seconds(0, 0, 2), "C": Seconds(0, 1, 0)}
    assert result.overall == Seconds(10, 1, 2)


def test_optional_time_counts_neither_way() -> None:
    truth = [Presence("A", 0, 4), Presence("A", 4, 8, optional=True), Presence("B", 0, 8, optional=True)]

    assert score(truth, _rows(("A", 0, 9))).people == {"A": Seconds(4, 1, 0)}
    assert score(truth, []).people == {"A": Seconds(0, 0, 4)}
    # Somebody else, said while only an optional person is there, is wrong all the same.
    assert score(truth, _rows(("A", 0, 4), ("C", 5, 6))).people == {"A": Seconds(4, 0, 0), "C": Seconds(0, 1, 0)}


def test_required_wins_over_optional_where_both_rows_hold() -> None:
    truth = [Presence("A", 0, 4), Presence("A", 2, 6, optional=True)]

    assert score(truth, []).people == {"A": Seconds(0, 0, 4)}


def test_excluded_time_is_left_out_with_all_that_is_said_in_it() -> None:
    truth = [Presence("A", 0, 4), Presence("unknown:x", 2, 10, excluded=True)]

    result = score(truth, _rows(("A", 1, 9), ("B", 3, 5), (UNKNOWN, 0, 10)))

    assert result.people == {"A": Seconds(1, 0, 1)}
    assert result.confusion == {("A", "A"): 1, ("A", UNKNOWN): 1}


# Somebody is to be seen for one second; what was said -> the row of that somebody.
@pytest.mark.parametrize(
    ("there", "said", "confusion"),
    [
        (["A"], ["A"], {("A", "A"): 1}),
        (["A"], [], {("A", NOBODY): 1}),
        (["A"], [UNKNOWN], {("A", UNKNOWN): 1}),
        (["A"], ["B"], {("A", "B"): 1}),
        (["A"], ["B", UNKNOWN], {("A", "B"): 1}),  # the wrong name is the better explanation
        (["A"], ["B", "C"], {("A", "B"): 0.5, ("A", "C"): 0.5}),
        (["A", "B"], ["A"], {("A", "A"): 1, ("B", NOBODY): 1}),
        (["A"], ["A", "B"], {("A", "A"): 1, (NOBODY, "B"): 1}),
        (["A", "unknown:x"], ["A", "B"], {("A", "A"): 1, (UNKNOWN, "B"): 1}),
        (["A", "unknown:x"], ["A", UNKNOWN], {("A", "A"): 1, (UNKNOWN, UNKNOWN): 1}),
        (["A", "unknown:x"], ["B"], {("A", "B"): 1, (UNKNOWN, NOBODY): 1}),
        (["unknown:x"], ["A"], {(UNKNOWN, "A"): 1}),
        (["unknown:x"], [UNKNOWN], {(UNKNOWN, UNKNOWN): 1}),
        (["unknown:x", "unknown:y"], [], {(UNKNOWN, NOBODY): 1}),
        ([""], ["A"], {(NOBODY, "A"): 1}),
        ([""], [UNKNOWN], {(NOBODY, UNKNOWN): 1}),
        ([], ["A"], {(NOBODY, "A"): 1}),
        ([""], [], {}),
    ],
)
def test_confusion(there: list[str], said: list[str], confusion: dict[tuple[str, str], float]) -> None:
    result = score([Presence(name, 0, 1) for name in there], [Presence(name, 0, 1) for name in said])

    assert result.confusion == pytest.approx(confusion)


def test_false_naming_counts_strangers_who_were_given_a_name() -> None:
    truth = _rows(("unknown:x", 0, 10), ("", 10, 20))

    result = score(truth, _rows(("A", 1, 3), ("B", 2, 5), (UNKNOWN, 5, 10), ("A", 12, 14)))

    assert result.false_naming_s == pytest.approx(4)
    assert result.confusion[UNKNOWN, UNKNOWN] == pytest.approx(5)
    assert result.confusion[NOBODY, "A"] == pytest.approx(2)


_TRUTH = [
    Presence("A", 0, 7.5),
    Presence("B", 3, 6),
    Presence("B", 5, 9, optional=True),
    Presence("unknown:x", 6, 12),
    Presence("C", 14, 15, excluded=True),
]
_SAID = _rows(("A", 1, 8), ("C", 2, 4), (UNKNOWN, 5, 11), ("B", 8.25, 14.5))


def _same(one: Score, other: Score) -> bool:
    cells = {*one.confusion, *other.confusion}
    return all(one.confusion.get(cell, 0) == pytest.approx(other.confusion.get(cell, 0)) for cell in cells) and all(
        getattr(one.people[name], part) == pytest.approx(getattr(other.people[name], part))
        for name in {*one.people, *other.people}
        for part in ("tp", "fp", "fn")
    )


def test_order_does_not_matter() -> None:
    expected = score(_TRUTH, _SAID)

    for said in itertools.permutations(_SAID):
        assert _same(score(_TRUTH[::-1], said), expected)


@pytest.mark.parametrize("at", [1.5, 3.0, 6.25, 8.5])
def test_splitting_an_interval_changes_nothing(at: float) -> None:
    def split(rows: list[Presence]) -> list[Presence]:
        parts = []
        for row in rows:
            if row.start_s < at < row.end_s:
                parts.append(Presence(row.person, row.start_s, at, row.optional, row.excluded))
                parts.append(Presence(row.person, at, row.end_s, row.optional, row.excluded))
            else:
                parts.append(row)
        return parts

    assert _same(score(split(_TRUTH), split(_SAID)), score(_TRUTH, _SAID))


def test_rows_add_up_to_the_time_on_screen() -> None:
    result = score(_TRUTH, _SAID)
    rows = {row: sum(s for (name, _), s in result.confusion.items() if name == row) for row in ("A", "B", UNKNOWN)}

    assert rows == pytest.approx({"A": 7.5, "B": 3, UNKNOWN: 6})
    assert result.overall.tp + result.overall.fn == pytest.approx(10.5)


def test_videos_add_up() -> None:
    one = score(_rows(("A", 0, 2)), _rows(("B", 0, 1)))
    other = score(_rows(("A", 0, 3), ("unknown:x", 5, 6)), _rows(("A", 0, 3), ("B", 5, 6)))

    total = one + other

    assert total.people == {"A": Seconds(3, 0, 2), "B": Seconds(0, 2, 0)}
    assert total.confusion == {("A", "A"): 3, ("A", "B"): 1, ("A", NOBODY): 1, (UNKNOWN, "B"): 1}
    assert sum([one, other], Score()) == total


@pytest.mark.parametrize("seed", range(20))
def test_equals_counting_second_by_second(seed: int) -> None:
    """A second way to the same numbers: with whole seconds as ends, each second can be looked at by itself."""
    random = Random(seed)
    truth, said = (
        [
            Presence(random.choice(names), start := random.randrange(30), start + random.randrange(8), random.random() < 0.2)
            for _ in range(random.randrange(12))
        ]
        for names in (["A", "B", "C", "unknown:x", ""], ["A", "B", "D", UNKNOWN])
    )
    expected = {name: [0, 0, 0] for name in "ABCD"}
    for second in range(40):
        there = [row for row in truth if row.start_s <= second < row.end_s]
        named = {row.person for row in said if row.start_s <= second < row.end_s}
        for name, counts in expected.items():
            required = any(row.person == name and not row.optional for row in there)
            optional = any(row.person == name and row.optional for row in there)
            counts[0] += required and name in named
            counts[1] += not required and not optional and name in named
            counts[2] += required and name not in named

    people = score(truth, said).people

    assert {name: [s.tp, s.fp, s.fn] for name, s in people.items()} == {n: c for n, c in expected.items() if any(c)}


# Who is there, what was said -> right, wrong and missed seconds of unknown people, and those of a crowd.
@pytest.mark.parametrize(
    ("there", "said", "unknown", "crowd"),
    [
        (["unknown:x"], [UNKNOWN], (1, 0, 0), 0),
        (["unknown:x"], [], (0, 0, 1), 0),
        (["unknown:x"], ["A"], (0, 0, 1), 0),
        (["A", "unknown:x"], [UNKNOWN], (1, 0, 0), 0),
        (["A"], [UNKNOWN], (0, 1, 0), 0),
        (["A"], ["A", UNKNOWN], (0, 1, 0), 0),
        (["A"], ["A"], (0, 0, 0), 0),
        ([""], [UNKNOWN], (0, 0, 0), 1),
        ([], [UNKNOWN], (0, 0, 0), 1),
        ([], ["A"], (0, 0, 0), 0),
    ],
)
def test_unknown_people_as_a_class(there: list[str], said: list[str], unknown: tuple[float, ...], crowd: float) -> None:
    result = score([Presence(name, 0, 1) for name in there], [Presence(name, 0, 1) for name in said])

    assert (result.unknown, result.crowd_s) == (Seconds(*unknown), crowd)


@pytest.mark.parametrize("optional", ["A", "unknown:x"])
def test_unknown_people_beside_somebody_optional(optional: str) -> None:
    truth = [Presence(optional, 0, 1, optional=True), Presence("B", 0, 1)]

    result = score(truth, _rows(("B", 0, 1), (UNKNOWN, 0, 1)))

    assert (result.unknown, result.crowd_s) == (Seconds(), 0)


def test_unknown_people_of_videos_add_up() -> None:
    one = score(_rows(("unknown:x", 0, 2)), _rows((UNKNOWN, 1, 4)))

    assert (one + one).unknown == Seconds(2, 0, 2)
    assert (one + one).crowd_s == 4
