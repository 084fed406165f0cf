"""What people say of tracks becomes training pictures, and takes wrong names away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from src import aligner, classifier, clusterize, tracker
from src.__main__ import main
from src.engines.fake import FakeDetector
from src.errors import ConfigError
from src.faces.cutting import Cut, room_around
from src.identities.identification import load_recognizer, newest_model
from src.recognition.selection import choose_varied
from src.records import Appearance, Image, ImageState, Person, Target, Verb
from src.schema import Box, FloatArray
from src.training.lessons import refuted_faces
from src.verbs import decide, identify, learn
from src.verbs.learn import TAKEN_BACK, VIDEO
from src.workspace import Workspace
from tests.stages.conftest import DrawnShot, draw
from tests.videos import write_video

DORA, ELSE = 6, 8
"""Colours of two people of whom there are no photos."""


@pytest.fixture
def film(workspace: Workspace, trained: str, tmp_path: Path) -> str:
    """Dora beside Anna, then Ben, then Dora with somebody else close by: 1 s each, tracked and named."""
    shots = [
        DrawnShot(25, {0: (150, 150, 40), DORA: (50, 70, 64)}),
        DrawnShot(25, {1: (100, 100, 64)}, 120),
        DrawnShot(25, {DORA: (60, 60, 64), ELSE: (104, 104, 64)}),
    ]
    path = str(write_video(tmp_path / "film.mp4", draw(shots), options={"crf": "12"}))
    tracker.run(workspace, path, trained, video_speedup=5)
    clusterize.run(workspace, path, trained)
    return path


def appearance(workspace: Workspace, film: str, project: str, name: str, start: float) -> Appearance:
    report = clusterize.run(workspace, film, project)
    return next(a for a in report.appearances if a.name == name and a.start_npt == start)


def say(workspace: Workspace, film: str, project: str, verb: Verb, name: str, start: float, **said: object) -> str:
    """Decide about the track of an appearance, and return the decision's id."""
    track_id = appearance(workspace, film, project, name, start).track_id
    target = decide.track_target(workspace, project, film, track_id)
    return decide.run(workspace, project, verb, target, **said).decision.decision_id  # type: ignore[arg-type]


def undo(workspace: Workspace, project: str, decision_id: str) -> str:
    target = Target("decision", decision_id=decision_id)
    return decide.run(workspace, project, Verb.UNDO, target).decision.decision_id


def learned(workspace: Workspace, project: str) -> list[Image]:
    images = [i for i in workspace.store.find(Image, project=project) if i.provenance.provider == VIDEO]
    return sorted(images, key=lambda image: image.path)


def states(workspace: Workspace, project: str) -> list[tuple[str, str]]:
    return [(image.state.value, image.reason) for image in learned(workspace, project)]


def train(workspace: Workspace, project: str) -> classifier.TrainReport:
    aligner.run(workspace, project)
    report = classifier.run(workspace, project)
    identify.run(workspace, project)
    return report


def test_a_confirmed_track_becomes_photos_with_their_origin(workspace: Workspace, trained: str, film: str) -> None:
    decision_id = say(workspace, film, trained, Verb.IS, "Unknown 1", 0.0, person="Dora Day")
    report = learn.run(workspace, trained)
    (dora,) = report.people
    assert (dora.person_id, dora.n_tracks, dora.added, dora.from_thumbnails) == ("Dora_Day", 1, 1, 0)
    (image,) = learned(workspace, trained)
    assert image.person_id == "Dora_Day"
    assert image.path == "training_img/p/Dora_Day/000001.png"
    assert image.provenance.query == decision_id
    assert image.provenance.url.startswith(f"{film}#")
    assert "xywh=" in image.provenance.url
    pixels = np.asarray(Picture.open(workspace.data_dir / image.path))
    assert (image.width, image.height) == pixels.shape[1::-1]
    (faces,) = FakeDetector().detect([pixels])
    assert len(faces) == 1
    assert max(pixels.shape) > 36 * 1.9


def test_the_pictures_train_a_person_who_had_no_photo(workspace: Workspace, trained: str, film: str) -> None:
    say(workspace, film, trained, Verb.IS, "Unknown 1", 0.0, person="Dora Day")
    assert classifier.run(workspace, trained).left_out == ("Dora Day",)
    learn.run(workspace, trained)
    report = train(workspace, trained)
    assert report.left_out == ()
    assert "Dora Day" in report.model.people
    (image,) = learned(workspace, trained)
    assert image.embedding is not None
    third = [a for a in workspace.store.find(Appearance, project=trained) if a.start_npt == 2.0]
    assert ("Dora Day", "machine") in [(a.name, a.source) for a in third]


