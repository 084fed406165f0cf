"""The service as people run it, whose jobs search on a server of this machine: `python -m tests.servers.searching_service`."""

from __future__ import annotations

import sys

from src.api.serve import main
from src.jobs import Worker
from tests.servers.searching_child import COMMAND

if __name__ == "__main__":
    assert Worker.__init__.__kwdefaults__ is not None
    Worker.__init__.__kwdefaults__["command"] = COMMAND
    sys.exit(main(sys.argv[1:]))
