"""Which role a route needs, and in which project.

A view need not say anything: reading needs a viewer, changing an editor, of the project in its path; a route without a project
in its path is open only to tokens for all projects. `RULES` lists the exceptions; a view may say more by `needs`. What no
project owns, videos and what was seen in them, is open to the tokens of the projects that use it: see `belonging`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Literal, TypeVar

from flask import current_app, g, request
from werkzeug.exceptions import Forbidden

from ..access import Access
from ..records import Role
from .belonging import belongs, used_videos
from .context import workspace
from .problems import Problem

F = TypeVar("F", bound=Callable[..., Any])
Where = Literal["path", "query", "view", "folder", "used"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL = Access("local", Role.ADMIN)
"""Whoever sits at this machine, where no token was ever made."""

_ATTRIBUTE = "_facerec_needs"
_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a request needs.

    Attributes:
        role: None for nothing at all: everybody may come in.
        where: Where the project stands: in the `path`, in the `query`, as the first `folder` of a path of files, or where only
            the `view` sees it, which then calls `require` or shows only what `may` or `only_used` allows. `used`: the address
            names a video, something of one, or an upload, and the project of the token must be one that uses it.
        has_effect: Whether it changes something although it is a GET.
    """

    role: Role | None
    where: Where = "path"
    has_effect: bool = False


