"""The audit log: who decided, erased, came in or was turned away."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

from ..records import AuditEvent
from ..storage import Query, Store
from ..storage.base import PAGE

_MAX_TEXT = 300
_ACTING: ContextVar[tuple[str, str]] = ContextVar("acting", default=("", ""))


@contextmanager
def acting(who: str, address: str) -> Iterator[None]:
    """Let what is noted in the block, in this thread, be done by somebody.

    Args:
        who: Their token, by name.
        address: Where their request came from.
    """
    before = _ACTING.get()
    _ACTING.set((who, address))
    try:
        yield
    finally:
        _ACTING.set(before)


def note(store: Store, what: str, target: str = "", *, project: str = "", outcome: str = "ok", who: str = "") -> None:
    """Add an event to the log; see `event_of`."""
    store.put(event_of(what, target, project=project, outcome=outcome, who=who))


def event_of(what: str, target: str = "", *, project: str = "", outcome: str = "ok", who: str = "") -> AuditEvent:
    """Return an event of this moment, to be stored together with what it tells of.

    Args:
        what: What was done.
        target: To what. No secret, and no name of a person: the log outlives their erasure.
        project: In which project; empty for none.
        outcome: `ok`, or how it failed.
        who: Who did it, where no block of `acting` says so.
    """
    actor, address = _ACTING.get()
    texts = {"who": actor or who, "target": target, "outcome": outcome, "address": address, "project": project}
    return AuditEvent(_new_id(), what=one_line(what), **{name: one_line(text) for name, text in texts.items()})


def events(store: Store, project: str | None = None, since: datetime | None = None) -> Iterator[AuditEvent]:
    """Yield events in the order of their time; ids begin with it, so that what is older is not read.

    Args:
        store: Where they are kept.
        project: Only those of this project.
        since: Only those from this moment on; it has a time zone.
    """
    equals: dict[str, Any] = {} if project is None else {"project": project}
    place = None if since is None else (_first_id(since),)
    while True:
        page = store.select(AuditEvent, Query(equals), PAGE, place)
        yield from page.items
        if page.end is None:
            return
        place = page.end


def one_line(text: str) -> str:
    r"""Return a text that cannot pretend to be several lines or another part of one, and can be read back.

    A line break becomes `\n`, a terminal's escape `\x1b`, a backslash two; what is too long is cut.
    """
    shown = printable(text[:_MAX_TEXT].replace("\\", "\\\\"))
    return shown if len(shown) <= _MAX_TEXT else shown[: _MAX_TEXT - 1] + "…"


def printable(text: str) -> str:
    """Return a text with what is not printable escaped: line breaks, tabs, and what moves a terminal or turns its direction."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _first_id(since: datetime) -> str:
    """Return what sorts before the ids of all events of a moment and after those of earlier ones."""
    passed_us = max(0, (since - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1))
    return f"{passed_us * 1000:020d}"


def _new_id() -> str:
    """Return an id that sorts by time, and differs from all others made at the same moment."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"
