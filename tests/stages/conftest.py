"""The stages with the fake engine: real files, a real store, drawn faces."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from src import aligner, classifier
from src.engines import ENGINES
from src.engines.base import ScorePrior
from src.engines.fake import colour_of, make_fake_engine
from src.engines.registry import EngineEntry
from src.records import KEYS, Record
from src.schema import RgbImage
from src.settings import DatabaseSettings, Settings
from src.workspace import Workspace, open_workspace
from tests.videos import write_video

SIZE = (192, 128)
"""Width and height of the drawn videos."""
FACE = 36


EVERY = "5"
"""What `started` samples, in frames."""


@dataclass(frozen=True)
class DrawnShot:
    """A shot of so many frames: who stands where, as centre x at the first and at the last frame, at which height."""

    n_frames: int
    people: Mapping[int, tuple[float, float, float]]
    brightness: int = 60


FAKE = EngineEntry(lambda _weights, _threads: make_fake_engine(), ScorePrior(threshold=0.5, slope=20.0, margin=2.0))


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `--engine fake` name the engine without weights."""
    monkeypatch.setitem(ENGINES, "fake", FAKE)  # type: ignore[arg-type]


@contextmanager
def fake_workspace(folder: Path) -> Iterator[Workspace]:
    """Open a workspace with the project `p` of the fake engine in a folder, for what is made once for several tests."""
    settings = Settings(data_dir=folder, database=DatabaseSettings(uri=f"sqlite:///{folder / 'facerec.db'}"))
    with pytest.MonkeyPatch.context() as patch, open_workspace(settings) as workspace:
        patch.setitem(ENGINES, "fake", FAKE)  # type: ignore[arg-type]
        workspace.begin_project("p", "fake")
        yield workspace


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


@pytest.fixture(scope="session")
def drawn_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 frames at 25 a second: person 0 walks and person 1 stands for 2 s; then, after a cut, person 2 for 2 s."""
    shots = [
        DrawnShot(50, {0: (30, 80, 40), 1: (150, 150, 90)}),
        DrawnShot(50, {2: (100, 100, 64)}, brightness=120),
    ]
    return write_video(tmp_path_factory.mktemp("drawn") / "film.mp4", draw(shots), options={"crf": "12"})


@pytest.fixture
def film(drawn_film: Path, tmp_path: Path) -> Path:
    """A copy of the drawn film, which may be moved and changed."""
    return Path(shutil.copyfile(drawn_film, tmp_path / "film.mp4"))


PEOPLE = {0: "Anna Albers", 1: "Ben Bo", 2: "Çelik Özil"}
"""Who has which colour, for the stages that need names."""


def draw_photo(person: int, number: int, size: int = 120) -> RgbImage:
    """Draw a photo of a person: a face that differs a little from photo to photo."""
    rng = np.random.default_rng([person, number])
    image = rng.integers(20, 90, (size, size, 1), np.uint8).repeat(3, axis=2)
    left, top = rng.integers(10, size - FACE - 20, 2)
    shade = np.clip(np.array(colour_of(person)) + rng.integers(-12, 13, 3), 0, 255)
    image[top : top + FACE + 8, left : left + FACE + 8] = shade
    return image


def put_photos(workspace: Workspace, project: str, people: Mapping[int, str], each: int = 4) -> None:
    """Put photos into the folders of people, as somebody would by hand."""
    for person, name in people.items():
        folder = workspace.training_dir(project) / name.replace(" ", "_")
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(each):
            Image.fromarray(draw_photo(person, number)).save(folder / f"{number:06}.png")


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Record]]:
    """The files and the records of the project with three people, aligned and trained; to be copied, not to be worked in."""
    folder = tmp_path_factory.mktemp("trained")
    with fake_workspace(folder) as workspace:
        put_photos(workspace, "p", PEOPLE)
        aligner.run(workspace, "p")
        classifier.run(workspace, "p")
        return folder, [record for kind in KEYS for record in workspace.store.find(kind)]


@pytest.fixture
def trained(workspace: Workspace, trained_once: tuple[Path, list[Record]]) -> str:
    """The project with three people, aligned and trained."""
    folder, records = trained_once
    shutil.copytree(folder, workspace.data_dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns("facerec.db*"))
    workspace.store.put(*records)
    return "p"


def embed_all(workspace: Workspace) -> None:
    """Let every face be embedded, also of dense samples: where a test counts what each sample says."""
    tracker = workspace.settings.tracker.model_copy(update={"embed_period_s": 0.0})
    workspace.settings = workspace.settings.model_copy(update={"tracker": tracker})


@pytest.fixture
def started(settings: Settings, project: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the verb in a process group of its own, as a terminal does, in the data folder of the test."""
    environment = os.environ | {
        "FACEREC_DATA_DIR": str(settings.data_dir),
        "FACEREC_DATABASE_URI": settings.database.uri,
        "PYTHONUNBUFFERED": "1",
    }
    running: list[subprocess.Popen[str]] = []

    def start(*args: str, **more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.stages.track_many", "--project", project, "--video_speedup", EVERY, *args]
        running.append(
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment | more,
                start_new_session=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
