"""The arithmetic and the table of what several processes bring, and a run of it that is as short as can be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation import segments_speed
from evaluation.reports.documents import put_between
from evaluation.segments_speed import Way, as_markdown, measure, summarise, ways
from src.workspace import Workspace

ONE, CUT, IN_TURN, POOL = ways(2)


def test_each_way_is_compared_with_its_own_kind() -> None:
    assert [way.than for way in ways(2)] == ["", ONE.label, "", IN_TURN.label]
    assert [(way.segments, way.jobs, way.is_many) for way in ways(5)] == [
        (1, 1, False),
        (5, 1, False),
        (1, 1, True),
        (1, 5, True),
    ]


def test_medians_are_for_a_minute_of_film_and_ratios_of_seconds() -> None:
    runs = {
        ONE.label: [(100.0, 10.0), (300.0, 90.0), (200.0, 20.0)],
        CUT.label: [(50.0, 16.0)],
        IN_TURN.label: [(1.0, 80.0)],
        POOL.label: [(1.0, 40.0), (1.0, 60.0)],
    }
    rows = summarise("720p", 1.0, ways(2), runs, 30.0, 4)
    assert [(row.label, row.s_per_minute, row.peak_mb, row.ratio) for row in rows] == [
        (ONE.label, 40.0, 200.0, None),
        (CUT.label, 32.0, 50.0, 1.25),
        (IN_TURN.label, 40.0, 1.0, None),
        (POOL.label, 25.0, 1.0, 1.6),
    ]


def test_ways_take_turns_and_only_a_pool_gets_all_films(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int, float]] = []

    def noting(_: Workspace, way: Way, films: Sequence[Path], rate: float, config: Path | None) -> tuple[float, float]:
        calls.append((way.label, len(films), rate))
        return 100.0, 6.0

    monkeypatch.setattr(segments_speed, "run_way", noting)
    films = {"720p": [Path("a.mp4"), Path("b.mp4"), Path("c.mp4")]}
    rows = list(measure(workspace, films, (1.0, 5.0), 2, 2, 60.0))
    order = [(ONE.label, 1), (CUT.label, 1), (IN_TURN.label, 3), (POOL.label, 3)]
    assert calls == [(*each, rate) for rate in (1.0, 5.0) for _ in range(2) for each in order]
    assert [row.s_per_minute for row in rows] == [6.0, 6.0, 2.0, 2.0] * 2
    table = as_markdown(rows, 2, 60.0, 3)
    assert "| 720p | 5 | one film, 2 segments at a time | 6.00 | 1.00 | 100 |" in table
    assert "3 of them where there are several, medians of 2 runs" in table


def test_the_document_has_a_place_for_it() -> None:
    document = (Path(__file__).parents[2] / "evaluation" / "README.md").read_text("utf-8")
    assert "a table" in put_between(document, "segments-speed", "a table")


def test_what_is_run_is_the_stage_into_an_empty_folder(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Sequence[str], str]] = []

    def noting(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
        assert list(Path(environment["FACEREC_DATA_DIR"]).iterdir()) == []
        seen.append((command, environment["FACEREC_WEIGHTS_DIR"]))
        return 1.0, 1.0

    monkeypatch.setattr(segments_speed, "peak_of", noting)
    segments_speed.run_way(workspace, CUT, [Path("/film.mp4")], 5.0, None)
    ((command, weights),) = seen
    assert list(command[1:5]) == ["-m", "src", "track", "--project"]
    assert list(command[6:]) == ["--sample_period", "0.2", "--segments", "2", "--jobs", "1", "--video", "/film.mp4"]
    assert weights == str(workspace.settings.weights_dir.absolute())
