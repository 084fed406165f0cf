"""The graph above the exact index; needs the optional package usearch, but for what is said where it is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from src.errors import ConfigError, StorageError
from src.schema import FloatArray
from src.search import VectorIndex, approximate
from src.search.approximate import ApproximateIndex, discard

ROWS, DIMENSION, EACH = 3000, 16, 50


def unit(rng: np.random.Generator, n: int) -> FloatArray:
    vectors = rng.standard_normal((n, DIMENSION), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def exact(tmp_path: Path) -> VectorIndex:
    """3000 rows of 60 sources."""
    index = VectorIndex.open(tmp_path, "e@1", DIMENSION)
    vectors = unit(np.random.default_rng(1), ROWS)
    index.add_many((f"s{n}", np.arange(EACH), vectors[n * EACH : (n + 1) * EACH]) for n in range(ROWS // EACH))
    return index


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let graphs pay from a handful of rows."""
    pytest.importorskip("usearch", reason="needs: pip install -r requirements-search.txt")
    monkeypatch.setattr(approximate, "EXACT_ROWS", 20)
    monkeypatch.setattr(approximate, "_STALE_ROWS", 60)
    yield


@pytest.fixture
def queries() -> FloatArray:
    return unit(np.random.default_rng(2), 50)


def recall(found: ApproximateIndex, exact: VectorIndex, queries: FloatArray, allowed: set[str] | None = None) -> float:
    shares = []
    for query in queries:
        wanted = exact.search(query, 10, allowed)
        got = found.search(query, 10, allowed)
        assert len(got) == len(wanted)
        assert got == sorted(got, key=lambda hit: (-hit.score, hit.source, hit.key))
        shares.append(len(set(got) & set(wanted)) / 10)
    return float(np.mean(shares))


def test_a_missing_package_is_said(exact: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(ConfigError, match=r"needs the package usearch.*pip install -r requirements-search\.txt"):
        ApproximateIndex.open(exact)


def test_finds_nearly_all_with_exact_scores(small: None, exact: VectorIndex, queries: FloatArray) -> None:
    graph = ApproximateIndex.open(exact)
    assert graph.update()
    assert len(graph) == ROWS
    assert recall(graph, exact, queries) >= 0.95
    # Hits are equal, scores and all, so that the intersection above is of whole hits.
    assert graph.search(queries[0], 10)[0] == exact.search(queries[0], 10)[0]


def test_the_graph_is_kept_and_not_built_again(small: None, exact: VectorIndex, queries: FloatArray) -> None:
    ApproximateIndex.open(exact).update()
    files = sorted(path.name for path in exact.folder.glob("graph-*"))
    again = ApproximateIndex.open(exact)
    assert len(again) == ROWS
    assert not again.update()
    assert sorted(path.name for path in exact.folder.glob("graph-*")) == files
    assert recall(again, exact, queries) >= 0.95


def test_what_came_and_went_since_is_right_at_once(small: None, exact: VectorIndex, queries: FloatArray) -> None:
    graph = ApproximateIndex.open(exact)
    graph.update()
    first = exact.search(queries[0], 1)[0]
    exact.remove(first.source)
    assert first not in graph.search(queries[0], 10)
    exact.add("new", np.array([7]), queries[:1])
    assert (graph.search(queries[0], 1)[0].source, graph.search(queries[0], 1)[0].key) == ("new", 7)
    assert not graph.update()  # not worth it for so few


def test_an_update_takes_in_and_leaves_out(small: None, exact: VectorIndex, queries: FloatArray) -> None:
    ApproximateIndex.open(exact).update()
    exact.remove("s0", "s1")
    exact.add("more", np.arange(200), unit(np.random.default_rng(3), 200))
    exact.add("s2", np.arange(10), unit(np.random.default_rng(4), 10))
    graph = ApproximateIndex.open(exact)
    assert graph.update()
    assert len(graph) == len(exact)
    assert recall(graph, exact, queries) >= 0.95
    assert len(list(exact.folder.glob("graph-*"))) == 1


def test_where_much_is_gone_it_is_built_anew(small: None, exact: VectorIndex, queries: FloatArray) -> None:
    ApproximateIndex.open(exact).update()
    exact.remove(*(f"s{n}" for n in range(30)))
    graph = ApproximateIndex.open(exact)
    assert graph.update()
    assert (len(graph), graph._state.n_dead) == (ROWS // 2, 0)
    assert recall(graph, exact, queries) >= 0.95


def test_only_allowed_sources_are_found(small: None, exact: VectorIndex, queries: FloatArray) -> None:
    graph = ApproximateIndex.open(exact)
    graph.update()
    allowed = {f"s{n}" for n in range(0, 60, 3)}
    assert recall(graph, exact, queries, allowed) >= 0.9
    assert {hit.source for query in queries for hit in graph.search(query, 10, allowed)} <= allowed
    assert recall(graph, exact, queries, {"s5"}) >= 0.9
    assert graph.search(queries[0], 10, set()) == []
    assert graph.search(queries[0], 0) == []


def test_a_small_index_needs_no_graph(exact: VectorIndex, queries: FloatArray) -> None:
    pytest.importorskip("usearch", reason="needs: pip install -r requirements-search.txt")
    graph = ApproximateIndex.open(exact)
    assert not graph.update()
    assert recall(graph, exact, queries) == 1.0


def test_the_graph_of_an_index_that_was_begun_again_is_not_used(small: None, exact: VectorIndex, queries: FloatArray) -> None:
    ApproximateIndex.open(exact).update()
    for path in [*exact.folder.glob("block-*"), exact.folder / "manifest.json"]:
        path.unlink()
    exact.add("a", np.arange(100), unit(np.random.default_rng(5), 100))
    graph = ApproximateIndex.open(exact)
    assert len(graph) == 0
    assert recall(graph, exact, queries) == 1.0


def test_damage_is_said_with_the_remedy(small: None, exact: VectorIndex) -> None:
    ApproximateIndex.open(exact).update()
    path = next(exact.folder.glob("graph-*"))
    whole = path.read_bytes()
    for damage in (whole[:1000], b"", b"x" * len(whole)):
        path.write_bytes(damage)
        with pytest.raises(StorageError, match="Delete this folder"):
            ApproximateIndex.open(exact)
    path.unlink()
    with pytest.raises(StorageError, match="Delete this folder"):
        ApproximateIndex.open(exact)
    (exact.folder / "approximate.json").write_text("{}")
    with pytest.raises(StorageError, match="Delete this folder"):
        ApproximateIndex.open(exact)
    discard(exact.folder)
    assert ApproximateIndex.open(exact).update()
