"""Videos by OpenCV: the second backend, for comparison and for where PyAV cannot be installed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction

import cv2
import numpy as np

from ..errors import MediaError
from ..schema import WHOLE, Interval, RgbImage
from .frameindex import FrameIndex
from .source import ffmpeg_name, is_address
from .stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, DecodedFrame, VideoInfo, VideoStream, small_size

_LARGEST_DENOMINATOR = 1001
"""OpenCV gives rates as floats; this finds 30000/1001 again."""


class OpenCvFrame(DecodedFrame):
    """A frame of an `OpenCvStream`; OpenCV has converted it already."""

    __slots__ = ("_image", "frame_index", "n_skipped", "npt")

    def __init__(self, frame_index: int, npt: float, image: RgbImage) -> None:
        """Keep the picture."""
        self.frame_index, self.npt, self.n_skipped, self._image = frame_index, npt, 0, image

    def rgb(self) -> RgbImage:
        """Return (H, W, 3) uint8 RGB, upright."""
        return self._image.copy()

    def grey(self, max_side_px: int) -> RgbImage:
        """Return an upright (h, w) uint8 grey picture."""
        size = small_size(self._image.shape[1], self._image.shape[0], max_side_px)
        small = cv2.resize(self._image, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)

    def thumbnail(self) -> RgbImage:
        """Return a small (36, 64, 3) uint8 RGB picture; unlike PyAV's it is upright."""
        small = cv2.resize(self._image, (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)


class OpenCvStream(VideoStream):
    """A video file read with OpenCV.

    Weaker than `PyAvStream`: files only; times count from the start of the video stream and not of the container, and are
    good to about a millisecond; damage inside the file goes unnoticed (`n_damaged` stays 0), only a missing end is told;
    mirroring is not applied; every frame is converted, wanted or not.
    """

    def __init__(self, locator: str) -> None:
        """Open a video and decode its first frame.

        Args:
            locator: Path, without fragment.

        Raises:
            MediaError: There is no such file, or not one frame of it can be decoded.
        """
        if is_address(locator):
            raise MediaError(locator, 'is an address, which the backend "opencv" does not read. Use "pyav", or download it.')
        self._name = ffmpeg_name(locator)
        self._reading: Generator[DecodedFrame] | None = None
        self.n_damaged, self.damage = 0, ""
        self.info = self._describe(locator)

    def frames(self, interval: Interval = WHOLE, *, index: FrameIndex | None = None) -> Iterator[DecodedFrame]:
        """Decode in presentation order the frames whose npt lies in an interval, from the start; there is no index."""
        self.close()
        self.n_damaged, self.damage = 0, ""
        self._reading = self._read(interval)
        return self._reading

    def close(self) -> None:
        """End the reading, if one is under way."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _open(self) -> cv2.VideoCapture:
        return cv2.VideoCapture(self._name.removeprefix("file:"), cv2.CAP_FFMPEG)

    def _describe(self, locator: str) -> VideoInfo:
        capture = self._open()
        try:
            ok, image = capture.read()
            if not ok:
                raise MediaError(locator, "is no video that OpenCV can read. Check that it is one, and copy it again.")
            rate = Fraction(capture.get(cv2.CAP_PROP_FPS)).limit_denominator(_LARGEST_DENOMINATOR) or Fraction(25)
            n_frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            return VideoInfo(
                locator=locator,
                width=image.shape[1],
                height=image.shape[0],
                frame_rate=rate,
                duration=float(n_frames / rate) if n_frames > 0 else None,
                n_frames=n_frames if n_frames > 0 else None,
                codec=int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("latin-1").strip("\0 ").lower(),
                rotation=int(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360,
            )
        finally:
            capture.release()

    def _read(self, interval: Interval) -> Generator[DecodedFrame]:
        capture = self._open()
        try:
            npt, frame_index = -1.0, 0
            while capture.grab():
                # Where FFmpeg knows no time OpenCV says 0 again: then the rate must do.
                at = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                npt = at if at > npt else npt + float(1 / self.info.frame_rate)
                if interval.end_npt is not None and npt >= interval.end_npt:
                    return
                if npt >= interval.start_npt:
                    _, image = capture.retrieve()
                    yield OpenCvFrame(frame_index, npt, self._to_rgb(np.asarray(image, np.uint8)))
                frame_index += 1
            if self.info.n_frames is not None and frame_index < self.info.n_frames:
                self.damage = f"only {frame_index} of {self.info.n_frames} promised frames can be decoded"
        finally:
            capture.release()

    def _to_rgb(self, image: RgbImage) -> RgbImage:
        if image.shape[:2] != (self.info.height, self.info.width):
            image = np.asarray(cv2.resize(image, (self.info.width, self.info.height)), np.uint8)
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
