"""Weights come from addresses, in as many pieces as it takes; whatever goes wrong is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import WeightsError
from src.models import State
from src.models.download import Url
from tests.unit.models.given import CONTENT, FileServer, left_over, make_cache, make_weights


def test_an_address_is_fetched_whole(tmp_path: Path, server: FileServer) -> None:
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    assert cache.path("net-1").read_bytes() == CONTENT
    assert server.asked == [None]
    assert left_over(tmp_path) == []


def test_a_file_of_unknown_size_is_fetched(tmp_path: Path, server: FileServer) -> None:
    assert make_cache(tmp_path, make_weights(Url(server.url), size=None)).path("net-1").read_bytes() == CONTENT


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path: Path, server: FileServer) -> None:
    server.cut_after = [200_000] * 6  # more often than a connection may break that brings nothing
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    assert cache.path("net-1").read_bytes() == CONTENT
    starts = [int(str(asked).removeprefix("bytes=").rstrip("-")) for asked in server.asked[1:]]
    assert 200_000 - 65_536 < starts[0] <= 200_000
    assert starts == sorted(starts)


def test_a_later_call_goes_on_where_the_last_one_gave_up(tmp_path: Path, server: FileServer) -> None:
    server.cut_after = [131_072, 0, 0, 0, 0]
    cache = make_cache(tmp_path, make_weights(Url(server.url)))
    with pytest.raises(WeightsError, match="the connection breaks again and again"):
        cache.path("net-1")
    assert left_over(tmp_path) == ["net.bin.partial"]
    assert cache.path("net-1").read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=131072-"
    assert left_over(tmp_path) == []


def test_a_server_without_ranges_starts_again(tmp_path: Path, server: FileServer) -> None:
    server.cut_after, server.ranges = [300_000], False
    assert make_cache(tmp_path, make_weights(Url(server.url))).path("net-1").read_bytes() == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT), None], ids=["known size", "unknown size"])
@pytest.mark.parametrize("left", [b"wrong", CONTENT, CONTENT + b"more", b"x" * len(CONTENT)])
def test_what_an_earlier_try_left_does_no_harm(tmp_path: Path, server: FileServer, left: bytes, size: int | None) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.bin.partial").write_bytes(left)
    assert make_cache(tmp_path, make_weights(Url(server.url), size=size)).path("net-1").read_bytes() == CONTENT
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT), b"<html>", b""])
@pytest.mark.parametrize("size", [len(CONTENT), None], ids=["known size", "unknown size"])
def test_another_file_is_never_used(tmp_path: Path, server: FileServer, content: bytes, size: int | None) -> None:
    server.content = content
    cache = make_cache(tmp_path, make_weights(Url(server.url), size=size))
    with pytest.raises(WeightsError, match="it is not used"):
        cache.path("net-1")
    assert cache.state("net-1") is State.ABSENT


def test_a_server_that_says_no_is_quoted(tmp_path: Path, server: FileServer) -> None:
    with pytest.raises(WeightsError, match=r"missing: the server answered 404\."):
        make_cache(tmp_path, make_weights(Url(server.url + "/missing"))).path("net-1")


def test_no_network_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, make_weights(Url("http://127.0.0.1:9/net.bin")))
    with pytest.raises(WeightsError) as caught:
        cache.path("net-1")
    assert "cannot be reached" in str(caught.value)
    assert f"put net.bin into {tmp_path / 'weights'} by hand" in str(caught.value)
    assert "\n" not in str(caught.value)
