"""The page: the files that `visualizer/` was built into, served beside the API.

The page has addresses of its own, `/projects/antract/videos/…?t=134.32`, which are no files: whoever opens one is served the
page, and the page shows what the address says. They all begin with `/projects/<project>`; every other path stays what it is,
so the page hides neither the API nor a route of the original service, whose `/projects` is the list of names.

Source: W3C Content Security Policy Level 3, sections 6.1.14 (nonces) and 6.1.15 (style elements, style attributes).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from apiflask import APIFlask
from flask import Response, send_from_directory
from werkzeug.exceptions import NotFound

from .headers import page_policy
from .permissions import needs

BUILT = Path(__file__).resolve().parents[2] / "visualizer" / "dist"
"""Where `npm run build` leaves the page."""

ROUTES = ("/", "/projects/<project>", "/projects/<project>/<path:rest>")
"""What the page answers; its router knows which of these there are."""

_YEAR_S = 31_536_000
_NONCE = "__CSP_NONCE__"
"""The word that stands in the built file in the place of a nonce: see `html.cspNonce` in visualizer/vite.config.ts."""

_WORKER_POLICY = "default-src 'none'; connect-src 'self'"
"""A worker obeys the policy of its own file: it may ask this service, and load nothing."""

_HINT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>FaceRec</title><meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="__CSP_NONCE__">
body { max-width: 36rem; margin: 15vh auto; padding: 0 1rem; font: 16px/1.6 system-ui, sans-serif; color-scheme: light dark }
pre { padding: .8rem 1rem; background: rgb(128 128 128 / 15%); border-radius: 6px }
</style></head>
<body><h1>The page has not been built</h1>
<p>The service is at work, but its web page is not there yet. Building it takes Node 20 or newer, once:</p>
<pre>npm --prefix visualizer ci
npm --prefix visualizer run build</pre>
<p>Then load this page again. <code>make serve</code> does that by itself. Until then there are <a href="/docs">the API</a> and
the command line.</p></body></html>
"""


def add_page(app: APIFlask, folder: Path | None = None, media_origins: Sequence[str] = ()) -> None:
    """Serve the page, its assets, and a hint where it was not built.

    Args:
        app: The application.
        folder: What the page was built into, `BUILT` where None; it may come, go and change while the service runs.
        media_origins: Other services that it may play films from.
    """
    built = folder or BUILT

    @needs(None)
    def page(project: str = "", rest: str = "") -> Response:
        """Show the page, whatever it is to show."""
        return _page(built, media_origins)

    @needs(None)
    def asset(name: str) -> Response:
        """Return a file that the page is made of. Its name holds a digest of it: what has this name never changes."""
        return _asset(built, name)

    @needs(None)
    def icon() -> Response:
        """Return the icon of the page."""
        return send_from_directory(built, "favicon.svg", max_age=86_400)

    @needs(None)
    def worker() -> Response:
        """Return the worker that sends a token with pictures and films; it is never kept, for its name stays."""
        response = send_from_directory(built, "sw.js", mimetype="text/javascript", max_age=0)
        response.headers["Content-Security-Policy"] = _WORKER_POLICY
        return response

    for number, route in enumerate(ROUTES):
        app.add_url_rule(route, f"page_{number}", app.doc(hide=True)(page))
    app.add_url_rule("/assets/<path:name>", "page_asset", app.doc(hide=True)(asset))
    app.add_url_rule("/sw.js", "page_worker", app.doc(hide=True)(worker))
    app.add_url_rule("/favicon.svg", "page_icon", app.doc(hide=True)(icon))


def _page(folder: Path, media_origins: Sequence[str]) -> Response:
    """Return the page with a nonce of its own, or the hint. It is never kept: it names the assets of today."""
    path = folder / "index.html"
    nonce = secrets.token_urlsafe(16)
    is_built = path.is_file()
    text = _text(path, path.stat().st_mtime_ns) if is_built else _HINT
    response = Response(text.replace(_NONCE, nonce), 200 if is_built else 503, mimetype="text/html")
    response.headers["Content-Security-Policy"] = page_policy(nonce, media_origins)
    response.headers["Cache-Control"] = "no-store"
    return response


@lru_cache(maxsize=4)
def _text(path: Path, _changed_at: int) -> str:
    return path.read_text(encoding="utf-8")


def _asset(folder: Path, name: str) -> Response:
    try:
        response = send_from_directory(folder / "assets", name, max_age=_YEAR_S)
    except NotFound:
        # Of a page that was open while a newer one was built: it says so by itself, and loads anew.
        raise NotFound("The page has no such file. Load it again: it may have been built anew.") from None
    response.cache_control.public = True
    response.cache_control.immutable = True
    return response
