"""Frame index, exact frame rate and npt (normal play time, seconds from the start of the video)."""

from __future__ import annotations

from fractions import Fraction

from .errors import ConfigError


def frame_to_npt(frame_index: int, rate: Fraction) -> float:
    """Return the time of a frame at a constant rate, exact before the last rounding."""
    return float(frame_index / rate)


def npt_to_frame(npt: float, rate: Fraction) -> int:
    """Return the frame that is shown at a time, at a constant rate."""
    # A time written with millisecond digits may fall up to half a millisecond before its own frame; the grace is a hair more.
    return int((Fraction(npt) + Fraction(1, 1999)) * rate)


def format_npt(npt: float) -> str:
    """Write a time as `h:mm:ss.fff`, the npt form of Media Fragments URI 1.0."""
    total_ms = round(npt * 1000)
    seconds, ms = divmod(total_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}.{ms:03}"


def parse_npt(text: str) -> float:
    """Read `12.5`, `12.5s`, `mm:ss.fff` or `h:mm:ss.fff` as seconds.

    Raises:
        ConfigError: The text is no such time.

    Source: W3C Media Fragments URI 1.0, section 4.2.1 (npt).
    """
    parts = text.strip().removeprefix("npt:").removesuffix("s").split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    well_formed = 1 <= len(values) <= 3 and all(0 <= value < float("inf") for value in values)
    if not well_formed or any(value >= 60 for value in values[1:]):
        raise ConfigError(f"{text!r} is no time. Write seconds (12.5) or h:mm:ss (0:01:12.5).")
    return float(sum(value * 60**power for power, value in enumerate(reversed(values))))
