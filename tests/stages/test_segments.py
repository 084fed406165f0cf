"""A video that is worked on in segments gives what it gives in one go: every record, to the last byte."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from src import tracker
from src.engines import ENGINES
from src.engines.registry import EngineEntry
from src.errors import MediaError, ProcessError
from src.progress import Progress, Silent
from src.records import Analysis, Shot, Status, Track, TrackEmbeddings, TrackSamples
from src.schema import WHOLE, RgbImage
from src.settings import Settings
from src.storage import Store
from src.tracker import analyser, parallel, workers
from src.tracker.parallel import segments_at_a_time
from src.tracker.segment_work import SegmentJob, work_on_segment
from src.tracker.workers import Died, Work
from src.video.stream import VideoInfo
from src.workspace import Workspace
from tests.made_streams import MADE, make
from tests.remembered import remembering
from tests.stages.conftest import EVERY, DrawnShot, draw, fake_workspace
from tests.stages.test_many import checkpoints, children_at_work, is_gone
from tests.stages.test_tracker import content
from tests.videos import damage, write_video

REAL = Path(os.environ.get("FACEREC_REAL_VIDEOS", Path(__file__).parents[3] / "shared" / "data" / "videos"))
NEEDS_REAL = pytest.mark.weights if REAL.is_dir() else pytest.mark.skip(reason=f"no real videos at {REAL}")
"""Without the videos the weights are of no use either, and their lack is no reason for CI to fail."""
"""Real videos beside the repository, where there are any."""
KINDS = (Track, TrackSamples, TrackEmbeddings, Shot)

SHOTS = [
    DrawnShot(100, {0: (30, 150, 40), 1: (150, 150, 90)}),  # the seam of two segments at 6 s lies in its second half
    DrawnShot(100, {2: (100, 60, 64)}, brightness=120),  # begins at 4 s: the first of three segments ends on the cut
    DrawnShot(100, {3: (40, 160, 40), 4: (160, 40, 90)}),
]


def dissolving(frames: Sequence[RgbImage], at: int, n: int) -> Iterator[RgbImage]:
    """Let the shot before a frame go over into the one behind it, in so many frames around it."""
    for k, frame in enumerate(frames):
        share = np.clip((k - at + n / 2) / n, 0, 1)
        other = frames[at if share < 0.5 else at - 1]
        own = share if share >= 0.5 else 1 - share
        yield np.clip(own * frame + (1 - own) * other, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Films of 12 s: two cuts; a dissolve at 8 s; times that are not even; somebody who is there all the time, in short groups
    without B-frames, which is jumped through; a cut at each seam of two, three and four segments; one group of pictures alone.
    """
    folder = tmp_path_factory.mktemp("films")
    frames = list(draw(SHOTS))
    uneven = np.cumsum(np.random.default_rng(2).choice([0.02, 0.04, 0.06], 300)).round(3).tolist()
    short = {"crf": "12", "g": "20"}
    jumpy = {"crf": "12", "g": "12", "bf": "0", "sc_threshold": "0"}
    seams = [DrawnShot(n, {k % 5: (60, 90, 60)}, 60 + 60 * (k % 2)) for k, n in enumerate((75, 25, 50, 50, 25, 75))]
    return {
        "cuts": write_video(folder / "cuts.mp4", frames, options=short),
        "dissolve": write_video(folder / "dissolve.mp4", dissolving(frames, 200, 24), options=short),
        "uneven": write_video(folder / "uneven.mp4", frames, times=uneven, start_s=0.5, options=short),
        "one person": write_video(folder / "person.mp4", draw([DrawnShot(300, {0: (30, 160, 60)})]), options=jumpy),
        "cuts at seams": write_video(folder / "seams.mp4", draw(seams), options=jumpy),
        "one group": write_video(folder / "group.mp4", frames, options={"crf": "12", "g": "1000"}),
        "half a second": write_video(folder / "short.mp4", frames[:12], options=short),
    }


def everything(store: Store, analysis: Analysis) -> list[str]:
    """Return all that is stored of an analysis but its id and times of day, in a form that can be compared."""
    records = [record for kind in KINDS for record in store.find(kind, analysis_id=analysis.analysis_id)]
    kept = [(type(record).__name__, [_plain(getattr(record, one.name)) for one in fields(record)]) for record in records]
    said = analysis.status, analysis.progress, analysis.error, analysis.checkpoint, sorted(analysis.counts.items())
    return [*sorted(map(repr, kept)), repr(said)]


