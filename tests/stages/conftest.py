"""The stages with the fake engine: real files, a real store, drawn faces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import colour_of, make_fake_engine
from src.engines.registry import EngineEntry
from src.schema import RgbImage
from src.workspace import Workspace
from tests.videos import write_video

SIZE = (192, 128)
"""Width and height of the drawn videos."""
FACE = 36


@dataclass(frozen=True)
class DrawnShot:
    """A shot of so many frames: who stands where, as centre x at the first and at the last frame, at which height."""

    n_frames: int
    people: Mapping[int, tuple[float, float, float]]
    brightness: int = 60


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `--engine fake` name the engine without weights."""
    entry = EngineEntry(lambda _weights, _threads: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))
    monkeypatch.setitem(ENGINES, "fake", entry)  # type: ignore[arg-type]


@pytest.fixture
def project(workspace: Workspace) -> str:
    """A project with the fake engine."""
    return workspace.begin_project("p", "fake").project


def draw(shots: Sequence[DrawnShot]) -> Iterator[RgbImage]:
    """Draw the frames of shots, one after the other; backgrounds differ from shot to shot."""
    width, height = SIZE
    for number, shot in enumerate(shots):
        background = np.full((height, width, 3), shot.brightness, np.uint8)
        # Grey stripes, upright in one shot and level in the next: a cut that every detector must see.
        stripes = [slice(None), slice(None)]
        stripes[number % 2] = slice(0, None, 2)
        bright = np.kron(np.indices((8, 8))[number % 2] % 2, np.ones((height // 8, width // 8))) > 0
        background[bright] = min(shot.brightness + 110, 255)
        for step in range(shot.n_frames):
            image = background.copy()
            for person, (first, last, y) in shot.people.items():
                x = first + (last - first) * step / max(shot.n_frames - 1, 1)
                left, top = round(x - FACE / 2), round(y - FACE / 2)
                image[max(top, 0) : top + FACE, max(left, 0) : left + FACE] = colour_of(person)
            yield image


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """100 frames at 25 a second: person 0 walks and person 1 stands for 2 s; then, after a cut, person 2 for 2 s."""
    shots = [
        DrawnShot(50, {0: (30, 80, 40), 1: (150, 150, 90)}),
        DrawnShot(50, {2: (100, 100, 64)}, brightness=120),
    ]
    return write_video(tmp_path / "film.mp4", draw(shots), options={"crf": "12"})
