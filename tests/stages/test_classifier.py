"""The classifier on drawn people."""

from __future__ import annotations

import errno
import json
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from src import aligner, classifier
from src.errors import ConfigError, GalleryError, StorageError
from src.identities.identification import load_recognizer, newest_model
from src.recognition.classifiers import CLASSIFIERS
from src.records import Image, ImageState, Model, Person
from src.workspace import Workspace
from tests.stages.conftest import PEOPLE, draw_photo, put_photos


def states(workspace: Workspace, project: str) -> dict[str, tuple[ImageState, str, str]]:
    return {
        image.path.split("/", 2)[2]: (image.state, image.reason, image.state_by)
        for image in workspace.store.find(Image, project=project)
    }


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_classifier_learns_and_is_stored_without_pickle(name: str, workspace: Workspace, project: str) -> None:
    put_photos(workspace, project, PEOPLE)
    aligner.run(workspace, project)
    report = classifier.run(workspace, project, classifier=name)
    assert report.is_new
    assert report.model.model_id == f"0001-{name}"
    assert [(person.name, person.n_images) for person in report.people] == [(name, 4) for name in PEOPLE.values()]
    folder = workspace.data_dir / report.model.path
    assert folder == workspace.classifier_dir(project) / report.model.model_id
    assert not [path for path in folder.iterdir() if b"sklearn" in path.read_bytes()[:200]]
    assert {path.suffix for path in folder.iterdir()} <= {".html", ".json", ".npz", ".npy", ".skops"}
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["people"][2]["name"] == "Çelik Özil"


def test_the_report_says_how_well_held_out_faces_were_named(workspace: Workspace, trained: str) -> None:
    report = classifier.run(workspace, trained)
    assert [(person.precision, person.recall, person.confused_with) for person in report.people] == [(1.0, 1.0, "")] * 3
    assert [person.n_held_out for person in report.people] == [4, 4, 4]


def test_the_same_pictures_are_not_trained_twice(workspace: Workspace, trained: str) -> None:
    again = classifier.run(workspace, trained)
    assert not again.is_new
    assert len(list(workspace.store.find(Model, project=trained))) == 1
    other = classifier.run(workspace, trained, classifier="Centroid")
    assert other.is_new
    assert other.model.model_id == "0002-Centroid"
    project = workspace.project(trained)
    assert newest_model(workspace, project) == other.model


def test_a_picture_named_in_disabled_txt_does_not_train_until_its_line_is_gone(workspace: Workspace, trained: str) -> None:
    listing = workspace.aligned_dir(trained) / "disabled.txt"
    decomposed = unicodedata.normalize("NFD", "Çelik_Özil/000003_0.png")
    listing.write_text(f"# blurred\n\ntraining_img_aligned/p/Anna_Albers/000001_0.png\n{decomposed}\n", encoding="utf-8")
    report = classifier.run(workspace, trained)
    assert report.is_new
    assert report.n_disabled == 2
    assert len(report.model.images) == 10
    assert states(workspace, trained)["Anna_Albers/000001.png"] == ("disabled", "named in disabled.txt", "human")
    listing.write_text(f"{decomposed}\n", encoding="utf-8")
    assert len(classifier.run(workspace, trained).model.images) == 11


