"""Sets of stretches of time, as whole numbers on one line: union, intersection, difference, and what several have in common.

A set is an (n, 2) int64 array of starts and ends, the end outside, in order, with a gap between any two. Whole numbers, so that
nothing is rounded: callers count milliseconds. Many time lines become one by giving each a stretch of its own (`laid_out`), so
that a question about hundreds of videos is answered by a few sorted arrays and not by a loop over videos.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .schema import DoubleArray, IntArray

EMPTY: IntArray = np.zeros((0, 2), np.int64)
_AT_ONCE = 1_000_000
"""Pairs of stretches that are compared at a time."""


def laid_out(lines: IntArray, starts: IntArray, ends: IntArray, span: int) -> IntArray:
    """Return stretches of many time lines on one long line.

    Args:
        lines: (n,) which time line each is of, from 0.
        starts: (n,) on that line, 0 or more.
        ends: (n,) on that line, less than `span`.
        span: How long a time line is at most, with what keeps it apart from the next one.

    Returns:
        (n, 2), as they came: `union` makes a set of them.
    """
    offsets = np.asarray(lines, np.int64) * span
    return np.stack([starts + offsets, ends + offsets], axis=1) if len(offsets) else EMPTY


def union(stretches: IntArray) -> IntArray:
    """Return what any of some stretches covers. Those that touch become one; empty ones are left out.

    Args:
        stretches: (n, 2) in any order.
    """
    found = stretches[stretches[:, 1] > stretches[:, 0]]
    if not len(found):
        return EMPTY
    found = found[np.argsort(found[:, 0], kind="stable")]
    reached = np.maximum.accumulate(found[:, 1])
    begins = np.concatenate([[True], found[1:, 0] > reached[:-1]])
    lasts = np.append(np.flatnonzero(begins)[1:], len(found)) - 1
    return np.stack([found[begins, 0], reached[lasts]], axis=1)


def intersection(sets: Sequence[IntArray]) -> IntArray:
    """Return what all of some sets cover; of no set, nothing."""
    return _covered(list(sets), [1] * len(sets), len(sets)) if sets else EMPTY


def difference(one: IntArray, other: IntArray) -> IntArray:
    """Return what one set covers and the other does not."""
    return _covered([one, other], [1, -1], 1)


def widened(one: IntArray, by: int) -> IntArray:
    """Return all that is less than `by` away from a set; with 0 the set itself."""
    return union(one + np.array([-by, by], np.int64)) if by else one


def trimmed(one: IntArray, seen: IntArray) -> IntArray:
    """Return each stretch of a set from the first to the last that another set covers of it; those without any are left out."""
    if not len(one) or not len(seen):
        return EMPTY
    first = np.searchsorted(seen[:, 1], one[:, 0], side="right")
    last = np.searchsorted(seen[:, 0], one[:, 1], side="left") - 1
    some = first <= last
    starts = np.maximum(one[some, 0], seen[first[some], 0])
    ends = np.minimum(one[some, 1], seen[last[some], 1])
    return np.stack([starts, ends], axis=1)


def shared(groups: IntArray, stretches: IntArray, n_groups: int) -> tuple[IntArray, IntArray]:
    """Return for how long any two groups are covered at the same time, and how often.

    Args:
        groups: (n,) which group each stretch is of, from 0.
        stretches: (n, 2); those of one group are a set.
        n_groups: How many groups there are.

    Returns:
        Two (n_groups, n_groups) int64 arrays, symmetrical, 0 on the diagonal: the time, and the number of pairs of stretches
        that overlap.
    """
    time, times = np.zeros((2, n_groups * n_groups), np.int64)
    order = np.argsort(stretches[:, 0], kind="stable")
    groups, starts, ends = np.asarray(groups)[order], stretches[order, 0], stretches[order, 1]
    # Of those that begin later, those before this place begin while a stretch lasts.
    later = np.searchsorted(starts, ends, side="left") - np.arange(len(starts)) - 1
    later = np.maximum(later, 0)
    for first, beyond in _parts(later):
        one = np.repeat(np.arange(first, beyond), later[first:beyond])
        nth = np.arange(len(one)) - np.repeat(np.cumsum(later[first:beyond]) - later[first:beyond], later[first:beyond])
        other = one + nth + 1
        pair = groups[one] * n_groups + groups[other]
        overlap = np.minimum(ends[one], ends[other]) - starts[other]
        np.add.at(time, pair, overlap)
        np.add.at(times, pair, 1)
    both = [table.reshape(n_groups, n_groups) for table in (time, times)]
    for table in both:
        table += table.T
        np.fill_diagonal(table, 0)
    return both[0], both[1]


def lengths(one: IntArray) -> IntArray:
    """Return (n,) how long each stretch is."""
    result: IntArray = one[:, 1] - one[:, 0]
    return result


def seconds(ms: IntArray) -> DoubleArray:
    """Return milliseconds as seconds."""
    result: DoubleArray = np.asarray(ms, np.float64) / 1000
    return result


def _covered(sets: Sequence[IntArray], weights: Sequence[int], least: int) -> IntArray:
    """Return where the weights of the sets that cover a time add up to `least` or more."""
    times = np.concatenate([each.T.ravel() for each in sets])
    steps = np.concatenate(
        [np.repeat([weight, -weight], len(each)) for each, weight in zip(sets, weights, strict=True)] or [np.zeros(0)]
    )
    if not len(times):
        return EMPTY
    moments, where = np.unique(times, return_inverse=True)
    depth = np.cumsum(np.bincount(where, steps, len(moments)))[:-1]
    inside = depth >= least
    return union(np.stack([moments[:-1][inside], moments[1:][inside]], axis=1))


def _parts(sizes: IntArray) -> list[tuple[int, int]]:
    """Return rows from and to, so that no part has more than `_AT_ONCE` of their sizes, or than one row."""
    parts, first, n = [], 0, 0
    for row, size in enumerate(sizes.tolist()):
        if n and n + size > _AT_ONCE:
            parts.append((first, row))
            first, n = row, 0
        n += size
    return [*parts, (first, len(sizes))] if len(sizes) else []
