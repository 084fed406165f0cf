"""What every request passes before a view sees it: name of the host, origin, token, role, rate; and what every answer carries.

A browser sends a token only where a script of ours puts it into a request, so that a page elsewhere cannot act in somebody's
name (CSRF). The cookie of a session, which browsers send by themselves, counts for our own page alone, and changes nothing
without proof that this page sent the request. Where no token was ever made, only this machine may come in, under its own
names, and not by way of a page elsewhere.
"""

from __future__ import annotations

import logging
import re
from contextlib import ExitStack
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from ..access import Access, acting, note, verify_token
from ..access.tokens import TokenFile, has_tokens
from ..errors import StorageError
from ..records import Role
from ..workspace import Workspace, served
from .headers import (
    CSRF_HEADER,
    add_headers,
    host_of,
    is_cross_site,
    is_loopback,
    is_of_our_page,
    is_preflight,
    may_use_cookie,
    preflight,
)
from .limits import Buckets, Taken, cost_of
from .patience import Patience
from .permissions import LOCAL, SAFE, Needs, Where, check_used, needs_of_request, project_of, refusal
from .problems import Problem
from .refusals import refuse
from .signing import keep_sessions, sent_cookie

_LOG = logging.getLogger(__name__)
_MAX_ADDRESS = 8192
_MAX_BODY = 64_000_000
_FAILURES_PER_MINUTE = 30
"""Refusals of one address that are worth a line in the log, and the attempts after which it has to wait."""
_TOKEN = re.compile(r"fr_(?:[0-9a-f]{12}|file)_[A-Za-z0-9_-]{43}")
_TOKEN_NAMES = frozenset(
    {"token", "access_token", "api_token", "auth_token", "api_key", "apikey", "authorization", "bearer", "x-api-key"}
)
_PERSONAL = frozenset({"person", "person_id", "name", "path", "filename", "keyword", "q"})
"""Parts of an address that may name somebody: the log outlives their erasure, so it holds none of them."""


def protect(app: Flask, workspace: Workspace) -> None:
    """Put all requests of an application under these checks, and make its workspace fetch addresses through the guard.

    Args:
        app: The application; its views may still be added afterwards.
        workspace: What it works with.

    Raises:
        ConfigError: The token file cannot be used.
    """
    workspace.settings = served(workspace.settings)
    server = workspace.settings.server
    if app.config.get("MAX_CONTENT_LENGTH") is None:
        app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    if server.proxies:
        n = server.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.wsgi_app = Patience(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]
    gate = _Gate(app, workspace)
    app.before_request(gate.admit)
    app.after_request(gate.finish)
    app.teardown_request(_end)


