"""How far a job steps back, so that whoever looks at pages does not wait for the analysis of a video.

Source: Linux manual, sched(7), on nice values and autogroups; Windows API, SetPriorityClass.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")
_BELOW_NORMAL, _IDLE = 0x4000, 0x40
_IDLE_FROM = 15
"""Windows knows two steps below the usual one, where others count to 19."""


def step_back(nice: int) -> None:
    """Leave the processors to others: this process, and what it starts from now on. Done before any thread begins.

    Args:
        nice: How far, 0 (not at all) to 19 (only what nobody else wants).
    """
    if nice == 0:
        return
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _IDLE if nice >= _IDLE_FROM else _BELOW_NORMAL)
        return
    with suppress(OSError):
        os.nice(nice)
    # Where Linux shares the time between sessions before it shares it between processes, the value above counts in our own
    # session alone, which is that of one job; and this one counts against the other sessions. Elsewhere there is no such file.
    with suppress(OSError):
        _AUTOGROUP.write_text(str(nice), encoding="ascii")
