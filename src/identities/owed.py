"""Changes whose consequences in videos are owed still, so that nothing that people say stays without them.

A decision is stored first and its appearances are derived afterwards, by the process that stored it or by a job. Whoever dies
in between leaves a record behind that was written with the decision; workers look for such records, and have jobs do it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from ..records import Owed
from ..storage import Store

GRACE_S = 60.0
"""Whoever made a change has so long to follow it: what is older was left behind, or is followed once more without harm."""


def cause_of(decision_ids: Sequence[str]) -> str:
    """Return what decisions that are stored together are called until they are followed.

    Of one that is its id, so that no more is derived than it touches; several are one cause, for which everything is derived.
    """
    return decision_ids[0] if len(decision_ids) == 1 else f"{decision_ids[0]} to {decision_ids[-1]}"


def settle(store: Store, project: str, *causes: str) -> None:
    """Say that some changes were followed, or that a job is to do it.

    Args:
        store: Where they are.
        project: Whose.
        causes: As `cause_of` calls them; what nobody owes is passed over.
    """
    for cause in causes:
        store.delete(Owed, project=project, cause=cause)


def left_behind(store: Store, now_s: float) -> dict[str, list[str]]:
    """Return what nobody follows any more: causes by project, oldest first.

    Args:
        store: Where they are.
        now_s: Seconds since 1970.
    """
    before = datetime.fromtimestamp(now_s - GRACE_S, UTC).isoformat(timespec="seconds")
    found: defaultdict[str, list[str]] = defaultdict(list)
    for owed in store.find(Owed):
        if owed.created_at <= before:
            found[owed.project].append(owed.cause)
    return dict(found)
