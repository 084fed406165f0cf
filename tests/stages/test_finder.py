"""A face searched for in all videos of a project, on drawn videos."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from src import clusterize, tracker
from src.__main__ import main
from src.engines.fake import colour_of
from src.errors import ConfigError, MediaError, StorageError
from src.identities.decisions import PIECE
from src.identities.trackindex import current_index, forget_analysis, index_folder
from src.records import Analysis, Appearance, Person, ProjectVideo, Status, Track, Verb
from src.verbs import decide, finder
from src.verbs.decide import track_target
from src.verbs.finder import Moment, SearchReport
from src.video.pyav import PyAvStream
from src.videos import forget_analysis as forget_stored
from src.workspace import Workspace
from tests.stages.conftest import DrawnShot, draw, draw_photo
from tests.videos import write_video

STRANGER = 6


def photo_of(folder: Path, *people: int, sizes: tuple[int, ...] = (60, 40, 50)) -> Path:
    """Draw a photo of people side by side; the first is the largest."""
    image = np.full((120, 90 * len(people) + 20, 3), 64, np.uint8)
    for place, (person, size) in enumerate(zip(people, sizes, strict=False)):
        image[20 : 20 + size, 10 + 90 * place : 10 + 90 * place + size] = colour_of(person)
    path = folder / f"photo{'-'.join(map(str, people))}.png"
    Image.fromarray(image).save(path)
    return path


def places(report: SearchReport) -> list[tuple[str, float, float]]:
    return [(Path(moment.locator).name, moment.start_npt, moment.end_npt) for moment in report.moments]


@pytest.fixture
def morning(tmp_path: Path) -> Path:
    """Anna for 2 s and, after a cut, a stranger for 1 s."""
    shots = [DrawnShot(50, {0: (60, 90, 64)}), DrawnShot(25, {STRANGER: (100, 100, 64)}, 120)]
    return write_video(tmp_path / "morning.mp4", draw(shots), options={"crf": "12"})


@pytest.fixture
def evening(tmp_path: Path) -> Path:
    """Ben for 1 s and, after a cut, Anna and the stranger for 2 s."""
    shots = [DrawnShot(25, {1: (60, 90, 64)}), DrawnShot(50, {0: (40, 40, 64), STRANGER: (140, 140, 64)}, 120)]
    return write_video(tmp_path / "evening.mp4", draw(shots), options={"crf": "12"})


@pytest.fixture
def library(workspace: Workspace, trained: str, morning: Path, evening: Path) -> str:
    """The project with both films tracked; nobody is named yet."""
    for film in (morning, evening):
        tracker.run(workspace, str(film), trained, video_speedup=5)
    return trained


def test_a_photo_finds_every_moment_in_every_video(workspace: Workspace, library: str, tmp_path: Path) -> None:
    report = finder.run(workspace, library, photo=photo_of(tmp_path, 0))
    assert sorted(places(report)) == [("evening.mp4", 1.0, 2.8), ("morning.mp4", 0.0, 1.8)]
    assert (report.n_videos, report.n_tracks, report.n_faces, report.face) == (2, 5, 1, 1)
    assert all(moment.score > 0.9 for moment in report.moments)
    assert [moment.score for moment in report.moments] == sorted((m.score for m in report.moments), reverse=True)
    (best,) = [moment for moment in report.moments if moment.locator.endswith("morning.mp4")]
    track = workspace.store.get(Track, best.analysis_id, best.track_id)
    assert track is not None
    assert (best.best_npt, best.best_frame, best.box) == (round(track.best_npt, 3), track.best_frame, track.best_box)


def test_nobody_is_named_before_anybody_was(workspace: Workspace, library: str, tmp_path: Path) -> None:
    report = finder.run(workspace, library, photo=photo_of(tmp_path, 0))
    assert {(moment.name, moment.person_id, moment.unknown_id) for moment in report.moments} == {("", None, None)}


def test_moments_carry_the_names_of_the_project(
    workspace: Workspace, library: str, morning: Path, evening: Path, tmp_path: Path
) -> None:
    for film in (morning, evening):
        clusterize.run(workspace, str(film), library)
    anna = finder.run(workspace, library, photo=photo_of(tmp_path, 0))
    assert {(moment.name, moment.person_id) for moment in anna.moments} == {("Anna Albers", "Anna_Albers")}
    stranger = finder.run(workspace, library, photo=photo_of(tmp_path, STRANGER))
    assert {(moment.name, moment.person_id, moment.unknown_id) for moment in stranger.moments} == {("Unknown 1", None, 1)}


def test_who_may_not_be_recognised_is_not_named(workspace: Workspace, library: str, morning: Path, tmp_path: Path) -> None:
    clusterize.run(workspace, str(morning), library)
    workspace.store.put(Person(library, "Anna_Albers", "Anna Albers", recognisable=False))
    report = finder.run(workspace, library, photo=photo_of(tmp_path, 0))
    assert len(report.moments) == 2
    assert {(moment.name, moment.person_id) for moment in report.moments} == {("", None)}
    # Somebody who was erased from the project is not named either, whatever was derived before.
    workspace.store.delete(Person, project=library, person_id="Anna_Albers")
    assert {moment.name for moment in finder.run(workspace, library, photo=photo_of(tmp_path, 0)).moments} == {""}


def test_a_track_that_was_ruled_to_be_no_face_is_not_shown(
    workspace: Workspace, library: str, morning: Path, evening: Path, tmp_path: Path
) -> None:
    for film in (morning, evening):
        clusterize.run(workspace, str(film), library)
    photo = photo_of(tmp_path, 0)
    first, second = finder.run(workspace, library, photo=photo).moments
    decide.run(workspace, library, Verb.IGNORE, track_target(workspace, library, first.locator, first.track_id))
    assert finder.run(workspace, library, photo=photo, top=1).moments == (second,)
    # Also where nothing is derived from the decision any more.
    workspace.store.delete(Appearance, project=library, analysis_id=first.analysis_id)
    assert [moment.locator for moment in finder.run(workspace, library, photo=photo).moments] == [second.locator]


def test_of_a_split_track_the_piece_with_the_best_sample_gives_the_name(
    workspace: Workspace, library: str, morning: Path, tmp_path: Path
) -> None:
    clusterize.run(workspace, str(morning), library)
    photo = photo_of(tmp_path, 0)
    (found,) = [moment for moment in finder.run(workspace, library, photo=photo).moments if moment.name]
    track = track_target(workspace, library, found.locator, found.track_id)
    cut = 0.9 if found.best_npt < 0.9 else 0.5
    decide.run(workspace, library, Verb.SPLIT, track, npt=cut)
    piece = replace(track, track_id=found.track_id + (PIECE if found.best_npt > cut else 0))
    decide.run(workspace, library, Verb.IS, piece, person="Zoe Zander")
    (named,) = [moment for moment in finder.run(workspace, library, photo=photo).moments if moment.name]
    assert (named.name, named.person_id, named.track_id) == ("Zoe Zander", "Zoe_Zander", found.track_id)


def test_a_track_finds_the_others_and_not_itself(workspace: Workspace, library: str, morning: Path) -> None:
    anna = next(workspace.store.find(Track, analysis_id=analysis_of(workspace, library, morning).analysis_id))
    report = finder.run(workspace, library, video=str(morning), track_id=anna.track_id)
    assert places(report) == [("evening.mp4", 1.0, 2.8)]
    assert (report.n_faces, report.face) == (0, 0)


def analysis_of(workspace: Workspace, project: str, film: Path) -> Analysis:
    for member in workspace.store.find(ProjectVideo, project=project):
        analysis = workspace.store.get(Analysis, member.analysis_id)
        assert analysis is not None
        if Path(finder._locator(workspace, analysis)).name == film.name:
            return analysis
    raise AssertionError(film)


def test_searching_by_track_needs_neither_engine_nor_video(
    workspace: Workspace, library: str, morning: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning.unlink()
    workspace._engines.clear()
    monkeypatch.setattr(PyAvStream, "__init__", lambda *_: pytest.fail("a video was opened"))
    monkeypatch.setattr(Workspace, "engine", lambda *_: pytest.fail("an engine was opened"))
    assert len(finder.run(workspace, library, video=str(morning), track_id=1).moments) == 1


def test_top_and_min_score_limit_what_is_found(workspace: Workspace, library: str, tmp_path: Path) -> None:
    photo = photo_of(tmp_path, 0)
    assert len(finder.run(workspace, library, photo=photo, top=1).moments) == 1
    everything = finder.run(workspace, library, photo=photo, min_score=-1)
    assert len(everything.moments) == 5
    third = everything.moments[2].score
    # The limit is inclusive, up to the rounding of what is shown.
    assert len(finder.run(workspace, library, photo=photo, min_score=third - 1e-4).moments) >= 3
    assert finder.run(workspace, library, photo=photo, min_score=1).moments == ()


def test_the_main_face_is_meant_unless_another_is_chosen(workspace: Workspace, library: str, tmp_path: Path) -> None:
    photo = photo_of(tmp_path, 1, 0, sizes=(40, 60))
    report = finder.run(workspace, library, photo=photo)
    assert (report.n_faces, report.face, len(report.moments)) == (2, 2, 2)
    ben = finder.run(workspace, library, photo=photo, face=1)
    assert (ben.face, places(ben)) == (1, [("evening.mp4", 0.0, 0.8)])
    with pytest.raises(ConfigError, match="shows 2 faces; number 3 is not among them"):
        finder.run(workspace, library, photo=photo, face=3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"Dear diary,\n" * 9, "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "damaged PNG"),
    ],
)
def test_what_is_no_photo_is_said(
    workspace: Workspace, library: str, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "photo.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=message):
        finder.run(workspace, library, photo=path)


def test_a_photo_without_a_face_is_said(workspace: Workspace, library: str, tmp_path: Path) -> None:
    path = tmp_path / "landscape.png"
    Image.fromarray(np.full((100, 100, 3), 90, np.uint8)).save(path)
    with pytest.raises(MediaError, match=r"landscape\.png: shows no face"):
        finder.run(workspace, library, photo=path)


def test_what_is_asked_for_must_be_clear(workspace: Workspace, library: str, morning: Path, tmp_path: Path) -> None:
    photo = photo_of(tmp_path, 0)
    for wrong in (
        {},
        {"photo": photo, "video": str(morning)},
        {"video": str(morning)},
        {"track_id": 1},
        {"video": str(morning), "track_id": 1, "face": 1},
    ):
        with pytest.raises(ConfigError, match="either a photo"):
            finder.run(workspace, library, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"has no track 99 \(it has 1, 2\)"):
        finder.run(workspace, library, video=str(morning), track_id=99)
    with pytest.raises(ConfigError, match="no project"):
        finder.run(workspace, "other", photo=photo)


def test_other_projects_share_the_index_and_are_not_searched(
    workspace: Workspace, library: str, morning: Path, evening: Path, tmp_path: Path
) -> None:
    workspace.begin_project("other", "fake")
    tracker.run(workspace, str(evening), "other", video_speedup=5)
    photo = photo_of(tmp_path, 0)
    assert {Path(m.locator).name for m in finder.run(workspace, "other", photo=photo).moments} == {"evening.mp4"}
    assert len(finder.run(workspace, library, photo=photo).moments) == 2
    with pytest.raises(ConfigError, match='does not belong to project "other"'):
        finder.run(workspace, "other", video=str(morning), track_id=1)


def test_a_project_without_videos_finds_nothing(workspace: Workspace, project: str, tmp_path: Path) -> None:
    report = finder.run(workspace, project, photo=photo_of(tmp_path, 0))
    assert (report.moments, report.n_videos, report.n_tracks) == ((), 0, 0)


def test_a_video_without_faces_is_indexed_once(workspace: Workspace, project: str, tmp_path: Path) -> None:
    film = write_video(tmp_path / "empty.mp4", draw([DrawnShot(30, {})]))
    tracker.run(workspace, str(film), project, video_speedup=5)
    for _ in range(2):
        report = finder.run(workspace, project, photo=photo_of(tmp_path, 0))
        assert (report.n_videos, report.n_tracks) == (1, 0)
    assert version_of(workspace) == 1


def version_of(workspace: Workspace) -> int:
    return int(json.loads((index_folder(workspace, "fake@1") / "manifest.json").read_text())["version"])


def test_only_what_is_new_is_added(workspace: Workspace, trained: str, morning: Path, evening: Path, tmp_path: Path) -> None:
    photo = photo_of(tmp_path, 0)
    tracker.run(workspace, str(morning), trained, video_speedup=5)
    assert len(finder.run(workspace, trained, photo=photo).moments) == 1
    finder.run(workspace, trained, photo=photo)
    assert version_of(workspace) == 1
    tracker.run(workspace, str(evening), trained, video_speedup=5)
    assert len(finder.run(workspace, trained, photo=photo).moments) == 2
    assert version_of(workspace) == 2


def test_an_analysis_that_is_not_complete_is_not_searched(
    workspace: Workspace, library: str, morning: Path, tmp_path: Path
) -> None:
    photo = photo_of(tmp_path, 0)
    assert len(finder.run(workspace, library, photo=photo).moments) == 2
    analysis = analysis_of(workspace, library, morning)
    workspace.store.put(replace(analysis, status=Status.RUNNING))
    assert places(finder.run(workspace, library, photo=photo)) == [("evening.mp4", 1.0, 2.8)]
    index = current_index(workspace, "fake@1", 13, [])
    assert len(index) == 3
    # Complete again, later: it is taken in anew.
    workspace.store.put(replace(analysis, updated_at="2030-01-01T00:00:00+00:00"))
    assert len(finder.run(workspace, library, photo=photo).moments) == 2


def test_an_analysis_that_was_deleted_leaves_the_index(
    workspace: Workspace, library: str, morning: Path, tmp_path: Path
) -> None:
    photo = photo_of(tmp_path, 0)
    finder.run(workspace, library, photo=photo)
    analysis = analysis_of(workspace, library, morning)
    forget_stored(workspace.store, analysis.analysis_id)
    workspace.store.delete(Analysis, analysis_id=analysis.analysis_id)
    assert places(finder.run(workspace, library, photo=photo)) == [("evening.mp4", 1.0, 2.8)]
    assert len(current_index(workspace, "fake@1", 13, [])) == 3


def test_what_is_to_be_forgotten_is_off_the_disk(workspace: Workspace, library: str, morning: Path, tmp_path: Path) -> None:
    finder.run(workspace, library, photo=photo_of(tmp_path, 0))
    assert forget_analysis(workspace, analysis_of(workspace, library, morning).analysis_id) == 2
    rows = [len(np.load(path)) for path in index_folder(workspace, "fake@1").glob("*.vectors.npy")]
    assert sum(rows) == 3
    assert forget_analysis(workspace, "nothing") == 0
    # It is still stored here, so that the next search takes it in again.
    assert len(finder.run(workspace, library, photo=photo_of(tmp_path, 0)).moments) == 2


def test_an_older_version_of_the_engine_is_said_and_not_searched(
    workspace: Workspace, library: str, morning: Path, tmp_path: Path
) -> None:
    workspace.store.put(replace(analysis_of(workspace, library, morning), engine="fake@0"))
    report = finder.run(workspace, library, photo=photo_of(tmp_path, 0))
    assert places(report) == [("evening.mp4", 1.0, 2.8)]
    assert [Path(locator).name for locator in report.outdated] == ["morning.mp4"]


def test_a_damaged_index_says_which_folder_to_delete(workspace: Workspace, library: str, tmp_path: Path) -> None:
    photo = photo_of(tmp_path, 0)
    finder.run(workspace, library, photo=photo)
    folder = index_folder(workspace, "fake@1")
    next(folder.glob("*.vectors.npy")).write_bytes(b"")
    with pytest.raises(StorageError, match=r"fake@1 is damaged: .*Delete this folder"):
        finder.run(workspace, library, photo=photo)
    for path in folder.iterdir():
        path.unlink()
    assert len(finder.run(workspace, library, photo=photo).moments) == 2


def test_an_approximate_search_of_few_tracks_is_exact(workspace: Workspace, library: str, tmp_path: Path) -> None:
    pytest.importorskip("usearch", reason="needs: pip install -r requirements-search.txt")
    photo = photo_of(tmp_path, 0)
    exact = finder.run(workspace, library, photo=photo)
    assert finder.run(workspace, library, photo=photo, approximate=True) == exact


def test_engines_have_folders_of_their_own_that_stay_inside(workspace: Workspace) -> None:
    folders = {index_folder(workspace, engine) for engine in ("sface@1", "sface@2", "face/../net@1")}
    assert len(folders) == 3
    assert {folder.parent for folder in folders} == {workspace.data_dir / "index"}


@pytest.fixture
def config(workspace: Workspace, tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "config.yaml"
    uri = workspace.settings.database.uri
    path.write_text(f"data_dir: {workspace.data_dir}\nengine: fake\ndatabase:\n  uri: {uri}\n", encoding="utf-8")
    yield str(path)


def test_the_verb_prints_and_writes_what_it_found(
    config: str, workspace: Workspace, library: str, morning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clusterize.run(workspace, str(morning), library)
    json_path, csv_path = tmp_path / "found.json", tmp_path / "found.csv"
    capsys.readouterr()
    arguments = ["--project", library, "--config", config, "--json", str(json_path), "--csv", str(csv_path)]
    assert main(["search", "--photo", str(photo_of(tmp_path, 0, 1)), *arguments]) == 0
    printed = capsys.readouterr().out
    assert "The photo shows 2 faces; searched for number 1" in printed
    assert "2 moments among 5 tracks of 2 videos." in printed
    assert "0:00:01.800" in printed
    assert str(morning) in printed
    document = json.loads(json_path.read_text(encoding="utf-8"))
    with csv_path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == finder.COLUMNS
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert [float(row["score"]) for row in rows] == [moment["score"] for moment in document["moments"]]
    assert {row["name"] for row in rows} == {"", "Anna Albers"}
    assert set(document["moments"][0]) == {field for field in Moment.__dataclass_fields__}


@pytest.mark.parametrize(
    "flags",
    [[], ["--photo", "a.png", "--video", "b.mp4", "--track", "1"], ["--video", "b.mp4"], ["--photo", "a.png", "--top", "0"]],
)
def test_wrong_flags_are_wrong_usage(flags: list[str], config: str) -> None:
    assert main(["search", "--project", "p", "--config", config, *flags]) == 2


def test_a_photo_as_it_is_crawled(workspace: Workspace, library: str, tmp_path: Path) -> None:
    path = tmp_path / "new.jpg"
    Image.fromarray(draw_photo(1, 77)).save(path, quality=90)
    assert places(finder.run(workspace, library, photo=path)) == [("evening.mp4", 0.0, 0.8)]
