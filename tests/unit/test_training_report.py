"""The numbers and the advice of a training report, against hand-computed values and scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix, det_curve, roc_curve

from src.records import FaceQuality
from src.schema import FloatArray, IntArray
from src.training.report import advice
from src.training.report.agreement import look_alikes, study
from src.training.report.comparison import METRICS, Previous, PreviousPerson, compare, read_previous, summary_of
from src.training.report.crops import is_grey, thumbnail
from src.training.report.doubtful import most_doubtful
from src.training.report.inputs import About, HeldOut, Picture, TrainingPictures, named
from src.training.report.numbers import (
    choice,
    confused_pairs,
    confusion,
    histogram,
    identification_curve,
    measure,
    person_numbers,
    reliability,
    share,
)
from src.training.report.report import build

ABOUT = About("p", "0002-SVM", "fake@1", "SVM", "2026-11-22T00:00:00+00:00", {"named_from": 0.5, "evidence": 0.4})


def rows(*values: tuple[float, ...]) -> FloatArray:
    return np.array(values, np.float32)


#                     confidence in A, B     truth   named
FACES = rows(
    (0.9, 0.1),  #                            A       A     right
    (0.6, 0.2),  #                            A       A     right
    (0.3, 0.7),  #                            A       B     wrong
    (0.2, 0.8),  #                            B       B     right
    (0.1, 0.4),  #                            B       -     missed
)
TRUTH = np.array([0, 0, 0, 1, 1])
STRANGERS = rows((0.1, 0.0), (0.2, 0.5), (0.0, 0.3), (0.4, 0.1))
HELD = HeldOut(("A", "B"), np.arange(5), TRUTH, FACES, FACES, STRANGERS, STRANGERS, np.array([0.5, 0.5], np.float32), "drawn")


def random_held(n_people: int, each: int, seed: int = 0) -> HeldOut:
    """Draw held-out faces whose own confidence is mostly the highest, and strangers whose is mostly low."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_people), each)
    confidences = rng.beta(1, 8, (len(labels), n_people)).astype(np.float32)
    confidences[np.arange(len(labels)), labels] = rng.beta(4, 1, len(labels))
    strangers = rng.beta(1, 6, (len(labels), n_people)).astype(np.float32)
    people = tuple(f"Person {number}" for number in range(n_people))
    limits = np.full(n_people, 0.5, np.float32)
    return HeldOut(people, np.arange(len(labels)), labels, confidences, confidences, strangers, strangers, limits)


