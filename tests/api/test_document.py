"""The lines of docs/api.md do what they say, on a server that listens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from src.api.serve import open_server
from tests.api.conftest import Api
from tests.api.test_people import photo
from tests.videos import numbered, write_video

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_lines_of_the_document_run(api: Api, tmp_path: Path) -> None:
    parts = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(parts) >= 6
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "photo.png").write_bytes(photo())
    write_video(folder / "film.mp4", numbered(30, first=200))
    with open_server(api.app, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            program = "set -eo pipefail\n" + "\n".join(parts).replace("127.0.0.1:5000", f"127.0.0.1:{server.port}")
            environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
            command = ["bash", "-x", "-c", program]
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
        finally:
            server.shutdown()
            thread.join()
    assert done.returncode == 0, done.stderr[-2000:]
    assert (folder / "begin.bin").stat().st_size == 100
    assert (folder / "frame.png").read_bytes().startswith(b"\x89PNG")
    assert '"complete":true' in done.stdout
    assert '"title":"Die Reise"' in done.stdout
