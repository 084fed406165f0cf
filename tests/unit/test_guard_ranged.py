"""A remote file read in ranges: like a local one, through broken connections, and never past its limits."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import FetchError, ForbiddenAddressError, ForbiddenPathError, MediaError
from src.guard import Guard
from src.guard.ranged import RangedFile, RangeLimits
from src.video import open_stream
from src.video.guarded import GuardedAddress, named_by_client
from tests.videos import number_of, numbered, write_video

LOCAL = Guard.of([], ["127.0.0.1/32"])
DATA = np.random.default_rng(3).bytes(1_000_000)
QUICK = RangeLimits(timeout_s=5, backoff_s=0.0)


@dataclass
class FileServer:
    """One file, and how the server misbehaves.

    Attributes:
        ranges: Whether it knows byte ranges.
        break_after: Bytes after which each answer breaks off, one entry an answer; whole answers then.
        statuses: Answers to begin with, before the file comes; 0 for the file itself.
    """

    data: bytes = DATA
    ranges: bool = True
    kind: str = "video/mp4"
    etag: str = '"1"'
    length: bool = True
    wrong_range: str = ""
    break_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    redirects: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.headers.get("Range", ""))
        status = self.statuses.pop(0) if self.statuses else 0
        if status:
            handler.send_error(status)
            return
        if self.redirects:
            handler.send_response(302)
            handler.send_header("Location", self.redirects.pop(0))
            handler.end_headers()
            return
        first = int(self.asked[-1].removeprefix("bytes=").split("-")[0]) if self.ranges else 0
        handler.send_response(206 if self.ranges else 200)
        if self.ranges:
            span = self.wrong_range or f"bytes {first}-{len(self.data) - 1}/{len(self.data)}"
            handler.send_header("Content-Range", span)
        handler.send_header("ETag", self.etag)
        handler.send_header("Content-Type", self.kind)
        if self.length:
            handler.send_header("Content-Length", str(len(self.data) - first))
        handler.end_headers()
        stop = first + self.break_after.pop(0) if self.break_after else None
        try:
            handler.wfile.write(self.data[first:stop])
        except OSError:
            return  # the reader went elsewhere


@contextmanager
def serving(file: FileServer) -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        file.url = f"http://127.0.0.1:{server.server_port}/film.mp4"
        yield file
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(server: FileServer, **limits: Any) -> RangedFile:
    return RangedFile(server.url, LOCAL, RangeLimits(timeout_s=5, backoff_s=0.0, **limits))


def test_is_read_to_its_end() -> None:
    with serving(FileServer()) as server, opened(server) as file:
        assert (file.size, file.seekable()) == (len(DATA), True)
        assert file.read() == DATA
        assert file.read(10) == b""
        assert server.asked == ["bytes=0-"]


def test_never_gives_more_than_was_asked_for() -> None:
    with serving(FileServer()) as server, opened(server) as file:
        while file.tell() < len(DATA):
            assert 0 < len(file.read(777)) <= 777


@pytest.fixture(scope="module")
def shared() -> Iterator[FileServer]:
    with serving(FileServer()) as server:
        yield server


Steps = Sequence[tuple[str, int, int]]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("read"), st.integers(0, 400_000), st.just(0)),
            st.tuples(st.just("seek"), st.integers(0, 1_100_000), st.just(io.SEEK_SET)),
            st.tuples(st.just("seek"), st.integers(-300_000, 300_000), st.just(io.SEEK_CUR)),
            st.tuples(st.just("seek"), st.integers(-1_000_000, 10), st.just(io.SEEK_END)),
        ),
        max_size=12,
    )
)
def test_goes_to_and_fro_like_a_local_file(shared: FileServer, steps: Steps) -> None:
    local = io.BytesIO(DATA)
    with opened(shared) as file:
        for what, number, whence in steps:
            if what == "seek":
                wanted = {io.SEEK_SET: 0, io.SEEK_CUR: local.tell(), io.SEEK_END: len(DATA)}[whence] + number
                if wanted < 0:
                    with pytest.raises(OSError, match="no such place"):
                        file.seek(number, whence)
                    continue
                assert file.seek(number, whence) == local.seek(wanted)
                continue
            data = file.read(number)
            assert data == local.read(len(data))
            assert data or not number or local.tell() >= len(DATA)
        assert file.tell() == local.tell()


def test_reads_on_where_a_connection_broke() -> None:
    server = FileServer(break_after=[100_000, 0, 0, 50_000, 200_000])
    with serving(server), opened(server) as file:
        assert file.read() == DATA
    assert server.asked == ["bytes=0-", "bytes=100000-", "bytes=100000-", "bytes=100000-", "bytes=150000-", "bytes=350000-"]


def test_a_busy_server_is_asked_again() -> None:
    server = FileServer(statuses=[503, 429, 500])
    with serving(server), opened(server) as file:
        assert file.read(10) == DATA[:10]


def test_gives_up_in_the_end() -> None:
    server = FileServer(break_after=[10, *[0] * 20])
    with serving(server), opened(server, retries=2) as file:
        assert file.read(100) == DATA[:10]
        with pytest.raises(FetchError, match="broke off"):
            file.read(100)
    assert len(server.asked) == 3


def test_pauses_grow() -> None:
    server, pauses = FileServer(statuses=[503] * 3), list[float]()
    with serving(server), RangedFile(server.url, LOCAL, RangeLimits(backoff_s=0.5), sleep=pauses.append) as file:
        assert file.size == len(DATA)
    assert pauses == [0.5, 1.0, 2.0]


def test_does_not_go_on_with_another_file() -> None:
    server = FileServer(break_after=[1000])
    with serving(server), opened(server) as file:
        assert file.read(1000) == DATA[:1000]
        server.etag = '"2"'
        with pytest.raises(FetchError, match="has changed"):
            file.read(1000)


def test_every_new_connection_asks_the_guard() -> None:
    """Also in the middle of a file: a server that redirects its later parts inside is not followed."""
    server = FileServer(break_after=[1000])
    with serving(server), opened(server) as file:
        assert file.read(1000) == DATA[:1000]
        server.redirects = ["http://169.254.169.254/latest/"]
        with pytest.raises(ForbiddenAddressError, match="link-local"):
            file.read(1000)


def test_without_ranges_it_is_read_from_the_beginning() -> None:
    with serving(FileServer(ranges=False)) as server, opened(server) as file:
        assert not file.seekable()
        assert file.read() == DATA
        with pytest.raises(OSError, match="byte ranges"):
            file.seek(0)


def test_without_ranges_there_is_no_going_on() -> None:
    server = FileServer(ranges=False, break_after=[1000])
    with serving(server), opened(server) as file:
        assert file.read(1000) == DATA[:1000]
        with pytest.raises(FetchError, match="broke off"):
            file.read(1000)
    assert len(server.asked) == 1


def test_without_a_length_it_ends_where_it_ends() -> None:
    with serving(FileServer(ranges=False, length=False)) as server, opened(server) as file:
        assert file.size is None
        assert file.read() == DATA


def test_too_large() -> None:
    with serving(FileServer()) as server, pytest.raises(FetchError, match="larger than 999999"):
        opened(server, max_bytes=999_999)
    with serving(FileServer(ranges=False, length=False)) as server:
        file = opened(server, max_bytes=5000)
        with file, pytest.raises(FetchError, match="larger than 5000"):
            file.read()


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "image/png", "application/x-mpegURL"])
def test_of_another_kind(kind: str) -> None:
    with serving(FileServer(kind=kind)) as server, pytest.raises(FetchError, match="not one of video/"):
        opened(server)


@pytest.mark.parametrize(
    "span", ["bytes 5-10/1000000", "bytes */1000000", "bytes 0-10/*", "lines 0-1/2", "bytes 0-9/" + "9" * 30]
)
def test_a_server_that_sends_another_part(span: str) -> None:
    with serving(FileServer(wrong_range=span)) as server, pytest.raises(FetchError, match="part"):
        opened(server)


def test_a_server_that_drips() -> None:
    """By the clock of the test each wait takes 25 s: in time by itself, too slow for the bytes it brings."""
    times = iter(range(0, 10_000, 25))
    with serving(FileServer()) as server:
        file = RangedFile(server.url, LOCAL, RangeLimits(min_bytes_per_s=1000), clock=lambda: float(next(times)))
        with file, pytest.raises(FetchError, match="less than 1000 bytes a second"):
            for _ in range(10):
                file.read(10)


def test_the_time_between_readings_does_not_count() -> None:
    now = [0.0]
    with serving(FileServer()) as server:
        file = RangedFile(server.url, LOCAL, RangeLimits(min_bytes_per_s=1000), clock=lambda: now[0])
        for _ in range(10):
            assert file.read(10)
            now[0] += 3600
        file.close()


def test_not_inside() -> None:
    with serving(FileServer()) as server, pytest.raises(ForbiddenAddressError, match="this machine itself"):
        RangedFile(server.url, Guard())
    assert server.asked == []


class TestVideo:
    """Videos through the guard."""

    @pytest.fixture
    def film(self, tmp_path: Path) -> bytes:
        return write_video(tmp_path / "film.mp4", numbered(50)).read_bytes()

    @pytest.mark.parametrize("ranges", [True, False])
    def test_is_read_like_a_file(self, tmp_path: Path, ranges: bool) -> None:
        film = write_video(tmp_path / "film.mkv", numbered(50)).read_bytes()
        with serving(FileServer(film, ranges=ranges)) as server:
            stream = open_stream(server.url, guard=LOCAL)
            assert [number_of(frame.rgb()) for frame in stream.frames()] == list(range(50))
            stream.close()

    def test_an_index_at_the_end_is_gone_to(self, film: bytes) -> None:
        assert film.rfind(b"moov") > film.find(b"mdat")
        with serving(FileServer(film)) as server:
            stream = open_stream(server.url, guard=LOCAL)
            assert sum(1 for _ in stream.frames()) == 50
            stream.close()

    def test_goes_on_after_broken_connections(self, film: bytes) -> None:
        with serving(FileServer(film, break_after=[len(film) // 3] * 6)) as server:
            stream = open_stream(server.url, guard=LOCAL)
            assert sum(1 for _ in stream.frames()) == 50
            assert stream.n_damaged == 0
            stream.close()

    def test_a_server_that_is_gone_midway_is_no_damaged_video(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("src.video.guarded.RangeLimits", partial(RangeLimits, backoff_s=0.0))
        film = write_video(tmp_path / "film.mkv", numbered(900, (320, 240))).read_bytes()
        with serving(FileServer(film)) as server:
            stream = open_stream(server.url, guard=LOCAL)
            server.break_after, server.statuses = [len(film) // 2], []
            frames = stream.frames()
            next(frames)
            server.statuses = [404] * 10
            with pytest.raises(FetchError, match="answers 404"):
                for _ in frames:
                    pass
            stream.close()

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9/a.mp4", "http://[::1]/a.mp4", "http://2130706433/a.mp4", "http://169.254.169.254/a.mp4"]
    )
    def test_inside_is_not_opened(self, url: str) -> None:
        with pytest.raises(ForbiddenAddressError):
            open_stream(url, guard=Guard())

    def test_a_redirect_inside_is_not_followed(self, film: bytes) -> None:
        server = FileServer(film, redirects=["http://127.0.0.2/film.mp4"])
        with serving(server), pytest.raises(ForbiddenAddressError):
            open_stream(server.url, guard=LOCAL)

    def test_a_name_that_changes_its_mind(self, film: bytes) -> None:
        """Each opening resolves anew, and judges what it was told this time."""
        answers = ["127.0.0.1", "127.0.0.1", "10.0.0.1"]
        guard = Guard(allow_networks=LOCAL.allow_networks, resolve=lambda host, port: [answers.pop(0)])
        with serving(FileServer(film)) as server:
            stream = open_stream(server.url.replace("127.0.0.1", "films.example"), guard=guard)
            with pytest.raises(ForbiddenAddressError):
                for _ in range(3):
                    next(iter(stream.frames()))
            stream.close()

    def test_a_playlist_opens_nothing_further(self, tmp_path: Path) -> None:
        (tmp_path / "secret.ts").write_bytes(b"secret")
        lists = (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n", b"ffconcat version 1.0\nfile secret.ts\n")
        for text in lists:
            with serving(FileServer(text)) as server, pytest.raises(MediaError):
                open_stream(server.url, guard=LOCAL)

    def test_without_a_guard_any_address_is_read(self, film: bytes) -> None:
        with serving(FileServer(film)) as server:
            open_stream(server.url).close()

    def test_an_address_stays_a_text(self) -> None:
        address = GuardedAddress("http://a.example/b")
        assert address == "http://a.example/b"
        assert address.guard == Guard()


class TestNamedByClient:
    """What a client may name as a video."""

    def test_addresses(self) -> None:
        assert named_by_client("https://a.example/b.mp4#t=1,2", Guard(), []) == "https://a.example/b.mp4#t=1,2"
        for given_ in ("http://127.0.0.1/", "HTTP://[::1]/", "http:/127.0.0.1", "https:example.org", "ftp://a.example/"):
            with pytest.raises((ForbiddenAddressError, ForbiddenPathError)):
                named_by_client(given_, Guard(), [])

    def test_files(self, tmp_path: Path) -> None:
        folder = tmp_path / "video"
        folder.mkdir()
        for name in ("a.mp4", "b#1.mp4"):
            (folder / name).write_bytes(b"x")
        (tmp_path / "secret.mp4").write_bytes(b"x")
        (folder / "link.mp4").symlink_to(tmp_path / "secret.mp4")
        real = folder.resolve()

        assert named_by_client("a.mp4#t=1,2", Guard(), [folder]) == f"{real / 'a.mp4'}#t=1,2"
        assert named_by_client("b#1.mp4#t=1", Guard(), [folder]) == f"{real / 'b#1.mp4'}#t=1"
        assert named_by_client(str(folder / "a.mp4"), Guard(), [folder]) == str(real / "a.mp4")
        for bad in ("../secret.mp4", "link.mp4", str(tmp_path / "secret.mp4"), "c.mp4", "file:a.mp4", "concat:a.mp4|a.mp4", ""):
            with pytest.raises(ForbiddenPathError):
                named_by_client(bad, Guard(), [folder])


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_gone_for_a_moment_is_gone_on_with(status: int) -> None:
    with serving(FileServer(break_after=[1000], statuses=[0, status, status])) as server, opened(server) as file:
        assert file.read() == DATA
        assert server.asked == ["bytes=0-", "bytes=1000-", "bytes=1000-", "bytes=1000-"]


def test_a_file_that_stays_away_is_an_error_that_says_where() -> None:
    with serving(FileServer(break_after=[1000], statuses=[0, *[404] * 10])) as server, opened(server) as file:
        with pytest.raises(FetchError, match="answers 404 Not Found in the middle of the file, from byte 1000 on"):
            file.read()
        assert len(server.asked) == 1 + QUICK.retries


def test_a_file_that_was_never_there_is_not_asked_for_again() -> None:
    with serving(FileServer(statuses=[404] * 10)) as server:
        with pytest.raises(FetchError, match="answers 404"):
            opened(server)
        assert len(server.asked) == 1
