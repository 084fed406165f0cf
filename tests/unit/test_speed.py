"""The arithmetic and the tables of the measurement of speed, and a run of it that is as short as can be."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from evaluation import speed
from evaluation.material.speed_film import RATE, Size, fit, real_clips, speed_film
from evaluation.reports.documents import put_between
from evaluation.speed import Run, Speed, as_markdown, embed_share, ratio, summarise
from evaluation.speed_recipes import RECIPES, Clock, Part, parts_of, peak_mb
from src.errors import ConfigError
from src.progress import Silent
from src.video import open_stream
from src.workspace import Workspace
from tests.videos import number_of, numbered, write_video

RUN = Run(30.0, 12.0, 2.0, 300.0, {"detect": 5.0, "embed": 4.0}, {"samples": 30, "faces": 40, "embedded": 20})
TINY = Size("tiny", 96, 64)


def row(recipe: str, seconds: float, rate: float = 1.0, film: str = "720p") -> Speed:
    return Speed(film, rate, recipe, 60.0, seconds, {"detect": seconds}, 1.0, 300.0, {"samples": 60.0})


class TestSummary:
    def test_everything_is_for_a_minute_of_film(self) -> None:
        found = summarise("720p", 1.0, "sface", [RUN])
        assert found.s_per_minute == 24.0
        assert found.stages == {"detect": 10.0, "embed": 8.0}
        assert found.counts == {"samples": 60, "faces": 80, "embedded": 40}
        assert (found.startup_s, found.peak_mb, found.watched_s) == (2.0, 300.0, 30.0)

    def test_medians_are_of_each_number_alone(self) -> None:
        runs = [
            replace(RUN, work_s=work_s, peak_mb=peak, stages={"detect": detect})
            for work_s, peak, detect in [(10.0, 100.0, 3.0), (50.0, 300.0, 1.0), (20.0, 200.0, 2.0)]
        ]
        found = summarise("720p", 1.0, "sface", runs)
        assert (found.s_per_minute, found.peak_mb, found.stages) == (40.0, 200.0, {"detect": 4.0})

    def test_a_part_that_one_run_did_not_have_took_it_no_time(self) -> None:
        runs = [RUN, replace(RUN, stages={"detect": 5.0})]
        assert summarise("720p", 1.0, "sface", runs).stages == {"detect": 10.0, "embed": 4.0}

    def test_share_of_faces_that_are_embedded(self) -> None:
        assert embed_share([]) == 1.0
        assert embed_share([RUN]) == 0.5
        assert embed_share([replace(RUN, counts={"faces": 0})]) == 1.0
        assert embed_share([replace(RUN, counts={"faces": 2, "embedded": 3})]) == 1.0


class TestRatios:
    def test_of_the_same_film_and_rate(self) -> None:
        rows = [row("original", 30.0), row("sface", 2.0), row("original", 99.0, 5.0), row("original", 77.0, film="1080p")]
        assert ratio(rows, "720p", 1.0, "original", "sface") == 15.0

    def test_none_where_one_was_not_measured(self) -> None:
        rows = [row("sface", 2.0), replace(row("original", 30.0), error="no TensorFlow")]
        assert ratio(rows, "720p", 1.0, "original", "sface") is None
        assert ratio(rows, "720p", 5.0, "original", "sface") is None


class TestTable:
    def test_lines_and_ratios(self) -> None:
        text = as_markdown([row("sface", 2.0), row("original", 30.0), row("floor", 1.6)], 3, 60.0)
        assert "medians of 3 runs" in text
        assert "| 720p | 1 | ours, `sface` | 2.00 | detect 2.00 | 1.0 | 300 | 60 | 0 | 0 |" in text
        assert "| 720p | 1 | the original / `sface` | 15.0 | ≥ 12 |" in text
        assert "| 720p | 1 | `sface` / decoding + networks | 1.2 | ≤ 1.5 |" in text
        assert "/ `facenet`" not in text
        assert "*" not in text

    def test_what_was_scaled_is_said(self) -> None:
        text = as_markdown([replace(row("original", 30.0), watched_s=10.0), row("sface", 2.0)], 1, 60.0)
        assert "one run" in text
        assert "Slow recipes (*) saw parts spread over all of it, 10 s at 1 a second, scaled to a minute." in text
        assert "| the original's recipe * | 30.00 |" in text
        assert "| ours, `sface` | 2.00 |" in text

    def test_what_could_not_be_measured_is_said(self) -> None:
        text = as_markdown([Speed("720p", 1.0, "dlib", error="dlib is missing")], 1, 60.0)
        assert "| face_recognition's recipe | not measured | dlib is missing | | | | | |" in text

    def test_the_document_has_a_place_for_it(self) -> None:
        readme = Path(speed.__file__).with_name("README.md").read_text("utf-8")
        assert "new text" in put_between(readme, "speed", "new text")


class TestParts:
    def test_all_of_a_film_is_one(self) -> None:
        assert parts_of(60.0, 60.0, 1.0) == [Part(0.0, 60.0)]
        assert parts_of(60.0, 99.0, 5.0) == [Part(0.0, 60.0)]

    @pytest.mark.parametrize("rate", [1.0, 5.0])
    @pytest.mark.parametrize("watched_s", [2.0, 7.0, 20.0, 59.0])
    def test_they_last_as_long_as_asked_and_lie_inside(self, watched_s: float, rate: float) -> None:
        parts = parts_of(60.0, watched_s, rate)
        assert sum(part.end_s - part.start_s for part in parts) == pytest.approx(watched_s)
        edges = [edge for part in parts for edge in (part.start_s, part.end_s)]
        assert edges == sorted(edges)
        assert edges[-1] <= 60.0

    @pytest.mark.parametrize("rate", [1.0, 5.0])
    def test_samples_are_as_many_as_the_length_says(self, rate: float) -> None:
        for watched_s in (3.0, 8.0, 12.0, 31.0):
            parts = parts_of(180.0, watched_s, rate)
            frames = [frame for part in parts for frame in range(round(part.start_s * RATE), round(part.end_s * RATE))]
            assert sum(frame % round(RATE / rate) == 0 for frame in frames) == round(watched_s * rate)

    def test_there_is_one_in_each_stretch_of_the_film(self) -> None:
        parts = parts_of(180.0, 12.0, 5.0)
        assert [int(part.start_s // 6) for part in parts] == list(range(30))

    def test_what_comes_again_is_not_met_at_the_same_place(self) -> None:
        """In a film of pieces of 6 s every second of a piece is met about as often."""
        starts = [part.start_s % 6 for part in parts_of(180.0, 30.0, 1.0)]
        assert {starts.count(second) for second in range(6)} <= {4, 5, 6}

    def test_less_than_a_sample_is_one(self) -> None:
        assert parts_of(60.0, 0.1, 1.0) == [Part(0.0, 1.0)]


class TestFilm:
    def test_pieces_of_clips_take_turns_and_begin_anew(self, tmp_path: Path) -> None:
        clips = [
            write_video(tmp_path / "a.mp4", numbered(10 * RATE), options={"crf": "10"}),
            write_video(tmp_path / "b.mp4", numbered(60, first=500), rate=30, options={"crf": "10"}),
        ]
        film = speed_film(tmp_path / "work", clips, TINY, 0.35, Silent())
        with open_stream(str(film)) as stream:
            shown = [number_of(frame.rgb()) for frame in stream.frames()]
        assert len(shown) == round(0.35 * 60 * RATE)
        assert shown[:149] == list(range(149))
        # The second clip is 2 s long at another frame rate; then the rest of the first, the second again, and from the start.
        second = shown.index(500)
        assert second in (149, 150)
        assert 548 <= shown[second + 47] <= 559
        third = next(place for place in range(second, len(shown)) if shown[place] < 500)
        assert shown[third] == 150
        assert shown.count(0) == 2

    def test_what_was_made_stays(self, tmp_path: Path) -> None:
        clip = write_video(tmp_path / "a.mp4", numbered(50))
        film = speed_film(tmp_path, [clip], TINY, 0.02, Silent())
        made = film.stat().st_mtime_ns
        assert speed_film(tmp_path, [], TINY, 0.02, Silent()).stat().st_mtime_ns == made
        with av.open(str(film)) as container:
            assert container.streams.video[0].frames == 30

    def test_pictures_fit(self) -> None:
        white = np.full((30, 10, 3), 255, np.uint8)
        fitted = fit(white, Size("s", 80, 60))
        assert fitted.shape == (60, 80, 3)
        assert (fitted[:, 30:50] == 255).all()
        assert not fitted[:, :30].any()
        assert not fitted[:, 50:].any()

    def test_filmed_clips_go_first(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="holds no video"):
            real_clips(tmp_path)
        (tmp_path / "composed_a.mp4").touch()
        assert [path.name for path in real_clips(tmp_path)] == ["composed_a.mp4"]
        (tmp_path / "b.mp4").touch()
        assert [path.name for path in real_clips(tmp_path)] == ["b.mp4"]


def test_every_recipe_has_a_label_and_every_target_its_recipes() -> None:
    assert set(speed.LABELS) == set(RECIPES)
    assert {name for target in speed.TARGETS for name in (target.slow, target.fast)} <= set(RECIPES)
    assert set(speed.SLOW) <= set(RECIPES)


def test_clock_adds_up() -> None:
    clock = Clock()
    for _ in range(3):
        with clock.stage("a"):
            sum(range(1000))
    with pytest.raises(ValueError, match="x"), clock.stage("b"):
        raise ValueError("x")
    assert set(clock.seconds) == {"a", "b"}
    assert all(seconds > 0 for seconds in clock.seconds.values())


def test_peak_memory_counts_what_was_held() -> None:
    before = peak_mb()
    held = np.ones(40_000_000, np.uint8)
    assert held.sum() == 40_000_000
    assert peak_mb() >= before
    assert peak_mb() > 40


def test_a_recipe_that_cannot_run_says_why(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("engine: 5\nno_such_setting: 1\n")
    with pytest.raises(ConfigError, match="no_such_setting"):
        speed.run_recipe("decoding", tmp_path / "film.mp4", 1.0, 1.0, 1.0, 1.0, config)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["sface", "following", "decoding", "floor"])
def test_each_recipe_runs(name: str, workspace: Workspace, tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mp4", numbered(75, size=(160, 96)))
    config = tmp_path / "config.yaml"
    config.write_text(f"weights_dir: {workspace.settings.weights_dir}\n")
    run = speed.run_recipe(name, film, 5.0, 3.0, 3.0, 1.0, config)
    assert run.work_s > 0
    assert run.startup_s > 0
    n_samples = run.counts.get("samples", 0)
    assert n_samples >= 15 if name == "following" else n_samples == (0 if name == "decoding" else 15)
    assert set(run.stages) >= ({"decode"} if name in ("decoding", "floor") else {"detect"})


def test_help_is_at_hand() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "evaluation.speed", "--help"], capture_output=True, text=True, env=os.environ, check=True
    )
    assert "--slow_s" in found.stdout
