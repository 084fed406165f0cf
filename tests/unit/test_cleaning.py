"""Who a folder of faces is of, and what is said of each of them: made-up embeddings whose truth is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from src.cleaning.agreement import Faces, Limits, agree, evidence_for
from src.cleaning.between import People
from src.cleaning.duplicates import copies_of, near_pairs
from src.cleaning.traits import bad_trait, never_good
from src.cleaning.verdicts import KEPT, Rivals, judge, judge_strangers
from src.engines import ENGINES
from src.faces.drawing import DRAWN, drawing_score
from src.faces.sameness import same_photo
from src.records import FaceQuality, Image, ImageState, Provenance
from src.schema import Box, FloatArray, RgbImage

LIMITS = Limits.of(ENGINES["sface"].alike)
GOOD = FaceQuality(120, 0.8, 0.9, 0.9)
FRONTAL: FloatArray = np.array([[70, 40], [30, 40], [50, 60], [65, 80], [35, 80]], np.float32)
SIDE: FloatArray = np.array([[32, 40], [28, 40], [10, 60], [35, 80], [30, 80]], np.float32)


def faces_of(person: int, n: int, spread: float = 0.75, seed: int = 0) -> FloatArray:
    """Return n embeddings of a person, with a cosine of about 0.64 to each other, and of about 0 to anybody else's."""
    centre = np.random.default_rng([7, person]).standard_normal(128)
    noise = np.random.default_rng([seed, person]).standard_normal((n, 128)) * spread
    vectors = centre / np.linalg.norm(centre) + noise / np.sqrt(128)
    unit: FloatArray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def folder(*parts: FloatArray, trusted: tuple[int, ...] = ()) -> Faces:
    embeddings = np.concatenate(parts)
    marks = np.zeros(len(embeddings), np.bool_)
    marks[list(trusted)] = True
    return Faces(embeddings, np.arange(len(embeddings)), marks)


def image(name: str, quality: FaceQuality | None = GOOD, landmarks: FloatArray = FRONTAL, **changes: object) -> Image:
    values = {"project": "p", "sha256": name, "person_id": "A", "path": f"training_img/p/A/{name}", "width": 9, "height": 9}
    return Image(**(values | {"provenance": Provenance("x"), "quality": quality, "landmarks": landmarks} | changes))  # type: ignore[arg-type]


def nobody(n: int) -> Rivals:
    return Rivals([""] * n, np.full(n, -1.0, np.float32))


