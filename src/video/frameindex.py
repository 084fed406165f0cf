"""All frames of a video by number and time, and where reading may begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..schema import DoubleArray, IntArray
from .bitstream import INTRA_ONLY

_HISTORY_FRAMES, _HISTORY_STARTS = 160, 3
"""What is left out at a place depends on the sizes of the eight packets before it behind which nothing is shown earlier, up to
16 packets apart, and on the distances of the three key frames before it."""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A frame from which on a reading gives what a reading from the start of the video gives.

    Attributes:
        frame_index: Its number in presentation order.
        npt: Its time.
        pts, dts: Its time stamps, in ticks of the stream.
        size: Bytes of its packet, which tell it from another when it is looked for.
    """

    frame_index: int
    npt: float
    pts: int
    dts: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """All frames of a video that can be read from the middle. It can be sent to other processes.

    Attributes:
        pts: (n,) int64 ticks, rising: `pts[frame_index]`.
        npts: (n,) float64 seconds, the same as the frames' `npt` to the last bit.
        starts: (k,) int64, rising: the frame indices of the access points.
        start_dts, start_sizes: (k,) int64, of each access point.
    """

    pts: IntArray
    npts: DoubleArray
    starts: IntArray
    start_dts: IntArray
    start_sizes: IntArray

    def access_points(self) -> list[AccessPoint]:
        """Return all access points, in order; the first frame is always one."""
        return [self._access_point(k) for k in range(len(self.starts))]

    def before(self, npt: float) -> AccessPoint:
        """Return the last access point that is not later than a time, the first one where all are."""
        return self._access_point(self._number_before(npt))

    def decode_from(self, npt: float, codec: str) -> AccessPoint:
        """Return the access point at which to begin decoding for the frames from a time on.

        It is one earlier than would do where pictures refer to others: then the decoder knows all that the first frames may
        refer to, also where an encoder was careless about it.
        """
        k = self._number_before(npt)
        return self._access_point(k if codec in INTRA_ONLY else max(k - 1, 0))

    def choose_from(self, npt: float, codec: str) -> AccessPoint:
        """Return the access point at which to begin reading where frames are left out, for the frames from a time on.

        So much before it is read, and passed over, that the same frames are left out as in a reading from the start.
        """
        k = int(np.searchsorted(self.starts, self.before(npt).frame_index - _HISTORY_FRAMES, side="right")) - 1
        at = self.decode_from(npt, codec)
        return min(at, self._access_point(max(min(k, self._number_before(npt) - _HISTORY_STARTS), 0)), key=_frame_of)

    def _number_before(self, npt: float) -> int:
        return max(int(np.searchsorted(self.npts[self.starts], npt, side="right")) - 1, 0)

    def _access_point(self, k: int) -> AccessPoint:
        at = int(self.starts[k])
        return AccessPoint(at, float(self.npts[at]), int(self.pts[at]), int(self.start_dts[k]), int(self.start_sizes[k]))


def _frame_of(point: AccessPoint) -> int:
    return point.frame_index
