"""Pages of records in every store: order, bounds, places that stay where they are, and queries that nothing serves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src.errors import StorageError
from src.records import Decision, Person, Target, Track, UnknownPerson, Verb, Video
from src.schema import Box
from src.storage import Query, Store
from tests.contract.samples import TEXT, bare_records, person

TIMES = [(0.0, 9.5), (1.5, 2.0), (1.5, 2.0), (1.5, 4.0), (3.0, 3.5), (6.0, 8.0)]
"""Start and end of tracks 0 to 5; 1 and 2 differ in nothing but their number."""


def tracks(analysis_id: str = "a") -> list[Track]:
    return [
        Track(analysis_id, number, 0, start, end, 0, 0, 1, start, 0, Box(0, 0, 1, 1), 0.5, b"jpeg")
        for number, (start, end) in enumerate(TIMES)
    ]


def walk(store: Store, kind: type[Any], query: Query, limit: int) -> list[Any]:
    """Return all records of a query, page by page."""
    found: list[Any] = []
    place = None
    while True:
        page = store.select(kind, query, limit, place)
        assert len(page.items) == limit or page.end is None
        found += page.items
        if page.end is None:
            return found
        place = page.end


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7])
@pytest.mark.parametrize("descending", [False, True])
class TestWalking:
    def test_by_key(self, store: Store, limit: int, descending: bool) -> None:
        store.put(*(person(number, project) for number in range(6) for project in ("a", "p", "z")))
        found = walk(store, Person, Query({"project": "p"}, descending=descending), limit)
        assert [item.person_id for item in found] == sorted([f"{n:06}" for n in range(6)], reverse=descending)

    def test_by_index_with_equal_values(self, store: Store, limit: int, descending: bool) -> None:
        store.put(*tracks("a"), *tracks("b"))
        query = Query({"analysis_id": "a"}, ("start_npt",), descending=descending)
        wanted = [0, 1, 2, 3, 4, 5]
        assert [item.track_id for item in walk(store, Track, query, limit)] == (wanted[::-1] if descending else wanted)

    def test_of_everything(self, store: Store, limit: int, descending: bool) -> None:
        store.put(*(Video(f"v{n}", "", "", "", title="same" if n % 2 else "Other") for n in range(6)))
        found = walk(store, Video, Query(order=("title",), descending=descending), limit)
        wanted = ["v0", "v2", "v4", "v1", "v3", "v5"]
        assert [item.video_id for item in found] == (wanted[::-1] if descending else wanted)

    def test_within_bounds(self, store: Store, limit: int, descending: bool) -> None:
        store.put(*tracks())
        window = Query(
            {"analysis_id": "a"}, ("start_npt",), at_least={"end_npt": 2.0}, below={"start_npt": 3.0}, descending=descending
        )
        assert sorted(item.track_id for item in walk(store, Track, window, limit)) == [0, 1, 2, 3]


def test_bounds_are_inside_below_and_outside_above(store: Store) -> None:
    store.put(*tracks())
    query = Query({"analysis_id": "a"}, ("start_npt",), at_least={"start_npt": 1.5}, below={"start_npt": 6.0})
    assert [item.track_id for item in store.select(Track, query, 10).items] == [1, 2, 3, 4]


def test_what_is_written_in_between_moves_nothing(store: Store) -> None:
    store.put(*tracks())
    query = Query({"analysis_id": "a"}, ("start_npt",))
    first = store.select(Track, query, 3)
    early, late = (replace(tracks()[0], track_id=10 + n, start_npt=npt, end_npt=npt) for n, npt in enumerate((0.5, 2.5)))
    store.put(early, late)
    store.delete(Track, analysis_id="a", track_id=2)
    rest = store.select(Track, query, 10, first.end)
    assert [item.track_id for item in first.items] == [0, 1, 2]
    assert [item.track_id for item in rest.items] == [3, 11, 4, 5]


def test_empty_page_and_exact_page(store: Store) -> None:
    assert store.select(Person, Query({"project": "p"}), 5) == store.select(Person, Query({"project": "q"}), 5)
    store.put(*(person(number) for number in range(5)))
    assert store.select(Person, Query({"project": "p"}), 5).end is None


def test_full_key_finds_one(store: Store) -> None:
    store.put(person(1), person(2))
    page = store.select(Person, Query({"project": "p", "person_id": "000001"}), 5)
    assert ([item.name for item in page.items], page.end) == (["Person 1"], None)


def test_omitted_fields_have_their_defaults(store: Store) -> None:
    store.put(*tracks())
    page = store.select(Track, Query({"analysis_id": "a"}, omit=frozenset({"thumbnail"})), 2)
    assert [item.thumbnail for item in page.items] == [b"", b""]
    assert page.items[1] == replace(tracks()[1], thumbnail=b"")


def test_hard_texts_are_places_too(store: Store) -> None:
    names = ["", "!", " ", "a", "a ", "a!", "B", "é", "名前", TEXT]
    store.put(*(Person("p", str(n), name) for n, name in enumerate(names)))
    found = walk(store, Person, Query({"project": "p"}, ("name",)), 1)
    assert [item.name for item in found] == sorted(names)


def test_pages_of_a_few_fields_end_where_those_of_records_do(store: Store) -> None:
    store.put(*tracks())
    query = Query({"analysis_id": "a"}, ("start_npt",))
    names = ("thumbnail", "end_npt", "best_box")
    first, whole = store.select_cells(Track, names, query, 4), store.select(Track, query, 4)
    assert first.items[3] == (b"jpeg", 4.0, '{"x": 0, "y": 0, "w": 1, "h": 1}')
    assert first.end == whole.end
    rest = store.select_cells(Track, names, query, 4, first.end)
    assert ([end for _, end, _ in rest.items], rest.end) == ([3.5, 8.0], None)


def test_cells_of_many_records(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.storage.base.CELL_ROWS", 2)
    store.put(*tracks())
    query = Query({"analysis_id": "a"}, ("start_npt",))
    cells = list(store.cells(Track, ("track_id", "end_npt"), query))
    assert cells == [(number, end) for number, (_, end) in enumerate(TIMES)]


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        pytest.param(Person, Query({"name": "A"}), id="no index"),
        pytest.param(Person, Query({"project": "p"}, ("description",)), id="order without index"),
        pytest.param(Track, Query({"analysis_id": "a"}, ("end_npt",)), id="order out of order"),
        pytest.param(Track, Query({"analysis_id": "a"}, below={"best_npt": 1.0}), id="bound without index"),
    ],
)
def test_what_nothing_serves_is_refused(store: Store, kind: type[Any], query: Query) -> None:
    with pytest.raises(StorageError, match="declare an index"):
        store.select(kind, query, 5)


@pytest.mark.parametrize(
    "place", [(), ("x",), (1, "x"), ("x", 1.0), (1.0, 2.0, "3"), (1.0, 2.0, True), (1.0, 2.0, 2**63), ({"$gt": ""}, 2.0, 3)]
)
def test_places_of_other_queries_are_refused(store: Store, place: tuple[Any, ...]) -> None:
    store.put(*tracks())
    with pytest.raises(StorageError, match="first page"):
        store.select(Track, Query({"analysis_id": "a"}, ("start_npt",)), 5, place)


def test_indexes_serve_without_sorting(tmp_path: Any) -> None:
    from src.storage.sqlite import SqliteStore

    plans: list[str] = []
    with SqliteStore(tmp_path / "x.db") as store:
        with store._connection() as connection:
            connection.set_trace_callback(plans.append)
        store.put(*tracks())
        store.select(Track, Query({"analysis_id": "a"}, ("start_npt",), at_least={"end_npt": 1.0}), 5, (1.5, 2.0, 1))
        (sql,) = (text for text in plans if text.startswith("SELECT"))
        with store._connection() as connection:
            connection.set_trace_callback(None)
            steps = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert len(steps) == 1
    assert "SEARCH track USING INDEX track_by_analysis_id_start_npt_end_npt" in steps[0]


def test_newest_first(store: Store) -> None:
    decided = [Decision("p", f"{n:020d}-aa", Verb.UNDO, Target("decision")) for n in range(4)]
    store.put(*decided)
    first = store.select(Decision, Query({"project": "p"}, descending=True), 3)
    assert [item.decision_id for item in first.items] == [item.decision_id for item in decided[:0:-1]]
    unknown = next(record for record in bare_records() if isinstance(record, UnknownPerson))
    store.put(*(replace(unknown, unknown_id=n, n_tracks=9 - n) for n in range(3)))
    page = store.select(UnknownPerson, Query({"project": "bare"}, ("n_tracks",), descending=True), 9)
    assert [item.unknown_id for item in page.items] == [0, 1, 2]
