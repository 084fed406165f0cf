"""SCRFD's outputs decoded by hand, and packs whose licence must be accepted."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from src.engines import open_engine
from src.engines.insightface import ArcFace, Scrfd, decode
from src.errors import EngineError, ShapeError, WeightsError
from src.models import PACKS, PackCache, WeightsCache
from src.models import __main__ as command_line
from src.models.download import Url
from src.progress import Silent
from src.schema import FloatArray
from tests.servers.scrfd import DETECTOR, EMBEDDER, write_networks

PACK = PACKS[0]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without networks, and no way out."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    return tmp_path / "home"


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    """A folder fetched by hand."""
    folder = tmp_path / "usb" / "buffalo_l"
    folder.mkdir(parents=True)
    write_networks(folder)
    return folder


def cache_of(tmp_path: Path, local: Path | None = None) -> WeightsCache:
    return WeightsCache(tmp_path / "weights", Silent(), local)


# Decoding


def nothing(side: int = 64) -> dict[tuple[int, int], FloatArray]:
    """Outputs for a square of 64 pixels that see no face, by stride and number of columns."""
    return {(s, n): np.zeros(((side // s) ** 2 * 2, n), np.float32) for n in (1, 4, 10) for s in (8, 16, 32)}


def test_an_anchor_becomes_a_face() -> None:
    outputs = nothing()
    # Stride 16, a grid of 4 x 4: cell in row 2, column 1, its second anchor = row (2 * 4 + 1) * 2 + 1 = 19, at (16, 32).
    outputs[16, 1][19] = 0.9
    outputs[16, 4][19] = [0.5, 1.0, 1.5, 0.25]  # left 8, up 16, right 24, down 4 pixels
    outputs[16, 10][19] = [-0.25, 0, 0.75, 0, 0.25, 0.5, -0.25, 1, 0.75, 1]
    faces = decode(list(outputs.values()), 64, 0.5)
    assert faces.boxes_xywh.tolist() == [[8, 16, 32, 20]]
    assert faces.scores == pytest.approx([0.9])
    # The person's left eye and mouth corner, on the right of the picture, come first.
    assert faces.landmarks[0].tolist() == [[28, 32], [12, 32], [20, 40], [28, 48], [12, 48]]


@pytest.mark.parametrize(("score", "found"), [(0.5, 1), (0.49, 0)])
def test_the_least_score_is_inclusive(score: float, found: int) -> None:
    outputs = nothing()
    outputs[32, 1][0], outputs[32, 4][0] = score, 1
    assert len(decode(list(outputs.values()), 64, 0.5)) == found


def test_the_better_of_two_that_overlap_stays_and_the_best_comes_first() -> None:
    outputs = nothing()
    # Anchors at (0, 0), twice, and at (32, 32); boxes of 32, 32 and 32 pixels to the lower right.
    outputs[32, 1][[0, 1, 6], 0] = [0.6, 0.7, 0.8]
    outputs[32, 4][[0, 1, 6]] = [0, 0, 1, 1]
    faces = decode(list(outputs.values()), 64, 0.5)
    assert faces.boxes_xywh.tolist() == [[32, 32, 32, 32], [0, 0, 32, 32]]
    assert faces.scores == pytest.approx([0.8, 0.7])


def test_outputs_may_come_in_any_order_and_with_an_axis_for_the_picture() -> None:
    outputs = nothing()
    outputs[8, 1][5], outputs[8, 4][5] = 0.9, 1
    plain = decode(list(outputs.values()), 64, 0.5)
    other = decode([output[None] for output in reversed(outputs.values())], 64, 0.5)
    assert plain.boxes_xywh.tolist() == other.boxes_xywh.tolist() == [[8, -8, 16, 16]]


def test_a_network_without_landmarks_is_refused() -> None:
    outputs = [output for (_, n), output in nothing().items() if n != 10]
    with pytest.raises(ShapeError, match="9 arrays"):
        decode(outputs, 64, 0.5)


def test_faces_lie_where_they_are_drawn(networks: Path) -> None:
    image = np.full((320, 480, 3), 64, np.uint8)
    image[120:240, 168:288] = (230, 0, 0)  # 160 pixels of the 640 that the network sees, around (304, 240)
    (faces,) = Scrfd(networks / DETECTOR).detect([image])
    # The nearest cells of stride 32 are (288, 224), (320, 224), (288, 256) and (320, 256), equally well filled.
    centre = faces.boxes_xywh[0, :2] + faces.boxes_xywh[0, 2:] / 2
    assert faces.boxes_xywh[0, 2:] == pytest.approx([120, 120], abs=0.2)  # scaled to 427 rows, not 426.67
    assert np.abs(centre - [228, 180]).max() <= 12.01  # half a cell, in pixels of the picture


def test_other_networks_are_refused_by_name(networks: Path) -> None:
    swapped = Scrfd(networks / EMBEDDER)
    with pytest.raises(EngineError, match="SCRFD failed"):
        swapped.detect([np.zeros((64, 64, 3), np.uint8)])
    with pytest.raises(EngineError, match="ArcFace failed"):
        ArcFace(networks / DETECTOR).embed(np.zeros((1, 112, 112, 3), np.uint8))


# Licence and hashes


def test_without_acceptance_the_terms_and_the_command_are_said(tmp_path: Path, networks: Path) -> None:
    with pytest.raises(EngineError, match=r"non-commercial research.*python -m src models accept insightface") as caught:
        open_engine("insightface", cache_of(tmp_path, networks.parent))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize("layout", ["weights_from", "folder", "home", "zip"])
def test_accepted_files_are_taken_from_where_they_lie(tmp_path: Path, networks: Path, home: Path, layout: str) -> None:
    local: Path | None = networks.parent
    if layout == "folder":
        local = networks
    elif layout == "home":
        (home / ".insightface" / "models").mkdir(parents=True)
        networks.rename(home / ".insightface" / "models" / "buffalo_l")
        local = None
    elif layout == "zip":
        (tmp_path / "usb" / "buffalo_l.zip").write_bytes(zipped(networks))
        networks.rename(tmp_path / "elsewhere")
    cache = cache_of(tmp_path, local)
    accepted = cache.packs.accept("insightface")
    paths, _ = cache.packs.open("insightface")
    assert [path.name for path in paths] == [DETECTOR, EMBEDDER]
    assert set(accepted.sha256) == {DETECTOR, EMBEDDER}
    written = json.loads((tmp_path / "weights" / "buffalo_l" / "accepted.json").read_text())
    assert written["accepted_at"].endswith("+00:00")
    assert written["terms"] == PACK.terms
    assert open_engine("insightface", cache_of(tmp_path)).embedder.dimension == 512


def test_a_file_that_changed_since_is_not_used(tmp_path: Path, networks: Path) -> None:
    cache = cache_of(tmp_path, networks.parent)
    cache.packs.accept("insightface")
    file = tmp_path / "weights" / "buffalo_l" / EMBEDDER
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(WeightsError, match=r"is not the file that was accepted on .*; it is not used"):
        open_engine("insightface", cache)
    file.unlink()
    with pytest.raises(WeightsError, match=r"is missing\. Fetch it again with"):
        open_engine("insightface", cache)
    before = cache.packs.acceptance("insightface")
    assert cache.packs.accept("insightface") == before  # the same files: the old date stays
    open_engine("insightface", cache)


def test_other_files_are_not_accepted_in_silence_and_change_the_id(tmp_path: Path, networks: Path) -> None:
    cache = cache_of(tmp_path, networks.parent)
    cache.packs.accept("insightface")
    before = open_engine("insightface", cache).id
    assert open_engine("insightface", cache).id == before
    write_networks(networks, shift=1.0)
    with pytest.raises(WeightsError, match="has other files than those that were accepted"):
        cache.packs.accept("insightface")
    for file in (tmp_path / "weights" / "buffalo_l").iterdir():
        file.unlink()
    cache.packs.accept("insightface")
    assert open_engine("insightface", cache).id != before


def test_a_record_that_cannot_be_read_is_one_line(tmp_path: Path, networks: Path) -> None:
    cache = cache_of(tmp_path, networks.parent)
    cache.packs.accept("insightface")
    (tmp_path / "weights" / "buffalo_l" / "accepted.json").write_text("{")
    with pytest.raises(WeightsError, match=r"accepted\.json cannot be read. Delete it"):
        open_engine("insightface", cache)


# Download


def zipped(folder: Path, leave_out: str = "") -> bytes:
    """An archive as the publisher has it: a folder with further networks."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.iterdir()):
            if path.name != leave_out:
                archive.write(path, f"buffalo_l/{path.name}")
        archive.writestr("buffalo_l/genderage.onnx", b"not wanted")
        archive.writestr("../../outside.onnx", b"not wanted either")
    return content.getvalue()