def test_learning_twice_adds_nothing(workspace: Workspace, trained: str, film: str) -> None:
    decide.run(workspace, trained, Verb.IS, decide.unknown_target(1), person="Dora Day")
    first = learn.run(workspace, trained)
    assert [(person.n_tracks, person.added) for person in first.people] == [(2, 2)]
    again = learn.run(workspace, trained)
    assert [(person.added, person.kept) for person in again.people] == [(0, 2)]
    assert not again.changed
    # The model names these tracks by itself now, and they belong to no unknown person any more.
    train(workspace, trained)
    later = learn.run(workspace, trained)
    assert [(person.added, person.kept, person.taken_out) for person in later.people] == [(0, 2, 0)]


def test_an_analysis_with_other_tracks_adds_nothing(workspace: Workspace, trained: str, film: str) -> None:
    say(workspace, film, trained, Verb.IS, "Unknown 1", 0.0, person="Dora Day")
    learn.run(workspace, trained)
    tracker.run(workspace, film, trained, video_speedup=4)
    assert not learn.run(workspace, trained).changed


def test_a_picture_near_somebody_else_shows_one_face(workspace: Workspace, trained: str, film: str) -> None:
    say(workspace, film, trained, Verb.IS, "Unknown 1", 2.0, person="Dora Day")
    learn.run(workspace, trained)
    (image,) = learned(workspace, trained)
    aligner.run(workspace, trained, discard_multi_faces=True)
    (image,) = learned(workspace, trained)
    assert (image.state, image.n_faces) == (ImageState.ACTIVE, 1)


@pytest.mark.parametrize("how", ["undo", "is_not", "is", "unknown", "ignore"])
def test_what_is_taken_back_does_not_train(how: str, workspace: Workspace, trained: str, film: str) -> None:
    track_id = appearance(workspace, film, trained, "Unknown 1", 0.0).track_id
    target = decide.track_target(workspace, trained, film, track_id)
    said = decide.run(workspace, trained, Verb.IS, target, person="Ben Bo").decision
    learn.run(workspace, trained)
    aligner.run(workspace, trained)
    trained_on = len(classifier.run(workspace, trained).model.images)
    if how == "undo":
        undo(workspace, trained, said.decision_id)
    else:
        person = {"is_not": "Ben Bo", "is": "Anna Albers"}.get(how, "")
        decide.run(workspace, trained, Verb(how), target, person=person)
    report = learn.run(workspace, trained, "Ben Bo")
    assert [(person.name, person.taken_out) for person in report.people] == [("Ben Bo", 1)]
    (image,) = learned(workspace, trained)
    assert (image.state, image.reason, image.state_by) == (ImageState.DISABLED, TAKEN_BACK, "human")
    assert len(classifier.run(workspace, trained).model.images) == trained_on - 1


def test_what_is_said_again_trains_again(workspace: Workspace, trained: str, film: str) -> None:
    said = say(workspace, film, trained, Verb.IS, "Unknown 1", 0.0, person="Dora Day")
    learn.run(workspace, trained)
    undone = undo(workspace, trained, said)
    learn.run(workspace, trained)
    assert states(workspace, trained) == [("disabled", TAKEN_BACK)]
    undo(workspace, trained, undone)
    report = learn.run(workspace, trained)
    assert [(person.restored, person.kept, person.added) for person in report.people] == [(1, 1, 0)]
    assert states(workspace, trained) == [("active", "")]


def test_a_picture_that_somebody_disabled_or_deleted_stays_so(workspace: Workspace, trained: str, film: str) -> None:
    decide.run(workspace, trained, Verb.IS, decide.unknown_target(1), person="Dora Day")
    learn.run(workspace, trained)
    one, other = learned(workspace, trained)
    workspace.store.put(replace(one, state=ImageState.DISABLED, reason="blurred", state_by="human"))
    (workspace.data_dir / other.path).unlink()
    aligner.run(workspace, trained)
    assert not learn.run(workspace, trained).changed
    assert states(workspace, trained) == [("disabled", "blurred")]


