"""Galleries, classifiers and calibration on people made of random directions, where the truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from src.errors import GalleryError, ShapeError
from src.recognition.calibration import Negatives, OpenSet, fit_open_set, fit_temperature, softmax
from src.recognition.classifiers import CLASSIFIERS, make_classifier
from src.recognition.gallery import Gallery
from src.recognition.identify import Recognizer, cross_validate, train_recognizer
from src.schema import FloatArray, IntArray

PRIOR = OpenSet(bias=-11.0, slope=26.0, margin=2.0)
DIMENSION = 64


def directions(n: int, seed: int = 0) -> FloatArray:
    vectors = np.random.default_rng(seed).normal(size=(n, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def pictures(people: FloatArray, each: int, noise: float = 0.8, seed: int = 1) -> tuple[FloatArray, IntArray]:
    """Return `each` noisy pictures of every person; noise 0.8 gives pictures of one person a cosine of about 0.6."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(people)), each)
    vectors = people[labels] + noise / np.sqrt(DIMENSION) * rng.normal(size=(len(labels), DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def gallery_of(n: int, each: int = 6) -> Gallery:
    embeddings, labels = pictures(directions(n), each)
    return Gallery(tuple(f"P{number}" for number in range(n)), embeddings, labels)


def test_evidence_by_hand() -> None:
    known = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], np.float32)
    gallery = Gallery(("A", "B"), known, np.array([0, 0, 1]))
    # A: mean of (1,0,0) and (.8,.6,0) is (.9,.3,0), of length sqrt(.9); the two nearest have cosines 1 and .8.
    probe = np.array([[1, 0, 0]], np.float32)
    a = (0.9 / np.sqrt(0.9) + 0.9) / 2
    np.testing.assert_allclose(gallery.evidence(probe), [[a, 0.0]], atol=1e-6)


def test_a_picture_is_no_evidence_for_itself() -> None:
    gallery = Gallery(("A", "B"), np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32), np.array([0, 0, 1]))
    evidence = gallery.evidence_without_self()
    # Each picture of A has the other one left, at cosine 0.6; B's only picture has none.
    np.testing.assert_allclose(evidence[:, 0], [0.6, 0.6, (0.4 / np.sqrt(0.8) + 0.4) / 2], atol=1e-4)
    np.testing.assert_allclose(evidence[:, 1], [0.0, 0.8, -1.0], atol=1e-6)


def test_evidence_without_self_equals_taking_the_picture_out() -> None:
    gallery = gallery_of(4)
    whole = gallery.evidence_without_self()
    for row in (0, 7, 23):
        rest = gallery.take(np.arange(24) != row)
        np.testing.assert_allclose(whole[row], rest.evidence(gallery.embeddings[row : row + 1])[0], atol=1e-5)


def test_no_probe_and_a_person_without_pictures() -> None:
    gallery = Gallery(("A", "B"), np.array([[1, 0]], np.float32), np.array([0]))
    assert gallery.evidence(np.zeros((0, 2), np.float32)).shape == (0, 2)
    np.testing.assert_allclose(gallery.evidence(np.array([[1, 0]], np.float32)), [[1, -1]])


def test_broken_galleries_are_refused() -> None:
    with pytest.raises(GalleryError, match="not finite"):
        Gallery(("A",), np.array([[np.nan, 0]], np.float32), np.array([0]))
    with pytest.raises(ShapeError, match="embeddings"):
        Gallery(("A",), np.zeros((2, 4), np.float32), np.array([0]))


def test_open_set_parts_known_faces_from_strangers() -> None:
    people = directions(30)
    embeddings, labels = pictures(people[:15], 6)
    open_set = fit_open_set(Gallery(tuple("ABCDEFGHIJKLMNO"), embeddings, labels), PRIOR)
    gallery = Gallery(tuple("ABCDEFGHIJKLMNO"), embeddings, labels)
    genuine, _ = pictures(people[:15], 20, seed=5)
    strangers, _ = pictures(people[15:], 20, seed=6)
    assert open_set.known(gallery.evidence(genuine)).min() > 0.5
    assert open_set.known(gallery.evidence(strangers)).max() < 0.5


