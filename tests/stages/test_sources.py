"""Videos of archives from their address to their appearances: tracked, found again, told of, and limited by fragments."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import pytest

from src import clusterize, tracker
from src.errors import ConfigError, FetchError, ForbiddenAddressError
from src.guard.ranged import RangeLimits
from src.records import Analysis, Status, Track, Video
from src.settings import AntractSettings, DatabaseSettings, FetchSettings, LimecraftSettings, MemadSettings, Settings
from src.verbs import exporting, meta
from src.verbs.bulk.commandline import main as bulk
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


def test_pictures_of_an_archives_video_are_written_by_a_link_of_their_own(
    workspace: Workspace, project: str, tmp_path: Path
) -> None:
    tracker.run(workspace, f"{PROGRAMME}#t=1,2", project, video_speedup=int(EVERY))

    drawn = exporting.write_picture(workspace, project, f"{PROGRAMME}#t=1,2", output=tmp_path / "drawn.mp4")
    clips = exporting.write_clips(workspace, project, f"{PROGRAMME}#t=1,2", tmp_path / "clips")

    assert drawn.n_rows > 0
    assert clips.output.joinpath("clips.csv").is_file()
    assert drawn.video.media.endswith("/moa")


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


def test_a_link_that_holds_no_longer_is_asked_for_anew_and_the_analysis_goes_on(
    workspace: Workspace, project: str, archive: LocalArchive, film: Path
) -> None:
    archive.break_after, archive.statuses = [len(film.read_bytes()) // 2], [0, 401]
    report = tracker.run(workspace, PROGRAMME, project, video_speedup=int(EVERY))

    assert archive.count("GET /api/production/2336/mo/809429/download") == 2
    assert starts(workspace, report) == starts(workspace, tracker.run(workspace, str(film), project, video_speedup=int(EVERY)))


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
    with pytest.raises(ConfigError, match="Nothing is known of"):
        meta.described(workspace, "http://example.org/film.mp4")


def test_the_document_is_enough_for_an_archive_of_ones_own(
    archive: LocalArchive, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What docs/sources.md says of another archive is done, with the address of the endpoint and no other change."""
    written = re.findall(r"```yaml\n(.*?)```", Path("docs/sources.md").read_text(encoding="utf-8"), re.DOTALL)
    block = next(one for one in written if one.startswith("sparql:"))
    config = tmp_path / "config.yaml"
    config.write_text(
        block.replace("https://data.example.org/sparql", archive.endpoint)
        + f"data_dir: {tmp_path}/data\ndatabase: {{uri: 'sqlite:///{tmp_path}/r.db'}}\n"
        + "fetch: {allow_networks: [127.0.0.1/32]}\n"
    )
    archive.login = ("ann", "sesame")
    archive.graph = """
        @prefix dct: <http://purl.org/dc/terms/> . @prefix ma: <http://www.w3.org/ns/ma-ont#> .
        <https://data.example.org/film/7> ma:locator "{address}/film.mp4" ; dct:title "A \\"film\\"" ; dct:date "1958" ;
          ma:features <https://data.example.org/p/1>, <https://data.example.org/p/2> .
        <https://data.example.org/p/1> dct:title "Anna Albers" . <https://data.example.org/p/2> dct:title "Bo, Ben" ."""
    monkeypatch.setenv("FACEREC_SPARQL__ARCHIVES__MINE__USER", "ann")
    monkeypatch.setenv("FACEREC_SPARQL__ARCHIVES__MINE__PASSWORD", "sesame")

    assert meta.main(["show", "--video", "https://data.example.org/film/7", "--config", str(config)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["title"], said["date"], said["connector"]) == ('A "film"', "1958", "mine")
    assert [person["name"] for person in said["people"]] == ["Anna Albers", "Bo, Ben"]
    monkeypatch.setenv("FACEREC_SPARQL__ARCHIVES__MINE__PASSWORD", "wrong-one")
    assert meta.main(["show", "--video", "https://data.example.org/film/7", "--config", str(config)]) == 1
    told = capsys.readouterr().err
    assert 'refuses the user "ann"' in told
    assert "wrong-one" not in told


def test_media_that_want_the_login_of_their_archive_are_tracked(
    workspace: Workspace, project: str, archive: LocalArchive
) -> None:
    archive.media_login = ("ann", "s3same")
    with pytest.raises(FetchError, match="answers 401"):
        tracker.run(workspace, MEDIA, project, video_speedup=int(EVERY))
    own = {"endpoint": archive.endpoint, "media_base": archive.address, "user": "ann", "password": "s3same"}
    settings = workspace.settings.model_copy(update={"antract": AntractSettings(**own)})
    with open_workspace(settings) as opened:
        report = tracker.run(opened, MEDIA, project, video_speedup=int(EVERY))

    assert report.analysis.status is Status.COMPLETE
    database = Path(settings.database.uri.removeprefix("sqlite:///"))
    assert b"s3same" not in b"".join(path.read_bytes() for path in database.parent.glob("facerec.db*"))


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
    assert report.analysis.counts["n_faces_dropped"] == 0


def test_results_of_a_part_leave_those_of_the_whole_alone(workspace: Workspace, project: str, film: Path) -> None:
    whole, part, region = (
        tracker.run(workspace, f"{film}{fragment}", project, video_speedup=int(EVERY))
        for fragment in ("", "#t=npt:1,2", "#xywh=percent:50,50,50,50")
    )

    assert part.output_dir == whole.output_dir.with_name(f"{whole.output_dir.name}#t=1,2")
    assert ":" not in region.output_dir.name
    rows = [len((one.output_dir / "trackers.csv").read_text().splitlines()) for one in (whole, part, region)]
    assert rows[0] > rows[2] > rows[1] > 1
    written = exporting.run(workspace, project, f"{film}#t=1,2", "mot").output
    assert written.parent == part.output_dir


def test_records_may_mean_different_parts_of_one_file(workspace: Workspace, project: str, film: Path, tmp_path: Path) -> None:
    (tmp_path / "tape.mp4").write_bytes(film.read_bytes())
    for name, part in (("first", "t=0,1"), ("second", "t=1,2")):
        text = f"<dc><title>{name}</title><locator>tape.mp4#{part}</locator></dc>"
        (tmp_path / f"{name}.xml").write_text(text, encoding="utf-8")

    found = [
        tracker.run(workspace, str(tmp_path / name), project, video_speedup=int(EVERY)).analysis.fragment
        for name in ("first.xml", "second.xml", "tape.mp4", "tape.mp4#t=3,4", "second.xml#t=1.5,9")
    ]

    assert found == ["t=,1", "t=1,2", "", "t=3,4", "t=1.5,2"]
    with pytest.raises(ConfigError, match="have nothing in common"):
        tracker.run(workspace, str(tmp_path / "first.xml#t=3,4"), project, video_speedup=int(EVERY))


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


@pytest.fixture
def dated(film: Path) -> Path:
    """The film with a moment when it was recorded, and two chapters, one of them without a title."""
    path, tick = film.with_name("dated.mp4"), Fraction(1, 1000)
    with av.open(str(film)) as read, av.open(str(path), "w") as written:
        written.metadata["creation_time"] = "2009-07-26T11:19:00.000000Z"
        source = read.streams.video[0]
        target = written.add_stream_from_template(source)
        chapters = [(0, 1000, {"title": "The \u05e9\u05dd & \U0001f3ac"}), (2000, 4000, {})]
        written.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": tick, "metadata": metadata}
                for number, (start, end, metadata) in enumerate(chapters)
            ]
        )
        for packet in read.demux(source):
            if packet.size:
                packet.stream = target
                written.mux(packet)
    return path


