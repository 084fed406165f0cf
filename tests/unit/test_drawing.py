"""Videos with something drawn on them, redacted ones, and clips: what is hidden, and what stays as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from src.errors import ConfigError, MediaError
from src.export import Document
from src.export.burning import painter_of
from src.export.clips import cut_clips
from src.export.courses import courses_of
from src.export.document import Seen
from src.export.redaction import BLOCKS, MARGIN, Redaction, cover, parse_redaction, redactor_of
from src.export.rendering import render, suffix_for
from src.records import Shot, TrackSamples
from src.schema import RgbImage
from src.video import open_stream
from tests.documents import document, seen
from tests.videos import numbered, write_video

SIZE = (192, 128)
FACE = 36
RATE = 25


def checks(size: int) -> RgbImage:
    """Return a face that a blur must make unrecognisable: a chequerboard of red and cyan."""
    cells = np.indices((size, size)).sum(axis=0) // 4 % 2
    return np.where(cells[..., None] == 1, (255, 0, 0), (0, 255, 255)).astype(np.uint8)


def place(frame: int) -> tuple[int, int]:
    """Return where the face of a frame is: it goes across the picture, there and back, faster than straight lines tell."""
    return round(70 + 60 * np.sin(frame / 9)), 40


def pictures(n: int) -> Iterator[RgbImage]:
    for frame in range(n):
        image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        x, y = place(frame)
        image[y : y + FACE, x : x + FACE] = checks(FACE)
        yield image


def contrast(image: RgbImage, frame: int) -> float:
    """Return how much of the pattern is to be seen in the place of the face."""
    x, y = place(frame)
    part = image[y : y + FACE, x : x + FACE].astype(float)
    return float(np.abs(np.diff(part[:, :, 0], axis=1)).mean())


def track(frames: Sequence[int], number: int = 1) -> TrackSamples:
    index = np.array(frames, np.int64)
    boxes = np.array([(*place(frame), FACE, FACE) for frame in frames], np.float32)
    n = len(index)
    nothing = np.zeros((n, 5, 2), np.float32)
    return TrackSamples("an1", number, 0, index, index / RATE, boxes, nothing, np.ones(n, np.float32), np.ones(n, np.float32))


def filmed(
    path: Path, people: Sequence[Seen], tracks: Sequence[TrackSamples], every: int = 5, duration: float = 3.0
) -> Document:
    what = document(people)
    video = replace(what.video, media=str(path), locator=str(path), duration=duration, frame_rate=f"{RATE}/1")
    analysis = replace(what.analysis, sampling={"video_speedup": every, "period_s": every / RATE})
    return replace(
        what, video=video, analysis=analysis, tracks=lambda: iter(tracks), shots=lambda: (Shot("an1", 0, 0.0, 60.0, 0, 1500),)
    )


def frames_of(path: Path) -> list[tuple[float, RgbImage]]:
    with open_stream(str(path)) as stream:
        return [(frame.npt, frame.rgb()) for frame in stream.frames()]


def packets_of(path: Path) -> list[tuple[bytes, float]]:
    with av.open(str(path)) as container:
        tick = container.streams.audio[0].time_base
        return [(bytes(packet), float(packet.pts * tick)) for packet in container.demux(audio=0) if packet.pts is not None]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a face that moves, with a tone."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return write_video(path, pictures(75), options={"crf": "10", "g": "25"}, sound_s=3.0)


class TestRedaction:
    def test_no_face_shows_between_samples(self, film: Path, tmp_path: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 0, 3)], [track(range(0, 75, 5))])
        before = frames_of(film)
        report = render(what, tmp_path / "x.mp4", redactor_of(what, Redaction()))
        assert report.n_frames == len(before) == 75
        for frame, ((_, image), (_, hidden)) in enumerate(zip(before, frames_of(tmp_path / "x.mp4"), strict=True)):
            assert contrast(image, frame) > 40, frame
            assert contrast(hidden, frame) < 12, frame

    def test_sound_and_times_stay(self, film: Path, tmp_path: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 0, 3)], [track(range(0, 75, 5))])
        report = render(what, tmp_path / "x.mp4", redactor_of(what, Redaction()))
        assert packets_of(tmp_path / "x.mp4") == packets_of(film)
        assert report.n_packets == len(packets_of(film))
        assert [npt for npt, _ in frames_of(tmp_path / "x.mp4")] == [npt for npt, _ in frames_of(film)]

    @pytest.mark.parametrize(("suffix", "start"), [(".mp4", 0), (".mkv", 0), (".mp4", 5), (".ts", 0)])
    def test_variable_rate(self, tmp_path: Path, suffix: str, start: int) -> None:
        times = [Fraction(number * number + number, 500) for number in range(30)]
        path = write_video(tmp_path / f"vfr{suffix}", numbered(30), times=times, start_s=start, options={"bf": "0"})
        what = filmed(path, [], [], duration=2.0)
        target = tmp_path / f"out{suffix_for(what)}"
        render(what, target, redactor_of(what, Redaction()))
        found, truth = [npt for npt, _ in frames_of(target)], [npt for npt, _ in frames_of(path)]
        # Matroska counts in milliseconds.
        assert found == pytest.approx(truth, abs=0.0006 if target.suffix == ".mkv" else 1e-9)

    def test_all_but_a_few(self, film: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 0, 3)], [track(range(0, 75, 5)), track(range(0, 75, 5), 2)])
        image = next(pictures(1))
        kept = replace(what, tracks=lambda: iter([track(range(0, 75, 5))]))
        assert contrast(redactor_of(kept, Redaction(frozenset({"Anna"})))(image.copy(), 0.0), 0) == contrast(image, 0)
        # Track 2 is of nobody that is shown: it is covered, whoever is kept.
        assert contrast(redactor_of(what, Redaction(frozenset({"Anna"})))(image.copy(), 0.0), 0) < 12

    def test_a_face_is_covered_before_and_after_it_was_seen(self, film: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 0, 3)], [track(range(30, 45, 5))])
        draw = redactor_of(what, Redaction())
        covered = [contrast(draw(image.copy(), frame / RATE), frame) < 12 for frame, image in enumerate(pictures(75))]
        assert all(covered[26:44])
        assert not any(covered[:24])
        assert not any(covered[47:])

    def test_a_piece_that_nobody_is_shown_for_is_covered_too(self, film: Path) -> None:
        # The track was cut at 1.5 s; somebody said of what follows that it is not to be shown.
        what = filmed(film, [seen(1, "Anna", 0, 1.5)], [track(range(0, 75, 5))])
        assert [samples.npt.max() for _, samples in what.boxes()] == [1.4]
        draw = redactor_of(what, Redaction(frozenset({"Anna"})))
        shown = [contrast(draw(image.copy(), frame / RATE), frame) > 40 for frame, image in enumerate(pictures(75))]
        assert all(shown[:34])
        assert not any(shown[38:])

    def test_not_beyond_the_shot(self, film: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 0, 3)], [track(range(30, 45, 5))])
        cut = replace(what, shots=lambda: (Shot("an1", 0, 1.2, 1.72, 30, 43),))
        (course,) = courses_of(cut, everybody=True)
        assert (course.start_npt, course.end_npt) == (1.2, 1.72)

    def test_somebody_said_to_be_there_covers_everything(self, film: Path) -> None:
        what = filmed(film, [seen(-1, "Ben", 1.0, 2.0, by_human=True)], [])
        draw = redactor_of(what, Redaction())
        image = next(pictures(1))
        np.testing.assert_array_equal(draw(image.copy(), 0.5), image)
        assert np.abs(np.diff(draw(image.copy(), 1.5).astype(int), axis=1)).max() < 40
        assert any("the whole picture is covered" in note for note in draw.notes)

    def test_what_is_covered_holds_few_colours(self) -> None:
        rng = np.random.default_rng(0)
        image = rng.integers(0, 256, (100, 100, 3), np.uint8)
        again = image.copy()
        again[20:60, 30:70] = rng.permutation(again[20:60, 30:70].reshape(-1, 3)).reshape(40, 40, 3)
        cover(image, (30, 20, 70, 60))
        outside = np.ones((100, 100), bool)
        outside[20:60, 30:70] = False
        np.testing.assert_array_equal(image[outside], again[outside])
        # Noise is grey once it is averaged.
        assert image[20:60, 30:70].std() < 20
        assert BLOCKS <= 8

    @pytest.mark.parametrize(
        "edges", [(-50, -50, -10, -10), (500, 500, 600, 600), (5, 5, 5, 9), (-10.5, -10.5, 4.2, 3.3), (0, 0, 1, 1)]
    )
    def test_edges_of_the_picture(self, edges: tuple[float, float, float, float]) -> None:
        image = np.full((20, 30, 3), 7, np.uint8)
        cover(image, edges)
        assert (image == 7).all()

    def test_the_margin_grows_with_the_face(self) -> None:
        what = filmed(Path("x.mp4"), [seen(1, "Anna", 0, 3)], [track([0, 5])])
        (course,) = courses_of(what, everybody=True)
        left, top, right, bottom = course.reach_at(0.1, MARGIN)
        xs = [place(frame)[0] for frame in (0, 5)]
        assert left == pytest.approx(min(xs) - MARGIN * FACE, abs=1e-3)
        assert right == pytest.approx(max(xs) + (1 + MARGIN) * FACE, abs=1e-3)
        assert (top, bottom) == pytest.approx((40 - MARGIN * FACE, 40 + (1 + MARGIN) * FACE), abs=1e-3)

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("everyone", set()),
            ("all-but:Anna", {"Anna"}),
            ("all-but:Anna, Ben Bo", {"Anna", "Ben Bo"}),
            ("all-but:Anna; Windsor, Duke of", {"Anna", "Windsor, Duke of"}),
            ("all-but:a, b", {"a, b"}),
        ],
    )
    def test_whom_to_keep(self, text: str, kept: set[str]) -> None:
        assert parse_redaction(text, document([seen(1, "a, b", 0, 1)])).kept == kept

    @pytest.mark.parametrize("text", ["", "nobody", "all-but:", "all-but: ;", "Everyone"])
    def test_nothing_is_guessed(self, text: str) -> None:
        with pytest.raises(ConfigError, match="Write everyone, or all-but:NAME"):
            parse_redaction(text)

    def test_notes(self, film: Path) -> None:
        what = filmed(film, [], [], every=25)
        notes = redactor_of(what, Redaction(frozenset({"Nina"}))).notes
        assert any("1 s apart" in note for note in notes)
        assert "Nobody is called Nina in this video." in notes


class TestBurningIn:
    def test_frames_and_names(self, film: Path, tmp_path: Path) -> None:
        what = filmed(film, [seen(1, "Anna שלום 🙂", 0, 3)], [track(range(0, 75, 5))])
        render(what, tmp_path / "x.mkv", painter_of(what))
        found, before = frames_of(tmp_path / "x.mkv"), frames_of(film)
        assert len(found) == len(before)
        changed = [
            np.abs(image.astype(int) - other).max(axis=2) > 60 for (_, image), (_, other) in zip(found, before, strict=True)
        ]
        for frame in (0, 40, 70):
            x, y = place(frame)
            assert changed[frame][y : y + FACE, x - 2 : x + FACE + 2].any()
            assert changed[frame].mean() < 0.2
        assert [data for data, _ in packets_of(tmp_path / "x.mkv")] == [data for data, _ in packets_of(film)]

    def test_odd_sizes_and_rotation(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "odd.mp4", numbered(5, (97, 63)), pix_fmt="yuv444p", rotation=90)
        what = filmed(path, [], [])
        render(what, tmp_path / "x.mp4", painter_of(what))
        assert {image.shape for _, image in frames_of(tmp_path / "x.mp4")} == {(97, 63, 3)}

    def test_a_video_that_is_gone(self, tmp_path: Path) -> None:
        what = filmed(tmp_path / "none.mp4", [], [])
        with pytest.raises(MediaError, match="does not exist"):
            render(what, tmp_path / "x.mp4", painter_of(what))
        assert not (tmp_path / "x.mp4").exists()


class TestClips:
    def test_they_begin_at_key_frames(self, film: Path, tmp_path: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 1.4, 1.9), seen(2, "Ben / Bo", 2.0, 2.6), seen(3, "..", 0.0, 0.4)], [])
        clips = cut_clips(what, tmp_path / "clips")
        assert [(clip.start_npt, clip.wanted_start_npt) for clip in clips] == [(0.0, 0.0), (1.0, 1.4), (2.0, 2.0)]
        # Pictures that others refer to are stored before these.
        assert all(clip.wanted_end_npt <= clip.end_npt <= clip.wanted_end_npt + 0.2 for clip in clips)
        truth = {round(npt, 3): image for npt, image in frames_of(film)}
        for clip in clips:
            assert (tmp_path / "clips" / clip.file).parent == tmp_path / "clips"
            found = frames_of(tmp_path / "clips" / clip.file)
            assert [npt for npt, _ in found][: round((clip.wanted_end_npt - clip.start_npt) * RATE)] == pytest.approx(
                np.arange(round((clip.wanted_end_npt - clip.start_npt) * RATE)) / RATE
            )
            for npt, image in found:
                # Not coded anew: the very pixels.
                np.testing.assert_array_equal(image, truth[round(clip.start_npt + npt, 3)])
        head = (tmp_path / "clips" / "clips.csv").read_text().splitlines()
        assert head[0] == "file,name,appearance,wanted_start_npt,wanted_end_npt,start_npt,end_npt"
        assert len(head) == 4

    def test_sound_comes_along(self, film: Path, tmp_path: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 1.4, 1.9)], [])
        (clip,) = cut_clips(what, tmp_path)
        there = {data for data, _ in packets_of(film)}
        mine = packets_of(tmp_path / clip.file)
        assert {data for data, _ in mine} <= there
        assert len(mine) == pytest.approx(0.9 * 48000 / 1024, abs=3)

    def test_nobody(self, film: Path, tmp_path: Path) -> None:
        assert cut_clips(filmed(film, [], []), tmp_path / "clips") == []
        assert (tmp_path / "clips" / "clips.csv").read_text().count("\n") == 1
