"""What others name, addresses and paths, is judged here before anything is fetched or opened."""

from __future__ import annotations

from .paths import confined, confined_to_one
from .policy import Guard
from .transport import CarefulAdapter, GuardedAdapter, open_guarded_session

__all__ = ["CarefulAdapter", "Guard", "GuardedAdapter", "confined", "confined_to_one", "open_guarded_session"]
