"""Films in pieces: read like the file that they were made of, each piece through the guard."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.errors import FetchError, ForbiddenAddressError, MediaError
from src.guard import Guard
from src.guard.pieces import Piece, PiecedFile, fetch_list
from src.guard.ranged import RangeLimits
from src.schema import Interval
from src.video import open_stream
from tests.servers.archive import LocalArchive, local_archive
from tests.videos import number_of, numbered, write_video

LOCAL = Guard.of([], ["127.0.0.1/32"])
QUICK = RangeLimits(timeout_s=5, backoff_s=0.0)
LIST = "application/vnd.apple.mpegurl"
N_FRAMES = 75
FORMS = {
    "mpegts": {"hls_segment_type": "mpegts"},
    "fmp4": {"hls_segment_type": "fmp4", "hls_fmp4_init_filename": "init.mp4"},
    "ranges": {"hls_segment_type": "mpegts", "hls_flags": "single_file"},
    "fmp4 ranges": {"hls_segment_type": "fmp4", "hls_flags": "single_file"},
}
END = "#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n"


@pytest.fixture
def archive() -> Iterator[LocalArchive]:
    with local_archive() as opened:
        yield opened


def put_film(archive: LocalArchive, folder: Path, form: str) -> str:
    """Write a film in pieces of a second, put it on the server, and return the address of its list."""
    options = {"hls_time": "1", "hls_playlist_type": "vod", **FORMS[form]}
    write_video(folder / "film.m3u8", numbered(N_FRAMES), options={"g": "25", "sc_threshold": "0"}, container_options=options)
    for file in folder.iterdir():
        archive.put(f"/{file.name}", file.read_bytes(), LIST if file.suffix == ".m3u8" else "video/mp2t")
    return f"{archive.address}/film.m3u8"


@pytest.mark.parametrize("form", FORMS)
def test_it_is_read_like_the_file_that_it_was(archive: LocalArchive, tmp_path: Path, form: str) -> None:
    url = put_film(archive, tmp_path, form)

    with open_stream(url, guard=LOCAL) as stream:
        assert stream.info.duration == pytest.approx(3.0, abs=0.05)
        found = [(number_of(frame.rgb()), round(frame.npt, 3)) for frame in stream.frames()]
        part = [number_of(frame.rgb()) for frame in stream.frames(Interval(1.0, 2.0))]

    assert found == [(number, round(number / 25, 3)) for number in range(N_FRAMES)]
    assert part == list(range(25, 50))
    assert archive.count("GET /film.m3u8") > 0


def test_a_list_that_only_its_content_type_tells(archive: LocalArchive, tmp_path: Path) -> None:
    put_film(archive, tmp_path, "mpegts")
    url = archive.put("/media/7", (tmp_path / "film.m3u8").read_bytes().replace(b"film", b"../film"), LIST)
    with open_stream(url, guard=LOCAL) as stream:
        assert sum(1 for _ in stream.frames()) == N_FRAMES


def test_a_connection_that_breaks_is_gone_on_with_and_a_missing_piece_is_named(archive: LocalArchive, tmp_path: Path) -> None:
    url = put_film(archive, tmp_path, "mpegts")
    with PiecedFile(url, LOCAL, QUICK) as file:
        whole = file.read()
    archive.break_after += [100, 7]
    with PiecedFile(url, LOCAL, QUICK) as file:
        assert file.read() == whole
        assert (file.tell(), file.seekable()) == (len(whole), False)
        assert file.seek(0) == 0
        assert file.read(10) == whole[:10]
        with pytest.raises(io.UnsupportedOperation, match="read from its beginning"):
            file.seek(5)
    archive.statuses += [0, 404]
    with PiecedFile(url, LOCAL, QUICK) as file, pytest.raises(FetchError, match=r"film1\.ts: answers 404"):
        file.read()
    with PiecedFile(url, LOCAL, RangeLimits(max_bytes=len(whole) - 1)) as file, pytest.raises(FetchError, match="is larger"):
        file.read()


def test_of_several_qualities_the_best_that_is_not_larger_than_needed(archive: LocalArchive) -> None:
    qualities = [
        ('BANDWIDTH=64000,CODECS="mp4a.40.2"', "sound"),
        ('BANDWIDTH=800000,RESOLUTION=640x360,CODECS="avc1.4d401e,mp4a.40.2"', "small"),
        ("AVERAGE-BANDWIDTH=1,BANDWIDTH=5000000,RESOLUTION=1920x1080", "large"),
        ("BANDWIDTH=20000000,RESOLUTION=3840x2160", "larger"),
    ]
    lines = [f"#EXT-X-STREAM-INF:{said}\n{name}/list.m3u8\n" for said, name in qualities]
    for _, name in qualities:
        archive.put(f"/{name}/list.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{END}", LIST)

    def chosen(*which: int) -> str:
        url = archive.put("/film.m3u8", "\ufeff#EXTM3U\r\n\r\n" + "".join(lines[number] for number in which), LIST)
        return fetch_list(url, LOCAL, 5.0).pieces[0].url.rsplit("/", 2)[1]

    assert [chosen(0, 1, 2, 3), chosen(1, 0), chosen(3, 0), chosen(0)] == ["large", "small", "larger", "sound"]


def test_ranges_of_one_file_are_asked_for_once(archive: LocalArchive) -> None:
    text = (
        '#EXTM3U\n#EXT-X-MAP:URI="f.mp4",BYTERANGE="700@0"\n#EXTINF:2.5,title, with comma\n#EXT-X-BYTERANGE:100@700\nf.mp4\n'
        "#EXTINF:2,\n#EXT-X-BYTERANGE:50\nf.mp4\n#EXTINF:1,\n#EXT-X-BYTERANGE:10@5000\nf.mp4\n#EXT-X-ENDLIST\n"
    )
    found = fetch_list(archive.put("/a.m3u8", text, LIST), LOCAL, 5.0)
    file = f"{archive.address}/f.mp4"
    assert (found.pieces, found.duration_s) == ((Piece(file, 0, 850), Piece(file, 5000, 10)), 5.5)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html>", r"is no list of pieces \(HLS\)"),
        ("", "does not begin with #EXTM3U"),
        ("#EXTM3U\n#EXTINF:2,\na.ts\n", "is broadcast live"),
        ("#EXTM3U\n#EXT-X-ENDLIST\n", "is a list without pieces"),
        (f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n{END}', r"is encrypted \(#EXT-X-KEY\), which is not read\. Download it"),
        (f"#EXTM3U\n#EXT-X-DISCONTINUITY\n{END}", "put together of several films"),
        (f"#EXTM3U\n#EXTINF:soon,\nb.ts\n{END}", "says that a piece lasts 'soon'"),
        (f"#EXTM3U\n#EXT-X-BYTERANGE:x\n{END}", "names a range of bytes 'x'"),
        (f"#EXTM3U\n#EXT-X-BYTERANGE:10\n{END}", "names a range of bytes '10'"),
        (f"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n{END}", r"names a piece 'file:///etc/passwd', which is no http\(s\)"),
        (f"#EXTM3U\n#EXT-X-MAP:URI=\"concat:a|b\"\n{END}", r"which is no http\(s\) address"),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nfilm.m3u8\n", "deeper than any film's"),
        ("#EXTM3U\n" + "#EXTINF:1,\na.ts\n" * 50_001 + END, "has more than 50000 pieces"),
    ],
)  # fmt: skip
def test_lists_that_are_not_read_say_what_to_do(archive: LocalArchive, text: str, why: str) -> None:
    url = archive.put("/film.m3u8", text, LIST)
    with pytest.raises((FetchError, MediaError), match=why), open_stream(url, guard=LOCAL):
        pass


@pytest.mark.parametrize(
    "piece", ["http://10.0.0.1/a.ts", "http://169.254.169.254/latest", "http://localhost:1/a.ts", "/moved.ts"]
)
def test_a_piece_in_a_private_network_is_not_fetched(archive: LocalArchive, piece: str) -> None:
    archive.redirect("/moved.ts", "http://10.0.0.1/a.ts")
    url = archive.put("/film.m3u8", f"#EXTM3U\n#EXTINF:1,\n{piece}\n#EXT-X-ENDLIST\n", LIST)
    with pytest.raises(ForbiddenAddressError), open_stream(url, guard=LOCAL):
        pass


def test_a_list_in_dash_says_what_to_do(archive: LocalArchive) -> None:
    url = archive.put("/film.mpd", "<MPD/>", "application/dash+xml")
    with pytest.raises(FetchError, match=r"in pieces \(DASH\), which are not read\. Download it, and give the file"):
        open_stream(url, guard=LOCAL)
