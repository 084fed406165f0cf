"""Weights that a test makes, and where they lie."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from src.models import Distribution, Weights, WeightsCache
from src.models.download import Member, Url
from src.progress import Silent

CONTENT = bytes(range(256)) * 4000  # 1,024,000 bytes
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def make_wheel(folder: Path, members: dict[str, bytes]) -> Distribution:
    """Write a wheel that pip accepts, and return its pin."""
    folder.mkdir(exist_ok=True)
    path = folder / "carrier-1.0-py3-none-any.whl"
    files = members | {
        "carrier-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n",
        "carrier-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data in files.items()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            wheel.writestr(name, data)
        wheel.writestr("carrier-1.0.dist-info/RECORD", record + "carrier-1.0.dist-info/RECORD,,\n")
    return Distribution("carrier", "1.0", path.name, hashlib.sha256(path.read_bytes()).hexdigest())


def make_weights(*sources: Member | Url, **changes: object) -> Weights:
    weights = Weights("net-1", "1", "net.bin", SHA256, len(CONTENT), "MIT", ("sface",), sources)
    return replace(weights, **changes)


def make_cache(folder: Path, *weights: Weights, local: Path | None = None) -> WeightsCache:
    return WeightsCache(folder / "weights", Silent(), local, weights)


@dataclass
class FileServer:
    """Serves one file, with faults on order.

    Attributes:
        cut_after: Answers end after so many bytes, in turn; empty means that they do not.
        ranges: Whether it knows ranges.
        asked: The Range header of each request.
    """

    content: bytes = CONTENT
    cut_after: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


def left_over(folder: Path) -> list[str]:
    """What lies in a cache besides whole files and their stamps."""
    files = (path for path in (folder / "weights").rglob("*") if path.is_file())
    return sorted(path.name for path in files if path.name not in {".lock", "net.bin", "net.bin.verified"})
