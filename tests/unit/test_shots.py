"""The cut detector on drawn pictures: what must cut, what must not, and how often at most; and its scorer by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation.shots import CutScore, main, score_cuts
from src.errors import ShapeError
from src.schema import RgbImage
from src.video.shots import AHEAD_S, Settled, ShotDetector
from tests.videos import pan, shots, snow, texture, with_gain, with_grain, write_video


def thumbnail(picture: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA), np.uint8)


def cuts(pictures: Iterable[RgbImage]) -> list[int]:
    return [each.frame_index for each in settle(pictures) if each.transition]


def settle(pictures: Iterable[RgbImage], rate: float = 25) -> list[Settled]:
    detector = ShotDetector()
    settled = [each for i, picture in enumerate(pictures) for each in detector.update(i, i / rate, thumbnail(picture))]
    return settled + detector.finish()


@pytest.mark.parametrize("seed", range(0, 60, 10))
def test_finds_every_cut_to_the_frame(seed: int) -> None:
    lengths = [25, 15, 40, 8, 30]

    assert cuts(shots(lengths, seed=seed)) == list(accumulate(lengths))[:-1]


@pytest.mark.parametrize("step_px", [0, 3, 8])
def test_pans_do_not_cut_but_cuts_between_pans_do(step_px: float) -> None:
    assert cuts(shots([30, 30, 30], step_px=step_px)) == [30, 60]


def test_cuts_in_the_dark_are_found() -> None:
    dark = with_gain(shots([30, 30, 30]), [0.12] * 90)

    assert cuts(dark) == [30, 60]


def test_cuts_under_grain_and_flicker_are_found_and_these_do_not_cut() -> None:
    flicker = [1.0, 0.86, 0.95, 0.8] * 30
    archive = with_grain(with_gain(shots([40, 40, 40]), flicker), sigma=14)

    assert cuts(archive) == [40, 80]


def test_grey_pictures_cut_as_coloured_ones_do() -> None:
    grey = (np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8) for picture in shots([20, 20]))

    assert cuts(grey) == [20]


def test_snow_cuts_when_it_begins_and_when_it_ends_and_not_between() -> None:
    pictures = chain(pan(25, seed=1), snow(40), pan(25, seed=2))

    assert cuts(pictures) == [25, 65]


def test_snow_alone_does_not_cut() -> None:
    assert cuts(snow(60)) == []


def test_a_flash_of_one_frame_cuts_once_at_most() -> None:
    gains = [1.0] * 30
    gains[15] = 6.0

    assert len(cuts(with_gain(pan(30), gains))) <= 1


def test_fades_do_not_cut() -> None:
    gains = [1 - k / 20 for k in range(20)] + [0.0] * 5 + [k / 20 for k in range(20)]

    assert cuts(with_gain(pan(45, step_px=0.5), gains)) == []


def test_a_still_picture_does_not_cut() -> None:
    assert cuts([texture(3)] * 20) == []


def test_black_after_a_picture_and_a_picture_after_black_cut() -> None:
    black = np.zeros((96, 160, 3), np.uint8)

    assert cuts([*pan(20), *[black] * 20, *pan(20, seed=5)]) == [20, 40]


def test_a_thing_that_enters_quickly_does_not_cut() -> None:
    def passing() -> Iterable[RgbImage]:
        for i, picture in enumerate(pan(40, step_px=0)):
            left = max(0, min(100, (i - 20) * 20))
            picture[20:80, left : left + 40 * (i > 20)] = (200, 150, 130)
            yield picture

    assert cuts(passing()) == []


def test_two_runs_and_a_reset_give_the_same() -> None:
    pictures = [thumbnail(picture) for picture in with_grain(shots([20, 20, 20]), sigma=5)]
    detector = ShotDetector()
    runs = []
    for _ in range(2):
        settled = [each for i, picture in enumerate(pictures) for each in detector.update(i, i / 25, picture)]
        runs.append(settled + detector.finish())
        detector.reset()

    assert runs[0] == runs[1]
    assert sum(bool(each.transition) for each in runs[0]) == 2


def test_every_frame_is_settled_once_in_order_and_no_later_than_promised() -> None:
    detector, settled = ShotDetector(), list[Settled]()
    for i, picture in enumerate(shots([20, 20, 20])):
        settled += detector.update(i, i / 25, thumbnail(picture))
        assert len(settled) >= i - AHEAD_S * 25 - 1
    settled += detector.finish()

    assert [each.frame_index for each in settled] == list(range(60))
    assert detector.finish() == []


def test_does_not_change_its_input() -> None:
    picture = thumbnail(texture(1))
    before = picture.copy()
    detector = ShotDetector()
    detector.update(0, 0.0, picture)
    detector.update(1, 0.04, picture)

    assert np.array_equal(picture, before)


def test_refuses_another_size() -> None:
    with pytest.raises(ShapeError, match=r"thumbnail must be \(36, 64, 3\)"):
        ShotDetector().update(0, 0.0, np.zeros((64, 36, 3), np.uint8))


@pytest.mark.parametrize(
    ("wanted", "got", "found", "missed", "false"),
    [
        ([10, 20], [10, 20], 2, 0, 0),
        ([10, 20], [9, 21], 2, 0, 0),  # a frame beside is found
        ([10, 20], [8, 22], 0, 2, 2),  # two are not
        ([10], [10, 11], 1, 0, 1),  # a cut is found once
        ([10, 11], [10], 1, 1, 0),
        ([], [5], 0, 0, 1),
        ([5], [], 0, 1, 0),
        ([], [], 0, 0, 0),
    ],
)
def test_scoring_of_cuts(wanted: Sequence[int], got: Sequence[int], found: int, missed: int, false: int) -> None:
    assert score_cuts("a", wanted, got) == CutScore("a", found, missed, false)


def test_precision_recall_and_f1() -> None:
    score = CutScore("a", found=3, missed=1, false=2)

    assert (score.precision, score.recall, score.f1) == (pytest.approx(0.6), 0.75, pytest.approx(2 / 3))
    assert CutScore("a", 0, 0, 0).f1 == 1.0
    assert CutScore("a", 0, 1, 1).f1 == 0.0


def test_evaluation_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mp4", shots([25, 25]))
    # The second row names a cut that is not there.
    rows = ["video,shot,start_s,end_s", "a.mp4,0,0,1", "a.mp4,1,1,1.6", "a.mp4,2,1.6,2"]
    (tmp_path / "videos" / "shots.csv").write_text("\n".join(rows), encoding="utf-8")

    assert main(["--data", str(tmp_path), "--json"]) == 0
    video, everything = json.loads(capsys.readouterr().out)
    assert (video["video"], video["found"], video["missed"], video["false"]) == ("a.mp4", 1, 1, 0)
    assert everything["recall"] == 0.5
    assert main(["--data", str(tmp_path)]) == 0
    assert "a.mp4" in capsys.readouterr().out


def test_evaluation_without_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 1
    assert "shots.csv cannot be read" in capsys.readouterr().err
