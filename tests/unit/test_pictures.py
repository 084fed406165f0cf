"""Photos from bytes that nobody vouches for."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from src.disk.pictures import hash_distance, kind_of, perceptual_hash, read_picture, to_rgb
from src.errors import MediaError
from src.schema import RgbImage
from tests.servers.photos import animation, draw, encode, huge_png, photo, rotated_photo
from tests.videos import numbered, write_video

LIMIT = 50_000_000


def close(one: RgbImage, other: RgbImage, within: float = 3.0) -> bool:
    return one.shape == other.shape and float(np.abs(one.astype(int) - other).mean()) < within


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp")])
def test_common_kinds_are_kept_byte_for_byte(kind: str, suffix: str) -> None:
    data = encode(draw(1), kind)
    picture = read_picture(data, "a", LIMIT)
    assert (picture.data, picture.suffix) == (data, suffix)
    assert (picture.width, picture.height) == (320, 240)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF", "AVIF"])
def test_other_kinds_become_png(kind: str) -> None:
    picture = read_picture(encode(draw(1, ()), kind), "a", LIMIT)
    assert picture.suffix == ".png"
    assert kind_of(picture.data) == "PNG"
    assert np.array_equal(read_picture(picture.data, "a", LIMIT).image, picture.image)


def test_a_rotated_photo_is_turned_upright_and_kept_as_it_is() -> None:
    picture = read_picture(rotated_photo(1), "a", LIMIT)
    assert picture.data == rotated_photo(1)
    assert close(picture.image, draw(1))


def test_damaged_exif_says_nothing_against_the_pixels() -> None:
    data = encode(draw(1), exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert read_picture(data, "a", LIMIT).width == 320


def test_of_an_animation_the_first_frame_counts() -> None:
    assert close(read_picture(animation(1), "a", LIMIT).image, draw(1), within=12)


def test_transparency_is_white() -> None:
    layer = np.zeros((8, 8, 4), np.uint8)
    layer[:4, :, 3] = 255
    image = to_rgb(Image.fromarray(layer))
    assert (image[:4] == 0).all()
    assert (image[4:] == 255).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "LA", "RGBA", "LAB", "HSV", "PA", "RGBa"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    source = Image.fromarray(draw(1))
    middle = {"PA": "LA", "RGBa": "RGBA"}.get(mode)
    converted = (source.convert(middle) if middle else source).convert(mode)
    image = to_rgb(converted) if mode != "LAB" else to_rgb(source)
    assert image.shape == (240, 320, 3)
    assert image.dtype == np.uint8


def test_sixteen_bits_are_scaled_down() -> None:
    ramp = np.array([[0, 128 * 257, 65535]], np.uint16)
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, "PNG")
    assert read_picture(buffer.getvalue(), "a", LIMIT).image[0, :, 0].tolist() == [0, 128, 255]


def test_float_pictures_keep_their_range() -> None:
    assert to_rgb(Image.fromarray(np.array([[0.0, 500.0, 1000.0]], np.float32)))[0, :, 1].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"\xef\xbb\xbf\n <HTML>", "is a web page"),
        (b"<?xml version='1.0'?><svg>", "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", "is a video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "is a video"),
        (b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1f", "is a video"),
        (b"RIFF\x24\0\0\0AVI LIST", "is a video"),
        (b"%PDF-1.7", "not a picture of a known kind"),
        (b"\xff\xd8\xff", "damaged JPEG"),
        (photo(1)[:-3000], "damaged JPEG picture: .*truncated"),
        (encode(draw(1), "PNG")[:-5000], "damaged PNG"),
        (encode(draw(1), "WEBP")[:-500], "damaged WebP"),
        (b"GIF89a" + b"\0" * 20, "damaged GIF"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "damaged WebP"),
    ],
)
def test_what_is_no_sound_picture_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(MediaError, match=why):
        read_picture(data, "a", LIMIT)


def test_a_huge_picture_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    small = photo(1)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(MediaError, match="more pixels than 50000000"):
        read_picture(huge_png(), "a", LIMIT)
    with pytest.raises(MediaError, match="320 x 240 pixels, more than 1000"):
        read_picture(small, "a", 1000)


def test_a_video_named_as_a_picture(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.avi", "a.mpg", "a.mxf"):
        data = write_video(tmp_path / name, numbered(5)).read_bytes()
        with pytest.raises(MediaError, match="is a video"):
            read_picture(data, "portrait.jpg", LIMIT)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_what_a_picture_is_its_bytes_say(kind: str) -> None:
    assert read_picture(encode(draw(1), kind), "film.mp4", LIMIT).width == 320


def test_a_picture_whose_header_lies_costs_what_it_announces() -> None:
    """A PNG of 8 x 8 whose data would unpack to 100 MB: what is beyond its size is never unpacked."""
    rows = zlib.compress(bytes(100_000_000), 9)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    tracemalloc.start()
    assert read_picture(data, "a", LIMIT).width == 8
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_text_that_unpacks_to_megabytes_is_refused() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    png = encode(draw(1), "PNG")
    with pytest.raises(MediaError, match="damaged PNG"):
        read_picture(png[:33] + bomb + png[33:], "a", LIMIT)


def test_a_jpeg_with_thousands_of_passes_is_refused() -> None:
    data = encode(draw(1))
    at = data.index(b"\xff\xda")
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    bomb = data[:-2] + data[at : at + 2 + length] * 5000 + b"\xff\xd9"
    with pytest.raises(MediaError, match="5001 passes, more than 100"):
        read_picture(bomb, "a", LIMIT)
    buffer = io.BytesIO()
    Image.fromarray(draw(1)).save(buffer, "JPEG", progressive=True)
    assert 1 < buffer.getvalue().count(b"\xff\xda") < 20
    assert read_picture(buffer.getvalue(), "a", LIMIT).width == 320


def test_copies_of_a_photo_hash_alike_and_other_photos_do_not() -> None:
    hashes = [perceptual_hash(draw(seed)) for seed in range(8)]
    small = Image.fromarray(draw(0)).resize((160, 120))
    copy = read_picture(encode(np.asarray(small), quality=50), "a", LIMIT)
    assert hash_distance(hashes[0], perceptual_hash(copy.image)) <= 6
    assert min(hash_distance(hashes[0], other) for other in hashes[1:]) > 6
    assert len(hashes[0]) == 16
