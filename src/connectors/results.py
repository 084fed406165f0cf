"""What a SPARQL endpoint answers, as rows of texts: JSON as asked for, and XML, CSV or TSV of those that answer as they like.

Source: W3C SPARQL 1.1 Query Results JSON Format (3), XML Format (2.3), CSV and TSV Formats (3 and 4).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from ..errors import FetchError
from .asking import Answer, read_json

ACCEPT = "application/sparql-results+json, application/json;q=0.9, application/sparql-results+xml;q=0.5, text/csv;q=0.2"
MAX_ROWS = 20_000
Row = Mapping[str, str]
"""The variables that are bound, with what each stands for."""

_XML = "{http://www.w3.org/2005/sparql-results#}"
_TERMS = (f"{_XML}uri", f"{_XML}literal", f"{_XML}bnode")
_NAME = re.compile(r"\??\w+")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@[\w-]+|\^\^\S+)?', re.DOTALL)
_ESCAPED = re.compile(r"""\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[tbnrf"'\\])""")
_SIGNS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def read_results(url: str, answer: Answer) -> list[Row]:
    """Read the results of a query in whatever form they come; what is no results in any is judged as JSON.

    Args:
        url: Who answered, for messages.
        answer: What came.

    Raises:
        FetchError: They are none, or too many.
    """
    head = answer.data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not answer.is_html and head.startswith(b"<"):
        return _bounded(url, _of_xml(url, answer.data))
    if not head.startswith((b"{", b"[")) and answer.kind in ("text/csv", "text/tab-separated-values"):
        return _bounded(url, _of_table(url, answer))
    return rows_of(url, read_json(url, answer))


def rows_of(url: str, results: Any) -> list[Row]:
    """Read results in the JSON format of SPARQL 1.1.

    Args:
        url: Who answered, for messages.
        results: The JSON value.

    Raises:
        FetchError: They are none, or too many.
    """
    try:
        return _bounded(url, (_row(row) for row in results["results"]["bindings"]))
    except (KeyError, TypeError, AttributeError) as err:
        raise FetchError(url, "answers JSON that holds no SPARQL results", passing=True) from err


def _row(bindings: Any) -> Row:
    return {str(name): cell["value"].strip() for name, cell in bindings.items() if isinstance(cell["value"], str)}


def _bounded(url: str, rows: Iterator[Row]) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if len(found) == MAX_ROWS:
            raise FetchError(url, f"answers more than {MAX_ROWS} rows. Narrow the query")
        found.append(row)
    return found


def _of_xml(url: str, data: bytes) -> Iterator[Row]:
    if b"<!ENTITY" in data:
        raise FetchError(url, "answers XML that defines entities, which is not read")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as err:
        raise FetchError(url, f"answers no well-formed XML: {err}", passing=True) from err
    if root.tag != f"{_XML}sparql" or root.find(f"{_XML}results") is None:
        raise FetchError(url, "answers XML that holds no SPARQL results", passing=True)
    for result in root.iterfind(f"{_XML}results/{_XML}result"):
        yield {
            binding.get("name", ""): (term.text or "").strip() for binding in result for term in binding if term.tag in _TERMS
        }


def _of_table(url: str, answer: Answer) -> Iterator[Row]:
    """Read CSV, whose cells are bare, or TSV, whose cells are written as in Turtle."""
    in_turtle = answer.kind == "text/tab-separated-values"
    try:
        file = io.StringIO(answer.data.decode("utf-8-sig"), newline="")
        quoting = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if in_turtle else {"strict": True}
        rows = csv.reader(file, **quoting)
        header = next(rows, [])
        if not header or not all(_NAME.fullmatch(name.strip()) for name in header):
            raise FetchError(url, f"answers {answer.kind} that holds no SPARQL results", passing=True)
        names = [name.strip().removeprefix("?") for name in header]
        for cells in rows:
            texts = (_term(cell) if in_turtle else cell.strip() for cell in cells)
            yield {name: text for name, text in zip(names, texts, strict=False) if text}
    except (UnicodeDecodeError, csv.Error) as err:
        raise FetchError(url, f"answers {answer.kind} that cannot be read: {err}", passing=True) from err


def _term(cell: str) -> str:
    """Return what a term in the form of Turtle stands for: `<http://…>`, `"text"@en`, `12.5`."""
    cell = cell.strip()
    if cell.startswith("<") and cell.endswith(">"):
        return cell[1:-1]
    literal = _LITERAL.fullmatch(cell)
    return _ESCAPED.sub(_sign, literal[1]).strip() if literal else cell


def _sign(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] not in "uU" or len(code) == 1:
        return _SIGNS.get(code, code)
    number = int(code[1:], 16)
    # Half a character and what lies behind the last one can be written nowhere.
    return "\ufffd" if 0xD800 <= number < 0xE000 or number > 0x10FFFF else chr(number)