RULES: tuple[tuple[str, Needs], ...] = (
    # What holds nobody's data.
    ("GET /healthz", Needs(None)),
    ("GET /readyz", Needs(None)),
    ("GET /metrics", Needs(None)),  # asks for a token of its own
    ("GET /", Needs(None)),
    ("GET /assets/*", Needs(None)),
    ("GET /favicon*", Needs(None)),
    ("GET /docs", Needs(None)),
    ("GET /docs/*", Needs(None)),
    ("GET /openapi.json", Needs(None)),
    # Signing in needs a token, or the session that is renewed; signing out nothing, or one that is too old would stay.
    ("GET /api/v1/session", Needs(Role.VIEWER, "view")),
    ("POST /api/v1/session", Needs(Role.VIEWER, "view")),
    ("DELETE /api/v1/session", Needs(None)),
    # Lists that show each token its own.
    ("GET /projects", Needs(Role.VIEWER, "view")),
    ("GET /api/v1/projects", Needs(Role.VIEWER, "view")),
    ("GET /api/v1/videos", Needs(Role.VIEWER, "view")),
    ("GET /api/v1/analyses", Needs(Role.VIEWER, "view")),
    ("GET /api/v1/exports", Needs(Role.VIEWER, "view")),  # the formats: nobody's data
    # What several projects may use, listed one by one: a new route is closed until somebody has thought of it.
    ("GET /api/v1/videos/<video_id>", Needs(Role.VIEWER, "used")),
    ("PATCH /api/v1/videos/<video_id>", Needs(Role.EDITOR, "used")),
    ("GET /api/v1/videos/<video_id>/tracks", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/videos/<video_id>/media", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/videos/<video_id>/frame", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/videos/<video_id>/thumbnail", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/analyses/<analysis_id>", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/analyses/<analysis_id>/shots", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/tracks/<track>", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/tracks/<track>/samples", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/tracks/<track>/best", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/tracks/<track>/thumbnail", Needs(Role.VIEWER, "used")),
    ("GET /api/v1/tracks/<track>/samples/<int:frame_index>/thumbnail", Needs(Role.VIEWER, "used")),
    # What somebody sends belongs to the project of their token.
    ("POST /api/v1/videos", Needs(Role.EDITOR, "view")),
    ("POST /api/v1/uploads", Needs(Role.EDITOR, "view")),
    ("* /api/v1/uploads/<upload_id>", Needs(Role.EDITOR, "used")),
    # What cannot be undone, and who may come in.
    ("* /api/v1*/erasures*", Needs(Role.ADMIN)),
    ("* /api/v1*/erase*", Needs(Role.ADMIN)),
    ("* /api/v1*/tokens*", Needs(Role.ADMIN)),
    ("* /api/v1*/audit*", Needs(Role.ADMIN)),
    ("DELETE /api/v1/projects/<project>", Needs(Role.ADMIN)),
    # Questions that are asked by POST because they bring a picture.
    ("POST /api/v1*/search*", Needs(Role.VIEWER)),
    # The original service, which does work inside a GET.
    ("GET /crawler", Needs(Role.EDITOR, "query", has_effect=True)),
    ("GET /train/<project>", Needs(Role.EDITOR, has_effect=True)),
    ("GET /track", Needs(Role.VIEWER, "query")),  # where it starts work it asks for an editor itself
    ("GET /training-set", Needs(Role.VIEWER, "query")),
    ("GET /appearance/*", Needs(Role.VIEWER, "query")),
    ("GET /training_img_aligned/*", Needs(Role.VIEWER, "folder")),
)
"""`METHOD route`, the route as it was declared; the first that fits counts."""


def needs(role: Role | None, where: Where = "path", *, has_effect: bool = False) -> Callable[[F], F]:
    """Say at a view what it needs, above all rules; put it next to the function, below other decorators."""

    def mark(view: F) -> F:
        setattr(view, _ATTRIBUTE, Needs(role, where, has_effect))
        return view

    return mark


def needs_of(method: str, rule: str, view: object = None) -> Needs:
    """Return what a request needs."""
    said = getattr(view, _ATTRIBUTE, None)
    if isinstance(said, Needs):
        return said
    return _by_rules("GET" if method == "HEAD" else method, rule)


@lru_cache(maxsize=1024)  # routes are few; a path that is none takes the place of one that was not asked for for longest
def _by_rules(method: str, rule: str) -> Needs:
    for pattern, found in RULES:
        wanted, _, path = pattern.partition(" ")
        if wanted in ("*", method) and fnmatchcase(rule, path.replace("[", "[[]")):
            return found
    return Needs(Role.VIEWER if method in SAFE else Role.EDITOR)


def project_of(where: Where, arguments: Mapping[str, Any], query: Mapping[str, str]) -> str:
    """Return the project that a request is about, empty for none.

    What the query says counts for routes alone that read it from there: else any token could name its own project at any route.
    """
    if where == "query":
        return query.get("project", "")
    if where == "folder":
        return str(next(iter(arguments.values()), "")).split("/")[0]
    return str(arguments.get("project", ""))


def access() -> Access:
    """Return what whoever sent this request may do."""
    found: Access = g.get("access", None) or Access("nobody", Role.VIEWER, "\0")
    return found


def who() -> str:
    """Return how they are called: the author of their decisions."""
    return access().who


def author(named: str) -> str:
    """Return the author of what somebody says: as they call themselves, and with a token never without its name."""
    return f"{named} ({who()})" if named and access().token_id else named or who()


def may(role: Role, project: str = "") -> bool:
    """Say whether they may do what a role is needed for, in a project or in what belongs to none."""
    return access().allows(role, project)


def require(role: Role, project: str = "") -> None:
    """Go on only for those who may.

    Raises:
        Forbidden: They may not.
    """
    if not may(role, project):
        raise Forbidden(refusal(role, project))


def check_used(named: Mapping[str, Any], *, to_change: bool) -> None:
    """Go on only where what a request names is what the project of their token uses; those for all projects use everything.

    Raises:
        Problem: It is not, or is not there: to them that is the same.
    """
    project = access().project
    if project and not belongs(workspace(), project, named, to_change=to_change):
        raise Problem("not_found", f"The project {project!r} uses nothing of this name.")


def only_used(field: str = "video_id") -> Callable[[Any], bool] | None:
    """Return what says of a record, or of a dict of its fields, whether they may see its video; None for those who see all.

    Args:
        field: The record's field with the id of the video.
    """
    project = access().project
    if not project:
        return None
    seen = used_videos(workspace().store, project)
    return lambda record: (record[field] if isinstance(record, dict) else getattr(record, field)) in seen


def refusal(role: Role, project: str) -> str:
    """Say what a token lacks."""
    place = f"project {project[:100]!r}" if project else "what belongs to all projects"
    return f"This needs the role {role} for {place}. Ask whoever makes the tokens of this service."


def needs_of_request() -> Needs:
    """Return what the request needs that is being answered."""
    rule = request.url_rule.rule if request.url_rule else request.path
    view = current_app.view_functions.get(request.endpoint) if request.endpoint else None
    return needs_of(request.method, rule, view)
