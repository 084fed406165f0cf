"""Revisions in every store: they change with what they are of, for all who have the database open, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from src.errors import StorageError
from src.records import Appearance, Track
from src.schema import Box
from src.storage import Store, open_store


def seen(analysis_id: str = "a", track_id: int = 1, project: str = "p", person: str | None = "Ann") -> Appearance:
    return Appearance(project, analysis_id, track_id, "Ann", person, 0, 1, 0, 1, 0, 1, 0.9, (track_id,), Box(0, 0, 1, 1), 0.5)


WRITES: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.put(seen(track_id=2)),
    "put the same again": lambda store: store.put(seen()),
    "put_new": lambda store: store.put_new(seen(track_id=2)),
    "put_if": lambda store: store.put_if(replace(seen(), name="Bo"), name="Ann"),
    "delete": lambda store: store.delete(Appearance, project="p", analysis_id="a"),
    "delete one": lambda store: store.delete(Appearance, project="p", analysis_id="a", track_id=1),
    "delete all of the project": lambda store: store.delete(Appearance, project="p"),
    "delete by an index": lambda store: store.delete(Appearance, project="p", person_id="Ann"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_changes_with_every_write_for_everybody(store: Store, store_uri: str, write: Callable[[Store], object]) -> None:
    with open_store(store_uri) as other:
        store.put(seen())
        before = other.revision(Appearance, "p", "a")
        assert before
        assert other.revision(Appearance, "p", "a") == before == store.revision(Appearance, "p", "a")
        write(store)
        after = other.revision(Appearance, "p", "a")
        assert after not in ("", before)
        assert store.revision(Appearance, "p", "a") == after


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.put(seen("b"), seen(project="q")),
        lambda store: store.delete(Appearance, project="q", analysis_id="a"),
        lambda store: store.delete(Appearance, project="p", person_id="Bo"),
        lambda store: store.put(Track("a", 1, 0, 0, 1, 0, 1, 1, 0, 0, Box(0, 0, 1, 1), 0.5)),
        lambda store: store.delete(Track, analysis_id="a"),
    ],
)
def test_stays_with_writes_of_other_things(store: Store, write: Callable[[Store], object]) -> None:
    store.put(seen(), seen(project="q"))
    before = store.revision(Appearance, "p", "a")
    write(store)
    assert store.revision(Appearance, "p", "a") == before


def test_stays_where_nothing_was_written(store: Store) -> None:
    store.put(seen())
    before = store.revision(Appearance, "p", "a")
    with pytest.raises(StorageError):
        store.put(seen(track_id=2), replace(seen(track_id=3), confidence=float("nan")))
    assert store.revision(Appearance, "p", "a") == before


def test_is_empty_before_the_first_write_and_never_the_same_again(store: Store) -> None:
    assert store.revision(Appearance, "p", "a") == ""
    found = set()
    for _ in range(5):
        store.put(seen())
        store.delete(Appearance, project="p", analysis_id="a")
        found.add(store.revision(Appearance, "p", "a"))
    assert len(found) == 5


def test_hard_names_do_not_share_one(store: Store) -> None:
    store.put(seen("a", project='p", "a'))
    assert store.revision(Appearance, "p", "a") == ""


def test_kinds_without_revisions_are_refused(store: Store) -> None:
    with pytest.raises(StorageError, match=r"records\.REVISED"):
        store.revision(Track, "a")


def test_those_of_a_project_come_in_one_look_up(store: Store) -> None:
    store.put(seen("a"), seen('b", "c'), seen("a", project="pp"), seen("a", project='p", "a'))
    found = store.revisions(Appearance, "p")
    assert found == {("a",): store.revision(Appearance, "p", "a"), ('b", "c',): store.revision(Appearance, "p", 'b", "c')}
    store.delete(Appearance, project="p", analysis_id="a")
    after = store.revisions(Appearance, "p")
    assert after[("a",)] != found[("a",)]
    assert after[('b", "c',)] == found[('b", "c',)]
    assert store.revisions(Appearance, "nobody") == {}
