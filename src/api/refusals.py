"""How a request is turned away before anything looks at it: problem+json with a stable code (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, json

REFUSALS: Mapping[str, tuple[int, str]] = {
    "bad_host": (421, "The service is not reached under this name."),
    "token_in_url": (400, "A token must not stand in an address."),
    "address_too_long": (414, "The address is too long."),
    "cross_site": (403, "Another web page must not do this."),
    "unauthorized": (401, "A token is needed."),
    "forbidden": (403, "The token does not allow this."),
    "too_many_requests": (429, "Too much is asked at a time."),
}
"""Codes with their status and what they mean. Codes do not change; the words of `detail` may."""


def refuse(code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that turns a request away.

    Args:
        code: One of `REFUSALS`.
        detail: What is wrong, and what to do.
        headers: Further headers.
    """
    status, title = REFUSALS[code]
    body = {"type": f"/docs#{code}", "title": title, "status": status, "detail": detail, "code": code}
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/problem+json")
    response.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return response
