"""Films of people who hide each other: the truth is where their colours are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.material.crowd import Actor, CrowdFrame, CrowdShot, Lens, Look, Pose, film_crowd
from evaluation.material.crowd_script import crowd_shots
from evaluation.material.sequences import made_sequences
from src.engines.fake import colour_of, make_fake_engine
from src.errors import ConfigError
from src.geometry import iou_matrix
from src.schema import Box, RgbImage
from src.video import open_stream

CENTRE = Lens(320, 180)


def head(person: int) -> Look:
    """A grey picture with a square of the person's colour in it."""
    picture = np.full((120, 120, 3), 90, np.uint8)
    picture[40:80, 40:80] = colour_of(person)
    return Look(str(person), (picture,), (Box(40, 40, 40, 40),))


def film(
    path: Path, actors: tuple[Actor, ...], lens: Lens = CENTRE, pillars: tuple[tuple[float, float], ...] = ()
) -> tuple[list[CrowdFrame], list[RgbImage]]:
    """Film half a second, and return truth and pictures."""
    shot = CrowdShot("test", 0.4, np.full((360, 640, 3), 60, np.uint8), actors, lambda _: lens, pillars)
    truth = film_crowd(path / "a.mp4", [shot])
    with open_stream(str(path / "a.mp4")) as stream:
        return truth, [frame.rgb() for frame in stream.frames()]


def test_boxes_are_where_the_faces_are(tmp_path: Path) -> None:
    walker = Actor(head(0), lambda t: Pose(200 + 100 * t, 150, 60))
    stander = Actor(head(4), lambda _: Pose(450, 200, 50))
    truth, pictures = film(tmp_path, (walker, stander), Lens(330, 170, 1.2))
    assert len(truth) == len(pictures) == 10
    for frame, found in zip(truth, make_fake_engine().detector.detect(pictures), strict=True):
        assert frame.ids.tolist() == [1, 2]
        assert iou_matrix(frame.boxes_xywh, found.boxes_xywh).max(axis=1).min() > 0.9


@pytest.mark.parametrize(
    ("behind", "true", "n_hidden"),
    [
        (230.0, [1, 2], 0),  # beside each other
        (265.0, [1, 2], 0),  # a quarter of it hidden by the cut-out in front
        (290.0, [2], 1),  # more than half of it
        (320.0, [2], 0),  # all of it
    ],
)
def test_who_is_hidden_is_not_to_be_found(tmp_path: Path, behind: float, true: list[int], n_hidden: int) -> None:
    back, front = Actor(head(0), lambda _: Pose(behind, 180, 40)), Actor(head(4), lambda _: Pose(340, 180, 40))
    truth, _ = film(tmp_path, (back, front))
    assert all(frame.ids.tolist() == true for frame in truth)
    assert all(len(frame.hidden_xywh) == n_hidden for frame in truth)


def test_a_pillar_stands_before_everybody_and_the_picture_ends(tmp_path: Path) -> None:
    actors = tuple(Actor(head(n), lambda _, x=x: Pose(x, 180, 40)) for n, x in enumerate((100.0, 300.0, 635.0)))  # type: ignore[misc]
    truth, _ = film(tmp_path, actors, pillars=((80.0, 45.0),))
    assert truth[0].ids.tolist() == [2, 3]
    assert truth[0].boxes_xywh[1, 0] + truth[0].boxes_xywh[1, 2] == 640


def test_who_is_away_is_nowhere(tmp_path: Path) -> None:
    truth, _ = film(tmp_path, (Actor(head(0), lambda t: None if t < 0.2 else Pose(300, 180, 50)),))
    assert [frame.ids.tolist() for frame in truth] == [[]] * 5 + [[1]] * 5


def test_the_same_seed_gives_the_same_film(tmp_path: Path) -> None:
    looks = {str(person): [head(person)] for person in range(4)}
    films = []
    for name in ("one", "two"):
        shots = crowd_shots(looks, seed=3, n_shots=1)
        (tmp_path / name).mkdir()
        truth = film_crowd(tmp_path / name / "a.mp4", shots)
        films.append(((tmp_path / name / "a.mp4").read_bytes(), [frame.boxes_xywh.tobytes() for frame in truth]))
    assert films[0] == films[1]


def test_a_crowd_needs_people() -> None:
    with pytest.raises(ConfigError, match="4 people, and there are 1"):
        crowd_shots({"0": [head(0)]}, seed=0)


def test_made_sequences_are_seeded_and_have_faults() -> None:
    one, other = made_sequences(5), made_sequences(5)
    for mine, same in zip(one, other, strict=True):
        for a, b in zip(mine.moments, same.moments, strict=True):
            np.testing.assert_array_equal(a.found.boxes_xywh, b.found.boxes_xywh)
            np.testing.assert_array_equal(a.embeddings, b.embeddings)
    by_name = {sequence.name: sequence for sequence in one}
    assert any(len(moment.hidden_xywh) for moment in by_name["occlusion"].moments)
    assert min(moment.found.scores.min(initial=1) for moment in by_name["low scores"].moments) < 0.5
    assert sum(len(moment.found) for moment in by_name["camera"].moments) < sum(len(m.ids) for m in by_name["camera"].moments)
