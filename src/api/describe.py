"""The command that writes the description of the API: `python -m src.api.describe docs/openapi.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..settings import DatabaseSettings, Settings
from ..workspace import open_workspace
from .app import create_app


def description() -> str:
    """Return the description as text; it is the same whatever is stored."""
    with TemporaryDirectory() as folder:
        database = DatabaseSettings(uri=f"sqlite:///{folder}/empty.db")
        with open_workspace(Settings(data_dir=Path(folder), database=database)) as workspace:
            spec = create_app(workspace).spec
    return json.dumps(spec, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the description to a file, or to the terminal."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments:
        Path(arguments[0]).write_text(description(), encoding="utf-8")
    else:
        sys.stdout.write(description())
    return 0


if __name__ == "__main__":
    sys.exit(main())
