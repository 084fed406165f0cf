"""Which format a file is of, by what it begins with: names of files are what people make of them."""

from __future__ import annotations

import re

from ..errors import ConfigError
from .formats import READABLE, Format
from .own import FORMAT
from .reading import Source

_IRI = r"<([A-Za-z][\w+.-]*:[^<>\s\"]*|#[^<>\s\"]*|)>\s"
"""How Turtle without prefixes begins, N-Triples too; an element of XML with a colon has a namespace beside it."""


def format_of(source: Source, name: str = "") -> Format:
    """Return the format of a file that is to be read.

    Args:
        source: The file.
        name: Of the format, where somebody says it; else the file tells.

    Raises:
        ConfigError: There is no such format, or it tells nothing.
    """
    found = name or _told_by(source.text)
    if found not in READABLE:
        why = f'There is no format "{name}" that can be read' if name else f"Nothing tells of which format {source.name} is"
        raise ConfigError(f"{why}. Give --format, one of: {', '.join(READABLE)}.")
    return READABLE[found]


def _told_by(text: str) -> str:
    head = text[:4000].lstrip()
    if head.startswith("WEBVTT"):
        return "vtt-boxes"
    if head.startswith("<") and not re.match(_IRI, head):
        return "elan" if "<ANNOTATION_DOCUMENT" in head else "cvat" if "<annotations" in head else ""
    if head.startswith(("{", "[")):
        ours = re.search(rf'"format"\s*:\s*"{FORMAT}"', head) is not None
        return "jsonld" if not ours and re.search(r'"@(context|graph|id|type)"', text) else "json"
    if re.match(r"(@prefix|@base|PREFIX|BASE|#|<|_:)", head):
        return "turtle"
    return "mot" if re.match(r"\d+(\.\d*)?(e[+-]?\d+)?[ \t]*[, \t]", head, re.ASCII) else ""
