"""Who is signed in."""

from __future__ import annotations

from pydantic import Field

from ...records import Role
from .base import Shape


class Session(Shape):
    """Who one is, and what one may do."""

    who: str = Field(description="What their token is called; `local` where there are no tokens")
    role: Role
    project: str = Field(description="The only project that the token is for; empty for all")
    projects: list[str] = Field(description="The projects that they see")
    expires_at: str | None = Field(description="When the cookie ends; null where none came or comes with this")
