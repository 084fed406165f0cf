"""Version 1 of the API: one blueprint a resource, all under /api/v1."""

from __future__ import annotations

from apiflask import APIBlueprint

from .analyses import analyses
from .media import media
from .projects import projects
from .tracks import tracks
from .videos import videos

BLUEPRINTS: tuple[APIBlueprint, ...] = (projects, videos, media, analyses, tracks)
"""In the order of the documentation."""
