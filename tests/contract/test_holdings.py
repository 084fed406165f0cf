"""What a project holds, counted in every store."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from src.extracts import Extracts
from src.insights.holdings import Holdings, walked
from src.records import Image, ImageState, Model, Person, ProjectVideo, Provenance, Video
from src.settings import Settings
from src.storage import Store
from src.workspace import Workspace


def image(sha: str, person: str = "ann", state: ImageState = ImageState.ACTIVE) -> Image:
    return Image("p", sha, person, f"{sha}.png", Provenance("local"), 9, 9, state=state)


@pytest.fixture
def holdings(store: Store, tmp_path: Path) -> Holdings:
    return Holdings(Workspace(Settings(data_dir=tmp_path / "data"), store), Extracts(store))


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
