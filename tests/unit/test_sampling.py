"""Which frames are looked at."""

from __future__ import annotations

from fractions import Fraction

import pytest

from src.errors import ConfigError
from src.video.sampling import Sampling


def picked(sampling: Sampling, times: list[float], after_npt: float | None = None) -> list[int]:
    sampler = sampling.sampler(after_npt)
    return [index for index, npt in enumerate(times) if sampler.wants(index, npt)]


def regular(n: int, rate: Fraction | int, start: float = 0.0) -> list[float]:
    return [start + float(Fraction(index) / rate) for index in range(n)]


@pytest.mark.parametrize(("n", "expected"), [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4]), (25, [0])])
def test_every_nth_frame(n: int, expected: list[int]) -> None:
    assert picked(Sampling(n), regular(6, 25)) == expected


def test_every_nth_frame_counts_from_the_start_of_the_video_whatever_the_interval() -> None:
    sampler = Sampling(10).sampler()

    assert [index for index in range(13, 45) if sampler.wants(index, index / 25)] == [20, 30, 40]


@pytest.mark.parametrize(
    ("period", "times", "expected"),
    [
        # 25 fps, half a second: exact moments lie on frames 12.5, 25, …: the frame after.
        (0.5, regular(60, 25), [0, 13, 25, 38, 50]),
        # A period that binary numbers cannot hold: no frame is lost to rounding.
        (0.1, regular(31, 10), list(range(31))),
        # Shorter than a frame: each frame once.
        (0.001, regular(10, 25), list(range(10))),
        # Variable rate with a gap: the moments in the gap give one sample.
        (1.0, [0.0, 0.4, 0.9, 4.2, 4.6, 5.1], [0, 3, 5]),
        # Times in whole milliseconds at 30 fps, as Matroska writes them.
        (1 / 30, [0.0, 0.033, 0.067, 0.1, 0.133, 0.167], [0, 1, 2, 3, 4, 5]),
        # A video whose first frame is late: it is taken, then the multiples count.
        (0.5, regular(20, 10, start=0.844), [0, 2, 7, 12, 17]),
        (60.0, [0.3], [0]),
        (1.0, [], []),
    ],
)
def test_first_frame_at_or_after_each_multiple_of_the_period(period: float, times: list[float], expected: list[int]) -> None:
    assert picked(Sampling(sample_period_s=period), times) == expected


def test_an_hour_at_29_97_gives_a_sample_each_second_without_drift() -> None:
    times = regular(3600 * 30, Fraction(30000, 1001))
    samples = picked(Sampling(sample_period_s=1.0), times)

    assert len(samples) == 3604  # 108 000 frames last 3603.6 s
    assert all(-0.0006 < times[index] - second < 0.034 for second, index in enumerate(samples))


@pytest.mark.parametrize("sampling", [Sampling(7), Sampling(sample_period_s=0.3)])
def test_going_on_after_an_interruption_picks_what_an_unbroken_reading_picks(sampling: Sampling) -> None:
    times = regular(100, 25)
    whole = picked(sampling, times)
    last = whole[len(whole) // 2]

    assert picked(sampling, times, after_npt=times[last]) == [index for index in whole if index > last]


def test_samplers_do_not_touch_each_other() -> None:
    sampling = Sampling(sample_period_s=1.0)
    one, other = sampling.sampler(), sampling.sampler()

    assert one.wants(0, 0.0) and other.wants(0, 0.0)
    assert not one.wants(1, 0.04)


def test_period_in_seconds() -> None:
    assert Sampling(25).period_s(Fraction(25)) == 1.0
    assert Sampling(30).period_s(Fraction(30000, 1001)) == pytest.approx(1.001)
    assert Sampling(25, 0.5).period_s(Fraction(25)) == 0.5
    assert Sampling(25, 0.001).period_s(Fraction(25)) == 0.04


def test_a_period_wins_and_equal_choices_are_described_equally() -> None:
    assert Sampling(10).describe() == {"video_speedup": 10}
    assert Sampling(10, 0.5).describe() == Sampling(25, 0.5).describe() == {"sample_period_s": 0.5}


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3"])
def test_refuses_a_speedup_that_is_no_count(n: object) -> None:
    with pytest.raises(ConfigError, match="video_speedup must be a whole number from 1"):
        Sampling(n)  # type: ignore[arg-type]


@pytest.mark.parametrize("period", [0, -0.5, float("nan"), float("inf")])
def test_refuses_a_period_that_is_no_time(period: float) -> None:
    with pytest.raises(ConfigError, match="sample_period must be a number of seconds above 0"):
        Sampling(sample_period_s=period)


@pytest.mark.parametrize("sampling", [Sampling(7), Sampling(sample_period_s=0.3), Sampling(sample_period_s=0.001)])
@pytest.mark.parametrize("times", [regular(200, 25, start=0.02), [k * 0.031 + (k // 7) * 0.4 for k in range(200)]])
def test_a_sampler_that_begins_anywhere_chooses_the_same_from_its_second_frame_on(
    sampling: Sampling, times: list[float]
) -> None:
    whole = picked(sampling, times)
    for first in range(0, 190, 13):
        sampler = sampling.sampler()
        chosen = [index for index in range(first, 200) if sampler.wants(index, times[index])]
        assert [index for index in chosen if index > first] == [index for index in whole if index > first]


@pytest.mark.parametrize("sampling", [Sampling(7), Sampling(sample_period_s=0.3), Sampling(sample_period_s=0.001)])
@pytest.mark.parametrize("times", [regular(200, 25), [k * 0.031 + (k // 7) * 0.4 for k in range(200)]])
def test_a_sample_is_the_first_frame_of_its_ordinal(sampling: Sampling, times: list[float]) -> None:
    ordinals = [sampling.ordinal(index, npt) for index, npt in enumerate(times)]
    assert ordinals == sorted(ordinals)
    assert [0] + [k for k in range(1, 200) if ordinals[k] != ordinals[k - 1]] == picked(sampling, times)
