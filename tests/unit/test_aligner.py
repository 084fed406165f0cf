"""The aligner on photos whose faces are known."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from src.aligner import AlignReport, run
from src.crawler import run as crawl
from src.disk.pictures import file_digest, read_picture
from src.errors import ConfigError, InvalidNameError
from src.records import Image, ImageState, Person
from src.settings import CrawlerSettings, DatabaseSettings, Settings
from src.training.trainingset import TrainingSet
from src.workspace import Workspace, open_workspace
from tests.servers.engine import SquareDetector, use_square_engine
from tests.servers.photos import BLUE, FACE, GREEN, OTHER_FACE, RED, draw, encode, photo, rotated_photo

PROJECT, PERSON = "films", "Elton_John"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    use_square_engine(monkeypatch)
    settings = Settings(
        data_dir=tmp_path / "data",
        engine="squares",
        database=DatabaseSettings(uri=f"sqlite:///{tmp_path}/records.db"),
        crawler=CrawlerSettings(max_pixels=1_000_000),
    )
    with open_workspace(settings) as opened:
        yield opened


Drop = Callable[..., Path]


@pytest.fixture
def drop(workspace: Workspace) -> Drop:
    """Put a photo into a person's folder, as people do."""

    def drop(name: str, data: bytes, person: str = PERSON) -> Path:
        path = workspace.training_dir(PROJECT) / person / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return drop


def images(workspace: Workspace) -> list[Image]:
    found = sorted(workspace.store.find(Image, project=PROJECT), key=lambda image: image.path)
    for image in found:
        assert (workspace.data_dir / image.path).is_file(), "a record without a file"
    return found


def aligned(workspace: Workspace, person: str = PERSON) -> list[str]:
    folder = workspace.aligned_dir(PROJECT) / person
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def who(image: Image) -> int:
    """Return whose face the embedding says it is: red is 0, green 4, blue 8."""
    assert image.embedding is not None
    return int(np.argmax(image.embedding))


def states(report: AlignReport) -> dict[ImageState, int]:
    assert len(report.people) == 1
    return dict(report.people[0].states)


def detections(workspace: Workspace) -> int:
    detector = workspace.engine("squares").detector
    assert isinstance(detector, SquareDetector)
    return detector.n_images


def test_a_photo_put_there_by_hand_gets_a_record_and_an_aligned_face(workspace: Workspace, drop: Drop) -> None:
    path = drop("portrait.jpg", photo(1))
    report = run(workspace, PROJECT)
    assert report.succeeded
    assert (report.engine, report.people[0].photos, report.people[0].aligned) == ("squares@1", 1, 1)
    (image,) = images(workspace)
    assert (image.path, image.sha256) == (f"training_img/{PROJECT}/{PERSON}/portrait.jpg", file_digest(path))
    assert image.aligned_path == f"training_img_aligned/{PROJECT}/{PERSON}/portrait_0.png"
    assert image.provenance.provider == "manual"
    assert (image.state, image.n_faces, image.engine, image.score) == (
        ImageState.ACTIVE,
        1,
        "squares@1",
        pytest.approx(1, abs=0.05),
    )
    assert (image.width, image.height, len(image.phash)) == (320, 240, 16)
    assert image.box is not None
    np.testing.assert_allclose([image.box.x, image.box.y, image.box.w, image.box.h], (*FACE[:2], 60, 60), atol=2)
    assert image.landmarks is not None
    np.testing.assert_allclose(image.landmarks[0], [100 + 0.7 * 60, 60 + 0.35 * 60], atol=2)
    assert image.quality is not None
    assert image.quality.size_px == pytest.approx(60, abs=2)
    assert image.embedding is not None
    assert float(np.linalg.norm(image.embedding)) == pytest.approx(1)
    crop = read_picture((workspace.data_dir / image.aligned_path).read_bytes(), "crop", 10_000).image
    assert crop.shape == (32, 32, 3)
    np.testing.assert_allclose(crop.mean(axis=(0, 1)), RED, atol=6)
    assert workspace.store.get(Person, PROJECT, PERSON) == Person(PROJECT, PERSON, "Elton John")


