"""A worker beside the requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.jobs import Worker
from tests.api.conftest import Api
from tests.servers.searching_child import COMMAND
from tests.servers.web import LocalWeb, local_web


@pytest.fixture
def working(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalWeb]:
    """A worker beside the requests, and the web that its jobs search in."""
    with local_web() as web:
        monkeypatch.setenv("LOCAL_WEB", web.address)
        quick = api.workspace.settings.worker.model_copy(update={"nice": 0, "poll_s": 0.05})
        crawler = api.workspace.settings.crawler.model_copy(update={"providers": ("bing",), "max_num": 2, "retries": 0})
        api.workspace.settings = api.workspace.settings.model_copy(update={"worker": quick, "crawler": crawler})
        worker = Worker(api.workspace, command=COMMAND)
        worker.start()
        yield web
        worker.stop()
