"""Sets of stretches of time, compared with what counting every single unit of time finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src import intervals
from src.intervals import EMPTY, difference, intersection, laid_out, shared, trimmed, union, widened
from src.schema import IntArray

END = 40
"""Times of these tests lie from 0 to here; unit n is the stretch from n to n + 1."""

STRETCHES = st.lists(st.tuples(st.integers(0, END), st.integers(0, END)).map(lambda pair: (min(pair), max(pair))), max_size=8)


def stretches(pairs: list[tuple[int, int]]) -> IntArray:
    return np.array(pairs, np.int64).reshape(-1, 2)


def units(one: IntArray) -> set[int]:
    """Return every unit of time that is covered."""
    return {unit for start, end in one.tolist() for unit in range(start, end)}


def is_set(one: IntArray) -> bool:
    """Say whether these are a set: none empty, in order, with a gap between any two."""
    return bool((one[:, 0] < one[:, 1]).all() and (one[1:, 0] > one[:-1, 1]).all())


@given(STRETCHES)
def test_union(pairs: list[tuple[int, int]]) -> None:
    given_ = stretches(pairs)
    before = given_.copy()
    found = union(given_)
    assert is_set(found)
    assert units(found) == units(given_)
    assert np.array_equal(given_, before)
    assert np.array_equal(union(found), found)


@given(st.lists(STRETCHES, min_size=1, max_size=4))
def test_intersection(several: list[list[tuple[int, int]]]) -> None:
    sets = [union(stretches(pairs)) for pairs in several]
    found = intersection(sets)
    assert is_set(found)
    assert units(found) == set.intersection(*(units(one) for one in sets))
    assert np.array_equal(intersection(sets[::-1]), found)


@given(STRETCHES, STRETCHES)
def test_difference(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    first, second = union(stretches(one)), union(stretches(other))
    found = difference(first, second)
    assert is_set(found)
    assert units(found) == units(first) - units(second)


@given(STRETCHES, st.integers(0, 6))
def test_widened(pairs: list[tuple[int, int]], by: int) -> None:
    one = union(stretches(pairs))
    found = widened(one, by)
    assert is_set(found)
    assert units(found) == {near for unit in units(one) for near in range(unit - by, unit + by + 1)}


@given(STRETCHES, STRETCHES)
def test_trimmed(one: list[tuple[int, int]], seen: list[tuple[int, int]]) -> None:
    whole, seen_set = union(stretches(one)), union(stretches(seen))
    expected = []
    for start, end in whole.tolist():
        inside = [unit for unit in range(start, end) if unit in units(seen_set)]
        expected += [[inside[0], inside[-1] + 1]] if inside else []
    assert trimmed(whole, seen_set).tolist() == expected


@given(st.lists(STRETCHES, max_size=5), st.sampled_from([1, 3, 1_000_000]))
def test_shared(several: list[list[tuple[int, int]]], at_once: int) -> None:
    sets = [union(stretches(pairs)) for pairs in several]
    groups = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "_AT_ONCE", at_once)
        time, times = shared(groups, np.concatenate([EMPTY, *sets]), len(sets))
    for a, one in enumerate(sets):
        for b, other in enumerate(sets):
            overlaps = [1 for s, e in one.tolist() for s2, e2 in other.tolist() if max(s, s2) < min(e, e2)]
            assert time[a, b] == (len(units(one) & units(other)) if a != b else 0)
            assert times[a, b] == (len(overlaps) if a != b else 0)


def test_time_lines_stay_apart() -> None:
    lines, starts, ends = np.array([0, 1, 1]), np.array([3, 0, 2]), np.array([10, 1, 5])
    found = laid_out(lines, starts, ends, span=10)
    assert found.tolist() == [[3, 10], [10, 11], [12, 15]]
    assert laid_out(np.zeros(0, np.int64), starts[:0], ends[:0], 10).shape == (0, 2)


def test_nothing() -> None:
    some = stretches([(1, 2)])
    assert intersection([]).tolist() == intersection([some, EMPTY]).tolist() == difference(EMPTY, some).tolist() == []
    assert difference(some, EMPTY).tolist() == [[1, 2]]
    assert trimmed(some, EMPTY).tolist() == trimmed(EMPTY, some).tolist() == []
    assert widened(EMPTY, 3).tolist() == []
