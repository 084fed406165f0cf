"""What is kept of each video, in every store: as if it were made anew each time, and gone with what it was made of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.extracts import IDLE_S, SWEEP_S, Extract, Extracts
from src.identities.ledger import ledger_of
from src.insights.programmes import programmes_of
from src.insights.screentime import columns_of
from src.insights.totals import SUMS, Sums, seen_in, totals_of
from src.records import Appearance, Decision, ProjectVideo, Target, Verb
from src.schema import Box
from src.storage import Store, open_store
from tests.contract.library import fill
from tests.held import text_in

Reads = list[str | None]


def seen(project: str, analysis_id: str, track_id: int, person: str | None = "Ann", end: float = 1.0) -> Appearance:
    name = person or "Unknown 1"
    number = None if person else 1
    frames = (0, 1, 0, 1)
    return Appearance(
        project,
        analysis_id,
        track_id,
        name,
        person,
        0.0,
        end,
        *frames,
        0.9,
        (track_id,),
        Box(0, 0, 1, 1),
        0.5,
        unknown_id=number,
    )


def _numbers(rows: list[tuple[Any, ...]]) -> tuple[int, ...]:
    return tuple(track_id for (track_id,) in rows)


TRACKS = Extract(("track_id",), _numbers, row_bytes=100)


def _all(parts: Mapping[str, tuple[int, ...]], factor: int) -> list[int]:
    return [factor * len(numbers) for numbers in parts.values()]


def _values(parts: Mapping[str, int], _: None) -> list[int]:
    return list(parts.values())


class Clock:
    """Time that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def extracts(store: Store, clock: Clock) -> Extracts:
    return Extracts(store, clock=clock)


@pytest.fixture
def read(store: Store, monkeypatch: pytest.MonkeyPatch) -> Reads:
    """The analyses whose appearances were read."""
    found: Reads = []
    cells: Callable[..., Any] = store.cells

    def watched(kind: type[Any], names: Any, query: Any) -> Any:
        if kind is Appearance:
            found.append(query.equals.get("analysis_id"))
        return cells(kind, names, query)

    monkeypatch.setattr(store, "cells", watched)
    return found


def told(extracts: Extracts) -> str:
    """Return all text that is kept."""
    return text_in(extracts._projects)


def test_one_of_many_that_changed_is_made_anew_alone(store: Store, extracts: Extracts, read: Reads) -> None:
    names = [f"a{number:02}" for number in range(30)]
    store.put(*(seen("p", name, 1) for name in names))
    assert extracts.of("p", TRACKS) == dict.fromkeys(names, (1,))
    assert sorted(map(str, read)) == names
    read.clear()
    store.put(seen("p", "a07", 2))
    assert extracts.of("p", TRACKS) == dict.fromkeys(names, (1,)) | {"a07": (1, 2)}
    assert read == ["a07"]


