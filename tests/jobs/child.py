"""The process of a job, which knows the kinds for tests and the engine `fake`: `python -m tests.jobs.child`."""

from __future__ import annotations

import sys

from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import make_fake_engine
from src.engines.registry import EngineEntry
from src.jobs import child
from tests.jobs import kinds

COMMAND = (sys.executable, "-m", "tests.jobs.child")

ENGINES["fake"] = EngineEntry(lambda *_: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))  # type: ignore[index]

if __name__ == "__main__":
    kinds.install()
    sys.exit(child.main())
