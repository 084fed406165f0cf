"""Every operation of the description, asked as a client would who knows what is there: it does what it says, in its schema.

What schemathesis makes up (test_schema.py) mostly ends at the first check of a parameter. Here a new operation fails until
somebody says how to ask it well.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient
from schemathesis.specs.openapi.definitions import OPENAPI_31

from src.api import create_app
from src.api.describe import description
from src.api.ops import lifecycle_of
from src.jobs import cancel, submit
from src.records import Person
from tests.api.conftest import Api, Client
from tests.api.routes import known_names, short_streams  # noqa: F401 - a fixture
from tests.api.test_people import photo
from tests.api.test_review import make_doubtful
from tests.videos import numbered, write_video

Sent = Mapping[str, Any]
Ask = Callable[[Api, Mapping[str, Any]], Sent]

SPEC = json.loads(description())
OPERATIONS = [(method, path) for path, words in SPEC["paths"].items() for method in words]
BASE = "/api/v1"
PROJECT = "/api/v1/projects/{project}"


def _file(data: bytes, name: str) -> Sent:
    return {"data": {"file": (io.BytesIO(data), name)}, "content_type": "multipart/form-data"}


def _film(api: Api) -> Sent:
    return _file(write_video(api.folder / "sent.mp4", numbered(30, first=300)).read_bytes(), "sent.mp4")


def _chunk(_api: Api, _known: Mapping[str, Any]) -> Sent:
    return {"data": b"123", "content_type": "application/offset+octet-stream", "headers": {"Upload-Offset": "0"}}


def _exported(api: Api, known: Mapping[str, Any]) -> Sent:
    text = api.client.get(f"{BASE}/projects/p/videos/{known['video_id']}/export?format=elan").data
    return _file(text.replace(b"Ben Bo", b"Mia Meier"), "x.eaf")


def _group(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/projects/p/groups")["items"][0]
    return found


def _group_of(api: Api, _known: Mapping[str, Any]) -> Sent:
    return {"names": {"unknown_id": _group(api)["unknown_id"]}}


def _split(api: Api, _known: Mapping[str, Any]) -> Sent:
    number = _group(api)["unknown_id"]
    face = api.get(f"/projects/p/groups/{number}/appearances")["items"][0]["id"]
    return {"names": {"unknown_id": number}, "json": {"tracks": [face]}}


def _ignored(_api: Api, known: Mapping[str, Any]) -> dict[str, Any]:
    return {"verb": "ignore", "target": {"kind": "track", "track": known["track"]}}


def _written(api: Api, _known: Mapping[str, Any]) -> Sent:
    api.workspace.output_dir("p", "newsreel").mkdir(parents=True, exist_ok=True)
    (api.workspace.output_dir("p", "newsreel") / "x.csv").write_text("a,b\n")
    return {"names": {"result": "newsreel/x.csv"}}


def _doubtful(api: Api, _known: Mapping[str, Any]) -> Sent:
    make_doubtful(api, "Ben Bo", 0.5, 0.4)
    make_doubtful(api, "Anna Albers", 0.4, 0.4)
    return {}


def _live(api: Api, _known: Mapping[str, Any]) -> Sent:
    return {"names": {"job_id": submit(api.workspace, "train", "p").job_id}}


def _ended(api: Api, _known: Mapping[str, Any]) -> Sent:
    return {"names": {"job_id": cancel(api.workspace, submit(api.workspace, "train", "p").job_id).job_id}}


def _body(**json: Any) -> Ask:
    return lambda _api, _known: {"json": json}


def _query(**query: Any) -> Ask:
    return lambda _api, _known: {"query_string": query}


ASKED: Mapping[tuple[str, str], Ask] = {
    ("post", f"{BASE}/projects"): _body(project="new"),
    ("patch", PROJECT): _body(classifier="KNN"),
    ("post", f"{PROJECT}/decisions"): lambda api, known: {"json": _ignored(api, known)},
    ("post", f"{PROJECT}/decisions/several"): lambda api, known: {"json": {"decisions": [_ignored(api, known)] * 2}},
    ("get", f"{PROJECT}/groups/{{unknown_id}}"): _group_of,
    ("get", f"{PROJECT}/groups/{{unknown_id}}/alike"): _group_of,
    ("get", f"{PROJECT}/groups/{{unknown_id}}/appearances"): _group_of,
    ("post", f"{PROJECT}/groups/{{unknown_id}}/split"): _split,
    ("post", f"{PROJECT}/image-changes"): lambda _api, known: {
        "json": {"changes": [{"sha256": known["sha256"], "expected_state": "active", "enabled": False}]}
    },
    ("patch", f"{PROJECT}/images/{{sha256}}"): _body(enabled=False, reason="blurred"),
    ("post", f"{PROJECT}/jobs"): _body(kind="clean"),
    ("get", f"{PROJECT}/moments"): _query(**{"with": "Anna_Albers", "gap_s": 1}),
    ("post", f"{PROJECT}/people"): _body(name="Dora Day", aliases=["DD"]),
    ("post", f"{PROJECT}/people-list"): _body(people=[{"name": "Dora Day"}, {"name": "Ben Bo"}, {"name": ".."}]),
    ("patch", f"{PROJECT}/people/{{person_id}}"): _body(name="Another Name", description="x"),
    ("post", f"{PROJECT}/people/{{person_id}}/images"): lambda _api, _known: _file(photo(), "x.png"),
    ("get", f"{PROJECT}/results/{{result}}"): _written,
    ("get", f"{PROJECT}/review"): _doubtful,
    ("post", f"{PROJECT}/search/photo"): lambda _api, _known: _file(photo(), "x.png"),
    ("post", f"{PROJECT}/search/track"): lambda _api, known: {"json": {"track": known["track"]}},
    ("patch", f"{PROJECT}/unknown/{{unknown_id}}"): _body(name="The man in the hat"),
    ("post", f"{PROJECT}/videos/{{video_id}}/import"): _exported,
    ("post", f"{BASE}/jobs/{{job_id}}/cancel"): _live,
    ("post", f"{BASE}/jobs/{{job_id}}/retry"): _ended,
    ("post", f"{BASE}/session"): _body(),
    ("post", f"{BASE}/uploads"): _body(kind="video", filename="x.mp4", size=10),
    ("patch", f"{BASE}/uploads/{{upload_id}}"): _chunk,
    ("post", f"{BASE}/videos"): lambda api, _known: _film(api),
    ("patch", f"{BASE}/videos/{{video_id}}"): _body(title="Die Reise", metadata={"a": [1]}),
    ("get", f"{BASE}/videos/{{video_id}}/frame"): _query(npt="1"),
}
"""How to ask what is not answered without a body, a parameter, or something that is there for it."""


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return what checks a value by a schema of the description."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": SPEC["components"]})


@pytest.fixture
def client(api: Api) -> FlaskClient:
    """A client of a service whose streams tell what they know, and end."""
    app = create_app(api.workspace)
    lifecycle_of(app).stopping.set()
    app.test_client_class = Client
    return app.test_client()


def test_the_description_is_valid() -> None:
    assert [error.message for error in jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(SPEC)] == []
    for schema in SPEC["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_there_is_no_word_for_what_is_gone() -> None:
    assert set(ASKED) <= set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_is_answered_in_its_schema(api: Api, client: FlaskClient, method: str, path: str) -> None:
    known = known_names(api)
    sent = dict(ASKED[method, path](api, known)) if (method, path) in ASKED else {}
    place = path.format(**{**known, **sent.pop("names", {})})
    if method == "patch" and "headers" not in sent:
        sent["headers"] = {"If-Match": client.get(place).headers["ETag"]}
    answer = client.open(place, method=method.upper(), **sent)
    assert answer.status_code < 300, (place, answer.text)
    said = SPEC["paths"][path][method]["responses"]
    assert f"{answer.status_code}" in said, answer.status_code
    content = said[f"{answer.status_code}"].get("content", {})
    fits = any(fnmatchcase(answer.mimetype or "", kind) for kind in content)
    assert answer.status_code == 204 or fits, (answer.mimetype, list(content))
    if answer.mimetype == "application/json" and "application/json" in content:
        check = validator(content["application/json"]["schema"])
        assert [f"{error.instance_path}: {error.message}" for error in check.iter_errors(answer.json)] == []
        shown = answer.json
        assert isinstance(shown, dict)
        assert "items" not in shown or shown["items"] or path.endswith(("/webhooks", "/jobs")), "nothing in it is checked"


@pytest.mark.parametrize("path", [path for path, words in SPEC["paths"].items() if "patch" in words and "uploads" not in path])
def test_edits_heed_what_was_read(api: Api, client: FlaskClient, path: str) -> None:
    """428 without If-Match, 412 with that of another state, 200 with it; then the ETag is another one."""
    known = known_names(api)
    place, sent = path.format(**known), ASKED["patch", path](api, known)
    before = client.get(place).headers["ETag"]
    for headers, status, code in (
        ({}, 428, "precondition_required"),
        ({"If-Match": '"x"'}, 412, "precondition_failed"),
        ({"If-Match": f'{before[:-1]}0"'}, 412, "precondition_failed"),
    ):
        answer = client.patch(place, headers=headers, **sent)
        assert (answer.status_code, answer.json["code"]) == (status, code), answer.text  # type: ignore[index]
    assert client.get(place).headers["ETag"] == before
    assert client.patch(place, headers={"If-Match": before}, **sent).status_code == 200
    assert client.get(place).headers["ETag"] != before
    assert client.patch(place, headers={"If-Match": before}, **sent).status_code == 412


PAGED = [
    path
    for path, words in SPEC["paths"].items()
    if "cursor" in [parameter["name"] for parameter in words.get("get", {}).get("parameters", [])]
]


@pytest.mark.parametrize("path", PAGED)
def test_lists_go_on_by_cursor(api: Api, client: FlaskClient, path: str) -> None:
    """One at a time gives what all at once does, and what is no cursor is refused."""
    known = known_names(api)
    if path.endswith(("/people", "/projects")):
        api.workspace.store.put(*(Person("p", f"X{number}", f"X {number}") for number in range(3)))
    sent = dict(ASKED["get", path](api, known)) if ("get", path) in ASKED else {}
    place, query = path.format(**{**known, **sent.get("names", {})}), dict(sent.get("query_string", {}))
    everything = client.get(place, query_string=query).json
    assert everything is not None
    found, cursor = [], ""
    for _ in range(len(everything["items"]) + 1):
        page = client.get(place, query_string={**query, "limit": 1, "cursor": cursor})
        assert page.status_code == 200, page.text
        assert page.json is not None
        found += page.json["items"]
        cursor = page.json["next"]
        if cursor is None:
            assert "Link" not in page.headers
            break
    assert found == everything["items"]
    for wrong in ("x", "W10", "bnVsbA", "e30", "WyJhIiwgMV0", "//..", "\0"):
        answer = client.get(place, query_string={**query, "cursor": wrong})
        assert (answer.status_code, answer.json["code"]) == (400, "bad_cursor"), (wrong, answer.text)  # type: ignore[index]
