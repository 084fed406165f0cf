"""Colours follow what the stream says of them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from src.schema import RgbImage
from tests.videos import write_video

from .files import Open

_RED = (200, 30, 40)


@pytest.mark.parametrize(("colorspace", "color_range"), [(1, 1), (5, 1), (1, 2), (5, 2), (None, None)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p10le"])
def test_colours_follow_the_matrix_and_range_of_the_stream(
    pyav: Open, tmp_path: Path, colorspace: int | None, color_range: int | None, pix_fmt: str
) -> None:
    picture: RgbImage = np.full((64, 96, 3), _RED, np.uint8)
    path = write_video(tmp_path / "a.mp4", [picture] * 3, pix_fmt=pix_fmt, colorspace=colorspace, color_range=color_range)

    frame = next(pyav(path).frames())

    assert frame.rgb()[32, 48].tolist() == pytest.approx(_RED, abs=5)
    assert frame.thumbnail()[18, 32].tolist() == pytest.approx(_RED, abs=5)


def test_untagged_high_definition_is_taken_for_bt709(pyav: Open, tmp_path: Path) -> None:
    """As players do: a wrong matrix turns skin orange or pink."""
    picture: RgbImage = np.full((720, 1280, 3), _RED, np.uint8)
    planes = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        planes.colorspace, planes.color_range, planes.pts = 2, 0, 0
        container.mux([*stream.encode(planes), *stream.encode(None)])

    assert next(pyav(tmp_path / "a.mp4").frames()).rgb()[360, 640].tolist() == pytest.approx(_RED, abs=4)


def test_grey_videos_are_grey(pyav: Open, tmp_path: Path) -> None:
    picture: RgbImage = np.full((64, 96, 3), 90, np.uint8)
    path = write_video(tmp_path / "a.mkv", [picture] * 2, codec="ffv1", pix_fmt="gray")

    assert next(pyav(path).frames()).rgb()[32, 48].tolist() == pytest.approx([90, 90, 90], abs=2)
