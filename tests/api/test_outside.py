"""Every field that clients fill in and that names a place says what keeps it harmless, and does what it says.

A new field called like an address or a path fails here until it carries a mark of `guard.Outside`.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import AnyUrl, BaseModel, Field, HttpUrl, SecretStr

from src.api import create_app
from src.api.validation import Body, Parameters
from src.guard import Outside
from src.jobs.kinds import KINDS
from src.jobs.params import Params
from tests.api.conftest import Api
from tests.unit.test_guard_addresses import REFUSED
from tests.videos import numbered, write_video

PLACES = re.compile(
    r"(?:^|_)(?:path|paths|file|filename|folder|dir|directory|url|urls|uri|uris|address|addresses|href|link|links|host|"
    r"locator|locators|source|video|videos|media|webhook|callback|endpoint|output|target_path|root|archive)(?:$|_)"
)
"""Words of a name that names a place; `video_id` and the like are names of records, see `RECORDS`."""
RECORDS = re.compile(r"_(?:id|ids|index|kind|type)$")
TYPES = (Path, AnyUrl, HttpUrl)


def shapes(*roots: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield all models of requests below some."""
    for root in roots:
        for kind in root.__subclasses__():
            yield kind
            yield from shapes(kind)


def parts(annotation: Any) -> Iterator[Any]:
    """Yield a type and all that it is made of, with what annotates it."""
    yield annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType, list, tuple, dict):
        for part in get_args(annotation):
            yield from parts(part)


def marks(model: type[BaseModel], name: str) -> set[Outside]:
    field = model.model_fields[name]
    found = [*field.metadata, *parts(field.annotation)]
    return {part for part in found if isinstance(part, Outside)}


def names_a_place(model: type[BaseModel], name: str) -> bool:
    inner = list(parts(model.model_fields[name].annotation))
    is_place = any(isinstance(part, type) and issubclass(part, TYPES) for part in inner)
    is_text = any(part is str or part is Any for part in inner)
    return is_place or (is_text and bool(PLACES.search(name)) and not RECORDS.search(name))


def unmarked(*roots: type[BaseModel]) -> list[str]:
    """Return the fields that name a place and do not say what keeps them harmless."""
    found = {
        f"{model.__name__}.{name}"
        for model in shapes(*roots)
        for name in model.model_fields
        if not marks(model, name) and names_a_place(model, name)
    }
    return sorted(found)


def test_every_field_that_names_a_place_is_marked() -> None:
    assert create_app is not None  # with it all views are known
    models = set(shapes(Body, Parameters, Params))
    assert len(models) > 30
    assert unmarked(Body, Parameters, Params) == []


def test_the_marked_ones_are_these() -> None:
    """So that somebody looks at each new one."""
    found = {
        f"{model.__name__}.{name}": mark
        for model in shapes(Body, Parameters, Params)
        for name in model.model_fields
        for mark in marks(model, name)
    }
    assert found == {
        "NewJob.webhook": Outside.FETCHED,
        "NewPerson.uri": Outside.KEPT,
        "ListedPerson.uri": Outside.KEPT,
        "CrawlParams.addresses": Outside.FETCHED,
        "PictureAddress.url": Outside.FETCHED,
        "PictureAddress.page": Outside.KEPT,
        "PersonChange.uri": Outside.KEPT,
        "NewUpload.filename": Outside.KEPT,
        "VideoParameters.locator": Outside.KEPT,
        "MomentParameters.videos": Outside.KEPT,
        "StatisticsParameters.videos": Outside.KEPT,
        "TrackParams.video": Outside.VIDEO,
        "AnalyseParams.video": Outside.VIDEO,
        "ClusterParams.video": Outside.VIDEO,
        "ExportParams.video": Outside.VIDEO,
    }


def test_a_new_field_without_a_mark_is_found() -> None:
    class Root(BaseModel):
        pass

    class Wrong(Root):
        path: str
        image_url: str | None = None
        sources: Annotated[str, Field(max_length=5)] = ""
        output: Path | None = None
        where: HttpUrl | None = None

    class Right(Root):
        path: Annotated[str, Outside.KEPT]
        url: Annotated[str, Outside.FETCHED] | None = None
        video_id: str = ""
        profile: str = ""
        n_files: int = 0

    assert {name.rpartition(".")[2] for name in unmarked(Root)} >= {"path", "image_url", "output", "where"}
    assert not [name for name in unmarked(Root) if name.startswith("Right.")]
    assert Wrong is not Right


OUTSIDE_PATHS = (
    "/etc/passwd",
    "../secret",
    "file:///etc/passwd",
    "C:\\x",
    "\\\\host\\x",
    "concat:/etc/passwd|x",
    "pipe:0",
    "x.mp4",
)
VIDEO_KINDS = [
    (kind, name)
    for kind in KINDS
    for name in KINDS[kind].params.model_fields
    if Outside.VIDEO in marks(KINDS[kind].params, name)
]


@pytest.mark.parametrize(("kind", "name"), VIDEO_KINDS)
def test_no_job_takes_a_video_from_inside(api: Api, kind: str, name: str) -> None:
    server = api.workspace.settings.server.model_copy(update={"work_per_minute": 0})
    api.workspace.settings = api.workspace.settings.model_copy(update={"server": server})
    client = create_app(api.workspace).test_client()
    for given in (*OUTSIDE_PATHS, *REFUSED):
        params = {name: given, **({"format": "mot"} if kind == "export" else {})}
        answer = client.post("/api/v1/projects/p/jobs", json={"kind": kind, "params": params})
        assert answer.json is not None
        told = (given, answer.text)
        assert answer.status_code == 422, told
        assert answer.json["code"] in ("forbidden_path", "forbidden_address", "invalid", "bad_params"), told
    assert api.get("/jobs")["items"] == []


def test_no_job_tells_its_end_to_what_is_inside(api: Api) -> None:
    worker = api.workspace.settings.worker.model_copy(update={"webhook_secret": SecretStr("s" * 32)})
    server = api.workspace.settings.server.model_copy(update={"work_per_minute": 0})
    api.workspace.settings = api.workspace.settings.model_copy(update={"worker": worker, "server": server})
    client = create_app(api.workspace).test_client()
    for given in filter(None, REFUSED):
        answer = client.post("/api/v1/projects/p/jobs", json={"kind": "train", "webhook": given})
        assert answer.status_code == 422, (given, answer.text)
    assert api.get("/jobs")["items"] == []
    good = client.post("/api/v1/projects/p/jobs", json={"kind": "train", "webhook": "https://archive.example/told"})
    assert good.status_code == 202


def test_a_file_of_the_folders_that_are_shown_is_taken(api: Api) -> None:
    shown = api.folder / "shown"
    (shown / "1950").mkdir(parents=True)
    film = write_video(shown / "1950" / "a.mp4", numbered(10))
    server = api.workspace.settings.server.model_copy(update={"video_dirs": (str(shown),)})
    api.workspace.settings = api.workspace.settings.model_copy(update={"server": server})
    body = {"kind": "track", "params": {"video": "1950/a.mp4#t=0,1"}}
    assert api.send("POST", "/projects/p/jobs", 202, json=body)["params"]["video"] == f"{film.resolve()}#t=0,1"
