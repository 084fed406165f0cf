"""The description of the API: committed as it is, valid in itself, and shown by a page that needs nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from src.api import create_app
from src.api.describe import description, main
from src.api.problems import CODES
from src.workspace import Workspace

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def client(workspace: Workspace) -> FlaskClient:
    return create_app(workspace).test_client()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, words in json.loads(description())["paths"].items():
        yield from ((path, word, operation) for word, operation in words.items())


def test_committed_description_is_that_of_the_code() -> None:
    assert (DOCS / "openapi.json").read_text(encoding="utf-8") == description(), 'run "make docs"'


def test_server_answers_the_same(client: FlaskClient) -> None:
    assert client.get("/openapi.json").json == json.loads(description())


def test_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "x.json")]) == 0
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == description()
    assert main([]) == 0
    assert capsys.readouterr().out == description()


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere() -> None:
    text = description()
    spec = json.loads(text)
    assert spec["openapi"].startswith("3.1")
    schemas = spec["components"]["schemas"]
    assert {name.rpartition("/")[2] for name in re.findall(r'"\$ref": "([^"]+)"', text)} <= set(schemas)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in schemas)


def test_every_operation_has_a_name_a_summary_and_says_how_errors_look() -> None:
    names = [operation["operationId"] for *_, operation in operations()]
    assert len(names) == len(set(names))
    for path, word, operation in operations():
        assert path.startswith("/api/v1/")
        assert operation["summary"].strip(), (path, word)
        assert operation["tags"], (path, word)
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        if word in ("patch", "put") and "offset" not in operation["summary"]:
            assert "If-Match" in operation["summary"] + operation.get("description", ""), (path, word)


def test_page_shows_every_operation_schema_and_code_without_script(client: FlaskClient) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    page = answer.text
    for *_, operation in operations():
        assert f'id="{operation["operationId"]}"' in page
    for code in CODES:
        assert f'id="{code}"' in page
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "<script" not in page
    assert " style=" not in page
    assert re.findall(r'(?:src|href)="(https?:)?//', page) == []
    for address in re.findall(r'href="(/[^"#]+)"', page):
        assert client.get(address, buffered=True).status_code == 200, address


def test_codes_of_the_document_are_those_of_the_code() -> None:
    table = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {code: (int(status), text) for code, status, text in table} == dict(CODES)
