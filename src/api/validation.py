"""What comes in, checked against its model: bodies as strict JSON of bounded size and depth, query strings without surprises.

APIFlask's own way with pydantic reads JSON loosely (the text "5" is a number) and takes the first of several values of a
parameter. Here a body is read by pydantic itself, which knows the difference and stops at its depth; a parameter that
comes twice, or that nobody declared, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from .problems import Problem

MAX_JSON_BYTES = 1_000_000
"""No body of the API needs more: files have ways of their own."""
_MAX_DEPTH, _MAX_METADATA_BYTES = 8, 65_536


class Body(BaseModel):
    """A JSON body: fields that nobody declared are refused, and no value is turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Parameters(BaseModel):
    """Parameters of a query string, which are all text: numbers are read from it, unknown ones refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class StrictAdapter(PydanticAdapter):
    """Reads requests for APIFlask."""

    def validate_input(self, request: Request, location: str, **kwargs: Any) -> BaseModel:
        """Return the body or the parameters of a request as their model.

        Raises:
            Problem: They are malformed, of the wrong type, out of range or unknown.
        """
        try:
            if location == "json":
                return self.model_class.model_validate_json(_body(request))
            return self.model_class.model_validate(_once(request))
        except ValidationError as err:
            raise _refusal(err) from err


registry.register("pydantic", StrictAdapter)


def _body(request: Request) -> bytes:
    if not request.is_json:
        raise Problem("unsupported_media_type", "Send the body as application/json.")
    if (request.content_length or 0) > MAX_JSON_BYTES:
        raise Problem("request_entity_too_large", f"A JSON body has at most {MAX_JSON_BYTES:,} bytes.")
    request.max_content_length = MAX_JSON_BYTES
    return request.get_data(cache=False)


def _once(request: Request) -> dict[str, str]:
    """Return the parameters, each of which may come once."""
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Problem("invalid", f"The parameter {twice[0][:100]!r} comes more than once. Send it once.")
    return request.args.to_dict()


def _refusal(err: ValidationError) -> Problem:
    errors = [
        {"where": ".".join(map(str, error["loc"]))[:200], "message": error["msg"]}
        for error in err.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]
    if any(error["type"] == "json_invalid" for error in err.errors(include_url=False, include_context=False)):
        return Problem("bad_json", f"The body is no JSON that is read here: {errors[0]['message']}.")
    return Problem("invalid", "; ".join(f"{error['where'] or 'body'}: {error['message']}" for error in errors), errors=errors)


def _storable(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as err:
        raise ValueError("holds half a character") from err
    return value


Text = Annotated[str, Field(max_length=2000), AfterValidator(_storable)]
"""A text of a bounded length that every store can hold."""


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    _check_plain(value, 1)
    if len(json.dumps(value, ensure_ascii=False).encode()) > _MAX_METADATA_BYTES:
        raise ValueError(f"has more than {_MAX_METADATA_BYTES} bytes")
    return value


def _check_plain(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"is nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _storable(name)
            _check_plain(inner, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            _check_plain(inner, depth + 1)
    elif isinstance(value, str):
        _storable(value)
    elif isinstance(value, int) and value.bit_length() > 63:
        raise ValueError("holds an integer of more than 64 bits")
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise ValueError("holds a number that JSON does not know")


Metadata = Annotated[dict[str, Any], AfterValidator(_metadata)]
"""Whatever a client wants to keep, as plain JSON of bounded size and depth."""
