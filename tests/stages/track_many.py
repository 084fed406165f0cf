"""The verb `track` with an engine `fake` in all its processes, which can be slow enough to be stopped. Run by tests."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from src import tracker
from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import make_fake_engine
from src.engines.registry import EngineEntry
from src.tracker import analyser, spool

# At the level of the module: each process that is started anew runs this too.
ENGINES["fake"] = EngineEntry(lambda *_: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))  # type: ignore[index]

if os.environ.get("PACE") == "slow segments":
    _write = spool.SpoolWriter.write

    def _write_slowly(self: spool.SpoolWriter, entry: spool.Entry) -> None:
        time.sleep(0.3)
        _write(self, entry)

    spool.SpoolWriter.write = _write_slowly  # type: ignore[method-assign]

if os.environ.get("PACE", "").startswith("slow"):
    _checkpoint = analyser.Analyser._checkpoint

    def _slowly(self: analyser.Analyser, *args: Any) -> None:
        _checkpoint(self, *args)
        os.write(sys.stdout.fileno(), b"checkpoint\n")  # at once: several processes write here
        time.sleep(0.3)

    analyser.Analyser._checkpoint = _slowly  # type: ignore[method-assign]
if os.environ.get("CHECKPOINT_EVERY"):
    analyser.CHECKPOINT_EVERY = int(os.environ["CHECKPOINT_EVERY"])

if __name__ == "__main__":
    sys.exit(tracker.main())
