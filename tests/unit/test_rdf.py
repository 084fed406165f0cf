"""Addresses in graphs: fragments, escapes, and what a video is called."""

from __future__ import annotations

import base64
import hashlib

import pytest
from rdflib import Graph

from src.export.rdf import Identified, Medium, fragment_of, iri, medium_of, memad_graph, turtle
from src.geometry import whole_pixels
from src.records import Video
from src.schema import Box
from src.video.fragments import parse_fragment


@pytest.mark.parametrize(
    ("box", "pixels"),
    [
        (Box(10.4, 20.6, 30.2, 40.1), (10, 21, 31, 40)),
        (Box(-5.0, -3.0, 20.0, 10.0), (0, 0, 15, 7)),
        (Box(-30.0, 0.0, 20.0, 10.0), (0, 0, 0, 10)),
        (Box(0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_boxes_in_whole_pixels(box: Box, pixels: tuple[int, int, int, int]) -> None:
    assert whole_pixels(box) == pixels


@pytest.mark.parametrize(
    ("medium", "start", "end", "box", "address"),
    [
        ("http://x/a", 1.5, 2.25, Box(1, 2, 3, 4), "http://x/a#t=npt:1.500,2.250&xywh=1,2,3,4"),
        ("http://x/a", 1.0, 1.0, None, "http://x/a#t=npt:1.000"),
        ("http://x/a", 0.0, 9.0, Box(5, 5, 0, 4), "http://x/a#t=npt:0.000,9.000"),
        ("http://x/a#main", 0.0, 9.0, None, "http://x/a#main&t=npt:0.000,9.000"),
    ],
)
def test_fragments(medium: str, start: float, end: float, box: Box | None, address: str) -> None:
    found = fragment_of(medium, start, end, box)
    assert found == address
    read = parse_fragment(found.partition("#")[2])
    assert read.interval.start_npt == start
    assert (read.region is not None) is ("xywh" in address)


def test_addresses_are_escaped_once() -> None:
    assert iri('http://x/a b%20c<>"{}|\\^`\n名?q=é#f[1]') == "http://x/a%20b%20c%3C%3E%22%7B%7D%7C%5C%5E%60%0A名?q=é#f[1]"
    assert iri(iri("a b")) == iri("a b")
    assert iri("a\ud800") == "a%3F"


def test_what_a_video_is_called() -> None:
    digest = hashlib.sha256(b"film").digest()
    local = Video("v", "/films/a.mp4", "/films/a.mp4", "a", checksum=digest.hex())
    assert medium_of(local).uri == "ni:///sha-256;" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert medium_of(Video("v", "http://x/a.mp4", "http://x/a.mp4", "a")).uri == "http://x/a.mp4"
    known = Video("v", "http://x/a.mp4", "http://x/a.mp4", "a", metadata={"media": "http://kg/m", "notice": "http://kg/n"})
    assert medium_of(known) == Medium("http://kg/m", "", "http://kg/n")
    odd = Video("v", "a.mp4", "a.mp4", "a", metadata={"media": {"$gt": ""}, "programme": ["x"]})
    assert medium_of(odd).uri.startswith("urn:uuid:")
    assert medium_of(odd).programme is None


def test_empty_and_odd_graphs_can_be_read_back() -> None:
    assert len(Graph().parse(data=turtle(memad_graph(Medium("http://x/a"), [], "2026-01-01T00:00:00+00:00")))) == 1
    odd = Identified('"""\\" <b> \n\t {名前} 🙂', 0.0, 1.0, 0.5, Box(0, 0, 1, 1), "urn:x:a b")
    graph = memad_graph(Medium("http://x/a", "t"), [odd], "2026-01-01T00:00:00+00:00")
    assert set(Graph().parse(data=turtle(graph))) == set(graph)
