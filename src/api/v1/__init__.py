"""Version 1 of the API: one blueprint a resource, all under /api/v1."""

from __future__ import annotations

from apiflask import APIBlueprint

from .analyses import analyses
from .appearances import appearances
from .decisions import decisions
from .images import images
from .media import media
from .people import people
from .projects import projects
from .tracks import tracks
from .unknown import unknown
from .uploads import uploads
from .videos import videos

BLUEPRINTS: tuple[APIBlueprint, ...] = (
    projects,
    people,
    images,
    uploads,
    videos,
    media,
    analyses,
    tracks,
    appearances,
    unknown,
    decisions,
)
"""In the order of the documentation."""
