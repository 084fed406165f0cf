"""The process of a job, which knows the kinds for tests and the engine `fake`: `python -m tests.jobs.child`.

With CHECKPOINTS in the environment it kills itself after so many checkpoints of an analysis.
"""

from __future__ import annotations

import os
import signal
import sys
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

if os.environ.get("CHECKPOINTS"):
    from src.tracker import analyser

    analyser.CHECKPOINT_EVERY = 4
    _checkpoint, _left = analyser.Analyser._checkpoint, [int(os.environ["CHECKPOINTS"])]

    def _dying(self: analyser.Analyser, *args: Any) -> None:
        _checkpoint(self, *args)
        _left[0] -= 1
        if not _left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    analyser.Analyser._checkpoint = _dying  # type: ignore[method-assign]

if __name__ == "__main__":
    kinds.install()
    sys.exit(child.main())
