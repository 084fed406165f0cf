"""Documents keep up with the code, and their links lead somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from docs.export_samples import exports_text, sample
from docs.tables import DOCS, commands_text, replace_part
from src.__main__ import VERBS
from src.export import FORMATS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *DOCS.glob("*.md")})


def test_commands_are_up_to_date() -> None:
    document = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert document == replace_part(document, "commands", commands_text()), 'run "make docs"'


def test_samples_of_exports_are_up_to_date() -> None:
    document = (DOCS / "exports.md").read_text(encoding="utf-8")
    assert document == replace_part(document, "exports", exports_text()), 'run "make docs"'
    assert [f"### {name}" for name in FORMATS] == re.findall(r"^### .+$", document, re.MULTILINE)


def test_every_verb_has_a_chapter() -> None:
    text = commands_text()
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == list(VERBS)


def test_every_flag_says_what_it_means() -> None:
    empty = [line for line in commands_text().splitlines() if line.startswith("| `--") and line.endswith("|  |")]
    assert empty == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


def test_parts_are_replaced_between_their_marks_only() -> None:
    document = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\n<!-- /y -->\n"
    once = replace_part(document, "x", r"new \1")
    assert once == "a\n<!-- x -->\n\nnew \\1\n\n<!-- /x -->\nb\n<!-- y -->\n<!-- /y -->\n"
    assert replace_part(once, "x", r"new \1") == once


@pytest.mark.parametrize("name", ["parquet", "parquet-samples"])
def test_rows_of_parquet_are_those_that_its_library_reads(tmp_path: Path, name: str) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    FORMATS[name].write(tmp_path / "x", sample())
    first = pq.read_table(tmp_path / "x").to_pylist()[0]
    text = exports_text().partition(f"### {name}\n")[2].partition("```python\n")[2].partition("```")[0]
    assert ast.literal_eval(text) == first
