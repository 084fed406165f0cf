"""What a project holds, counted in every store."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from src.holdings import Holdings, Seen, walked
from src.records import Appearance, Image, ImageState, Model, Person, ProjectVideo, Provenance, Video
from src.schema import Box
from src.settings import Settings
from src.storage import Store
from src.workspace import Workspace


def seen(analysis_id: str, track_id: int, end: float, person: str | None = "ann", accepted: bool = True) -> Appearance:
    box = Box(0, 0, 1, 1)
    found = Appearance("p", analysis_id, track_id, "Ann", person, 1.0, end, 0, 1, 0, 1, 0.9, (track_id,), box, 0.5)
    return replace(found, accepted=accepted)


def image(sha: str, person: str = "ann", state: ImageState = ImageState.ACTIVE) -> Image:
    return Image("p", sha, person, f"{sha}.png", Provenance("local"), 9, 9, state=state)


class Clock:
    """Time that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def holdings(store: Store, tmp_path: Path, clock: Clock) -> Holdings:
    return Holdings(Workspace(Settings(data_dir=tmp_path / "data"), store), clock)


def test_screen_time_is_that_of_the_analyses_that_count(store: Store, holdings: Holdings) -> None:
    store.put(ProjectVideo("p", "v", "", "a"), ProjectVideo("p", "w", "", "b"))
    store.put(seen("a", 1, 3.0), seen("a", 2, 2.0, None), seen("b", 1, 5.0, accepted=False), seen("old", 1, 99.0))
    assert holdings.seen("p") == Seen(3, 1, 7.0, 2.0)
    assert holdings.seen("other") == Seen()


def test_only_what_changed_is_added_up_again(
    store: Store, holdings: Holdings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(ProjectVideo("p", "v", "", "a"), ProjectVideo("p", "w", "", "b"), seen("a", 1, 3.0), seen("b", 1, 5.0))
    read: list[str] = []
    cells: Callable[..., object] = store.cells

    def counted(kind: type, names: tuple[str, ...], query: object) -> object:
        if kind is Appearance:
            read.append(query.equals["analysis_id"])  # type: ignore[attr-defined]
        return cells(kind, names, query)

    monkeypatch.setattr(store, "cells", counted)
    assert holdings.seen("p").seconds == 6.0
    assert sorted(read) == ["a", "b"]
    store.put(seen("b", 1, 7.0))
    assert holdings.seen("p").seconds == 6.0, "what was added up a moment ago is taken as it was"
    clock.now = 60.0
    assert holdings.seen("p").seconds == 8.0
    assert sorted(read) == ["a", "b", "b"]
    store.delete(ProjectVideo, project="p", video_id="v")
    clock.now = 120.0
    assert holdings.seen("p").seconds == 6.0


def test_counts_and_news(store: Store, holdings: Holdings) -> None:
    store.put(
        Person("p", "ann", "Ann"),
        Person("p", "bo", "Bo"),
        Video("v", "v.mp4", "v.mp4", "v", duration=12.5),
        Video("other", "w.mp4", "w.mp4", "w", duration=99.0),
        ProjectVideo("p", "v", "", "a"),
        image("1"),
        image("2", "bo"),
        image("3", state=ImageState.DISABLED),
    )
    counts = holdings.counts("p")
    assert (counts.people, counts.pictures, counts.training, counts.videos, counts.video_s) == (2, 3, 2, 1, 12.5)
    assert counts.to_align == 2
    store.put(replace(image("1"), engine="sface@1"))
    assert holdings.counts("p").to_align == 1
    assert holdings.news("p") is None
    model = Model("p", "0001-SVM", "sface@1", "SVM", ("Ann", "Cyd"), ("ann/1", "ann/3"), {}, {}, "classifier/p/0001-SVM")
    store.put(replace(model, model_id="0000-SVM", people=()), model)
    news = holdings.news("p")
    assert news is not None
    assert (news.model_id, news.added, news.removed) == ("0001-SVM", 1, 1)
    assert (news.people_added, news.people_removed, news.decisions) == (("Bo",), ("Cyd",), 0)


def test_saved_list_is_the_whole_list(store: Store, holdings: Holdings, tmp_path: Path) -> None:
    aside = replace(image("2", state=ImageState.OUTLIER), aligned_path="x/2.png")
    model = Model("p", "0001-SVM", "sface@1", "SVM", ("Ann",), ("ann/1",), {}, {}, "classifier/p/0001-SVM")
    store.put(Person("p", "ann", "Ann"), image("1"), aside, replace(aside, sha256="3", aligned_path=None), model)
    news = holdings.news("p")
    assert news is not None
    assert news.added == 0
    folder = tmp_path / "data" / "training_img_aligned" / "p"
    folder.mkdir(parents=True)
    (folder / "disabled.txt").write_text("")
    news = holdings.news("p")
    assert news is not None
    assert news.added == 1


def test_folders_are_walked_without_links_and_not_for_ever(tmp_path: Path) -> None:
    folder = tmp_path / "folder" / "deep"
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"12345")
    (tmp_path / "folder" / "b").write_bytes(b"123")
    (tmp_path / "large").write_bytes(b"1" * 1000)
    (folder / "loop").symlink_to(tmp_path)
    room = walked([tmp_path / "folder", tmp_path / "gone"], time.monotonic() + 60)
    assert room.n_bytes - (folder / "loop").lstat().st_size == 8
    assert room.is_complete
    assert not walked([tmp_path / "folder"], 0.0).is_complete
