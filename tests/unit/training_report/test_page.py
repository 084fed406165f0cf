"""The page of a training report: whole by itself, safe with any name, of bounded size, the same each time."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from src.training.report.charts import heat_map
from src.training.report.comparison import Previous, PreviousPerson
from src.training.report.drawing import Scale, decades, percent, x_scale, y_scale
from src.training.report.inputs import About, HeldOut, Picture, TrainingPictures
from src.training.report.page import render
from src.training.report.report import TrainingReport, build
from tests.unit.training_report.drawn import ABOUT, people_embeddings, pictures_of, random_held, sure

DOCS = Path(__file__).parents[3] / "docs"
VOID = {"meta", "img", "br", "wbr", "hr", "input", "link"}
HOSTILE = "<script>alert('x')</script> & \"Søn\" {{ 7 * 7 }}"


class Page(HTMLParser):
    """Checks that elements nest, and keeps which there are, what stands in them and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def report_of(n_people: int, each: int, previous: Previous | None = None) -> TrainingReport:
    embeddings, labels = people_embeddings([each] * n_people)
    return build(ABOUT, pictures_of(labels, embeddings), random_held(n_people, each), previous)


def named_like(name: str, crop: Path | None = None) -> TrainingReport:
    """A report in which a name stands wherever one can: people, pictures, reasons, advice, the model before."""
    embeddings, labels = people_embeddings([6, 6])
    embeddings[9] = embeddings[2]
    held = sure(labels, (name, f"{name} 2"))
    held.confidences[[0, 7]] = np.array([[0.1, 0.9], [0.7, 0.2]], np.float32)
    pictures = pictures_of(labels, embeddings)
    used = tuple(replace(picture, person=name, shown=f"{name}/1.png", crop=crop) for picture in pictures.used)
    aside = tuple(Picture(name, f"{name}/2.png", None, f"{name} state", name) for _ in range(9))
    previous = Previous(name, name, name, name, {f"{name} 3": PreviousPerson(f"{name} 3", 2, None, None)}, {}, name)
    about = About(name, name, name, name, name, {name: name}, {name: name})
    return build(about, TrainingPictures(used, embeddings, labels, aside), replace(held, strangers_are=name), previous)


def check_alone(text: str) -> Page:
    """Check that a page loads nothing and runs nothing."""
    page = Page(text)
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not re.search(r"https?://|//\w+\.|url\(|@import|javascript:", text)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    addresses = [value for name, value in page.attributes if name in ("src", "href", "xlink:href", "srcset")]
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    return page


def test_the_page_stands_alone() -> None:
    page = check_alone(render(report_of(5, 8)))
    assert page.tags.count("h1") == 1
    assert page.tags.count("svg") == 6


def test_names_are_text_wherever_they_stand(tmp_path: Path) -> None:
    crop = tmp_path / "face.png"
    Image.fromarray(np.full((112, 112, 3), (200, 150, 120), np.uint8)).save(crop)
    text = render(named_like(HOSTILE, crop))
    page = check_alone(text)
    assert HOSTILE in page.text
    assert "49 " not in page.text
    hostile = sum(HOSTILE in said for said in page.texts)
    assert hostile > 20
    assert any(name == "alt" and value.startswith(HOSTILE) for name, value in page.attributes)


def test_a_text_that_looks_like_a_directive_stays_one() -> None:
    text = render(named_like("{% include '/etc/passwd' %}"))
    assert "{% include" in Page(text).text


def test_pictures_are_in_the_page(tmp_path: Path) -> None:
    crop = tmp_path / "face.png"
    Image.fromarray(np.full((112, 112, 3), (200, 150, 120), np.uint8)).save(crop)
    text = render(named_like("A", crop))
    crop.unlink()
    assert text.count('src="data:image/jpeg') > 4
    assert 'src="data' not in render(named_like("A", crop))


def test_the_same_report_is_the_same_page_and_document() -> None:
    one, other = report_of(4, 6), report_of(4, 6)
    assert render(one) == render(other)
    assert json.dumps(one.document()) == json.dumps(other.document())


def test_five_hundred_people_are_readable_and_below_5_mb() -> None:
    report = report_of(500, 8)
    text = render(report)
    check_alone(text)
    assert len(text.encode()) < 5_000_000
    assert len(json.dumps(report.document())) < 5_000_000
    assert 'class="heat"' not in text
    assert "470 more people" in text
    assert re.search(r"\d+ more pairs", text)


@pytest.mark.parametrize(("n_people", "drawn"), [(40, True), (41, False)])
def test_the_matrix_is_drawn_for_forty_people(n_people: int, drawn: bool) -> None:
    assert ('class="heat"' in render(report_of(n_people, 3))) is drawn


def test_nobody_could_be_held_out() -> None:
    embeddings, labels = people_embeddings([1, 1])
    none = np.zeros((0, 2), np.float32)
    limits = np.array([0.5, 0.5], np.float32)
    empty = np.zeros(0, np.int64)
    held = HeldOut(("A", "B"), empty, empty, none, none, none, none, limits)
    report = build(ABOUT, pictures_of(labels, embeddings), held)
    page = check_alone(render(report))
    assert "Nobody has a second picture to be recognised by" in page.text
    assert "svg" not in page.tags
    document = report.document()
    assert document["held_out"]["named_right"] == {"count": 0, "total": 0, "low": None, "high": None, "value": None}
    assert [entry["kind"] for entry in document["advice"]] == ["few", "few"]