@pytest.mark.parametrize("few", [0, 20])
def test_only_what_is_wanted_is_made(
    store: Store, extracts: Extracts, read: Reads, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.extracts._FEW", few)
    store.put(*(seen("p", name, 1) for name in "abc"))
    assert list(extracts.of("p", TRACKS, ["c", "a", "never seen"]).items()) == [("c", (1,)), ("a", (1,)), ("never seen", ())]
    assert extracts.of("p", TRACKS, iter("cc")) == {"c": (1,)}
    assert sorted(map(str, read)) == ["a", "c", "never seen"]


def test_whole_is_the_same_until_something_changes(store: Store, extracts: Extracts) -> None:
    assert extracts.last("p", TRACKS, _all) is None
    store.put(seen("p", "a", 1), seen("p", "b", 1), seen("p", "b", 2))
    first = extracts.whole("p", TRACKS, _all, 1, "ab")
    assert first == [1, 2]
    assert extracts.whole("p", TRACKS, _all, 1, "ab") is first is extracts.last("p", TRACKS, _all)
    assert extracts.whole("p", TRACKS, _all, 10, "ab") == [10, 20]
    assert extracts.whole("p", TRACKS, _all, 10, "b") == [20]
    store.put(seen("p", "b", 3))
    assert extracts.whole("p", TRACKS, _all, 10, "b") == [30]


def test_what_cannot_be_made_is_tried_again(store: Store, extracts: Extracts) -> None:
    fails = [True]

    def make(rows: list[tuple[Any, ...]]) -> int:
        if fails:
            raise ZeroDivisionError
        return len(rows)

    extract = Extract(("track_id",), make, row_bytes=1)
    store.put(seen("p", "a", 1))
    with pytest.raises(ZeroDivisionError):
        extracts.of("p", extract)
    fails.clear()
    assert extracts.of("p", extract) == {"a": 1}


_ANALYSES = st.sampled_from(["a", "b", "c"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _ANALYSES, st.integers(1, 4), st.sampled_from(["Ann", "Bo", None])),
        st.tuples(st.just("delete a track"), _ANALYSES, st.integers(1, 4)),
        st.tuples(st.just("delete"), _ANALYSES),
        st.tuples(st.just("delete all")),
        st.tuples(st.just("ask"), st.lists(_ANALYSES, max_size=3)),
        st.tuples(st.just("wait"), st.sampled_from([1.0, SWEEP_S, IDLE_S])),
    ),
    max_size=25,
)
_EXAMPLES = count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_is_what_would_be_made_from_nothing(store: Store, steps: list[tuple[Any, ...]]) -> None:
    # A project of its own for each example: revisions of the one before would be found there.
    project, clock = f"p{next(_EXAMPLES)}", Clock()
    extracts = Extracts(store, max_bytes=1000, clock=clock)
    for step in steps:
        match step:
            case "put", analysis, track, person:
                store.put(seen(project, analysis, track, person, float(track)))
            case "delete a track", analysis, track:
                store.delete(Appearance, project=project, analysis_id=analysis, track_id=track)
            case "delete", analysis:
                store.delete(Appearance, project=project, analysis_id=analysis)
            case ("delete all",):
                store.delete(Appearance, project=project)
            case "wait", seconds:
                clock.now += seconds
            case "ask", wanted:
                extracts.of(project, SUMS, wanted)
                extracts.of("other", TRACKS)
        anew = Extracts(store)
        assert extracts.of(project, TRACKS) == anew.of(project, TRACKS)
        assert _plain(extracts.of(project, SUMS)) == _plain(anew.of(project, SUMS))
        assert totals_of(extracts, project) == totals_of(anew, project)
        assert extracts.whole(project, TRACKS, _all, 1, "abc") == anew.whole(project, TRACKS, _all, 1, "abc")


def _plain(sums: Mapping[str, Sums]) -> dict[str, tuple[Any, ...]]:
    return {name: (one.people, one.n_unknown, one.seen) for name, one in sums.items()}


class TestThreads:
    def test_of_several_who_want_the_same_one_makes_it(self, store: Store, extracts: Extracts) -> None:
        made, begin = [], threading.Barrier(8)

        def make(rows: list[tuple[Any, ...]]) -> int:
            made.append(len(rows))
            return len(rows)

        def ask(_: int) -> list[int]:
            begin.wait()
            return extracts.whole("p", extract, _values, None, "ab")

        extract = Extract(("track_id",), make, row_bytes=1)
        store.put(seen("p", "a", 1), seen("p", "b", 1), seen("p", "b", 2))
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(8)))
        assert sorted(made) == [1, 2]
        assert all(one is found[0] for one in found)

    def test_nobody_is_told_what_was_before_they_asked(self, store: Store) -> None:
        extracts, written = Extracts(store, max_bytes=500), {"a": 0, "b": 0}
        wrong: list[str] = []

        def write(name: str) -> None:
            for number in range(1, 26):
                store.put(seen("p", name, number), seen("q", name, number))
                written[name] = number

        def ask(project: str) -> None:
            while min(written.values()) < 25 and not wrong:
                before = dict(written)
                found = extracts.of(project, TRACKS, "ab")
                for name, numbers in found.items():
                    # The one under way may be there already.
                    if not before[name] <= len(numbers) <= written[name] + 1 or numbers != tuple(range(1, len(numbers) + 1)):
                        wrong.append(f"{project} {name}: {numbers}, {before} written before, {written} after")

        with ThreadPoolExecutor(6) as pool:
            done = [pool.submit(write, name) for name in "ab"] + [pool.submit(ask, project) for project in "ppqq"]
        for one in done:
            one.result()
        assert wrong == []
        assert extracts.of("p", TRACKS, "ab") == dict.fromkeys("ab", tuple(range(1, 26)))


def ask_everything(extracts: Extracts, project: str) -> None:
    """Have all that is made of a project's appearances made."""
    totals_of(extracts, project)
    seen_in(extracts, project)
    ledger_of(extracts, project)
    columns_of(extracts, project, programmes_of(extracts.store, project))


