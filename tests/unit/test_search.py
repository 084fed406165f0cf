"""The vector index: the same answers as brute force, whatever came, went, broke or was killed on the way."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation import search as benchmark
from src.errors import ShapeError, StorageError
from src.schema import FloatArray
from src.search import Hit, VectorIndex, blocks
from src.search.ranking import exact_scores
from tests.unit.write_index import DIMENSION, ENGINE, SOURCES, rows_of

ROOT = Path(__file__).parents[2]


def unit(rng: np.random.Generator, n: int, dimension: int) -> FloatArray:
    vectors = rng.standard_normal((n, dimension), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def brute_force(rows: dict[str, tuple[list[int], FloatArray]], query: FloatArray, top: int) -> list[Hit]:
    """What a search must give: float64 products with the vectors as they are kept, in full order."""
    hits = []
    for source, (keys, vectors) in rows.items():
        kept = vectors.astype(np.float16).astype(np.float64)
        for key, row in zip(keys, kept, strict=True):
            hits.append(Hit(source, key, float(np.dot(row, query.astype(np.float64)))))
    return sorted(hits, key=lambda hit: (-hit.score, hit.source, hit.key))[:top]


def same(found: list[Hit], wanted: list[Hit]) -> None:
    assert [(hit.source, hit.key) for hit in found] == [(hit.source, hit.key) for hit in wanted]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=1e-12)


def names(hits: list[Hit]) -> list[tuple[str, int]]:
    return [(hit.source, hit.key) for hit in hits]


@pytest.fixture
def index(tmp_path: Path) -> VectorIndex:
    return VectorIndex.open(tmp_path / "index", "e@1", 2)


def row(x: float, y: float) -> FloatArray:
    return np.array([[x, y]], np.float32)


QUERY = np.array([1, 0], np.float32)


@pytest.mark.parametrize("dimension", [1, 3, 128, 512])
@pytest.mark.parametrize("top", [1, 10, 5000])
def test_equals_brute_force(tmp_path: Path, dimension: int, top: int) -> None:
    rng = np.random.default_rng([dimension, top])
    rows = {f"s{n}": (list(range(n)), unit(rng, n, dimension)) for n in (0, 1, 40, 300, 1500)}
    index = VectorIndex.open(tmp_path, "e@1", dimension)
    for source, (keys, vectors) in rows.items():
        index.add(source, np.array(keys, np.int64), vectors)
    for query in unit(rng, 5, dimension):
        same(index.search(query, top), brute_force(rows, query, top))
    some = {"s40", "s1500", "nobody"}
    chosen = {source: rows[source] for source in ("s40", "s1500")}
    same(index.search(query, top, some), brute_force(chosen, query, top))


def test_scores_are_those_of_the_float32_vectors_but_for_rounding_to_float16(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    vectors, query = unit(rng, 500, 128), unit(rng, 1, 128)[0]
    index = VectorIndex.open(tmp_path, "e@1", 128)
    index.add("a", np.arange(500), vectors)
    scores = {hit.key: hit.score for hit in index.search(query, 500)}
    assert [scores[key] for key in range(500)] == pytest.approx((vectors @ query).tolist(), abs=2**-11)


def test_all_bits_of_float16_are_read_right(tmp_path: Path) -> None:
    # Every float16 in [-1, 1], subnormal ones and both zeros among them: a row of length 1 for each.
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    values = every[np.abs(every) <= 1]
    index = VectorIndex.open(tmp_path, "e@1", 1)
    index.add("a", np.arange(len(values)), values[:, None])
    found = index.search(np.array([1], np.float32), len(values))
    assert len(found) == len(values)
    assert all(hit.score == float(values[hit.key]) for hit in found)


def test_of_equal_scores_source_and_key_decide(index: VectorIndex) -> None:
    index.add("b", np.array([7, 3]), np.repeat(row(1, 0), 2, axis=0))
    index.add("a", np.array([9]), row(1, 0))
    index.add("c", np.array([1]), row(0, 1))
    assert names(index.search(QUERY, 4)) == [("a", 9), ("b", 3), ("b", 7), ("c", 1)]
    # Also where the last one wanted ties with others.
    assert names(index.search(QUERY, 2)) == [("a", 9), ("b", 3)]


def test_equal_rows_tie_wherever_they_lie(tmp_path: Path) -> None:
    # BLAS sums the last rows of an array in another order than the first; 1021 copies, one after the other.
    vector = unit(np.random.default_rng(5), 1, 128)
    index = VectorIndex.open(tmp_path, "e@1", 128)
    index.add("a", np.arange(1021)[::-1], np.repeat(vector, 1021, axis=0))
    found = index.search(unit(np.random.default_rng(6), 1, 128)[0], 1021)
    assert [hit.key for hit in found] == list(range(1021))
    assert len({hit.score for hit in found}) == 1


def test_closer_than_float32_can_tell_apart(tmp_path: Path) -> None:
    # The query's numbers come in pairs, and rows differ in which of two numbers comes first: the same product, which float32
    # rounds in many ways. What the fifth number adds is a hundred times smaller than that, and decides.
    rng = np.random.default_rng(2)
    query = np.repeat(unit(rng, 1, 64)[0], 2) / np.float32(np.sqrt(2))
    query[4:6] = 1e-6
    pairs = unit(rng, 1, 128).astype(np.float16).reshape(64, 2)
    vectors = np.stack([np.where(rng.random((64, 1)) < 0.5, pairs, pairs[:, ::-1]).reshape(128) for _ in range(64)])
    vectors[:, 4:6] = 0
    vectors[:, 4] = np.arange(64) * np.float16(2**-13)
    index = VectorIndex.open(tmp_path, "e@1", 128)
    order = rng.permutation(64)
    index.add("a", order, vectors[order])
    assert [hit.key for hit in index.search(query, 5)] == [63, 62, 61, 60, 59]


def test_exact_scores_do_not_depend_on_the_other_rows() -> None:
    rng = np.random.default_rng(3)
    vectors, query = unit(rng, 2100, 128).astype(np.float16), unit(rng, 1, 128)[0]
    together = exact_scores(vectors, query)
    alone = [exact_scores(vectors[k : k + 1], query)[0] for k in range(0, 2100, 7)]
    assert together[::7].tolist() == alone


def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert index.search(QUERY, 5) == []
    assert (index.sources(), len(index)) == (set(), 0)
    assert not index.folder.exists()
    index.add("none", np.zeros(0, np.int64), np.zeros((0, 2), np.float32))
    assert index.search(QUERY, 5) == []
    assert index.sources() == {"none"}
    index.add("a", np.array([1]), row(1, 0))
    assert index.search(QUERY, 0) == []
    assert index.search(QUERY, 5, set()) == []
    assert index.search(QUERY, 5, {"none"}) == []


def test_nothing_that_is_given_is_changed(index: VectorIndex) -> None:
    keys, vectors, query = np.array([4, 2]), np.repeat(row(0.6, 0.8), 2, axis=0), QUERY.copy()
    index.add("a", keys, vectors)
    index.search(query, 2)
    assert (keys.tolist(), query.tolist()) == ([4, 2], [1, 0])
    assert np.array_equal(vectors, np.repeat(row(0.6, 0.8), 2, axis=0))


@pytest.mark.parametrize(
    ("keys", "vectors"),
    [((2,), (2, 3)), ((2,), (3, 2)), ((2, 1), (2, 2)), ((2,), (2,)), ((), (2,))],
)
def test_arrays_that_do_not_fit_are_refused(index: VectorIndex, keys: tuple[int, ...], vectors: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError):
        index.add("a", np.zeros(keys, np.int64), np.zeros(vectors, np.float32))
    assert index.sources() == set()


@pytest.mark.parametrize("shape", [(3,), (1, 2), ()])
def test_queries_that_do_not_fit_are_refused(index: VectorIndex, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"query must be \(2,\)"):
        index.search(np.zeros(shape, np.float32), 5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1.5])
def test_numbers_that_no_embedding_has_are_refused(index: VectorIndex, bad: float) -> None:
    with pytest.raises(StorageError, match="of talk are not L2-normalised"):
        index.add("talk", np.array([1]), row(bad, 0))
    if not np.isfinite(bad):
        with pytest.raises(StorageError, match="not finite"):
            index.search(np.array([bad, 0], np.float32), 5)


@pytest.mark.parametrize(("engine", "dimension"), [("e@2", 2), ("other@1", 2), ("e@1", 3)])
def test_vectors_of_two_engines_never_meet(index: VectorIndex, engine: str, dimension: int) -> None:
    index.add("a", np.array([1]), row(1, 0))
    with pytest.raises(StorageError, match=r"holds vectors of e@1 \(2 numbers\).*cannot join"):
        VectorIndex.open(index.folder, engine, dimension)
    assert names(index.search(QUERY, 1)) == [("a", 1)]


def test_an_index_of_another_engine_that_takes_the_place_is_noticed(index: VectorIndex) -> None:
    other = VectorIndex.open(index.folder, "e@2", 2)
    other.add("a", np.array([1]), row(1, 0))
    with pytest.raises(StorageError, match="cannot join"):
        index.search(QUERY, 1)
    with pytest.raises(StorageError, match="cannot join"):
        index.add("b", np.array([1]), row(1, 0))


def test_a_source_is_replaced_and_removed(index: VectorIndex) -> None:
    index.add("a", np.array([1, 2]), np.repeat(row(1, 0), 2, axis=0))
    index.add("b", np.array([5]), row(0.8, 0.6))
    index.add("a", np.array([3]), row(0, 1))
    assert names(index.search(QUERY, 9)) == [("b", 5), ("a", 3)]
    index.remove("b", "nobody")
    assert names(index.search(QUERY, 9)) == [("a", 3)]
    assert index.sources() == {"a"}
    index.remove("a")
    assert (index.search(QUERY, 9), index.sources(), len(index)) == ([], set(), 0)
    assert list(index.folder.glob("block-*")) == []


def test_a_source_that_comes_twice_in_a_batch_keeps_the_last_rows(index: VectorIndex) -> None:
    index.add_many([("a", np.array([1]), row(1, 0)), ("b", np.array([2]), row(1, 0)), ("a", np.array([3]), row(1, 0))])
    assert names(index.search(QUERY, 9)) == [("a", 3), ("b", 2)]


def test_many_changes_leave_what_brute_force_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 120)
    rng = np.random.default_rng(4)
    index = VectorIndex.open(tmp_path, "e@1", 4)
    rows: dict[str, tuple[list[int], FloatArray]] = {}
    for _ in range(150):
        source = f"s{rng.integers(25)}"
        if rng.random() < 0.25:
            rows.pop(source, None)
            index.remove(source)
        else:
            n = int(rng.integers(30))
            rows[source] = list(range(n)), unit(rng, n, 4)
            index.add(source, np.arange(n), rows[source][1])
        assert index.sources() == set(rows)
        query = unit(rng, 1, 4)[0]
        same(index.search(query, 20), brute_force(rows, query, 20))
    reopened = VectorIndex.open(tmp_path, "e@1", 4)
    assert reopened.search(query, 20) == index.search(query, 20)
    entries = index.snapshot().manifest.blocks
    assert all(entry.n_live >= 0.75 * entry.n_rows for entry in entries)
    assert {path.name.split(".")[0] for path in tmp_path.glob("block-*")} == {entry.name for entry in entries if entry.n_rows}


def test_blocks_stay_few(tmp_path: Path) -> None:
    index = VectorIndex.open(tmp_path, "e@1", 2)
    for number in range(100):
        index.add(str(number), np.arange(3), np.repeat(row(1, 0), 3, axis=0))
    assert len(index.snapshot().blocks) <= 8
    assert len(index) == 300


def test_order_of_adding_does_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    rows = [(f"s{n}", np.arange(50), unit(rng, 50, 16)) for n in range(6)]
    query = unit(rng, 1, 16)[0]
    found = []
    for number, order in enumerate((rows, rows[::-1])):
        index = VectorIndex.open(tmp_path / str(number), "e@1", 16)
        for entry in order:
            index.add(*entry)
        found.append(index.search(query, 100))
    batch = VectorIndex.open(tmp_path / "batch", "e@1", 16)
    batch.add_many(rows)
    assert found[0] == found[1] == batch.search(query, 100)


def test_two_readers_see_what_a_writer_does(tmp_path: Path) -> None:
    writer, *readers = (VectorIndex.open(tmp_path, "e@1", 2) for _ in range(3))
    for number in range(5):
        writer.add("a", np.array([number]), row(1, 0))
        assert [names(reader.search(QUERY, 9)) for reader in readers] == [[("a", number)]] * 2


def test_a_reader_between_manifest_and_blocks_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = VectorIndex.open(tmp_path, "e@1", 2), VectorIndex.open(tmp_path, "e@1", 2)
    writer.add("a", np.array([1]), row(1, 0))
    map_blocks = VectorIndex._map

    def late(self: VectorIndex, *arguments: Any) -> Any:
        if self is reader and writer.sources() == {"a"}:
            writer.add_many([("a", np.array([2]), row(1, 0)), ("b", np.array([3]), row(1, 0))])
        return map_blocks(self, *arguments)

    monkeypatch.setattr(VectorIndex, "_map", late)
    assert names(reader.search(QUERY, 9)) == [("a", 2), ("b", 3)]


def test_a_search_goes_on_with_the_blocks_that_it_began_with(index: VectorIndex) -> None:
    index.add("a", np.array([1]), row(1, 0))
    before = index.snapshot()
    index.remove("a")
    assert before.blocks[0].keys.tolist() == [1]


def test_a_folder_that_was_deleted_is_an_empty_index(index: VectorIndex) -> None:
    index.add("a", np.array([1]), row(1, 0))
    for path in index.folder.iterdir():
        path.unlink()
    index.folder.rmdir()
    assert index.search(QUERY, 1) == []
    index.add("b", np.array([2]), row(1, 0))
    assert names(index.search(QUERY, 9)) == [("b", 2)]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "a bit of the vectors flipped": lambda folder: flip(next(folder.glob("*.vectors.npy"))),
    "a bit of the keys flipped": lambda folder: flip(next(folder.glob("*.keys.npy"))),
    "vectors cut off": lambda folder: next(folder.glob("*.vectors.npy")).write_bytes(b"\x93NUMPY"),
    "keys empty": lambda folder: next(folder.glob("*.keys.npy")).write_bytes(b""),
    "a block missing": lambda folder: next(folder.glob("*.vectors.npy")).unlink(),
    "manifest empty": lambda folder: (folder / "manifest.json").write_bytes(b""),
    "manifest no text": lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe\x00"),
    "manifest of something else": lambda folder: (folder / "manifest.json").write_text("[1, 2]"),
    "manifest without blocks": lambda folder: (folder / "manifest.json").write_text('{"format": 1}'),
    "manifest of a newer version": lambda folder: (folder / "manifest.json").write_text('{"format": 99}'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_said_with_the_remedy(index: VectorIndex, damage: str) -> None:
    index.add("a", np.arange(9), np.repeat(row(1, 0), 9, axis=0))
    DAMAGES[damage](index.folder)
    with pytest.raises(StorageError, match=r"index is damaged: .*Delete this folder"):
        VectorIndex.open(index.folder, "e@1", 2)


def test_rows_that_a_block_does_not_have_are_damage(index: VectorIndex) -> None:
    index.add("a", np.arange(9), np.repeat(row(1, 0), 9, axis=0))
    path = index.folder / "manifest.json"
    values = json.loads(path.read_text())
    values["blocks"][0]["segments"][0][3] = 10
    path.write_text(json.dumps(values))
    with pytest.raises(StorageError, match="Delete this folder"):
        VectorIndex.open(index.folder, "e@1", 2)


def test_a_full_disk_leaves_the_index_as_it_was(index: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add("a", np.array([1]), row(1, 0))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StorageError, match=r"No space left on device.*Free some space"):
            index.add("b", np.array([2]), row(1, 0))
    assert names(index.search(QUERY, 9)) == [("a", 1)]
    index.add("c", np.array([3]), row(1, 0))
    assert names(VectorIndex.open(index.folder, "e@1", 2).search(QUERY, 9)) == [("a", 1), ("c", 3)]


def test_writers_take_turns(tmp_path: Path) -> None:
    def write(name: str) -> None:
        index = VectorIndex.open(tmp_path, "e@1", 2)
        for number in range(10):
            index.add(f"{name}{number}", np.array([number]), row(1, 0))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert VectorIndex.open(tmp_path, "e@1", 2).sources() == {f"{name}{number}" for name in "abc" for number in range(10)}


def test_a_writer_killed_at_any_moment_leaves_a_whole_index(tmp_path: Path) -> None:
    """Whatever source is there is there with all rows of one generation, and what was written before is still found."""
    moments = random.Random(11)
    reader = VectorIndex.open(tmp_path, ENGINE, DIMENSION)
    versions = []
    for seed in range(20):
        command = [sys.executable, "-m", "tests.unit.write_index", str(tmp_path), str(seed)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            try:
                writer.stdout.readline()
                time.sleep(moments.uniform(0.0, 0.06))
                check_whole(reader)  # while it writes
            finally:
                writer.kill()
        check_whole(VectorIndex.open(tmp_path, ENGINE, DIMENSION))
        versions.append(reader.snapshot().manifest.version)
    assert versions == sorted(versions)
    assert versions[-1] > 0  # how much was written is a matter of the machine


def check_whole(index: VectorIndex) -> None:
    query = np.ones(DIMENSION, np.float32) / np.float32(np.sqrt(DIMENSION))
    hits = index.search(query, 10_000)
    keys: dict[str, set[int]] = {}
    for hit in hits:
        keys.setdefault(hit.source, set()).add(hit.key)
    scores = {hit.key: hit.score for hit in hits}
    for source, found in keys.items():
        generation = min(found) % 1_000_000 // 1_000
        wanted, vectors = rows_of(int(source), generation)
        assert found == set(wanted.tolist())
        products = (vectors.astype(np.float64) @ query.astype(np.float64)).tolist()
        assert [scores[key] for key in wanted.tolist()] == pytest.approx(products, abs=1e-9)
    assert keys.keys() <= {str(source) for source in range(SOURCES)}


def test_the_benchmark_measures_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "results.md"
    document.write_text("# Results\n\n<!-- search: begin -->\nold\n<!-- search: end -->\n\nEnd.\n")
    arguments = ["--tracks", "450", "--dimension", "8", "--queries", "3", "--json", str(tmp_path / "results.json")]
    assert benchmark.main([*arguments, "--document", str(document)]) == 0
    assert "450 tracks, 8 numbers each, 3 queries" in capsys.readouterr().out
    text = document.read_text()
    assert "| exact, every second video | " in text
    assert "old" not in text
    assert text.endswith("End.\n")
    values = json.loads((tmp_path / "results.json").read_text())
    exact = values["results"][0]
    assert exact["p50_ms"] <= exact["p95_ms"] <= exact["p99_ms"]
    assert exact["size_mb"] > 450 * (8 * 2 + 8) / 1e6


def test_recall_is_the_share_of_what_was_wanted() -> None:
    wanted = [[("a", 1), ("a", 2)], [("b", 1), ("b", 2)]]
    assert benchmark.recall(wanted, [[("a", 2), ("c", 1)], [("b", 2), ("b", 1)]]) == 0.75


def test_made_up_faces_are_as_near_as_is_said() -> None:
    task = benchmark.Task(Path("unused"), 2000, 128, 500)
    vectors = np.concatenate([vectors for _, _, vectors in benchmark.tracks_of(task)])
    assert vectors.shape == (2000, 128)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    nearest = (benchmark.queries_of(task) @ vectors.T).max(axis=1)
    assert nearest.mean() == pytest.approx(0.8**2, abs=0.12)
