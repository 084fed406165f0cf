"""The documentation page of the API, made on the server from its description: it needs no script and no other machine."""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, render_template

from ..problems import CODES

documentation = APIBlueprint("documentation", __name__, template_folder="templates", enable_openapi=False)

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@documentation.get("/docs")
def page() -> Response:
    """Show every operation with its parameters, bodies and answers."""
    spec = cast(dict[str, Any], cast(APIFlask, current_app).spec)
    page = render_template("documentation.html", spec=spec, groups=_groups(spec), codes=CODES, name_of=_name_of)
    response = Response(page)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _groups(spec: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Return path, method and description of every operation, in the order of paths, by what they are about."""
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, operations in sorted(spec["paths"].items()):
        for word, operation in operations.items():
            groups.setdefault((operation.get("tags") or ["Other"])[0], []).append((path, word, operation))
    return dict(sorted(groups.items()))


def _name_of(schema: dict[str, Any]) -> str:
    """Return the type of a value in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_name_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_name_of(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "anything")
