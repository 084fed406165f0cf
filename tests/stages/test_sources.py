"""Videos of archives from their address to their appearances: tracked, found again, told of, and limited by fragments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from src import clusterize, meta, tracker
from src.errors import ConfigError, FetchError, ForbiddenAddressError
from src.guard.ranged import RangeLimits
from src.records import Analysis, Status, Track, Video
from src.settings import AntractSettings, DatabaseSettings, FetchSettings, LimecraftSettings, MemadSettings, Settings
from src.videos import find_analysis, find_video
from src.workspace import Workspace, open_workspace
from tests.servers.archive import ANTRACT_GRAPH, MEMAD_GRAPH, LocalArchive, local_archive
from tests.stages.conftest import EVERY

MEDIA = "http://www.ina.fr/media/AFE86003905"
PROGRAMME = "http://data.memad.eu/fr2/7h30/programme"


@pytest.fixture
def archive(film: Path) -> Iterator[LocalArchive]:
    with local_archive(ANTRACT_GRAPH + MEMAD_GRAPH) as opened:
        opened.put("/Media/AF/AFE86003905.mp4", film.read_bytes(), "video/mp4")
        opened.put("/film.mp4", film.read_bytes(), "video/mp4")
        yield opened


@pytest.fixture
def workspace(tmp_path: Path, archive: LocalArchive) -> Iterator[Workspace]:
    """A workspace whose archives are the local one."""
    settings = Settings(
        data_dir=tmp_path / "data",
        database=DatabaseSettings(uri=f"sqlite:///{tmp_path / 'data' / 'facerec.db'}"),
        fetch=FetchSettings(guarded=True, allow_networks=("127.0.0.1/32",)),
        antract=AntractSettings(endpoint=archive.endpoint, media_base=archive.address),
        memad=MemadSettings(endpoint=archive.endpoint),
        limecraft=LimecraftSettings(address=archive.limecraft, user=archive.account[0], password=archive.account[1]),
    )
    with open_workspace(settings) as opened:
        yield opened


def starts(workspace: Workspace, report: tracker.TrackReport) -> list[tuple[int, int]]:
    tracks = workspace.store.find(Track, analysis_id=report.analysis.analysis_id)
    return [(track.start_frame, track.end_frame) for track in tracks]


def test_an_address_of_antract_is_tracked_and_found_again(workspace: Workspace, project: str) -> None:
    report = tracker.run(workspace, MEDIA, project, video_speedup=int(EVERY))

    assert report.analysis.status is Status.COMPLETE
    video, fragment = find_video(workspace.store, MEDIA)
    assert (video.locator, video.title, video.date) == (MEDIA, "Les Actualités françaises du 18 juin 1958", "1958-06-18")
    assert video.media.endswith("/Media/AF/AFE86003905.mp4")
    assert [segment["title"] for segment in video.metadata["segments"]] == [
        "Sir Winston Churchill à Paris",
        'L\'hommage "éternel"',
    ]
    assert find_analysis(workspace.store, video, "fake", fragment, project) == report.analysis
    assert not tracker.run(workspace, MEDIA, project, video_speedup=int(EVERY)).is_new


def test_a_segment_of_the_archive_limits_the_analysis(workspace: Workspace, project: str) -> None:
    by_name = tracker.run(
        workspace, f"{MEDIA}#id=Sir%20Winston%20Churchill%20%C3%A0%20Paris", project, video_speedup=int(EVERY)
    )

    assert by_name.analysis.fragment == "t=1,2&id=Sir%20Winston%20Churchill%20%C3%A0%20Paris"
    assert starts(workspace, by_name) == [(25, 45), (25, 45)]
    with pytest.raises(ConfigError, match="names no part of this video"):
        tracker.run(workspace, f"{MEDIA}#id=other", project, video_speedup=int(EVERY))


def test_limecraft_plays_a_programme_and_its_link_is_kept_nowhere(
    workspace: Workspace, project: str, archive: LocalArchive
) -> None:
    report = tracker.run(workspace, PROGRAMME, project, video_speedup=int(EVERY))

    assert report.video.media == f"{archive.limecraft}/production/2336/mo/809429/moa"
    database = workspace.settings.database.uri.removeprefix("sqlite:///")
    assert b"s3cret" not in b"".join(path.read_bytes() for path in Path(database).parent.glob("facerec.db*"))


def test_a_stream_that_breaks_is_gone_on_with(workspace: Workspace, project: str, archive: LocalArchive, film: Path) -> None:
    archive.break_after, archive.statuses = [len(film.read_bytes()) // 2], [0, 404, 503]
    report = tracker.run(workspace, f"{archive.address}/film.mp4", project, video_speedup=int(EVERY))

    assert starts(workspace, report) == starts(workspace, tracker.run(workspace, str(film), project, video_speedup=int(EVERY)))


def test_a_stream_that_ends_for_good_is_a_clear_error(
    workspace: Workspace, project: str, archive: LocalArchive, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.video.guarded.RangeLimits", partial(RangeLimits, backoff_s=0.0))
    archive.break_after, archive.statuses = [len(film.read_bytes()) // 2], [0, *[404] * 20]
    with pytest.raises(FetchError, match=r"answers 404 .*in the middle of the file, from byte") as refused:
        tracker.run(workspace, PROGRAMME, project, video_speedup=int(EVERY))
    assert "s3cret" not in str(refused.value) + "".join(one.error for one in workspace.store.find(Analysis))


def test_a_redirect_into_a_private_network_is_refused(workspace: Workspace, project: str, archive: LocalArchive) -> None:
    url = archive.redirect("/moved.mp4", "http://127.0.0.2/film.mp4")
    with pytest.raises(ForbiddenAddressError, match="this machine itself"):
        tracker.run(workspace, url, project)


def test_what_people_wrote_stays_when_a_video_is_tracked_again(workspace: Workspace, project: str) -> None:
    from dataclasses import replace

    video = tracker.run(workspace, MEDIA, project, video_speedup=int(EVERY)).video
    edited = replace(video, title="Our title", date="1958", metadata={**video.metadata, "channel": "Ours"})
    workspace.store.put(edited)
    again = tracker.run(workspace, MEDIA, project, video_speedup=10).video

    assert (again.title, again.date, again.metadata["channel"]) == ("Our title", "1958", "Ours")


def test_meta_fetch_asks_the_archive_anew(workspace: Workspace, project: str, archive: LocalArchive, film: Path) -> None:
    tracker.run(workspace, MEDIA, project, video_speedup=int(EVERY))
    archive.graph = archive.graph.replace("du 18 juin", "de juin").replace("Charles", "Général")
    changed = meta.fetch(workspace, MEDIA)

    assert changed.title == "Les Actualités françaises de juin 1958"
    assert changed == workspace.store.get(Video, changed.video_id)
    assert "De Gaulle, Général" in json.dumps(changed.metadata, ensure_ascii=False)
    tracker.run(workspace, str(film), project, video_speedup=int(EVERY))
    with pytest.raises(ConfigError, match="no archive to ask"):
        meta.fetch(workspace, str(film))


def test_meta_shows_what_an_archive_says_of_a_video_that_nobody_analysed(workspace: Workspace) -> None:
    said = meta.described(workspace, PROGRAMME)

    assert (said["locator"], said["title"], said["channel"]) == (PROGRAMME, "7h30 le journal", "France 2")
    with pytest.raises(ConfigError, match="has not been analysed"):
        meta.described(workspace, "http://example.org/film.mp4")


@pytest.mark.parametrize(
    ("region", "tracks"),
    [
        ("", [(0, 45), (0, 45), (50, 95)]),
        ("xywh=percent:50,50,50,50", [(0, 45), (50, 95)]),
        ("xywh=120,60,72,68", [(0, 45)]),
        ("xywh=pixel:0,0,10,10", []),
    ],
)
def test_a_region_limits_who_is_followed(
    workspace: Workspace, project: str, film: Path, region: str, tracks: list[tuple[int, int]]
) -> None:
    report = tracker.run(workspace, f"{film}#{region}" if region else str(film), project, video_speedup=int(EVERY))

    assert starts(workspace, report) == tracks
    assert report.analysis.fragment == region.replace("pixel:", "")


def test_a_region_outside_of_the_picture_is_an_error(workspace: Workspace, project: str, film: Path) -> None:
    with pytest.raises(ConfigError, match=r"lies outside the picture of .*, which is 192 x 128 pixels"):
        tracker.run(workspace, f"{film}#xywh=500,0,10,10", project)


def test_a_time_by_the_clock_needs_to_know_when_it_was_recorded(workspace: Workspace, project: str, film: Path) -> None:
    with pytest.raises(ConfigError, match="does not say when it was recorded"):
        tracker.run(workspace, f"{film}#t=clock:2009-07-26T11:19:01Z", project)


def test_a_named_analysis_can_be_clusterized_by_its_address(workspace: Workspace, project: str) -> None:
    tracker.run(workspace, f"{MEDIA}#t=smpte-25:0:00:01:00,0:00:02:00", project, video_speedup=int(EVERY))

    with pytest.raises(Exception, match="has no model"):
        clusterize.run(workspace, f"{MEDIA}#t=1,2", project)
