"""Adds a project with people, their pictures and a film that they are seen in: what the pages of people show.

    PYTHONPATH=.:visualizer/e2e/drawn python visualizer/e2e/seed_people.py FOLDER      after seed.py, from the top

Faces are drawn squares, and the engine is the one that knows them: the stages themselves make everything else. Beside the data
lie `library/`, photos that a search finds, and `photos/`, what somebody drops on the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Picture

from src import aligner, classifier, clusterize, tracker
from src.engines.fake import colour_of
from src.records import Image, Person, Provenance, Video
from src.schema import RgbImage
from src.settings import DatabaseSettings, Settings
from src.workspace import Workspace, open_workspace
from tests.videos import write_video

PROJECT = "cast"
PEOPLE = {"Ann Ace": 0, "Ben Bo": 2, "Cléo Cox": 4}
EACH = 9
LIBRARY = {"Dora Day": (6, 4), "Eve Ems": (10, 3)}
"""Whom a search finds: their colour, and how many photos."""
WIDTH, HEIGHT, RATE = 320, 180, 25
SHOTS = ((("Ann Ace", 90), ("Ben Bo", 230)), (("Cléo Cox", 160),), (("Ann Ace", 160),), (("Ben Bo", 100), ("Ann Ace", 220)))
"""Who stands where in each shot of three seconds."""


def face(image: RgbImage, colour: tuple[int, ...], x: int, y: int, size: int) -> None:
    """Draw a face: a square of one colour with eyes and a mouth that leave most of it as it is."""
    image[y : y + size, x : x + size] = colour
    dark = tuple(int(part * 0.25) for part in colour)
    for share in (0.3, 0.7):
        cv2.circle(image, (x + int(share * size), y + int(0.36 * size)), max(size // 16, 2), dark, -1)
    cv2.ellipse(image, (x + size // 2, y + int(0.66 * size)), (size // 5, size // 10), 0, 0, 180, dark, max(size // 24, 2))


def photo(person: int, number: int, size: int = 120) -> RgbImage:
    """Draw a photo of somebody, each a little different; the face is too small to be told that it is drawn."""
    rng = np.random.default_rng([person, number])
    coarse = rng.integers(20, 150, (6, 6, 1), np.uint8)
    image = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)[..., None].repeat(3, axis=2)
    image = cv2.add(image, rng.integers(0, 12, (size, size, 1), np.uint8).repeat(3, axis=2))
    side = int(rng.integers(36, 42))
    left, top = rng.integers(8, size - side - 8, 2)
    shade = tuple(int(part) for part in np.clip(np.array(colour_of(person)) * rng.uniform(0.75, 1.0), 0, 255))
    face(image, shade, int(left), int(top), side)
    return image


def frames() -> Iterator[RgbImage]:
    """Draw the film."""
    for number, shot in enumerate(SHOTS):
        for frame in range(3 * RATE):
            image = np.full((HEIGHT, WIDTH, 3), 60 + 40 * (number % 2), np.uint8)
            for name, x in shot:
                face(image, colour_of(PEOPLE[name]), x - 32 + frame // 5, 60, 64)
            yield image


def save(image: RgbImage, path: Path) -> None:
    """Write a picture, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(image).save(path)


def put_photos(workspace: Workspace) -> None:
    """Put photos where somebody would: nine of each, one of somebody else among them, and one without a face."""
    for name, person in PEOPLE.items():
        folder = workspace.training_dir(PROJECT) / name.replace(" ", "_")
        for number in range(EACH):
            save(photo(person, number), folder / f"{number + 1:06}.png")
    own = workspace.training_dir(PROJECT) / "Ann_Ace"
    save(photo(7, 99), own / "000010.png")
    save(np.full((200, 200, 3), 90, np.uint8), own / "000011.png")


def tell_sources(workspace: Workspace) -> None:
    """Let pictures come from somewhere, as those of a search do."""
    for number, image in enumerate(sorted(workspace.store.find(Image, project=PROJECT), key=lambda image: image.path)):
        page = f"https://commons.wikimedia.org/wiki/File:{number}.jpg"
        source = Provenance("wikimedia", image.person_id, f"https://upload.wikimedia.org/{number}.jpg", page, "CC BY-SA 4.0")
        workspace.store.put(replace(image, provenance=source))


def add_film(workspace: Workspace, folder: Path) -> None:
    """Analyse the film, and name who is seen in it."""
    path = write_video(folder / "cast.mp4", frames(), options={"crf": "14"})
    classifier.run(workspace, PROJECT)
    tracker.run(workspace, str(path), PROJECT, video_speedup=5)
    clusterize.run(workspace, str(path), PROJECT)
    film = next(video for video in workspace.store.find(Video) if video.title == "cast")
    workspace.store.put(replace(film, title="The cast on stage", date="1962-09-05"))


def seed(folder: Path) -> None:
    """Write all of it."""
    settings = Settings(data_dir=folder / "data", database=DatabaseSettings(uri=f"sqlite:///{folder / 'data' / 'facerec.db'}"))
    with open_workspace(settings) as workspace:
        workspace.begin_project(PROJECT, "fake")
        put_photos(workspace)
        aligner.run(workspace, PROJECT)
        tell_sources(workspace)
        add_film(workspace, folder)
        ann = workspace.store.get(Person, PROJECT, "Ann_Ace")
        assert ann is not None
        uri = "https://www.wikidata.org/entity/Q1"
        known = {"born": 1921, "archive_id": "P-0007"}
        told = replace(ann, aliases=("Anna Ace", "A. Ace"), description="Actress on a small stage", uri=uri, metadata=known)
        workspace.store.put(told, Person(PROJECT, "Nora_New", "Nora New"))
    for name, (person, n) in LIBRARY.items():
        for number in range(n):
            save(photo(person, number), folder / "library" / name / f"{number}.png")
    save(photo(PEOPLE["Ben Bo"], 50), folder / "photos" / "ben.png")
    save(np.full((160, 160, 3), 70, np.uint8), folder / "photos" / "wall.png")
    noise = np.random.default_rng(1).integers(0, 255, (600, 600, 3), np.uint8)
    save(noise, folder / "photos" / "large.png")
    (folder / "photos" / "words.jpg").write_text("These are words and no picture.", encoding="utf-8")


if __name__ == "__main__":
    seed(Path(sys.argv[1]).resolve())
