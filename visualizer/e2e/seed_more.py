"""Adds to a seeded store what only some tests want; the server may be at work on it.

python visualizer/e2e/seed_more.py begun FOLDER [SHARE]     a video whose first analysis has come so far; 1 ends it
python visualizer/e2e/seed_more.py hls FOLDER ADDRESS       the film in pieces in FOLDER/hls, as a video of that address
python visualizer/e2e/seed_more.py elsewhere FOLDER ADDRESS    the film as a video of that address
python visualizer/e2e/seed_more.py notice FOLDER            what a catalogue says of the film
python visualizer/e2e/seed_more.py late FOLDER              the clock of the film begins at three seconds
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
from av.container import OutputContainer

from src.records import (
    Analysis,
    Appearance,
    ProjectAccess,
    ProjectVideo,
    Status,
    Track,
    TrackSamples,
    Video,
    stable_id,
)
from src.storage import Store, open_store
from src.video import open_stream


def film(store: Store) -> Video:
    """Return the seeded video."""
    return next(video for video in store.find(Video) if video.title == "boxes")


def tracks_of(store: Store, analysis_id: str) -> list[tuple[Track, TrackSamples]]:
    """Return the seeded tracks as those of another analysis."""
    found = []
    for track in store.find(Track, analysis_id="a"):
        (samples,) = store.find(TrackSamples, analysis_id="a", track_id=track.track_id)
        found.append((replace(track, analysis_id=analysis_id), replace(samples, analysis_id=analysis_id)))
    return found


def add(store: Store, video: Video, analysis: Analysis, n_tracks: int) -> None:
    """Store a video of which some tracks were found."""
    store.put(video, analysis, ProjectAccess("e2e", video.video_id))
    for pair in tracks_of(store, analysis.analysis_id)[:n_tracks]:
        store.put(*pair)


def appear(store: Store, video: Video, analysis_id: str) -> None:
    """Let the same people appear as in the seeded video, so that its analysis counts in the project."""
    for seen in list(store.find(Appearance, project="e2e", analysis_id="a")):
        store.put(replace(seen, analysis_id=analysis_id))
    store.put(ProjectVideo("e2e", video.video_id, "", analysis_id))


def begun(store: Store, _folder: Path, share: str = "0.4") -> None:
    """A first analysis that found one track and, at its end, both."""
    source, is_done = film(store), float(share) >= 1
    analysis = store.get(Analysis, "a")
    assert analysis is not None
    status = Status.COMPLETE if is_done else Status.RUNNING
    begun = replace(analysis, analysis_id="begun", video_id="0" * 16, status=status, progress=float(share))
    video = replace(source, video_id="0" * 16, locator=f"{source.locator}#again", folder="begun", title="begun")
    add(store, video, begun, 2 if is_done else 1)
    if is_done:
        appear(store, video, "begun")


def hls(store: Store, folder: Path, address: str) -> None:
    """The film as it is served by archives: pieces of two seconds, and a list of them."""
    source = film(store)
    (folder / "hls").mkdir()
    options = {"hls_time": "2", "hls_playlist_type": "vod", "hls_list_size": "0"}
    with av.open(str(folder / "hls" / "film.m3u8"), "w", format="hls", options=options) as pieces:
        copy(source.media, pieces)
    elsewhere(store, folder, address, "hls")


def copy(media: str, target: OutputContainer, later_s: int = 0) -> None:
    """Write the pictures of a film into another container, by so much later."""
    with av.open(media) as whole:
        stream = whole.streams.video[0]
        written = target.add_stream_from_template(stream)
        for packet in whole.demux(stream):
            if packet.dts is not None and packet.pts is not None:
                later = int(later_s / packet.time_base)
                packet.stream, packet.dts, packet.pts = written, packet.dts + later, packet.pts + later
                target.mux(packet)


def elsewhere(store: Store, _folder: Path, address: str, name: str = "elsewhere") -> None:
    """The film as a video that lies at an address."""
    analysis = store.get(Analysis, "a")
    assert analysis is not None
    video_id = stable_id(address)
    video = replace(film(store), video_id=video_id, locator=address, media=address, folder=name, title=name, checksum="")
    add(store, video, replace(analysis, analysis_id=name, video_id=video_id), 2)
    appear(store, video, name)


def notice(store: Store, _folder: Path) -> None:
    """A programme with two segments."""
    segments = [
        {"start": 1, "end": 4, "title": "The visit", "people": ["Ace, Ann"]},
        {"start": 4, "end": 9, "title": "Sport"},
    ]
    guest = {"name": "Zoe Zett", "uri": "http://archive.example/person/3", "role": "presenter"}
    known = {"channel": "Channel 1", "notice": "http://archive.example/notice/7", "people": [guest], "segments": segments}
    store.put(replace(film(store), date="1962-09-05", metadata=known))


def late(store: Store, folder: Path) -> None:
    """The same film, whose file counts from three seconds on."""
    source = film(store)
    path = folder / f"late{Path(source.media).suffix}"
    with av.open(str(path), "w") as target:
        copy(source.media, target, 3)
    with open_stream(str(path)) as stream:
        store.put(replace(source, media=str(path), start_time=stream.info.start_time))


def main(name: str, folder: str, *rest: str) -> None:
    """Do what the first word says."""
    path = Path(folder).resolve()
    with open_store(f"sqlite:///{path / 'data' / 'facerec.db'}") as store:
        {"begun": begun, "hls": hls, "elsewhere": elsewhere, "notice": notice, "late": late}[name](store, path, *rest)


if __name__ == "__main__":
    arguments: Sequence[str] = sys.argv[1:]
    main(*arguments)
