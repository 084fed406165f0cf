"""Figures of a project: screen time by person, by video and over time, and who is on screen with whom."""

from __future__ import annotations

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from ...insights.figures import Asked, Figures, figures_of
from ...insights.screentime import columns_of
from ...schema import IntArray
from .. import overall
from ..answers import plain_json
from ..context import existing_project, extracts
from ..gathering import Confidence, FirstDate, Human, LastDate, Scope, VideoIds, scope_of, shown
from ..kept import answer_kept
from ..validation import Parameters

statistics = APIBlueprint("statistics", __name__, url_prefix="/api/v1", tag="Statistics")


class StatisticsParameters(Parameters):
    """What counts, and how many people and videos are told apart."""

    first: FirstDate = ""
    last: LastDate = ""
    videos: VideoIds = ""
    confidence: Confidence = 0.0
    human: Human = False
    unknown: Annotated[bool, Field(description="Whether unknown people are told apart as well")] = False
    top: Annotated[int, Field(ge=1, le=60, description="At most so many people are told apart")] = 30
    top_videos: Annotated[int, Field(ge=1, le=100, description="At most so many videos")] = 40


@statistics.get("/projects/<project>/statistics")
@statistics.input(StatisticsParameters, location="query")
@statistics.output(overall.Statistics)
def get_statistics(project: str, query_data: StatisticsParameters) -> Response:
    """Count how long who is on screen. A person counts once at a time; two people on screen for a second are two seconds."""
    owner = existing_project(project).project
    scope = scope_of(owner, query_data.first, query_data.last, query_data.videos)
    asked = Asked(query_data.top, query_data.top_videos, query_data.confidence, query_data.human, query_data.unknown)

    def make() -> bytes:
        # Of all videos, whichever are asked for: they are held for the next question.
        everything = scope_of(owner, "", "") if len(scope.programmes) != scope.n_all else scope
        columns = columns_of(extracts(), owner, everything.programmes)
        return plain_json(_shape(figures_of(columns, scope.programmes, asked), scope))

    return answer_kept(("statistics", owner, query_data.model_dump(), scope.state), scope.revision, make)


def _shape(found: Figures, scope: Scope) -> dict[str, Any]:
    """Return `overall.Statistics` as plain values."""
    return {
        "people": [
            {
                "person_id": one.person[0],
                "unknown_id": one.person[1],
                "name": one.name,
                "seconds": one.ms / 1000,
                "n_appearances": one.n_appearances,
                "n_videos": one.n_videos,
            }
            for one in found.people
        ],
        "n_people": found.n_people,
        "named_seconds": found.named_ms / 1000,
        "unknown_seconds": found.unknown_ms / 1000,
        "n_appearances": found.n_appearances,
        "n_videos": found.n_videos,
        "n_undated": scope.n_undated,
        "videos": [
            {**shown(scope.programmes[number], scope), "seconds": known / 1000, "unknown_seconds": unknown / 1000}
            for number, known, unknown in found.videos
        ],
        "cells": _seconds(found.cells),
        "together": [
            {"one": one, "other": other, "seconds": ms / 1000, "times": times} for one, other, ms, times in found.together
        ],
        "over_time": {
            "unit": found.unit,
            "periods": list(found.periods),
            "n_videos": found.period_videos.tolist(),
            "people": _seconds(found.series),
            "others": _seconds(found.other_ms),
            "unknown": _seconds(found.unknown_series_ms),
            "undated_seconds": found.undated_ms / 1000,
        },
    }


def _seconds(ms: IntArray) -> list[Any]:
    plain: list[Any] = (ms / 1000).tolist()
    return plain
