"""Writes a store with a few short programmes in which people come and go together, for searches and statistics.

    python visualizer/e2e/library.py FOLDER      from the top of the repository; then serve with e2e/service.py
    python visualizer/e2e/library.py FOLDER vp9  for a browser that does not play H.264

The faces are squares of strong colour, which the fake engine knows people by: so a photo can be searched for without weights.
All else is what the stages themselves make of pictures and videos: tracks, names, unknown people.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from src import aligner, classifier, clusterize, tracker
from src.engines.fake import colour_of
from src.records import Analysis, Appearance, Verb, Video
from src.schema import RgbImage
from src.settings import DatabaseSettings, Settings
from src.verbs import decide
from src.workspace import Workspace, open_workspace
from tests.stages.conftest import put_photos
from tests.videos import write_video
from visualizer.e2e.service import use_fake_engine

WIDTH, HEIGHT, RATE, SIDE = 640, 360, 25, 96
PROJECT = "films"
PEOPLE = {0: "Ann Ace", 2: "Ben Bo", 4: "Cy Coe", 6: "Dora Day"}
NOBODY, NEITHER = 8, 10
"""Two people whom nobody knows."""


@dataclass(frozen=True, slots=True)
class Scene:
    """So many seconds in which these people stand at these places, as the middle of the face across."""

    seconds: int
    people: Mapping[int, int]
    brightness: int = 70


PROGRAMMES: Mapping[str, tuple[str, str, tuple[Scene, ...]]] = {
    "munich": (
        "Four powers meet",
        "1938-09-30",
        (
            Scene(3, {0: 160, 2: 460}),
            Scene(2, {0: 320}, 110),
            Scene(3, {2: 140, 4: 330, NOBODY: 520}),
            Scene(2, {6: 320}, 110),
        ),
    ),
    "victory": (
        "Victory in Europe",
        "1945-05-08",
        (
            Scene(2, {0: 320}),
            Scene(2, {4: 320}, 110),
            Scene(2, {0: 320}),
            Scene(2, {4: 320}, 110),
            Scene(3, {0: 140, 2: 320, NEITHER: 500}),
        ),
    ),
    "trial": ("The trial opens", "1945-11", (Scene(3, {2: 200, 6: 440}), Scene(2, {NOBODY: 320}, 110), Scene(2, {2: 320}))),
    "rushes": ("Rushes", "", (Scene(2, {0: 200, 6: 440}), Scene(2, {6: 320}, 110))),
}
"""Title, date and scenes of each programme, by the name of its file."""


def face(image: RgbImage, person: int, middle: int, top: int) -> None:
    """Draw a face: the square that the engine sees, with eyes and a mouth for those who look at the page."""
    left = middle - SIDE // 2
    image[top : top + SIDE, left : left + SIDE] = colour_of(person)
    for x, y, w, h in ((20, 28, 12, 12), (64, 28, 12, 12), (30, 66, 36, 7)):
        image[top + y : top + y + h, left + x : left + x + w] = 40


def frames(scenes: tuple[Scene, ...]) -> Iterator[RgbImage]:
    """Draw the frames of a programme; a new scene looks different enough to be a new shot."""
    for number, scene in enumerate(scenes):
        stripes = np.indices((HEIGHT, WIDTH))[number % 2] // 40 % 2
        ground = (scene.brightness + 70 * stripes).astype(np.uint8)[:, :, None].repeat(3, axis=2)
        for step in range(scene.seconds * RATE):
            image = ground.copy()
            for at, (person, middle) in enumerate(scene.people.items()):
                face(image, person, middle + round(12 * np.sin(step / 15 + at)), 110 + 14 * at)
            yield image


def photo(people: Mapping[int, int], seed: int = 0) -> RgbImage:
    """Draw a photo of people, each at a place across."""
    noise = np.random.default_rng(seed).integers(40, 70, (240, 480, 1), np.uint8).repeat(3, axis=2)
    for person, middle in people.items():
        face(noise, person, middle, 60 + seed % 40)
    return noise


def write_programme(folder: Path, name: str, scenes: tuple[Scene, ...], codec: str) -> Path:
    """Write the video of a programme; a group of pictures a second, so that a player is soon where it is sent."""
    if codec == "vp9":
        options = {"crf": "20", "b": "0", "g": "25", "deadline": "realtime", "cpu-used": "8"}
        return write_video(folder / f"{name}.webm", frames(scenes), codec="libvpx-vp9", options=options)
    return write_video(folder / f"{name}.mp4", frames(scenes), options={"crf": "14", "g": "25", "preset": "veryfast"})


def seed(folder: Path, codec: str = "h264") -> None:
    """Write photos, videos and store."""
    use_fake_engine()
    for name, people in {"ann": {0: 240}, "pair": {2: 120, 0: 360}, "none": {}}.items():
        Image.fromarray(photo(people)).save(folder / f"{name}.png")
    uri = f"sqlite:///{folder / 'data' / 'facerec.db'}"
    with open_workspace(Settings(data_dir=folder / "data", database=DatabaseSettings(uri=uri))) as workspace:
        workspace.begin_project(PROJECT, "fake")
        train(workspace)
        for name, (title, date, scenes) in PROGRAMMES.items():
            path = write_programme(folder, name, scenes, codec)
            tracker.run(workspace, str(path), PROJECT, video_speedup=5)
            (video,) = workspace.store.find(Video, locator=str(path))
            workspace.store.put(replace(video, title=title, date=date))
            clusterize.run(workspace, str(path), PROJECT)
        confirm(workspace, "Dora Day")


def train(workspace: Workspace) -> None:
    """Put photos of the people, and train."""
    put_photos(workspace, PROJECT, PEOPLE)
    aligner.run(workspace, PROJECT)
    classifier.run(workspace, PROJECT)


def confirm(workspace: Workspace, name: str) -> None:
    """Let a person say that one appearance of somebody is right."""
    seen = next(one for one in workspace.store.find(Appearance, project=PROJECT) if one.name == name)
    target = decide.track_target(workspace, PROJECT, locator_of(workspace, seen.analysis_id), seen.track_id)
    decide.run(workspace, PROJECT, Verb.IS, target, person=name, author="seed")


def locator_of(workspace: Workspace, analysis_id: str) -> str:
    """Return the name of the video of an analysis."""
    analysis = workspace.store.get(Analysis, analysis_id)
    video = workspace.store.get(Video, analysis.video_id) if analysis else None
    assert video is not None
    return video.locator


if __name__ == "__main__":
    seed(Path(sys.argv[1]).resolve(), *sys.argv[2:])
