"""Version 1 of the API: one blueprint a resource, all under /api/v1."""

from __future__ import annotations

from apiflask import APIBlueprint

from .projects import projects
from .videos import videos

BLUEPRINTS: tuple[APIBlueprint, ...] = (projects, videos)
"""In the order of the documentation."""
