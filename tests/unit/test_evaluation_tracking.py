"""The comparison of trackers, on short sequences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.material.crowd_film import crowd_film
from evaluation.material.sequences import made_sequences
from evaluation.tracking import Row, as_markdown, follow, heads_of
from src.engines.fake import FakeDetector, make_fake_engine
from src.progress import Silent
from src.settings import TrackerSettings
from tests.unit.test_crowd import head

pytest.importorskip("trackers", reason="needs: pip install --no-deps -r requirements-tracking.txt")
pytest.importorskip("trackeval", reason="needs: pip install --no-deps -r requirements-tracking.txt")

from evaluation.scores.track_scores import score
from evaluation.tracking import followers

SETTINGS = TrackerSettings()


def test_all_trackers_and_those_of_the_package_are_compared() -> None:
    sequence = made_sequences(0, duration_s=3)[0].sampled(5)
    rows = [Row("made", 5, name, kind, score([run(sequence)])) for name, kind, run in followers(SETTINGS)]
    assert len({(row.tracker, row.kind) for row in rows}) == 9
    by_looks = {row.tracker: row.score.assa for row in rows if row.kind == "boxes and looks"}
    by_boxes = {row.tracker: row.score.assa for row in rows if row.kind == "boxes"}
    assert all(by_looks[name] >= by_boxes[name] for name in by_boxes)
    table = as_markdown(rows)
    assert table.count("\n| 5 | ") == 9
    assert f"| 5 | sort | boxes | {rows[0].score.hota:.3f} |" in table


def test_two_runs_give_the_same_ids() -> None:
    sequence = made_sequences(0, duration_s=3)[1]
    one, other = (follow("ocsort", sequence, SETTINGS, looks=True) for _ in range(2))
    for a, b in zip(one.ids, other.ids, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_film_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = {str(person): [head(person)] for person in range(4)}
    first = crowd_film(tmp_path, looks, 1, make_fake_engine(), Silent(), n_shots=1)
    monkeypatch.setattr(FakeDetector, "detect", lambda *_: pytest.fail("the film was looked at again"))
    again = crowd_film(tmp_path, looks, 1, make_fake_engine(), Silent(), n_shots=1)
    assert len(first.moments) == len(again.moments) >= 125
    for one, other in zip(first.moments, again.moments, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.hidden_xywh, other.hidden_xywh)
        np.testing.assert_array_equal(one.found.boxes_xywh, other.found.boxes_xywh)
        np.testing.assert_array_equal(one.embeddings, other.embeddings)


def test_a_folder_without_photos_has_no_heads(tmp_path: Path) -> None:
    (tmp_path / "gallery" / "_groups").mkdir(parents=True)
    assert heads_of(tmp_path, make_fake_engine()) == {}