def test_photos_of_the_crawler_keep_their_provenance(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in" / PERSON).mkdir(parents=True)
    (tmp_path / "in" / PERSON / "a.jpg").write_bytes(photo(1))
    (tmp_path / "in" / PERSON / "b.jpg").write_bytes(photo(2, ()))
    crawl(workspace, PROJECT, folder=tmp_path / "in")
    before = detections(workspace)
    run(workspace, PROJECT)
    first, second = images(workspace)
    assert (first.provenance.provider, first.state, first.engine) == ("folder", ImageState.ACTIVE, "squares@1")
    assert aligned(workspace) == ["000001_0.png"]
    assert second.state is ImageState.NO_FACE
    assert detections(workspace) == before + 1, "a photo without a face need not be looked at again"


def test_work_done_is_not_redone(workspace: Workspace, drop: Drop) -> None:
    for seed, faces in enumerate([(FACE,), (FACE, OTHER_FACE), (), (FACE,)]):
        drop(f"{seed}.jpg", photo(seed, faces))
    run(workspace, PROJECT)
    before, records = detections(workspace), [repr(image) for image in images(workspace)]
    report = run(workspace, PROJECT)
    assert detections(workspace) == before
    assert report.people[0].aligned == 0
    assert [repr(image) for image in images(workspace)] == records
    drop("9.jpg", photo(9))
    assert run(workspace, PROJECT).people[0].aligned == 1


def test_many_photos_are_worked_on_in_batches(workspace: Workspace, drop: Drop) -> None:
    for seed in range(36):
        square = (20, 20, 40, (RED, GREEN, BLUE)[seed // 12])
        drop(f"{seed:02d}.jpg", photo(seed, (square,), width=100, height=100), person="ABC"[seed // 12])
    assert [person.states for person in run(workspace, PROJECT).people] == [{ImageState.ACTIVE: 12}] * 3
    for seed, image in enumerate(images(workspace)):
        assert who(image) == (0, 4, 8)[seed // 12]


def test_of_several_faces_the_largest_is_aligned(workspace: Workspace, drop: Drop) -> None:
    drop("1.jpg", photo(1, (OTHER_FACE, (150, 100, 70, GREEN))))
    run(workspace, PROJECT)
    (image,) = images(workspace)
    assert (image.state, image.n_faces) == (ImageState.ACTIVE, 2)
    assert who(image) == 4


def test_photos_with_several_faces_can_be_left_out_and_taken_in_again(workspace: Workspace, drop: Drop) -> None:
    drop("1.jpg", photo(1, (FACE, OTHER_FACE)))
    assert states(run(workspace, PROJECT, discard_multi_faces=True)) == {ImageState.MANY_FACES: 1}
    assert images(workspace)[0].reason == "2 faces"
    assert aligned(workspace) == []
    assert states(run(workspace, PROJECT)) == {ImageState.ACTIVE: 1}
    assert aligned(workspace) == ["1_0.png"]
    assert states(run(workspace, PROJECT, discard_multi_faces=True)) == {ImageState.MANY_FACES: 1}
    assert aligned(workspace) == []
    assert images(workspace)[0].embedding is None


def test_a_photo_without_a_face_is_recorded(workspace: Workspace, drop: Drop) -> None:
    drop("1.jpg", photo(1, ()))
    report = run(workspace, PROJECT)
    assert report.succeeded
    (image,) = images(workspace)
    assert (image.state, image.reason, image.n_faces) == (ImageState.NO_FACE, "no face found", 0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"<html>", "is a web page"),
        (photo(1)[:-3000], "is a damaged JPEG"),
        (photo(1, width=1200, height=1000), "more than 1000000"),
    ],
)
def test_what_cannot_be_read_is_recorded_and_reported(workspace: Workspace, drop: Drop, data: bytes, why: str) -> None:
    path = drop("1.jpg", data)
    drop("2.jpg", photo(2))
    for _ in range(2):
        report = run(workspace, PROJECT)
        assert not report.succeeded
        ((failure),) = report.failures
        assert failure.path == f"training_img/{PROJECT}/{PERSON}/1.jpg"
        assert why in failure.reason
        assert [image.state for image in images(workspace)] == [ImageState.UNREADABLE, ImageState.ACTIVE]
    path.write_bytes(photo(1))
    assert states(run(workspace, PROJECT)) == {ImageState.ACTIVE: 2}


def test_other_files_are_passed_over(workspace: Workspace, drop: Drop) -> None:
    for name in ("refused.csv", ".DS_Store", "._1.jpg", "notes.txt", "Thumbs.db"):
        drop(name, b"x")
    drop("1.jpg", photo(1))
    report = run(workspace, PROJECT)
    assert report.succeeded
    assert report.people[0].photos == 1


def test_a_rotated_photo_is_aligned_upright(workspace: Workspace, drop: Drop) -> None:
    drop("1.jpg", rotated_photo(1))
    run(workspace, PROJECT)
    (image,) = images(workspace)
    assert (image.width, image.height) == (320, 240)
    assert image.box is not None
    assert (image.box.x, image.box.y) == (pytest.approx(100, abs=2), pytest.approx(60, abs=2))


def test_a_crop_that_the_face_fills_is_aligned(workspace: Workspace, drop: Drop) -> None:
    drop("1.png", encode(np.full((112, 112, 3), RED, np.uint8), "PNG"))
    assert states(run(workspace, PROJECT)) == {ImageState.ACTIVE: 1}


@pytest.mark.parametrize("size", [(1, 1), (17, 9), (3, 400)])
def test_odd_sizes_have_no_face(workspace: Workspace, drop: Drop, size: tuple[int, int]) -> None:
    drop("1.png", encode(np.zeros((*size, 3), np.uint8), "PNG"))
    assert states(run(workspace, PROJECT)) == {ImageState.NO_FACE: 1}


class TestWhatPeopleDo:
    def test_a_deleted_aligned_face_does_not_come_back(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        drop("2.jpg", photo(2))
        run(workspace, PROJECT)
        (workspace.aligned_dir(PROJECT) / PERSON / "1_0.png").unlink()
        for changed in (1, 0):
            assert run(workspace, PROJECT).changes.disabled == changed
            image = images(workspace)[0]
            assert (image.state, image.reason, image.state_by) == (ImageState.DISABLED, "aligned picture deleted", "human")
            assert aligned(workspace) == ["2_0.png"]

    def test_also_where_it_was_the_last_one_of_a_person(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        run(workspace, PROJECT)
        shutil.rmtree(workspace.aligned_dir(PROJECT) / PERSON)
        assert states(run(workspace, PROJECT)) == {ImageState.DISABLED: 1}

    def test_an_aligned_face_that_is_put_back_counts_again(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        run(workspace, PROJECT)
        path = workspace.aligned_dir(PROJECT) / PERSON / "1_0.png"
        data = path.read_bytes()
        path.unlink()
        run(workspace, PROJECT)
        path.write_bytes(data)
        report = run(workspace, PROJECT)
        assert (report.changes.restored, states(report)) == (1, {ImageState.ACTIVE: 1})

    def test_all_aligned_faces_of_a_project_are_made_again(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        drop("2.jpg", photo(2))
        run(workspace, PROJECT)
        shutil.rmtree(workspace.aligned_dir(PROJECT))
        assert states(run(workspace, PROJECT)) == {ImageState.ACTIVE: 2}
        assert aligned(workspace) == ["1_0.png", "2_0.png"]

    def test_a_deleted_photo_loses_its_record_and_its_aligned_face(self, workspace: Workspace, drop: Drop) -> None:
        path = drop("1.jpg", photo(1))
        drop("2.jpg", photo(2))
        run(workspace, PROJECT)
        path.unlink()
        report = run(workspace, PROJECT)
        assert report.changes.deleted == 1
        assert [image.path.rsplit("/", 1)[-1] for image in images(workspace)] == ["2.jpg"]
        assert aligned(workspace) == ["2_0.png"]

    def test_a_photo_given_to_another_person_goes_with_its_provenance(self, workspace: Workspace, tmp_path: Path) -> None:
        (tmp_path / "in" / PERSON).mkdir(parents=True)
        (tmp_path / "in" / PERSON / "a.jpg").write_bytes(photo(1))
        crawl(workspace, PROJECT, folder=tmp_path / "in")
        run(workspace, PROJECT)
        photos = workspace.training_dir(PROJECT)
        (photos / "Madonna").mkdir()
        (photos / PERSON / "000001.jpg").rename(photos / "Madonna" / "000001.jpg")
        report = run(workspace, PROJECT)
        assert report.changes.moved == 1
        (image,) = images(workspace)
        assert (image.person_id, image.provenance.provider) == ("Madonna", "folder")
        assert (aligned(workspace), aligned(workspace, "Madonna")) == ([], ["000001_0.png"])

    def test_a_photo_that_was_edited_is_aligned_again(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        run(workspace, PROJECT)
        drop("1.jpg", photo(1, ((100, 60, 60, GREEN),)))
        assert run(workspace, PROJECT).people[0].aligned == 1
        (image,) = images(workspace)
        assert who(image) == 4

    def test_photos_that_change_places_keep_their_faces_apart(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        drop("2.jpg", photo(2, ((100, 60, 60, GREEN),)))
        run(workspace, PROJECT)
        drop("1.jpg", photo(2, ((100, 60, 60, GREEN),)))
        drop("2.jpg", photo(1))
        run(workspace, PROJECT)
        assert [who(image) for image in images(workspace)] == [4, 0]

    def test_a_copy_is_counted_and_has_no_record(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        drop("1 copy.jpg", photo(1))
        drop("1.jpg", photo(1), person="Madonna")
        report = run(workspace, PROJECT)
        assert sum(person.copies for person in report.people) == 2
        assert len(images(workspace)) == 1

    def test_a_decision_of_a_person_stays(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1, (FACE, OTHER_FACE)))
        drop("2.jpg", photo(2))
        run(workspace, PROJECT)
        first, second = images(workspace)
        workspace.store.put(
            replace(first, state_by="human"), replace(second, state=ImageState.DISABLED, reason="wrong", state_by="human")
        )
        run(workspace, PROJECT, discard_multi_faces=True)
        assert [image.state for image in images(workspace)] == [ImageState.ACTIVE, ImageState.DISABLED]
        assert aligned(workspace) == ["1_0.png", "2_0.png"]


def test_another_version_of_the_engine_aligns_again(workspace: Workspace, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    drop("1.jpg", photo(1))
    drop("2.jpg", photo(2, ()))
    run(workspace, PROJECT)
    workspace._engines.clear()
    use_square_engine(monkeypatch, "2")
    assert run(workspace, PROJECT).people[0].aligned == 1
    assert {image.engine for image in images(workspace)} == {"squares@2"}
    assert aligned(workspace) == ["1_0.png"]


def test_an_interrupted_run_is_gone_on_with(workspace: Workspace, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(20):
        drop(f"{seed:02d}.jpg", photo(seed))
    put = TrainingSet.put

    def interrupted(self: TrainingSet, image: Image) -> None:
        if image.path.endswith("/05.jpg") and image.aligned_path:
            raise KeyboardInterrupt
        put(self, image)

    monkeypatch.setattr(TrainingSet, "put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(workspace, PROJECT)
    assert len(images(workspace)) == 5
    monkeypatch.setattr(TrainingSet, "put", put)
    report = run(workspace, PROJECT)
    assert (report.people[0].aligned, states(report)) == (15, {ImageState.ACTIVE: 20})


class TestNames:
    def test_faces_of_photos_with_one_stem_do_not_overwrite_each_other(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1))
        drop("1.png", encode(draw(2), "PNG"))
        drop("1.jpg", photo(3), person="Elton John")
        run(workspace, PROJECT)
        paths = {image.aligned_path for image in images(workspace)}
        assert len(paths) == len(aligned(workspace)) == 3

    def test_accents_are_one_name_however_they_are_written(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1), person="Beyonce\u0301")
        drop("2.jpg", photo(2), person="Beyonc\u00e9")
        report = run(workspace, PROJECT)
        assert [(person.person_id, person.photos) for person in report.people] == [("Beyonc\u00e9", 2)]
        assert aligned(workspace, "Beyonc\u00e9") == ["1_0.png", "2_0.png"]

    def test_strangers_are_a_person_like_any_other(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1), person="Unknown")
        assert run(workspace, PROJECT).people[0].person_id == "Unknown"
        assert aligned(workspace, "Unknown") == ["1_0.png"]

    def test_a_folder_that_can_be_nobodys_is_reported(self, workspace: Workspace, drop: Drop) -> None:
        drop("1.jpg", photo(1), person="x" * 250)
        drop("1.jpg", photo(2), person=".cache")
        drop("1.jpg", photo(3))
        report = run(workspace, PROJECT)
        assert [person.person_id for person in report.people] == [PERSON]
        assert "longer than" in report.failures[0].reason

    def test_a_long_name_of_a_photo_is_no_hindrance(self, workspace: Workspace, drop: Drop) -> None:
        drop("x" * 240 + ".jpg", photo(1))
        assert states(run(workspace, PROJECT)) == {ImageState.ACTIVE: 1}

    def test_a_name_that_is_no_text_is_reported(self, workspace: Workspace, drop: Drop) -> None:
        drop("caf\udce9.jpg", photo(1))
        report = run(workspace, PROJECT)
        assert "no text" in report.failures[0].reason
        assert report.failures[0].path.endswith("caf\\udce9.jpg")

    @pytest.mark.parametrize("name", ["", "../films", "a/b", "..", "x" * 300])
    def test_bad_names_of_projects_are_refused(self, workspace: Workspace, name: str) -> None:
        with pytest.raises(InvalidNameError):
            run(workspace, name)


def test_a_project_that_does_not_exist_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match="There is no project"):
        run(workspace, "nothing")


def test_a_project_without_photos_has_nothing_to_align(workspace: Workspace) -> None:
    workspace.begin_project(PROJECT)
    report = run(workspace, PROJECT)
    assert (report.people, report.succeeded) == ((), True)
