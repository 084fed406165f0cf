"""An analysis that an older tracker made is told from others, made anew, and what people said of it is found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from src import clusterize, tracker
from src.__main__ import main
from src.records import Analysis, Appearance, Decision, Identification, ProjectVideo, Track, UnknownTrack, Verb
from src.tracker import outdated as outdated_module
from src.tracker import stage
from src.verbs import decide
from src.verbs.decide import track_target
from src.videos import is_outdated
from src.workspace import Workspace
from tests.stages.conftest import DrawnShot, draw
from tests.videos import write_video


@pytest.fixture
def newsreel(tmp_path: Path) -> Path:
    """Anna with a stranger, then Ben."""
    shots = [DrawnShot(25, {0: (40, 60, 64), 6: (140, 140, 64)}), DrawnShot(25, {1: (100, 100, 64)}, 120)]
    return write_video(tmp_path / "newsreel.mp4", draw(shots), options={"crf": "12"})


@pytest.fixture
def outdated(workspace: Workspace, trained: str, newsreel: Path, monkeypatch: pytest.MonkeyPatch) -> Analysis:
    """The newsreel, all of it and one second of it, as a tracker before this one analysed it."""
    with monkeypatch.context() as patch:
        patch.setattr(stage, "TRACKER_VERSION", "0")
        tracker.run(workspace, f"{newsreel}#t=1,2", trained, sample_period_s=0.2)
        analysis = tracker.run(workspace, str(newsreel), trained, video_speedup=5).analysis
    clusterize.run(workspace, str(newsreel), trained)
    return analysis


@pytest.fixture
def config(workspace: Workspace, tmp_path: Path) -> list[str]:
    """Flags that name the workspace."""
    path = tmp_path / "config.yaml"
    path.write_text(f"data_dir: {workspace.data_dir}\ndatabase:\n  uri: {workspace.settings.database.uri}\n", encoding="utf-8")
    return ["--config", str(path)]


def said(workspace: Workspace, project: str) -> list[tuple[str, float, str]]:
    return sorted((a.name, a.start_npt, a.source) for a in workspace.store.find(Appearance, project=project))


def test_refresh_makes_the_same_anew_and_finds_what_people_said(
    workspace: Workspace, trained: str, newsreel: Path, outdated: Analysis
) -> None:
    report = clusterize.run(workspace, str(newsreel), trained)
    ben = next(a.track_id for a in report.appearances if a.name == "Ben Bo")
    decide.run(workspace, trained, Verb.IS, track_target(workspace, trained, str(newsreel), ben), person="Çelik Özil")
    before = said(workspace, trained)
    assert ("Çelik Özil", 1.0, "human") in before

    refreshed = tracker.refresh(workspace, trained)
    assert (len(refreshed.refreshed), refreshed.n_current, refreshed.n_removed, refreshed.failures) == (2, 0, 2, ())
    assert {analysis.fragment for analysis in refreshed.refreshed} == {"", "t=1,2"}
    whole = next(analysis for analysis in refreshed.refreshed if not analysis.fragment)
    part = next(analysis for analysis in refreshed.refreshed if analysis.fragment)
    assert whole.sampling == outdated.sampling
    assert part.sampling["sample_period_s"] == 0.2
    assert not is_outdated(whole)
    assert said(workspace, trained) == before
    assert {membership.analysis_id for membership in workspace.store.find(ProjectVideo)} == {
        whole.analysis_id,
        part.analysis_id,
    }
    for kind in (Track, Identification, UnknownTrack, Appearance):
        key = {"project": trained} if kind is not Track else {}
        assert workspace.store.count(kind, **key, analysis_id=outdated.analysis_id) == 0
    assert workspace.store.get(Analysis, outdated.analysis_id) is None
    assert workspace.store.count(Decision, project=trained) == 1

    again = tracker.refresh(workspace, trained)
    assert (again.refreshed, again.n_current, again.n_removed) == ((), 2, 0)


def test_an_old_analysis_stays_while_another_project_uses_it(
    workspace: Workspace, trained: str, newsreel: Path, outdated: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.begin_project("q", "fake")
    with monkeypatch.context() as patch:
        patch.setattr(stage, "TRACKER_VERSION", "0")
        assert not tracker.run(workspace, str(newsreel), "q", video_speedup=5).is_new
    assert tracker.refresh(workspace, trained).n_removed == 1
    assert workspace.store.count(Track, analysis_id=outdated.analysis_id) == 3
    # For the second project nothing is left to be decoded.
    monkeypatch.setattr(stage, "_watch", lambda *_args: pytest.fail("the video was analysed twice"))
    assert tracker.refresh(workspace, "q").n_removed == 1
    assert workspace.store.count(Track, analysis_id=outdated.analysis_id) == 0


def test_settings_of_then_are_used(workspace: Workspace, trained: str, newsreel: Path, outdated: Analysis) -> None:
    tracking = workspace.settings.tracker.model_copy(update={"max_faces": 1})
    workspace.settings = workspace.settings.model_copy(update={"tracker": tracking})
    refreshed = tracker.refresh(workspace, trained).refreshed
    assert {analysis.tracker["max_faces"] for analysis in refreshed} == {100}


def test_a_refresh_that_was_cut_off_is_ended_by_the_next(
    workspace: Workspace, trained: str, outdated: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = said(workspace, trained)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(outdated_module, "_replace_older", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt))
        tracker.refresh(workspace, trained)
    report = tracker.refresh(workspace, trained)
    assert (report.refreshed, report.n_removed) == ((), 2)
    assert said(workspace, trained) == before
    assert workspace.store.count(Track, analysis_id=outdated.analysis_id) == 0


def test_a_file_that_is_gone_or_another_is_passed_over(
    workspace: Workspace,
    trained: str,
    newsreel: Path,
    outdated: Analysis,
    config: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = newsreel.read_bytes()
    newsreel.unlink()
    assert main(["track", "--refresh", "--project", trained, *config]) == 1
    out = capsys.readouterr().out
    assert "0 videos analysed anew, 0 were up to date, 2 failed; 0 old analyses removed" in out
    assert out.count("Failed: ") == 2
    write_video(newsreel, draw([DrawnShot(25, {2: (60, 60, 64)})]))
    assert main(["track", "--refresh", "--project", trained, *config]) == 1
    assert "another file than the one that was analysed" in capsys.readouterr().out
    assert workspace.store.count(Track, analysis_id=outdated.analysis_id) == 3
    newsreel.write_bytes(content)
    assert main(["track", "--refresh", "--project", trained, *config]) == 0
    assert "2 videos analysed anew" in capsys.readouterr().out


def test_stages_tell_that_an_analysis_is_outdated(
    workspace: Workspace,
    trained: str,
    newsreel: Path,
    outdated: Analysis,
    config: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    shared = ["--video", str(newsreel), "--project", trained, *config]
    assert main(["clusterize", *shared]) == 0
    assert "An older tracker made this analysis. Make it anew with: track --refresh --project p" in capsys.readouterr().out
    assert main(["track", "--video_speedup", "5", *shared]) == 0
    assert "An older tracker analysed 1 other videos of this project" in capsys.readouterr().out
    assert main(["track", "--refresh", "--project", trained, *config]) == 0
    capsys.readouterr()
    for verb in ("track", "clusterize"):
        assert main([verb, *shared]) == 0
        assert "older tracker" not in capsys.readouterr().out


@pytest.mark.parametrize("flags", [[], ["--refresh", "--video", "film.mp4"]])
def test_a_video_or_refresh(flags: list[str], config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["track", "--project", "p", *flags, *config]) == 2
    assert "Give --video for videos, folders or lists, or --refresh" in capsys.readouterr().err


def test_an_analysis_of_other_sampling_takes_the_place_of_what_was_derived(
    workspace: Workspace, trained: str, newsreel: Path
) -> None:
    tracker.run(workspace, str(newsreel), trained, video_speedup=5)
    clusterize.run(workspace, str(newsreel), trained)
    before = said(workspace, trained)
    tracker.run(workspace, str(newsreel), trained, video_speedup=10)
    clusterize.run(workspace, str(newsreel), trained)
    assert said(workspace, trained) == before
