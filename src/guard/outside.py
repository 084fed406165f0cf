"""Marks of fields that clients fill in and that name a place: what keeps each of them harmless.

A field of a request whose name says that it is an address or a path must carry one of these; a test goes through all fields.
"""

from __future__ import annotations

import enum


class Outside(enum.Enum):
    """What is done with a text from outside that names a place."""

    FETCHED = "called through the guard alone"
    VIDEO = (
        "an address that is read through the guard, a file of the folders that are shown to clients, or a video that is known"
    )
    KEPT = "compared or stored as it is; nothing is opened or called by it"
