"""Names that are no plain file: protocols, playlists, addresses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from src.errors import ConfigError, FetchError, MediaError
from src.video import open_stream
from tests.videos import numbered, with_grain, write_video

from .files import read


@pytest.mark.parametrize(
    "locator",
    ["concat:a.mp4|b.mp4", "ftp://example.org/a.mp4", "file:///etc/hosts", "data://text/plain,hello", "rtsp://h/a", "\0"],
)
def test_other_protocols_are_refused(locator: str) -> None:
    with pytest.raises(MediaError, match=r"only files and|does not exist|cannot be used"):
        open_stream(locator)


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4"])
def test_playlists_are_refused_because_they_open_further_files(tmp_path: Path, name: str) -> None:
    film = write_video(tmp_path / "film.ts", numbered(30))
    playlists = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\n{film.name}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {film.name}\n",
    }
    for text in playlists.values():
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(MediaError, match="is a playlist, not a video"):
            open_stream(str(tmp_path / name))


def test_a_name_with_a_colon_or_a_hash_is_a_file(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", numbered(3))
    odd = path.rename(tmp_path / "concat: reel #3 100%.mp4")

    assert len(list(open_stream(str(odd)).frames())) == 3


def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Choose one of pyav, opencv"):
        open_stream(str(tmp_path / "a.mp4"), "vlc")


class _Media(BaseHTTPRequestHandler):
    """Serves a folder. `/plain/` knows no byte ranges, `/hang/` never answers, `/stall/` stops in the middle.

    `/moved/` leads to the same file, `/leak/` to one on the reader's own disk.
    """

    protocol_version = "HTTP/1.0"

    def __init__(self, root: Path, release: threading.Event, *args: object) -> None:
        self.root, self.release = root, release
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        _, kind, name = self.path.split("?")[0].split("/", 2)
        if kind == "hang":
            self.release.wait(20)
            return
        if kind in ("moved", "leak"):
            self.send_response(302)
            self.send_header("Location", f"/ranges/{name}" if kind == "moved" else f"file://{self.root / name}")
            self.end_headers()
            return
        if not (self.root / name).is_file():
            self.send_error(404)
            return
        self._send((self.root / name).read_bytes(), kind)

    def _send(self, body: bytes, kind: str) -> None:
        ranged = self.headers.get("Range") if kind == "ranges" else None
        first = int(ranged.removeprefix("bytes=").split("-")[0]) if ranged else 0
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        try:
            self.wfile.write(body[first : len(body) * 2 // 3 if kind == "stall" else None])
            if kind == "stall":
                self.wfile.flush()
                self.release.wait(20)
        except OSError:
            pass  # the reader has seen enough


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    release = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Media, tmp_path, release)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        release.set()
        server.shutdown()
        thread.join()


def _noisy(path: Path, **options: str) -> Path:
    return write_video(path, with_grain(numbered(100, (160, 120)), 20), options={"crf": "10"}, container_options=options)


@pytest.mark.parametrize("kind", ["ranges", "moved"])
def test_an_address_is_read_like_a_file(tmp_path: Path, site: str, kind: str) -> None:
    path = _noisy(tmp_path / "a.mp4")  # its index is at the end: needs byte ranges

    with open_stream(f"{site}/{kind}/a.mp4?token=1#t=1", timeout_s=10) as remote, open_stream(str(path)) as local:
        assert read(remote) == read(local)
        assert remote.damage == ""


def test_a_server_without_byte_ranges_will_do_where_the_index_comes_first(tmp_path: Path, site: str) -> None:
    _noisy(tmp_path / "a.mp4", movflags="faststart")

    assert len(read(open_stream(f"{site}/plain/a.mp4", timeout_s=10))) == 100


def test_a_server_without_byte_ranges_and_an_index_at_the_end(tmp_path: Path, site: str) -> None:
    _noisy(tmp_path / "a.mp4")

    with pytest.raises((MediaError, FetchError), match=r"download it first|Check the address"):
        read(open_stream(f"{site}/plain/a.mp4", timeout_s=5))


def test_an_address_that_does_not_exist(site: str) -> None:
    with pytest.raises(FetchError, match=r"the server refused .*404"):
        open_stream(f"{site}/ranges/none.mp4", timeout_s=5)


def test_an_address_that_leads_to_a_file_of_ours_is_not_followed(tmp_path: Path, site: str) -> None:
    write_video(tmp_path / "a.mp4", numbered(3))

    with pytest.raises((FetchError, MediaError), match="/leak/"):
        open_stream(f"{site}/leak/a.mp4", timeout_s=5)


def test_a_page_instead_of_a_video(tmp_path: Path, site: str) -> None:
    (tmp_path / "page.mp4").write_text("<!doctype html><title>Sorry</title>" * 100, encoding="utf-8")

    with pytest.raises(MediaError, match="is no video that can be read from there"):
        open_stream(f"{site}/ranges/page.mp4", timeout_s=5)


def test_a_server_that_never_answers(site: str) -> None:
    with pytest.raises(FetchError, match=r"did not answer within 0\.3 s"):
        open_stream(f"{site}/hang/a.mp4", timeout_s=0.3)


def test_a_server_that_stops_in_the_middle_is_no_damage_of_the_video(tmp_path: Path, site: str) -> None:
    _noisy(tmp_path / "a.mp4", movflags="faststart")
    stream = open_stream(f"{site}/stall/a.mp4", timeout_s=1)

    with pytest.raises(FetchError, match="did not answer within 1 s"):
        read(stream)


def test_nobody_listens() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Media) as server:
        port = server.server_port  # free again once the server is closed

    with pytest.raises(FetchError, match="refuses connections"):
        open_stream(f"http://127.0.0.1:{port}/a.mp4", timeout_s=5)


def test_opencv_reads_no_addresses(site: str) -> None:
    with pytest.raises(MediaError, match='Use "pyav"'):
        open_stream(f"{site}/ranges/a.mp4", "opencv")
