"""What every store must do. The same tests run on each of `conftest.STORES`."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.errors import ConfigError, StorageError
from src.records import (
    INDEXES,
    KEYS,
    Analysis,
    Appearance,
    Image,
    Job,
    JobName,
    JobStatus,
    Person,
    Project,
    Record,
    Status,
    Track,
    TrackEmbeddings,
    TrackSamples,
    Video,
)
from src.schema import Box
from src.storage import Store, open_store
from tests.contract.samples import TEXT, assert_same, bare_records, full_records, key_of, person

ROOT = Path(__file__).parents[2]
BROKEN = Person("p", "broken", "Broken", metadata={"what": object()})
"""A record that no store can write."""

each_kind = pytest.mark.parametrize("kind", KEYS, ids=lambda kind: kind.__name__)


def of_kind(records: list[Record], kind: type[Any]) -> Any:
    return next(record for record in records if type(record) is kind)


def test_samples_cover_every_kind() -> None:
    assert {type(record) for record in full_records()} == {type(record) for record in bare_records()} == set(KEYS)


class TestPutAndGet:
    @each_kind
    def test_full_record_comes_back_bit_by_bit(self, store: Store, kind: type[Any]) -> None:
        record = of_kind(full_records(), kind)
        store.put(record)
        assert_same(store.get(kind, *key_of(record)), record)

    @each_kind
    def test_bare_record_comes_back_with_none_and_empty_arrays(self, store: Store, kind: type[Any]) -> None:
        record = of_kind(bare_records(), kind)
        store.put(record)
        assert_same(store.get(kind, *key_of(record)), record)

    @each_kind
    def test_other_keys_find_nothing(self, store: Store, kind: type[Any]) -> None:
        store.put(*full_records())
        assert store.get(kind, *("elsewhere" for _ in KEYS[kind])) is None

    def test_incomplete_key_is_a_mistake(self, store: Store) -> None:
        with pytest.raises(ValueError, match="shorter"):
            store.get(Person, "p")

    def test_nothing_to_put_is_fine(self, store: Store) -> None:
        store.put()

    def test_records_are_immutable(self, store: Store) -> None:
        store.put(person(1))
        got = store.get(Person, "p", "000001")
        with pytest.raises(FrozenInstanceError):
            got.name = "Other"  # type: ignore[misc, union-attr]

    def test_put_replaces_what_has_the_same_key(self, store: Store) -> None:
        store.put(Analysis("a", "v", "e", {}, {}), Analysis("b", "v", "e", {}, {}))
        store.put(Analysis("a", "v", "e", {}, {}, status=Status.COMPLETE, progress=1.0))
        assert [found.status for found in store.find(Analysis)] == [Status.COMPLETE, Status.QUEUED]

    def test_replacing_forgets_fields_that_are_now_empty(self, store: Store) -> None:
        full = of_kind(full_records(), Image)
        store.put(full)
        store.put(replace(full, embedding=None, box=None))
        assert store.get(Image, "p", full.sha256).embedding is None  # type: ignore[union-attr]

    def test_last_of_two_records_with_one_key_stays(self, store: Store) -> None:
        store.put(Project("p", "one"), Project("p", "two"))
        assert store.get(Project, "p").engine == "two"  # type: ignore[union-attr]

    def test_writing_leaves_arrays_alone(self, store: Store) -> None:
        record = of_kind(full_records(), TrackEmbeddings)
        before = record.embeddings.copy()
        store.put(record)
        np.testing.assert_array_equal(record.embeddings, before)

    def test_slices_and_transposed_arrays_come_back_whole(self, store: Store) -> None:
        every_other = np.arange(20, dtype=np.float32)[::2]
        turned = np.arange(10, dtype=np.float32).reshape(2, 5).T
        image = replace(of_kind(bare_records(), Image), embedding=every_other, landmarks=turned)
        store.put(image)
        got = store.get(Image, "bare", "00")
        np.testing.assert_array_equal(got.embedding, every_other)  # type: ignore[union-attr, arg-type]
        np.testing.assert_array_equal(got.landmarks, turned)  # type: ignore[union-attr, arg-type]

    def test_fifteen_megabytes(self, store: Store) -> None:
        big = replace(of_kind(full_records(), Track), thumbnail=np.random.default_rng(0).bytes(15 << 20))
        store.put(big)
        assert_same(store.get(Track, "a1", 3), big)


class TestFind:
    @each_kind
    def test_finds_all_in_the_order_of_their_keys(self, store: Store, kind: type[Any]) -> None:
        name = KEYS[kind][-1]
        first = of_kind(full_records(), kind)
        values: list[Any] = [10, 9, 2, 1] if isinstance(getattr(first, name), int) else ["b", "a", "B", "é", "z"]
        store.put(*(replace(first, **{name: value}) for value in values))
        assert [getattr(found, name) for found in store.find(kind)] == sorted(values)

    @each_kind
    def test_finds_by_every_declared_index(self, store: Store, kind: type[Any]) -> None:
        full, bare = of_kind(full_records(), kind), of_kind(bare_records(), kind)
        store.put(full, bare)
        beginnings = [KEYS[kind][:n] for n in range(1, len(KEYS[kind]) + 1)]
        for columns in (*beginnings, *INDEXES.get(kind, ())):
            equals = {name: getattr(full, name) for name in columns}
            assert [key_of(found) for found in store.find(kind, **equals)] == [key_of(full)]
            assert store.count(kind, **equals) == 1

    def test_look_up_without_index_is_refused_at_once(self, store: Store) -> None:
        calls: list[Callable[..., object]] = [store.find, store.count, store.delete]
        for call in calls:
            with pytest.raises(StorageError, match=r"Person cannot be found by \['name'\]: declare an index"):
                call(Person, name="A")

    def test_end_of_a_key_without_its_beginning_is_refused(self, store: Store) -> None:
        with pytest.raises(StorageError, match="person_id"):
            store.find(Person, person_id="A")

    def test_unknown_field_is_refused(self, store: Store) -> None:
        with pytest.raises(StorageError, match="bogus"):
            store.find(Person, bogus=1)

    def test_none_finds_records_with_nothing_there(self, store: Store) -> None:
        unknown, known = of_kind(bare_records(), Appearance), of_kind(full_records(), Appearance)
        store.put(replace(known, project="bare"), unknown)
        assert [key_of(found) for found in store.find(Appearance, project="bare", person_id=None)] == [key_of(unknown)]

    def test_text_is_compared_exactly(self, store: Store) -> None:
        store.put(*(Person("p", name, name) for name in ("a", "A", "á", "a ", "%", "a%", "1", "01", TEXT)))
        for name in ("a", "A", "%", "1", TEXT):
            assert [found.name for found in store.find(Person, project="p", person_id=name)] == [name]

    def test_more_than_a_page(self, store: Store) -> None:
        store.put(*(person(number) for number in range(1000)))
        assert [found.person_id for found in store.find(Person, project="p")] == [f"{number:06}" for number in range(1000)]

    @pytest.mark.parametrize("n", [255, 256, 257, 512])
    def test_exactly_a_page(self, store: Store, n: int) -> None:
        store.put(*(person(number) for number in range(n)))
        assert sum(1 for _ in store.find(Person)) == n

    def test_memory_does_not_grow_with_what_is_found(self, store: Store) -> None:
        track, megabytes = of_kind(full_records(), Track), 64
        for number in range(megabytes):
            store.put(replace(track, track_id=number, thumbnail=bytes(1 << 20)))
        tracemalloc.start()
        try:
            assert sum(len(found.thumbnail) for found in store.find(Track)) == megabytes << 20
            assert tracemalloc.get_traced_memory()[1] < (megabytes << 20) / 2
        finally:
            tracemalloc.stop()

    def test_writing_while_reading(self, store: Store) -> None:
        store.put(*(person(number) for number in range(600)))
        seen = []
        for found in store.find(Person):
            seen.append(found.person_id)
            store.put(replace(found, description="seen"))
        assert seen == [f"{number:06}" for number in range(600)]
        assert all(found.description == "seen" for found in store.find(Person))

    def test_deleting_while_reading(self, store: Store) -> None:
        store.put(*(person(number) for number in range(600)))
        for found in store.find(Person):
            store.delete(Person, project="p", person_id=found.person_id)
        assert store.count(Person) == 0

    def test_reading_may_be_given_up(self, store: Store) -> None:
        store.put(*(person(number) for number in range(600)))
        assert next(store.find(Person)).person_id == "000000"
        store.put(person(600))
        assert store.count(Person) == 601


class TestDelete:
    def test_deletes_what_find_yields_and_counts_it(self, store: Store) -> None:
        store.put(*(person(number, project) for number in range(5) for project in ("p", "q")))
        assert store.delete(Person, project="p") == 5
        assert store.delete(Person, project="p") == 0
        assert {found.project for found in store.find(Person)} == {"q"}

    def test_deletes_everything_of_one_kind_only(self, store: Store) -> None:
        store.put(*full_records())
        assert store.delete(Track) == 1
        assert store.count(TrackSamples) == 1


class TestSize:
    def test_is_some_bytes_and_more_with_more_in_it(self, store: Store) -> None:
        store.put(*full_records())
        before = store.size()
        assert before > 0
        store.put(*(Person("p", f"more {number}", "x" * 5000) for number in range(200)))
        assert store.size() > before


class TestAllOrNothing:
    def test_unwritable_record_in_the_middle_leaves_nothing(self, store: Store) -> None:
        with pytest.raises(StorageError, match=r"A Person cannot be stored: metadata: .*Nothing was written"):
            store.put(person(1), BROKEN, person(2))
        assert store.count(Person) == 0

    def test_earlier_value_survives_a_failed_put(self, store: Store) -> None:
        store.put(Person("p", "A", "before"))
        with pytest.raises(StorageError):
            store.put(Person("p", "A", "after"), BROKEN)
        assert store.get(Person, "p", "A").name == "before"  # type: ignore[union-attr]

    def test_store_works_on_after_a_failed_put(self, store: Store) -> None:
        with pytest.raises(StorageError):
            store.put(BROKEN)
        store.put(person(1))
        assert store.count(Person) == 1

    @pytest.mark.parametrize(
        "broken",
        [
            pytest.param(Person("p", "A", "A", metadata={"x": float("nan")}), id="NaN in a mapping, which is no JSON"),
            pytest.param(Person("p", "A", "\ud800"), id="half a character"),
            pytest.param(Person("p", "A", "A", metadata={"x": "\ud800"}), id="half a character in a mapping"),
            pytest.param(Person("p", "A", None), id="None where a name must be"),  # type: ignore[arg-type]
            pytest.param(Person("p", "A", 7), id="number as name"),  # type: ignore[arg-type]
            pytest.param(Project("p", "e", settings=None), id="None as mapping"),  # type: ignore[arg-type]
            pytest.param(Video("v", "", "", "", duration=float("nan")), id="NaN as duration"),
            pytest.param(Video("v", "", "", "", width=2**63), id="more than 64 bits"),
            pytest.param(Video("v", "", "", "", metadata={"x": [{"y": 2**63}]}), id="more than 64 bits in a mapping"),
            pytest.param(Video("v", "", "", "", width=np.int64(5)), id="number of NumPy"),  # type: ignore[arg-type]
            pytest.param(Video("v", "", "", "", width=1.5), id="fraction of a pixel"),  # type: ignore[arg-type]
            pytest.param(
                Appearance("p", "a", 0, "", None, 0, 0, 0, 0, 0, 0, 0, (), (1, 2, 3, 4), 0),  # type: ignore[arg-type]
                id="tuple as box",
            ),
            pytest.param(
                Appearance("p", "a", 0, "", None, 0, 0, 0, 0, 0, 0, 0, (), Box(np.float32(1), 0, 0, 0), 0),  # type: ignore[arg-type]
                id="number of NumPy in a box",
            ),
            pytest.param(
                Image("p", "s", "A", "", full_records()[2].provenance, 1, 1, embedding=np.array([None])),  # type: ignore[union-attr]
                id="array of objects",
            ),
        ],
    )
    def test_what_could_not_be_read_back_is_refused(self, store: Store, broken: Record) -> None:
        with pytest.raises(StorageError, match=rf"A {type(broken).__name__} cannot be stored: .*Nothing was written"):
            store.put(broken)
        assert store.count(type(broken)) == 0


class TestTogether:
    def test_two_threads_lose_nothing(self, store: Store) -> None:
        faults: list[BaseException] = []

        def write(project: str) -> None:
            try:
                for number in range(100):
                    store.put(person(number, project))
                    assert store.count(Person, project=project) == number + 1
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=write, args=(project,)) for project in ("p", "q")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert store.count(Person) == 200

    def test_many_processes_open_and_write_at_once(self, store_uri: str) -> None:
        program = (
            "import sys\n"
            "from src.records import Person\n"
            "from src.storage import open_store\n"
            "sys.stdin.readline()\n"
            "with open_store(sys.argv[1]) as store:\n"
            "    for n in range(50):\n"
            "        store.put(Person(sys.argv[2], str(n), 'A'), Person('shared', str(n), sys.argv[2]))\n"
        )
        command = [sys.executable, "-c", program, store_uri]
        writers = [subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, text=True, cwd=ROOT) for n in range(4)]
        for writer in writers:  # all are waiting for this line, so that they begin together
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.close()
        assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
        with open_store(store_uri) as store:
            assert [store.count(Person, project=str(n)) for n in range(4)] == [50, 50, 50, 50]
            assert store.count(Person, project="shared") == 50

    def test_writer_that_is_killed_leaves_a_whole_store(self, store_uri: str) -> None:
        program = (
            "import os, sys\n"
            "from src.records import Person\n"
            "from src.storage import open_store\n"
            "class Fatal(dict):\n"
            "    def items(self): os._exit(9)\n"
            "store = open_store(sys.argv[1])\n"
            "store.put(Person('p', '1', 'A'))\n"
            "store.put(Person('p', '2', 'A'), Person('p', '3', 'A', metadata=Fatal(x=1)))\n"
        )
        killed = subprocess.run([sys.executable, "-c", program, store_uri], cwd=ROOT, timeout=120, check=False)
        assert killed.returncode == 9
        with open_store(store_uri) as store:
            assert [found.person_id for found in store.find(Person)] == ["1"]

    def test_two_stores_see_each_other(self, store: Store, store_uri: str) -> None:
        with open_store(store_uri) as other:
            store.put(person(1))
            assert other.count(Person) == 1
            other.delete(Person)
            assert store.count(Person) == 0


class TestOpening:
    def test_everything_is_there_after_reopening(self, store_uri: str) -> None:
        with open_store(store_uri) as store:
            store.put(*full_records())
        with open_store(store_uri) as store:
            for record in full_records():
                # Only the moment of making may differ: the samples are made twice.
                got = store.get(type(record), *key_of(record))
                assert got is not None
            assert_same(store.get(TrackSamples, "a1", 3, 0), of_kind(full_records(), TrackSamples))

    def test_closed_store_refuses_work(self, store_uri: str) -> None:
        store = open_store(store_uri)
        store.close()
        for work in (lambda: store.put(person(1)), lambda: store.count(Person), lambda: list(store.find(Person))):
            with pytest.raises(StorageError, match="has been closed"):
                work()

    def test_closing_twice_is_fine(self, store_uri: str) -> None:
        store = open_store(store_uri)
        store.close()
        store.close()

    @pytest.mark.parametrize("uri", ["", "sqlite:", "sqlite://", "sqlite:///", "sqlite://data.db", "mysql://x/y", "data/x.db"])
    def test_address_of_no_store_is_refused(self, uri: str) -> None:
        with pytest.raises(ConfigError, match=re.escape(repr(uri))):
            open_store(uri)


def count_up(store: Store, times: int) -> None:
    """Count a job's revision up by comparing and setting, as often as it takes."""
    for _ in range(times):
        while True:
            job = store.get(Job, "j")
            assert job is not None
            if store.put_if(replace(job, revision=job.revision + 1), revision=job.revision):
                break