def test_strangers_of_the_unknown_folder_raise_the_bar() -> None:
    embeddings, labels = pictures(directions(4), 6)
    # People who look like a mixture of person 0 and somebody else: without them, person 0 would claim them.
    alike = pictures((directions(4)[:1] * 0.9 + directions(8, seed=9)[:8] * 0.6), 4, seed=3)[0]
    alike = alike / np.linalg.norm(alike, axis=1, keepdims=True)
    plain = Gallery(tuple("ABCD"), embeddings, labels)
    taught = Gallery(tuple("ABCD"), np.concatenate([embeddings, alike]), np.concatenate([labels, np.full(len(alike), -1)]))
    before, after = fit_open_set(plain, PRIOR), fit_open_set(taught, PRIOR)
    evidence = plain.evidence(alike)
    assert after.known(evidence).mean() < before.known(evidence).mean() - 0.05


def test_a_face_that_is_not_somebody_raises_the_bar_for_them_alone() -> None:
    people = directions(4)
    embeddings, labels = pictures(people, 6)
    gallery = Gallery(tuple("ABCD"), embeddings, labels)
    alike = pictures(people[:1] * 0.9 + directions(8, seed=9)[:1] * 0.6, 4, seed=3)[0]
    alike = alike / np.linalg.norm(alike, axis=1, keepdims=True)
    plain = fit_open_set(gallery, PRIOR)
    taught = fit_open_set(gallery, PRIOR, Negatives(alike[:1], np.array([0])))
    assert max(map(abs, plain.offsets)) < 0.1
    assert taught.offsets[0] < -0.5
    assert taught.offsets[1:] == plain.offsets[1:]
    evidence = gallery.evidence(alike)
    before, after = plain.known_as(evidence), taught.known_as(evidence)
    # The look-alikes that nobody spoke of fall too.
    assert (after[:, 0] < before[:, 0] * 0.9).all()
    np.testing.assert_array_equal(after[:, 1:], before[:, 1:])
    # And the person is still known.
    own = pictures(people[:1], 20, seed=5)[0]
    assert taught.known_as(gallery.evidence(own))[:, 0].min() > 0.5
    # Once more said, once more believed; a face that is nothing like the person says nothing new.
    more = fit_open_set(gallery, PRIOR, Negatives(alike, np.zeros(4, np.int64)))
    assert more.offsets[0] < taught.offsets[0]
    far = fit_open_set(gallery, PRIOR, Negatives(people[1:2], np.array([0])))
    assert far.offsets[0] > -0.1


def test_bundled_strangers_stand_in_for_a_folder_of_strangers() -> None:
    people = directions(4)
    embeddings, labels = pictures(people, 6)
    gallery = Gallery(tuple("ABCD"), embeddings, labels)
    alike = pictures(people[:1] * 0.7 + directions(8, seed=9)[:8] * 0.7, 4, seed=3)[0]
    alike = alike / np.linalg.norm(alike, axis=1, keepdims=True)
    before, after = fit_open_set(gallery, PRIOR), fit_open_set(gallery, PRIOR, bundled=alike)
    evidence = gallery.evidence(alike)
    assert after.known_as(evidence).max(axis=1).mean() < before.known_as(evidence).max(axis=1).mean()
    # Somebody who is both bundled and in the gallery is no stranger to it.
    twice = fit_open_set(gallery, PRIOR, bundled=pictures(people, 3, seed=8)[0])
    assert twice == before
    # A gallery with strangers of its own asks for no others.
    own = Gallery(tuple("ABCD"), np.concatenate([embeddings, alike]), np.concatenate([labels, np.full(len(alike), -1)]))
    assert fit_open_set(own, PRIOR, bundled=alike[:1]) == fit_open_set(own, PRIOR)


