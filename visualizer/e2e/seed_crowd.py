"""Writes a store with 5,000 people, 60,000 pictures and 200,000 appearances in 500 videos, for `npm run performance`.

    python visualizer/e2e/seed_crowd.py FOLDER      from the top of the repository; then serve with FACEREC_DATA_DIR=FOLDER/data

There are records alone, no pictures and no films. Who is seen when is drawn by chance, always the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from src.records import Appearance, Image, ImageState, Person, ProjectVideo, Provenance, Record, Video
from src.schema import Box
from src.settings import DatabaseSettings, Settings
from src.storage import Store
from src.workspace import open_workspace

PROJECT = "crowd"
N_PEOPLE, N_PICTURES, N_VIDEOS, N_SEEN = 5000, 12, 500, 400
AT_ONCE = 250
"""People whose pictures are stored together."""
FIRST = [
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Eve",
    "Franz",
    "Greta",
    "Hugo",
    "Ines",
    "Jean",
    "Karl",
    "Lena",
    "Max",
    "Nora",
    "Otto",
    "Paul",
]
LAST = [
    "Albers",
    "Bo",
    "Cox",
    "Dorn",
    "Ems",
    "Falk",
    "Gray",
    "Holm",
    "Iden",
    "Jung",
    "Kern",
    "Lang",
    "Moor",
    "Nash",
    "Orth",
    "Pell",
]
PEOPLE = [f"{FIRST[n % 16]}_{LAST[n // 16 % 16]}_{n:04d}" for n in range(N_PEOPLE)]
BOX = Box(0, 0, 10, 10)


def put_people(store: Store) -> None:
    """Store everybody, each with pictures of which one was set aside."""
    store.put(*(Person(PROJECT, person, person.replace("_", " ")) for person in PEOPLE))
    for first in range(0, N_PEOPLE, AT_ONCE):
        store.put(*(picture(n, number) for n in range(first, first + AT_ONCE) for number in range(N_PICTURES)))


def picture(person: int, number: int) -> Image:
    """Return a picture of somebody."""
    path = f"training_img/{PROJECT}/{PEOPLE[person]}/{number}.jpg"
    state = ImageState.ACTIVE if number else ImageState.OUTLIER
    return Image(PROJECT, f"{person:060x}{number:04x}", PEOPLE[person], path, Provenance("manual"), 300, 300, state=state)


def seen_in(video: int, rng: np.random.Generator) -> Iterator[Record]:
    """Yield a video, its place in the project and who is seen in it; every fourth has no name."""
    video_id, analysis = f"v{video:03}", f"a{video:03}"
    yield Video(video_id, f"film{video}.mp4", f"film{video}.mp4", f"film{video}", f"Film {video}", f"19{60 + video % 40}-01-01")
    yield ProjectVideo(PROJECT, video_id, "", analysis)
    for track, person in enumerate(rng.integers(0, N_PEOPLE, N_SEEN)):
        who = PEOPLE[person] if track % 4 else None
        name = who.replace("_", " ") if who else f"Unknown {person}"
        start, score = track * 2.0, float(rng.uniform(0.5, 1))
        frames = (track * 50, track * 50 + 37)
        yield Appearance(PROJECT, analysis, track, name, who, start, start + 1.5, *frames, 0, 1, score, (track,), BOX, start)


def seed(folder: Path) -> None:
    """Write all of it."""
    data = folder / "data"
    settings = Settings(data_dir=data, database=DatabaseSettings(uri=f"sqlite:///{data / 'facerec.db'}"))
    rng = np.random.default_rng(0)
    with open_workspace(settings) as workspace:
        workspace.begin_project(PROJECT, "sface")
        put_people(workspace.store)
        for video in range(N_VIDEOS):
            workspace.store.put(*seen_in(video, rng))


if __name__ == "__main__":
    seed(Path(sys.argv[1]).resolve())
