"""The store that measurements begin from, and the measurement of the service itself, both small."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.load import QUESTIONS, Words, asked_for, filled, main, table
from evaluation.load_clients import Asked, ask
from evaluation.material.seeding import Sizes, describe, seed
from src.errors import ConfigError
from src.records import Analysis, Appearance, Project, Status, Track, TrackSamples, UnknownTrack, Video
from src.storage import open_store
from src.videos import find_analysis, find_video, read_embeddings, read_samples
from src.workspace import Workspace
from tests.contract.samples import assert_same

SMALL = Sizes(n_videos=3, n_tracks=50, n_long_tracks=20, n_people=4, n_unknown=3)


class TestSeed:
    def test_looks_as_if_every_stage_had_run(self, workspace: Workspace) -> None:
        store = workspace.store
        library = seed(store, SMALL)
        assert (store.count(Video), store.count(Track), store.count(Project)) == (3, 50, 1)
        assert library.n_tracks == 50
        for video in library.videos:
            found, fragment = find_video(store, video.locator)
            analysis = find_analysis(store, found, "sface", fragment, library.project)
            assert (analysis.status, analysis.counts["n_tracks"]) == (
                Status.COMPLETE,
                store.count(Track, analysis_id=analysis.analysis_id),
            )
            embeddings = read_embeddings(store, analysis.analysis_id)
            assert embeddings is not None
            assert set(embeddings.track_ids) == {
                track.track_id for track in store.find(Track, analysis_id=analysis.analysis_id)
            }

    def test_tracks_agree_with_their_samples_and_appearances(self, workspace: Workspace) -> None:
        store = workspace.store
        library = seed(store, SMALL)
        for track in store.find(Track, analysis_id=library.long_analysis):
            samples = read_samples(store, track)
            assert len(samples.npt) == track.n_samples
            assert (samples.npt[0], samples.npt[-1]) == (track.start_npt, track.end_npt)
            appearance = store.get(Appearance, library.project, library.long_analysis, track.track_id)
            assert appearance is not None
            assert (appearance.start_npt, appearance.end_npt) == (track.start_npt, track.end_npt)
            unknown = store.get(UnknownTrack, library.project, library.long_analysis, track.track_id)
            assert appearance.unknown_id == (unknown.unknown_id if unknown else None)

    def test_first_track_of_the_long_video_lasts_three_hours(self, workspace: Workspace) -> None:
        library = seed(workspace.store, SMALL)
        track = workspace.store.get(Track, library.long_analysis, 1)
        assert track is not None
        assert (track.start_npt, track.n_samples) == (0, 3 * 3600)
        assert workspace.store.count(TrackSamples, analysis_id=library.long_analysis, track_id=1) == 11

    def test_is_the_same_each_time_and_known_without_looking(self, workspace: Workspace, tmp_path: Path) -> None:
        library = seed(workspace.store, SMALL)
        assert describe(SMALL) == library
        with open_store(f"sqlite:///{tmp_path / 'other.db'}") as other:
            seed(other, SMALL)
            for kind in (Video, Analysis, Track, TrackSamples, Appearance):
                for one, two in zip(workspace.store.find(kind), other.find(kind), strict=True):
                    assert_same(one, two)


class _Answers(socketserver.StreamRequestHandler):
    """Answers `/slow/N` in two pieces, `/chunked` without a length, `/gone` not at all, and all else at once."""

    def handle(self) -> None:
        while (line := self.rfile.readline()) and line.startswith(b"GET "):
            while self.rfile.readline().strip():
                pass
            path = line.split()[1].decode()
            self.server.paths.append(path)  # type: ignore[attr-defined]
            if path == "/gone":
                return
            length = b"" if path == "/chunked" else b"Content-Length: 5\r\n"
            head = b"HTTP/1.1 " + (b"404 Not Found" if path == "/no" else b"200 OK") + b"\r\n" + length + b"\r\n"
            for piece in (head[:9], head[9:] + b"he", b"llo") if path.startswith("/slow") else (head + b"hello",):
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(0.01 if path.startswith("/slow") else 0)


@pytest.fixture
def paths_and_url() -> Iterator[tuple[list[str], str]]:
    """A server, and what it was asked for."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answers) as server:
        server.daemon_threads = True
        server.paths = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.paths, f"http://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


