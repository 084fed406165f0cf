"""The parameters of the original service, each of which may come once."""

from __future__ import annotations

from flask import request

from ...names import folder_name
from ...records import Project
from ..context import existing_project
from ..problems import Problem

GENERAL = "general"
"""The project of clients that name none."""

_MAX_SPEEDUP = 1_000_000


def parameter(name: str, default: str | None = None) -> str:
    """Return a parameter without white space around it.

    Raises:
        Problem: It is missing and there is no default, empty, or comes more than once.
    """
    values = request.args.getlist(name)
    if len(values) > 1:
        raise Problem("invalid", f"The parameter {name} comes more than once. Send it once.")
    value = values[0].strip() if values else default
    if not value:
        raise Problem("invalid", f"The parameter {name} is {'empty' if values else 'missing'}.")
    return value


def project_name() -> str:
    """Return the slug of the project that a request is about; there need be none.

    Raises:
        InvalidNameError: No project can have this name.
    """
    return folder_name(parameter("project", GENERAL), "project")


def project_of_query() -> Project:
    """Return the project that a request is about.

    Raises:
        Problem: There is none.
    """
    return existing_project(project_name())


def choice(name: str, *choices: str) -> str:
    """Return a parameter that has some values, the first of which is the usual one.

    Raises:
        Problem: It has another.
    """
    value = parameter(name, choices[0])
    if value not in choices:
        raise Problem("invalid", f"The parameter {name} is {value[:100]!r}. Choose one of: {', '.join(choices)}.")
    return value


def flag(name: str) -> bool:
    """Say whether a parameter is there, with or without a value; `false` switches it off."""
    values = request.args.getlist(name)
    return bool(values) and values[-1].strip().lower() not in ("false", "0")


def speedup() -> int:
    """Return which frames are analysed: every so many-th.

    Raises:
        Problem: It is no whole number from 1.
    """
    text = parameter("speedup", "25")
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= value <= _MAX_SPEEDUP:
        raise Problem("invalid", f"The parameter speedup is {text[:100]!r}. Give a whole number from 1 to {_MAX_SPEEDUP}.")
    return value
