"""Version 1 of the API: one blueprint a resource, all under /api/v1."""

from __future__ import annotations

from apiflask import APIBlueprint

from .analyses import analyses
from .appearances import appearances
from .decisions import decisions
from .exports import exports
from .holdings import holdings
from .images import images
from .jobs import jobs
from .media import media
from .models import models
from .people import people
from .projects import projects
from .search import search
from .session import session
from .streams import streams
from .totals import totals
from .tracks import tracks
from .unknown import unknown
from .uploads import uploads
from .videos import videos

BLUEPRINTS: tuple[APIBlueprint, ...] = (
    projects,
    holdings,
    people,
    totals,
    images,
    uploads,
    videos,
    media,
    analyses,
    tracks,
    appearances,
    unknown,
    decisions,
    search,
    models,
    exports,
    jobs,
    streams,
    session,
)
"""In the order of the documentation."""
