"""Headers that keep browsers careful, and the pages elsewhere that may use the API. Also, which page is behind a request.

Source: W3C Content Security Policy Level 3; WHATWG Fetch (CORS, CORP, Sec-Fetch-Site); OWASP Secure Headers Project.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request, Response

from ..settings import ServerSettings


def page_policy(nonce: str = "", media_origins: Sequence[str] = ()) -> str:
    """Return what a page may load: things of this service, and what it made itself.

    Args:
        nonce: Of this answer. The page's component library writes its theme into a style element, which must carry it. Style
            attributes are free: charts place their labels by them, and they can fetch nothing that `img-src` does not allow.
        media_origins: Where else films may be played from, as `server.media_origins` lists them. What comes in pieces (HLS) is
            fetched by scripts, so that they may ask these too; nothing that runs comes from there.
    """
    elsewhere = "".join(f" {origin}" for origin in media_origins)
    styles = f"style-src 'self' 'nonce-{nonce}'" if nonce else "style-src 'self'"
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            styles,
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' blob: data:",
            f"media-src 'self' blob:{elsewhere}",
            "font-src 'self' data:",
            f"connect-src 'self'{elsewhere}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


PAGE_POLICY = page_policy()
"""For any other page of this service: it has no style elements."""

DATA_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""For all that is no page: opened as one, it may show itself and run nothing, whatever somebody has put into it."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR_S = 31_536_000
_CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_CORS_ASKED = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Range, Upload-Offset"
_CORS_SHOWN = (
    "Accept-Ranges, Content-Disposition, Content-Range, ETag, Frame-Npt, Link, Location, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset, Retry-After, Upload-Length, Upload-Offset, X-Request-ID"
)


def add_headers(response: Response, request: Request, settings: ServerSettings) -> Response:
    """Add to an answer what keeps browsers careful; what a view has set itself stays."""
    headers = response.headers
    headers.pop("Date", None)  # servers write one themselves, and two make no valid answer
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", PAGE_POLICY if response.mimetype == "text/html" else DATA_POLICY)
    headers.setdefault("Cache-Control", "private, no-cache")
    if settings.https or request.is_secure:
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
    is_known = request.headers.get("Origin") in settings.cors_origins
    headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if is_known else "same-origin")
    if settings.cors_origins:
        response.vary.add("Origin")
    if is_known:
        headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        headers["Access-Control-Expose-Headers"] = _CORS_SHOWN
    return response


CSRF_HEADER = "X-FaceRec-CSRF"
"""A page elsewhere cannot send it: browsers would ask us before, and are not told that it may."""


def is_preflight(request: Request) -> bool:
    """Say whether a browser asks if a page elsewhere may send a request."""
    return request.method == "OPTIONS" and "Origin" in request.headers and "Access-Control-Request-Method" in request.headers


def preflight(request: Request, settings: ServerSettings) -> Response:
    """Answer such a question: what is not granted here, browsers do not send."""
    response = Response(status=204)
    if request.headers.get("Origin") in settings.cors_origins:
        response.headers["Access-Control-Allow-Methods"] = _CORS_METHODS
        response.headers["Access-Control-Allow-Headers"] = _CORS_ASKED
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def is_cross_site(request: Request, settings: ServerSettings, has_effect: bool) -> bool:
    """Say whether a web page that is neither ours nor on the list is behind a request.

    Tokens are never sent by a browser on its own, as cookies are; but without tokens everybody on this machine may come in,
    and so might any page that its browser has open. Browsers say where a request comes from; other programs say nothing. What
    comes with a cookie is looked at more closely, see `may_use_cookie`.

    Args:
        request: The request.
        settings: Those with the list.
        has_effect: Whether it changes something; else following a link to us is fine.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        is_known = origin in _own(request, settings) or origin in settings.cors_origins
        return not is_known and (has_effect or origin == "null")
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site in ("none", "same-origin"):
        return False
    is_link = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    return has_effect or not is_link


def may_use_cookie(request: Request, settings: ServerSettings) -> bool:
    """Say whether a cookie that came with a request counts: not where any other page may be behind it.

    Pages on the list `server.cors_origins` and those at another port of this host have to send a token.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin not in _own(request, settings):
        return False
    return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")


def is_of_our_page(request: Request, settings: ServerSettings) -> bool:
    """Say whether a request proves that a page of ours sent it: what changes something and comes with a cookie has to.

    That nothing speaks against it, as for `may_use_cookie`, is not enough: old browsers say nothing.
    """
    if request.headers.get("Origin") in _own(request, settings):
        return True
    return request.headers.get("Sec-Fetch-Site") == "same-origin" or bool(request.headers.get(CSRF_HEADER))


def _own(request: Request, settings: ServerSettings) -> set[str]:
    return {f"{request.scheme}://{request.host}", *([f"https://{request.host}"] if settings.https else [])}


@lru_cache(maxsize=1024)
def host_of(netloc: str) -> str:
    """Return the name in a Host header without its port, in lower case; empty where there is none."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address, or has this name for itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
