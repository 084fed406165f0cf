"""The service with the fake engine, which finds squares of colour: `python visualizer/e2e/service.py --port 0`."""

from __future__ import annotations

import sys

from src.api.serve import main
from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import make_fake_engine
from src.engines.registry import EngineEntry


def use_fake_engine() -> None:
    """Let `fake` name the engine."""
    prior = ScorePrior(threshold=0.5, slope=20.0, margin=2.0)
    ENGINES["fake"] = EngineEntry(lambda _weights, _threads: make_fake_engine(), prior)  # type: ignore[index]


if __name__ == "__main__":
    use_fake_engine()
    sys.exit(main(sys.argv[1:]))
