"""What others name, addresses and paths, is judged here before anything is fetched or opened."""

from __future__ import annotations

from .outside import Outside
from .paths import confined, confined_to_one
from .policy import Guard

__all__ = ["Guard", "Outside", "confined", "confined_to_one"]