def test_a_line_that_names_nothing_is_reported(workspace: Workspace, trained: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(workspace.progress, "message", said.append)
    (workspace.aligned_dir(trained) / "disabled.txt").write_text("Nobody/000001_0.png\n")
    classifier.run(workspace, trained)
    assert said == ["disabled.txt names Nobody/000001_0.png, which is no aligned picture of this project"]


def test_a_deleted_aligned_picture_does_not_train(workspace: Workspace, trained: str) -> None:
    (workspace.aligned_dir(trained) / "Ben_Bo" / "000002_0.png").unlink()
    report = classifier.run(workspace, trained)
    assert len(report.model.images) == 11
    aligner.run(workspace, trained)
    assert len(classifier.run(workspace, trained).model.images) == 11


def test_the_unknown_folder_is_a_class_of_strangers(workspace: Workspace, project: str) -> None:
    put_photos(workspace, project, PEOPLE | {5: "Unknown"})
    aligner.run(workspace, project)
    report = classifier.run(workspace, project)
    assert report.n_strangers == 4
    assert report.model.people == tuple(PEOPLE.values())
    recognizer = load_recognizer(workspace, report.model, report.model.engine)
    assert recognizer.gallery.people == tuple(PEOPLE.values())


def test_one_person_only_is_refused(workspace: Workspace, project: str) -> None:
    put_photos(workspace, project, {0: "Anna"})
    aligner.run(workspace, project)
    with pytest.raises(GalleryError, match="two people or more, not 1"):
        classifier.run(workspace, project)


def test_a_person_without_a_face_is_named(workspace: Workspace, project: str) -> None:
    put_photos(workspace, project, PEOPLE)
    folder = workspace.training_dir(project) / "Grey_Wall"
    folder.mkdir()
    for number in range(2):
        Picture.new("RGB", (80 + number, 80), (90, 90, 90)).save(folder / f"{number}.png")
    aligner.run(workspace, project)
    with pytest.raises(GalleryError, match=r"Grey Wall \(2 pictures\)"):
        classifier.run(workspace, project)


def test_a_person_whose_folder_was_deleted_hinders_nobody(workspace: Workspace, trained: str) -> None:
    shutil.rmtree(workspace.training_dir(trained) / "Anna_Albers")
    report = classifier.run(workspace, trained)
    assert [person.name for person in report.people] == ["Ben Bo", "Çelik Özil"]


def test_a_person_who_is_known_by_name_only_hinders_nobody(workspace: Workspace, trained: str) -> None:
    workspace.store.put(Person(trained, "Dora_Dean", "Dora Dean"))
    assert not classifier.run(workspace, trained).is_new
    assert "Dora Dean" not in [person.name for person in classifier.run(workspace, trained, classifier="KNN").people]


def test_an_empty_project_says_align(workspace: Workspace, project: str) -> None:
    with pytest.raises(GalleryError, match="Run: align --project p"):
        classifier.run(workspace, project)


def test_a_project_that_does_not_exist_lists_those_that_do(workspace: Workspace, project: str) -> None:
    with pytest.raises(ConfigError, match="known: p"):
        classifier.run(workspace, "other")


def test_embeddings_of_two_engines_never_meet(workspace: Workspace, trained: str) -> None:
    image = next(iter(workspace.store.find(Image, project=trained)))
    workspace.store.put(replace(image, engine="other@1"))
    with pytest.raises(GalleryError, match="1 of other@1"):
        classifier.run(workspace, trained)


def test_an_unknown_classifier_is_refused(workspace: Workspace, trained: str) -> None:
    with pytest.raises(GalleryError, match="Choose one of"):
        classifier.run(workspace, trained, classifier="Magic")


def test_a_full_disk_is_one_line_and_no_model(workspace: Workspace, project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_photos(workspace, project, PEOPLE)
    aligner.run(workspace, project)

    def full(*_args: object, **_kinds: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(StorageError, match="cannot be written: No space left"):
            classifier.run(workspace, project)
    assert not list(workspace.store.find(Model, project=project))


def test_an_interrupted_training_leaves_no_model(workspace: Workspace, project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_photos(workspace, project, PEOPLE)
    aligner.run(workspace, project)

    def interrupted(report: object, folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(classifier, "write_report", interrupted)
        with pytest.raises(KeyboardInterrupt):
            classifier.run(workspace, project)
    assert not list(workspace.store.find(Model, project=project))
    assert classifier.run(workspace, project).model.model_id == "0001-SVM"


def numbers_of(report: classifier.TrainReport) -> dict[str, Any]:
    assert report.page is not None
    document: dict[str, Any] = json.loads(report.page.with_name("report.json").read_text(encoding="utf-8"))
    return document


def test_the_report_lies_above_the_models_and_each_model_keeps_its_own(workspace: Workspace, trained: str) -> None:
    first = classifier.run(workspace, trained)
    assert first.page == workspace.classifier_dir(trained) / "report.html"
    assert numbers_of(first)["comparison"] is None
    second = classifier.run(workspace, trained, classifier="Centroid")
    for report in (first, second):
        own = workspace.data_dir / report.model.path / "report.html"
        assert f"Model {report.model.model_id} of" in own.read_text(encoding="utf-8")
    assert second.page is not None
    assert second.page.read_bytes() == (workspace.data_dir / second.model.path / "report.html").read_bytes()
    assert numbers_of(second)["comparison"]["model_id"] == "0001-SVM"
    assert numbers_of(second)["model"]["settings"]["named_from"] == 0.5


def test_a_deleted_report_is_back_without_a_training(workspace: Workspace, trained: str) -> None:
    for name in ("report.html", "report.json"):
        (workspace.classifier_dir(trained) / name).unlink()
    report = classifier.run(workspace, trained)
    assert not report.is_new
    assert report.page is not None
    assert report.page.is_file()
    assert report.advice[0] == numbers_of(report)["advice"][0]["text"]


def test_a_model_without_a_report_is_no_fault(workspace: Workspace, trained: str) -> None:
    (workspace.classifier_dir(trained) / "0001-SVM" / "report.html").unlink()
    report = classifier.run(workspace, trained)
    assert (report.is_new, report.page, report.advice) == (False, None, ())


def test_the_report_says_what_changed_since_the_last_model(workspace: Workspace, trained: str) -> None:
    put_photos(workspace, trained, {4: "Dora Dean"})
    shutil.rmtree(workspace.training_dir(trained) / "Anna_Albers")
    (workspace.aligned_dir(trained) / "Ben_Bo" / "000002_0.png").unlink()
    aligner.run(workspace, trained)
    document = numbers_of(classifier.run(workspace, trained))
    comparison = document["comparison"]
    assert (comparison["added"], comparison["removed"]) == (["Dora Dean"], ["Anna Albers"])
    assert [(entry["name"], entry["images_before"], entry["images"]) for entry in comparison["people"]] == [("Ben Bo", 4, 3)]
    ben = next(entry for entry in document["people"] if entry["name"] == "Ben Bo")
    assert ben["aside"] == {"disabled: aligned picture deleted": 1}


def test_strangers_of_the_report_are_the_unknown_folder_too(workspace: Workspace, project: str) -> None:
    put_photos(workspace, project, PEOPLE | {5: "Unknown"})
    aligner.run(workspace, project)
    document = numbers_of(classifier.run(workspace, project))
    assert document["summary"]["n_strangers"] == 12 + 4
    assert "4 of the folder Unknown" in document["strangers_are"]
    assert document["held_out"]["named_right"]["count"] == 12
    assert "unknown" not in {entry["kind"] for entry in document["advice"]}


def test_pictures_of_the_report_are_those_of_the_faces(workspace: Workspace, trained: str) -> None:
    """A picture under a wrong name is the doubtful one: rows of faces and pictures go together."""
    folder = workspace.training_dir(trained)
    Picture.fromarray(draw_photo(1, 77)).save(folder / "Anna_Albers" / "000009.png")
    aligner.run(workspace, trained)
    # The cleaning has set it aside; here it is wanted all the same.
    document = numbers_of(classifier.run(workspace, trained, discard_disabled="false"))
    doubtful = document["doubtful"][0]
    assert (doubtful["picture"], doubtful["taken_for"]) == ("Anna_Albers/000009_0.png", "Ben Bo")
    confused = next(entry for entry in document["advice"] if entry["kind"] in ("shared", "confused"))
    assert set(confused["people"]) == {"Anna Albers", "Ben Bo"}
    assert "Anna_Albers/000009_0.png" in confused["text"]


def test_the_command_says_where_the_report_lies_and_what_to_do(
    workspace: Workspace, trained: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = classifier.run(workspace, trained)
    classifier._print(replace(report, advice=("first", "second", "third", "fourth")))
    printed = capsys.readouterr().out
    assert "- first\n- second\n- third\nReport: " in printed
    assert "fourth" not in printed
    assert str(report.page) in printed
