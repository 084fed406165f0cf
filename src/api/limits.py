"""How often a client may ask for what is dear: a token bucket for each, in the memory of this process.

Several processes of one service count by themselves, so that their limits add up.

Source: RFC 6585, section 4 (429); draft-ietf-httpapi-ratelimit-headers-03 (RateLimit-Limit, -Remaining and -Reset).
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

_MAX_CLIENTS = 10_000
"""So many are remembered; of more the ones forgotten are those that were not heard of for longest."""

FRAMES = (
    "GET */frame*",
    "GET */videos/<video_id>/thumbnail",
    "GET */samples/<int:frame_index>/thumbnail",
    "GET */videos/<video_id>/export",
    "GET */overview",
    "GET /track",
    "GET /appearance/*",
    "GET /training-set",
    "GET /get_locator",
    "GET /get_metadata",
    "GET */moments",
    "GET */statistics",
    "GET */summary",
    "GET */storage",
    "GET */review",
    "GET */groups*",
    "GET */people-totals",
    "GET */people/<person_id>/appearances",
    "GET */people/<person_id>/images",
    "GET */models/<model_id>/report",
    "POST */jobs/<job_id>/cancel",
    "POST */decisions*",
    "POST */groups/*/split",
    "POST */image-changes",
)
"""What costs a moment of decoding, of reading the records of a whole video or project, or of somebody else's server, as
`METHOD route`; and what people say by a key each, faster than work is begun."""

WORK = (
    "POST *",
    "PATCH */people/<person_id>",
    "PATCH */unknown/*",
    "DELETE */videos/<video_id>",
    "GET */projects/<project>/export",
    "GET /crawler",
    "GET /train/*",
)
"""What starts work or has much derived, written out or deleted, or takes something in. Chunks of uploads (PATCH) are paid for
when the upload is begun."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking a bucket.

    Attributes:
        is_allowed: Whether there was something left.
        limit: How much fits into the bucket.
        remaining: How much is left.
        reset_s: Seconds until it is full again, or, where nothing was left, until the next drop.
    """

    is_allowed: bool
    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """Return what tells a client."""
        told = {"Limit": self.limit, "Remaining": self.remaining, "Reset": self.reset_s}
        headers = {f"RateLimit-{name}": str(value) for name, value in told.items()}
        return headers if self.is_allowed else headers | {"Retry-After": str(self.reset_s)}


class Buckets:
    """A bucket for each client, filled evenly; threads share them."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets.

        Args:
            per_minute: What flows in, and what fits; 0 for no limit.
            clock: Tells the time in seconds.
        """
        self._size, self._clock = per_minute, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str) -> Taken | None:
        """Take a drop out of a client's bucket; None where there is no limit."""
        if self._size == 0:
            return None
        per_s = self._size / 60
        with self._lock:
            now = self._clock()
            level, since = self._levels.pop(client, (float(self._size), now))
            level = min(self._size, level + (now - since) * per_s)
            is_allowed = level >= 1
            level -= is_allowed
            self._levels[client] = level, now
            while len(self._levels) > _MAX_CLIENTS:
                self._levels.popitem(last=False)
        missing = self._size - level if is_allowed else 1 - level
        return Taken(is_allowed, self._size, int(level), max(1, math.ceil(missing / per_s)))


@lru_cache(maxsize=1024)
def cost_of(method: str, rule: str) -> str:
    """Say what a request costs: `frames`, `work`, or nothing.

    Args:
        method: Of the request.
        rule: The route, as it was declared.
    """
    asked = f"{'GET' if method == 'HEAD' else method} {rule}"
    for name, patterns in (("frames", FRAMES), ("work", WORK)):
        if any(fnmatchcase(asked, pattern) for pattern in patterns):
            return name
    return ""