@pytest.mark.parametrize(
    ("fragment", "settled", "frames"),
    [
        ("t=clock:2009-07-26T11:19:01Z,2009-07-26T11:19:02Z", "t=1,2", [(25, 45), (25, 45)]),
        ("t=clock:2009-07-26T13:19:03%2B02:00", "t=3", [(75, 95)]),
        ("id=chapter-2", "t=2,4&id=chapter-2", [(50, 95)]),
        ("t=3&id=chapter-2", "t=3,4&id=chapter-2", [(75, 95)]),
        (
            "id=The%20%D7%A9%D7%9D%20%26%20%F0%9F%8E%AC",
            "t=,1&id=The%20%D7%A9%D7%9D%20%26%20%F0%9F%8E%AC",
            [(0, 20), (0, 20)],
        ),
    ],
)
def test_a_part_by_the_clock_or_by_its_chapter(
    workspace: Workspace, project: str, dated: Path, fragment: str, settled: str, frames: list[tuple[int, int]]
) -> None:
    report = tracker.run(workspace, f"{dated}#{fragment}", project, video_speedup=int(EVERY))

    assert (report.analysis.fragment, starts(workspace, report)) == (settled, frames)
    # It is found by what was typed, and by how it comes back.
    for text in (fragment, settled):
        video, part = find_video(workspace.store, f"{dated}#{text}")
        assert find_analysis(workspace.store, video, "fake", part, project) == report.analysis


