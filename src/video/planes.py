"""Frames that FFmpeg decoded, as upright RGB, grey or small pictures: scaled and converted only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import cast

import numpy as np
from av.buffer import Buffer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from ..schema import RgbImage
from .stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, DecodedFrame, small_size

_UNSPECIFIED = 2
"""FFmpeg's AVCOL_SPC_UNSPECIFIED."""

_LARGE_PX = 1280 * 720
"""Pictures with more pixels are thinned out before they are averaged to a thumbnail: their decoding is dear enough."""


@dataclass(frozen=True, slots=True)
class Upright:
    """How decoded pictures are turned and mirrored to be shown, as the display matrix of the container says.

    Attributes:
        transposed: Rows become columns, first of all.
        flip_x, flip_y: Then left and right, or top and bottom, change places.
    """

    transposed: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @staticmethod
    def of(frame: VideoFrame) -> Upright:
        """Read the display matrix of a frame, to the nearest quarter turn.

        Source: ISO/IEC 14496-12, section 6.2.2 (matrix): a point (x, y) goes to (a x + c y, b x + d y).
        """
        matrix = cast(Mapping[object, Buffer], frame.side_data).get(SideDataType.DISPLAYMATRIX)
        if matrix is None:
            return Upright()
        a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
        return Upright(True, c < 0, b < 0) if abs(b) > abs(a) else Upright(False, a < 0, d < 0)

    @property
    def rotation(self) -> int:
        """The turn alone, degrees clockwise; where the picture is mirrored too, that comes after the turn."""
        mirrored = self.transposed ^ self.flip_x ^ self.flip_y
        if self.transposed:
            return 270 if self.flip_y else 90
        return 180 if self.flip_x ^ mirrored else 0

    def apply(self, image: RgbImage) -> RgbImage:
        """Turn and mirror (H, W, 3) or grey (H, W) pixels."""
        turned = image.swapaxes(0, 1) if self.transposed else image
        turned = turned[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]
        return np.ascontiguousarray(turned)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height after turning."""
        return (height, width) if self.transposed else (width, height)


class Converter:
    """Scales and converts decoded frames; kept from frame to frame because setting FFmpeg's scaler up is dear."""

    def __init__(self, width: int, height: int, upright: Upright) -> None:
        """Convert to a size in decoded pixels, before turning."""
        self._width, self._height, self._upright = width, height, upright
        self._full, self._thin, self._small = VideoReformatter(), VideoReformatter(), VideoReformatter()
        self._grey = VideoReformatter()
        # A scaler lets go of the GIL while it holds its own state: frames may be converted from several threads.
        self._lock = Lock()

    def rgb(self, frame: VideoFrame) -> RgbImage:
        """Return (H, W, 3) uint8 RGB, upright."""
        with self._lock:
            image = self._to_rgb(self._full, frame, self._width, self._height, Interpolation.BILINEAR, 0)
        return self._upright.apply(image)

    def grey(self, frame: VideoFrame, max_side_px: int) -> RgbImage:
        """Return (h, w) uint8, upright."""
        size = small_size(self._width, self._height, max_side_px)
        with self._lock:
            small = self._grey.reformat(frame, *size, "gray", interpolation=Interpolation.FAST_BILINEAR, threads=1)
            image = cast(RgbImage, small.to_ndarray())
        return self._upright.apply(image)

    def thumbnail(self, frame: VideoFrame) -> RgbImage:
        """Return (36, 64, 3) uint8 RGB by averaging, so that grain and fine texture do not flicker."""
        with self._lock:
            if frame.width * frame.height > _LARGE_PX:
                frame = self._thin.reformat(
                    frame,
                    THUMBNAIL_WIDTH * 4,
                    THUMBNAIL_HEIGHT * 4,
                    interpolation=Interpolation.FAST_BILINEAR,
                    threads=1,
                )
            return self._to_rgb(self._small, frame, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT, Interpolation.AREA, 1)

    def _to_rgb(
        self, scaler: VideoReformatter, frame: VideoFrame, width: int, height: int, how: Interpolation, threads: int
    ) -> RgbImage:
        converted = scaler.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=self._colorspace(frame),
            dst_color_range=ColorRange.JPEG,
            interpolation=how,
            threads=threads,
        )
        return cast(RgbImage, converted.to_ndarray())

    def _colorspace(self, frame: VideoFrame) -> int | None:
        """Return the matrix to decode colour with, None for what the frame says.

        Players take untagged pictures of more than standard size for BT.709, others for BT.601; so do we.
        """
        if frame.colorspace != _UNSPECIFIED:
            return None
        high_definition = self._width >= 1280 or self._height > 576
        return Colorspace.ITU709 if high_definition else Colorspace.ITU601


class PyAvFrame(DecodedFrame):
    """A frame of a `PyAvStream`; usable as long as one likes, at the price of its memory."""

    __slots__ = ("_converter", "_frame", "frame_index", "n_skipped", "npt")

    def __init__(self, frame_index: int, npt: float, frame: VideoFrame, converter: Converter, n_skipped: int = 0) -> None:
        """Keep the decoded planes."""
        self.frame_index, self.npt, self.n_skipped = frame_index, npt, n_skipped
        self._frame, self._converter = frame, converter

    def rgb(self) -> RgbImage:
        """Convert to (H, W, 3) uint8 RGB, upright, by the colour matrix and range of the stream."""
        return self._converter.rgb(self._frame)

    def grey(self, max_side_px: int) -> RgbImage:
        """Return an upright (h, w) uint8 grey picture."""
        return self._converter.grey(self._frame, max_side_px)

    def thumbnail(self) -> RgbImage:
        """Return a small (36, 64, 3) uint8 RGB picture, not rotated."""
        return self._converter.thumbnail(self._frame)
