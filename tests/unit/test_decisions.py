"""Decisions by hand: what is active, and which track of another analysis is meant."""

from __future__ import annotations

import numpy as np
import pytest

from src.identities.decisions import PIECE, active_decisions, anchors_of, match_track, new_id, pieces, rulings_of
from src.records import Anchor, Decision, Target, TrackSamples, Verb
from src.schema import Box
from src.workspace import Workspace


def track(track_id: int, start: float, x: float, n: int = 10, step: float = 0.5) -> TrackSamples:
    """A face that stands still: one sample each half second."""
    return TrackSamples(
        "a",
        track_id,
        0,
        frame_index=np.arange(n),
        npt=start + step * np.arange(n),
        boxes_xywh=np.tile(np.array([x, 10, 40, 40], np.float32), (n, 1)),
        landmarks=np.zeros((n, 5, 2), np.float32),
        scores=np.ones(n, np.float32),
        qualities=np.ones(n, np.float32),
    )


def say(verb: Verb, track_id: int = 1, **said: object) -> Decision:
    target = Target("track", "v", "", "a", track_id, (Anchor(0.0, Box(0, 10, 40, 40)),))
    return Decision("p", new_id(), verb, target, **said)  # type: ignore[arg-type]


def test_ids_sort_by_time() -> None:
    ids = [new_id() for _ in range(50)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 50


def test_anchors_are_spread_over_the_track() -> None:
    times = [anchor.npt for anchor in anchors_of(track(1, 2.0, 0, n=100))]
    assert len(times) == 8
    assert (times[0], times[-1]) == (2.0, 51.5)
    assert [anchor.npt for anchor in anchors_of(track(1, 2.0, 0, n=1))] == [2.0]


@pytest.mark.parametrize(
    ("tracks", "found"),
    [
        # The same place and time under another number.
        ({7: (0.0, 0.0)}, 7),
        # Moved by half a box: overlap 1/3, still the same.
        ({7: (0.0, 20.0)}, 7),
        # Another place, another time.
        ({7: (0.0, 100.0)}, None),
        ({7: (60.0, 0.0)}, None),
        # Of two that overlap in part the one with more of it; of equals the lower number.
        ({7: (2.6, 0.0), 8: (0.1, 0.0)}, 8),
        ({9: (0.0, 0.0), 8: (0.0, 0.0)}, 8),
        ({}, None),
    ],
)
def test_a_track_is_found_by_where_and_when(tracks: dict[int, tuple[float, float]], found: int | None) -> None:
    anchors = anchors_of(track(1, 0.0, 0.0))
    samples = {track_id: track(track_id, start, x) for track_id, (start, x) in tracks.items()}
    assert match_track(anchors, samples, period_s=0.5) == found


def test_pieces_are_numbered_by_time() -> None:
    assert pieces(3, [8.0, 5.0]) == [
        (3, -np.inf, 5.0),
        (3 + PIECE, 5.0, 8.0),
        (3 + 2 * PIECE, 8.0, np.inf),
    ]


def test_undo_takes_back_and_can_be_taken_back(workspace: Workspace) -> None:
    said = say(Verb.IS, person_id="A")
    undo = Decision("p", new_id(), Verb.UNDO, Target("decision", decision_id=said.decision_id))
    again = Decision("p", new_id(), Verb.UNDO, Target("decision", decision_id=undo.decision_id))
    workspace.store.put(said)
    assert active_decisions(workspace.store, "p") == [said]
    workspace.store.put(undo)
    assert active_decisions(workspace.store, "p") == []
    workspace.store.put(again)
    assert active_decisions(workspace.store, "p") == [said]


def test_decisions_about_another_video_do_not_count() -> None:
    rulings = rulings_of([say(Verb.IS, person_id="A")], "other", "", "a", {1: track(1, 0, 0)}, 0.5)
    assert not rulings.persons
    assert not rulings.lost


def test_the_last_word_about_a_track_holds() -> None:
    words = [say(Verb.IS, person_id="A"), say(Verb.IGNORE), say(Verb.IS, person_id="B"), say(Verb.IS_NOT, person_id="A")]
    rulings = rulings_of(words, "v", "", "a", {1: track(1, 0, 0)}, 0.5)
    assert rulings.persons == {1: "B"}
    assert not rulings.ignored
    assert rulings.not_persons[1] == {"A"}


def test_what_is_not_found_is_lost_and_kept() -> None:
    decision = say(Verb.IS, person_id="A")
    rulings = rulings_of([decision], "v", "", "new", {5: track(5, 0, 500)}, 0.5)
    assert rulings.lost == [decision]
