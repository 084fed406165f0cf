"""Projects: what begins one, and what keeps it from being begun."""

from __future__ import annotations

import pytest

from src.errors import EngineError
from src.records import Project
from src.workspace import Workspace


def test_no_project_is_bound_to_an_engine_that_cannot_be_opened(workspace: Workspace) -> None:
    with pytest.raises(EngineError, match='no engine "sfase"'):
        workspace.begin_project("films", "sfase")
    assert workspace.store.get(Project, "films") is None


def test_nor_to_one_that_only_the_settings_name(workspace: Workspace) -> None:
    workspace.settings = workspace.settings.model_copy(update={"engine": "nope"})
    with pytest.raises(EngineError, match='no engine "nope"'):
        workspace.begin_project("films")
    assert workspace.store.get(Project, "films") is None
