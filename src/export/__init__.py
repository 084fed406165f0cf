"""Records to files of other programs: one file a format, one table of them."""

from .formats import FORMATS, Format

__all__ = ["FORMATS", "Format"]