def test_a_film_in_pieces_is_tracked_like_the_file(
    workspace: Workspace, project: str, archive: LocalArchive, film: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pieces"
    folder.mkdir()
    options = {"hls_time": "1", "hls_playlist_type": "vod"}
    with av.open(str(film)) as source, av.open(str(folder / "film.m3u8"), "w", options=options) as target:
        pictures = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                target.mux(packet)
    for file in folder.iterdir():
        archive.put(
            f"/{file.name}", file.read_bytes(), "application/vnd.apple.mpegurl" if file.suffix == ".m3u8" else "video/mp2t"
        )

    whole = tracker.run(workspace, str(film), project, video_speedup=int(EVERY))
    pieces = tracker.run(workspace, f"{archive.address}/film.m3u8", project, video_speedup=int(EVERY))
    assert starts(workspace, pieces) == starts(workspace, whole)
    videos = {video.locator: video for video in workspace.store.find(Video)}
    assert videos[f"{archive.address}/film.m3u8"].duration == pytest.approx(videos[str(film)].duration, abs=0.1)

    drawn = exporting.write_picture(workspace, project, f"{archive.address}/film.m3u8", "everyone")
    with av.open(str(drawn.output)) as covered, av.open(str(film)) as before:
        assert sum(1 for _ in covered.decode(video=0)) == sum(1 for _ in before.decode(video=0))


def test_a_local_manifest_with_several_videos_is_tracked_as_so_many(
    workspace: Workspace, dated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"data_dir: {tmp_path}/data\ndatabase: {{uri: 'sqlite:///{tmp_path}/r.db'}}\nengine: fake\n")
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(dated.read_bytes())
    # An empty box at the end makes another file of it.
    (folder / "b.mp4").write_bytes(dated.read_bytes() + b"\0\0\0\x08free")
    canvases = [{"type": "Canvas", "label": name, "items": [{"body": name}]} for name in ("a.mp4", "b.mp4")]
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"type": "Manifest", "label": "All", "items": canvases}))
    flags = ["--project", "p", "--video_speedup", EVERY, "--jobs", "1", "--config", str(config)]

    assert tracker.main(["--video", f"{manifest}#t=0,1", *flags]) == 0
    said = capsys.readouterr().out
    assert f'"All" ({manifest}#t=0,1) stands for 2 videos' in said
    assert "2 videos: 2 analysed" in said

    table = tmp_path / "t.csv"
    table.write_text(f"path,start,end,person\n{manifest},0,1,Anna\n{folder}/none.mp4,,,\n")
    assert (
        bulk(["--project", "p", "--table", str(table), "--video_speedup", EVERY, "--jobs", "1", "--config", str(config)]) == 1
    )
    with (tmp_path / "data/out/p/bulk_t/report.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["segment"], row["line"], row["person"], row["status"]) for row in rows] == [
        ("0", "2", "Anna", "skipped"),
        ("1", "2", "Anna", "skipped"),
        ("2", "3", "", "failed"),
    ]


def test_a_collection_is_tracked_one_by_one_and_what_is_left_out_is_told(
    archive: LocalArchive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        f"data_dir: {tmp_path}/data\ndatabase: {{uri: 'sqlite:///{tmp_path}/r.db'}}\nengine: fake\n"
        "sources: {max_entries: 2}\nfetch: {allow_networks: [127.0.0.1/32]}\n"
    )
    canvas = {"type": "Canvas", "items": [{"body": {"id": f"{archive.address}/film.mp4", "type": "Video"}}]}
    for number in range(3):
        archive.put(f"/{number}/manifest.json", {"type": "Manifest", "label": f"Film {number}", "items": [canvas]})
    items = [{"id": f"{archive.address}/{number}/manifest.json", "type": "Manifest"} for number in range(3)]
    url = archive.put("/manifest.json", {"type": "Collection", "label": "All", "items": items})

    flags = ["--project", "p", "--video_speedup", EVERY, "--jobs", "1", "--config", str(config)]
    assert tracker.main(["--video", url, *flags]) == 0

    said = capsys.readouterr().out
    assert f'"All" ({url}) stands for 2 videos' in said
    assert "1 more are left out: at most 2 are taken (sources.max_entries)" in said
    assert "2 videos: 2 analysed" in said
    assert tracker.main(["--video", f"{url}#t=1,2", *flags]) == 0
    said = capsys.readouterr().out
    assert f"{archive.address}/0/manifest.json#t=1,2 analysed" in said
    assert "2 videos: 2 analysed" in said
    archive.put("/1/manifest.json", "<html>")
    assert tracker.main(["--video", f"{archive.address}/1/manifest.json", *flags]) == 1
    assert "web page instead of data" in capsys.readouterr().err
