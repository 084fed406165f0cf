"""The process of a job whose searches all come to a server of this machine: `python -m tests.servers.searching_child`.

LOCAL_WEB names that server. The engine `fake` is known here too.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from src.crawler import web
from src.jobs import child
from tests.jobs import child as of_tests  # knows the engine `fake`  # noqa: F401
from tests.servers.web import redirected_session

COMMAND = (sys.executable, "-m", __name__ if __name__ != "__main__" else "tests.servers.searching_child")


def _open_session(*_: Any) -> Any:
    return redirected_session(os.environ["LOCAL_WEB"])


if __name__ == "__main__":
    web.open_session = _open_session
    sys.exit(child.main())
