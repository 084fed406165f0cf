"""Every operation of the description, tried with what schemathesis makes of it: no 5xx, no answer outside its schema.

Half of the names in paths are those of things that exist, so that what lies behind them is reached too.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from src.api import create_app
from src.api.ops import lifecycle_of
from src.jobs import cancel, submit
from src.records import Appearance, Decision, Image, Model, Target, UnknownPerson, Verb, Video
from src.workspace import Workspace, open_workspace
from tests.api.conftest import settings_in

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "25"))
"""Of each operation; SCHEMA_EXAMPLES=500 takes longer and finds more."""
OPERATIONS = [
    (path, method)
    for path, methods in json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"].items()
    for method in methods
]
CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


@schemathesis.serializer("application/offset+octet-stream")
def chunk(_context: Any, value: Any) -> bytes:
    """Let schemathesis send chunks of uploads."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def names_of(workspace: Workspace) -> dict[str, Any]:
    """Return a name of something that exists for each parameter of a path."""
    store = workspace.store
    store.put(Decision("p", "00000000000000000001-aa", Verb.IGNORE, Target("unknown", unknown_id=2)))
    seen = next(iter(store.find(Appearance, project="p")))
    video = next(video for video in store.find(Video) if video.title == "newsreel")
    upload = (
        create_app(workspace)
        .test_client()
        .post("/api/v1/uploads", json={"kind": "video", "filename": "x.mp4", "size": 1_000_000})
    )
    assert upload.json is not None
    return {
        "project": "p",
        "person_id": "Ben_Bo",
        "sha256": next(iter(store.find(Image, project="p"))).sha256,
        "video_id": video.video_id,
        "analysis_id": seen.analysis_id,
        "track": f"{seen.analysis_id}-{seen.track_id}",
        "frame_index": seen.start_frame,
        "unknown_id": next(iter(store.find(UnknownPerson, project="p"))).unknown_id,
        "decision_id": "00000000000000000001-aa",
        "model_id": next(iter(store.find(Model, project="p"))).model_id,
        "upload_id": upload.json["upload_id"],
        "job_id": cancel(workspace, submit(workspace, "train", "p").job_id).job_id,
    }


def is_chosen(value: object) -> bool:
    """Say of half of all values that they are chosen, of the same ones each time."""
    return bool(zlib.crc32(str(value).encode("utf-8", "replace")) % 2)


@pytest.fixture(scope="module")
def described(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description of the API over a copy of the archive, which the whole run works on."""
    folder = tmp_path_factory.mktemp("tried") / "archive"
    shutil.copytree(archive, folder)
    with open_workspace(settings_in(folder / "data")) as workspace:
        known = names_of(workspace)
        app = create_app(workspace)
        # Streams end when the server is about to: told so, they tell what they know and end, and are tried like all others.
        lifecycle_of(app).stopping.set()
        schema = schemathesis.openapi.from_wsgi("/openapi.json", app)

        @schema.hook
        def map_path_parameters(_context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
            return {
                name: known[name] if name in known and is_chosen(value) else value
                for name, value in (path_parameters or {}).items()
            }

        @schema.hook
        def map_headers(context: Any, headers: dict[str, str] | None) -> dict[str, str]:
            edit = {"If-Match": "*", "Upload-Offset": "0"} if context.operation.method.lower() == "patch" else {}
            made = headers or {}
            return {**edit, **made} if is_chosen(made) else {**made, **edit}

        @schema.hook
        def map_query(_context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
            there = {**known, "with": "Anna_Albers/unknown:1", "without": "Ben_Bo", "videos": known["video_id"]}
            return {name: there[name] if name in there and is_chosen(value) else value for name, value in (query or {}).items()}

        yield schema


# What sends the requests here does not close the files that are sent; a server does.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_no_answer_is_outside_the_description(described: Any, path: str, method: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy())
    def tried(case: Any) -> None:
        case.call_and_validate(checks=list(CHECKS))

    tried()