def unit(vectors: FloatArray) -> FloatArray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def people_embeddings(counts: list[int], spread: float = 0.6, seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Draw pictures of people who look nothing like each other."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = unit(rng.standard_normal((len(counts), 128), np.float32))
    noise = unit(rng.standard_normal((len(labels), 128), np.float32))
    return unit(centres[labels] + spread * noise), labels


def pictures_of(labels: IntArray, embeddings: FloatArray, **about: object) -> TrainingPictures:
    used = tuple(
        replace(Picture(f"Person {label}", f"Person_{label}/{row:06}_0.png"), **about)  # type: ignore[arg-type]
        for row, label in enumerate(labels.tolist())
    )
    return TrainingPictures(used, embeddings, labels, n_strangers=1)


# Numbers


@pytest.mark.parametrize(
    ("confidences", "limits", "expected"),
    [
        # a limit of just this names; each person has one of their own; the likeliest is asked and no other
        ([[0.5, 0.1]], [0.5, 0.5], [0]),
        ([[0.49, 0.1]], [0.5, 0.5], [-1]),
        ([[0.6, 0.5]], [0.7, 0.4], [-1]),
        ([[0.1, 0.45]], [0.7, 0.4], [1]),
    ],
)
def test_named(confidences: list[list[float]], limits: list[float], expected: list[int]) -> None:
    assert named(np.array(confidences, np.float32), np.array(limits, np.float32)).tolist() == expected


def test_nobody_is_named_where_nothing_is_known() -> None:
    assert named(np.zeros((0, 2), np.float32), np.zeros(2, np.float32)).tolist() == []
    assert named(np.zeros((3, 0), np.float32), np.zeros(0, np.float32)).tolist() == [-1, -1, -1]


def test_people_are_counted() -> None:
    a, b = person_numbers(HELD, np.array([0, 0, 0, 1, 1, 1]))
    assert (a.name, a.n_images, a.n_held_out, a.n_right, a.n_unknown, a.n_taken_for, a.n_strangers) == ("A", 3, 3, 2, 0, 0, 0)
    assert (b.name, b.n_images, b.n_held_out, b.n_right, b.n_unknown, b.n_taken_for, b.n_strangers) == ("B", 3, 2, 1, 1, 1, 1)
    assert (a.precision, a.recall, a.confused_with) == (1.0, pytest.approx(2 / 3), "B")
    assert (b.precision, b.recall, b.confused_with) == (0.5, 0.5, "Unknown")
    assert (a.confidence, b.confidence) == (pytest.approx(0.6), pytest.approx(0.6))


def test_totals_are_counted() -> None:
    numbers = measure(HELD, TRUTH)
    assert (numbers.named_right.count, numbers.named_wrong.count, numbers.named_right.total) == (3, 1, 5)
    assert (numbers.strangers_named.count, numbers.strangers_named.total) == (1, 4)
    assert [(pair.person, pair.taken_for, pair.rows) for pair in numbers.confused] == [("A", "B", (2,))]


def test_share_has_wilsons_interval() -> None:
    found = share(81, 263)
    # Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I: 0.2553 to 0.3662.
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert share(0, 0) == share(0, 0)
    assert share(0, 0).value is None


def test_confusion_is_that_of_scikit_learn() -> None:
    held = random_held(7, 9)
    said = held.named()
    mine = confusion(held.labels, said, 7)
    reference = confusion_matrix(np.where(held.labels < 0, 7, held.labels), np.where(said < 0, 7, said), labels=range(8))
    np.testing.assert_array_equal(mine, reference)
    pairs = confused_pairs(held.people, held.labels, said)
    assert sum(len(pair.rows) for pair in pairs) == mine[:7, :7].sum() - np.trace(mine[:7, :7])


def test_the_curve_by_hand() -> None:
    # known right: 0.9 0.6 0.8 0.4, and one never; strangers 0.1 0.5 0.3 0.4
    curve = identification_curve(FACES, TRUTH, STRANGERS)
    assert (curve.dir_at(0.0), curve.threshold_at(0.0)) == (pytest.approx(3 / 5), pytest.approx(0.6))
    assert curve.dir_at(0.25) == pytest.approx(3 / 5)
    assert curve.dir_at(0.5) == pytest.approx(4 / 5)
    assert curve.dir_at(1.0) == pytest.approx(4 / 5)
    assert not curve.resolves(0.01)
    assert curve.resolves(0.25)


def test_the_curve_is_that_of_scikit_learn_where_nobody_is_confused() -> None:
    held = random_held(2, 150)
    own = held.confidences[np.arange(300), held.labels]
    held.confidences[np.arange(300), 1 - held.labels] = 0
    curve = identification_curve(held.confidences, held.labels, held.stranger_confidences)
    truth, scores = np.repeat([1, 0], 300), np.concatenate([own, held.stranger_confidences.max(axis=1)])
    fpr, tpr, _ = roc_curve(truth, scores)
    det_fpr, det_fnr, _ = det_curve(truth, scores)
    for rate in (0.01, 0.05, 0.2, 0.5):
        assert curve.dir_at(rate) == pytest.approx(tpr[fpr <= rate].max())
        assert 1 - (curve.dir_at(rate) or 0) == pytest.approx(det_fnr[det_fpr <= rate].min())


def test_a_long_curve_keeps_its_strict_end() -> None:
    held = random_held(3, 2000, seed=3)
    curve = identification_curve(held.confidences, held.labels, held.stranger_confidences)
    assert len(curve.fpir) <= 401
    best = held.confidences.max(axis=1)
    right = held.confidences.argmax(axis=1) == held.labels
    allowed = np.sort(held.stranger_confidences.max(axis=1))[-60]
    exact = (right & (best > allowed)).mean()
    assert curve.dir_at(0.01) == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize("empty", ["known", "strangers"])
def test_without_either_kind_there_is_no_curve(empty: str) -> None:
    none = np.zeros((0, 2), np.float32)
    known = empty != "known"
    curve = identification_curve(
        FACES if known else none, TRUTH if known else np.zeros(0, np.int64), none if known else STRANGERS
    )
    assert (len(curve.fpir), curve.dir_at(0.01), curve.threshold_at(0.01)) == (0, None, None)


def test_reliability_by_hand() -> None:
    # known, 1/5 each: 0.92 right, 0.62 right, 0.72 wrong, 0.82 right, 0.42 right; without strangers five bins of one face
    faces, strangers = FACES + np.float32(0.02), STRANGERS + np.float32(0.02)
    alone = reliability(faces, TRUTH, np.zeros((0, 2), np.float32))
    assert alone.ece == pytest.approx((0.08 + 0.38 + 0.72 + 0.18 + 0.58) / 5)
    assert alone.ece_known == alone.ece
    # both kinds weigh 1/2: a known face 0.1, a stranger 0.125; strangers 0.12, 0.52, 0.32, and 0.42 beside a known face
    both = reliability(faces, TRUTH, strangers)
    shared = next(part for part in both.bins if part.low == 0.4)
    assert shared.count == 2
    assert shared.weight == pytest.approx(0.225)
    assert shared.right == pytest.approx(0.1 / 0.225)
    others = 0.1 * (0.08 + 0.38 + 0.72 + 0.18) + 0.125 * (0.12 + 0.52 + 0.32)
    assert both.ece == pytest.approx(others + 0.225 * abs(0.1 / 0.225 - 0.42), abs=1e-6)
    assert both.ece_known == alone.ece
    assert sum(part.weight for part in both.bins) == pytest.approx(1)


def test_true_confidences_have_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 40_000).astype(np.float32)
    right = rng.uniform(size=40_000) < confidence
    found = reliability(np.stack([confidence, 1 - confidence], axis=1), np.where(right, 0, 1), np.zeros((0, 2), np.float32))
    assert found.ece is not None
    assert found.ece < 0.01


