"""SPARQL results in all their forms, and what is none of them."""

from __future__ import annotations

from typing import Any

import pytest

from src.connectors.asking import Answer
from src.connectors.results import read_results, rows_of
from src.errors import FetchError


@pytest.mark.parametrize(
    "results",
    [None, 3, "x", {}, {"results": None}, {"results": {}}, {"results": {"bindings": 3}}, {"results": {"bindings": [3]}},
     {"results": {"bindings": [{"a": {}}]}}, {"results": {"bindings": [{"a": "x"}]}}, {"boolean": True}],
)  # fmt: skip
def test_results_of_any_other_form_are_an_error_of_ours(results: Any) -> None:
    with pytest.raises(FetchError, match="holds no SPARQL results"):
        rows_of("http://x", results)


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("application/sparql-results+xml", b"<sparql", "no well-formed XML"),
        ("application/xml", b"<a/>", "XML that holds no SPARQL results"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "defines entities"),
        ("application/xml", b'<s:sparql xmlns:s="http://www.w3.org/2005/sparql-results#"><s:boolean/></s:sparql>', "holds no"),
        ("text/csv", b"Error 500: no such graph\n", "text/csv that holds no SPARQL results"),
        ("text/csv", b'a\n"', "cannot be read"),
        ("text/csv", b"a\n\xff", "cannot be read"),
        ("text/csv", b"a\n" + b"x\n" * 20_001, "more than 20000 rows"),
        ("text/html", b"<p>login</p>", "web page instead of data"),
        ("text/plain", b"Virtuoso 37000 Error", "no JSON"),
    ],
)
def test_other_forms_that_hold_no_results(kind: str, data: bytes, why: str) -> None:
    with pytest.raises(FetchError, match=why):
        read_results("http://x", Answer(data, kind, "http://x"))


def test_terms_of_tsv_that_no_text_can_hold() -> None:
    table = b'?title\t?date\n"A \\uD83D B"\t"\\U110000FF"\n'
    assert read_results("u", Answer(table, "text/tab-separated-values", "u")) == [{"title": "A \ufffd B", "date": "\ufffd"}]


def test_terms_of_tsv_are_read_as_in_turtle() -> None:
    table = '?a\t?b\t?c\n<http://x/1>\t"a \\"b\\"\\t\\u00e9"@fr\t12.5\n\t"x"^^<http://y>\t\n'

    assert read_results("http://x", Answer(table.encode(), "text/tab-separated-values", "")) == [
        {"a": "http://x/1", "b": 'a "b"\té', "c": "12.5"},
        {"b": "x"},
    ]