class TestWhatIsGone:
    def test_video_counts_no_more(self, store: Store, extracts: Extracts) -> None:
        fill(store)
        ask_everything(extracts, "p")
        before = seen_in(extracts, "p")
        store.delete(ProjectVideo, project="p", video_id="vc", fragment="")
        store.delete(Appearance, project="p", analysis_id="c")
        assert before.n - seen_in(extracts, "p").n == 3
        assert totals_of(extracts, "p") == totals_of(Extracts(store), "p")
        assert "c" not in columns_of(extracts, "p", programmes_of(store, "p")).analyses
        assert [member.analysis_id for member in ledger_of(extracts, "p").members] == ["a", "b", "d"]

    def test_person_stays_nowhere_in_memory(self, store: Store, extracts: Extracts, clock: Clock) -> None:
        fill(store)
        said = Target("track", "va", "", "a", 2)
        store.put(Decision("p", "01", Verb.IS, said, person_id="Ben", created_at=""))
        # A video without Ben: what was made of it stays.
        store.put(ProjectVideo("p", "ve", "", "e"), seen("p", "e", 1))
        ask_everything(extracts, "p")
        assert {"Ann", "Ben", "Ben A"} <= set(told(extracts).split("\n"))
        store.delete(Decision, project="p")
        store.delete(Appearance, project="p", person_id="Ben")
        clock.now += SWEEP_S
        # Somebody asks for something else.
        extracts.of("other", TRACKS)
        assert "Ann" in told(extracts)
        assert "Ben" not in told(extracts)

    def test_person_of_whom_something_was_said_alone_stays_no_longer_than_anybody_asks(
        self, store: Store, extracts: Extracts, clock: Clock
    ) -> None:
        fill(store)
        store.put(Decision("p", "01", Verb.IS_NOT, Target("unknown", unknown_id=3), person_id="Dora", created_at=""))
        ask_everything(extracts, "p")
        assert "Dora" in told(extracts)
        store.delete(Decision, project="p")
        clock.now += IDLE_S
        extracts.sweep()
        assert "Dora" not in told(extracts)

    def test_project_leaves_nothing(self, store: Store, extracts: Extracts, clock: Clock) -> None:
        fill(store)
        ask_everything(extracts, "p")
        for kind in (Appearance, Decision, ProjectVideo):
            store.delete(kind, project="p")
        clock.now += SWEEP_S
        extracts.sweep()
        assert told(extracts) == ""

    def test_nothing_is_looked_at_too_often(
        self, store: Store, extracts: Extracts, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put(seen("p", "a", 1))
        extracts.of("p", TRACKS)
        asked: list[str] = []

        def revisions(_: type[Any], project: str) -> dict[tuple[str], str]:
            asked.append(project)
            return {}

        monkeypatch.setattr(store, "revisions", revisions)
        for _ in range(5):
            clock.now += SWEEP_S / 4
            extracts.sweep()
        assert asked == ["p"]


def test_projects_of_one_name_in_two_stores(store: Store, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'second.db'}") as second:
        member = ProjectVideo("p", "va", "", "a")
        store.put(member, seen("p", "a", 1))
        second.put(member, seen("p", "a", 1, "Bo"), seen("p", "a", 2, "Bo"))
        one, other = Extracts(store), Extracts(second)
        for _ in range(2):
            assert set(totals_of(one, "p")) == {"Ann"}
            assert totals_of(other, "p")["Bo"].n_appearances == 2
        store.delete(Appearance, project="p")
        assert totals_of(one, "p") == {}
        assert set(totals_of(other, "p")) == {"Bo"}


def test_room_is_bounded_and_the_last_one_asked_for_stays(store: Store, read: Reads) -> None:
    for project in ("p", "q", "r"):
        store.put(*(seen(project, "a", number) for number in range(1, 6)))
    extracts = Extracts(store, max_bytes=2000)
    for project in ("p", "q", "p", "r"):
        extracts.of(project, TRACKS)
    # Each takes 800: with the third the one goes that was not asked for for longest.
    read.clear()
    extracts.of("p", TRACKS)
    extracts.of("r", TRACKS)
    assert read == []
    extracts.of("q", TRACKS)
    assert read == ["a"]
    small = Extracts(store, max_bytes=1)
    small.of("p", TRACKS)
    read.clear()
    small.of("p", TRACKS)
    assert read == []
    small.of("q", TRACKS)
    small.of("p", TRACKS)
    assert read == ["a", "a"]