def test_two_people_one_of_them_with_a_single_picture() -> None:
    embeddings, labels = people_embeddings([5, 1])
    held = sure(labels, ("A", "B"))
    held = replace(held, rows=held.rows[:5], labels=labels[:5], confidences=held.confidences[:5], scores=held.scores[:5])
    page = check_alone(render(build(ABOUT, pictures_of(labels, embeddings), held)))
    assert "5 of 5 faces were recognised" in page.text
    assert "Only 1 picture of B" in page.text


def test_without_strangers_there_is_no_curve() -> None:
    embeddings, labels = people_embeddings([6, 6])
    none = np.zeros((0, 2), np.float32)
    held = replace(sure(labels, ("A", "B")), stranger_confidences=none, stranger_scores=none)
    page = check_alone(render(build(ABOUT, pictures_of(labels, embeddings), held)))
    assert page.tags.count("svg") == 4
    assert "strangers given a name" not in page.text


def test_own_thresholds_have_a_column() -> None:
    embeddings, labels = people_embeddings([6, 6])
    held = sure(labels, ("A", "B"))
    assert "Named from" not in " ".join(
        re.findall(r'data-title="([^"]*)"', render(build(ABOUT, pictures_of(labels, embeddings), held)))
    )
    own = replace(held, named_from=np.array([0.4, 0.6], np.float32))
    assert 'data-title="Named from">40\N{NO-BREAK SPACE}%' in render(build(ABOUT, pictures_of(labels, embeddings), own))


def test_the_document_is_plain_json_and_described() -> None:
    previous = Previous(
        "0001-KNN", "fake@1", "KNN", "2026", {"Person 0": PreviousPerson("Person 0", 2, 0.5, 0.5)}, {"ece": 0.2}
    )
    document = report_of(4, 6, previous).document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    described = (DOCS / "training-report.md").read_text(encoding="utf-8")
    keys = {f"`{key}`" for key in document} | {f"`{key}`" for part in document["people"] for key in part}
    keys |= {
        f"`{key}`" for name in ("model", "summary", "identification", "comparison", "reliability") for key in document[name]
    }
    for name in ("confused", "advice", "doubtful", "choices"):
        keys |= {f"`{key}`" for entry in document[name] for key in entry}
    assert [key for key in sorted(keys) if key not in described] == []


def test_thresholds_of_the_document_fall_and_rates_rise() -> None:
    curve = report_of(6, 30).document()["identification"]
    assert curve["thresholds"][0] is None
    assert curve["thresholds"][1:] == sorted(curve["thresholds"][1:], reverse=True)
    assert curve["fpir"] == sorted(curve["fpir"])
    assert curve["dir"] == sorted(curve["dir"])


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (None, 0, "–"),
        (0.0, 0, "0 %"),
        (1.0, 1, "100.0 %"),
        (0.4849, 0, "48 %"),
        (0.0001, 0, "< 1 %"),
        (0.0001, 1, "< 0.1 %"),
        (0.9999, 1, "> 99.9 %"),
        (0.9999, 0, "> 99 %"),
        (0.125, 1, "12.5 %"),
    ],
)
def test_percent(value: float | None, digits: int, text: str) -> None:
    assert percent(value, digits).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("scale", "value", "pixel"),
    [
        (Scale(0, 1, 10, 110), 0.25, 35),
        (Scale(0, 1, 110, 10), 0.25, 85),
        (Scale(0.001, 1, 0, 300, is_log=True), 0.1, 200),
        # what lies outside, 0 on a logarithmic axis above all, is drawn at the end
        (Scale(0.001, 1, 0, 300, is_log=True), 0.0, 0),
        (Scale(0, 1, 10, 110), 7, 110),
    ],
)
def test_scales(scale: Scale, value: float, pixel: float) -> None:
    assert scale(value) == pytest.approx(pixel)


def test_axes_run_right_and_up() -> None:
    assert x_scale(0, 1)(0) < x_scale(0, 1)(1)
    assert y_scale(0, 1)(0) > y_scale(0, 1)(1)
    assert decades(0.001) == pytest.approx([0.001, 0.01, 0.1, 1])


def test_the_matrix_says_each_cell() -> None:
    counts = np.array([[4, 1, 0], [0, 0, 0], [0, 2, 5]])
    drawn = str(heat_map(("A<b>", "B"), counts))
    Page(drawn)
    tips = re.findall(r"<title>([^<]*)</title>", drawn)
    assert {tip for tip in tips if "taken for" in tip} == {
        "A&lt;b&gt; taken for A&lt;b&gt;: 4 of 5",
        "A&lt;b&gt; taken for B: 1 of 5",
        "Strangers taken for B: 2 of 7",
        "Strangers taken for Unknown: 5 of 7",
    }
