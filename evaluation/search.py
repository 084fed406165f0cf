"""How fast faces are searched, and what an approximate index misses: `python -m evaluation.search`.

Vectors are made up: each person has a direction of their own, each track lies around that of its person, and so does each
query. Within a person they have a cosine similarity of 0.64, as tracks have with real engines. Every phase runs in
a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from src.cli import CONTEXT, run_command
from src.disk.files import write_json
from src.errors import ConfigError
from src.schema import FloatArray
from src.search import VectorIndex
from src.search.approximate import ApproximateIndex

from .reports.documents import write_section

ENGINE = "synthetic@1"
PER_VIDEO, PER_PERSON = 200, 20
"""Tracks of a video, and of a person."""
TOP, RECALL_AT = 50, 10
_NEARNESS = 0.8
"""Cosine similarity of a track and its person's direction; that of two tracks is its square."""
_PEOPLE_SEED, _TRACKS_SEED, _QUERIES_SEED = 1, 2, 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure.

    Attributes:
        folder: Where the index lies.
        tracks, dimension, queries: How many, of which length, and how often.
    """

    folder: Path
    tracks: int
    dimension: int
    queries: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one kind of search.

    Attributes:
        search: Which.
        build_s: Seconds to build what it needs; 0 where another one's is used.
        open_s: Seconds to open it.
        size_mb: On the disk, in million bytes.
        p50_ms, p95_ms, p99_ms: Of the times that a query took.
        recall: Share of the best 10 that were found; None for exact searches.
        peak_mb: Peak resident memory of the process in million bytes, mapped files among it.
    """

    search: str
    build_s: float
    open_s: float
    size_mb: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    recall: float | None
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """All that was measured, and on what.

    Attributes:
        tracks, dimension, queries: As asked for.
        cores: That the process may use.
        machine: Its architecture.
        results: One a kind of search.
        note: Why a kind is missing; empty where none is.
    """

    tracks: int
    dimension: int
    queries: int
    cores: int
    machine: str
    results: tuple[Measured, ...]
    note: str = ""


Found = list[list[tuple[str, int]]]
"""The best few of each query."""


def run(task: Task) -> Benchmark:
    """Build an index and measure its searches."""
    build_s = _apart(_build, task)
    everything, wanted = _apart(_search_exactly, task, False)
    half, _ = _apart(_search_exactly, task, True)
    results = [_with(everything, build_s=build_s), half]
    note = ""
    try:
        graph, got = _apart(_search_graph, task)
        results.append(_with(graph, recall=recall(wanted, got)))
    except ConfigError as err:
        note = str(err)
    return Benchmark(task.tracks, task.dimension, task.queries, _cores(), platform.machine(), tuple(results), note)


def recall(wanted: Found, got: Found) -> float:
    """Return the mean share of what was wanted that was got."""
    return float(np.mean([len(set(one) & set(other)) / len(one) for one, other in zip(wanted, got, strict=True)]))


def tracks_of(task: Task) -> Iterator[tuple[str, Any, FloatArray]]:
    """Yield made-up videos: source, keys, unit vectors. People turn up in any video."""
    people = _directions(task)
    rng = np.random.default_rng(_TRACKS_SEED)
    for number, first in enumerate(range(0, task.tracks, PER_VIDEO)):
        n = min(PER_VIDEO, task.tracks - first)
        yield f"{number:06}", np.arange(n), around(people[rng.integers(len(people), size=n)], rng)


def queries_of(task: Task) -> FloatArray:
    """Return unit vectors of people who are in the index."""
    people, rng = _directions(task), np.random.default_rng(_QUERIES_SEED)
    return around(people[rng.integers(len(people), size=task.queries)], rng)


