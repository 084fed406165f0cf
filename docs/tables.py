"""The tables of the documentation that are made from the code: `python -m docs.tables` writes them anew.

Tests compare them with the code, so that no setting and no flag is undocumented.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from src.__main__ import VERBS
from src.cli import CONTEXT
from src.settings import Settings
from src.settingtable import range_text, setting_fields, type_text

DOCS = Path(__file__).parent


def settings_table() -> str:
    """Return a Markdown table of all settings: name, type, default, range, meaning."""
    rows = ["| setting | type | default | range | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, field in setting_fields(Settings):
        default, kind = _text(field.default), _cell(type_text(field.annotation))
        rows.append(f"| `{name}` | {kind} | `{default}` | {range_text(field)} | {_cell(field.description)} |")
    return "\n".join(rows)


def commands_text() -> str:
    """Return what each verb does and a Markdown table of its flags."""
    return "\n\n".join(_verb_text(verb, module, text) for verb, (module, text) in VERBS.items())


def replace_part(document: str, name: str, text: str) -> str:
    """Put a text between `<!-- name -->` and `<!-- /name -->` of a document."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    return re.sub(pattern, lambda found: f"{found[1]}\n{text}\n\n{found[2]}", document, flags=re.DOTALL)


def documents() -> Iterator[tuple[Path, str]]:
    """Yield each document with the text that it should have."""
    for file, name, text in (("settings.md", "settings", settings_table()), ("commands.md", "commands", commands_text())):
        path = DOCS / file
        yield path, replace_part(path.read_text(encoding="utf-8"), name, text)


def main() -> int:
    """Write the tables into the documents."""
    for path, text in documents():
        path.write_text(text, encoding="utf-8")
    return 0


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)


def _verb_text(verb: str, module: str, text: str) -> str:
    command = importlib.import_module(f"src.{module}").command
    return f"## {verb}\n\n{text}\n\n" + _command_text(command, f"python -m src {verb}")


def _command_text(command: click.Command, usage: str) -> str:
    context = click.Context(command, info_name=usage, **CONTEXT)
    parts = [f"    {usage} {' '.join(command.collect_usage_pieces(context))}"]
    flags = [param for param in command.params if isinstance(param, click.Option)]
    if flags:
        parts.append("\n".join(["| flag | meaning |", "| --- | --- |", *map(_flag_row, flags)]))
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            parts.append(f"### {usage.split()[-1]} {name}\n\n{_cell((inner.help or '').splitlines()[0])}")
            parts.append(_command_text(inner, f"{usage} {name}"))
    return "\n\n".join(parts)


def _flag_row(flag: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in [*flag.opts, *flag.secondary_opts])
    meaning = _cell(flag.help) + (" Needed." if flag.required else "")
    return f"| {names} {_value(flag)}| {meaning} |".replace("  ", " ")


def _value(flag: click.Option) -> str:
    if flag.is_flag or flag.count:
        return ""
    if isinstance(flag.type, click.Choice):
        return _cell(" | ".join(map(str, flag.type.choices))) + " "
    return flag.type.name.upper().replace(" RANGE", "") + " "


def _cell(text: str | None) -> str:
    return " ".join((text or "").replace("\b", " ").split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
