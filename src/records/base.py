"""What records of every kind are made with."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime


def now() -> str:
    """Return the present moment as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def stable_id(*parts: object) -> str:
    """Return 16 hexadecimal digits that are the same whenever the parts are the same."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