def around(directions: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return one unit vector near each of (n, d) unit vectors."""
    noise = _unit(rng.standard_normal(directions.shape, np.float32))
    return _unit(_NEARNESS * directions + np.float32(np.sqrt(1 - _NEARNESS**2)) * noise)


def _directions(task: Task) -> FloatArray:
    n_people = max(1, task.tracks // PER_PERSON)
    return _unit(np.random.default_rng(_PEOPLE_SEED).standard_normal((n_people, task.dimension), np.float32))


def _unit(vectors: FloatArray) -> FloatArray:
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _apart(work: Callable[..., T], *arguments: Any) -> T:
    """Do work in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _build(task: Task) -> float:
    index = VectorIndex.open(task.folder, ENGINE, task.dimension)
    # Making the vectors up is not part of it.
    seconds, batch = 0.0, []
    for source, keys, vectors in tracks_of(task):
        batch.append((source, keys, vectors))
        if len(batch) * PER_VIDEO >= 100_000:
            seconds += _timed(index.add_many, batch)
            batch = []
    return seconds + _timed(index.add_many, batch)


def _search_exactly(task: Task, half: bool) -> tuple[Measured, Found]:
    started = time.perf_counter()
    index = VectorIndex.open(task.folder, ENGINE, task.dimension)
    open_s = time.perf_counter() - started
    allowed = {source for source in index.sources() if int(source) % 2} if half else None
    times, found = _ask(index, task, allowed)
    label = "exact, every second video" if half else "exact"
    return _measured(label, open_s, 0.0 if half else _size(task.folder, "block-*"), times), found


def _search_graph(task: Task) -> tuple[Measured, Found]:
    exact = VectorIndex.open(task.folder, ENGINE, task.dimension)
    build_s = _timed(ApproximateIndex.open(exact).update)
    started = time.perf_counter()
    graph = ApproximateIndex.open(exact)
    open_s = time.perf_counter() - started
    times, found = _ask(graph, task, None)
    label = "usearch" if len(graph) else "usearch (too few tracks for a graph)"
    return _with(_measured(label, open_s, _size(task.folder, "graph-*"), times), build_s=build_s), found


def _ask(index: VectorIndex | ApproximateIndex, task: Task, allowed: set[str] | None) -> tuple[list[float], Found]:
    times, found = [], []
    queries = queries_of(task)
    index.search(queries[0], TOP, allowed)  # what is read from the disk for the first time
    for query in queries:
        started = time.perf_counter()
        hits = index.search(query, TOP, allowed)
        times.append((time.perf_counter() - started) * 1000)
        found.append([(hit.source, hit.key) for hit in hits[:RECALL_AT]])
    return times, found


def _timed(work: Callable[..., Any], *arguments: Any) -> float:
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def _measured(label: str, open_s: float, size_mb: float, times: Sequence[float]) -> Measured:
    p50, p95, p99 = np.percentile(times, [50, 95, 99]).tolist()
    return Measured(label, 0.0, open_s, size_mb, p50, p95, p99, None, _peak_mb())


def _with(measured: Measured, **changes: Any) -> Measured:
    return Measured(**{**asdict(measured), **changes})


def _size(folder: Path, pattern: str) -> float:
    return sum(path.stat().st_size for path in folder.glob(pattern)) / 1e6


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _peak_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


_COLUMNS = ("build s", "open s", "size MB", "p50 ms", "p95 ms", "p99 ms", f"recall@{RECALL_AT}", "peak MB")


def _cells(measured: Measured) -> tuple[str, ...]:
    return (
        f"{measured.build_s:.1f}" if measured.build_s else "-",
        f"{measured.open_s:.2f}",
        f"{measured.size_mb:.0f}" if measured.size_mb else "-",
        *(f"{value:.1f}" for value in (measured.p50_ms, measured.p95_ms, measured.p99_ms)),
        "1 (exact)" if measured.recall is None else f"{measured.recall:.4f}",
        f"{measured.peak_mb:.0f}",
    )


def _head(benchmark: Benchmark) -> str:
    return (
        f"{benchmark.tracks:,} tracks, {benchmark.dimension} numbers each, {benchmark.queries} queries for the best {TOP}, "
        f"{benchmark.cores} cores ({benchmark.machine})."
    )


def as_markdown(benchmark: Benchmark) -> str:
    """Return the table for a document."""
    lines = [_head(benchmark), "", f"| search | {' | '.join(_COLUMNS)} |", f"| --- |{' ---: |' * len(_COLUMNS)}"]
    lines += [f"| {measured.search} | {' | '.join(_cells(measured))} |" for measured in benchmark.results]
    return "\n".join([*lines, *(["", benchmark.note] if benchmark.note else [])])


def print_report(benchmark: Benchmark, console: Console) -> None:
    """Print the table."""
    console.print(_head(benchmark))
    table = Table()
    table.add_column("search", min_width=12)
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for measured in benchmark.results:
        table.add_row(measured.search, *_cells(measured))
    console.print(table)
    if benchmark.note:
        console.print(benchmark.note, soft_wrap=True)


@click.command(context_settings=CONTEXT)
@click.option("--tracks", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Vectors in the index.")
@click.option("--dimension", type=click.IntRange(min=2), default=128, show_default=True, help="Numbers of a vector.")
@click.option("--queries", type=click.IntRange(min=1), default=200, show_default=True, help="How often to search.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write everything here.")
@click.option("--document", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Put the table into this file.")
def command(tracks: int, dimension: int, queries: int, json_path: Path | None, document: Path | None) -> None:
    """Measure searches among made-up faces: build time, size, time of a query, recall, memory."""
    with tempfile.TemporaryDirectory() as folder:
        benchmark = run(Task(Path(folder) / "index", tracks, dimension, queries))
    print_report(benchmark, Console(width=None if sys.stdout.isatty() else 120))
    if json_path:
        write_json(json_path, asdict(benchmark))
    if document:
        write_section(document, "search", as_markdown(benchmark))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the status for the shell."""
    return run_command(command, argv, "evaluation.search")


if __name__ == "__main__":
    sys.exit(main())
