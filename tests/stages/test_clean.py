"""The cleaning of whole projects: drawn people in real files and records."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from src import aligner, classifier
from src.cleaning import CleanReport
from src.cleaning import run as clean
from src.engines.fake import colour_of
from src.faces.drawing import drawing_score
from src.records import FaceQuality, Image, ImageState, Provenance
from src.schema import FloatArray
from src.training.trainingset import Discard, trains
from src.workspace import Workspace
from tests.stages.conftest import PEOPLE, draw_photo, put_photos

ANNA = "Anna_Albers"


@pytest.fixture(autouse=True)
def faces_are_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn squares are drawings, and are told to be; here they stand for photos."""
    monkeypatch.setattr(aligner, "drawing_score", lambda *_: float("-inf"))


def put(workspace: Workspace, project: str, folder: str, faces: Mapping[str, int]) -> None:
    """Put photos into a folder: who is on which file."""
    place = workspace.training_dir(project) / folder
    place.mkdir(parents=True, exist_ok=True)
    for number, (name, person) in enumerate(faces.items()):
        image = draw_photo(person, number + sum(map(ord, folder)))
        # Every third row darker: the same colour, and something for a measure of sharpness to see.
        image[::3] = image[::3] * 0.8
        Picture.fromarray(image).save(place / name)


def anna(n: int = 5, wrong: int = 1) -> dict[str, int]:
    """Return files of Anna and, of the others, of somebody else each."""
    return {f"{number:02}.png": 0 for number in range(n)} | {f"wrong{number}.png": 3 + number for number in range(wrong)}


def records(workspace: Workspace, project: str) -> dict[str, Image]:
    return {"/".join(image.path.split("/")[-2:]): image for image in workspace.store.find(Image, project=project)}


def states(workspace: Workspace, project: str) -> dict[str, ImageState]:
    return {name: image.state for name, image in records(workspace, project).items()}


def outliers(workspace: Workspace, project: str) -> set[str]:
    return {name for name, state in states(workspace, project).items() if state is ImageState.OUTLIER}


def warnings(report: CleanReport) -> str:
    return "\n".join(report.all_warnings())


class TestWrongPeople:
    def test_aligning_sets_them_aside_and_training_leaves_them_out(self, workspace: Workspace, project: str) -> None:
        put_photos(workspace, project, {1: "Ben Bo"}, each=5)
        put(workspace, project, ANNA, anna())
        report = aligner.run(workspace, project)
        assert outliers(workspace, project) == {f"{ANNA}/wrong0.png"}
        image = records(workspace, project)[f"{ANNA}/wrong0.png"]
        assert "unlike the 5 pictures that agree" in image.reason
        assert image.state_by == "machine"
        assert report.people[0].states == {ImageState.ACTIVE: 5, ImageState.OUTLIER: 1}
        trained = classifier.run(workspace, project)
        assert (len(trained.model.images), trained.n_set_aside, trained.n_disabled) == (10, 1, 0)

    def test_a_second_run_changes_nothing_and_new_pictures_are_judged(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna())
        aligner.run(workspace, project)
        before = repr(records(workspace, project))
        assert [person.changed for person in clean(workspace, project).people] == [0]
        assert repr(records(workspace, project)) == before
        put(workspace, project, ANNA, {"more.png": 4})
        assert aligner.run(workspace, project).cleaning.people[0].changed == 1
        assert outliers(workspace, project) == {f"{ANNA}/wrong0.png", f"{ANNA}/more.png"}

    def test_what_was_set_aside_comes_back_when_the_others_agree_with_it(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(5, 1))
        aligner.run(workspace, project)
        for file in (workspace.training_dir(project) / ANNA).glob("0*.png"):
            file.unlink()
        put(workspace, project, ANNA, {f"new{number}.png": 3 for number in range(5)})
        aligner.run(workspace, project)
        assert outliers(workspace, project) == set()

    def test_with_four_pictures_nobody_can_know(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(3, 1))
        report = aligner.run(workspace, project).cleaning
        assert outliers(workspace, project) == set()
        assert "Anna_Albers: 4 pictures with a face: with fewer than 5 nobody can know" in warnings(report)

    def test_a_mixed_folder_is_reported(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, {f"a{n}.png": 0 for n in range(8)} | {f"b{n}.png": 3 for n in range(4)})
        report = aligner.run(workspace, project).cleaning
        assert outliers(workspace, project) == {f"{ANNA}/b{n}.png" for n in range(4)}
        assert "two people under one name: 4 pictures of another person are set aside, 8 stay" in warnings(report)

    def test_of_two_equals_nothing_is_set_aside(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, {f"a{n}.png": 0 for n in range(5)} | {f"b{n}.png": 3 for n in range(5)})
        report = aligner.run(workspace, project).cleaning
        assert outliers(workspace, project) == set()
        assert "two people under one name, 5 and 5 pictures of 10: nobody can know who is meant" in warnings(report)

    def test_the_folder_of_strangers_may_hold_anybody_but_the_known(self, workspace: Workspace, project: str) -> None:
        put_photos(workspace, project, {1: "Ben Bo"}, each=5)
        put(workspace, project, "Unknown", {f"{person}.png": person for person in (1, 3, 4, 5, 6, 7)})
        aligner.run(workspace, project)
        assert outliers(workspace, project) == {"Unknown/1.png"}


