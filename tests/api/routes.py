"""Every route of the service with arguments in its path, and what these may be: tests that go through them find new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from werkzeug.routing import Rule

from src.api import streams
from src.api.permissions import needs_of
from src.records import Decision, Image, Model, Role, Target, UnknownPerson, Verb
from tests.api.conftest import Api


@pytest.fixture(autouse=True)
def short_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let streams of events end after one look: nothing happens while these tests read them."""
    monkeypatch.setattr(streams, "LONGEST_S", 0.0)
    monkeypatch.setattr(streams, "LOOK_S", 0.0)


QUERIES = {"/api/v1/projects/<project>/moments": "?with=Anna_Albers"}
"""What routes must be asked for that have no answer without it."""


def needed_query(path: str) -> dict[str, str]:
    """Return the parameters that a path of the description must be asked with."""
    text = QUERIES.get(path.replace("{", "<").replace("}", ">"), "").removeprefix("?")
    return dict(parse_qsl(text))


def is_stream(operation: Mapping[str, Any]) -> bool:
    """Say whether the description of an operation says that its answer goes on for long."""
    return streams.EVENT_STREAM in operation["responses"].get("200", {}).get("content", {})


def routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Yield every route with arguments, once for each method."""
    for rule in app.url_map.iter_rules():
        if rule.arguments:
            yield from ((method, rule) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}))


def needed(app: Flask, method: str, rule: Rule) -> Role | None:
    """Return the role that a route needs; None where it holds nobody's data: the page, and the documentation."""
    return needs_of(method, rule.rule, app.view_functions[rule.endpoint]).role


def address(app: Flask, rule: Rule, known: Mapping[str, Any]) -> str:
    """Return the path of a route with these arguments."""
    missing = set(rule.arguments) - set(known)
    assert not missing, f"{rule.rule}: say in known_names what {missing} may be"
    place = str(app.url_map.bind("localhost").build(rule.endpoint, {name: known[name] for name in rule.arguments}))
    return place + QUERIES.get(rule.rule, "")


def known_names(api: Api) -> dict[str, Any]:
    """Return a name of something of project p for each argument of a route."""
    store = api.workspace.store
    store.put(Decision("p", "00000000000000000001-aa", Verb.IGNORE, Target("unknown", unknown_id=2)))
    track = api.track("Anna Albers")
    image = next(image for image in store.find(Image, project="p") if image.aligned_path)
    upload = api.send("POST", "/uploads", 201, json={"kind": "video", "filename": "x.mp4", "size": 9})
    job = api.send("POST", "/projects/p/jobs", 202, json={"kind": "train"})
    api.send("POST", f"/jobs/{job['job_id']}/cancel", 202)
    return {
        "project": "p",
        "person_id": image.person_id,
        "person": image.person_id,
        "sha256": image.sha256,
        "video_id": api.video().video_id,
        "analysis_id": track.analysis_id,
        "track": f"{track.analysis_id}-{track.track_id}",
        "frame_index": track.start_frame,
        "unknown_id": next(iter(store.find(UnknownPerson, project="p"))).unknown_id,
        "decision_id": "00000000000000000001-aa",
        "model_id": next(iter(store.find(Model, project="p"))).model_id,
        "upload_id": upload["upload_id"],
        "job_id": job["job_id"],
        "path": (image.aligned_path or "").removeprefix("training_img_aligned/"),
        "result": f"{api.video().folder}/appearances.json",
        "filename": "page.css",
        "name": "index.js",
        "rest": "videos",
    }