def test_a_picture_moved_to_another_person_is_left_alone(workspace: Workspace, trained: str, film: str) -> None:
    say(workspace, film, trained, Verb.IS, "Unknown 1", 0.0, person="Dora Day")
    learn.run(workspace, trained)
    (image,) = learned(workspace, trained)
    (workspace.data_dir / image.path).rename(workspace.training_dir(trained) / "Ben_Bo" / "moved.png")
    aligner.run(workspace, trained)
    learn.run(workspace, trained)
    assert [(image.person_id, image.state) for image in learned(workspace, trained)] == [("Ben_Bo", ImageState.ACTIVE)]


def test_links_spread_what_is_said(workspace: Workspace, trained: str, film: str) -> None:
    say(workspace, film, trained, Verb.IS, "Unknown 1", 0.0, person="Dora Day")
    other = decide.track_target(workspace, trained, film, appearance(workspace, film, trained, "Dora Day", 0.0).track_id)
    # The later track resembles the named one and shows its name; only what people say of it makes it a picture to learn from.
    assert [person.n_tracks for person in learn.run(workspace, trained).people] == [1]
    link = say(workspace, film, trained, Verb.SAME_PERSON, "Dora Day", 2.0, other=other)
    assert [person.n_tracks for person in learn.run(workspace, trained).people] == [2]
    undo(workspace, trained, link)
    assert [(person.n_tracks, person.taken_out) for person in learn.run(workspace, trained).people] == [(1, 1)]


def test_without_the_video_its_thumbnails_stand_in(workspace: Workspace, trained: str, film: str) -> None:
    decide.run(workspace, trained, Verb.IS, decide.unknown_target(1), person="Dora Day")
    Path(film).unlink()
    report = learn.run(workspace, trained)
    assert list(report.unread) == [film]
    # The thumbnail at 2 s shows a part of somebody else's face.
    assert [(person.added, person.from_thumbnails) for person in report.people] == [(1, 1)]
    aligner.run(workspace, trained)
    assert [(image.state, image.n_faces) for image in learned(workspace, trained)] == [(ImageState.ACTIVE, 1)]
    again = learn.run(workspace, trained)
    assert not again.changed


def test_another_video_of_the_same_name_is_not_cut(workspace: Workspace, trained: str, film: str) -> None:
    say(workspace, film, trained, Verb.IS, "Unknown 1", 0.0, person="Dora Day")
    write_video(Path(film), draw([DrawnShot(75, {3: (100, 100, 64)})]))
    report = learn.run(workspace, trained)
    assert "another video" in report.unread[film]
    assert [person.from_thumbnails for person in report.people] == [1]


def test_limits_a_person_and_who_may_not_be_recognised(workspace: Workspace, trained: str, film: str) -> None:
    decide.run(workspace, trained, Verb.IS, decide.unknown_target(1), person="Dora Day")
    dora = workspace.store.get(Person, trained, "Dora_Day")
    assert dora is not None
    workspace.store.put(replace(dora, recognisable=False))
    assert not learn.run(workspace, trained).changed
    workspace.store.put(dora)
    assert not learn.run(workspace, trained, "Ben Bo").people
    assert [person.added for person in learn.run(workspace, trained, max_num=1).people] == [1]
    assert [person.added for person in learn.run(workspace, trained, max_num=1).people] == [0]
    with pytest.raises(ConfigError, match="knows nobody"):
        learn.run(workspace, trained, "Nobody")


def confidence(workspace: Workspace, project: str, embedding: FloatArray, name: str) -> float:
    model = newest_model(workspace, workspace.project(project))
    assert model is not None
    recognizer = load_recognizer(workspace, model, model.engine)
    return float(recognizer.predict(embedding[None]).confidences[0, model.people.index(name)])


def odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def test_a_negative_lowers_the_wrong_name_and_hardly_any_other(workspace: Workspace, trained: str, film: str) -> None:
    say(workspace, film, trained, Verb.IS_NOT, "Ben Bo", 1.0, person="Ben Bo")
    (face,) = refuted_faces(workspace, workspace.project(trained), "fake@1")
    anna = next(i.embedding for i in workspace.store.find(Image, project=trained, person_id="Anna_Albers"))
    assert anna is not None
    before = confidence(workspace, trained, face.embedding, "Ben Bo"), confidence(workspace, trained, anna, "Anna Albers")
    report = classifier.run(workspace, trained)
    assert (report.is_new, report.n_negatives) == (True, 1)
    after = confidence(workspace, trained, face.embedding, "Ben Bo"), confidence(workspace, trained, anna, "Anna Albers")
    # The face is Ben's to the pixel: his own pictures hold against the one word, and yet he is far less certain.
    assert odds(after[0]) < odds(before[0]) - 3
    assert after[1] == pytest.approx(before[1], abs=1e-6)
    assert not classifier.run(workspace, trained).is_new