class TestAgreement:
    @pytest.mark.parametrize(("n_right", "n_wrong"), [(4, 1), (3, 2), (6, 2), (12, 8), (30, 10)])
    def test_single_strangers_are_found(self, n_right: int, n_wrong: int) -> None:
        strangers = [faces_of(100 + number, 1) for number in range(n_wrong)]
        found = agree(folder(faces_of(1, n_right), *strangers), LIMITS)
        assert found.known
        assert found.core.tolist() == list(range(n_right))
        assert (found.evidence[n_right:] < LIMITS.wrong).all()
        assert (found.evidence[:n_right] >= LIMITS.wrong).all()
        assert not len(found.second)

    def test_the_order_does_not_matter(self) -> None:
        faces = folder(faces_of(1, 9), faces_of(2, 2), faces_of(3, 1))
        order = np.random.default_rng(0).permutation(12)
        shuffled = Faces(faces.embeddings[order], np.arange(12), faces.trusted)
        one, other = agree(faces, LIMITS), agree(shuffled, LIMITS)
        np.testing.assert_allclose(other.evidence, one.evidence[order], atol=1e-5)

    @pytest.mark.parametrize("n", range(5))
    def test_with_fewer_than_five_nobody_can_know(self, n: int) -> None:
        assert not agree(folder(faces_of(1, n).reshape(n, 128)), LIMITS).known

    def test_pictures_that_do_not_agree_say_nothing(self) -> None:
        assert not agree(folder(*(faces_of(number, 1) for number in range(12))), LIMITS).known
        assert not agree(folder(faces_of(0, 3), *(faces_of(number, 1) for number in range(1, 12))), LIMITS).known

    def test_a_smaller_second_person_is_seen(self) -> None:
        found = agree(folder(faces_of(1, 12), faces_of(2, 6)), LIMITS)
        assert (found.known, found.even) == (True, False)
        assert found.second.tolist() == list(range(12, 18))

    def test_of_two_equals_nobody_is_meant(self) -> None:
        found = agree(folder(faces_of(1, 10), faces_of(2, 9)), LIMITS)
        assert (found.known, found.even) == (False, True)
        assert len(found.core) + len(found.second) == 19

    def test_a_second_person_who_looks_alike_is_not_drawn_in(self) -> None:
        first, second = faces_of(1, 12), faces_of(2, 6)
        alike = second + 0.25 * first.mean(axis=0)
        alike = (alike / np.linalg.norm(alike, axis=1, keepdims=True)).astype(np.float32)
        assert agree(folder(first, alike), LIMITS).second.tolist() == list(range(12, 18))

    def test_a_picture_that_somebody_switched_on_counts_three(self) -> None:
        faces = folder(faces_of(1, 6), faces_of(2, 4), trusted=(6, 7, 8))
        assert agree(faces, LIMITS).core.tolist() == [6, 7, 8, 9]

    def test_faces_of_one_photo_count_once(self) -> None:
        photos = np.array([0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5])
        faces = Faces(np.concatenate([faces_of(1, 6), faces_of(2, 6)]), photos, np.zeros(12, np.bool_))
        found = agree(faces, LIMITS)
        assert found.core.tolist() == [0, 1, 2, 3, 4, 5]

    def test_five_thousand_pictures(self) -> None:
        found = agree(folder(faces_of(1, 4900), *(faces_of(number, 20) for number in range(2, 7))), LIMITS)
        assert found.known
        assert (found.evidence[:4900] >= LIMITS.wrong).mean() > 0.999
        assert (found.evidence[4900:] < LIMITS.wrong).mean() > 0.99

    def test_evidence_leaves_a_face_itself_out(self) -> None:
        faces = faces_of(1, 4)
        rows = np.arange(4)
        for row in rows:
            others = np.delete(rows, row)
            alone = evidence_for(faces[[row]], faces[others])
            np.testing.assert_allclose(evidence_for(faces, faces, rows)[row], alone[0], atol=1e-5)
        assert evidence_for(faces[:1], faces[:1], rows[:1]).tolist() == [-1.0]


class TestVerdicts:
    def test_wrong_faces_are_set_aside_with_the_reason(self) -> None:
        faces = folder(faces_of(1, 6), faces_of(2, 1))
        said = judge([image(f"{n}.jpg") for n in range(7)], agree(faces, LIMITS), LIMITS, nobody(7))
        assert said[:6] == [KEPT] * 6
        assert said[6].state is ImageState.OUTLIER
        assert "unlike the 6 pictures that agree" in said[6].reason

    @pytest.mark.parametrize(
        ("quality", "landmarks", "state"),
        [
            (FaceQuality(25, 0.8, 0.9, 0.9), FRONTAL, ImageState.TINY),
            (FaceQuality(90, 0.03, 0.9, 0.4), FRONTAL, ImageState.BLURRED),
            (FaceQuality(90, 0.8, 0.0, 0.4), SIDE, ImageState.PROFILE),
        ],
    )
    def test_a_trait_explains_what_does_not_look_alike_and_harms_nothing_else(
        self, quality: FaceQuality, landmarks: FloatArray, state: ImageState
    ) -> None:
        faces = folder(faces_of(1, 6), faces_of(2, 1))
        images = [image(f"{n}.jpg", quality, landmarks) for n in range(7)]
        said = judge(images, agree(faces, LIMITS), LIMITS, nobody(7))
        assert [verdict.state for verdict in said] == [ImageState.ACTIVE] * 6 + [state]

    def test_whoever_looks_like_somebody_else_is_named(self) -> None:
        faces = folder(faces_of(1, 6), faces_of(2, 1))
        rivals = People.of({"Ben_Bo": faces_of(2, 5, seed=3), "A": faces_of(1, 5)}, LIMITS).rivals("A", faces.embeddings)
        said = judge([image(f"{n}.jpg") for n in range(7)], agree(faces, LIMITS), LIMITS, rivals)
        assert "looks like Ben Bo" in said[6].reason

    def test_a_known_person_is_no_stranger(self) -> None:
        people = People.of({"Ben_Bo": faces_of(2, 5)}, LIMITS)
        embeddings = np.concatenate([faces_of(2, 1, seed=5), faces_of(3, 1)])
        said = judge_strangers([image("a"), image("b")], LIMITS, people.rivals("Unknown", embeddings))
        assert [verdict.state for verdict in said] == [ImageState.OUTLIER, ImageState.ACTIVE]

    def test_two_people_with_the_same_faces_are_reported_and_no_rivals(self) -> None:
        people = People.of({"A": faces_of(1, 6), "B": faces_of(1, 6, seed=1), "C": faces_of(3, 6)}, LIMITS)
        (line,) = people.warnings()
        assert line.startswith("A and B look like one person")
        assert people.rivals("A", faces_of(1, 2)).evidence.max() < LIMITS.wrong

    @pytest.mark.parametrize(
        ("size", "sharpness", "state"), [(17.9, 1.0, ImageState.TINY), (18.0, 0.015, None), (90.0, 0.0149, ImageState.BLURRED)]
    )
    def test_what_no_embedder_can_use(self, size: float, sharpness: float, state: ImageState | None) -> None:
        found = never_good(FaceQuality(size, sharpness, 0.9, 0.5))
        assert (found[0] if found else None) is state

    def test_nothing_measured_is_nothing_bad(self) -> None:
        assert never_good(None) is None
        assert bad_trait(None, None) is None


