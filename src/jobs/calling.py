"""The one place from which jobs call an address that a client named."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import FetchError
from ..settings import Settings
from ..workspace import guard_of


def post(settings: Settings, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> int:
    """Send a body to an address, and return the status of the answer, which is not read. Redirects are not followed.

    Args:
        settings: Say whether the address must lead to the public internet; a worker's settings do.
        url: http or https.
        body: What to send.
        headers: What to send with it.
        timeout_s: For connecting, and again for the answer.

    Raises:
        ForbiddenAddressError: The address must not be called.
        FetchError: The address does not answer.
    """
    import requests

    from ..guard.transport import open_guarded_session

    guard = guard_of(settings)
    try:
        with (
            open_guarded_session(guard, timeout_s) if guard else requests.Session() as session,
            session.post(
                url, data=body, headers=dict(headers), timeout=timeout_s, allow_redirects=False, stream=True
            ) as answer,
        ):
            return answer.status_code
    except (requests.RequestException, ValueError) as err:
        raise FetchError(url, f"does not answer ({type(err).__name__}).", passing=True) from err
