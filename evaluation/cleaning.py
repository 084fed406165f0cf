"""How well wrong training pictures are found: `python -m evaluation.cleaning --data DIR`.

Three measurements on a folder laid out like that of `evaluation.material.data`: the gallery as it was crawled, against its
OUTLIERS.csv; folders into which random pictures of other people are put; and photos made drawings with OpenCV.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import cv2
import numpy as np

from src import aligner
from src.cleaning.agreement import Faces, Limits, agree
from src.cleaning.stage import stack
from src.cleaning.verdicts import KEPT, Rivals, judge
from src.cli import CONTEXT, config_option, run_command
from src.disk.files import write_json
from src.disk.pictures import read_picture
from src.engines import ENGINES
from src.errors import ConfigError
from src.faces.drawing import DRAWN, drawing_score
from src.progress import for_terminal
from src.records import Image, ImageState
from src.schema import RgbImage
from src.settings import DatabaseSettings, load_settings
from src.workspace import Workspace, open_workspace

from .material.data import PHOTO_FOLDERS, PHOTO_TYPES, read_outliers
from .reports.documents import write_section

SIZES = (5, 8, 12, 20)
"""Pictures of a contaminated folder."""
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4)
"""Shares of wrong pictures in it."""


@dataclass(frozen=True, slots=True)
class Crawled:
    """What became of the gallery as it is.

    Attributes:
        wrong, found: Pictures that OUTLIERS.csv lists, and those of them that were set aside.
        right, lost: All others with a face, and those of them that were set aside.
        lines: Each right picture that was lost and each wrong one that was not found, with the reason.
    """

    wrong: int
    found: int
    right: int
    lost: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contaminated:
    """What became of folders of one size and kind.

    Attributes:
        size: Pictures of a folder.
        wrong: Of them, how many are of other people.
        one_stranger: Whether these all show one other person.
        folders: Folders that were made.
        recall: Share of the wrong pictures that were set aside.
        loss: Share of the right pictures that were set aside.
        unknown: Share of the folders of which nobody could say whom they show; nothing is set aside there.
        mixed: Share of the folders that were said to show two people.
    """

    size: int
    wrong: int
    one_stranger: bool
    folders: int
    recall: float
    loss: float
    unknown: float
    mixed: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """How often faces of one kind are called drawn."""

    kind: str
    faces: int
    share: float


@dataclass(frozen=True, slots=True)
class Result:
    """All that was measured."""

    engine: str
    crawled: Crawled
    contaminated: tuple[Contaminated, ...]
    drawn: tuple[Drawn, ...]


def measure(workspace: Workspace, data: Path, splits: int) -> Result:
    """Align and clean the gallery and the crops, each as a project of its own, and measure.

    Args:
        workspace: An empty one.
        data: With gallery/, and crops24/ if there is one.
        splits: Folders of each person, size and level.

    Raises:
        ConfigError: The folder has no gallery.
    """
    if not (data / "gallery").is_dir():
        raise ConfigError(f"{data} has no gallery/. Give --data a folder with gallery/<Person>/ and gallery/OUTLIERS.csv.")
    outliers = {path.relative_to(data).as_posix() for path in read_outliers(data)}
    images = {part: _align(workspace, data, part) for part in PHOTO_FOLDERS if (data / part).is_dir()}
    crawled = _crawled(images["gallery"], outliers)
    limits = Limits.of(ENGINES[workspace.settings.engine].alike)
    people: dict[str, list[Image]] = {}
    for part, found in images.items():
        for image in found:
            if image.embedding is not None and _place(image, part) not in outliers:
                people.setdefault(image.person_id, []).append(image)
    engine = workspace.engine(workspace.settings.engine).id
    return Result(engine, crawled, tuple(_contaminate(people, limits, splits)), tuple(_drawn(workspace, images["gallery"])))


def as_markdown(result: Result) -> str:
    """Return the tables."""
    found = result.crawled
    lines = [
        f"Engine {result.engine}. The gallery as it was crawled: {found.found} of {found.wrong} wrong pictures set aside, "
        f"{found.lost} of {found.right} right ones ({found.lost / max(found.right, 1):.1%}).",
        *(f"- {line}" for line in found.lines),
        "",
        "| pictures | wrong | of | folders | wrong found | right lost | nobody known | called mixed |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in result.contaminated:
        who = "one stranger" if row.one_stranger else "anybody"
        shares = " | ".join(f"{share:.1%}" for share in (row.recall, row.loss, row.unknown, row.mixed))
        lines.append(f"| {row.size} | {row.wrong} | {who} | {row.folders} | {shares} |")
    lines += ["", "| face | faces | called drawn |", "| --- | ---: | ---: |"]
    lines += [f"| {row.kind} | {row.faces} | {row.share:.1%} |" for row in result.drawn]
    return "\n".join(lines)


def _align(workspace: Workspace, data: Path, part: str) -> list[Image]:
    for photo in sorted((data / part).glob("*/*")):
        if photo.suffix.lower() in PHOTO_TYPES:
            target = workspace.training_dir(part) / photo.relative_to(data / part)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photo, target)
    aligner.run(workspace, part)
    return sorted(workspace.store.find(Image, project=part), key=lambda image: image.path)


def _place(image: Image, part: str) -> str:
    """Return the path of a picture in the data folder."""
    return f"{part}/{image.path.split('/', 2)[2]}"


def _crawled(images: Sequence[Image], outliers: set[str]) -> Crawled:
    faces = [image for image in images if image.state is not ImageState.NO_FACE]
    wrong = [image for image in faces if _place(image, "gallery") in outliers]
    right = [image for image in faces if _place(image, "gallery") not in outliers]
    missed = [image for image in wrong if image.state is ImageState.ACTIVE]
    lost = [image for image in right if image.state is not ImageState.ACTIVE]
    lines = [f"{_place(image, 'gallery')} stays, and is wrong" for image in missed]
    lines += [f"{_place(image, 'gallery')} is right, and set aside as {image.state}: {image.reason}" for image in lost]
    return Crawled(len(wrong), len(wrong) - len(missed), len(right), len(lost), tuple(lines))


def _contaminate(people: Mapping[str, Sequence[Image]], limits: Limits, splits: int) -> Iterator[Contaminated]:
    for one_stranger in (False, True):
        for size in SIZES:
            for wrong in sorted({round(size * level) for level in LEVELS} - {0}):
                rng = np.random.default_rng([size, wrong, one_stranger])
                folders = [
                    _folder(rng, people, person, size, wrong, one_stranger)
                    for person, own in people.items()
                    if len(own) >= size - wrong
                    for _ in range(splits)
                ]
                if folders:
                    yield _score(folders, limits, size, wrong, one_stranger)


def _folder(
    rng: np.random.Generator, people: Mapping[str, Sequence[Image]], person: str, size: int, wrong: int, one_stranger: bool
) -> list[Image]:
    """Return a folder of pictures, the wrong ones last."""
    others = [name for name in people if name != person and len(people[name]) >= (wrong if one_stranger else 1)]
    chosen = [others[int(rng.integers(len(others)))]] if one_stranger else others
    pool = [image for name in chosen for image in people[name]]
    own = people[person]
    return [own[row] for row in rng.permutation(len(own))[: size - wrong]] + [
        pool[row] for row in rng.permutation(len(pool))[:wrong]
    ]


def _score(folders: Sequence[Sequence[Image]], limits: Limits, size: int, wrong: int, one_stranger: bool) -> Contaminated:
    right = size - wrong
    found = lost = unknown = mixed = 0
    for images in folders:
        faces = Faces(stack(images), np.arange(size), np.zeros(size, np.bool_))
        agreement = agree(faces, limits)
        nobody = Rivals([""] * size, np.full(size, -1.0, np.float32))
        aside = [verdict != KEPT for verdict in judge(images, agreement, limits, nobody)]
        lost += sum(aside[:right])
        found += sum(aside[right:])
        unknown += not agreement.known
        mixed += bool(len(agreement.second))
    n = len(folders)
    shares = (found / (n * wrong), lost / (n * right), unknown / n, mixed / n)
    return Contaminated(size, wrong, one_stranger, n, *(round(share, 4) for share in shares))


def _drawn(workspace: Workspace, images: Sequence[Image]) -> Iterator[Drawn]:
    """Yield how often photos, and drawings made of them, are called drawn."""
    faces = [image for image in images if image.box is not None]
    for kind, draw in _WAYS.items():
        scores = []
        for image in faces if kind in ("photo", "JPEG quality 30", "twice the size") else faces[::3]:
            picture = read_picture((workspace.data_dir / image.path).read_bytes(), image.path, 50_000_000).image
            assert image.box is not None
            box = image.box
            left, top = max(0, int(box.x - box.w)), max(0, int(box.y - box.h))
            part = np.ascontiguousarray(picture[top : int(box.y + 2 * box.h), left : int(box.x + 2 * box.w)])
            made = draw(part)
            scale = made.shape[1] / part.shape[1]
            inside = type(box)((box.x - left) * scale, (box.y - top) * scale, box.w * scale, box.h * scale)
            scores.append(drawing_score(made, inside))
        yield Drawn(kind, len(scores), round(float(np.mean(np.array(scores) >= DRAWN)), 4))


def _recompressed(image: RgbImage, quality: int) -> RgbImage:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _poster(image: RgbImage, colours: int) -> RgbImage:
    pixels = cv2.medianBlur(image, 5).reshape(-1, 3).astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    cv2.setRNGSeed(0)
    _, labels, centres = cv2.kmeans(pixels, colours, np.empty(0, np.int32), criteria, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(centres[labels.ravel()].reshape(image.shape), np.uint8)


def _outlined(image: RgbImage, colour: RgbImage) -> RgbImage:
    grey = cv2.medianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 5)
    lines = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 4)
    return np.asarray(cv2.bitwise_and(colour, colour, mask=lines), np.uint8)


_WAYS: Mapping[str, Callable[[RgbImage], RgbImage]] = {
    "photo": lambda image: image,
    "JPEG quality 30": lambda image: _recompressed(image, 30),
    "twice the size": lambda image: np.asarray(cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8),
    "stylised": lambda image: np.asarray(cv2.stylization(image, sigma_s=60, sigma_r=0.45), np.uint8),
    "pencil": lambda image: np.asarray(cv2.cvtColor(cv2.pencilSketch(image)[0], cv2.COLOR_GRAY2RGB), np.uint8),
    "coloured pencil": lambda image: np.asarray(cv2.pencilSketch(image)[1], np.uint8),
    "poster, 8 colours": lambda image: _poster(image, 8),
    "poster, 16 colours": lambda image: _poster(image, 16),
    "cartoon": lambda image: _outlined(image, np.asarray(cv2.bilateralFilter(image, 9, 75, 75), np.uint8)),
    "cartoon, 10 colours": lambda image: _outlined(image, _poster(image, 10)),
    "smooth paint": lambda image: np.asarray(
        cv2.medianBlur(cv2.edgePreservingFilter(image, sigma_s=40, sigma_r=0.5), 7), np.uint8
    ),
}
"""How a picture is made a drawing, or made worse and still a photo."""


@click.command(context_settings=CONTEXT)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder of people.")
@click.option("--engine", default="sface", show_default=True, help="Engine that embeds the faces.")
@click.option("--splits", default=10, show_default=True, help="Random folders of each person, size and level.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the result as JSON too.")
@click.option("--document", type=click.Path(path_type=Path), help="Put the tables between the marks of a Markdown file.")
@config_option
def command(data: Path, engine: str, splits: int, json_path: Path | None, document: Path | None, config: Path | None) -> None:
    """Measure how well wrong training pictures are found."""
    with tempfile.TemporaryDirectory(prefix="facerec-cleaning-") as folder:
        place = Path(folder)
        database = DatabaseSettings(uri=f"sqlite:///{place / 'facerec.db'}")
        settings = load_settings(config).model_copy(update={"data_dir": place, "engine": engine, "database": database})
        with open_workspace(settings, for_terminal()) as workspace:
            result = measure(workspace, data, splits)
    print(as_markdown(result))
    if json_path:
        write_json(json_path, asdict(result))
    if document:
        write_section(document, f"cleaning-{engine}", as_markdown(result))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the status for the shell."""
    return run_command(command, argv, "python -m evaluation.cleaning")


if __name__ == "__main__":
    sys.exit(main())