def test_the_more_pictures_the_higher_the_bar() -> None:
    people = directions(3)
    few, many = pictures(people[:1], 1), pictures(people[1:2], 20)
    third = pictures(people[2:], 4)
    gallery = Gallery(
        ("few", "many", "some"),
        np.concatenate([few[0], many[0], third[0]]),
        np.array([0] + [1] * 20 + [2] * 4),
    )
    prior = OpenSet(-11.0, 26.0, 2.0, pictures=-0.8)
    fitted = fit_open_set(gallery, prior)
    assert fitted.threshold_of(0) < fitted.threshold_of(2) < fitted.threshold_of(1)
    assert fitted.offsets[0] == 0.0  # one picture says nothing of its own person


def test_the_bar_is_each_persons_own() -> None:
    open_set = OpenSet(-11.0, 26.0, 2.0, offsets=(0.0, -2.0, 1.0))
    evidence = np.array([[0.45, 0.2, 0.1], [0.1, 0.45, 0.2]], np.float32)
    logits = np.array([-11 + 26 * 0.45 + 2 * 0.25] * 2)
    expected = 1 / (1 + np.exp(-(logits[:, None] + np.array(open_set.offsets))))
    np.testing.assert_allclose(open_set.known_as(evidence), expected, rtol=1e-5)
    assert open_set.threshold_of(1) == pytest.approx(open_set.threshold + 2 / 26)
    extreme = OpenSet(-500.0, 26.0, 2.0, offsets=(0.0, -60.0))
    assert np.isfinite(extreme.known_as(np.array([[1.0, -1.0], [-1.0, 1.0]], np.float32))).all()


def test_a_gallery_that_says_nothing_leaves_the_prior() -> None:
    only = Gallery(("A",), directions(1), np.array([0]))
    assert fit_open_set(only, PRIOR) == PRIOR


def test_probability_rises_with_evidence() -> None:
    evidence = np.stack([np.linspace(-1, 1, 50), np.full(50, -1.0)], axis=1).astype(np.float32)
    known = PRIOR.known(evidence)
    assert (np.diff(known) >= 0).all()
    assert known.min() >= 0 and known.max() <= 1


def test_temperature_makes_scores_as_sure_as_they_are_right() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    scores = np.eye(3, dtype=np.float32)[np.where(rng.uniform(size=600) < 0.7, labels, (labels + 1) % 3)]
    factor = fit_temperature(scores, labels)
    sure = softmax(scores, factor).max(axis=1)
    # The favourite is right in 7 of 10 cases, and one of the two others always gets the same as the third.
    assert sure.mean() == pytest.approx(0.7, abs=0.08)
    assert fit_temperature(scores[:0], labels[:0]) == 1.0


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_tells_people_apart_and_survives_a_file(name: str, tmp_path: Path) -> None:
    embeddings, labels = pictures(directions(5), 8)
    classifier = make_classifier(name)
    classifier.fit(embeddings, labels)
    probes, truth = pictures(directions(5), 4, seed=8)
    scores = classifier.scores(probes)
    assert scores.shape == (20, 5)
    assert (scores.argmax(axis=1) == truth).mean() >= 0.9
    assert classifier.scores(probes[:0]).shape == (0, 5)
    classifier.save(tmp_path)
    again = make_classifier(name)
    again.load(tmp_path)
    np.testing.assert_allclose(again.scores(probes), scores, rtol=1e-5)
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".pkl", ".pickle", ".joblib")]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_two_people_and_two_trainings(name: str) -> None:
    embeddings, labels = pictures(directions(2), 5)
    one, other = make_classifier(name), make_classifier(name)
    one.fit(embeddings, labels)
    other.fit(embeddings, labels)
    assert one.scores(embeddings).shape == (10, 2)
    np.testing.assert_array_equal(one.scores(embeddings), other.scores(embeddings))