class TestCopies:
    def test_near_pairs(self) -> None:
        images = [image(str(n), phash=phash) for n, phash in enumerate(("0" * 16, "0" * 15 + "f", "f" * 16, "", "0" * 16))]
        assert list(near_pairs(images, near=4)) == [(0, 1), (0, 4), (1, 4)]

    def test_the_best_stays_and_one_switched_on_always(self) -> None:
        poor, good = image("a", FaceQuality(30, 0.1, 0.5, 0.2)), image("b")
        human = image("c", FaceQuality(20, 0.1, 0.5, 0.1), state_by="human")
        assert copies_of([poor, good], [(0, 1)], lambda *_: True) == {0: 1}
        assert copies_of([poor, good, human], [(0, 1), (0, 2), (1, 2)], lambda *_: True) == {0: 2, 1: 2}
        assert copies_of([human, human], [(0, 1)], lambda *_: True) == {}
        assert copies_of([poor, good], [(0, 1)], lambda *_: False) == {}

    def test_a_copy_is_the_same_photo_and_another_face_in_the_same_room_is_not(self) -> None:
        rng = np.random.default_rng(3)
        room = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
        box = Box(120, 60, 60, 60)
        one, other = room.copy(), room.copy()
        for picture, seed in ((one, 1), (other, 2)):
            face = np.random.default_rng(seed).integers(0, 255, (5, 5, 3), np.uint8)
            picture[60:120, 120:180] = cv2.resize(face, (60, 60), interpolation=cv2.INTER_CUBIC)
        half = cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        bright = np.clip(one * 1.2, 0, 255).astype(np.uint8)
        assert same_photo(one, np.asarray(half, np.uint8), box)
        assert same_photo(one, bright, box)
        assert not same_photo(one, other, box)
        assert same_photo(np.zeros((9, 9, 3), np.uint8), np.zeros((5, 5, 3), np.uint8), Box(2, 2, 5, 5))


class TestDrawings:
    @staticmethod
    def portrait() -> RgbImage:
        """Return soft shading with noise, as a camera sees a face."""
        rng = np.random.default_rng(1)
        smooth = cv2.resize(rng.uniform(60, 200, (7, 7, 3)), (200, 200), interpolation=cv2.INTER_CUBIC)
        return np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)

    def test_a_photo_is_none(self) -> None:
        assert drawing_score(self.portrait(), Box(50, 50, 100, 100)) < DRAWN

    def test_lines_on_white_are_one(self) -> None:
        picture = np.full((200, 200, 3), 255, np.uint8)
        rng = np.random.default_rng(0)
        for start, end in rng.integers(0, 200, (60, 2, 2)).tolist():
            cv2.line(picture, start, end, (0, 0, 0), 2)
        assert drawing_score(picture, Box(50, 50, 100, 100)) >= DRAWN

    def test_of_a_small_face_nothing_is_said(self) -> None:
        assert drawing_score(np.zeros((200, 200, 3), np.uint8), Box(50, 50, 30, 30)) == float("-inf")
        assert drawing_score(np.zeros((200, 200, 3), np.uint8), Box(300, 300, 90, 90)) == float("-inf")
