"""Many videos, or parts of videos, out of one table: analysed with resume, reported row by row, and ready to be scored."""

from __future__ import annotations

from .stage import BulkReport, RowOutcome, run

__all__ = ["BulkReport", "RowOutcome", "run"]
