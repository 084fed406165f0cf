"""Work of a request that may take minutes or gigabytes, done in a process of its own while the request waits for it.

The threads of a process that answers share one interpreter: a file of 60 MB of Turtle, read by one of them, would hold up all
others for a minute, and the memory that it takes would never be given back.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from ..errors import AnnotationError, ConfigError
from ..settings import Settings
from ..workspace import open_workspace
from .problems import Problem

T = TypeVar("T")

PATIENCE_S = 300.0
"""So long it may take; then it is given up."""
_NICE = 10
_RETRY_AFTER_S = 15
_ONE = threading.Lock()
"""Held by the request whose work is done: one at a time in each process that answers, so that memory stays bounded."""


def done_apart(settings: Settings, work: Callable[..., T], *given: Any, patience_s: float = PATIENCE_S) -> T:
    """Do something in a process of its own, which steps back behind all others, and return what comes of it.

    Args:
        settings: Of the workspace that it works in, opened anew there.
        work: A function of a module; it gets that workspace first.
        given: Its further arguments; they and what it returns go from one process to the other.
        patience_s: How long it may take.

    Raises:
        Problem: The work of another request is not done yet.
        ConfigError: It says that something is wrong, or it took too long or too much memory.
    """
    if not _ONE.acquire(blocking=False):
        raise Problem(
            "too_many_requests",
            "Another large file is being read. Send this one again when that is done.",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        )
    try:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_serve, args=(theirs, settings, work, given), daemon=True)
        with closing(ours):
            process.start()
            theirs.close()
            try:
                found: T = _heard(ours, patience_s)
                return found
            finally:
                process.kill()
                process.join()
    finally:
        _ONE.release()


def _heard(line: Connection, patience_s: float) -> Any:
    if not line.poll(patience_s):
        raise ConfigError(f"Reading the file takes longer than {patience_s:g} s. Divide it, or import it by the command line.")
    try:
        is_good, found = line.recv()
    except EOFError as err:
        why = "The file could not be read to its end: reading it takes too much memory."
        raise ConfigError(f"{why} Divide it, or import it by the command line.") from err
    if not is_good:
        raise ConfigError(found)
    return found


def _serve(line: Connection, settings: Settings, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    with suppress(AttributeError, OSError):  # not every system has it; none needs it
        os.nice(_NICE)
    try:
        with open_workspace(settings) as workspace:
            answer = True, work(workspace, *given)
    except AnnotationError as err:
        answer = False, str(err)
    with suppress(OSError):  # nobody waits any more
        line.send(answer)
