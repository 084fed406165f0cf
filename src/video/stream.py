"""What every video reader gives: light handles of frames, in presentation order, timed by their PTS."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Self

from ..schema import WHOLE, Interval, RgbImage
from .frameindex import FrameIndex
from .sampling import Sampler

THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 64, 36
"""Pixels of the small picture that cuts are found in."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a video that its container names; `end_npt` lies outside."""

    title: str
    start_npt: float
    end_npt: float


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What the container says of a video.

    Attributes:
        locator: Path or address, without fragment.
        width, height: Pixels as shown, after rotation.
        frame_rate: Average frames a second, exact.
        duration: Seconds, None where nobody knows.
        n_frames: As the container says, None where it does not; not to be trusted.
        codec: FFmpeg's name of it.
        rotation: Degrees clockwise by which decoded pictures are turned to stand upright: 0, 90, 180 or 270.
        recorded_at: When the container says that it was made, ISO 8601 with its zone; empty where it does not.
        chapters: The parts that it names.
        start_time: Where npt 0 lies on the clock of the container, in seconds, as ffprobe calls it. Most begin at 0; some,
            such as MP4 in fragments without sound, a few frames later. Browsers count as the file does.
    """

    locator: str
    width: int
    height: int
    frame_rate: Fraction
    duration: float | None
    n_frames: int | None
    codec: str
    rotation: int = 0
    recorded_at: str = ""
    chapters: tuple[Chapter, ...] = ()
    start_time: float = 0.0


def small_size(width: int, height: int, max_side_px: int) -> tuple[int, int]:
    """Return width and height of a picture scaled down so that its longer side is at most so many pixels."""
    scale = min(1.0, max_side_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


class DecodedFrame(ABC):
    """A frame that is decoded but not yet converted: most frames are only looked at for cuts.

    Attributes:
        frame_index: Counts from 0 in presentation order from the start of the video.
        npt: Seconds from the start of the video (PTS minus the container's start time).
        n_skipped: Frames since the one handed out before that were left out because nobody asked for them.
    """

    frame_index: int
    npt: float
    n_skipped: int

    @abstractmethod
    def rgb(self) -> RgbImage:
        """Convert to (H, W, 3) uint8 RGB, upright, in the size of VideoInfo also where the stream changes it midway."""

    @abstractmethod
    def grey(self, max_side_px: int) -> RgbImage:
        """Return an upright (h, w) uint8 grey picture, its longer side at most so many pixels: for following faces."""

    @abstractmethod
    def thumbnail(self) -> RgbImage:
        """Return a small (36, 64, 3) uint8 RGB picture, not rotated, cheap to make: for finding cuts."""


class VideoStream(ABC):
    """A video that can be read from start to end, more than once.

    Attributes:
        info: What the container says.
        n_damaged: Frames or packets that could not be decoded in the last reading so far.
        damage: One line about the last damage, empty where there was none.
        hwaccel: What decodes, one of `source.HWACCELS`; `none` is the processor, also where `auto` found no hardware that can.
    """

    hwaccel: str = "none"
    info: VideoInfo
    n_damaged: int
    damage: str

    def index(self) -> FrameIndex | None:
        """Find all frames and where reading may begin; None where the video can only be read in order.

        It ends the reading under way, and may read the file once, without decoding.
        """
        return None

    @abstractmethod
    def frames(
        self, interval: Interval = WHOLE, *, needed: Sampler | None = None, index: FrameIndex | None = None
    ) -> Iterator[DecodedFrame]:
        """Decode in presentation order the frames whose npt lies in an interval.

        `frame_index` counts from the start of the video, whatever the interval. Damaged packets are skipped and
        counted; a video that ends too early ends the iteration, and `damage` says so.

        Args:
            interval: Which frames are yielded.
            needed: Who asks for frames, a sampler of its own: frames that it does not want may be left out where the video
                allows it. The others have the same number, time and pixels, to the last bit, as without; the first and the
                last frame are always there, and so are those around places where the coded size tells of a cut.
            index: What `index` said of this very video. A reading that begins late then starts from an access point; the
                frames are the same, to the last bit, as those of a reading from the start. Only what is read can be found
                damaged.

        Raises:
            MediaError: Not one frame can be decoded.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file or connection."""

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, whatever happened."""
        self.close()
