"""What gives a track its name, and why others have none: small cases that can be followed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from src.identities.decisions import Rulings
from src.identities.identification import TrackNames
from src.identities.naming import HUMAN, Label, Rules, Seen, lead_of, lend_names, name_track, one_at_a_time
from src.recognition.voting import VotingRule
from src.records import Shot, Track, TrackSamples
from src.schema import Box, Candidate

SHOTS = {0: Shot("a", 0, 0.0, 60.0, 0, 1500)}
RULES = Rules(VotingRule(), frozenset({"Ada", "Bob"}), 0.5)


def seen(
    track_id: int,
    start: float = 0.0,
    candidates: tuple[tuple[str, float, float], ...] = (("Ada", 0.6, 0.95), ("Bob", 0.2, 0.01)),
    samples: tuple[tuple[str, float, float], ...] = (("Ada", 0.9, 0.8), ("Ada", 0.9, 0.8)),
    angle: float = 0.0,
    side_px: float = 60.0,
    has_model: bool = True,
) -> Seen:
    """A track with a sample each second; `samples` are name, confidence and quality, `angle` the direction of its embedding."""
    n = len(samples)
    npt = start + np.arange(n, dtype=np.float64)
    frames = (npt * 25).astype(np.int64)
    qualities = np.array([quality for _, _, quality in samples], np.float32)
    boxes = np.tile(np.array([10, 10, side_px, side_px], np.float32), (n, 1))
    rows = TrackSamples(
        "a", track_id, 0, frames, npt, boxes, np.zeros((n, 5, 2), np.float32), np.ones(n, np.float32), qualities
    )
    end = float(npt[-1])
    track = Track(
        "a", track_id, 0, start, end, int(frames[0]), int(frames[-1]), n, start, 0, Box(10, 10, side_px, side_px), 0.8
    )
    names = TrackNames(
        tuple(Candidate(*candidate) for candidate in candidates),
        frames,
        tuple(name for name, _, _ in samples),
        np.array([confidence for _, confidence, _ in samples], np.float32),
    )
    pooled = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))], np.float32)
    return Seen(track, rows, names if has_model else None, pooled)


def label(track: Seen, rules: Rules = RULES, rulings: Rulings | None = None, excluded: frozenset[str] = frozenset()) -> Label:
    return name_track(track, rulings or Rulings(), rules, excluded, SHOTS, 1.0)


def test_a_clear_track_has_a_name_and_no_reason() -> None:
    named = label(seen(1))
    assert (named.person, named.confidence, named.reason) == ("Ada", 0.95, "")


@pytest.mark.parametrize(
    ("track", "rules", "reason"),
    [
        (seen(1, has_model=False), RULES, "there is no model yet"),
        (seen(1, candidates=(("Ada", 0.4, 0.31),)), RULES, "confidence 0.31 is below 0.50"),
        (seen(1), Rules(VotingRule(min_length=3), RULES.allowed), "seen in 2 samples, 3 are needed"),
        (seen(1), Rules(VotingRule(), frozenset({"Bob"})), "the likeliest person may not be recognised"),
        (
            seen(1, samples=(("Ada", 0.9, 0.8), ("Bob", 0.5, 0.8), ("Cy", 0.5, 0.8))),
            RULES,
            "only 33% of the samples agree, with 47% of the weight",
        ),
    ],
)
def test_a_track_without_a_name_says_why(track: Seen, rules: Rules, reason: str) -> None:
    unnamed = label(track, rules)
    assert unnamed.person is None
    assert unnamed.reason == reason


def test_many_poor_faces_do_not_outvote_one_good_face() -> None:
    poor = (("Bob", 0.99, 0.2),) * 9
    assert label(seen(1, samples=(("Ada", 0.9, 0.9), *poor))).person == "Ada"
    # As good as the other, they do.
    alike = (("Bob", 0.99, 0.8),) * 9
    both = (("Bob", 0.6, 0.9), ("Ada", 0.3, 0.05))
    assert label(seen(1, samples=(("Ada", 0.9, 0.9), *alike), candidates=both)).person == "Bob"


def test_what_people_said_needs_no_vote() -> None:
    said = Rulings(persons={1: "Bob"})
    assert (label(seen(1), rulings=said).person, label(seen(1), rulings=said).source) == ("Bob", HUMAN)
    nobody = label(seen(1), rulings=Rulings(unknown={1}))
    assert (nobody.person, nobody.source, nobody.reason) == (None, HUMAN, "")


def test_nobody_is_in_two_places() -> None:
    sure = label(seen(1, candidates=(("Ada", 0.6, 0.95),)))
    doubtful = label(seen(2, candidates=(("Ada", 0.5, 0.6), ("Bob", 0.3, 0.2))))
    kept, lost = one_at_a_time([sure, doubtful], RULES, {})
    assert kept.person == "Ada"
    assert (lost.person, lost.reason) == (None, "Ada is in the picture at the same time, more surely")


def test_the_second_choice_is_asked() -> None:
    sure = label(seen(1))
    samples = (("Ada", 0.6, 0.8), ("Bob", 0.55, 0.8))
    doubtful = label(seen(2, candidates=(("Ada", 0.5, 0.62), ("Bob", 0.45, 0.6)), samples=samples))
    assert doubtful.person == "Ada"
    assert [item.person for item in one_at_a_time([sure, doubtful], RULES, {})] == ["Ada", "Bob"]


def test_a_mirror_shows_the_same_person_twice() -> None:
    both = [label(seen(1)), label(seen(2))]
    assert [item.person for item in one_at_a_time(both, RULES, {})] == ["Ada", "Ada"]


def test_later_faces_keep_their_names() -> None:
    doubtful = label(seen(2, start=10.0, candidates=(("Ada", 0.5, 0.6),)))
    assert [item.person for item in one_at_a_time([label(seen(1)), doubtful], RULES, {})] == ["Ada", "Ada"]


def unnamed(track_id: int, start: float, angle: float, side_px: float = 60.0) -> Label:
    return label(seen(track_id, start, (("Bob", 0.3, 0.1),), (("Bob", 0.1, 0.2),), angle, side_px))


def test_a_face_seen_badly_takes_the_name_of_the_one_it_resembles() -> None:
    named, lent, other = lend_names([label(seen(1)), unnamed(2, 10, 20), unnamed(3, 20, 80)], RULES, {}, ())
    assert (named.person, lent.person, other.person) == ("Ada", "Ada", None)
    assert lent.reason == "like track 1 of this video (0.94)"
    assert 0.5 < lent.confidence < named.confidence
    assert lent.source == "machine"


@pytest.mark.parametrize(
    ("track", "excluded", "different", "rules"),
    [
        (unnamed(2, 0, 5), {}, (), RULES),  # at the same moment
        (unnamed(2, 10, 5, side_px=20), {}, (), RULES),  # too small to resemble anybody in particular
        (unnamed(2, 10, 5), {2: {"Ada"}}, (), RULES),  # somebody said that it is not Ada
        (unnamed(2, 10, 5), {}, ((1, 2),), RULES),  # somebody said that they are two people
        (unnamed(2, 10, 5), {}, (), Rules(VotingRule(), RULES.allowed)),  # switched off
        (unnamed(2, 10, 5), {}, (), Rules(VotingRule(confidence_threshold=0.96), RULES.allowed, 0.5)),  # not sure enough
        (unnamed(2, 10, 5), {}, (), Rules(VotingRule(), frozenset({"Bob"}), 0.5)),  # may not be recognised
    ],
)
def test_a_name_is_not_lent(track: Label, excluded: dict[int, set[str]], different: tuple, rules: Rules) -> None:
    assert lend_names([label(seen(1)), track], rules, excluded, different)[1].person is None


def test_what_people_called_unknown_stays_unknown() -> None:
    said = label(seen(2, 10, angle=5), rulings=Rulings(unknown={2}))
    assert lend_names([label(seen(1)), said], RULES, {}, ())[1].person is None


def test_the_lead_is_over_the_best_of_the_others() -> None:
    assert lead_of((Candidate("A", 0.5, 0.9), Candidate("B", 0.3, 0.1), Candidate("C", 0.4, 0.0))) == pytest.approx(0.1)
    assert lead_of((Candidate("A", 0.5, 0.9),)) == 0.5
    assert lead_of((Candidate("A", 0.2, 0.5), Candidate("B", 0.3, 0.4))) == 0.0
    assert lead_of(()) == 0.0
