"""Frames that nobody asks for may be left out: all others are as without, and none that is asked for is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from src.schema import WHOLE, Interval
from src.tracker.reading import Reader
from src.video import open_stream
from src.video.pyav import PyAvStream
from src.video.sampling import Sampling
from src.video.shots import Settled, ShotDetector
from tests.made_streams import MADE, make, pictures
from tests.unit.test_reading_part import REAL, Shown, mark_of, open_pyav, shown
from tests.videos import damage, shots, with_grain, write_video

SAMPLINGS = (Sampling(25), Sampling(7), Sampling(sample_period_s=0.2), Sampling(sample_period_s=1))
INTERVALS = (WHOLE, Interval(1.5), Interval(0.9, 3.3))


def sparse(stream: PyAvStream, sampling: Sampling, interval: Interval = WHOLE, seek: bool = False) -> list[Shown]:
    """Return what is left where only samples are asked for; says itself that what was skipped is counted."""
    index = stream.index() if seek else None
    frames, expected = [], None
    for frame in stream.frames(interval, needed=sampling.sampler(), index=index):
        assert expected is None or frame.frame_index >= expected + frame.n_skipped
        expected = frame.frame_index + 1
        frames.append((frame.frame_index, frame.npt, mark_of(frame)))
    return frames


def sampled(frames: list[Shown], sampling: Sampling) -> list[Shown]:
    sampler = sampling.sampler()
    return [frame for frame in frames if sampler.wants(frame[0], frame[1])]


def check(path: Path) -> float:
    """Compare with full decoding; return the share of frames that one sample a second leaves."""
    with open_pyav(path) as stream:
        share = 1.0
        for interval in INTERVALS:
            whole = shown(stream, interval)
            told = stream.n_damaged, stream.damage
            for sampling in SAMPLINGS if interval == WHOLE else SAMPLINGS[2:]:
                left = sparse(stream, sampling, interval)
                assert set(left) <= set(whole)
                assert sampled(left, sampling) == sampled(whole, sampling)
                assert left[:1] == whole[:1] and left[-1:] == whole[-1:]
                assert (stream.n_damaged, stream.damage) == told
                share = len(left) / len(whole) if (interval, sampling) == (WHOLE, SAMPLINGS[3]) else share
            assert sampled(sparse(stream, SAMPLINGS[3], interval, seek=True), SAMPLINGS[3]) == sampled(whole, SAMPLINGS[3])
        return share


@pytest.mark.parametrize("name", MADE)
def test_made_streams(name: str, tmp_path: Path) -> None:
    share = check(make(name, tmp_path))

    assert (share < 1) == MADE[name].may_skip


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real videos at {REAL}")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.mp4")), ids=lambda path: path.name)
def test_real_videos(path: Path) -> None:
    check(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv"])
def test_damage_leaves_times_right(name: str, tmp_path: Path) -> None:
    options = {"preset": "veryfast", "x264-params": "keyint=25:bframes=3:b-adapt=0"}
    path = damage(write_video(tmp_path / name, pictures((192, 128), 300), options=options), 0.5, 0.52)
    with open_pyav(path) as stream:
        whole = shown(stream)
        left = sparse(stream, Sampling(10))
        assert stream.n_damaged > 0

    times = {npt for _, npt, _ in whole}
    assert all(npt in times for _, npt, _ in left)
    assert len(left) < len(whole)
    assert [frame for frame in left if frame[1] < 5] == [frame for frame in whole if frame in set(left) and frame[1] < 5]
    assert sampled(whole, Sampling(10))[-1] in left


@pytest.mark.parametrize("threads", [1, 3, 16])
def test_the_number_of_threads_changes_nothing(threads: int, tmp_path: Path) -> None:
    path = make("h264 with B-frames", tmp_path)
    with open_pyav(path) as stream, open_stream(str(path), threads=threads) as other:
        assert isinstance(other, PyAvStream)
        assert sparse(stream, Sampling(25)) == sparse(other, Sampling(25))


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_a_cut_is_found_where_it_is(codec: str, tmp_path: Path) -> None:
    """Also where the encoder does not look for cuts, and places no key frame there."""
    lengths = [41, 38, 52, 29, 60]
    film = with_grain(shots(lengths, (160, 96), step_px=1.5 if codec == "libx264" else 0.2), 4)
    options = {"preset": "veryfast", "x264-params": "scenecut=0:keyint=250:bframes=3:b-adapt=0"}
    path = (
        write_video(tmp_path / "a.mp4", film, options=options)
        if codec == "libx264"
        else write_video(tmp_path / "a.mov", film, codec=codec, pix_fmt="yuvj420p")
    )
    settled, detector, n_read = list[Settled](), ShotDetector(), 0
    with open_pyav(path) as stream:
        for frame in stream.frames(needed=Sampling(25).sampler()):
            n_read += 1
            settled += detector.update(frame.frame_index, frame.npt, frame.thumbnail())

    assert [frame.frame_index for frame in (*settled, *detector.finish()) if frame.transition] == np.cumsum(lengths)[
        :-1
    ].tolist()
    assert n_read < 0.75 * sum(lengths)


def test_the_reader_asks_only_for_samples(tmp_path: Path) -> None:
    with open_pyav(make("h264 with B-frames", tmp_path)) as stream:
        sparse_reader, full_reader = (
            list(Reader(stream, Sampling(25), WHOLE, track_fps=fps).batches()) for fps in (None, 25.0)
        )

    assert [batch.n_frames for batch in (sparse_reader[-1], full_reader[-1])] == [150, 150]
    samples = {sample.frame.frame_index: sample.frame.image.tobytes() for batch in full_reader for sample in batch.samples}
    for batch in sparse_reader:
        for sample in batch.samples:
            assert samples[sample.frame.frame_index] == sample.frame.image.tobytes()
    assert [shot for batch in sparse_reader for shot in batch.shots] == [shot for batch in full_reader for shot in batch.shots]


@pytest.mark.parametrize(("codec", "name", "options"), [("libx264", "a.mp4", {"bf": "3"}), ("mjpeg", "a.avi", {"q": "3"})])
def test_at_a_slow_rate_nothing_is_left_out(codec: str, name: str, options: dict[str, str], tmp_path: Path) -> None:
    """Frames a second apart differ so much that each is needed for telling a pan from a cut."""
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    film = with_grain(shots([60, 50, 40], step_px=7, seed=3), 3)
    path = write_video(tmp_path / name, film, rate=1, codec=codec, options=options, pix_fmt=pix_fmt)
    cuts = []
    with open_pyav(path) as stream:
        for sampling in (Sampling(1), Sampling(25)):
            detector = ShotDetector()
            frames = stream.frames(needed=sampling.sampler())
            settled = [one for frame in frames for one in detector.update(frame.frame_index, frame.npt, frame.thumbnail())]
            cuts.append([one.frame_index for one in (*settled, *detector.finish()) if one.transition])

    assert cuts == [[60, 110], [60, 110]]
