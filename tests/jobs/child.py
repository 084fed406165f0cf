"""The process of a job, which knows the kinds for tests and the engine `fake`: `python -m tests.jobs.child`.

With CHECKPOINTS in the environment it kills itself after so many checkpoints of an analysis. With HOLD it waits after so many
until the file of HOLD_UNTIL is there. Checkpoints come every EVERY samples. With LOCAL_WEB all pictures are looked for there.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from src.engines import ENGINES, Engine
from src.engines.base import ScorePrior
from src.engines.registry import EngineEntry
from src.jobs import child
from tests.jobs import kinds


def _fake(*_: object) -> Engine:
    # Imported late, as what decodes videos is below: most jobs of tests need neither, and start in half the time.
    from src.engines.fake import make_fake_engine

    return make_fake_engine()


ENGINES["fake"] = EngineEntry(_fake, ScorePrior(threshold=0.5, slope=20.0, margin=2.0))  # type: ignore[index]

_DIES, _HOLDS = int(os.environ.get("CHECKPOINTS", "0")), int(os.environ.get("HOLD", "0"))
if _DIES or _HOLDS:
    from src.tracker import analyser

    analyser.CHECKPOINT_EVERY = int(os.environ.get("EVERY", "4"))
    _checkpoint, _done = analyser.Analyser._checkpoint, count(1)

    def _stopping_short(self: analyser.Analyser, *args: Any) -> None:
        _checkpoint(self, *args)
        number = next(_done)
        if number == _DIES:
            os.kill(os.getpid(), signal.SIGKILL)
        while number == _HOLDS and not Path(os.environ["HOLD_UNTIL"]).exists():
            time.sleep(0.02)

    analyser.Analyser._checkpoint = _stopping_short  # type: ignore[method-assign]

if os.environ.get("LOCAL_WEB"):
    from src.crawler import web
    from tests.servers.web import redirected_session

    web.open_session = lambda *_: redirected_session(os.environ["LOCAL_WEB"])


@contextmanager
def on_web(address: str) -> Iterator[None]:
    """Let the jobs of processes that are started meanwhile find all pictures on one server."""
    os.environ["LOCAL_WEB"] = address
    try:
        yield
    finally:
        del os.environ["LOCAL_WEB"]


if __name__ == "__main__":
    kinds.install()
    sys.exit(child.main())
