"""The codes of refusals: each that is used is explained, each that is explained is used, and each has one status."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import default_exceptions

from src.api.problems import CODES, Problem, code_of, register_problems
from src.api.refusals import REFUSALS

SRC = Path(__file__).parents[2] / "src"
SAYING = {"Problem": 0, "JobError": 0, "refuse": 0, "_problem": 1}
"""What answers with a code, and which argument of it the code is."""
ELSEWHERE = {"bad_gateway", "conflict", "failed_dependency", "gateway_timeout", "gone", "i'm_a_teapot", "length_required"} | {
    "locked", "network_authentication_required", "not_implemented", "expectation_failed", "http_version_not_supported",
    "loop_detected", "misdirected_request", "request_timeout", "request_uri_too_long", "security_error",
    "service_unavailable", "unavailable_for_legal_reasons", "unprocessable_entity", "precondition_failed", "unsupported",
}  # fmt: skip
"""Names of HTTP errors that nothing here raises; they would be answered under these names."""


def said() -> Iterator[tuple[str, str]]:
    """Yield every code that stands in a call, and where."""
    for path in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = SAYING.get(name)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                value = node.args[place].value  # type: ignore[attr-defined]
                if isinstance(value, str):
                    yield value, f"{path.relative_to(SRC)}:{node.lineno}"


def test_every_code_that_is_said_is_explained() -> None:
    found = list(said())
    assert len(found) > 50
    assert [(code, where) for code, where in found if code not in CODES] == []


def test_every_code_that_is_explained_is_said() -> None:
    of_http = {code_of(kind()) for kind in default_exceptions.values()}
    of_errors = {ast.literal_eval(node) for node in constants(SRC / "api" / "problems.py")}
    assert set(CODES) - {code for code, _ in said()} - of_http - of_errors - {"no_face", "not_a_picture"} == set()


def constants(path: Path) -> Iterator[ast.Constant]:
    """Yield the codes of the table that says what each error of ours is to a client."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "_OURS":
            yield from (part for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_errors_of_http_have_their_own_status() -> None:
    for status, kind in default_exceptions.items():
        code = code_of(kind())
        assert code in CODES or code in ELSEWHERE, code
        if code in CODES:
            assert CODES[code][0] == status, code


@pytest.mark.parametrize("code", CODES)
def test_one_status_each_in_one_form(code: str) -> None:
    from src.api.refusals import refuse

    app = Flask(__name__)
    register_problems(app)

    @app.get("/raised")
    def raised() -> str:
        raise Problem(code, "words")

    answer = app.test_client().get("/raised")
    assert (answer.status_code, answer.mimetype) == (CODES[code][0], "application/problem+json")
    assert answer.json is not None
    if code in REFUSALS:
        assert REFUSALS[code] == CODES[code]
        with app.app_context():
            assert refuse(code, "words").json == answer.json