def test_nothing_has_no_calibration_error() -> None:
    none = np.zeros((0, 2), np.float32)
    assert reliability(none, np.zeros(0, np.int64), none).ece is None


def test_histogram_counts_everything_once() -> None:
    found = histogram(rows((0.0, 0.049, 0.05, 1.0))[0], rows((2.0, -3.0))[0], 0.0, 1.0)
    assert found.genuine.tolist() == [0.5, 0.25, *[0.0] * 17, 0.25]
    assert (found.strangers[0], found.strangers[-1], found.strangers.sum()) == (0.5, 0.5, 1.0)
    assert histogram(np.zeros(0, np.float32), np.zeros(0, np.float32), 0, 1).genuine.sum() == 0


def test_other_thresholds_by_hand() -> None:
    found = choice(HELD, 0.4)
    assert (found.right, found.wrong, found.strangers) == (pytest.approx(4 / 5), pytest.approx(1 / 5), pytest.approx(2 / 4))
    assert choice(HELD, 0.85).right == pytest.approx(1 / 5)


def test_doubtful_pictures_come_wrong_ones_first() -> None:
    embeddings, _ = people_embeddings([3, 2])
    found = most_doubtful(pictures_of(TRUTH, embeddings), HELD)
    # the one taken for B, then by rising confidence in the own name: 0.4 and 0.6; 0.8 and 0.9 are sure
    assert [(entry.picture.shown, entry.taken_for) for entry in found] == [
        ("Person_0/000002_0.png", "B"),
        ("Person_1/000004_0.png", "Unknown"),
        ("Person_0/000001_0.png", "A"),
    ]
    assert (found[0].confidence, found[0].other_confidence) == (pytest.approx(0.3), pytest.approx(0.7))
    assert len(most_doubtful(pictures_of(TRUTH, embeddings), HELD, limit=1)) == 1


def test_the_input_is_not_changed() -> None:
    held = random_held(4, 6)
    before = [held.confidences.copy(), held.scores.copy(), held.stranger_confidences.copy()]
    embeddings, labels = people_embeddings([6] * 4)
    build(ABOUT, pictures_of(labels, embeddings), held)
    for now, then in zip((held.confidences, held.scores, held.stranger_confidences), before, strict=True):
        np.testing.assert_array_equal(now, then)


# Agreement


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


# Advice


def advise(
    held: HeldOut, pictures: TrainingPictures, grey: Callable[[Picture], bool | None] = lambda _: False
) -> dict[str, str]:
    found = advice.advise(pictures, held, measure(held, pictures.labels), grey)
    assert [entry.kind for entry in found] == sorted((e.kind for e in found), key=list(advice.HEADINGS).index)
    return {entry.kind: entry.text for entry in found}


