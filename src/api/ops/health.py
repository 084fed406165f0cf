"""Whether the process lives, and whether it can be given work."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from ...errors import AnnotationError
from ...records import Project
from ...workspace import Workspace
from .lifecycle import Check

STORE_S = 2.0
"""A store that takes longer for one small question is as good as gone for people who wait."""

_LOG = logging.getLogger(__name__)


class Probe:
    """A check that is waited for no longer than a limit; while it hangs, no second one is begun."""

    def __init__(self, check: Check, limit_s: float) -> None:
        """Keep the check and how long it may take."""
        self._check = check
        self._limit_s = limit_s
        self._running: threading.Thread | None = None
        self._found = ""
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Say what is wrong, or nothing."""
        with self._lock:
            if self._running is None or not self._running.is_alive():
                self._running = threading.Thread(target=self._look, daemon=True)
                self._running.start()
            running = self._running
        running.join(self._limit_s)
        return f"does not answer within {self._limit_s:g} s" if running.is_alive() else self._found

    def _look(self) -> None:
        self._found = self._check()


def store_check(workspace: Workspace) -> Check:
    """Return what asks the store a small question."""

    def check() -> str:
        try:
            workspace.store.count(Project)
        except AnnotationError as err:
            _LOG.warning("The store does not answer: %s", err)
            return "does not answer; the log says why"
        return ""

    return Probe(check, STORE_S)


def disk_check(folder: Path, min_free_mb: int) -> Check:
    """Return what looks for room on the disk of a folder, which need not exist yet."""

    def check() -> str:
        there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
        free = shutil.disk_usage(there).free // 1_000_000
        return f"{free} MB free where {min_free_mb} are wanted" if free < min_free_mb else ""

    return check


def failing(checks: dict[str, Callable[[], str]]) -> dict[str, str]:
    """Return what is wrong, by the name of the check; a check that fails itself is wrong too."""
    found = {}
    for name, check in checks.items():
        try:
            wrong = check()
        except Exception:
            _LOG.exception("The check %s failed", name)
            wrong = "could not be checked; the log says why"
        if wrong:
            found[name] = wrong
    return found