class TestPeopleWin:
    def test_what_somebody_switched_on_stays_on(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna())
        aligner.run(workspace, project)
        image = records(workspace, project)[f"{ANNA}/wrong0.png"]
        workspace.store.put(replace(image, state=ImageState.ACTIVE, reason="", state_by="human"))
        aligner.run(workspace, project)
        assert outliers(workspace, project) == set()

    def test_what_somebody_switched_off_stays_off_and_does_not_vote(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, {f"a{n}.png": 0 for n in range(6)} | {f"b{n}.png": 3 for n in range(5)})
        aligner.run(workspace, project)
        for name, image in records(workspace, project).items():
            if "/a" in name:
                workspace.store.put(replace(image, state=ImageState.DISABLED, reason="no", state_by="human"))
        aligner.run(workspace, project)
        assert outliers(workspace, project) == set()
        assert set(states(workspace, project).values()) == {ImageState.DISABLED, ImageState.ACTIVE}

    def test_a_deleted_aligned_face_of_an_outlier_is_disabled(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna())
        aligner.run(workspace, project)
        (workspace.aligned_dir(project) / ANNA / "wrong0_0.png").unlink()
        for _ in range(2):
            aligner.run(workspace, project)
            image = records(workspace, project)[f"{ANNA}/wrong0.png"]
            assert (image.state, image.state_by) == (ImageState.DISABLED, "human")

    def test_a_line_of_disabled_txt_and_its_removal_both_count_as_said(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna())
        aligner.run(workspace, project)
        listing = workspace.aligned_dir(project) / "disabled.txt"
        listing.write_text(f"{ANNA}/wrong0_0.png\n")
        clean(workspace, project)
        assert states(workspace, project)[f"{ANNA}/wrong0.png"] is ImageState.DISABLED
        listing.write_text("")
        clean(workspace, project)
        image = records(workspace, project)[f"{ANNA}/wrong0.png"]
        assert (image.state, image.state_by) == (ImageState.ACTIVE, "human")


class TestDiscardDisabled:
    @pytest.fixture
    def mixed(self, workspace: Workspace, project: str) -> str:
        """12 pictures: 10 right ones, and two of Anna's that were set aside."""
        put_photos(workspace, project, {1: "Ben Bo"}, each=5)
        put(workspace, project, ANNA, anna(5, 2))
        aligner.run(workspace, project)
        return project

    @pytest.mark.parametrize(("choice", "n"), [("auto", 10), ("true", 10), ("false", 12)])
    def test_without_a_list(self, workspace: Workspace, mixed: str, choice: str, n: int) -> None:
        assert len(classifier.run(workspace, mixed, discard_disabled=choice).model.images) == n

    @pytest.mark.parametrize(("choice", "n"), [("auto", 11), ("true", 9), ("false", 12)])
    def test_a_saved_list_is_the_whole_list(self, workspace: Workspace, mixed: str, choice: str, n: int) -> None:
        (workspace.aligned_dir(mixed) / "disabled.txt").write_text(f"{ANNA}/00_0.png\n")
        assert len(classifier.run(workspace, mixed, discard_disabled=choice).model.images) == n

    def test_it_does_not_speak_for_pictures_that_came_later(self, workspace: Workspace, mixed: str) -> None:
        listing = workspace.aligned_dir(mixed) / "disabled.txt"
        listing.write_text("")
        os.utime(listing, (1_000_000_000, 1_000_000_000))
        assert len(classifier.run(workspace, mixed).model.images) == 10

    def test_the_flag_alone_means_true(self, workspace: Workspace, mixed: str, monkeypatch: pytest.MonkeyPatch) -> None:
        given = []
        monkeypatch.setattr(classifier, "run", lambda *_, **options: given.append(options["discard_disabled"]) or 1 / 0)
        monkeypatch.setenv("FACEREC_DATA_DIR", str(workspace.data_dir))
        for flags in (["--discard_disabled"], ["--discard-disabled", "FALSE"], []):
            with pytest.raises(ZeroDivisionError):
                classifier.main(["--project", mixed, *flags])
        assert given == ["true", "false", "auto"]

    def test_a_deleted_face_never_trains(self) -> None:
        embedding = np.ones(4, np.float32)
        deleted = an_image(embedding, state=ImageState.DISABLED, reason="aligned picture deleted")
        assert not trains(deleted, Discard.FALSE, None)
        assert trains(replace(deleted, reason="named in disabled.txt"), Discard.FALSE, None)