@pytest.fixture
def served(networks: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A server of one archive, which a test may change, and its address."""
    content = [zipped(networks)]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content[0])))
            self.end_headers()
            self.wfile.write(content[0])

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/buffalo_l.zip", content
        http.shutdown()
        thread.join()


def packs_from(tmp_path: Path, url: str) -> PackCache:
    cache = cache_of(tmp_path)
    return PackCache(tmp_path / "weights", Silent(), cache._lock, None, (replace(PACK, source=Url(url)),))


def test_the_publishers_archive_is_fetched_and_unpacked(tmp_path: Path, served: tuple[str, list[bytes]]) -> None:
    packs = packs_from(tmp_path, served[0])
    accepted = packs.accept("insightface")
    assert accepted.origin == served[0]
    paths, hashes = packs.open("insightface")
    assert hashes == "\n".join(accepted.sha256.values())
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["accepted.json", DETECTOR, EMBEDDER]
    assert not list((tmp_path / "weights" / ".partial").iterdir())
    assert not list(tmp_path.rglob("outside.onnx"))


def test_an_archive_without_a_network_is_refused(tmp_path: Path, networks: Path, served: tuple[str, list[bytes]]) -> None:
    served[1][0] = zipped(networks, leave_out=EMBEDDER)
    packs = packs_from(tmp_path, served[0])
    with pytest.raises(WeightsError, match=r"buffalo_l\.zip holds no w600k_r50\.onnx"):
        packs.accept("insightface")
    assert packs.acceptance("insightface") is None


def test_a_broken_archive_is_refused(tmp_path: Path, served: tuple[str, list[bytes]]) -> None:
    served[1][0] = b"<html>sorry</html>"
    with pytest.raises(WeightsError, match="is damaged"):
        packs_from(tmp_path, served[0]).accept("insightface")


def test_another_archive_at_the_address_is_refused_later(
    tmp_path: Path, networks: Path, served: tuple[str, list[bytes]]
) -> None:
    packs = packs_from(tmp_path, served[0])
    packs.accept("insightface")
    write_networks(networks, shift=1.0)
    served[1][0] = zipped(networks)
    with pytest.raises(WeightsError, match="has other files than those that were accepted"):
        packs.accept("insightface")
    packs.open("insightface")  # the accepted files are still there


# The command line


def test_the_command_shows_the_terms_and_remembers(
    tmp_path: Path, networks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACEREC_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.setenv("FACEREC_WEIGHTS_FROM", str(networks.parent))
    assert command_line.main(["accept", "insightfac", "--yes"]) == 1
    assert 'Did you mean "insightface"' in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert command_line.main(["accept", "insightface"]) == 1
    assert "was not accepted; nothing was fetched" in capsys.readouterr().err
    assert command_line.main(["accept", "insightface", "--yes"]) == 0
    assert "non-commercial research" in capsys.readouterr().out
    assert command_line.main(["list"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "buffalo_l" in line and "present" in line)
    assert "non-commercial research" in line
    (tmp_path / "weights" / "buffalo_l" / DETECTOR).write_bytes(b"other")
    assert command_line.main(["verify"]) == 1
    assert "insightface: damaged" in capsys.readouterr().out
