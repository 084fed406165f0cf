"""XML as it is written and read here: indented UTF-8 out; in, nothing that expands, and a line for each complaint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .reading import Source, refuse

MAX_DEPTH = 100
"""Formats that are read here have seven levels."""


@dataclass(frozen=True, slots=True, eq=False)
class Lined:
    """A document with the line in which each element begins."""

    root: ElementTree.Element
    _lines: dict[ElementTree.Element, int]

    def line(self, element: ElementTree.Element) -> int:
        """Return where an element begins, from 1."""
        return self._lines[element]


class _Builder(ElementTree.TreeBuilder):
    """Builds a tree, and takes down where the parser stands."""

    def __init__(self) -> None:
        """Start before the first element."""
        super().__init__()
        self.parser: Any = None
        self.lines: dict[ElementTree.Element, int] = {}
        self._depth = 0

    def start(self, tag: Any, attrs: Any, /) -> ElementTree.Element:
        """Begin an element."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"elements lie in each other more than {MAX_DEPTH} deep")
        element = super().start(tag, attrs)
        self.lines[element] = self.parser.CurrentLineNumber
        return element

    def end(self, tag: Any, /) -> ElementTree.Element:
        """End an element."""
        self._depth -= 1
        return super().end(tag)


def parse_xml(source: Source) -> Lined:
    """Parse a document that declares nothing of its own: no entity that could expand, no file that could be fetched.

    Raises:
        ConfigError: It is no XML, or has a document type; the message says in which line.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.parser = parser.parser
    try:
        # As text: whatever encoding the first line names, it was decoded already.
        parser.feed(_without_declaration(source.text))
        return Lined(parser.close(), builder.lines)
    except DefusedXmlException as err:
        line = builder.parser.CurrentLineNumber
        raise refuse(source.name, line, "declares a document type or entities", "Remove the line <!DOCTYPE …>") from err
    except ElementTree.ParseError as err:
        raise refuse(source.name, err.position[0], f"is no XML ({err})", "Export it once more, or mend the line") from err
    except ValueError as err:
        raise refuse(source.name, builder.parser.CurrentLineNumber, f"{err}", "Export it once more") from err


def write_tree(path: Path, root: ElementTree.Element) -> None:
    """Write a document, indented, in UTF-8 with its declaration."""
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', encoding="utf-8", newline="\n")


def _without_declaration(text: str) -> str:
    """Take the first line's word on its encoding away, and leave its place."""
    end = text.find("?>") if text.startswith("<?xml") else -1
    return text if end < 0 else " " * (end + 2) + text[end + 2 :]
