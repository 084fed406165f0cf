"""Ways out of a folder, tried in every argument of every path and query: nothing outside is read, written or told of.

The routes are those of the application and the parameters those of its description, so that new ones are tried by themselves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask

from src.api import create_app
from src.api.ops import lifecycle_of
from src.records import Image, Model
from tests.api.conftest import Api, Client
from tests.api.routes import address, known_names, needed, needed_query, routes, short_streams  # noqa: F401 - a fixture

SECRET = "the-secret-outside-of-the-data"
WAYS = [
    "..",
    "../secret",
    "../../secret",
    "..%2fsecret",
    "..%252f..%252fsecret",
    "%2e%2e/secret",
    "..\\secret",
    "..\\..\\secret",
    "....//secret",
    "/etc/passwd",
    "//etc/passwd",
    "file:///etc/passwd",
    "~/secret",
    "secret\0.jpg",
    "\0",
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "\\\\host\\share\\secret",
    "\\\\?\\C:\\secret",
    "CON",
    "nul.txt",
    "COM1",
    "a.jpg::$DATA",
    "．．/secret",
    "..／secret",
    "../a\r\nb",
    "x" * 3000,
]
BODIES: dict[str, Any] = {
    "/api/v1/projects/<project>/people": {"name": "Eve"},
    "/api/v1/projects/<project>/jobs": {"kind": "crawl", "params": {"keywords": ["Eve"]}},
    "/api/v1/projects/<project>/decisions": {"verb": "ignore", "target": {"kind": "unknown", "unknown_id": 2}},
    "/api/v1/projects/<project>/search/track": {"track": "x-1"},
}
"""What gets past the check of a body, so that the path is looked at."""


@pytest.fixture
def app(api: Api) -> Flask:
    """The application without limits of rate, beside a secret file and with links to it inside the data folder."""
    server = api.workspace.settings.server.model_copy(update={"work_per_minute": 0, "frames_per_minute": 0})
    api.workspace.settings = api.workspace.settings.model_copy(update={"server": server})
    for place in (api.folder, api.folder.parent):
        (place / "secret").write_text(SECRET)
    app = create_app(api.workspace)
    lifecycle_of(app).stopping.set()  # streams tell what they know, and end
    app.test_client_class = Client
    return app


def files_outside(api: Api) -> set[tuple[str, int]]:
    """Return all files beside the data folder with their sizes."""
    return {
        (str(path), path.stat().st_size)
        for path in api.folder.parent.rglob("*")
        if path.is_file() and not path.is_relative_to(api.workspace.data_dir)
    }


def forms(way: str) -> Iterator[str]:
    """Yield a text as it may stand in the path of a request: escaped, escaped twice, and as it is where it can be."""
    once = quote(way, safe="")
    yield from (once, quote(once, safe=""))
    if way.isascii() and way.isprintable() and not set(way) & set("?#\\"):
        yield way


def check(api: Api, answer: Any, told: object, *, is_page: bool = False) -> None:
    """Fail where an answer tells of what lies outside, or is a mistake of the server. The page is the same everywhere."""
    if is_page:
        assert answer.status_code in (200, 503), told  # 503: it has not been built
    else:
        assert answer.status_code in range(400, 500), (told, answer.status_code, answer.text[:300])
        assert answer.mimetype in ("application/problem+json", "application/json"), told
        assert {"code", "error"} & set(answer.json), told
    assert "root:" not in answer.text, told
    assert SECRET not in answer.text, told
    assert str(api.folder) not in answer.text, told


def test_every_argument_of_every_path(api: Api, app: Flask) -> None:
    known, client, before = known_names(api), app.test_client(), files_outside(api)
    tried = set()
    for method, rule in routes(app):
        for name in sorted(rule.arguments):
            marked = address(
                app,
                rule,
                known | {name: 987_654_321 if "int" in rule.rule and name in ("unknown_id", "frame_index") else "~~~"},
            )
            mark = "987654321" if "987654321" in marked else "~~~"
            assert mark in marked
            for form in {form for way in WAYS for form in forms(way)}:
                path = marked.replace(mark, form)
                sent: dict[str, Any] = {} if method == "GET" else {"json": BODIES.get(rule.rule, {})}
                answer = client.open(path, method=method, follow_redirects=True, **sent)
                is_page = needed(app, method, rule) is None and answer.mimetype == "text/html"
                check(api, answer, (method, path), is_page=is_page)
                tried.add((rule.rule, name))
    assert len(tried) > 40
    assert files_outside(api) == before


def test_every_parameter_of_every_query(api: Api, app: Flask) -> None:
    known, client, before = known_names(api), app.test_client(), files_outside(api)
    spec = json.loads(client.get("/openapi.json").data)
    tried = 0
    for path, words in spec["paths"].items():
        for method, operation in words.items():
            place = path.format(**known)
            for parameter in operation["parameters"]:
                if parameter["in"] != "query" or parameter["schema"].get("type") != "string":
                    continue
                for way in WAYS:
                    query = urlencode({**needed_query(path), parameter["name"]: way})
                    answer = client.open(f"{place}?{query}", method=method.upper(), json={} if method != "get" else None)
                    assert answer.status_code < 500, (path, query)
                    assert SECRET not in answer.text, (path, query)
                    assert "root:" not in answer.text, (path, query)
                    tried += 1
    assert tried > 300
    assert files_outside(api) == before


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
class TestLinks:
    """Links inside the data folder that lead out of it, where a record names them."""

    @pytest.fixture
    def linked(self, api: Api, app: Flask) -> Path:
        """A link to the secret, in the folder of a person."""
        link = api.workspace.data_dir / "training_img_aligned" / "p" / "Ben_Bo" / "link.png"
        link.symlink_to(api.folder / "secret")
        return link

    @pytest.mark.parametrize("tail", ["picture", "face"])
    @pytest.mark.parametrize("given", ["link", "../../../secret", "/etc/passwd", "x\0"])
    def test_to_a_picture(self, api: Api, app: Flask, linked: Path, tail: str, given: str) -> None:
        store = api.workspace.store
        image = next(image for image in store.find(Image, project="p", person_id="Ben_Bo") if image.aligned_path)
        path = linked.relative_to(api.workspace.data_dir).as_posix() if given == "link" else given
        store.put(replace(image, path=path, aligned_path=path))
        check(api, app.test_client().get(f"/api/v1/projects/p/images/{image.sha256}/{tail}"), tail)

    def test_to_the_best_face(self, api: Api, app: Flask, linked: Path) -> None:
        store = api.workspace.store
        for image in list(store.find(Image, project="p", person_id="Ben_Bo")):
            store.put(replace(image, aligned_path=linked.relative_to(api.workspace.data_dir).as_posix()))
        check(api, app.test_client().get("/api/v1/projects/p/people/Ben_Bo/thumbnail"), "thumbnail")

    def test_to_a_report(self, api: Api, app: Flask) -> None:
        store = api.workspace.store
        model = next(iter(store.find(Model, project="p")))
        for target in (api.folder, api.folder / "secret"):
            link = api.workspace.data_dir / "classifier" / "p" / "link"
            link.unlink(missing_ok=True)
            link.symlink_to(target)
            (api.folder / "report.json").write_text(SECRET)
            store.put(replace(model, path="classifier/p/link"))
            check(api, app.test_client().get(f"/api/v1/projects/p/models/{model.model_id}/report"), target)

    def test_to_a_video(self, api: Api, app: Flask) -> None:
        folder = api.folder / "shown"
        folder.mkdir()
        (folder / "link.mp4").symlink_to(api.folder / "secret")
        (folder / "up").symlink_to(api.folder)
        server = api.workspace.settings.server.model_copy(update={"video_dirs": (str(folder),)})
        api.workspace.settings = api.workspace.settings.model_copy(update={"server": server})
        for name in ("link.mp4", "up/secret", "up/newsreel.mp4"):
            body = {"kind": "track", "params": {"video": name}}
            check(api, app.test_client().post("/api/v1/projects/p/jobs", json=body), name)
