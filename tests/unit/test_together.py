"""Moments of several people, compared with asking at every unit of time who is on screen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.insights.together import _together
from src.intervals import EMPTY, union
from tests.unit.test_intervals import END, STRETCHES, stretches, units


@given(st.lists(STRETCHES, min_size=1, max_size=3), STRETCHES, st.integers(0, 5))
def test_every_instant_is_what_was_asked_for(
    people: list[list[tuple[int, int]]], others: list[tuple[int, int]], gap: int
) -> None:
    present, absent = [union(stretches(pairs)) for pairs in people], union(stretches(others))
    found = _together(present, absent, gap)

    def is_near(unit: int, person: set[int]) -> bool:
        return any(near in person for near in range(unit - gap, unit + gap + 1))

    seen = [units(one) for one in present]
    fits = {unit for unit in range(-gap, END + gap) if all(is_near(unit, one) for one in seen)} - units(absent)
    anybody = set.union(*seen)
    expected = []
    for run in runs(fits):
        inside = [unit for unit in run if unit in anybody]
        expected += [[inside[0], inside[-1] + 1]] if inside else []
    assert found.tolist() == expected


def runs(covered: set[int]) -> list[list[int]]:
    """Return neighbouring units together."""
    found: list[list[int]] = []
    for unit in sorted(covered):
        if found and found[-1][-1] == unit - 1:
            found[-1].append(unit)
        else:
            found.append([unit])
    return found


def test_a_conversation_that_is_cut_from_face_to_face_is_one_moment() -> None:
    ann, ben = stretches([(0, 5), (10, 15)]), stretches([(5, 10), (15, 20)])
    assert _together([ann, ben], EMPTY, 0).tolist() == []
    assert _together([ann, ben], EMPTY, 5).tolist() == [[0, 20]]
    assert _together([ann, ben], np.array([[7, 8]]), 5).tolist() == [[0, 7], [8, 20]]
