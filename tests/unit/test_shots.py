"""The cut detector on drawn pictures: what must cut, what must not, and how often at most; and its scorer by hand."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path

import cv2
import numpy as np
import pytest

from evaluation.shots import CutScore, main, score_cuts
from src.errors import ShapeError
from src.schema import RgbImage
from src.video.shots import AHEAD_S, CONTEXT_S, Settled, ShotDetector
from tests.videos import pan, shots, snow, texture, with_gain, with_grain, write_video


def thumbnail(picture: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA), np.uint8)


def cuts(pictures: Iterable[RgbImage]) -> list[int]:
    return [each.frame_index for each in settle(pictures) if each.transition]


def settle(pictures: Iterable[RgbImage], rate: float = 25) -> list[Settled]:
    detector = ShotDetector()
    settled = [each for i, picture in enumerate(pictures) for each in detector.update(i, i / rate, thumbnail(picture))]
    return settled + detector.finish()


def dissolved(length: int, n: int) -> Iterator[RgbImage]:
    """Draw two shots; from frame `length` on, n frames show both."""
    before, after = list(pan(length + n, seed=1, step_px=0.3)), list(pan(length + n, seed=2, step_px=0.3))
    yield from before[:length]
    for k in range(n):
        share = (k + 1) / (n + 1)
        yield np.rint((1 - share) * before[length + k] + share * after[k]).astype(np.uint8)
    yield from after[n:]


def faded(colour: int, seed: int) -> Iterator[RgbImage]:
    """Draw a picture that fades to one colour from frame 30 to 45, and one that comes out of it from frame 50 to 65."""
    shares = [*[0.0] * 30, *(np.arange(15) / 15), *[1.0] * 5, *(np.arange(15, 0, -1) / 15), *[0.0] * 30]
    pictures = [*pan(50, seed=1, step_px=0), *pan(45, seed=seed, step_px=0)]
    for share, picture in zip(shares, pictures, strict=True):
        yield np.rint((1 - share) * picture + share * colour).astype(np.uint8)


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


@pytest.mark.parametrize(
    "bright", [[15], [15, 16, 17, 18], [15, 17], [15, 16, 19, 20, 24], [2], [28]], ids=lambda frames: "-".join(map(str, frames))
)
def test_flashes_do_not_cut(bright: Sequence[int]) -> None:
    gains = [3.0 if i in bright else 1.0 for i in range(40)]

    assert cuts(with_gain(pan(40), gains)) == []


def test_a_flash_on_a_part_of_the_picture_does_not_cut() -> None:
    def lit() -> Iterable[RgbImage]:
        for i, picture in enumerate(pan(40)):
            if i in (20, 21):
                picture[:, :90] = np.minimum(picture[:, :90] * 2.0 + 90, 255).astype(np.uint8)
            yield picture

    assert cuts(lit()) == []


def test_lightning_before_a_cut_does_not_hide_it() -> None:
    gains = [2.5 if i in (22, 24) else 1.0 for i in range(60)]

    assert cuts(with_gain(shots([30, 30]), gains)) == [30]


@pytest.mark.parametrize("n", [5, 10, 18, 25, 38, 50])
def test_a_dissolve_is_found_in_its_middle(n: int) -> None:
    (found,) = [each for each in settle(dissolved(60, n)) if each.transition]

    assert found.transition == "dissolve"
    assert abs(found.frame_index - (60 + n / 2)) <= max(1, n / 3)


def test_a_dissolve_under_grain_is_found() -> None:
    (found,) = cuts(with_grain(dissolved(60, 20), sigma=10))

    assert 66 <= found <= 74


@pytest.mark.parametrize("colour", [0, 255])
def test_a_fade_to_another_picture_is_one_boundary(colour: int) -> None:
    (found,) = [each for each in settle(faded(colour, 11)) if each.transition]

    assert found.transition == "fade"
    assert 40 <= found.frame_index <= 60


@pytest.mark.parametrize("colour", [0, 255])
def test_a_fade_to_the_same_picture_is_none(colour: int) -> None:
    assert cuts(faded(colour, 1)) == []


def test_black_frames_inside_a_shot_do_not_cut() -> None:
    gains = [0.0 if i in (20, 21, 22) else 1.0 for i in range(50)]

    assert cuts(with_gain(pan(50), gains)) == []


def test_the_end_of_a_film_in_black_begins_nothing() -> None:
    gains = [1.0] * 30 + [1 - k / 20 for k in range(20)] + [0.0] * 5

    assert cuts(with_gain(pan(55), gains)) == []


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_shot_of_few_frames_is_found(n: int) -> None:
    assert cuts(shots([25, n, 25])) == [25, 25 + n]


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_cut_in_the_first_frames_is_found(n: int) -> None:
    assert cuts(shots([n, 30])) == [n]


def test_a_shaking_camera_does_not_cut() -> None:
    wide, rng = texture(3, (200, 120)), np.random.default_rng(3)
    places = rng.integers(0, 12, (60, 2)).tolist()

    assert cuts(np.ascontiguousarray(wide[y : y + 96, x : x + 160]) for y, x in places) == []


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


def trying_film() -> list[RgbImage]:
    """Draw cuts, dissolves, fades, flashes, a shake and snow, one after the other."""
    flashing = with_gain(pan(50, seed=8), [2.5 if i in (20, 21, 24) else 1.0 for i in range(50)])
    parts = chain(shots([30, 12, 40]), dissolved(60, 20), faded(0, 11), flashing, snow(30), faded(255, 4), dissolved(50, 6))
    return [thumbnail(picture) for picture in with_grain(parts, sigma=3)]


def boundaries(pictures: Sequence[RgbImage], times: Sequence[float], first: int = 0) -> dict[int, str]:
    detector = ShotDetector()
    settled = [
        each
        for i, (picture, npt) in enumerate(zip(pictures, times, strict=True))
        for each in detector.update(first + i, npt, picture)
    ]
    return {each.frame_index: each.transition for each in settled + detector.finish() if each.transition}


@pytest.mark.parametrize("rate", [25.0, 60.0, 119.88, 12.5, 3.0])
def test_pieces_that_overlap_by_the_context_give_what_the_whole_film_gives(rate: float) -> None:
    pictures = trying_film()
    times = [i / rate for i in range(len(pictures))]
    whole = boundaries(pictures, times)
    pieces: dict[int, str] = {}
    for start in range(0, len(pictures), 70):
        end = min(start + 70, len(pictures))
        # And the frame just before, however far that is.
        first = max(0, bisect_left(times, times[start] - CONTEXT_S) - 1)
        last = bisect_right(times, times[end - 1] + AHEAD_S)
        found = boundaries(pictures[first:last], times[first:last], first)
        pieces |= {index: kind for index, kind in found.items() if start <= index < end}

    assert pieces == whole
    assert len(whole) >= 4


@pytest.mark.parametrize(("keep", "of"), [((0, 2), 3), ((0,), 3), ((0, 1, 4), 5), ((0,), 2)])
def test_frames_that_are_left_out_do_not_change_the_shots(keep: Sequence[int], of: int) -> None:
    pictures = trying_film()
    whole = boundaries(pictures, [i / 25 for i in range(len(pictures))])
    kept = [i for i in range(len(pictures)) if i % of in keep]
    detector = ShotDetector()
    settled = [each for i in kept for each in detector.update(i, i / 25, pictures[i])] + detector.finish()
    found = {each.frame_index: each.transition for each in settled if each.transition}

    assert list(found.values()) == list(whole.values())
    assert all(
        abs(ours - theirs) <= of + 2 * (kind != "cut") for ours, (theirs, kind) in zip(found, whole.items(), strict=True)
    )


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
    video, everything = json.loads(capsys.readouterr().out)["composed"]
    assert (video["video"], video["found"], video["missed"], video["false"]) == ("a.mp4", 1, 1, 0)
    assert everything["recall"] == 0.5
    assert main(["--data", str(tmp_path)]) == 0
    assert "a.mp4" in capsys.readouterr().out


def test_evaluation_without_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 1
    assert "shots.csv cannot be read" in capsys.readouterr().err
