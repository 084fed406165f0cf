"""One file in a form: how the description says so, and how it is read."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage

from .problems import Problem

PART = "file"


def takes_file(kind: str, **others: dict[str, Any]) -> dict[str, Any]:
    """Return what the description says of an operation that takes a form with one file.

    Args:
        kind: Media type of the file, `image/*`.
        others: Further parts with their schemas.
    """
    file = {"type": "string", "format": "binary", "contentMediaType": kind}
    form = {"type": "object", "required": [PART], "properties": {PART: file, **others}, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}


def sent_file() -> FileStorage:
    """Return the file of a form.

    Raises:
        Problem: The request is no such form, or has no file or several.
    """
    if request.mimetype != "multipart/form-data":
        raise Problem("unsupported_media_type", f"Send a form, multipart/form-data, with the part {PART!r}.")
    files = request.files.getlist(PART)
    if len(files) != 1 or len(request.files) != 1:
        raise Problem("invalid", f"Send one file, as the part {PART!r}.")
    return files[0]


def sent_field(name: str, default: str = "") -> str:
    """Return a text field of a form."""
    value = request.form.get(name, default)
    if len(value) > 1000:
        raise Problem("invalid", f"The part {name!r} is longer than 1000 characters.")
    return value
