"""Composed videos: cuts, people and boxes are where the composer says they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from evaluation.material.compose import MAX_ENLARGEMENT, Canvas, Composition, Pane, Segment, Subject, View, compose
from evaluation.material.data import ShotRow, TruthRow
from evaluation.material.sources import Card, Clip, Gradient, Noise, Photo
from src.errors import ConfigError, MediaError
from src.schema import Box, FloatArray, RgbImage

SMALL = Canvas(160, 90)
FACE = Box(60, 40, 30, 40)
"""Where the white rectangle lies in the photos of these tests."""


def _photo(path: Path, size: tuple[int, int] = (160, 120), colour: tuple[int, int, int] = (0, 0, 120)) -> Photo:
    """Save a dark photo with a white "face"."""
    picture = np.full((size[1], size[0], 3), colour, np.uint8)
    picture[int(FACE.y) : int(FACE.y + FACE.h), int(FACE.x) : int(FACE.x + FACE.w)] = 255
    Image.fromarray(picture).save(path)
    return Photo(path)


def _frames(path: Path) -> tuple[list[RgbImage], list[float]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.to_ndarray(format="rgb24") for frame in frames], [frame.time or 0.0 for frame in frames]


def _white(frame: RgbImage) -> Box:
    """Measure the white rectangle, to a part of a pixel: by its mass and its middle."""
    # Red is 0 in the photo around the face and below 110 in the blurred background; an edge is where it passes the half.
    weight = np.clip((frame[..., 0].astype(float) - 110) / 35, 0, 1)
    column, row = weight.max(axis=0), weight.max(axis=1)
    width, height = column.sum(), row.sum()
    x = (column * (np.arange(len(column)) + 0.5)).sum() / width
    y = (row * (np.arange(len(row)) + 0.5)).sum() / height
    return Box(x - width / 2, y - height / 2, width, height)


def _middles(made: Composition) -> FloatArray:
    return np.array([(face.box.x + face.box.w / 2, face.box.y + face.box.h / 2) for face in made.boxes])


def _close(one: Box, other: Box, tolerance: float) -> bool:
    pairs = [(one.x, other.x), (one.y, other.y), (one.x + one.w, other.x + other.w), (one.y + one.h, other.y + other.h)]
    return all(abs(a - b) <= tolerance for a, b in pairs)


@pytest.mark.parametrize(
    "pane",
    [
        {},
        {"start": View(zoom=1.0), "end": View(0.47, 0.5, 1.5)},
        {"fill": True, "start": View(0.5, 0.3), "end": View(0.5, 0.7)},
        {"start": View(0.9, 0.5, 0.7), "end": View(0.1, 0.5, 0.7)},
    ],
    ids=["still", "zoom", "tilt", "pan over the background"],
)
def test_boxes_are_where_the_face_is(tmp_path: Path, pane: dict[str, object]) -> None:
    subject = Subject("A", FACE)
    made = compose(tmp_path / "v.mp4", [Segment(0.6, (Pane(_photo(tmp_path / "a.png"), (subject,), **pane),))], SMALL)  # type: ignore[arg-type]
    frames, _ = _frames(made.path)

    assert [face.frame_index for face in made.boxes] == list(range(15)) == list(range(len(frames)))
    for face, frame in zip(made.boxes, frames, strict=True):
        assert _close(_white(frame), face.box, 0.8), (face, _white(frame))


def test_the_camera_moves_smoothly(tmp_path: Path) -> None:
    pane = Pane(_photo(tmp_path / "a.png"), (Subject("A", FACE),), View(0.6, 0.5, 0.7), View(0.4, 0.5, 0.7))
    made = compose(tmp_path / "v.mp4", [Segment(2, (pane,))], SMALL)
    frames, _ = _frames(made.path)

    seen = np.array([_white(frame).x for frame in frames])
    steps = np.diff(_middles(made)[:, 0])

    # 0.2 of the width of a picture of 160 x 0.525 pixels in 50 frames: most steps are less than a pixel, and none stands out.
    assert steps.sum() == pytest.approx(0.2 * 160 * 0.525, rel=0.01)
    assert 0 < steps.max() < 1
    assert np.abs(np.diff(steps)).max() < 0.05
    assert np.abs(seen - [face.box.x for face in made.boxes]).max() < 0.5


def test_truth_and_shots_by_hand(tmp_path: Path) -> None:
    a, b = _photo(tmp_path / "a.png"), _photo(tmp_path / "b.png")
    made = compose(
        tmp_path / "v.mp4",
        [
            Segment(0.4, (Pane(Card("Title")),)),
            Segment(0.6, (Pane(a, (Subject("A", note="far"),)),), note="grey"),
            Segment(1.0, (Pane(a, (Subject("A"),)), Pane(b, (Subject("unknown:b"),)))),
            Segment(0.21, (Pane(Noise()),), note="snow"),  # 5.25 frames: 5 of them
            Segment(0.2, (Pane(a), Pane(b, (Subject("B"), Subject("C"))), Pane(a))),
        ],
        SMALL,
    )

    assert made.truth == (
        TruthRow("v.mp4", 0.0, 0.4, "", "no known face"),
        TruthRow("v.mp4", 0.4, 1.0, "A", "far; grey"),
        TruthRow("v.mp4", 1.0, 2.0, "A", "left half"),
        TruthRow("v.mp4", 1.0, 2.0, "unknown:b", "right half"),
        TruthRow("v.mp4", 2.0, 2.2, "", "no known face; snow"),
        TruthRow("v.mp4", 2.2, 2.4, "B", "part 2 of 3 from the left"),
        TruthRow("v.mp4", 2.2, 2.4, "C", "part 2 of 3 from the left"),
    )
    here = tmp_path.name
    assert [(row.shot, row.start_s, row.end_s, row.source, row.note) for row in made.shots] == [
        (0, 0.0, 0.4, "card", ""),
        (1, 0.4, 1.0, f"{here}/a.png", "grey"),
        (2, 1.0, 2.0, f"{here}/a.png | {here}/b.png", ""),
        (3, 2.0, 2.2, "noise", "snow"),
        (4, 2.2, 2.4, f"{here}/a.png | {here}/b.png | {here}/a.png", ""),
    ]
    assert isinstance(made.shots[0], ShotRow)
    assert made.boxes == ()


def test_cuts_are_exact_to_the_frame(tmp_path: Path) -> None:
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)]
    lengths = [0.2, 0.04, 0.36, 0.4]
    made = compose(
        tmp_path / "v.mp4",
        [
            Segment(seconds, (Pane(Gradient(colour, colour), fill=True),))
            for seconds, colour in zip(lengths, colours, strict=True)
        ],
        SMALL,
    )
    frames, times = _frames(made.path)
    expected = [colour for seconds, colour in zip(lengths, colours, strict=True) for _ in range(round(seconds * 25))]

    assert times == pytest.approx([number / 25 for number in range(25)])
    for frame, colour in zip(frames, expected, strict=True):
        assert np.abs(frame.mean(axis=(0, 1)) - colour).max() < 12


def test_other_sizes_and_rates(tmp_path: Path) -> None:
    canvas = Canvas(64, 128, Fraction(30000, 1001))
    made = compose(tmp_path / "v.mp4", [Segment(1, (Pane(_photo(tmp_path / "a.png"), (Subject("A", FACE),)),))], canvas)

    with av.open(str(made.path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 64, 128)
        assert stream.average_rate == Fraction(30000, 1001)
        assert stream.codec_context.pix_fmt == "yuv420p"
    assert made.truth[0].end_s == pytest.approx(30 * 1001 / 30000)
    assert made.boxes[1].npt == pytest.approx(1001 / 30000)


def test_panes_side_by_side(tmp_path: Path) -> None:
    left = _photo(tmp_path / "a.png", colour=(0, 90, 0))
    right = _photo(tmp_path / "b.png")
    panes = (Pane(left, (Subject("A", FACE),), fill=True), Pane(right, (Subject("B", FACE),), fill=True))
    made = compose(tmp_path / "v.mp4", [Segment(0.2, panes)], SMALL)
    frame = _frames(made.path)[0][2]

    boxes = {face.person: face.box for face in made.boxes if face.frame_index == 2}
    assert boxes["B"].x == pytest.approx(boxes["A"].x + 80)
    assert _close(_white(frame[:, :79]), boxes["A"], 1)
    assert _close(_white(frame[:, 81:]), Box(boxes["B"].x - 81, boxes["B"].y, boxes["B"].w, boxes["B"].h), 1)
    assert frame[45, 10].argmax() == 1
    assert frame[45, 150].argmax() == 2


def test_a_small_photo_is_not_blown_up_and_lies_over_a_blurred_background(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), (250, 250, 250)).save(tmp_path / "small.png")
    pane = Pane(Photo(tmp_path / "small.png"), (Subject("A", Box(0, 0, 20, 20)),), View(zoom=8), View(zoom=8))
    made = compose(tmp_path / "v.mp4", [Segment(0.1, (pane,))], Canvas(320, 180))
    frame = _frames(made.path)[0][0]

    side = 20 * MAX_ENLARGEMENT
    assert made.boxes[0].box == Box(160 - side / 2, 90 - side / 2, side, side)
    assert frame[90, 160].min() > 240
    assert 100 < frame[20, 20].mean() < 180  # the same white, darkened


def test_a_face_outside_the_frame_has_no_box_and_one_at_the_edge_is_cut(tmp_path: Path) -> None:
    picture = _photo(tmp_path / "a.png", (160, 400))
    far, near = Subject("far", Box(10, 300, 30, 30)), Subject("near", Box(60, -10, 30, 40))
    pane = Pane(picture, (far, near), View(0.5, 0.0), View(0.5, 0.0), fill=True)
    made = compose(tmp_path / "v.mp4", [Segment(0.04, (pane,))], SMALL)

    assert [(face.person, face.box) for face in made.boxes] == [("near", Box(60, 0, 30, 30))]


def test_photos_are_cropped_and_turned_upright(tmp_path: Path) -> None:
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, 60:] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90 degrees clockwise to view
    Image.fromarray(picture).save(tmp_path / "a.jpg", exif=exif, quality=95)

    whole = next(Photo(tmp_path / "a.jpg").pictures(1, Fraction(25)))
    part = next(Photo(tmp_path / "a.jpg", Box(0, 60, 40, 20)).pictures(1, Fraction(25)))

    assert whole.shape == (80, 40, 3)
    assert whole[70, 20, 0] > 200 > 60 > whole[10, 20, 0]
    assert part.shape == (20, 40, 3)
    assert part[..., 0].min() > 180


def test_clips_keep_their_speed(tmp_path: Path) -> None:
    # Ten frames a second, each second another grey.
    greys = [Gradient((g, g, g), (g, g, g)) for g in (20, 80, 140, 200)]
    clip = compose(
        tmp_path / "clip.mp4", [Segment(1, (Pane(grey, fill=True),)) for grey in greys], Canvas(160, 90, Fraction(10))
    )
    made = compose(tmp_path / "v.mp4", [Segment(3, (Pane(Clip(clip.path, 1.5)),))], SMALL)
    frames, _ = _frames(made.path)
    greys_seen = [round(float(frame.mean()) / 20) * 20 for frame in frames]

    # From 1.5 s on: half a second of the second grey, a second of the third and of the fourth, then the last picture stays.
    assert greys_seen == [80] * 13 + [140] * 25 + [200] * 37
    assert made.shots[0].source == "clip.mp4@1.5"


def test_the_same_segments_give_the_same_bytes(tmp_path: Path) -> None:
    segments = [
        Segment(0.4, (Pane(Noise(3), fill=True),)),
        Segment(0.4, (Pane(_photo(tmp_path / "a.png"), start=View(), end=View(zoom=1.2)),)),
        Segment(0.4, (Pane(Card("Title", "Subtitle"), fill=True),)),
    ]

    first, second = (compose(tmp_path / name, segments, SMALL).path.read_bytes() for name in ("1.mp4", "2.mp4"))

    assert first == second


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ([], "at least one segment"),
        ([Segment(0.01, (Pane(Card("x")),))], "Segment 0 lasts 0.01 s"),
        ([Segment(1, (Pane(Card("x")),)), Segment(1, ())], "Segment 1 .* 0 panes"),
    ],
)
def test_nothing_to_show(tmp_path: Path, segments: list[Segment], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compose(tmp_path / "v.mp4", segments, SMALL)
    assert list(tmp_path.iterdir()) == []


def test_sources_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "text.mp4").write_text("no video")
    clip = compose(tmp_path / "clip.mp4", [Segment(1, (Pane(Card("x")),))], SMALL).path
    before = sorted(tmp_path.iterdir())

    for source in (
        Photo(tmp_path / "missing.jpg"),
        Photo(tmp_path / "text.jpg"),
        Clip(tmp_path / "missing.mp4"),
        Clip(tmp_path / "text.mp4"),
        Clip(clip, 30),
    ):
        with pytest.raises(MediaError, match=source.path.name):
            compose(tmp_path / "v.mp4", [Segment(1, (Pane(Card("x")),)), Segment(1, (Pane(source),))], SMALL)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be written"):
        compose(tmp_path / "nowhere" / "v.mp4", [Segment(1, (Pane(Card("x")),))], SMALL)
