"""What footage costs: the degradations on pixels whose fate is known, the measures on vectors whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.footage import BOTH_WAYS, as_markdown, run, sections
from evaluation.footage_rates import COPIES, GALLERY_SIZES, KINDS, PROBES_FROM, Embedded, embed_crops, measure, read_crops
from evaluation.material.degrade import CLEAN, DEGRADATIONS, MIRRORED, degrade, interlaced, letterboxed
from evaluation.material.footage_pictures import ages_of, measure_pictures, read_pictures
from src.engines.fake import colour_of, make_fake_engine
from src.errors import GalleryError
from src.schema import FloatArray, RgbImage


def noise(side: int = 112) -> RgbImage:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)


def face(person: int, side: int = 112) -> RgbImage:
    image = np.full((side, side, 3), 64, np.uint8)
    image[16:-16, 16:-16] = colour_of(person)
    return image


def save_crops(folder: Path, people: int, each: int = PROBES_FROM + 2) -> Path:
    for person in range(people):
        target = folder / "crops24" / f"P{person}"
        target.mkdir(parents=True)
        for number in range(each):
            Image.fromarray(face(2 * person, 60 + number)).save(target / f"{number:02}.png")
    return folder


def unit(vectors: FloatArray) -> FloatArray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_degradations_keep_size_and_original_and_repeat(kind: str) -> None:
    image = noise()
    before = image.copy()
    shown = degrade(image, kind, 7)
    assert (shown.shape, shown.dtype) == (image.shape, np.uint8)
    assert np.array_equal(image, before)
    assert np.array_equal(shown, degrade(image, kind, 7))
    assert np.array_equal(shown, image) is (kind == CLEAN)


@pytest.mark.parametrize("kind", ["grey", "archive"])
def test_grey_has_no_colour(kind: str) -> None:
    shown = degrade(noise(), kind, 0)
    assert (shown[..., 0] == shown[..., 1]).all()
    assert (shown[..., 1] == shown[..., 2]).all()


def test_low_resolution_leaves_no_fine_detail() -> None:
    stripes = np.zeros((112, 112, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(degrade(stripes, "low28", 0).astype(int)) <= 2
    assert degrade(face(0), "dark", 0).mean() < 0.5 * face(0).mean()


def test_odd_lines_are_those_of_a_later_moment() -> None:
    image = noise()
    woven = interlaced(image, 6)
    assert np.array_equal(woven[::2], image[::2])
    assert np.array_equal(woven[1::2, 6:], image[1::2, :-6])


def test_letterbox_keeps_what_is_between_its_bars() -> None:
    image = noise(40)
    shown = letterboxed(image)
    assert np.array_equal(shown[10:50], image)
    assert not shown[:10].any()
    assert not shown[50:].any()


def embedded(spread: float = 0.05, grey: float = 0.0) -> Embedded:
    """Eight people around directions of their own; grey probes are moved by `grey` towards one direction for all."""
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(8), 30)
    clean = unit(np.eye(8, 32)[labels] + rng.normal(0, spread, (240, 32)))
    kinds = dict.fromkeys(KINDS, clean)
    kinds["grey"] = unit(clean + grey * np.eye(1, 32, 31))
    return Embedded(tuple("abcdefgh"), labels, kinds, kinds)


def test_people_who_are_far_apart_are_all_named() -> None:
    rates = measure(embedded(), 3, (), 3)
    assert set(rates) == set(KINDS)
    assert all(rate.dir_1 == rate.dir_01 == rate.named == 1.0 for rate in rates.values())
    assert all(0 < rate.false <= 0.02 for rate in rates.values())


def test_what_pulls_all_probes_one_way_costs_and_copies_of_it_bring_it_back() -> None:
    crops = embedded(0.2, grey=2.5)
    without, with_copies = measure(crops, 3, (), 5), measure(crops, 3, ("grey",), 5)
    assert without["grey"].named < 0.5 < without[CLEAN].named
    assert with_copies["grey"].named > without["grey"].named
    assert without == measure(crops, 3, (), 5)


def test_nobody_is_named_where_vectors_say_nothing() -> None:
    vectors = dict.fromkeys(KINDS, unit(np.random.default_rng(2).normal(size=(240, 32))))
    rates = measure(Embedded(tuple("abcdefgh"), np.repeat(np.arange(8), 30), vectors, vectors), 1, (), 5)
    assert rates[CLEAN].dir_1 < 0.1


def test_crops_are_embedded_in_every_kind(tmp_path: Path) -> None:
    people, labels, crops = read_crops(save_crops(tmp_path, 4))
    result = embed_crops(make_fake_engine(), people, labels, crops)
    assert (people, len(crops)) == (("P0", "P1", "P2", "P3"), 4 * (PROBES_FROM + 2))
    assert set(result.plain) == set(result.both_ways) == set(KINDS)
    assert np.array_equal(result.plain[CLEAN].argmax(axis=1), 2 * labels)
    assert np.array_equal(result.plain[MIRRORED].argmax(axis=1), 2 * labels)
    assert (result.plain["grey"].argmax(axis=1) == 12).all()  # colour is all that this engine sees
    assert np.allclose(np.linalg.norm(result.both_ways["low18"], axis=1), 1, atol=1e-5)


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match=r"four people with 11 pictures each, and has 3"):
        read_crops(save_crops(tmp_path, 3))


def test_detectors_are_asked_for_the_face_of_the_clean_picture() -> None:
    pictures = [face(0, 300), face(4, 120), np.full((50, 50, 3), 64, np.uint8)]
    found, ages, n_pictures = measure_pictures(make_fake_engine(), ["a", "b", "b"], pictures)
    by_kind = {row.kind: row for row in found}
    assert (n_pictures, ages) == (2, [])
    assert {*KINDS, "letterbox"} == set(by_kind)
    for kind in (CLEAN, MIRRORED, "letterbox"):
        assert by_kind[kind].recall == 1.0
        assert by_kind[kind].cosine == pytest.approx(1.0, abs=0.02)
    assert (by_kind["grey"].recall, by_kind["grey"].cosine) == (0.0, None)


def test_photos_of_years_apart_look_less_alike() -> None:
    rng = np.random.default_rng(3)
    same = np.eye(1, 32) + rng.normal(0, 0.02, (6, 32))
    changed = np.eye(1, 32, 1) + rng.normal(0, 0.3, (6, 32))
    few = np.eye(1, 32, 2) + np.zeros((4, 32))
    rows = ages_of(["same"] * 6 + ["changed"] * 6 + ["few"] * 4, unit(np.concatenate([same, changed, few])), "sface")
    changed_row, same_row = rows
    assert (changed_row.person, same_row.person, same_row.n_photos) == ("changed", "same", 6)
    assert same_row.named == 1.0
    assert changed_row.least <= changed_row.median < same_row.least


def test_a_folder_gives_all_tables(tmp_path: Path) -> None:
    save_crops(tmp_path, 4)
    for person in ("Ann", "Bob"):
        for number in range(5):
            target = tmp_path / "gallery" / person / f"{number}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(face(2 if person == "Ann" else 6)).save(target)
    (tmp_path / "probe" / "_groups").mkdir(parents=True)
    (tmp_path / "gallery" / "OUTLIERS.csv").write_text("path,reason\ngallery/Ann/4.png,somebody else\n")
    assert read_pictures(tmp_path)[0] == ["Ann"] * 4 + ["Bob"] * 5
    footage = run(make_fake_engine(), tmp_path, splits=2)
    assert set(footage.rates) == set(GALLERY_SIZES)
    assert set(footage.rates[1]) == {*COPIES, BOTH_WAYS}
    assert [(row.person, row.n_photos) for row in footage.ages] == [("Bob", 5)]
    text = as_markdown(footage)
    assert text.count("| probes |") == len(GALLERY_SIZES) + 1
    assert all(len(row) == len(section.columns) for section in sections(footage) for row in section.rows)
    assert footage.rates[10]["none"][CLEAN].dir_1 == 1.0


def test_the_command_writes_json_and_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from evaluation import footage

    monkeypatch.setattr("src.workspace.Workspace.engine", lambda self, name: make_fake_engine())
    monkeypatch.setenv("FACEREC_DATA_DIR", str(tmp_path / "data"))
    document = tmp_path / "R.md"
    document.write_text("<!-- footage-fake: begin -->\n<!-- footage-fake: end -->\n")
    save_crops(tmp_path / "in", 4)
    flags = [
        "--engine",
        "fake",
        "--crops-only",
        "--splits",
        "1",
        "--json",
        str(tmp_path / "f.json"),
        "--document",
        str(document),
    ]
    assert footage.main(["--data", str(tmp_path / "in"), *flags]) == 0
    assert json.loads((tmp_path / "f.json").read_text())["rates"]["10"]["none"]["clean"]["dir_1"] == 1.0
    assert "DIR at 1 %" in document.read_text()
    assert "low18" in capsys.readouterr().out
    assert footage.main(["--data", str(tmp_path / "in" / "crops24"), *flags]) == 1
