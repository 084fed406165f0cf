"""Who may use the service, and who did what: tokens with roles, and a log to which things are only ever added."""

from __future__ import annotations

from .audit import acting, event_of, note
from .sessions import Session, Sessions
from .tokens import Access, add_token, revoke_token, verify_token

__all__ = ["Access", "Session", "Sessions", "acting", "add_token", "event_of", "note", "revoke_token", "verify_token"]
