"""Pictures that a training report reads and shows, and the report of the model before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from src.schema import FloatArray, IntArray
from src.training.report.comparison import METRICS, Previous, PreviousPerson, compare, read_previous, summary_of
from src.training.report.crops import is_grey, thumbnail
from src.training.report.numbers import measure
from src.training.report.report import build
from tests.unit.training_report.drawn import ABOUT, HELD, TRUTH, people_embeddings, pictures_of


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
