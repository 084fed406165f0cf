"""A server that nobody asks anything stays small: nothing that opens videos or runs networks is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = (
    "av",
    "cv2",
    "dlib",
    "icrawler",
    "onnxruntime",
    "pymongo",
    "rdflib",
    "scipy",
    "sklearn",
    "skops",
    "tensorflow",
    "torch",
    "xgboost",
)
_PROGRAM = """
import json, re, resource, sys
from pathlib import Path
from src.api import create_app
from src.settings import DatabaseSettings, Settings
from src.workspace import open_workspace

folder = sys.argv[1]
settings = Settings(data_dir=Path(folder), database=DatabaseSettings(uri=f"sqlite:///{folder}/x.db"))
with open_workspace(settings) as workspace:
    client = create_app(workspace).test_client()
    answers = [client.get(path).status_code for path in sys.argv[2:]]
loaded = sorted({name.partition(".")[0] for name in sys.modules})
# On Linux getrusage still counts the program that started this one.
status = Path("/proc/self/status")
most = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) if status.exists() else 0
print(json.dumps([answers, loaded, most or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def test_idle_server_loads_nothing_heavy_and_stays_small(tmp_path: Path) -> None:
    paths = ["/healthz", "/projects", "/api/v1/projects", "/api/v1/videos", "/openapi.json", "/docs"]
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path), *paths]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    answers, loaded, most_kilobytes = json.loads(done.stdout)
    assert answers == [200] * len(paths)
    assert [name for name in HEAVY if name in loaded] == []
    assert most_kilobytes < 300_000
