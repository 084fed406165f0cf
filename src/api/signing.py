"""The cookie of a session: read from requests, put into answers, taken back.

Source: RFC 6265bis (HttpOnly, SameSite, Secure, the prefix __Host-); W3C Clear Site Data.
"""

from __future__ import annotations

import secrets
from typing import cast

from flask import Flask, Response, current_app, request

from ..access import Session, Sessions
from ..access.keyfile import secret_in
from ..access.tokens import TokenFile
from ..settings import ServerSettings
from ..workspace import Workspace

_NAME = "facerec_session"
_EXTENSION = "facerec.sessions"
_KEY_FILE = "session.key"


def keep_sessions(app: Flask, workspace: Workspace, file: TokenFile | None) -> Sessions:
    """Return what begins and judges the sessions of an application, and let its views find it."""
    server = workspace.settings.server
    sessions = Sessions(workspace.store, lambda: _secret(workspace), server.session_minutes * 60, file)
    app.extensions[_EXTENSION] = sessions
    return sessions


def sessions() -> Sessions:
    """Return what begins and judges the sessions of the application that answers."""
    return cast(Sessions, current_app.extensions[_EXTENSION])


def sent_cookie(settings: ServerSettings) -> str:
    """Return the session that a request brings as its cookie, empty where it brings none."""
    return request.cookies.get(_name(settings), "")


def set_cookie(response: Response, session: Session, settings: ServerSettings) -> None:
    """Let a browser keep a session: out of reach of scripts, for this host alone, and never for other sites."""
    response.set_cookie(
        _name(settings),
        session.text,
        expires=session.ends,
        path="/",
        secure=_is_secure(settings),
        httponly=True,
        samesite="Strict",
    )


def drop_cookie(response: Response, settings: ServerSettings) -> None:
    """Let a browser forget its session, and the pictures that it kept."""
    response.delete_cookie(_name(settings), path="/", secure=_is_secure(settings), httponly=True, samesite="Strict")
    response.headers["Clear-Site-Data"] = '"cache"'


def _name(settings: ServerSettings) -> str:
    # Under this prefix browsers take no cookie that another host or a page without TLS has set.
    return f"__Host-{_NAME}" if _is_secure(settings) else _NAME


def _is_secure(settings: ServerSettings) -> bool:
    return settings.https or request.is_secure


def _secret(workspace: Workspace) -> bytes:
    given = workspace.settings.server.session_secret
    if given is not None:
        return given.get_secret_value().encode()
    path = workspace.data_dir / _KEY_FILE
    remedy = "Set FACEREC_SERVER__SESSION_SECRET, or check who may write there."
    return secret_in(path, lambda: secrets.token_urlsafe(32), "session key", remedy)[0].encode()
