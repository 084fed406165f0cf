"""Sessions of the page: a token is exchanged for a cookie, which pictures, videos and streams of events are asked for with."""

from __future__ import annotations

from datetime import UTC, datetime

from apiflask import APIBlueprint
from flask import Response, g

from ...access import Session
from ...records import Project, Role
from ...storage import Query
from .. import shapes
from ..answers import answer, no_content
from ..context import store, workspace
from ..permissions import access, may
from ..signing import drop_cookie, sessions, set_cookie

session = APIBlueprint("session", __name__, url_prefix="/api/v1", tag="Session")


@session.get("/session")
@session.output(shapes.Session)
def get_session() -> Response:
    """Say who one is, what one may do, and until when the cookie is good."""
    return answer(_shape(g.get("session")))


@session.post("/session")
@session.output(shapes.Session)
def sign_in() -> Response:
    """Exchange the token of the header Authorization for a cookie; with the cookie alone, renew it.

    The cookie is HttpOnly, SameSite=Strict, and Secure over TLS. What changes something and comes with it needs the header
    X-FaceRec-CSRF, or proof of the browser (Origin, Sec-Fetch-Site) that the page of this service sends it. Where no token was
    ever made there is nothing to exchange, and no cookie.
    """
    begun = sessions().begin(access(), g.get("session"))
    response = answer(_shape(begun))
    if begun is not None:
        set_cookie(response, begun, workspace().settings.server)
    response.headers["Cache-Control"] = "no-store"
    return response


@session.delete("/session")
@session.output({}, 204)
def sign_out() -> Response:
    """Let the browser forget its cookie and the pictures that it kept; it works also without a good cookie."""
    response = no_content()
    drop_cookie(response, workspace().settings.server)
    return response


def _shape(found: Session | None) -> shapes.Session:
    names = [str(row[0]) for row in store().cells(Project, ("project",), Query())]
    return shapes.Session(
        who=access().who,
        role=access().role,
        project=access().project,
        projects=[name for name in names if may(Role.VIEWER, name)],
        expires_at=datetime.fromtimestamp(found.ends, UTC).isoformat() if found else None,
    )
