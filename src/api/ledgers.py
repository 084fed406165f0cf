"""The ledgers of the projects that a process was asked for; see `ledger`."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from ..ledger import Ledger, Ledgers
from .context import store

_NAME = "facerec.ledgers"


def add_ledgers(app: Flask) -> None:
    """Give an application room for ledgers."""
    app.extensions[_NAME] = Ledgers()


def ledger_of(project: str) -> Ledger:
    """Return the ledger of a project that exists, as it is now."""
    return cast(Ledgers, current_app.extensions[_NAME]).of(store(), project)