def an_image(embedding: FloatArray, **changes: object) -> Image:
    values = {"project": "p", "sha256": "0", "person_id": ANNA, "path": "a", "width": 9, "height": 9, "aligned_path": "b"}
    return Image(**(values | {"provenance": Provenance("x"), "embedding": embedding} | changes))  # type: ignore[arg-type]


class TestGroupPhotos:
    @staticmethod
    def group(place: Path, people: Mapping[int, int], seed: int = 0) -> None:
        """Draw people side by side, each so many pixels wide."""
        image = np.random.default_rng(seed).integers(20, 90, (160, 320, 1), np.uint8).repeat(3, axis=2)
        left, top = 10 + 9 * seed, 10 + 7 * (seed % 4)
        for person, width in people.items():
            image[top : top + width, left : left + width] = colour_of(person)
            left += width + 20
        place.parent.mkdir(parents=True, exist_ok=True)
        Picture.fromarray(image).save(place)

    def test_the_face_that_agrees_is_taken_not_the_largest(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(5, 0))
        self.group(workspace.training_dir(project) / ANNA / "group.png", {4: 80, 0: 44})
        report = aligner.run(workspace, project).cleaning
        image = records(workspace, project)[f"{ANNA}/group.png"]
        assert image.state is ImageState.ACTIVE
        assert image.embedding is not None
        assert int(image.embedding.argmax()) == 0
        assert image.box is not None
        assert image.box.w == pytest.approx(44, abs=2)
        crop = np.asarray(Picture.open(workspace.data_dir / str(image.aligned_path)))
        np.testing.assert_allclose(crop.mean(axis=(0, 1)), colour_of(0), atol=8)
        assert report.people[0].recut == 1
        assert clean(workspace, project).people[0].recut == 0

    def test_also_where_somebody_larger_is_in_every_photo(self, workspace: Workspace, project: str) -> None:
        for number in range(6):
            people = {3 + number: 80, 0: 44}
            self.group(workspace.training_dir(project) / ANNA / f"{number}.png", people, number)
        aligner.run(workspace, project)
        for image in records(workspace, project).values():
            assert image.embedding is not None
            assert (image.state, int(image.embedding.argmax())) == (ImageState.ACTIVE, 0)

    def test_a_face_that_somebody_approved_stays(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(5, 0))
        aligner.run(workspace, project)
        self.group(workspace.training_dir(project) / ANNA / "group.png", {4: 80})
        aligner.run(workspace, project)
        image = records(workspace, project)[f"{ANNA}/group.png"]
        workspace.store.put(replace(image, state=ImageState.ACTIVE, state_by="human", n_faces=2))
        assert clean(workspace, project).people[0].recut == 0


