"""Dense samples of a drawn film, most of which are searched near known faces only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src import tracker
from src.engines.fake import FakeDetector, colour_of
from src.records import Analysis
from src.schema import Detections, RgbImage
from src.tracker import analyser, reading
from src.videos import iter_tracks
from src.workspace import Workspace
from tests.stages.test_tracker import content, with_tracker
from tests.videos import write_video

SIZE, SIDE = (640, 360), 60
N_FRAMES = 75


def draw() -> Iterator[RgbImage]:
    """Draw 3 seconds: one walks, one stands, one comes in after 1.2 s; a cut after 2 s leaves the first alone."""
    for n in range(N_FRAMES):
        image = np.full((SIZE[1], SIZE[0], 3), 60 if n < 50 else 130, np.uint8)
        image[:, :: 40 if n < 50 else 16] = 150
        places = [(100 + 4 * n, 60), (450, 250), (120, 260)] if 30 <= n < 50 else [(100 + 4 * n, 60), (450, 250)]
        for person, (x, y) in enumerate(places if n < 50 else places[:1]):
            image[y : y + SIDE, x : x + SIDE] = colour_of(2 * person)
        yield image


@pytest.fixture(scope="module")
def large_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("attention") / "large.mp4", draw(), options={"crf": "12"})


@pytest.fixture
def n_whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many whole pictures were looked at, in each call."""
    detect, counts = FakeDetector.detect, []

    def counting(self: FakeDetector, images: Sequence[RgbImage]) -> list[Detections]:
        counts.append(sum(image.shape[:2] == SIZE[::-1] for image in images))
        return detect(self, images)

    monkeypatch.setattr(FakeDetector, "detect", counting)
    return counts


def run(workspace: Workspace, project: str, film: Path, **options: Any) -> Analysis:
    return tracker.run(workspace, str(film), project, video_speedup=5, **options).analysis


def test_the_same_tracks_are_found_with_fewer_whole_pictures(
    workspace: Workspace, project: str, large_film: Path, n_whole: list[int]
) -> None:
    near = run(workspace, project, large_film)
    assert near.tracker["detect_period_s"] == 1
    # The first of each second and after the cut, and when somebody comes in, one seen in 15 samples.
    assert sum(n_whole) == 3 + 1
    with_tracker(workspace, detect_period_s=0.0)
    n_whole.clear()
    all_of_it = run(workspace, project, large_film)
    assert sum(n_whole) == 15
    assert "detect_period_s" not in all_of_it.tracker
    assert near.analysis_id != all_of_it.analysis_id
    assert near.counts == all_of_it.counts
    tracks, others = (list(iter_tracks(workspace.store, analysis)) for analysis in (near, all_of_it))
    assert len(tracks) == len(others) == 4
    for (track, samples), (other, expected) in zip(tracks, others, strict=True):
        assert (track.track_id, track.shot) == (other.track_id, other.shot)
        assert samples.frame_index.tolist() == expected.frame_index.tolist()
        np.testing.assert_allclose(samples.boxes_xywh, expected.boxes_xywh, atol=3)


def test_it_does_not_matter_how_samples_are_put_together(
    workspace: Workspace, project: str, large_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for size in (4, 1, 3, 100):
        monkeypatch.setattr(reading, "_BATCH_FRAMES", size)
        found.append(content(workspace.store, run(workspace, project, large_film, no_cache=True)))
    assert found[1:] == found[:1] * 3


@pytest.mark.parametrize("dies_at", [1, 6, 9, 13])
@pytest.mark.parametrize("track_fps", [None, 25.0])
def test_it_goes_on_after_an_interruption_to_the_same_result(
    track_fps: float | None,
    dies_at: int,
    workspace: Workspace,
    project: str,
    large_film: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 3)
    take, taken = analyser.Analyser._take, []

    def dying(self: analyser.Analyser, *sample: Any) -> None:
        if len(taken) == dies_at:
            raise KeyboardInterrupt
        taken.append(sample)
        take(self, *sample)

    with monkeypatch.context() as patch:
        patch.setattr(analyser.Analyser, "_take", dying)
        with pytest.raises(KeyboardInterrupt):
            run(workspace, project, large_film, track_fps=track_fps)
    resumed = content(workspace.store, run(workspace, project, large_film, track_fps=track_fps))
    assert resumed == content(workspace.store, run(workspace, project, large_film, track_fps=track_fps, no_cache=True))


def test_of_a_crowd_the_best_faces_are_followed_in_every_sample(
    workspace: Workspace, project: str, large_film: Path, n_whole: list[int]
) -> None:
    crowd = run(workspace, project, large_film, max_faces=1)
    # After the cut one face is left, which is no crowd any more.
    assert sum(n_whole) == 10 + 1
    assert (crowd.counts["n_faces"], crowd.counts["n_faces_dropped"]) == (15, 10 + 4)


def test_periods_below_the_sampling_change_nothing(workspace: Workspace, project: str, large_film: Path) -> None:
    with_tracker(workspace, detect_period_s=0.2)
    assert "detect_period_s" not in run(workspace, project, large_film).tracker
