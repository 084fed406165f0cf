"""Photos with known faces, and files that only look like photos.

A photo is a pattern of greys, different for each seed, with saturated squares for faces.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from src.schema import RgbImage

RED, GREEN, BLUE = (220, 20, 20), (20, 200, 20), (20, 20, 220)
Square = tuple[int, int, int, tuple[int, int, int]]
"""x, y, side, colour."""

FACE: Square = (100, 60, 60, RED)
OTHER_FACE: Square = (20, 20, 30, BLUE)


def draw(seed: int, faces: Sequence[Square] = (FACE,), width: int = 320, height: int = 240) -> RgbImage:
    """Return a photo, (height, width, 3) uint8."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8), np.uint8)
    grey = Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC)
    image = np.repeat(np.asarray(grey)[:, :, None], 3, axis=2).copy()
    for x, y, side, colour in faces:
        image[y : y + side, x : x + side] = colour
    return image


def encode(image: RgbImage, kind: str = "JPEG", **options: object) -> bytes:
    """Return the bytes of a picture file."""
    buffer = io.BytesIO()
    if kind == "JPEG":
        options = {"quality": 95, "subsampling": 0, **options}
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()


def photo(seed: int, faces: Sequence[Square] = (FACE,), width: int = 320, height: int = 240) -> bytes:
    """Return a JPEG of a photo."""
    return encode(draw(seed, faces, width, height))


def rotated_photo(seed: int) -> bytes:
    """Return a JPEG that lies on its side, with the EXIF tag that says so: upright it is what `draw` returns."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(np.rot90(draw(seed), 1).copy(), exif=exif)


def animation(seed: int) -> bytes:
    """Return a GIF of two frames, the first with a face and the second without."""
    frames = [Image.fromarray(draw(seed)), Image.fromarray(draw(seed + 1, ()))]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return buffer.getvalue()


def huge_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a valid PNG of a few hundred kilobytes that unpacks to `width` x `height` black pixels."""
    packer = zlib.compressobj(1)
    rows = bytes((1 + (width + 7) // 8) * 100)
    data = b"".join(packer.compress(rows) for _ in range(height // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
