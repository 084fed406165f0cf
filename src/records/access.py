"""Who may use the service, and who did what."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .base import now


class Role(enum.StrEnum):
    """What a token allows, each with all that the ones before it do."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to use the service. The token itself is shown once, when it is made; kept is what tells whether one is right.

    Attributes:
        token_id: The first part of the token, by which it is found and named.
        name: What it is called in lists: `laptop`.
        project: The only project that it is for; empty for all of them and for what belongs to none.
        digest: SHA-256 of the secret part in hexadecimal digits.
        expires_at: When it ends to be good; empty for never. `revoked_at`: when somebody ended it; empty for not.
    """

    token_id: str
    name: str
    role: Role
    project: str
    digest: str
    created_by: str = ""
    expires_at: str = ""
    revoked_at: str = ""
    created_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class TokenUse:
    """When a token was last used, to some minutes. Beside `Token`, so that a use never overwrites a revocation."""

    token_id: str
    last_used_at: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """Those who may see a project may see this video: it was sent or named for it, whether or not it was analysed yet.

    Beside `ProjectVideo`, which says the same of a video once there is an analysis that counts.
    """

    project: str
    video_id: str
    added_at: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what: events are only ever added. They name people by fingerprints, so that erasing somebody leaves them whole.

    Attributes:
        event_id: Sorts by time.
        who: The user of the command line, or the token by its name and id.
        what: `decide`, `erase`, `token.add`, `request`, `refused`, …
        target: What it was done to: `decision 17…`, `DELETE /api/v1/videos/<video_id> video_id=ab12`.
        outcome: `ok`, or how it failed.
        address: Where the request came from; empty for the command line.
    """

    event_id: str
    who: str
    what: str
    target: str = ""
    outcome: str = "ok"
    address: str = ""
    project: str = ""
    created_at: str = field(default_factory=now)
