"""The tracker on videos that are not as they should be, from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import pytest
from PIL import Image

from src import tracker
from src.errors import MediaError
from src.progress import Silent
from src.records import Analysis, Shot, Status, Video
from src.schema import RgbImage
from src.tracker.commandline import _print
from src.video import source
from src.videos import iter_tracks
from src.workspace import Workspace
from tests.stages.conftest import FACE, DrawnShot, draw
from tests.videos import damage, with_grain, write_video


def still(n: int, person: int = 0) -> Iterator[RgbImage]:
    """Draw one face that stands in the middle."""
    return draw([DrawnShot(n, {person: (96, 96, 64)})])


def times_of(workspace: Workspace, analysis: Analysis) -> list[float]:
    return sorted(npt for _, samples in iter_tracks(workspace.store, analysis) for npt in samples.npt.tolist())


@pytest.mark.parametrize("track_fps", [None, 25.0])
def test_the_size_changes_midway(workspace: Workspace, project: str, tmp_path: Path, track_fps: float | None) -> None:
    """Two recordings one behind the other: faces are found in both, boxes are in pixels of the first size."""
    first = write_video(tmp_path / "1.ts", still(50))
    larger = (cv2.resize(picture, (384, 256)) for picture in still(50))
    second = write_video(tmp_path / "2.ts", larger)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    analysis = tracker.run(workspace, str(joined), project, video_speedup=5, track_fps=track_fps).analysis
    assert analysis.status is Status.COMPLETE
    assert (analysis.counts["n_frames"], analysis.counts["n_faces"]) == (100, 20)
    boxes = np.concatenate([samples.boxes_xywh for _, samples in iter_tracks(workspace.store, analysis)])
    np.testing.assert_allclose(boxes, np.tile([96 - FACE / 2, 64 - FACE / 2, FACE, FACE], (len(boxes), 1)), atol=4)
    times = times_of(workspace, analysis)
    assert all(before < after for before, after in pairwise(times))


def test_a_joined_recording_is_as_long_as_it_was_seen_to_be(workspace: Workspace, project: str, tmp_path: Path) -> None:
    """Its container speaks of one of its counts of time only; exports end where the video does."""
    parts = [write_video(tmp_path / f"{start_s}.ts", still(50), start_s=start_s) for start_s in (5, 0)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    for _ in range(2):
        report = tracker.run(workspace, str(joined), project, video_speedup=5)
        video = workspace.store.get(Video, report.video.video_id)
        assert video is not None
        assert report.video.duration == video.duration == pytest.approx(4.0)
    assert times_of(workspace, report.analysis)[-1] == pytest.approx(3.8)


def test_a_file_whose_clock_does_not_begin_at_0(workspace: Workspace, project: str, tmp_path: Path) -> None:
    """Times count from the beginning; where that is by the clock of the file is kept for players."""
    film = write_video(tmp_path / "late.mkv", still(50), start_s=5)
    report = tracker.run(workspace, str(film), project, video_speedup=5)
    video = workspace.store.get(Video, report.video.video_id)
    assert video is not None
    assert video.start_time == pytest.approx(5.0)
    assert times_of(workspace, report.analysis)[0] == 0.0


def test_sound_that_is_longer_than_the_pictures(workspace: Workspace, project: str, tmp_path: Path) -> None:
    film = write_video(tmp_path / "a.mp4", still(50), sound_s=6.0)
    analysis = tracker.run(workspace, str(film), project, video_speedup=5).analysis
    assert (analysis.status, analysis.counts["n_frames"], analysis.error) == (Status.COMPLETE, 50, "")
    (shot,) = workspace.store.find(Shot, analysis_id=analysis.analysis_id)
    # The sound's encoder begins a little before 0; the pictures end where they end.
    assert shot.end_npt == pytest.approx(2.0, abs=0.03)


def test_broken_packets_in_the_middle_are_counted_and_times_stay_right(
    workspace: Workspace, project: str, tmp_path: Path
) -> None:
    film = write_video(tmp_path / "a.ts", with_grain(still(150), 8), options={"g": "10"})
    analysis = tracker.run(workspace, str(damage(film, 0.45, 0.5)), project, video_speedup=5).analysis
    assert analysis.status is Status.COMPLETE
    assert analysis.counts["n_damaged"] > 0
    assert analysis.error
    assert 100 < analysis.counts["n_frames"] <= 150
    times = times_of(workspace, analysis)
    assert times[0] == 0.0
    assert times[-1] > 5.5
    # Every time is that of a frame at 25 a second.
    np.testing.assert_allclose(np.array(times) * 25, np.round(np.array(times) * 25), atol=0.02)


@pytest.mark.parametrize(
    ("rate", "n", "period_s", "n_samples"), [(120, 240, 0.5, 4), (1, 6, 0.5, 6), (Fraction(1, 4), 3, 1.0, 3)]
)
@pytest.mark.parametrize("track_fps", [None, 60.0])
def test_very_high_and_very_low_frame_rates(
    workspace: Workspace,
    project: str,
    tmp_path: Path,
    rate: Fraction | int,
    n: int,
    period_s: float,
    n_samples: int,
    track_fps: float | None,
) -> None:
    film = write_video(tmp_path / "a.mp4", still(n), rate=rate)
    analysis = tracker.run(workspace, str(film), project, sample_period_s=period_s, track_fps=track_fps).analysis
    assert (analysis.counts["n_frames"], analysis.counts["n_samples"]) == (n, n_samples)
    (samples,) = [samples for _, samples in iter_tracks(workspace.store, analysis)]
    step_s = max(period_s, float(1 / Fraction(rate)))
    assert samples.npt[samples.qualities > 0] == pytest.approx(step_s * np.arange(n_samples), abs=0.001)
    (track,) = [track for track, _ in iter_tracks(workspace.store, analysis)]
    assert track.n_samples == n_samples


def test_a_still_picture_as_a_video(workspace: Workspace, project: str, tmp_path: Path) -> None:
    film = write_video(tmp_path / "a.mp4", still(1))
    analysis = tracker.run(workspace, str(film), project, track_fps=25).analysis
    assert (analysis.counts["n_frames"], analysis.counts["n_samples"], analysis.counts["n_faces"]) == (1, 1, 1)
    animated = tmp_path / "b.gif"
    Image.fromarray(next(still(1))).save(animated)
    assert tracker.run(workspace, str(animated), project).analysis.counts["n_faces"] == 1


def test_a_crowd_is_bounded_and_said(
    workspace: Workspace,
    project: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """10,000 faces in one picture: as many as are allowed are followed, the others counted."""
    from src.engines.fake import FakeDetector
    from src.schema import Detections

    def crowd(self: FakeDetector, image: RgbImage) -> Detections:
        rows, columns = np.indices((100, 100)).reshape(2, -1)
        boxes = np.stack([columns * 1.5, rows * 1.0, np.full(10_000, 20), np.full(10_000, 20)], axis=1).astype(np.float32)
        scores = np.linspace(1.0, 0.7, 10_000, dtype=np.float32)
        return Detections(boxes, scores, boxes[:, None, :2] + np.full((5, 2), 10, np.float32))

    monkeypatch.setattr(FakeDetector, "_detect", crowd)
    film = write_video(tmp_path / "a.mp4", still(10))
    report = tracker.run(workspace, str(film), project, video_speedup=5, track_fps=25, max_faces=30)
    counts = report.analysis.counts
    assert 0 < counts["n_faces"] <= 2 * 30
    assert counts["n_faces"] + counts["n_faces_dropped"] == 20_000
    _print(report)
    assert f"{counts['n_faces_dropped']} faces were too small, too doubtful or too many to follow" in capsys.readouterr().out


def test_a_photo_is_no_video(workspace: Workspace, project: str, tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "a.webp", "a.bmp", "a.tiff"):
        Image.fromarray(next(still(1))).save(tmp_path / name)
        with pytest.raises(MediaError, match="is a picture, not a video"):
            tracker.run(workspace, str(tmp_path / name), project)


@pytest.mark.parametrize("options", [{}, {"g": "12", "bf": "0"}])
def test_a_picture_that_stands_for_long(options: dict[str, str], workspace: Workspace, project: str, tmp_path: Path) -> None:
    """One shot with one track, however little of it has to be decoded."""
    film = write_video(tmp_path / "a.mp4", still(250), options=options)
    analysis = tracker.run(workspace, str(film), project).analysis
    assert (analysis.counts["n_frames"], analysis.counts["n_samples"], analysis.counts["n_shots"]) == (250, 10, 1)
    (track,) = [track for track, _ in iter_tracks(workspace.store, analysis)]
    assert (track.start_npt, round(track.end_npt, 2), track.n_samples) == (0.0, 9.0, 10)


@pytest.mark.parametrize(("g", "speedup"), [("12", 25), ("250", 5)])
def test_broken_packets_of_rare_samples(g: str, speedup: int, workspace: Workspace, project: str, tmp_path: Path) -> None:
    """Where most is jumped over: what cannot be read is passed over, and every sample has its own time."""
    film = write_video(tmp_path / "a.mp4", with_grain(still(500), 3), options={"g": g, "bf": "0", "sc_threshold": "0"})
    analysis = tracker.run(workspace, str(damage(film, 0.5, 0.52)), project, video_speedup=speedup).analysis
    assert analysis.status is Status.COMPLETE
    times = times_of(workspace, analysis)
    assert set(np.round(times, 3)) <= set(np.round(np.arange(0, 500, speedup) / 25, 3))
    assert times[0] == 0.0
    assert times[-1] == pytest.approx((500 - speedup) / 25)


@pytest.mark.parametrize("track_fps", [None, 25.0])
def test_the_size_changes_where_groups_are_jumped_over(
    workspace: Workspace, project: str, tmp_path: Path, track_fps: float | None
) -> None:
    """Both parts in one count of times, so that nothing tells of the change but the pictures."""
    options = {"g": "12", "bf": "0", "sc_threshold": "0"}
    first = write_video(tmp_path / "1.ts", still(100), options=options)
    larger = (cv2.resize(picture, (384, 256)) for picture in still(100))
    second = write_video(tmp_path / "2.ts", larger, start_s=4, options=options)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    analysis = tracker.run(workspace, str(joined), project, video_speedup=25, track_fps=track_fps).analysis
    assert (analysis.counts["n_frames"], analysis.counts["n_faces"]) == (200, 8)
    samples = [samples for _, samples in iter_tracks(workspace.store, analysis)]
    boxes = np.concatenate([each.boxes_xywh[each.qualities > 0] for each in samples])
    np.testing.assert_allclose(boxes, np.tile([96 - FACE / 2, 64 - FACE / 2, FACE, FACE], (len(boxes), 1)), atol=4)


class _Notes(Silent):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def test_where_no_hardware_decodes_a_line_says_so(
    workspace: Workspace, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object, **__: object) -> NoReturn:
        raise NotImplementedError("nothing here")

    monkeypatch.setattr(source, "HWAccel", nothing)
    workspace.progress = notes = _Notes()
    film = str(write_video(tmp_path / "a.mp4", still(50)))
    wanted = tracker.run(workspace, film, project).analysis.counts
    assert notes.messages == []
    tracker_settings = workspace.settings.tracker.model_copy(update={"hwaccel": "auto"})
    workspace.settings = workspace.settings.model_copy(update={"tracker": tracker_settings})
    assert tracker.run(workspace, film, project, no_cache=True).analysis.counts == wanted
    assert notes.messages == ["a.mp4: no hardware here can decode it, so the processor does"]
