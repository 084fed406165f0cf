"""The ledgers of the projects that a process was asked for; see `ledger`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

from .context import store

if TYPE_CHECKING:
    from ..ledger import Ledger

_NAME = "facerec.ledgers"


def ledger_of(project: str) -> Ledger:
    """Return the ledger of a project that exists, as it is now."""
    from ..ledger import Ledgers

    kept = cast(Ledgers, current_app.extensions.setdefault(_NAME, Ledgers()))
    return kept.of(store(), project)