class _Gate:
    """The checks of one application."""

    def __init__(self, app: Flask, workspace: Workspace) -> None:
        self._store, self._server = workspace.store, workspace.settings.server
        self._file = TokenFile(self._server.token_path) if self._server.token_path else None
        self._sessions = keep_sessions(app, workspace, self._file)
        self._buckets = {"work": Buckets(self._server.work_per_minute), "frames": Buckets(self._server.frames_per_minute)}
        self._failures = Buckets(_FAILURES_PER_MINUTE)

    def admit(self) -> Response | None:
        """Let a request through, or turn it away."""
        g.acting = ExitStack()
        if len(request.full_path) > _MAX_ADDRESS:
            return refuse("address_too_long", f"The address has more than {_MAX_ADDRESS} characters.")
        needed = needs_of_request()
        wrong = self._wrong_address()
        if wrong is not None or (needed.role is None and request.method in SAFE and not is_preflight(request)):
            return wrong  # what holds nobody's data is open, and asks no store
        return self._admit(needed)

    def _admit(self, needed: Needs) -> Response | None:
        needs_token = self._file is not None or has_tokens(self._store)
        wrong = self._wrong_host(needs_token)
        if wrong is not None:
            return wrong
        if is_preflight(request):
            return preflight(request, self._server)
        has_effect = needed.has_effect or request.method not in SAFE
        if is_cross_site(request, self._server, has_effect):
            return refuse("cross_site", "The request comes from a web page that is not on the list server.cors_origins.")
        found = self._access() if needs_token else LOCAL
        if found is None and needed.role is not None:
            return self._ask_for_token()
        g.access = found
        g.acting.enter_context(acting(found.who if found else "", _address()))
        if has_effect and g.get("session") is not None and not is_of_our_page(request, self._server):
            self._note_refusal("came with a cookie and no proof of our page")
            return refuse("cross_site", f"With a cookie, what changes something needs the header {CSRF_HEADER}: 1.")
        refused = None
        if found is not None and needed.role is not None and request.url_rule is not None:
            refused = self._check_role(found, needed.role, needed.where)
        return refused or self._slow_down(found)

    def _check_role(self, found: Access, role: Role, where: Where) -> Response | None:
        """Refuse what the role of a token does not allow, or what is not of its project."""
        project = project_of(where, request.view_args or {}, request.args)
        if not found.allows(role, found.project if where in ("view", "used") else project):
            self._note_refusal(f"needs {role}", project)
            return refuse("forbidden", refusal(role, project))
        if where == "used":
            self._check_used()
        return None

    def _check_used(self) -> None:
        try:
            check_used({**request.args.to_dict(), **(request.view_args or {})}, to_change=request.method not in SAFE)
        except Problem:
            self._note_refusal("used by no project of the token")
            raise

    def finish(self, response: Response) -> Response:
        """Add headers to an answer, and note in the log what was changed."""
        taken: Taken | None = g.get("taken", None)
        if taken is not None:
            response.headers.update(taken.headers())
        found: Access | None = g.get("access", None)
        if found is not None and request.url_rule is not None and self._has_effect() and not g.get("refused", False):
            self._note("request", str(response.status_code), project_of("path", request.view_args or {}, {}))
        return add_headers(response, request, self._server)

    def _has_effect(self) -> bool:
        return request.method not in SAFE or needs_of_request().has_effect

    def _wrong_host(self, needs_token: bool) -> Response | None:
        """Refuse names that are not ours: a page whose name was made to lead here (DNS rebinding) asks under its own name."""
        host = host_of(request.headers.get("Host", ""))
        if needs_token:
            known = not self._server.hosts or host in map(str.lower, self._server.hosts)
            if known or (is_loopback(host) and is_loopback(_address())):
                return None
            return refuse("bad_host", "The service is not reached under this name. Add it to server.hosts.")
        if is_loopback(host) and is_loopback(_address()) and is_loopback(self._server.host):
            return None
        detail = "Without tokens only this machine may use the service, at 127.0.0.1 or localhost. Run: token add"
        return refuse("bad_host", detail)

    def _wrong_address(self) -> Response | None:
        """Refuse tokens in addresses, which stand in logs, histories and Referer headers."""
        named = [name for name in request.args if name.lower() in _TOKEN_NAMES]
        leaked = _TOKEN.search(request.full_path)
        if not named and leaked is None:
            return None
        if leaked is not None:
            self._note_refusal(f"token {leaked[0].split('_')[1]} stood in an address")
        return refuse(
            "token_in_url",
            "Send the token in the header Authorization: Bearer TOKEN. One that stood in an address ought to be revoked.",
        )

    def _access(self) -> Access | None:
        if "Authorization" not in request.headers:
            return self._access_by_cookie()
        kind, _, text = request.headers["Authorization"].partition(" ")
        if kind.lower() != "bearer":
            return None
        text = text.strip()
        return (self._file.verify(text) if self._file else None) or verify_token(self._store, text, _address())

    def _access_by_cookie(self) -> Access | None:
        text = sent_cookie(self._server)
        if not text or not may_use_cookie(request, self._server):
            return None
        found = self._sessions.judge(text, _address())
        if found is None:
            return None
        access, g.session = found
        return access

    def _ask_for_token(self) -> Response:
        taken = self._failures.take(_address())
        if taken is not None and not taken.is_allowed:
            return refuse("too_many_requests", "Too many requests without a good token. Wait a moment.", taken.headers())
        given = "Authorization" in request.headers
        if given:
            self._note("refused", "wrong token")
        g.refused = True
        detail = "The token is wrong, revoked or too old." if given else "Send a token: Authorization: Bearer TOKEN."
        error = ', error="invalid_token"' if given else ""
        return refuse("unauthorized", detail, {"WWW-Authenticate": f'Bearer realm="FaceRec"{error}'})

    def _slow_down(self, found: Access | None) -> Response | None:
        rule = request.url_rule.rule if request.url_rule else ""
        buckets = self._buckets.get(cost_of(request.method, rule)) if rule else None
        taken = buckets.take(found.who if found and found is not LOCAL else _address()) if buckets else None
        g.taken = taken
        if taken is None or taken.is_allowed:
            return None
        g.refused = True
        return refuse("too_many_requests", f"Too much is asked at a time. Ask again in {taken.reset_s} s.")

    def _note_refusal(self, why: str, project: str = "") -> None:
        g.refused = True
        taken = self._failures.take(_address())
        if taken is None or taken.is_allowed:
            self._note("refused", why, project)

    def _note(self, what: str, outcome: str, project: str = "") -> None:
        who = g.access.who if g.get("access", None) else ""
        try:
            with acting(who, _address()):
                note(self._store, what, _target(), project=project, outcome=outcome)
        except StorageError as err:
            _LOG.error("the audit log cannot be written: %s", err)


def _address() -> str:
    return request.remote_addr or ""


def _target() -> str:
    """Return route and arguments of a request without what may name somebody."""
    rule = request.url_rule.rule if request.url_rule else "(no route)"
    shown = [f"{name}={value}" for name, value in (request.view_args or {}).items() if name not in _PERSONAL]
    return " ".join([request.method, rule, *shown])


def _end(_: Any) -> None:
    stack: ExitStack | None = g.get("acting", None)
    if stack is not None:
        stack.close()
