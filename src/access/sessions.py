"""Sessions: what a browser holds in the place of a token, since <img>, <video> and EventSource send no header of ours.

A session is `v1.<token id>.<began>.<ends>.<signature>`, times in seconds since 1970. It is signed together with the digest of
the token, so that it ends with the token: when that is revoked, too old, or the one of the file is another. Nothing is stored;
a session cannot be ended before its time but by ending its token, and is short for that reason.

Source: RFC 2104 (HMAC); RFC 6265bis (cookies); OWASP Cheat Sheet Series, Session Management.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..storage import Store
from .tokens import Access, TokenFile, digest_of, enter

LONGEST_S = 12 * 3600
"""A session is renewed for so long after the token was sent; then the token is asked for again."""
_FORM = re.compile(r"v1\.([0-9a-f]{12}|file)\.([0-9]{1,12})\.([0-9]{1,12})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Session:
    """A session: the text that stands for it, whose token it stands for, and its times in seconds since 1970."""

    text: str
    token_id: str
    began: int
    ends: int


class Sessions:
    """Begins sessions and judges them, for all processes that have the same secret and store."""

    def __init__(
        self,
        store: Store,
        secret: Callable[[], bytes],
        lasts_s: int,
        file: TokenFile | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin.

        Args:
            store: Where tokens are kept.
            secret: Returns what sessions are signed with; asked for when the first one comes.
            lasts_s: How long a session is good, unless it is renewed.
            file: The token of a file, where there is one.
            clock: Tells the time, in seconds since 1970.
        """
        self._store, self._ask, self._lasts_s, self._file, self._clock = store, secret, lasts_s, file, clock
        self._secret = b""

    def begin(self, access: Access, before: Session | None = None) -> Session | None:
        """Return a session for somebody, or one that goes on with the one before; None where they have no token.

        Args:
            access: Who, and by which token.
            before: The session that is renewed.
        """
        digest = digest_of(self._store, access.token_id, self._file)
        if digest is None:
            return None
        now = int(self._clock())
        began = before.began if before else now
        ends = min(now + self._lasts_s, began + LONGEST_S)
        return Session(self._text(access.token_id, began, ends, digest), access.token_id, began, ends)

    def judge(self, text: str, address: str = "") -> tuple[Access, Session] | None:
        """Return what a session allows; None for one that is wrong, too old, or whose token has ended.

        Args:
            text: As it was given.
            address: Where it comes from, to be kept as that of the token's last use.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        session = Session(text, found[1], int(found[2]), int(found[3]))
        digest = digest_of(self._store, session.token_id, self._file)
        is_right = hmac.compare_digest(self._text(session.token_id, session.began, session.ends, digest or ""), text)
        if digest is None or not is_right or not session.began <= self._clock() < session.ends:
            return None
        access = enter(self._store, session.token_id, address)
        return (access, session) if access else None

    def _text(self, token_id: str, began: int, ends: int, digest: str) -> str:
        self._secret = self._secret or self._ask()
        signed = f"v1.{token_id}.{began}.{ends}"
        return f"{signed}.{hmac.new(self._secret, f'{signed}.{digest}'.encode(), hashlib.sha256).hexdigest()}"
