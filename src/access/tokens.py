"""Tokens: made, checked and revoked.

A token is `fr_<id>_<secret>`. The secret has 256 random bits. Kept is its SHA-256: a slow hash with salt (bcrypt, Argon2) makes
guessing passwords dear, which people choose from some billions; nobody guesses one of 2^256, so that a fast hash
gives nothing away, and a check costs nothing worth attacking either. The prefix lets scanners for leaked secrets find tokens.

Source: OWASP Cheat Sheet Series, Password Storage and Secrets Management; RFC 6750 (bearer tokens).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..errors import ConfigError
from ..names import folder_name
from ..records import Project, Role, Token, TokenUse, now
from ..storage import Store
from .audit import acting, note, one_line
from .keyfile import secret_in

_FORM = re.compile(r"fr_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_SECRET_BYTES = 32
_USE_S = 300.0
"""A use is taken down when the last one is so long ago: reading must not become writing."""
_NO_DIGEST = hashlib.sha256(b"").hexdigest()
_ORDER = tuple(Role)
_FILE_ID = "file"


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may do.

    Attributes:
        who: How they are called in the log.
        role: The most that they may do.
        project: The only project in which; empty for all of them and for what belongs to none.
        token_id: Of the token that says so; empty where none does.
    """

    who: str
    role: Role
    project: str = ""
    token_id: str = field(default="", compare=False)

    def allows(self, role: Role, project: str) -> bool:
        """Say whether they may do what a role is needed for.

        Args:
            role: That is needed.
            project: In which project; empty for what belongs to none.
        """
        return _ORDER.index(self.role) >= _ORDER.index(role) and self.project in ("", project)


_OF_FILE = Access(f"token file ({_FILE_ID})", Role.ADMIN, token_id=_FILE_ID)


def add_token(
    store: Store, name: str, role: Role, project: str = "", days: int | None = None, created_by: str = ""
) -> tuple[str, Token]:
    """Make a token.

    Args:
        store: Where to keep what tells whether it is right.
        name: What to call it.
        role: What it allows.
        project: The only project that it is for; empty for all.
        days: For how long it is good; for ever where None.
        created_by: Who makes it.

    Returns:
        The token, which cannot be had again, and its record.

    Raises:
        ConfigError: The name is empty, or there is no such project.
    """
    if not name.strip() or len(name) > 100:
        raise ConfigError("A token needs a name of at most 100 characters, so that it can be told from others.")
    if project and store.get(Project, folder_name(project, "project")) is None:
        raise ConfigError(f'There is no project "{project}" that a token could be for.')
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(_SECRET_BYTES)
    ends = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds") if days is not None else ""
    slug = folder_name(project, "project") if project else ""
    token = Token(token_id, one_line(name.strip()), role, slug, _digest(secret), one_line(created_by), ends)
    store.put(token)
    note(store, "token.add", f"token {token_id} role={role}", project=slug, who=created_by)
    return f"fr_{token_id}_{secret}", token


def verify_token(store: Store, text: str, address: str = "") -> Access | None:
    """Return what a token allows; None for one that is wrong, revoked or no longer good.

    Args:
        store: Where tokens are kept.
        text: The token as it was given.
        address: Where it comes from, to be kept as that of its last use.
    """
    found = _FORM.fullmatch(text)
    token = store.get(Token, found[1]) if found else None
    # Compared in constant time, and compared also where there is nothing to compare with.
    is_right = hmac.compare_digest(_digest(found[2] if found else ""), token.digest if token else _NO_DIGEST)
    if token is None or not is_right or not is_good(token):
        return None
    _note_use(store, token, address)
    return _access_of(token)


def is_good(token: Token) -> bool:
    """Say whether a token is neither revoked nor too old."""
    return not token.revoked_at and (not token.expires_at or datetime.fromisoformat(token.expires_at) > datetime.now(UTC))


def revoke_token(store: Store, token_id: str, who: str = "") -> Token:
    """End a token, for ever. Its record stays, so that the log can be read.

    Raises:
        ConfigError: There is no such token.
    """
    token = store.get(Token, token_id) if token_id.isalnum() else None
    if token is None:
        raise ConfigError(f"There is no token {one_line(token_id)!r}. See: token list")
    if not token.revoked_at:
        token = replace(token, revoked_at=now())
        store.put(token)
        note(store, "token.revoke", f"token {token_id}", project=token.project, who=who)
    return token


def tokens(store: Store) -> Iterator[tuple[Token, TokenUse | None]]:
    """Yield all tokens with their last use, revoked ones too."""
    for token in store.find(Token):
        yield token, store.get(TokenUse, token.token_id)


def has_tokens(store: Store) -> bool:
    """Say whether anybody ever made a token: the service then asks everybody for one, also when the last one has ended."""
    return store.count(Token) > 0


def has_good_tokens(store: Store) -> bool:
    """Say whether there is a token with which somebody could come in."""
    return any(is_good(token) for token in store.find(Token))


class TokenFile:
    """A file with a token that may do everything, for containers and services that start without anybody at hand."""

    def __init__(self, path: Path) -> None:
        """Read the token, making one where there is no file.

        Raises:
            ConfigError: The file cannot be read or written, may be read by others, or holds no good token.
        """
        self.path = path
        text, self.is_new = secret_in(path, _file_token, "token file", "Check server.token_path.")
        self.digest = _digest(text)

    def verify(self, text: str) -> Access | None:
        """Return what a token allows, None where it is not the one of the file."""
        is_right = hmac.compare_digest(_digest(text), self.digest)
        return _OF_FILE if is_right else None


def digest_of(store: Store, token_id: str, file: TokenFile | None) -> str | None:
    """Return the digest of a token that is good now; None where there is none of this id."""
    if token_id == _FILE_ID:
        return file.digest if file else None
    token = store.get(Token, token_id) if token_id.isalnum() else None
    return token.digest if token and is_good(token) else None


def enter(store: Store, token_id: str, address: str = "") -> Access | None:
    """Return what a token allows whose bearer is known already, by a session; None where there is no such token any more."""
    if token_id == _FILE_ID:
        return _OF_FILE
    token = store.get(Token, token_id)
    if token is None or not is_good(token):
        return None
    _note_use(store, token, address)
    return _access_of(token)


def _access_of(token: Token) -> Access:
    return Access(f"{token.name} ({token.token_id})", token.role, token.project, token.token_id)


def _file_token() -> str:
    return f"fr_{_FILE_ID}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _note_use(store: Store, token: Token, address: str) -> None:
    last, moment = store.get(TokenUse, token.token_id), datetime.now(UTC)
    if last is not None and (moment - datetime.fromisoformat(last.last_used_at)).total_seconds() < _USE_S:
        return
    if last is None or last.address != address:
        with acting(f"{token.name} ({token.token_id})", address):
            note(store, "token.use", f"token {token.token_id}", project=token.project)
    store.put(TokenUse(token.token_id, moment.isoformat(timespec="seconds"), one_line(address)))
