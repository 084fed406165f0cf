"""The one place from which jobs call an address that a client named: guarded, whatever the command line may read."""

from __future__ import annotations

from collections.abc import Mapping

from ..guard import Guard
from ..guard.fetch import explained
from ..guard.transport import open_guarded_session
from ..settings import Settings


def post(settings: Settings, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> int:
    """Send a body to an address, and return the status of the answer, which is not read. Redirects are not followed.

    Args:
        settings: Say which servers of private networks may be called.
        url: http or https.
        body: What is sent.
        headers: With it.
        timeout_s: For connecting, and for the head of the answer.

    Raises:
        ForbiddenAddressError: The address leads where clients must not send us.
        FetchError: The address does not answer.
    """
    guard = Guard.of(settings.fetch.allow_hosts, settings.fetch.allow_networks)
    with (
        explained(url, timeout_s),
        open_guarded_session(guard, timeout_s) as session,
        session.post(url, data=body, headers=dict(headers), timeout=timeout_s, allow_redirects=False, stream=True) as answer,
    ):
        return int(answer.status_code)
