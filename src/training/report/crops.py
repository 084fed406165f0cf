"""Aligned faces as they are shown in a report, and whether they have colours."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from ...disk.pictures import read_picture
from ...errors import MediaError
from ...schema import RgbImage

_MAX_PIXELS = 4_000_000
"""Aligned faces have 112 or 160 pixels a side; what somebody put in their place may not be much larger."""
_QUALITY = 82
_GREY = 6.0
"""Mean difference of the colour channels up to which a picture is black-and-white: JPEG leaves 1 to 3, a faded colour
photo has 15 and more; sepia counts as colour."""


def thumbnail(path: Path | None, size: int) -> str:
    """Return a picture as an address that holds the picture itself, empty where there is none that can be read.

    Args:
        path: The file.
        size: Longer side in pixels.
    """
    pixels = _read(path)
    if pixels is None:
        return ""
    image = Image.fromarray(pixels)
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def is_grey(path: Path | None) -> bool | None:
    """Say whether a picture is black-and-white; None where it cannot be read."""
    pixels = _read(path)
    return None if pixels is None else bool(np.ptp(pixels.astype(np.int16), axis=2).mean() <= _GREY)


def _read(path: Path | None) -> RgbImage | None:
    try:
        return None if path is None else read_picture(path.read_bytes(), path.name, _MAX_PIXELS).image
    except (OSError, MediaError):
        # A picture that is not there any more is no reason to do without a report.
        return None