def test_an_unknown_classifier_names_the_known_ones() -> None:
    with pytest.raises(GalleryError, match="SVM, KNN, RF, Softmax, XGBoost, Centroid"):
        make_classifier("Magic")


def test_a_forest_that_points_outside_itself_is_refused(tmp_path: Path) -> None:
    embeddings, labels = pictures(directions(3), 4)
    forest = make_classifier("RF")
    forest.fit(embeddings, labels)
    tree = forest._estimator.estimators_[0].tree_  # type: ignore[attr-defined]
    state = tree.__getstate__()
    state["nodes"]["left_child"][0] = 10_000_000
    tree.__setstate__(state)
    forest.save(tmp_path)
    with pytest.raises(ValueError, match="points outside"):
        make_classifier("RF").load(tmp_path)


def test_cross_validation_never_sees_the_face_it_scores() -> None:
    gallery = gallery_of(3)
    lone = Gallery(
        (*gallery.people, "Alone"),
        np.concatenate([gallery.embeddings, directions(9)[8:]]),
        np.append(gallery.labels, 3),
    )
    held = cross_validate("Centroid", lone)
    # The only picture of a person is never held out.
    assert held.rows.tolist() == list(range(18))
    best_when_seen = lone.evidence(lone.embeddings[:18]).max(axis=1)
    assert (held.evidence.max(axis=1) < best_when_seen).all()


def test_a_recognizer_knows_its_people_and_nobody_else(tmp_path: Path) -> None:
    people = directions(12)
    embeddings, labels = pictures(people[:6], 6)
    recognizer, _ = train_recognizer("SVM", Gallery(tuple("ABCDEF"), embeddings, labels), PRIOR)
    probes, truth = pictures(people[:6], 3, seed=4)
    known = recognizer.predict(probes)
    assert [candidate.name for candidate in known.best()] == ["ABCDEF"[label] for label in truth]
    assert known.confidences.max(axis=1).min() > 0.5
    assert (known.confidences.sum(axis=1) <= 1 + 1e-5).all()
    strangers = recognizer.predict(pictures(people[6:], 3, seed=4)[0])
    assert strangers.confidences.max() < 0.5
    recognizer.save(tmp_path / "model")
    again = Recognizer.load(tmp_path / "model").predict(probes)
    np.testing.assert_array_equal(again.confidences, known.confidences)
    top = known.top(0, 3)
    assert [len(top), top[0].name] == [3, "A"]
    assert top[0].confidence >= top[1].confidence >= top[2].confidence


@pytest.mark.parametrize(
    ("people", "labels", "message"),
    [
        (("A",), [0, 0], "two people or more, not 1"),
        (("A", "B"), [0, 0], "No face to train on for: B"),
    ],
)
def test_too_small_a_gallery_says_what_is_missing(people: tuple[str, ...], labels: list[int], message: str) -> None:
    with pytest.raises(GalleryError, match=message):
        train_recognizer("SVM", Gallery(people, directions(2), np.array(labels)), PRIOR)


@pytest.mark.parametrize("damage", ["no_meta", "no_arrays", "garbage", "foreign_field"])
def test_a_damaged_model_says_train_again(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    recognizer, _ = train_recognizer("Centroid", gallery_of(3), PRIOR)
    recognizer.save(folder)
    if damage == "no_meta":
        (folder / "model.json").unlink()
    elif damage == "no_arrays":
        (folder / "gallery.npz").unlink()
    elif damage == "garbage":
        (folder / "centroids.npy").write_bytes(b"not an array")
    else:
        meta = json.loads((folder / "model.json").read_text())
        meta["open_set"]["more"] = 1
        (folder / "model.json").write_text(json.dumps(meta))
    with pytest.raises(GalleryError, match="Train again"):
        Recognizer.load(folder)
