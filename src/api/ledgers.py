"""The ledgers of the projects that a process was asked for; see `ledger`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .context import extracts

if TYPE_CHECKING:
    from ..identities.ledger import Ledger


def ledger_of(project: str) -> Ledger:
    """Return the ledger of a project that exists, as it is now."""
    from ..identities import ledger

    return ledger.ledger_of(extracts(), project)
