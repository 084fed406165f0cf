"""The tracker on drawn videos whose every box is known."""

from __future__ import annotations

import csv
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from src import tracker
from src.errors import AnnotationError, ExportError, MediaError
from src.records import Analysis, Record, Shot, Status, Track, TrackSamples
from src.schema import Interval
from src.settings import TrackerName
from src.storage import Store, open_store
from src.tracker import analyser
from src.tracking import Tracker
from src.video.pyav import PyAvStream
from src.videos import is_outdated, iter_tracks, read_embeddings
from src.workspace import Workspace
from tests.stages.conftest import FACE, DrawnShot, draw
from tests.videos import truncate, write_video

EVERY = 5
NAMES: tuple[TrackerName | None, ...] = (None, "sort", "bytetrack", "ocsort")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def content(store: Store, analysis: Analysis) -> list[tuple[object, ...]]:
    """Everything that an analysis says, in a form that can be compared."""
    tracks = [
        (track.track_id, track.shot, track.n_samples, track.best_frame, track.thumbnail, *samples_of(samples))
        for track, samples in iter_tracks(store, analysis)
    ]
    shots = list(store.find(Shot, analysis_id=analysis.analysis_id))
    block = read_embeddings(store, analysis.analysis_id)
    assert block is not None
    tracks.append((block.track_ids.tobytes(), block.frame_index.tobytes(), block.embeddings.tobytes()))
    return [*tracks, *shots, tuple(sorted(analysis.counts.items()))]


def samples_of(samples: TrackSamples) -> tuple[object, ...]:
    arrays = (samples.frame_index, samples.npt, samples.boxes_xywh, samples.qualities)
    return tuple(array.tobytes() for array in arrays)


def test_faces_are_followed_inside_their_shots(workspace: Workspace, project: str, film: Path) -> None:
    report = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    assert report.is_new
    assert report.analysis.status is Status.COMPLETE
    counts = report.analysis.counts
    assert (counts["n_frames"], counts["n_samples"], counts["n_shots"]) == (100, 20, 2)
    assert (counts["n_tracks"], counts["n_faces"]) == (3, 30)
    tracks = list(workspace.store.find(Track, analysis_id=report.analysis.analysis_id))
    assert [(track.shot, track.n_samples, track.start_frame, track.end_frame) for track in tracks] == [
        (0, 10, 0, 45),
        (0, 10, 0, 45),
        (1, 10, 50, 95),
    ]
    assert [(track.start_npt, track.end_npt) for track in tracks] == [(0, 1.8), (0, 1.8), (2.0, 3.8)]


def test_boxes_are_where_the_faces_are(workspace: Workspace, project: str, film: Path) -> None:
    report = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    rows = table(report.output_dir / "trackers.csv")
    assert list(rows[0]) == ["x1", "y1", "x2", "y2", "track_id", "frame"]
    walker = [row for row in rows if abs(float(row["y1"]) - (40 - FACE / 2)) < 4]
    assert len(walker) == 10
    for row in walker:
        centre = (float(row["x1"]) + float(row["x2"])) / 2
        assert centre == pytest.approx(30 + 50 * int(row["frame"]) / 49, abs=2)
        assert float(row["x2"]) - float(row["x1"]) == pytest.approx(FACE, abs=3)


