"""Lets the service of a test, its workers and their jobs know the engine of drawn faces as `fake`.

Python runs this before anything else where its folder is on PYTHONPATH: the service starts programs of its own.
"""

from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import make_fake_engine
from src.engines.registry import EngineEntry

ENGINES["fake"] = EngineEntry(lambda _weights, _threads: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))  # type: ignore[index, arg-type]
