"""Puts the tables of a measurement into a document, between marks that name it."""

from __future__ import annotations

from pathlib import Path

from src.disk.files import replacing
from src.errors import ConfigError


def put_between(document: str, section: str, text: str) -> str:
    """Put a text between the marks `<!-- section: begin -->` and `<!-- section: end -->` of a document.

    Raises:
        ConfigError: The document has no such marks.
    """
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, first, rest = document.partition(begin)
    _, second, after = rest.partition(end)
    if not first or not second:
        raise ConfigError(f"The document has no place for results. Write {begin} and {end} into it.")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def write_section(document: Path, section: str, text: str) -> None:
    """Put a text into its place in a document; all else in it stays.

    Raises:
        ConfigError: The document cannot be read, or has no place for the section.
        ExportError: It cannot be written.
    """
    try:
        before = document.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"{document} cannot be read: {err}. Choose another --document.") from err
    after = put_between(before, section, text)
    with replacing(document) as partial:
        partial.write_text(after, encoding="utf-8")