class TestPutIf:
    @each_kind
    def test_a_new_record_is_written_once(self, store: Store, kind: type[Any]) -> None:
        record = of_kind(full_records(), kind)
        assert store.put_new(record)
        assert not store.put_new(record)
        assert_same(store.get(kind, *key_of(record)), record)

    def test_what_is_there_stays_beside_a_new_record(self, store: Store) -> None:
        store.put(Project("p", "one"))
        assert not store.put_new(Project("p", "two"))
        assert store.get(Project, "p").engine == "one"  # type: ignore[union-attr]

    def test_replaces_what_is_as_expected(self, store: Store) -> None:
        store.put(Job("j", "track", "p", {}, revision=7))
        assert store.put_if(Job("j", "track", "p", {}, status=JobStatus.DONE, revision=8), revision=7, status=JobStatus.QUEUED)
        assert store.get(Job, "j").status is JobStatus.DONE  # type: ignore[union-attr]

    @pytest.mark.parametrize("expected", [{"revision": 6}, {"revision": 7, "owner": "b"}, {"status": JobStatus.FAILED}])
    def test_leaves_what_is_otherwise(self, store: Store, expected: dict[str, Any]) -> None:
        before = Job("j", "track", "p", {}, owner="a", revision=7)
        store.put(before, Job("other", "track", "p", {}, owner="b", revision=6))
        assert not store.put_if(replace(before, revision=8), **expected)
        assert_same(store.get(Job, "j"), before)

    def test_makes_nothing_of_nothing(self, store: Store) -> None:
        assert not store.put_if(Job("j", "track", "p", {}), revision=0)
        assert store.get(Job, "j") is None

    def test_unstorable_record_is_refused(self, store: Store) -> None:
        for write in (store.put_new, store.put_if):
            with pytest.raises(StorageError, match="Nothing was written"):
                write(BROKEN)

    def test_of_many_at_once_one_has_written(self, store_uri: str, store: Store) -> None:
        wins: list[int] = []

        def claim(number: int) -> None:
            with open_store(store_uri) as own:
                for round_ in range(20):
                    if own.put_new(JobName(f"{round_}", f"{number}")):
                        wins.append(round_)

        threads = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(wins) == list(range(20))

    def test_no_count_is_lost(self, store_uri: str, store: Store) -> None:
        store.put(Job("j", "track", "p", {}))

        def count() -> None:
            with open_store(store_uri) as own:
                count_up(own, 25)

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.get(Job, "j").revision == 100  # type: ignore[union-attr]