class TestClients:
    def test_count_bytes_statuses_and_times(self, paths_and_url: tuple[list[str], str]) -> None:
        paths, url = paths_and_url
        asked = ask(url, "q", [["/slow/1", "/no"], ["/fast"]], 0.2)
        assert asked.n == len(paths)
        assert (asked.statuses[404], asked.statuses[0]) == (paths.count("/no"), 0)
        assert len(asked.seconds) == asked.statuses[200] == asked.n - paths.count("/no")
        assert set(paths) == {"/slow/1", "/no", "/fast"}
        assert asked.n_bytes == 43 * asked.statuses[200] + 50 * asked.statuses[404]
        # The last piece of a slow answer comes 20 ms after its first one at least: what is timed ends with it.
        assert sorted(asked.seconds)[-paths.count("/slow/1") :][0] >= 0.02
        assert asked.wall_s >= 0.2

    @pytest.mark.parametrize("path", ["/gone", "/chunked"])
    def test_go_on_where_there_is_no_answer(self, paths_and_url: tuple[list[str], str], path: str) -> None:
        paths, url = paths_and_url
        asked = ask(url, "q", [[path, "/fast"]], 0.2)
        assert asked.statuses[0] == asked.n_wrong == paths.count(path) > 0
        assert asked.statuses[200] == paths.count("/fast") > 0

    def test_say_that_nobody_listens(self) -> None:
        asked = ask("http://127.0.0.1:1", "q", [["/"]], 0.05)
        assert asked.statuses == {0: asked.n_wrong}
        assert "x none" in table([asked])


class TestLoad:
    def test_percentiles_and_errors_by_hand(self) -> None:
        asked = Asked("q", [number / 1000 for number in range(1, 101)], n_bytes=204_000, wall_s=2.0, server_cpu_s=0.51)
        asked.statuses.update({200: 100, 503: 2})
        assert (asked.n_wrong, round(asked.ms(50), 1), round(asked.ms(95), 1)) == (2, 50.5, 95.0)
        assert "| q | 102 | 51 | 50 | 95 | 99 | 5.0 | 2.0 | 2 x 503 |" in table([asked])

    def test_words_are_the_same_for_the_same_client(self) -> None:
        library = describe(SMALL)
        choices = [path for paths in QUESTIONS.values() for path in paths]
        first, again, other = (Words(library, client).requests(choices, 100) for client in (0, 0, 1))
        assert first == again != other
        assert not any("{" in path for path in first)
        assert len(set(first)) > 20

    def test_unknown_question_names_those_that_there_are(self) -> None:
        assert list(asked_for(["/x"])) == ["/x"]
        with pytest.raises(ConfigError, match="one video"):
            list(asked_for(["nothing"]))

    def test_measures_a_service_of_its_own(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        flags = ["--data", str(tmp_path), "--videos", "2", "--tracks", "8", "--clients", "3", "--seconds", "0.3"]
        questions = ["/projects", "videos", "overview of 3 h", "mixed", "/no"]
        assert main([*flags, *(flag for question in questions for flag in ("--question", question))]) == 0
        rows = {line.split("|")[1].strip(): line.split("|") for line in capsys.readouterr().out.splitlines() if "|" in line}
        for name in questions[:-1]:
            assert int(rows[name][2]) >= 3
            assert rows[name][-2].strip() == "0"
        assert "404" in rows["/no"][-2]
        assert int(rows["idle"][2]) in {2, 3}  # one may still be starting

    def test_begins_with_the_same_store_each_time(self, tmp_path: Path) -> None:
        sizes = Sizes(n_videos=1, n_tracks=2, n_long_tracks=2)
        filled(tmp_path, sizes)
        with open_store(f"sqlite:///{tmp_path / 'facerec.db'}") as store:
            store.put(Project("meanwhile", "fake"))
        made = (tmp_path / "seeded-1-2.db").stat().st_mtime_ns
        assert filled(tmp_path, sizes) == describe(sizes)
        with open_store(f"sqlite:///{tmp_path / 'facerec.db'}") as store:
            assert [project.project for project in store.find(Project)] == ["archive"]
        assert (tmp_path / "seeded-1-2.db").stat().st_mtime_ns == made