def test_the_second_run_opens_nothing(workspace: Workspace, project: str, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    monkeypatch.setattr(PyAvStream, "frames", lambda *_args: pytest.fail("the video was decoded again"))
    again = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    assert not again.is_new
    assert again.analysis == first.analysis


def test_another_project_and_another_name_share_the_analysis(workspace: Workspace, project: str, film: Path) -> None:
    first = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    moved = film.rename(film.with_name("other name.mp4"))
    workspace.begin_project("q", "fake")
    second = tracker.run(workspace, str(moved), "q", video_speedup=EVERY)
    assert not second.is_new
    assert second.analysis.analysis_id == first.analysis.analysis_id
    assert second.output_dir.parent.name == "q"


def test_sampling_and_fragment_make_another_analysis(workspace: Workspace, project: str, film: Path) -> None:
    ids = {
        tracker.run(workspace, locator, project, video_speedup=n, sample_period_s=period).analysis.analysis_id
        for locator, n, period in [
            (str(film), 5, None),
            (str(film), 10, None),
            (str(film), None, 0.2),
            (f"{film}#t=1,3", 5, None),
        ]
    }
    assert len(ids) == 4


def test_a_fragment_limits_what_is_watched(workspace: Workspace, project: str, film: Path) -> None:
    report = tracker.run(workspace, f"{film}#t=1,3", project, video_speedup=EVERY)
    tracks = list(workspace.store.find(Track, analysis_id=report.analysis.analysis_id))
    assert [(track.start_frame, track.end_frame) for track in tracks] == [(25, 45), (25, 45), (50, 70)]
    assert report.analysis.fragment == "t=1,3"
    assert report.analysis.counts["n_frames"] == 50


def test_a_fragment_behind_the_end_is_an_error(workspace: Workspace, project: str, film: Path) -> None:
    with pytest.raises(MediaError, match="ends before"):
        tracker.run(workspace, f"{film}#t=100,200", project)


def test_no_cache_watches_again_and_comes_to_the_same(workspace: Workspace, project: str, film: Path) -> None:
    first = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    before = content(workspace.store, first.analysis)
    again = tracker.run(workspace, str(film), project, video_speedup=EVERY, no_cache=True)
    assert again.is_new
    assert content(workspace.store, again.analysis) == before


@pytest.mark.parametrize("dies_at", [1, 4, 9, 13, 19])
def test_an_interrupted_analysis_goes_on_to_the_same_result(
    dies_at: int, workspace: Workspace, project: str, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 3)
    take, taken = analyser.Analyser._take, []

    def dying(self: analyser.Analyser, *sample: Any) -> None:
        if len(taken) == dies_at:
            raise KeyboardInterrupt
        taken.append(sample)
        take(self, *sample)

    monkeypatch.setattr(analyser.Analyser, "_take", dying)
    with pytest.raises(KeyboardInterrupt):
        tracker.run(workspace, str(film), project, video_speedup=EVERY)
    looked_at: list[object] = []
    monkeypatch.setattr(analyser.Analyser, "_take", lambda self, *sample: (looked_at.append(sample), take(self, *sample)))
    resumed = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    assert resumed.analysis.status is Status.COMPLETE
    # All but the samples since the last checkpoint are kept.
    # Checkpoints fall between two windows of a second, 5 samples each.
    assert len(looked_at) == 20 - dies_at // 5 * 5
    got = content(workspace.store, resumed.analysis)
    fresh = tracker.run(workspace, str(film), project, video_speedup=EVERY, no_cache=True)
    assert got == content(workspace.store, fresh.analysis)


def test_a_failing_store_leaves_the_last_checkpoint(
    workspace: Workspace, project: str, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 4)
    put, calls = type(workspace.store).put, []

    def failing(self: Store, *records: Record) -> None:
        calls.append(records)
        if len(calls) == 5:
            from src.errors import StorageError

            raise StorageError("the disk is full")
        put(self, *records)  # type: ignore[arg-type]

    monkeypatch.setattr(type(workspace.store), "put", failing)
    with pytest.raises(AnnotationError, match="full"):
        tracker.run(workspace, str(film), project, video_speedup=EVERY)
    failed = next(iter(workspace.store.find(Analysis)))
    assert failed.status is Status.ERROR
    assert "full" in failed.error
    resumed = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    assert resumed.analysis.status is Status.COMPLETE
    assert resumed.analysis.error == ""
    got = content(workspace.store, resumed.analysis)
    again = tracker.run(workspace, str(film), project, video_speedup=EVERY, no_cache=True)
    assert got == content(workspace.store, again.analysis)


def test_a_killed_process_leaves_a_resumable_analysis(tmp_path: Path) -> None:
    long_film = write_video(
        tmp_path / "long.mp4", draw([DrawnShot(40, {n % 5: (60, 120, 64)}, 60 + 60 * (n % 2)) for n in range(8)])
    )
    uri = f"sqlite:///{tmp_path / 'data' / 'facerec.db'}"
    program = [sys.executable, "-m", "tests.stages.track_slowly", str(long_film), str(tmp_path / "data"), uri]
    for _ in range(2):
        child = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        # The child says when a checkpoint lies in the store; it is killed a little later, in the midst of work.
        for _line in zip(range(3), child.stdout, strict=False):
            pass
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        with open_store(uri) as store:
            analysis = next(iter(store.find(Analysis)))
            assert analysis.status is Status.RUNNING
            assert analysis.checkpoint is not None
    done = subprocess.run([*program, "quick"], capture_output=True, text=True, check=True, timeout=120)
    assert "COMPLETE 64 samples" in done.stdout
    with open_store(uri) as store:
        analysis = next(iter(store.find(Analysis)))
        frames = sorted(frame for _, samples in iter_tracks(store, analysis) for frame in samples.frame_index.tolist())
        assert frames == list(range(0, 320, EVERY))


def test_memory_holds_only_what_goes_on(
    workspace: Workspace, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 4)
    checkpoint, held = analyser.Analyser._checkpoint, []

    def counting(self: analyser.Analyser, progress: float) -> None:
        checkpoint(self, progress)
        held.append((len(self._buffers), sum(len(buffer.pending) for buffer in self._buffers.values()), len(self._shots)))

    monkeypatch.setattr(analyser.Analyser, "_checkpoint", counting)
    many = [DrawnShot(20, {n % 5: (60, 120, 64)}, 60 + 60 * (n % 2)) for n in range(20)]
    film = write_video(tmp_path / "many.mp4", draw(many))
    report = tracker.run(workspace, str(film), project, video_speedup=5)
    assert report.analysis.counts["n_tracks"] == 20
    # 16 windows of 5 samples, and a checkpoint between each two.
    assert len(held) == 15
    assert max(held) <= (1, 0, 0)


def test_frames_are_exported_with_boxes(workspace: Workspace, project: str, film: Path) -> None:
    report = tracker.run(workspace, str(film), project, video_speedup=25, export_frames=True)
    names = sorted(path.name for path in (report.output_dir / "frames").iterdir())
    assert names == ["000000.jpg", "000025.jpg", "000050.jpg", "000075.jpg"]
    assert report.n_frames_written == 4
    drawn = np.asarray(Image.open(report.output_dir / "frames" / "000050.jpg")).astype(int)
    with PyAvStream(str(film)) as stream:
        plain = next(stream.frames(Interval(2.0))).rgb().astype(int)
    changed = np.argwhere(np.abs(drawn - plain).max(axis=2) > 60)
    # The outline of the face, 36 pixels around (100, 64), and the chip above it.
    assert changed.min(axis=0)[0] < 64 - FACE / 2
    assert changed[:, 1].min() == pytest.approx(100 - FACE / 2, abs=4)
    assert changed[:, 0].max() == pytest.approx(64 + FACE / 2, abs=4)


def test_a_frame_that_cannot_be_written_is_an_error_of_ours(
    workspace: Workspace, project: str, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kinds: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(ExportError, match=r"000000\.jpg cannot be written: No space left"):
        tracker.run(workspace, str(film), project, video_speedup=25, export_frames=True)


def test_a_truncated_video_is_analysed_as_far_as_it_goes(workspace: Workspace, project: str, tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mkv", draw([DrawnShot(200, {0: (30, 160, 64)})]), options={"g": "25"})
    report = tracker.run(workspace, str(truncate(film, 0.6)), project, video_speedup=EVERY)
    assert report.analysis.status is Status.COMPLETE
    assert 50 < report.analysis.counts["n_frames"] < 200
    assert report.analysis.error


@pytest.mark.parametrize("size", [(2, 2), (18, 10), (640, 16)])
def test_odd_sizes_have_no_faces_but_an_analysis(
    size: tuple[int, int], workspace: Workspace, project: str, tmp_path: Path
) -> None:
    pictures: Iterator[np.ndarray] = (np.full((size[1], size[0], 3), 90, np.uint8) for _ in range(3))
    film = write_video(tmp_path / "odd.mkv", pictures, codec="ffv1", pix_fmt="bgr0")
    report = tracker.run(workspace, str(film), project, video_speedup=1)
    assert report.analysis.status is Status.COMPLETE
    assert report.analysis.counts["n_samples"] == 3
    assert report.analysis.counts["n_faces"] == 0
    assert table(report.output_dir / "trackers.csv") == []


def test_small_doubtful_and_surplus_faces_are_counted(workspace: Workspace, project: str, film: Path) -> None:
    tracking = workspace.settings.tracker.model_copy(update={"max_faces": 1})
    workspace.settings = workspace.settings.model_copy(update={"tracker": tracking})
    report = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    assert report.analysis.counts["n_faces"] == 20
    assert report.analysis.counts["n_faces_dropped"] == 10


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("missing.mp4", None),
        ("empty.mp4", b""),
        ("text.mp4", b"this is no video\n" * 40),
    ],
)
def test_what_is_no_video_is_one_clear_line(
    name: str, make: bytes | None, workspace: Workspace, project: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if make is not None:
        path.write_bytes(make)
    with pytest.raises(MediaError, match=name):
        tracker.run(workspace, str(path), project)
    assert not list(workspace.store.find(Analysis))


def test_another_tracker_makes_another_analysis(workspace: Workspace, project: str, film: Path) -> None:
    ids = {tracker.run(workspace, str(film), project, video_speedup=EVERY, tracker=name).analysis.analysis_id for name in NAMES}
    # The default is one of the three.
    assert len(ids) == 3


def test_the_version_of_the_tracker_makes_older_analyses_outdated(workspace: Workspace, project: str, film: Path) -> None:
    analysis = tracker.run(workspace, str(film), project, video_speedup=EVERY).analysis
    before = replace(analysis, tracker={"min_iou": 0.3, "max_age": 2, "appearance": 0.4, "version": "1"})
    assert is_outdated(before)
    assert not is_outdated(analysis)


@pytest.mark.parametrize("track_fps", [None, 25.0])
@pytest.mark.parametrize("name", ["sort", "bytetrack", "ocsort"])
def test_the_same_film_gives_the_same_bytes(
    workspace: Workspace, project: str, film: Path, name: TrackerName, track_fps: float | None
) -> None:
    def watched() -> object:
        report = tracker.run(
            workspace, str(film), project, video_speedup=EVERY, tracker=name, track_fps=track_fps, no_cache=True
        )
        return content(workspace.store, report.analysis), (report.output_dir / "trackers.csv").read_bytes()

    assert watched() == watched()


def test_faces_that_belong_to_no_track_are_counted_as_dropped(
    workspace: Workspace, project: str, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Tracker.update
    # The first face of every sample is left out.
    monkeypatch.setattr(Tracker, "update", lambda self, *args: np.where(np.arange(len(args[0])) == 0, 0, update(self, *args)))
    counts = tracker.run(workspace, str(film), project, video_speedup=EVERY).analysis.counts
    assert (counts["n_faces"], counts["n_faces_dropped"]) == (10, 20)


def with_tracker(workspace: Workspace, **values: object) -> None:
    """Change settings of the tracker."""
    changed = workspace.settings.tracker.model_copy(update=values)
    workspace.settings = workspace.settings.model_copy(update={"tracker": changed})


def embedded(workspace: Workspace, analysis: Analysis) -> list[tuple[int, int]]:
    block = read_embeddings(workspace.store, analysis.analysis_id)
    assert block is not None
    return list(zip(block.track_ids.tolist(), block.frame_index.tolist(), strict=True))


def test_of_dense_samples_a_few_are_embedded_and_every_track_each_second(
    workspace: Workspace, project: str, film: Path
) -> None:
    report = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    assert report.analysis.counts["n_faces"] == 30
    known = embedded(workspace, report.analysis)
    assert {(track_id, frame // 25) for track_id, frame in known} == {(1, 0), (1, 1), (2, 0), (2, 1), (3, 2), (3, 3)}
    # The first face of each track is needed to compare it with those that may come back; one more is embedded each second.
    assert len(known) <= 3 + 6
    tracks = {track.track_id: track for track, _ in iter_tracks(workspace.store, report.analysis)}
    assert {track_id: track.best_frame for track_id, track in tracks.items()}.items() <= set(known)


def test_all_are_embedded_where_it_is_asked_for_or_samples_are_sparse(workspace: Workspace, project: str, film: Path) -> None:
    sparse = tracker.run(workspace, str(film), project, video_speedup=10).analysis
    assert len(embedded(workspace, sparse)) == sparse.counts["n_faces"] == 15
    with_tracker(workspace, embed_period_s=0.0)
    dense = tracker.run(workspace, str(film), project, video_speedup=EVERY).analysis
    assert len(embedded(workspace, dense)) == dense.counts["n_faces"] == 30
    # Such analyses were made before there was a choice, and are found again.
    assert not {"embed_period_s", "detect_period_s"} & {*sparse.tracker, *dense.tracker}


def test_the_boxes_do_not_depend_on_what_is_embedded(workspace: Workspace, project: str, film: Path) -> None:
    few = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    boxes = (few.output_dir / "trackers.csv").read_bytes()
    with_tracker(workspace, embed_period_s=0.0)
    every = tracker.run(workspace, str(film), project, video_speedup=EVERY)
    assert every.analysis.analysis_id != few.analysis.analysis_id
    assert (every.output_dir / "trackers.csv").read_bytes() == boxes


def test_faces_are_followed_to_every_frame(workspace: Workspace, project: str, film: Path) -> None:
    report = tracker.run(workspace, str(film), project, video_speedup=10, track_fps=25)
    tracks = list(iter_tracks(workspace.store, report.analysis))
    frames = [samples.frame_index.tolist() for _, samples in tracks]
    assert frames == [list(range(50)), list(range(50)), list(range(50, 100))]
    for track, samples in tracks:
        detected = samples.frame_index[samples.qualities > 0]
        assert detected.tolist() == list(range(track.start_frame, track.end_frame + 1, 10))
        assert track.n_samples == len(detected)
        assert (np.diff(samples.npt) > 0).all()
    # The walker goes 50 pixels in 49 frames.
    boxes = tracks[0][1].boxes_xywh
    np.testing.assert_allclose(boxes[:41, 0] + boxes[:41, 2] / 2, 30 + np.arange(41) * 50 / 49, atol=2.5)
    # The votes are those of the samples.
    assert {frame % 10 for _, frame in embedded(workspace, report.analysis)} == {0}
    assert report.analysis.counts["n_followed"] == 150 - report.analysis.counts["n_faces"]


def test_the_first_frame_of_a_shot_is_a_sample_where_faces_are_followed(workspace: Workspace, project: str, film: Path) -> None:
    report = tracker.run(workspace, str(film), project, video_speedup=40, track_fps=5)
    frames = {int(frame) for _, samples in iter_tracks(workspace.store, report.analysis) for frame in samples.frame_index}
    detected = {
        int(frame)
        for _, samples in iter_tracks(workspace.store, report.analysis)
        for frame in samples.frame_index[samples.qualities > 0]
    }
    assert detected == {0, 40, 50, 80}
    assert frames == {*range(0, 100, 5)}


@pytest.mark.parametrize("dies_at", [1, 6, 9, 13, 19])
@pytest.mark.parametrize("every", [5, 8])
def test_following_goes_on_after_an_interruption_to_the_same_result(
    every: int, dies_at: int, workspace: Workspace, project: str, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 3)
    take, taken = analyser.Analyser._take, []

    def dying(self: analyser.Analyser, *sample: Any) -> None:
        if len(taken) == min(dies_at, 100 // every - 1):
            raise KeyboardInterrupt
        taken.append(sample)
        take(self, *sample)

    with monkeypatch.context() as patch:
        patch.setattr(analyser.Analyser, "_take", dying)
        with pytest.raises(KeyboardInterrupt):
            tracker.run(workspace, str(film), project, video_speedup=every, track_fps=25)
    resumed = tracker.run(workspace, str(film), project, video_speedup=every, track_fps=25)
    got = content(workspace.store, resumed.analysis)
    fresh = tracker.run(workspace, str(film), project, video_speedup=every, track_fps=25, no_cache=True)
    assert got == content(workspace.store, fresh.analysis)


def test_pictures_of_followed_frames_are_not_exported(workspace: Workspace, project: str, film: Path) -> None:
    report = tracker.run(workspace, str(film), project, video_speedup=25, track_fps=25, export_frames=True)
    assert report.n_frames_written == 4


def test_following_is_another_analysis_and_off_by_default(workspace: Workspace, project: str, film: Path) -> None:
    plain = tracker.run(workspace, str(film), project, video_speedup=25).analysis
    followed = tracker.run(workspace, str(film), project, video_speedup=25, track_fps=25).analysis
    assert plain.analysis_id != followed.analysis_id
    assert "track_fps" not in plain.tracker
    assert followed.tracker["track_fps"] == 25
    assert not is_outdated(followed)
