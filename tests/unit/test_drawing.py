"""Videos with something drawn on them, redacted ones, and clips: what is hidden, and what stays as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
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
from src.export.redaction import BLOCKS, MARGIN, Redaction, Redactor, cover, outside, parse_redaction, redactor_of
from src.export.rendering import render, suffix_for
from src.records import Shot, TrackSamples
from src.schema import RgbImage
from src.video import open_stream
from src.video.fragments import parse_fragment
from tests.documents import document, seen
from tests.videos import number_of, numbered, write_video

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


def at(frame: int) -> RgbImage:
    """Return the picture of a frame."""
    return list(pictures(frame + 1))[frame]


def draw_anew(what: Document) -> Redactor:
    """Return what covers everybody, before its first picture."""
    return redactor_of(what, Redaction())


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
        what = filmed(film, [seen(1, "Anna", 1.2, 1.6)], [track(range(30, 45, 5))])
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
        what = filmed(film, [seen(1, "Anna", 1.2, 1.6)], [track(range(30, 45, 5))])
        cut = replace(what, shots=lambda: (Shot("an1", 0, 1.2, 1.72, 30, 43),))
        (course,) = courses_of(cut, everybody=True)
        assert (course.start_npt, course.end_npt) == (1.2, 1.72)

    def test_no_face_shows_where_one_track_ends_and_another_begins(self, film: Path) -> None:
        # The face was lost from 0.8 to 2 s, longer than a sample's distance on either side; the appearance goes on.
        what = filmed(film, [seen(1, "Anna", 0, 3, tracks=(1, 2))], [track(range(0, 20, 5)), track(range(50, 75, 5), 2)])
        assert [course.seen.number for course in courses_of(what, everybody=False) if course.seen] == [1, 1]
        ends = sorted((course.start_npt, course.end_npt) for course in courses_of(what, everybody=True))
        assert all(one[1] >= other[0] for one, other in pairwise(ends))
        assert ends[0][0] <= 0
        assert ends[-1][1] >= 3
        for frame in (21, 24, 30, 40, 44):
            image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
            for at in (15, 50):
                x, y = place(at)
                image[y : y + FACE, x : x + FACE] = checks(FACE)
            hidden = draw_anew(what)(image, frame / RATE)
            assert max(contrast(hidden, 15), contrast(hidden, 50)) < 12, frame

    def test_an_appearance_is_covered_from_its_start_to_its_end(self, film: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 0.2, 2.8)], [track(range(30, 45, 5))])
        covered = [contrast(draw_anew(what)(at(30), frame / RATE), 30) < 12 for frame in range(75)]
        assert all(covered[5:32])
        assert not any(covered[:5])
        late = [contrast(draw_anew(what)(at(40), frame / RATE), 40) < 12 for frame in range(75)]
        assert all(late[40:70])
        assert not any(late[70:])

    @pytest.mark.parametrize("period", [8, 11, 14, 17])
    def test_a_face_that_turns_back_between_two_samples_stays_covered(self, film: Path, period: int) -> None:
        # It goes to and fro once in 56 frames: between two samples it is up to 1 - cos(pi period / 56) of 60 pixels outside.
        what = filmed(film, [seen(1, "Anna", 0, 3)], [track(range(0, 75, period))], every=period)
        (course,) = courses_of(what, everybody=True)
        for frame in range(75 // period * period):
            left, _, right, _ = course.reach_at(frame / RATE, 0.0)
            assert left - 0.6 <= place(frame)[0]
            assert place(frame)[0] + FACE <= right + 0.6

    def test_even_movement_covers_no_more(self) -> None:
        what = filmed(Path("x.mp4"), [seen(1, "Anna", 0, 0.8)], [])
        frames = np.arange(0, 25, 5)
        boxes = np.array([(10 + 2 * frame, 20, 30, 40) for frame in frames], np.float32)
        (course,) = courses_of(
            replace(what, tracks=lambda: iter([replace(track(frames.tolist()), boxes_xywh=boxes)])), everybody=True
        )
        assert course.reach_at(0.5, 0.0) == (30.0, 20.0, 70.0, 60.0)

    @pytest.mark.parametrize(("transition", "ends"), [("cut", (1.2, 1.72)), ("dissolve", (1.0, 1.8)), ("fade", (1.0, 1.8))])
    def test_a_dissolve_shows_both_shots(self, film: Path, transition: str, ends: tuple[float, float]) -> None:
        what = filmed(film, [seen(1, "Anna", 1.2, 1.6)], [track(range(30, 45, 5))])
        shots = (
            Shot("an1", 0, 0.0, 1.2, 0, 30),
            Shot("an1", 1, 1.2, 1.72, 30, 43, transition),
            Shot("an1", 2, 1.72, 3.0, 43, 75, transition),
        )
        (course,) = courses_of(replace(what, shots=lambda: shots), everybody=True)
        assert (course.start_npt, course.end_npt) == pytest.approx(ends)

    def test_what_was_not_analysed_is_covered(self, film: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 1, 2)], [])
        part = replace(what, analysis=replace(what.analysis, fragment="t=1,2&xywh=percent:50,0,50,100"))
        draw = redactor_of(part, Redaction(frozenset({"Anna"})))
        noise = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
        for npt, left, right in ((0.5, True, True), (1.5, True, False), (2.0, True, True)):
            image = draw(noise.copy(), npt)
            assert [bool(half.std() < 40) for half in (image[:, :96], image[:, 96:])] == [left, right], npt
        assert any(note.startswith("Only t=1,2&xywh=") for note in draw.notes)

    @pytest.mark.parametrize(
        ("text", "n"), [("", 0), ("xywh=10,20,30,40", 4), ("xywh=percent:0,0,100,100", 4), ("xywh=5000,0,10,10", 1)]
    )
    def test_outside_of_a_region(self, text: str, n: int) -> None:
        found = outside(parse_fragment(text).region, *SIZE)
        assert len(found) == n
        image = np.ones((SIZE[1], SIZE[0]), bool)
        for left, top, right, bottom in found:
            image[int(top) : int(bottom), int(left) : int(right)] = False
        assert image.sum() == {"": 192 * 128, "xywh=10,20,30,40": 1200, "xywh=percent:0,0,100,100": 192 * 128}.get(text, 0)

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
        what = filmed(Path("x.mp4"), [seen(1, "Anna", 0, 0.2)], [track([0, 5])])
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
            ("all-but:Bo, Ben;", {"Bo, Ben"}),
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

    @pytest.mark.parametrize("left", [0, 150])
    def test_a_name_stays_in_the_picture(self, left: int) -> None:
        boxes = np.array([(left, 80, 40, 40)], np.float32)
        what = filmed(Path("x.mp4"), [seen(1, "A Name of Some Length", 0, 1)], [replace(track([0]), boxes_xywh=boxes)])
        image = painter_of(what)(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), 0.0)
        # The label above the frame: all of it, with its own colour on both sides of the letters.
        label = (image[:78] == (46, 160, 67)).all(axis=2)
        columns = np.flatnonzero(label.any(axis=0))
        assert len(columns) > 90
        assert label[:, columns[-1]].sum() > 5
        assert label[:, columns[0]].sum() > 5

    @pytest.mark.parametrize(
        ("shape", "rotation", "expected"), [((16, 11), 0, (16, 11)), ((16, 11), 90, (11, 16)), ((1, 1), 0, (1, 1))]
    )
    @pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
    def test_pixels_that_are_not_square(
        self, tmp_path: Path, shape: tuple[int, int], rotation: int, expected: tuple[int, int], suffix: str
    ) -> None:
        path = write_video(tmp_path / "tv.mp4", numbered(5, (176, 144)), rotation=rotation, pixel_shape=Fraction(*shape))
        what = filmed(path, [], [])
        render(what, tmp_path / f"x{suffix}", painter_of(what))
        with av.open(str(tmp_path / f"x{suffix}")) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(*expected)

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

    def test_a_key_frame_at_the_very_start_is_not_missed(self, tmp_path: Path) -> None:
        # 5.6 s is no number of binary digits: the key frame there lies a hair behind it.
        path = write_video(tmp_path / "x.mp4", numbered(160), options={"g": "20", "bf": "0", "sc_threshold": "0"})
        what = filmed(path, [seen(1, "Anna", 5.6, 6.0)], [], duration=6.4)
        assert [clip.start_npt for clip in cut_clips(what, tmp_path)] == [5.6]

    @pytest.mark.parametrize(
        ("name", "start_s"), [("x.mp4", 0), ("x.mkv", 0), ("x.mkv", 7.5), ("x.ts", 0), ("x.ts", 3), ("x.mov", 2)]
    )
    @pytest.mark.parametrize("wanted", [0.0, 0.47, 0.48, 1.0, 1.9])
    def test_none_begins_late(self, tmp_path: Path, name: str, start_s: float, wanted: float) -> None:
        path = write_video(tmp_path / name, numbered(60), start_s=start_s, options={"g": "12", "bf": "3", "sc_threshold": "0"})
        what = filmed(path, [seen(1, "Anna", wanted, wanted + 0.3)], [], duration=2.4)
        (clip,) = cut_clips(what, tmp_path / "clips")
        # There is a key frame every 0.48 s.
        assert wanted - 0.481 <= clip.start_npt <= wanted
        found = frames_of(tmp_path / "clips" / clip.file)
        assert number_of(found[0][1]) == round(clip.start_npt * RATE)
        assert found[-1][0] + clip.start_npt >= wanted + 0.3 - 0.081

    def test_the_end_counts_in_time_of_the_video(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "x.avi", numbered(60), codec="mpeg4", options={"g": "12"})
        (clip,) = cut_clips(filmed(path, [seen(1, "Anna", 1.0, 1.5)], [], duration=2.4), tmp_path)
        assert (clip.start_npt, clip.end_npt) == (0.96, 1.52)

    def test_sound_comes_along(self, film: Path, tmp_path: Path) -> None:
        what = filmed(film, [seen(1, "Anna", 1.4, 1.9)], [])
        (clip,) = cut_clips(what, tmp_path)
        there = {data for data, _ in packets_of(film)}
        mine = packets_of(tmp_path / clip.file)
        assert {data for data, _ in mine} <= there
        assert len(mine) == pytest.approx(0.9 * 48000 / 1024, abs=3)

    def test_turned_pictures_and_times_of_their_own(self, tmp_path: Path) -> None:
        times = [Fraction(number * number + 8 * number, 500) for number in range(40)]
        path = write_video(
            tmp_path / "x.mp4", numbered(40), times=times, rotation=90, options={"g": "10", "bf": "0"}, sound_s=3.5
        )
        what = filmed(path, [seen(1, "Anna", 0.9, 2.0)], [], duration=3.7)
        (clip,) = cut_clips(what, tmp_path / "clips")
        truth = [(npt, image) for npt, image in frames_of(path) if clip.start_npt - 1e-6 <= npt < clip.end_npt - 1e-6]
        found = frames_of(tmp_path / "clips" / clip.file)
        assert clip.start_npt <= 0.9 < 2.0 <= clip.end_npt
        assert [npt + clip.start_npt for npt, _ in found] == pytest.approx([npt for npt, _ in truth], abs=2e-3)
        for (_, image), (_, expected) in zip(found, truth, strict=True):
            np.testing.assert_array_equal(image, expected)

    def test_clips_of_an_earlier_run_that_are_not_wanted_any_more(self, film: Path, tmp_path: Path) -> None:
        folder = tmp_path / "clips"
        cut_clips(filmed(film, [seen(1, "Anna", 0, 1), seen(2, "Ben", 1, 2)], []), folder)
        (folder / "notes.txt").write_text("mine")
        with (folder / "clips.csv").open("a") as table:
            table.write("../../elsewhere.mp4,x,1,0,0,0,0\nnotes.txt,x,1,0,0,0,0\n")
        (tmp_path.parent / "elsewhere.mp4").write_text("not ours")
        (clip,) = cut_clips(filmed(film, [seen(1, "Mia", 0, 1)], []), folder)
        assert {path.name for path in folder.iterdir()} == {clip.file, "clips.csv", "notes.txt"}
        assert "Mia" in clip.file
        assert (tmp_path.parent / "elsewhere.mp4").exists()

    def test_nobody(self, film: Path, tmp_path: Path) -> None:
        assert cut_clips(filmed(film, [], []), tmp_path / "clips") == []
        assert (tmp_path / "clips" / "clips.csv").read_text().count("\n") == 1