def test_a_negative_taken_back_is_forgotten(workspace: Workspace, trained: str, film: str) -> None:
    said = say(workspace, film, trained, Verb.IS_NOT, "Ben Bo", 1.0, person="Ben Bo")
    taught = classifier.run(workspace, trained).model
    assert len(taught.report["negatives"]) == 1
    undo(workspace, trained, said)
    report = classifier.run(workspace, trained)
    assert (report.is_new, report.n_negatives) == (True, 0)


def test_an_unknown_person_who_is_not_somebody_is_a_negative(workspace: Workspace, trained: str, film: str) -> None:
    decide.run(workspace, trained, Verb.IS_NOT, decide.unknown_target(1), person="Ben Bo")
    faces = refuted_faces(workspace, workspace.project(trained), "fake@1")
    assert [face.person_id for face in faces] == ["Ben_Bo", "Ben_Bo"]
    assert refuted_faces(workspace, workspace.project(trained), "other@1") == []


def test_by_command(workspace: Workspace, trained: str, film: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    uri = workspace.settings.database.uri
    config.write_text(f"data_dir: {workspace.data_dir}\ndatabase:\n  uri: {uri}\n", encoding="utf-8")
    shared = ["--project", trained, "--config", str(config)]
    assert main(["learn", *shared]) == 0
    assert "Nobody said yet" in capsys.readouterr().out
    decide.run(workspace, trained, Verb.IS, decide.unknown_target(1), person="Dora Day")
    assert main(["learn", "--person", "Dora Day", "--max_per_track", "2", *shared]) == 0
    out = capsys.readouterr().out
    assert "Dora Day: 2 tracks, 2 pictures added" in out
    assert "Now run: align --project p" in out
    assert main(["learn", *shared]) == 0
    assert "up to date" in capsys.readouterr().out
    assert main(["learn", "--person", "Nobody", *shared]) == 1


def unit(*angles: float) -> FloatArray:
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], np.float32)


@pytest.mark.parametrize(
    ("qualities", "angles", "n", "taken", "chosen"),
    [
        # the best, then the farthest from it, then the one between
        ([0.6, 0.9, 0.6, 0.6], [0.0, 0.1, 0.6, 1.2], 3, [], [1, 3, 2]),
        # far away, but too poor
        ([0.9, 0.9, 0.2], [0.0, 0.5, 1.5], 3, [], [0, 1]),
        # nothing new in it
        ([0.9, 0.8, 0.8], [0.0, 0.01, 0.02], 3, [], [0]),
        # what was chosen before counts
        ([0.9, 0.8, 0.8], [0.0, 0.1, 1.2], 1, [0], [2]),
        ([0.9], [0.0], 0, [], []),
        ([], [], 3, [], []),
    ],
)
def test_the_best_and_most_varied_samples(
    qualities: list[float], angles: list[float], n: int, taken: list[int], chosen: list[int]
) -> None:
    embeddings = unit(*angles) if angles else np.zeros((0, 2), np.float32)
    assert choose_varied(np.array(qualities, np.float32), embeddings, n, taken) == chosen


@pytest.mark.parametrize(
    ("others", "cut"),
    [
        ([], Cut(30, 30, 70, 70)),
        ([[0, 0, 10, 10]], Cut(30, 30, 70, 70)),
        # to the left, and below
        ([[20, 40, 15, 20]], Cut(35, 30, 70, 70)),
        ([[40, 66, 20, 20]], Cut(30, 30, 70, 66)),
        # in a corner the side that costs least gives way
        ([[62, 68, 20, 20]], Cut(30, 30, 70, 68)),
        # over the face itself
        ([[55, 40, 20, 20]], None),
    ],
)
def test_a_cut_leaves_others_out(others: list[list[float]], cut: Cut | None) -> None:
    boxes = np.array(others, np.float32).reshape(-1, 4)
    assert room_around(Box(40, 40, 20, 20), boxes, 0.5, 100, 100) == cut


def test_a_cut_stays_in_the_frame() -> None:
    assert room_around(Box(-2, 90, 20, 20), np.zeros((0, 4), np.float32), 0.5, 100, 100) == Cut(0, 80, 28, 100)