def said(workspace: Workspace) -> list[object]:
    """Return what is stored of the only analysis, wherever its checkpoints were: they part its samples."""
    (analysis,) = workspace.store.find(Analysis)
    return [*content(workspace.store, analysis), analysis.status, analysis.error, analysis.checkpoint]


Calm = Callable[..., list[object]]


@pytest.fixture(scope="module")
def calm(films: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """What `said` of the film with cuts, read in one go without a disturbance: once for each sampling, in other stores."""

    @cache
    def found(**options: Any) -> list[object]:
        with fake_workspace(tmp_path_factory.mktemp("calm")) as workspace:
            tracker.run(workspace, str(films["cuts"]), "p", segments=1, **options)
            return said(workspace)

    return found


def _plain(value: Any) -> Any:
    return (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


class Here:
    """Does the work of `Workers` in this process: of what is allowed the last piece first, to tell of each alone."""

    done: ClassVar[list[SegmentJob]] = []
    deadly: ClassVar[int] = -1
    """The piece that its process dies of."""
    workspace: ClassVar[Workspace | None] = None

    def __init__(self, _settings: Settings, _progress: Progress, work: Work, n: int) -> None:
        self._work, self._n = work, n
        self._todo: list[tuple[int, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._todo = []

    def begin(self, pieces: Sequence[Any], reach: int) -> None:
        self._todo, self._reach = list(enumerate(pieces)), reach

    def allow(self, reach: int) -> None:
        self._reach = reach

    def hear(self, _timeout_s: float | None = None) -> list[tuple[int, Any]]:
        allowed = [piece for piece in self._todo if piece[0] < self._reach]
        if not allowed:
            return []
        number, job = allowed[-1]
        self._todo.remove((number, job))
        if number == Here.deadly:
            return [(number, Died("its process was ended by SIGKILL"))]
        Here.done.append(job)
        assert Here.workspace is not None
        return [(number, self._work(Here.workspace, job))]


@pytest.fixture(autouse=True)
def here(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> type[Here]:
    """Let segments be worked on in this process, which has the engine without weights."""
    monkeypatch.setattr(parallel, "Workers", Here)
    monkeypatch.setattr(Here, "workspace", workspace)
    monkeypatch.setattr(Here, "done", [])
    monkeypatch.setattr(Here, "deadly", -1)
    return Here


def in_one_go(workspace: Workspace, film: str, project: str, **options: Any) -> list[str]:
    analysis = tracker.run(workspace, film, project, segments=1, no_cache=True, **options).analysis
    assert Here.done == []
    return everything(workspace.store, analysis)


def in_segments(workspace: Workspace, film: str, project: str, n: int, **options: Any) -> list[str]:
    report = tracker.run(workspace, film, project, segments=n, no_cache=True, **options)
    # What is too short to be cut has no folder there.
    assert not list((workspace.data_dir / ".segments").glob("*"))
    return everything(workspace.store, report.analysis)


SAMPLINGS: dict[str, dict[str, Any]] = {
    "dense": {"video_speedup": 5},
    "dense, not aligned with the windows": {"video_speedup": 6},
    "sparse": {"video_speedup": 10},
    "sparse, by time": {"sample_period_s": 0.3},
    "dense and followed": {"video_speedup": 6, "track_fps": 25},
    "rare": {"video_speedup": 25},
    "sparse and followed": {"video_speedup": 10, "track_fps": 13},
    "very sparse and followed": {"video_speedup": 35, "track_fps": 25},
    "sparse by time and followed": {"sample_period_s": 0.31, "track_fps": 25},
}


FEW = ("dense, not aligned with the windows", "sparse", "rare", "sparse and followed")
ALL_AND_FEW = {"cuts": SAMPLINGS, "dissolve": SAMPLINGS, "uneven": SAMPLINGS, "one person": FEW, "cuts at seams": FEW}


@pytest.mark.parametrize(("name", "sampling"), [(name, sampling) for name, these in ALL_AND_FEW.items() for sampling in these])
def test_every_record_is_that_of_the_reading_in_one_go(
    name: str, sampling: str, workspace: Workspace, project: str, films: dict[str, Path], here: type[Here]
) -> None:
    options = SAMPLINGS[sampling]
    wanted = in_one_go(workspace, str(films[name]), project, **options)
    # 25 and 35 frames a sample leave one place for a cut, at 8 and 11.2 s.
    for n in (40,) if options.get("video_speedup") in (25, 35) else (2, 3, 4, 7):
        here.done.clear()
        assert in_segments(workspace, str(films[name]), project, n, **options) == wanted
        assert len(here.done) > 1


@pytest.mark.parametrize("sampling", ["dense", "sparse and followed", "sparse by time and followed"])
@pytest.mark.parametrize("part", ["#t=1.3,9.9", "#t=3", "#t=,8.5"])
def test_a_fragment_is_cut_as_well(
    part: str, sampling: str, workspace: Workspace, project: str, films: dict[str, Path], here: type[Here]
) -> None:
    film = f"{films['cuts']}{part}"
    wanted = in_one_go(workspace, film, project, **SAMPLINGS[sampling])
    assert in_segments(workspace, film, project, 3, **SAMPLINGS[sampling]) == wanted
    assert len(here.done) > 1


def test_who_is_there_all_the_time_is_one_track(
    workspace: Workspace, project: str, films: dict[str, Path], here: type[Here]
) -> None:
    report = tracker.run(workspace, str(films["one person"]), project, segments=7, video_speedup=5)
    assert len(here.done) == 7
    (track,) = workspace.store.find(Track, analysis_id=report.analysis.analysis_id)
    assert (track.start_npt, round(track.end_npt, 2)) == (0, 11.8)


def test_a_film_of_one_group_and_one_that_is_too_short(
    workspace: Workspace, project: str, films: dict[str, Path], here: type[Here]
) -> None:
    # There are more segments asked for than windows, which are as many as seconds.
    for name, n_segments in (("one group", 12), ("half a second", 0)):
        here.done.clear()
        film = str(films[name])
        wanted = in_one_go(workspace, film, project, video_speedup=5)
        assert in_segments(workspace, film, project, 100, video_speedup=5) == wanted
        assert len(here.done) == n_segments


def test_a_fragment_behind_the_end_is_the_same_error(workspace: Workspace, project: str, films: dict[str, Path]) -> None:
    with pytest.raises(MediaError, match="ends before"):
        tracker.run(workspace, f"{films['cuts']}#t=100,200", project, segments=3)


class Notes(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.mark.parametrize("name", [name for name, made in MADE.items() if not made.is_seekable][:3])
def test_what_can_only_be_read_in_order_is_not_cut(
    name: str, workspace: Workspace, project: str, tmp_path: Path, here: type[Here]
) -> None:
    film = make(name, tmp_path)
    wanted = in_one_go(workspace, str(film), project, video_speedup=5)
    workspace.progress = notes = Notes()
    report = tracker.run(workspace, str(film), project, video_speedup=5, segments=3, no_cache=True)
    assert everything(workspace.store, report.analysis) == wanted
    assert notes.messages == [f"{film.name} can only be read from its start: it is not cut into segments"]
    assert here.done == []


@pytest.mark.parametrize("sampling", ["dense", "sparse", "dense and followed"])
@pytest.mark.parametrize("where", [(0.1, 0.12), (0.45, 0.47), (0.75, 0.77)])
def test_damage_is_counted_once(
    where: tuple[float, float],
    sampling: str,
    workspace: Workspace,
    project: str,
    films: dict[str, Path],
    tmp_path: Path,
    here: type[Here],
) -> None:
    film = damage(Path(shutil.copyfile(films["cuts"], tmp_path / "film.mp4")), *where)
    wanted = in_one_go(workspace, str(film), project, **SAMPLINGS[sampling])
    assert "('n_damaged', 0)" not in wanted[-1]
    workspace.progress = notes = Notes()
    report = tracker.run(workspace, str(film), project, segments=3, no_cache=True, **SAMPLINGS[sampling])
    assert everything(workspace.store, report.analysis) == wanted
    assert here.done
    assert len(notes.messages) == 1
    assert "cannot be worked on apart" in notes.messages[0]
    assert "From there on it is read in one go" in notes.messages[0]


@pytest.mark.parametrize("sampling", ["dense", "sparse", "dense and followed", "sparse and followed"])
@pytest.mark.parametrize(("dies_at", "then"), [(1, 3), (9, 4), (17, 1), (17, 3), (26, 4)])
def test_an_interrupted_run_goes_on_in_segments_or_in_one_go(
    dies_at: int,
    then: int,
    sampling: str,
    workspace: Workspace,
    project: str,
    films: dict[str, Path],
    calm: Calm,
    here: type[Here],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options, film = SAMPLINGS[sampling], str(films["cuts"])
    wanted = calm(**options)
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 3)
    take, taken = analyser.Analyser._take, []

    def dying(self: analyser.Analyser, *sample: Any) -> None:
        if len(taken) == dies_at:
            raise KeyboardInterrupt
        taken.append(sample)
        take(self, *sample)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(analyser.Analyser, "_take", dying)
        tracker.run(workspace, film, project, segments=3, no_cache=True, **options)
    (begun,) = workspace.store.find(Analysis)
    done_frame = begun.checkpoint["frame_index"] if begun.checkpoint else -1
    here.done.clear()
    tracker.run(workspace, film, project, segments=then, **options)
    assert said(workspace) == wanted
    # What lies before the checkpoint is not read again.
    assert all(job.segment.end is None or job.segment.end > done_frame for job in here.done)
    if then == 4 and dies_at == 26 and "dense" in sampling:
        assert len(here.done) < 4


@pytest.mark.parametrize("dies_at", [1, 13, 25])
def test_a_run_in_one_go_is_gone_on_with_in_segments(
    dies_at: int, workspace: Workspace, project: str, films: dict[str, Path], calm: Calm, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = str(films["cuts"])
    wanted = calm(video_speedup=6, track_fps=25)
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 3)
    take, taken = analyser.Analyser._take, []

    def dying(self: analyser.Analyser, *sample: Any) -> None:
        if len(taken) == dies_at:
            raise KeyboardInterrupt
        taken.append(sample)
        take(self, *sample)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(analyser.Analyser, "_take", dying)
        tracker.run(workspace, film, project, segments=1, no_cache=True, video_speedup=6, track_fps=25)
    tracker.run(workspace, film, project, segments=4, video_speedup=6, track_fps=25)
    assert said(workspace) == wanted


def test_a_process_that_dies_leaves_what_was_found_before(
    workspace: Workspace, project: str, films: dict[str, Path], calm: Calm, here: type[Here], monkeypatch: pytest.MonkeyPatch
) -> None:
    film = str(films["cuts"])
    wanted = calm(video_speedup=5)
    monkeypatch.setattr(here, "deadly", 3)
    with pytest.raises(ProcessError, match=r"from \d+ s on: its process was ended by SIGKILL.*same command again"):
        tracker.run(workspace, film, project, video_speedup=5, segments=6, no_cache=True)
    (failed,) = workspace.store.find(Analysis)
    assert failed.status is Status.ERROR
    assert "SIGKILL" in failed.error
    assert failed.checkpoint is not None
    assert failed.counts["n_samples"] == 30
    monkeypatch.setattr(here, "deadly", -1)
    here.done.clear()
    tracker.run(workspace, film, project, video_speedup=5, segments=6)
    assert said(workspace) == wanted
    # The segment of the last sample is read again, for the faces that are followed from it.
    assert len(here.done) == 4


def test_what_cannot_be_read_any_more_is_an_error_of_the_video(
    workspace: Workspace, project: str, films: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = tmp_path / "gone.mp4"
    film.write_bytes(films["cuts"].read_bytes())

    def vanishing(space: Workspace, job: SegmentJob) -> object:
        film.unlink(missing_ok=True)
        return work_on_segment(space, job)

    monkeypatch.setattr(parallel, "work_on_segment", vanishing)
    with pytest.raises(MediaError, match="does not exist"):
        tracker.run(workspace, str(film), project, video_speedup=5, segments=3)


@pytest.mark.parametrize(
    ("locator", "duration", "asked", "wanted"),
    [
        ("film.mp4", 3600.0, 1, 1),
        ("film.mp4", 3600.0, 5, 5),
        ("film.mp4", 3600.0, 0, 8),
        ("film.mp4", 150.0, 0, 2),  # not worth more
        ("film.mp4", 100.0, 0, 1),
        ("film.mp4", None, 0, 1),
        ("https://example.org/film.mp4", 3600.0, 0, 1),
    ],
)
def test_how_many_segments_are_of_use(
    locator: str, duration: float | None, asked: int, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "usable_cores", lambda: list(range(16)))
    monkeypatch.setattr(workers, "_memory_bytes", lambda: 64 * 10**9)
    info = VideoInfo(locator, 64, 48, Fraction(25), duration, None, "h264")
    assert segments_at_a_time(info, WHOLE, asked) == wanted


@pytest.fixture(scope="module")
def alone(films: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[object]]:
    """What one process finds in the film with cuts, in another store."""
    with fake_workspace(tmp_path_factory.mktemp("alone")) as workspace:
        return in_one_go(workspace, str(films["cuts"]), "p", video_speedup=int(EVERY)), said(workspace)


Started = Callable[..., subprocess.Popen[str]]


def test_processes_find_what_one_does(
    workspace: Workspace, films: dict[str, Path], alone: tuple[list[str], list[object]], started: Started
) -> None:
    out, err = started("--segments", "3", "--video", str(films["cuts"])).communicate()
    assert "cuts.mp4 analysed: 300 frames, 60 samples" in out, err
    (analysis,) = workspace.store.find(Analysis)
    assert everything(workspace.store, analysis) == alone[0]
    assert "cuts.mp4: 12 of 12 s of video" in err
    assert not list((workspace.data_dir / ".segments").iterdir())


def test_segments_of_several_videos_at_a_time(
    workspace: Workspace, films: dict[str, Path], alone: tuple[list[str], list[object]], started: Started
) -> None:
    args = ("--jobs", "2", "--segments", "2", "--video", str(films["cuts"]), str(films["one group"]))
    out, err = started(*args).communicate()
    assert "2 videos: 2 analysed" in out, err
    first = next(a for a in workspace.store.find(Analysis) if everything(workspace.store, a) == alone[0])
    assert first.status is Status.COMPLETE


@pytest.mark.parametrize("signals", ["terminal", "parent", "killed"])
def test_what_is_stopped_is_gone_on_with(
    signals: str, workspace: Workspace, films: dict[str, Path], alone: tuple[list[str], list[object]], started: Started
) -> None:
    args = ("--segments", "3", "--video", str(films["cuts"]))
    process = started(*args, CHECKPOINT_EVERY="5", PACE="slow")
    checkpoints(process, 2)
    if signals == "terminal":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT if signals == "parent" else signal.SIGKILL)
    _, err = process.communicate()
    assert is_gone(process.pid)
    if signals != "killed":
        assert process.returncode == 130
        assert err.endswith("Interrupted. Run the same command again to go on from here.\n")
    assert "Traceback" not in err
    (begun,) = workspace.store.find(Analysis)
    assert begun.status is Status.RUNNING
    assert begun.checkpoint is not None
    out, err = started(*args).communicate()
    assert "cuts.mp4 analysed" in out, err
    assert said(workspace) == alone[1]
    assert not list((workspace.data_dir / ".segments").iterdir())


def test_a_process_that_is_killed_is_a_clear_error(
    workspace: Workspace, films: dict[str, Path], alone: tuple[list[str], list[object]], started: Started
) -> None:
    args = ("--segments", "2", "--video", str(films["cuts"]))
    process = started(*args, CHECKPOINT_EVERY="5", PACE="slow segments")
    checkpoints(process, 1)
    # Process numbers rise: the last one works on the second segment, which takes it some seconds.
    os.kill(max(children_at_work(process.pid)), signal.SIGKILL)
    out, err = process.communicate()
    assert process.returncode == 1, out
    assert "from 6 s on: its process was ended by SIGKILL" in err
    assert "Traceback" not in err
    (failed,) = workspace.store.find(Analysis)
    assert failed.status is Status.ERROR
    assert failed.counts["n_samples"] == 30  # all of the first segment
    out, err = started(*args).communicate()
    assert "cuts.mp4 analysed" in out, err
    assert said(workspace) == alone[1]


@pytest.fixture(scope="module")
def sface() -> EngineEntry:
    """The engine of real faces, whose networks look at each picture once: every video is read twelve times here."""
    return remembering(ENGINES["sface"])


@NEEDS_REAL
@pytest.mark.parametrize("sampling", ["dense", "sparse", "rare", "dense and followed"])
@pytest.mark.parametrize("path", sorted(REAL.glob("*.mp4")), ids=lambda path: path.name)
def test_a_real_video(
    path: Path, sampling: str, workspace: Workspace, here: type[Here], sface: EngineEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "sface", sface)  # type: ignore[arg-type]
    workspace.begin_project("real", "sface")
    wanted = in_one_go(workspace, str(path), "real", **SAMPLINGS[sampling])
    for n in (2, 5):
        assert in_segments(workspace, str(path), "real", n, **SAMPLINGS[sampling]) == wanted
        here.done.clear()