def sure(labels: IntArray, people: tuple[str, ...]) -> HeldOut:
    """Everybody recognised, every stranger refused."""
    confidences = np.zeros((len(labels), len(people)), np.float32)
    confidences[np.arange(len(labels)), labels] = 0.99
    none = np.zeros((len(labels), len(people)), np.float32)
    limits = np.full(len(people), 0.5, np.float32)
    return HeldOut(people, np.arange(len(labels)), labels, confidences, confidences, none, none, limits)


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


# Pictures


def save(path: Path, pixels: FloatArray | IntArray) -> Path:
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def test_grey_pictures_are_told_from_coloured_ones(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (64, 64, 1)).repeat(3, axis=2)
    assert is_grey(save(tmp_path / "grey.png", grey)) is True
    assert is_grey(save(tmp_path / "grey.jpg", grey)) is True
    assert is_grey(save(tmp_path / "sepia.png", np.clip(grey * [1.0, 0.85, 0.65], 0, 255))) is False
    assert is_grey(tmp_path / "gone.png") is None
    assert is_grey(None) is None


def test_a_thumbnail_is_small_or_nothing(tmp_path: Path) -> None:
    address = thumbnail(save(tmp_path / "face.png", np.full((160, 160, 3), 90)), 80)
    assert address.startswith("data:image/jpeg;base64,")
    (tmp_path / "bad.png").write_bytes(b"<html>")
    assert [thumbnail(path, 80) for path in (None, tmp_path / "gone.png", tmp_path / "bad.png")] == ["", "", ""]


# Comparison

RECORD = Previous("0001-KNN", "fake@1", "KNN", "2026-11-21", {"A": PreviousPerson("A", 9, 0.5, 1.0)}, {})


def test_the_model_before_is_read_from_its_report(tmp_path: Path) -> None:
    embeddings, labels = people_embeddings([3, 2])
    report = build(ABOUT, pictures_of(labels, embeddings), HELD)
    (tmp_path / "report.json").write_text(json.dumps(report.document()))
    previous = read_previous(RECORD, tmp_path / "report.json")
    assert previous.problem == ""
    assert previous.people["B"] == PreviousPerson("B", 2, 0.5, 0.5)
    wanted = {
        key: pytest.approx(value, abs=1e-5) for key, value in summary_of(report.numbers, ABOUT).items() if value is not None
    }
    assert {key: previous.metrics[key] for key in wanted} == wanted
    assert set(previous.metrics) == {key for key, *_ in METRICS}
    comparison = compare(previous, ABOUT, report.numbers)
    assert (comparison.people, comparison.added, comparison.removed) == ((), (), ())
    assert all(metric.change == pytest.approx(0, abs=1e-5) for metric in comparison.metrics)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "is gone"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "has another form"),
        ('{"version": 99}', "has another form"),
        ('{"version": 1}', "cannot be read"),
        ('{"version": 1, "people": [{"name": "A"}], "summary": {}}', "cannot be read"),
        ('{"version": 1, "people": 3, "summary": {}}', "cannot be read"),
        ('{"version": 1, "people": [], "summary": 7}', "cannot be read"),
    ],
)
def test_a_report_that_cannot_be_read_leaves_the_record(tmp_path: Path, content: str | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    previous = read_previous(RECORD, tmp_path / "report.json")
    assert problem in previous.problem
    assert (previous.people, previous.metrics) == (RECORD.people, {"n_people": 1.0, "n_pictures": 9.0})
    comparison = compare(previous, ABOUT, measure(HELD, TRUTH))
    assert (comparison.added, comparison.removed) == (("B",), ())
    assert comparison.notes[0] == previous.problem


def test_numbers_that_somebody_edited_are_none(tmp_path: Path) -> None:
    people = [{"name": "A", "n_images": 3, "recall": "<b>", "precision": True}]
    text = json.dumps({"version": 1, "people": people, "summary": {"ece": float("inf"), "dir_at_1_percent": "0.9"}})
    (tmp_path / "report.json").write_text(text)
    previous = read_previous(RECORD, tmp_path / "report.json")
    assert previous.people["A"] == PreviousPerson("A", 3, None, None)
    assert (previous.metrics["ece"], previous.metrics["dir_at_1_percent"]) == (None, None)


def test_another_engine_is_said() -> None:
    comparison = compare(replace(RECORD, engine="other@2"), ABOUT, measure(HELD, TRUTH))
    assert any("The engine was other@2" in note for note in comparison.notes)
    (changed,) = comparison.people
    assert (changed.name, changed.images_before, changed.images) == ("A", 9, 3)
    assert changed.change == pytest.approx(2 / 3 - 1 / 2)
