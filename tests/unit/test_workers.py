"""Processes that share work out."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from src.progress import Progress, Task
from src.settings import Settings
from src.tracker import workers
from src.tracker.workers import Died, Work, Workers, share_of_cores, shares_of
from tests.unit import pieces


class Notes(Progress):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.done: dict[str, float] = {}
        self.open: list[str] = []
        self.messages: list[str] = []

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "") -> Iterator[Task]:
        self.open.append(label)
        yield _Note(self, label)
        self.open.remove(label)

    def message(self, text: str) -> None:
        self.messages.append(text)


class _Note(Task):
    def __init__(self, notes: Notes, label: str) -> None:
        self._notes, self._label = notes, label
        notes.done[label] = 0

    def advance(self, amount: float = 1.0) -> None:
        self._notes.done[self._label] += amount


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_all_is_done_by_as_many_processes_and_told(settings: Settings) -> None:
    notes = Notes()
    with Workers(settings, notes, pieces.double, 2) as pool:
        results = dict(pool.run([10, 11, 12, 13, 14]))
    assert {number: doubled for number, (doubled, _) in results.items()} == {0: 20, 1: 22, 2: 24, 3: 26, 4: 28}
    assert len({pid for _, pid in results.values()}) == 2
    assert notes.done == {f"piece {n}": 2 for n in range(10, 15)}
    assert notes.open == []
    assert sorted(notes.messages) == [f"did {n}" for n in range(10, 15)]
    assert not any(is_alive(pid) for _, pid in results.values())


def test_a_process_that_dies_costs_its_piece_only(settings: Settings) -> None:
    notes = Notes()
    with Workers(settings, notes, pieces.die_of_two, 2) as pool:
        results = dict(pool.run([1, 2, 3, 4]))
    died = results.pop(1)
    assert isinstance(died, Died)
    assert "SIGKILL" in died.why
    assert "memory" in died.why
    assert results == {0: 1, 2: 3, 3: 4}
    assert notes.open == []


def test_pieces_beyond_reach_wait_until_they_are_allowed(settings: Settings) -> None:
    with Workers(settings, Notes(), pieces.double, 2) as pool:
        pool.begin([10, 11, 12, 13, 14], reach=3)
        done: dict[int, tuple[int, int]] = {}
        while len(done) < 3:
            done.update(pool.hear())
        assert sorted(done) == [0, 1, 2]
        assert pool.hear(0.2) == []
        pool.allow(4)
        while len(done) < 4:
            done.update(pool.hear())
        assert sorted(done) == [0, 1, 2, 3]
        assert pool.hear(0.2) == []
    # Those that still waited for work have ended too.
    assert not any(is_alive(pid) for _, pid in done.values())


def test_there_are_no_more_processes_than_pieces(settings: Settings) -> None:
    with Workers(settings, Notes(), pieces.double, 8) as pool:
        assert [number for number, _ in pool.run([1])] == [0]
    with Workers(settings, Notes(), pieces.double, 8) as pool:
        assert list(pool.run([])) == []


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not say which cores a process may use")
def test_cores_are_shared_out(settings: Settings) -> None:
    before = os.sched_getaffinity(0)
    with Workers(settings, Notes(), pieces.room, len(before)) as pool:
        # The last of them may have been given the cores of one that had finished.
        found = [room for _, room in pool.run(list(range(2 * len(before))))]
    assert (1, 1) in found
    assert all(threads == 1 for _, threads in found)
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("work", [pieces.wait_for_file, pieces.fail_when_stopped])
def test_what_is_stopped_ends(work: Work, settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    pool = Workers(settings, Notes(), work, 2)
    # Interrupted as by Ctrl-C, as soon as both are at work.
    interrupting = Thread(target=interrupt_when, args=(files,))
    interrupting.start()
    with pytest.raises(KeyboardInterrupt), pool:
        list(pool.run([str(path) for path in files]))
    interrupting.join()
    assert not any(is_alive(int(path.read_text())) for path in files)
    assert capfd.readouterr() == ("", "")


def interrupt_when(files: list[Path]) -> None:
    deadline = time.monotonic() + 60
    while not all(path.exists() for path in files) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("cores", "n", "shares"),
    [
        ([0, 1], 1, [[0, 1]]),
        ([0, 1], 2, [[0], [1]]),
        ([2, 5, 7], 2, [[2], [5, 7]]),
        ([0, 1, 2, 3, 4], 3, [[0], [1, 2], [3, 4]]),
        ([4], 3, [[4], [4], [4]]),
        ([0, 1], 3, [[0], [0], [1]]),
    ],
)
def test_shares(cores: list[int], n: int, shares: list[list[int]]) -> None:
    assert shares_of(cores, n) == shares


@pytest.mark.parametrize(
    ("cores", "gigabytes", "n_pieces", "asked", "wanted"),
    [
        (2, 8, 10, 0, 1),
        (8, 64, 10, 0, 4),
        (64, 128, 10, 0, 10),
        (64, 16, 100, 0, 8),  # memory is short
        (1, 1, 10, 0, 1),
        (2, 8, 10, 5, 5),  # whoever asks for more gets it
        (8, 64, 0, 0, 1),
        (8, 64, 2, 9, 2),
    ],
)
def test_how_many_are_of_use(
    cores: int, gigabytes: int, n_pieces: int, asked: int, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "usable_cores", lambda: list(range(cores)))
    monkeypatch.setattr(workers, "_memory_bytes", lambda: gigabytes * 1_000_000_000)
    assert share_of_cores(n_pieces, asked) == wanted
