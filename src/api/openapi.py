"""The description of the API as OpenAPI 3.1: what is put right in the one that APIFlask makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from . import shapes
from .problems import MIMETYPE

_NESTED = re.compile(r"#/components/schemas/\w+\.(\w+)")
_WORDS = ("get", "post", "put", "patch", "delete")
_HEADERS: Mapping[str, dict[str, Any]] = {
    "If-Match": {
        "description": "The ETag that a GET of this address answered; without it the answer is 428",
        "schema": {"type": "string", "maxLength": 200},
    },
    "Idempotency-Key": {
        "description": "Whoever sends the same with the same key again gets the same job, also when it has ended",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    },
    "Last-Event-ID": {
        "description": "Id of the last event that is known; the stream goes on after it",
        "schema": {"type": "string", "maxLength": 20},
    },
    "Upload-Offset": {
        "description": "The byte at which this chunk begins",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Range": {"description": "Only these bytes: `bytes=0-99`", "schema": {"type": "string", "maxLength": 200}},
}
_HEADERS_OF: Mapping[str, tuple[str, ...]] = {
    "post_jobs_submit_job": ("Idempotency-Key",),
    "get_streams_stream_job": ("Last-Event-ID",),
    "patch_uploads_append_chunk": ("Upload-Offset",),
}
"""Which operations heed which, by their ids; edits and ranges tell by themselves."""


def finished(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    """Return APIFlask's description with each model once, errors in every operation, and views as operation ids."""
    plain: dict[str, Any] = json.loads(_NESTED.sub(r"#/components/schemas/\1", json.dumps(spec)))
    schemas = plain.setdefault("components", {}).setdefault("schemas", {})
    for name in [name for name in schemas if "." in name]:
        schemas.setdefault(name.rpartition(".")[2], schemas[name])
        del schemas[name]
    _, problem = models_json_schema([(shapes.Problem, "serialization")], ref_template="#/components/schemas/{model}")
    schemas.update(problem["$defs"])
    plain["components"]["schemas"] = {name: _without_titles(schema) for name, schema in sorted(schemas.items())}
    for path in plain["paths"].values():
        for word in _WORDS:
            if word in path:
                _finish_operation(word, path[word])
    return plain


def _finish_operation(word: str, operation: dict[str, Any]) -> None:
    operation["operationId"] = operation["operationId"].rpartition(".")[2]
    operation["parameters"] = [_without_titles(parameter) for parameter in operation.get("parameters", [])]
    for parameter in operation["parameters"]:
        # Where the model of the parameters says what one means, OpenAPI has a place of its own for it.
        if isinstance(parameter["schema"], dict) and "description" in parameter["schema"]:
            parameter["description"] = parameter["schema"].pop("description")
    operation["parameters"] += _headers_of(word, operation)
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    operation["responses"]["default"] = {"description": "What is wrong", "content": {MIMETYPE: problem}}


def _headers_of(word: str, operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the headers that an operation heeds; none is needed to be understood, so that each has an answer of its own."""
    names = list(_HEADERS_OF.get(operation["operationId"], ()))
    if word == "patch" and "Upload-Offset" not in names:
        names.append("If-Match")
    if "206" in operation["responses"]:
        names.append("Range")
    return [{"in": "header", "name": name, "required": False, **_HEADERS[name]} for name in names]


def _without_titles(value: Any) -> Any:
    """Leave out the titles that pydantic makes of field names: they say nothing new."""
    if isinstance(value, Mapping):
        return {
            name: _without_titles(inner) for name, inner in value.items() if not (name == "title" and isinstance(inner, str))
        }
    return [_without_titles(inner) for inner in value] if isinstance(value, list) else value
