"""Work that runs ahead gives the same items in the same order, passes errors on, and leaves no thread behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from src.tracker.ahead import ahead


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "ahead"}


@pytest.mark.parametrize("n", [0, 1, 2, 100])
@pytest.mark.parametrize("depth", [1, 5])
def test_the_items_come_in_their_order(n: int, depth: int) -> None:
    assert list(ahead(iter(range(n)), depth)) == list(range(n))
    assert not threads()


def test_an_error_comes_behind_the_items_before_it() -> None:
    def failing() -> Iterator[int]:
        yield from range(3)
        raise OSError("the disk is gone")

    got = []
    with pytest.raises(OSError, match="the disk is gone"):
        for item in ahead(failing(), 1):
            got.append(item)
    assert got == [0, 1, 2]
    assert not threads()


def test_it_never_runs_further_ahead_than_it_may() -> None:
    made, used, furthest = 0, 0, 0

    def counting() -> Iterator[int]:
        nonlocal made, furthest
        for number in range(200):
            made += 1
            furthest = max(furthest, made - used)
            yield number

    for _ in ahead(counting(), 3):
        used += 1
    # Three wait in the queue, one is held out to it, and one is in use.
    assert 1 <= furthest <= 5


def test_who_stops_early_ends_the_thread_and_closes_what_it_read() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed.set()

    with closing(ahead(endless(), 2)) as items:
        assert [next(items) for _ in range(3)] == [0, 1, 2]
        assert threads()
    assert closed.is_set()
    assert not threads()


def test_one_behind_the_other_end_together() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    def doubled(items: Iterator[int]) -> Iterator[int]:
        with closing(items):  # type: ignore[type-var]
            for item in items:
                yield 2 * item

    with closing(ahead(doubled(ahead(endless(), 1)), 1)) as items:
        assert next(items) == 2
    assert closed.is_set()
    assert not threads()


def test_the_work_is_done_in_another_thread() -> None:
    def where() -> Iterator[int]:
        yield threading.get_ident()

    assert list(ahead(where(), 1)) != [threading.get_ident()]
