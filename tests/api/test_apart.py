"""What is done in a process of its own while a request waits: what comes of it, and how it ends when it goes wrong."""

from __future__ import annotations

import os
import signal
import time

import pytest

from src.api.apart import done_apart
from src.errors import ConfigError
from src.workspace import Workspace

# They are called in another process.


def _twice(workspace: Workspace, number: int) -> tuple[int, str, int]:
    return 2 * number, workspace.store.place, os.getpid()


def _wrong(_workspace: Workspace) -> None:
    raise ConfigError("line 3: is no time. Write seconds.")


def _killed(_workspace: Workspace) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _slow(_workspace: Workspace) -> None:
    time.sleep(600)


def test_what_comes_of_it(workspace: Workspace) -> None:
    twice, place, pid = done_apart(workspace.settings, _twice, 21)
    assert (twice, place) == (42, workspace.store.place)
    assert pid != os.getpid()


def test_what_it_says_is_wrong(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match=r"^line 3: is no time. Write seconds.$"):
        done_apart(workspace.settings, _wrong)


def test_that_it_was_killed(workspace: Workspace) -> None:
    """As the system does with whoever takes the memory of all."""
    with pytest.raises(ConfigError, match=r"too much memory\. Divide it"):
        done_apart(workspace.settings, _killed)


def test_that_it_takes_too_long(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match=r"longer than 0\.1 s\. Divide it"):
        done_apart(workspace.settings, _slow, patience_s=0.1)
    assert done_apart(workspace.settings, _twice, 1)[0] == 2, "the next one may begin"
