"""The service as `server.py --production` runs it, for the fault run: `python -m tests.load.server DATA_DIR LEASE_S PORT`.

Its worker starts processes that know the engine `fake`, and nobody who asks is told to slow down.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from pathlib import Path

from src.api.ops import workers
from src.api.serve import _serve_for_many
from src.jobs import Worker, leases
from tests.jobs import child  # knows the engine `fake`  # noqa: F401
from tests.jobs.kinds import COMMAND
from tests.jobs.serve import settings_of


def main(folder: str, lease_s: str, port: str) -> int:
    """Serve until the end."""
    logging.basicConfig(level=logging.ERROR)
    # Who crashes here was killed on purpose.
    leases.LONGEST_PAUSE_S = 1.0
    workers.Worker = partial(Worker, command=COMMAND)  # type: ignore[assignment, misc]
    settings = settings_of(Path(folder), float(lease_s))
    server = settings.server.model_copy(update={"work_per_minute": 0, "stop_s": 1.0, "min_free_mb": 0})
    return _serve_for_many(settings.model_copy(update={"server": server}), "127.0.0.1", int(port), None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
