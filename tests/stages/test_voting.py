"""The two rules of voting in the stage that names tracks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from src import clusterize, tracker
from src.recognition.voting import Voting
from src.workspace import Workspace
from tests.stages.conftest import DrawnShot, draw
from tests.videos import write_video


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    """Anna for a second, then Ben."""
    shots = [DrawnShot(25, {0: (40, 60, 64)}), DrawnShot(25, {1: (100, 100, 64)}, 120)]
    return write_video(tmp_path / "portrait.mp4", draw(shots), options={"crf": "12"})


@pytest.mark.parametrize("voting", get_args(Voting))
def test_both_rules_name_what_is_clear(workspace: Workspace, trained: str, portrait: Path, voting: Voting) -> None:
    tracker.run(workspace, str(portrait), trained, video_speedup=5)
    report = clusterize.run(workspace, str(portrait), trained, voting=voting)
    assert [appearance.name for appearance in report.appearances] == ["Anna Albers", "Ben Bo"]
    assert json.loads(report.json_path.read_text())["settings"]["voting"] == voting


@pytest.mark.parametrize(("voting", "people"), [("majority", [None, None]), ("weighted", ["Anna_Albers", "Ben_Bo"])])
def test_only_a_majority_is_more_than_its_share(
    workspace: Workspace, trained: str, portrait: Path, voting: Voting, people: list[str | None]
) -> None:
    """All samples of a track agree, which reaches a share of 1 and is not more."""
    tracker.run(workspace, str(portrait), trained, video_speedup=5)
    report = clusterize.run(workspace, str(portrait), trained, voting=voting, dominant_ratio=1)
    assert [appearance.person_id for appearance in report.appearances] == people


def test_the_setting_chooses_the_rule(workspace: Workspace, trained: str, portrait: Path) -> None:
    settings = workspace.settings
    majority = settings.model_copy(update={"clusterize": settings.clusterize.model_copy(update={"voting": "majority"})})
    tracker.run(workspace, str(portrait), trained, video_speedup=5)
    report = clusterize.run(replace(workspace, settings=majority), str(portrait), trained)
    assert json.loads(report.json_path.read_text())["settings"]["voting"] == "majority"