class TestBadInput:
    @pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
    def test_embeddings_that_are_none_are_reported_and_left_out(self, workspace: Workspace, project: str, value: float) -> None:
        put_photos(workspace, project, PEOPLE, each=5)
        aligner.run(workspace, project)
        name, image = next(iter(sorted(records(workspace, project).items())))
        assert image.embedding is not None
        broken = replace(image, embedding=np.full_like(image.embedding, value))
        workspace.store.put(broken)
        assert len(classifier.run(workspace, project).model.images) == 14, "also where nothing was cleaned since"
        report = clean(workspace, project)
        assert states(workspace, project)[name] is ImageState.NO_EMBEDDING
        assert f"{ANNA}: 1 pictures have no usable embedding" in warnings(report)
        assert "4 pictures with a face" in warnings(report), "it does not vote"
        for choice in Discard:
            assert len(classifier.run(workspace, project, discard_disabled=choice).model.images) == 14

    def test_two_people_with_the_same_pictures(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(5, 0))
        put(workspace, project, "Anne", {f"{number}.png": 0 for number in range(5)})
        report = aligner.run(workspace, project).cleaning
        assert "Anna_Albers and Anne look like one person" in warnings(report)
        assert set(states(workspace, project).values()) == {ImageState.ACTIVE}

    def test_one_file_in_two_folders(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(2, 0))
        folder = workspace.training_dir(project) / "Ben_Bo"
        folder.mkdir()
        (folder / "x.png").write_bytes((workspace.training_dir(project) / ANNA / "00.png").read_bytes())
        (line,) = aligner.run(workspace, project).shared
        assert line.startswith(f"Ben_Bo/x.png is the same file as {ANNA}/00.png")

    def test_one_picture_in_two_folders(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(2, 0))
        folder = workspace.training_dir(project) / "Ben_Bo"
        folder.mkdir()
        Picture.open(workspace.training_dir(project) / ANNA / "00.png").resize((180, 180)).save(folder / "x.png")
        report = aligner.run(workspace, project).cleaning
        assert f"{ANNA}/00.png is the same picture as Ben_Bo/x.png" in warnings(report)

    def test_a_copy_in_one_folder_is_a_duplicate(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(5, 0))
        folder = workspace.training_dir(project) / ANNA
        Picture.open(folder / "00.png").resize((180, 180)).save(folder / "copy.png")
        aligner.run(workspace, project)
        duplicates = [name for name, state in states(workspace, project).items() if state is ImageState.DUPLICATE]
        assert len(duplicates) == 1
        assert duplicates[0] in (f"{ANNA}/00.png", f"{ANNA}/copy.png")

    def test_a_folder_without_any_face(self, workspace: Workspace, project: str) -> None:
        folder = workspace.training_dir(project) / "Cats"
        folder.mkdir(parents=True)
        for number in range(6):
            grey = np.random.default_rng(number).integers(40, 200, (90, 90, 1), np.uint8)
            Picture.fromarray(grey.repeat(3, axis=2)).save(folder / f"{number}.png")
        report = aligner.run(workspace, project).cleaning
        assert "Cats: no face in any of 6 photos" in warnings(report)
        put(workspace, project, "Cats", {"taken_for_one.png": 0})
        assert "Cats: no face in 6 of 7 photos" in warnings(aligner.run(workspace, project).cleaning)

    def test_one_picture_beside_five_thousand(self, workspace: Workspace, project: str) -> None:
        rng = np.random.default_rng(0)
        good = FaceQuality(100, 0.9, 0.9, 0.9)
        pictures = []
        for number in range(5001):
            vector = np.eye(64)[0 if number else 1] + rng.standard_normal(64) * 0.08
            if number in (7, 4000):
                vector = np.eye(64)[2 + number // 1000]
            who = ANNA if number else "Ben_Bo"
            path = workspace.training_dir(project) / who / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            pictures.append(
                replace(
                    an_image(vector.astype(np.float32), quality=good, engine="fake@1", aligned_path=None),
                    project=project,
                    sha256=f"{number:064}",
                    person_id=who,
                    path=path.relative_to(workspace.data_dir).as_posix(),
                    phash=f"{int(rng.integers(1 << 63)):016x}",
                )
            )
        workspace.store.put(*pictures)
        report = clean(workspace, project)
        assert outliers(workspace, project) == {f"{ANNA}/7.png", f"{ANNA}/4000.png"}
        assert [person.known for person in report.people] == [True, False]

    def test_a_drawing_is_set_aside_until_somebody_wants_it(
        self, workspace: Workspace, project: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(aligner, "drawing_score", drawing_score)
        put(workspace, project, ANNA, {"0.png": 0})
        for _ in range(2):
            aligner.run(workspace, project)
            (image,) = records(workspace, project).values()
            assert (image.state, image.reason) == (ImageState.DRAWING, "drawn: even areas, hard edges, few colours")
        workspace.store.put(replace(image, state=ImageState.ACTIVE, reason="", state_by="human"))
        aligner.run(workspace, project)
        assert states(workspace, project) == {f"{ANNA}/0.png": ImageState.ACTIVE}

    def test_tiny_faces_are_set_aside_whoever_they_are(self, workspace: Workspace, project: str) -> None:
        put(workspace, project, ANNA, anna(2, 0))
        image = np.full((90, 90, 3), 60, np.uint8)
        image[40:52, 40:52] = colour_of(0)
        Picture.fromarray(image).save(workspace.training_dir(project) / ANNA / "far.png")
        aligner.run(workspace, project)
        found = records(workspace, project)[f"{ANNA}/far.png"]
        assert (found.state, found.reason) == (ImageState.TINY, "tiny: the face is 12 pixels wide")
