"""Many videos at a time: with the fake engine, in this process and in several."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from src import tracker
from src.records import Analysis, Status, Video
from src.storage import Store
from src.tracker import stage
from src.workspace import Workspace
from tests.stages.conftest import EVERY, DrawnShot, draw, fake_workspace
from tests.stages.test_tracker import content
from tests.videos import truncate, write_video


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four films of 8 s in which somebody else walks each time, alone in their folder."""
    folder = tmp_path_factory.mktemp("films")
    return [
        write_video(
            folder / f"film{n}.mp4", draw([DrawnShot(100, {n: (30, 150, 64)}), DrawnShot(100, {n + 1: (80, 90, 40)}, 120)])
        )
        for n in range(4)
    ]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A fifth one, cut off before its index."""
    return truncate(write_video(tmp_path / "broken.mp4", draw([DrawnShot(50, {})])), 0.5)


def analyses(store: Store) -> dict[str, Analysis]:
    """Return the analysis of each video by the video's file name."""
    names = {video.video_id: Path(video.locator).name for video in store.find(Video)}
    return {names[analysis.video_id]: analysis for analysis in store.find(Analysis)}


def contents(store: Store) -> dict[str, object]:
    return {name: content(store, analysis) for name, analysis in sorted(analyses(store).items())}


@pytest.fixture(scope="module")
def alone(films: Sequence[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What tracking the films one by one finds, in another store."""
    with fake_workspace(tmp_path_factory.mktemp("alone")) as workspace:
        for film in films:
            tracker.run(workspace, str(film), "p", video_speedup=int(EVERY))
        return contents(workspace.store)


def test_a_failed_video_does_not_stop_the_others(workspace: Workspace, project: str, films: list[Path], broken: Path) -> None:
    names = [str(films[0]), str(broken), "no such.mp4", str(films[1])]
    report = tracker.run_many(workspace, names, project, jobs=1, video_speedup=5)
    assert [outcome.video for outcome in report.outcomes] == names
    assert [bool(outcome.error) for outcome in report.outcomes] == [False, True, True, False]
    assert "moov" in report.outcomes[1].error
    assert "does not exist" in report.outcomes[2].error
    assert (report.n_done, report.n_skipped, len(report.failures)) == (2, 0, 2)
    again = tracker.run_many(workspace, names, project, jobs=1, video_speedup=5)
    assert (again.n_done, again.n_skipped, len(again.failures)) == (0, 2, 2)


def test_a_fault_of_ours_does_not_stop_the_others(
    workspace: Workspace, project: str, films: list[Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    register = stage.register_video

    def faulty(store: Store, locator: str, *more: object) -> Video:
        if locator.endswith("film0.mp4"):
            raise RuntimeError("oh")
        return register(store, locator, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(stage, "register_video", faulty)
    report = tracker.run_many(workspace, [str(film) for film in films[:2]], project, jobs=1, video_speedup=5)
    assert [outcome.error for outcome in report.outcomes] == [f"{films[0]}: RuntimeError: oh. This is a fault of FaceRec.", ""]
    assert "RuntimeError: oh" in caplog.text
    caplog.clear()


def test_several_processes_find_what_one_does(
    workspace: Workspace, films: list[Path], alone: dict[str, object], started: Callable[..., subprocess.Popen[str]]
) -> None:
    out, err = started("--jobs", "3", "--video", str(films[0].parent)).communicate()
    assert "4 videos: 4 analysed, 0 skipped as they were analysed before, 0 failed" in out, err
    assert contents(workspace.store) == alone
    assert "Videos: 4 of 4 videos" in err
    assert all(re.search(rf"^{film.name}: 8 of 8 s of video", err, re.MULTILINE) for film in films)
    # What was said of each stands in the order in which they were named, whoever was first.
    assert re.findall(r"film\d\.mp4 analysed", out) == [f"{film.name} analysed" for film in films]


def test_status_is_1_where_one_failed(films: list[Path], broken: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    process = started("--jobs", "2", "--video", str(films[0]), str(broken), str(films[1]), str(films[0]))
    out, err = process.communicate()
    assert process.returncode == 1, err
    assert f"Failed: {broken}: is an MP4" in out
    assert out.endswith("3 videos: 2 analysed, 0 skipped as they were analysed before, 1 failed\n")


def checkpoints(process: subprocess.Popen[str], n: int) -> None:
    """Wait until so many checkpoints are stored."""
    assert process.stdout is not None
    for _ in range(n):
        assert process.stdout.readline() == "checkpoint\n", process.communicate()


def is_gone(group: int) -> bool:
    """Wait until no process of a group is left, and say whether that came about."""
    for _ in range(1500):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("signals", ["terminal", "parent", "killed"])
def test_what_is_stopped_is_gone_on_with(
    signals: str,
    workspace: Workspace,
    films: list[Path],
    alone: dict[str, object],
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    args = ("--jobs", "2", "--video", str(films[0].parent))
    process = started(*args, CHECKPOINT_EVERY="5", PACE="slow")
    checkpoints(process, 3)
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
    begun = [analysis for analysis in analyses(workspace.store).values() if analysis.checkpoint]
    assert begun
    assert {analysis.status for analysis in begun} == {Status.RUNNING}
    out, err = started(*args).communicate()
    assert "4 videos: 4 analysed" in out, err
    assert contents(workspace.store) == alone


def test_one_that_is_killed_costs_its_video_only(
    workspace: Workspace, films: list[Path], alone: dict[str, object], started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started("--jobs", "2", "--video", str(films[0].parent), CHECKPOINT_EVERY="5", PACE="slow")
    checkpoints(process, 1)
    os.kill(children_at_work(process.pid)[0], signal.SIGKILL)
    out, _ = process.communicate()
    assert process.returncode == 1
    assert out.count("Failed: ") == 1
    assert "its process was ended by SIGKILL" in out
    assert "4 videos: 3 analysed, 0 skipped as they were analysed before, 1 failed" in out
    out, err = started("--video", str(films[0].parent)).communicate()
    assert "4 videos: 1 analysed, 3 skipped as they were analysed before, 0 failed" in out, err
    assert contents(workspace.store) == alone


def children_at_work(parent: int) -> list[int]:
    """Return the processes that work for another: those that multiprocessing started for work, not for its own ends."""
    tasks = Path(f"/proc/{parent}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    found = [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    assert found, "nobody is at work"
    return found


def test_a_list_is_read_before_anything_is_done(
    workspace: Workspace, films: list[Path], started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started("--video", str(films[0]), "--video", "missing.txt")
    _, err = process.communicate()
    assert process.returncode == 1
    assert err.startswith("Error: The list missing.txt cannot be read")
    assert not list(workspace.store.find(Video))
