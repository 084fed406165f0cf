"""A disk without room: one clear line, an analysis that says so, and the same command goes on when there is room again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from src import tracker
from src.errors import AnnotationError, StorageError
from src.records import Analysis, Status, Video
from src.storage.sqlite import SqliteStore
from src.tracker import analyser
from tests.faults.kill_often import snapshot
from tests.faults.library import PROJECT, begin, differences, fake_workspace, work


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with an empty project."""
    folder = tmp_path / "data"
    with fake_workspace(folder) as workspace:
        workspace.begin_project(PROJECT, "fake")
    return folder


@pytest.fixture
def undisturbed(data: Path, film: Path, tmp_path: Path) -> dict[str, object]:
    """What comes out where there is room."""
    calm = Path(shutil.copytree(data, tmp_path / "calm"))
    work("track", calm, film)
    return snapshot(calm)


def analysis_in(folder: Path, film: Path) -> Analysis:
    """Return the only analysis of the film."""
    with fake_workspace(folder) as workspace:
        (video,) = (video for video in workspace.store.find(Video) if video.locator == str(film))
        (analysis,) = workspace.store.find(Analysis, video_id=video.video_id)
        return analysis


@pytest.mark.parametrize("room", [4, 7, 10])
def test_a_database_that_may_not_grow(
    room: int, data: Path, film: Path, undisturbed: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 4)
    connect = SqliteStore._connect

    def limited(self: SqliteStore) -> sqlite3.Connection:
        connection = connect(self)
        connection.execute(f"PRAGMA max_page_count = {pages + room}")
        return connection

    with fake_workspace(data) as workspace, workspace.store._connection() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "_connect", limited)
        with fake_workspace(data) as workspace:
            begin(workspace)
            with pytest.raises(StorageError, match=r"full\. Free some space on the disk and run the same command again"):
                tracker.run(workspace, str(film), PROJECT, video_speedup=5)
    failed = analysis_in(data, film)
    assert failed.status is Status.ERROR
    assert "full" in failed.error
    work("track", data, film)
    assert differences(undisturbed, snapshot(data)) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or mount is None:
        pytest.skip("only root may mount a small disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("this machine mounts no disk in memory")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(
    small_disk: Path, data: Path, film: Path, undisturbed: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyser, "CHECKPOINT_EVERY", 4)
    there = Path(shutil.copytree(data, small_disk / "data"))
    ballast = small_disk / "ballast"
    with fake_workspace(there) as workspace:
        begin(workspace)
        # Room for the first steps, and not for the last.
        ballast.write_bytes(b"\0" * max(shutil.disk_usage(small_disk).free - 200_000, 0))
        with pytest.raises(AnnotationError, match=r"(?i)full|no space"):
            tracker.run(workspace, str(film), PROJECT, video_speedup=5)
    ballast.unlink()
    assert analysis_in(there, film).status in (Status.ERROR, Status.RUNNING)
    work("track", there, film)
    assert differences(undisturbed, snapshot(there)) == []
