"""The one place from which jobs call an address that a client named."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import FetchError
from ..settings import Settings


def post(_settings: Settings, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> int:
    """Send a body to an address, and return the status of the answer, which is not read. Redirects are not followed.

    Raises:
        FetchError: The address does not answer.
    """
    import requests

    try:
        with requests.post(
            url, data=body, headers=dict(headers), timeout=timeout_s, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code
    except (requests.RequestException, ValueError) as err:
        raise FetchError(url, f"does not answer ({type(err).__name__}).", passing=True) from err
