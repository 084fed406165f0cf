"""What tokens of one project see and may do where no project stands in the path."""

from __future__ import annotations

from typing import Any

import pytest

from src import jobs
from src.access import add_token
from src.records import Project, Role
from tests.api.conftest import Api


@pytest.fixture
def headers(api: Api) -> dict[str, dict[str, str]]:
    """Headers of an editor of p, a viewer of q and an admin of all projects."""
    api.workspace.store.put(Project("q", "fake"))
    given = {"editor": (Role.EDITOR, "p"), "viewer": (Role.VIEWER, "q"), "admin": (Role.ADMIN, "")}
    made = {name: add_token(api.workspace.store, name, role, project)[0] for name, (role, project) in given.items()}
    return {name: {"Authorization": f"Bearer {token}"} for name, token in made.items()}


def test_projects_are_those_of_the_token(api: Api, headers: dict[str, Any]) -> None:
    seen = {who: api.get("/projects", headers=sent) for who, sent in headers.items()}
    names = {who: [item["project"] for item in found["items"]] for who, found in seen.items()}

    assert names == {"editor": ["p"], "viewer": ["q"], "admin": ["p", "q"]}
    assert [seen[who].get("total") for who in ("editor", "admin")] == [None, 2]


def test_jobs_are_those_of_the_token(api: Api, headers: dict[str, Any]) -> None:
    job = api.send("POST", "/projects/p/jobs", 202, json={"kind": "train"}, headers=headers["editor"])
    path = f"/jobs/{job['job_id']}"

    assert jobs.get(api.workspace, job["job_id"]).submitted_by.startswith("editor (")
    assert [item["job_id"] for item in api.get("/jobs", headers=headers["editor"])["items"]] == [job["job_id"]]
    assert api.get("/jobs", headers=headers["viewer"])["items"] == []
    assert api.get("/jobs?project=p", headers=headers["viewer"])["items"] == []
    assert api.get(path, headers=headers["editor"])["kind"] == "train"
    for method, tail in (("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")):
        api.refused(method, path + tail, 403 if method == "POST" else 404, *_code(method), headers=headers["viewer"])
    assert api.send("POST", f"{path}/cancel", 202, headers=headers["editor"])["status"] == "cancelled"


def _code(method: str) -> tuple[str]:
    return ("forbidden" if method == "POST" else "not_found",)


def test_only_an_admin_erases(api: Api, headers: dict[str, Any]) -> None:
    erasure = {"json": {"kind": "erase", "params": {"person": "Anna Albers"}}}

    api.refused("POST", "/projects/p/jobs", 403, "forbidden", headers=headers["editor"], **erasure)
    job = api.send("POST", "/projects/p/jobs", 202, headers=headers["admin"], **erasure)
    api.send("POST", f"/jobs/{job['job_id']}/cancel", 202, headers=headers["editor"])
    api.refused("POST", f"/jobs/{job['job_id']}/retry", 403, "forbidden", headers=headers["editor"])


def test_decisions_are_those_of_the_token(api: Api, headers: dict[str, Any]) -> None:
    track = api.track("Anna Albers")
    target = {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}
    said = {"json": {"verb": "ignore", "target": target}, "headers": headers["editor"]}

    assert api.send("POST", "/projects/p/decisions", 201, **said)["decision"]["author"].startswith("editor (")
    said["json"]["author"] = "Anna Archivist"
    assert api.send("POST", "/projects/p/decisions", 201, **said)["decision"]["author"].startswith("Anna Archivist (editor (")
