"""Photos: from bytes that nobody vouches for to upright RGB pixels, and what makes two of them the same photo."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import MediaError
from ..schema import RgbImage

_MAGIC = (
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"WEBP", 8, "WebP"),
    (b"GIF8", 0, "GIF"),
    (b"BM", 0, "BMP"),
    (b"II*\0", 0, "TIFF"),
    (b"MM\0*", 0, "TIFF"),
    (b"ftypavif", 4, "AVIF"),
    (b"ftypavis", 4, "AVIF"),
)
"""How files of each kind begin: bytes, at which offset, kind."""

_VIDEO_MAGIC = (
    (b"ftyp", 4),
    (b"moov", 4),
    (b"mdat", 4),
    (b"wide", 4),
    (b"\x1aE\xdf\xa3", 0),
    (b"AVI ", 8),
    (b"OggS", 0),
    (b"FLV\x01", 0),
    (b"\0\0\x01\xba", 0),
    (b"\0\0\x01\xb3", 0),
    (b"0&\xb2u\x8ef\xcf\x11", 0),
    (b"\x06\x0e+4\x02\x05\x01\x01", 0),
)
"""How videos begin: MP4 and MOV, Matroska, AVI, Ogg, Flash, MPEG, Windows Media and MXF, for the message alone."""

_MAX_SCANS = 100
"""A progressive JPEG has some ten passes over its pixels. A small file may ask for thousands, which take hours."""

_KEPT = {"JPEG": ".jpg", "PNG": ".png", "WebP": ".webp"}
"""Kinds that are kept byte for byte; others become PNG, which every browser and tool can show."""

_DECODERS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Pillow's decoders for these kinds. It has dozens more, for formats that only an attacker would send."""

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif"}
    | {".bmp", ".dib", ".tif", ".tiff", ".avif", ".heic", ".heif"}
)
"""Endings that make a file in a folder a photo; those that cannot be read are reported, not passed over."""

HEAD_BYTES = 32
"""So many first bytes are enough for `kind_of`."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A photo that was decoded to the last pixel.

    Attributes:
        data: What to store: the bytes as they came, or those of a PNG where the kind is not kept.
        suffix: `.jpg`, `.png` or `.webp`, as the content says and not the name.
        image: (H, W, 3) uint8 RGB, upright: a rotation that EXIF asks for is applied.
        sha256: Hexadecimal digest of `data`.
    """

    data: bytes
    suffix: str
    image: RgbImage
    sha256: str

    @property
    def width(self) -> int:
        """Pixels, upright."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Pixels, upright."""
        return int(self.image.shape[0])


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits, without reading all of it at once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def kind_of(head: bytes) -> str | None:
    """Name the kind of a picture by its first bytes; None where they begin no picture that can be read."""
    return next((kind for magic, at, kind in _MAGIC if head[at : at + len(magic)] == magic), None)


def why_no_picture(head: bytes) -> str:
    """Say in words what begins like this, when it is no picture that can be read."""
    if not head:
        return "is empty"
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return "is a HEIC picture, which cannot be read. Save it as JPEG"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.lower().startswith((b"<!doc", b"<html", b"<head", b"<!--", b"<body")):
        return "is a web page, not a picture"
    if start.startswith((b"<svg", b"<?xml")):
        return "is an SVG drawing or other XML, not a photo"
    if any(head[at : at + len(magic)] == magic for magic, at in _VIDEO_MAGIC):
        return "is a video, not a picture. Give it to track"
    return "is not a picture of a known kind (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF)"


def read_picture(data: bytes, name: str, max_pixels: int) -> Picture:
    """Decode a photo completely; of an animation the first frame.

    What it is, its first bytes say, whatever its name or content type. How large it is, its header says before anything is
    decoded, and a header that lies costs no more than it announces. Everything that comes from outside is read here.

    Args:
        data: The bytes of the file.
        name: Path or address, for the message.
        max_pixels: A picture whose header announces more is not decoded.

    Raises:
        MediaError: The bytes are no picture, a damaged one, or too large a one.
    """
    kind = kind_of(data[:HEAD_BYTES])
    if kind is None:
        raise MediaError(name, why_no_picture(data[:HEAD_BYTES]))
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a size that ought to be refused; its other warnings are about odd metadata.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = _decode(data, name, max_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as err:
        raise MediaError(name, f"has far more pixels than {max_pixels}") from err
    except MemoryError as err:
        raise MediaError(name, "needs more memory than there is") from err
    # Pillow's decoders raise whatever the damage makes them trip over, struct.error and IndexError among it.
    except Exception as err:
        if isinstance(err, MediaError):
            raise
        raise MediaError(name, f"is a damaged {kind} picture: {_damage(err)}") from err
    stored = data if kind in _KEPT else png_bytes(image)
    return Picture(stored, _KEPT.get(kind, ".png"), image, digest(stored))


def to_rgb(source: Image.Image) -> RgbImage:
    """Turn a picture of any mode into (H, W, 3) uint8 RGB: transparency over white, more than 8 bits scaled down."""
    if source.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        grey = _eight_bits(source)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if source.has_transparency_data:
        layer = source.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        source = Image.alpha_composite(white, layer)
    return np.array(source.convert("RGB"), np.uint8)


def png_bytes(image: RgbImage) -> bytes:
    """Return the bytes of a PNG of an RGB picture."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def perceptual_hash(image: RgbImage) -> str:
    """Return 16 hexadecimal digits that hardly change when a picture is resized, recompressed or brightened.

    Source: Zauner, Implementation and benchmarking of perceptual image hash functions, 2010 (the DCT hash).
    """
    import imagehash

    return str(imagehash.phash(Image.fromarray(image)))


def hash_distance(one: str, other: str) -> int:
    """Return in how many of their 64 bits two perceptual hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _decode(data: bytes, name: str, max_pixels: int) -> RgbImage:
    """Read the header, and the pixels only where they are not too many, and not to be gone over too often."""
    if data.startswith(b"\xff\xd8\xff") and (n_scans := data.count(b"\xff\xda")) > _MAX_SCANS:
        raise MediaError(name, f"is a JPEG in {n_scans} passes, more than {_MAX_SCANS}. Save it anew")
    with Image.open(io.BytesIO(data), formats=_DECODERS) as source:
        if source.width * source.height > max_pixels:
            raise MediaError(name, f"has {source.width} x {source.height} pixels, more than {max_pixels}")
        source.load()
        return to_rgb(_upright(source))


def _damage(err: Exception) -> str:
    """Say what is wrong, the same words for the same damage: without counts of bytes and addresses of objects."""
    if isinstance(err, UnidentifiedImageError):
        return "cannot be identified"
    return " ".join(str(err).split()).split(" (")[0][:100] or type(err).__name__


def _upright(source: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(source)
    except Exception:
        # Damaged metadata, which trips Pillow up in many ways, says nothing against the pixels.
        return source


def _eight_bits(source: Image.Image) -> RgbImage:
    values = np.asarray(source).astype(np.float64)
    # 16-bit files use their whole range; for wider ones nobody knows the range but the picture itself.
    top = 65535.0 if source.mode.startswith("I;16") else max(float(values.max(initial=0)), 255.0)
    return (np.clip(values / top, 0, 1) * 255).round().astype(np.uint8)
