"""What a training report sees in the pictures of people, and what it advises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from src.records import FaceQuality
from src.schema import FloatArray, IntArray
from src.training.report import advice
from src.training.report.agreement import look_alikes, study
from src.training.report.inputs import HeldOut, Picture, TrainingPictures
from src.training.report.numbers import measure
from src.training.report.report import build
from tests.unit.training_report.drawn import ABOUT, people_embeddings, pictures_of, rows, sure


def study_people(embeddings: FloatArray, labels: IntArray) -> list[tuple[int, int, tuple[int, ...]]]:
    found = study(embeddings, [np.flatnonzero(labels == label) for label in range(labels.max() + 1)])
    return [(len(entry.first), len(entry.second), entry.odd) for entry in found]


def test_pictures_of_one_person_agree() -> None:
    embeddings, labels = people_embeddings([10, 8, 6])
    assert study_people(embeddings, labels) == [(10, 0, ()), (8, 0, ()), (6, 0, ())]


def test_two_people_under_one_name_and_a_stray_picture_are_seen() -> None:
    embeddings, labels = people_embeddings([7, 5, 8, 9, 1])
    merged = np.array([0, 0, 1, 2, 0])[labels]
    assert study_people(embeddings, merged) == [(7, 5, (12,)), (8, 0, ()), (9, 0, ())]


def test_of_four_pictures_nobody_knows_which_is_wrong() -> None:
    embeddings, labels = people_embeddings([3, 1, 8, 8])
    assert study_people(embeddings, np.array([0, 0, 1, 2])[labels])[0] == (4, 0, ())


def test_thousands_of_pictures_are_studied_in_part() -> None:
    embeddings, labels = people_embeddings([5000, 5])
    assert study_people(embeddings, labels)[0] == (385, 0, ())


def test_the_same_picture_under_two_names_is_found_once() -> None:
    embeddings, labels = people_embeddings([4, 4])
    embeddings[6] = embeddings[1]
    assert look_alikes(embeddings, labels) == [(1, 6)]
    assert look_alikes(embeddings, np.zeros(8, np.int64)) == []


def advise(
    held: HeldOut, pictures: TrainingPictures, grey: Callable[[Picture], bool | None] = lambda _: False
) -> dict[str, str]:
    found = advice.advise(pictures, held, measure(held, pictures.labels), grey)
    assert [entry.kind for entry in found] == sorted((e.kind for e in found), key=list(advice.HEADINGS).index)
    return {entry.kind: entry.text for entry in found}


def test_nothing_is_advised_where_all_is_well() -> None:
    embeddings, labels = people_embeddings([6, 6])
    assert advise(sure(labels, ("A", "B")), pictures_of(labels, embeddings)) == {}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "Only 1 picture of B, which leaves none to check it with: add at least 4."),
        (2, "Only 2 pictures of B: add at least 3."),
        (4, "Only 4 pictures of B: add at least 1."),
    ],
)
def test_few_pictures(count: int, text: str) -> None:
    embeddings, labels = people_embeddings([6, count])
    assert advise(sure(labels, ("A", "B")), pictures_of(labels, embeddings)) == {"few": text}


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ([-0.8] * 7 + [0.1, 0.0], "Add frontal pictures of A: 7 of 9 are turned to the left."),
        ([0.9] * 6 + [0.1] * 3, "Add frontal pictures of A: 6 of 9 are turned to the right."),
        ([0.9, -0.9] * 3 + [0.1] * 3, "Add frontal pictures of A: 6 of 9 are turned away to either side."),
        ([0.9] * 5 + [0.1] * 4, None),
        ([None] * 9, None),
    ],
)
def test_faces_turned_away(turns: list[float | None], text: str | None) -> None:
    embeddings, labels = people_embeddings([9, 6])
    pictures = pictures_of(labels, embeddings)
    used = [*(replace(p, turn=turn) for p, turn in zip(pictures.used, turns, strict=False)), *pictures.used[9:]]
    found = advise(sure(labels, ("A", "B")), replace(pictures, used=tuple(used)))
    assert found == ({"turned": text} if text else {})


@pytest.mark.parametrize(
    ("quality", "what"),
    [
        (FaceQuality(30, 0.9, 1, 0.5), "smaller than 40 pixels"),
        (FaceQuality(90, 0.05, 1, 0.5), "blurred"),
        (FaceQuality(40, 0.1, 1, 0.5), None),
    ],
)
def test_poor_pictures(quality: FaceQuality, what: str | None) -> None:
    embeddings, labels = people_embeddings([6, 6])
    found = advise(sure(labels, ("A", "B")), pictures_of(labels, embeddings, quality=quality))
    assert found.get("poor", "").endswith(f"6 of 6 faces are {what}.") if what else "poor" not in found


def test_black_and_white_is_said_only_where_no_picture_has_colours() -> None:
    embeddings, labels = people_embeddings([6, 6])
    held, pictures = sure(labels, ("A", "B")), pictures_of(labels, embeddings)
    assert advise(held, pictures, lambda picture: picture.person == "Person 0")["grey"].startswith("All 6 pictures of A are")
    assert "grey" not in advise(held, pictures, lambda picture: picture.shown != "Person_0/000003_0.png" and None)
    seen: list[Picture] = []
    advise(held, pictures, lambda picture: bool(seen.append(picture)))
    assert len(seen) == 2


def test_confused_people_are_one_piece_of_advice() -> None:
    embeddings, labels = people_embeddings([6, 6])
    held = sure(labels, ("A", "B"))
    held.confidences[[0, 1, 2, 7]] = rows((0.2, 0.8), (0.1, 0.9), (0.1, 0.9), (0.7, 0.3))
    assert advise(held, pictures_of(labels, embeddings))["confused"] == (
        "A and B are confused: 3 pictures of A look like B and 1 of B like A. "
        "Look at Person_0/000000_0.png, Person_0/000001_0.png and Person_0/000002_0.png."
    )


@pytest.mark.parametrize(("each", "is_said"), [(10, True), (11, False)])
def test_a_single_slip_of_many_is_no_confusion(each: int, is_said: bool) -> None:
    embeddings, labels = people_embeddings([each, each])
    held = sure(labels, ("A", "B"))
    held.confidences[3] = (0.1, 0.9)
    assert ("confused" in advise(held, pictures_of(labels, embeddings))) is is_said


def test_the_same_picture_twice_is_the_first_advice() -> None:
    embeddings, labels = people_embeddings([6, 6])
    embeddings[9] = embeddings[2]
    found = advise(sure(labels, ("A", "B")), pictures_of(labels, embeddings))
    assert found["shared"] == (
        "A and B have a picture in common: delete it from whom it does not show. "
        "Look at Person_0/000002_0.png and Person_1/000009_0.png."
    )


def test_two_people_under_one_name_are_said() -> None:
    embeddings, labels = people_embeddings([7, 5, 8, 9])
    merged = np.array([0, 0, 1, 2])[labels]
    found = advise(sure(merged, ("A", "B", "C")), pictures_of(merged, embeddings))
    assert "Pictures of A disagree: 7 look like one person, 5 like another. Two people under one name?" in found["mixed"]


def test_strangers_who_get_a_name() -> None:
    embeddings, labels = people_embeddings([6, 6])
    held = sure(labels, ("A", "B"))
    held.stranger_confidences[3, 1] = 0.9
    assert advise(held, pictures_of(labels, embeddings))["strangers"].startswith("1 of 12 strangers gets the name B")


def test_people_who_are_missed() -> None:
    embeddings, labels = people_embeddings([6, 6])
    held = sure(labels, ("A", "B"))
    held.confidences[:3, 0] = 0.3
    found = advise(held, pictures_of(labels, embeddings))
    assert found["missed"].startswith("3 of 6 pictures of A are not recognised by the others")


def test_pictures_set_aside_are_counted_whatever_their_state() -> None:
    embeddings, labels = people_embeddings([6, 6])
    aside = tuple(Picture("A", f"A/{n}.jpg", state="no_face" if n else "something_new", reason="said so") for n in range(7))
    pictures = replace(pictures_of(labels, embeddings), aside=aside)
    held = sure(labels, ("A", "B"))
    assert advise(held, pictures)["aside"] == "7 of 13 pictures of A do not train (6 no face, 1 something new): find others."
    people = build(ABOUT, pictures, held).document()["people"]
    assert people[0]["aside"] == {"no face: said so": 6, "something new: said so": 1}


def test_the_project_is_advised_too() -> None:
    embeddings, labels = people_embeddings([6, 6])
    held = sure(labels, ("A", "B"))
    held.confidences[held.confidences > 0] = 0.6
    found = advise(held, replace(pictures_of(labels, embeddings), n_strangers=0))
    assert set(found) == {"calibration", "unknown"}
    assert "off by 20%" in found["calibration"]
