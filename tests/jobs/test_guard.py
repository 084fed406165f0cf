"""What clients named is fetched and called through the guard, in workers too."""

from __future__ import annotations

import pytest

from src.errors import ForbiddenAddressError
from src.jobs.calling import post
from src.jobs.worker import Worker
from src.workspace import Workspace, served


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/hook", "http://2130706433/", "http://169.254.169.254/", "http://u:p@a.example/"]
)
def test_no_webhook_leads_inside(workspace: Workspace, url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        post(served(workspace.settings), url, b"{}", {}, 5.0)


def test_a_worker_works_under_the_guard(workspace: Workspace) -> None:
    assert workspace.guard is None
    Worker(workspace)
    assert workspace.guard is not None
