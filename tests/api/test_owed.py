"""What was said is followed, whenever the process that took it down dies: a worker finds what nobody followed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from src import jobs
from src.identities.appearances import derive_all
from src.identities.owed import GRACE_S, left_behind, settle
from src.jobs import Worker
from src.jobs.upkeep import _EACH_BY_ITSELF, follow_owed
from src.records import Appearance, Decision, Job, JobStatus, Owed, Person, Target, UnknownPerson, Verb
from src.storage import open_store
from src.verbs import decide, people
from src.workspace import Workspace, open_workspace
from tests.api.conftest import Api, settings_in
from tests.contract.conftest import store_uri  # noqa: F401 - a fixture
from tests.faults.library import contents
from tests.jobs.conftest import step_until
from tests.jobs.kinds import COMMAND

ROOT = Path(__file__).parents[2]
LATER_S = GRACE_S + 10


class Killed(BaseException):
    """Nothing catches it: what would come after is never done, as after SIGKILL."""


def appearances(workspace: Workspace) -> list[Any]:
    """Return all that is shown of people in videos."""
    return [contents(workspace.store)[kind] for kind in ("Appearance", "UnknownPerson", "UnknownTrack", "Person")]


def track_of(api: Api, name: str) -> dict[str, Any]:
    track = api.track(name)
    return {"kind": "track", "track": f"{track.analysis_id}-{track.track_id}"}


def said(api: Api) -> tuple[str, str, dict[str, Any]]:
    return "POST", "decisions", {"json": {"verb": "is", "target": track_of(api, "Ben Bo"), "person": "Mia Meier"}}


def several(api: Api) -> tuple[str, str, dict[str, Any]]:
    target = track_of(api, "Ben Bo")
    return "POST", "decisions/several", {"json": {"decisions": [{"verb": "is", "target": target, "person": "Mia"}] * 2}}


def renamed(api: Api) -> tuple[str, str, dict[str, Any]]:
    return "PATCH", "people/Ben_Bo", {"json": {"name": "Benjamin Bo"}, "headers": api.etag("/projects/p/people/Ben_Bo")}


def forbidden(api: Api) -> tuple[str, str, dict[str, Any]]:
    return "PATCH", "people/Ben_Bo", {"json": {"recognisable": False}, "headers": api.etag("/projects/p/people/Ben_Bo")}


def parted(api: Api) -> tuple[str, str, dict[str, Any]]:
    group = max(api.get("/projects/p/groups")["items"], key=lambda one: one["n_appearances"])["unknown_id"]
    face = api.get(f"/projects/p/groups/{group}/appearances")["items"][0]["id"]
    return "POST", f"groups/{group}/split", {"json": {"tracks": [face]}}


def imported(api: Api) -> tuple[str, str, dict[str, Any]]:
    path = f"videos/{api.video().video_id}"
    text = api.client.get(f"/api/v1/projects/p/{path}/export?format=elan").text.replace("Ben Bo", "Mia Meier")
    form = {"file": (io.BytesIO(text.encode()), "x.eaf")}
    return "POST", f"{path}/import", {"data": form, "content_type": "multipart/form-data"}


CHANGES = (said, several, renamed, forbidden, parted, imported)


@pytest.fixture
def died(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Api, Any], None]]:
    """Makes a change by the API, in a process that is gone as soon as it is stored."""

    def made(api: Api, change: Any) -> None:
        method, path, sent = change(api)

        def die(*_: object, **__: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            for name in ("src.verbs.decide._derived", "src.verbs.decide.apply_names", "src.identities.appearances.derive_all"):
                patch.setattr(name, die)
            patch.setattr("src.identities.appearances.derive_if_complete", die)
            with pytest.raises(Killed):
                api.client.open(f"/api/v1/projects/p/{path}", method=method, **sent)

    yield made


def work(workspace: Workspace, after_s: float) -> list[Job]:
    """Let a worker work, so many seconds later, until nothing is left to do; return the jobs that it found."""
    settings = workspace.settings.worker.model_copy(update={"nice": 0})
    workspace.settings = workspace.settings.model_copy(update={"worker": settings})
    worker = Worker(workspace, slots=1, clock=lambda: time.time() + after_s, command=COMMAND)
    worker.step()
    step_until(worker, lambda: not any(jobs.counts(workspace)[status] for status in jobs.LIVE) and not worker.busy)
    return list(workspace.store.find(Job))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_worker_follows_what_nobody_followed(api: Api, died: Callable[[Api, Any], None], change: Any) -> None:
    died(api, change)
    assert api.workspace.store.count(Owed) > 0
    stale = appearances(api.workspace)
    assert work(api.workspace, 0.0) == []  # whoever said it may be at it still

    found = work(api.workspace, LATER_S)

    assert {(job.kind, job.status, job.submitted_by) for job in found} == {("derive", JobStatus.DONE, "worker")}
    assert api.workspace.store.count(Owed) == 0
    fresh = appearances(api.workspace)
    assert fresh != stale
    owner = api.workspace.project("p")
    decide.apply_names(api.workspace, owner)
    derive_all(api.workspace, owner, api.workspace.settings.clusterize)
    assert appearances(api.workspace) == fresh
    assert work(api.workspace, LATER_S) == found


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("at_once", [500, 0])
def test_nothing_is_owed_for_what_was_followed(api: Api, monkeypatch: pytest.MonkeyPatch, change: Any, at_once: int) -> None:
    monkeypatch.setattr("src.api.deriving.AT_ONCE_TRACKS", at_once)
    method, path, sent = change(api)
    answer = api.client.open(f"/api/v1/projects/p/{path}", method=method, **sent)
    assert answer.status_code in (200, 201), answer.text
    assert api.workspace.store.count(Owed) == 0
    assert api.workspace.store.count(Job) == (0 if at_once else 1)


def test_nor_for_what_the_command_line_did(api: Api) -> None:
    decide.run(api.workspace, "p", Verb.RENAME, Target("person", person_id="Ben_Bo"), name="Benjamin Bo")
    people.run(api.workspace, "p", "Anna Albers", recognisable=False)
    assert api.workspace.store.count(Owed) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_between_a_decision_and_what_follows(api: Api) -> None:
    track = track_of(api, "Ben Bo")["track"]
    program = f"""if True:
        import os, signal
        from pathlib import Path
        from src.api import create_app
        from src.verbs import decide
        from src.workspace import open_workspace
        from tests.api.conftest import FAKE, settings_in
        from src.engines import ENGINES
        ENGINES["fake"] = FAKE
        decide._derived = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        with open_workspace(settings_in(Path({str(api.workspace.data_dir)!r}))) as workspace:
            said = {{"verb": "is", "target": {{"kind": "track", "track": {track!r}}}, "person": "Mia Meier"}}
            create_app(workspace).test_client().post("/api/v1/projects/p/decisions", json=said)
    """
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    with open_workspace(settings_in(api.workspace.data_dir)) as workspace:
        assert workspace.store.count(Decision, project="p") == 1
        assert not workspace.store.count(Appearance, project="p", person_id="Mia_Meier")
        work(workspace, LATER_S)
        (seen,) = workspace.store.find(Appearance, project="p", person_id="Mia_Meier")
        assert (seen.name, seen.source) == ("Mia Meier", "human")
        assert workspace.store.count(Owed) == 0


def test_in_either_store(api: Api, store_uri: str) -> None:  # noqa: F811
    with open_store(store_uri) as store:
        store.put(Owed("p", "1", "2024-01-01T00:00:00+00:00"), Owed("p", "2"), Owed("q", "3", "2024-01-01T00:00:00+00:00"))
        assert left_behind(store, time.time()) == {"p": ["1"], "q": ["3"]}
        workspace = Workspace(api.workspace.settings, store)
        assert follow_owed(workspace, time.time()) == 2
        assert follow_owed(workspace, time.time()) == 0
        assert {(job.project, job.params["cause"]) for job in store.find(Job)} == {("p", "1"), ("q", "3")}
        settle(store, "p", "2", "none")
        assert store.count(Owed) == 0


def test_very_many_are_followed_by_one_job(workspace: Workspace) -> None:
    n = _EACH_BY_ITSELF + 1
    workspace.store.put(*(Owed("p", f"{number:03}", "2024-01-01T00:00:00+00:00") for number in range(n)))
    assert follow_owed(workspace, time.time()) == n
    (job,) = workspace.store.find(Job)
    assert job.params == {"cause": f"all until {n - 1:03}"}


class TestTogether:
    """Several decisions are kept all or none, whatever is wrong with the last one."""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"verb": "is_not", "person": "Nobody"},
            {"verb": "is"},
            {"verb": "split", "npt": 1e6},
            {"verb": "is", "person": "../x/.."},
            {"verb": "undo", "target": {"kind": "decision", "decision_id": "none"}},
            {"verb": "ignore", "target": {"kind": "unknown", "unknown_id": 999}},
            {"verb": "rename", "target": {"kind": "person", "person_id": "nobody"}, "name": "x"},
        ],
    )
    def test_what_is_refused_leaves_nothing(self, api: Api, wrong: dict[str, Any]) -> None:
        good = {"verb": "is", "target": track_of(api, "Ben Bo"), "person": "Mia Meier"}
        before = appearances(api.workspace)
        body = {"decisions": [good, {"target": good["target"], **wrong}]}
        answer = api.client.post("/api/v1/projects/p/decisions/several", json=body)
        assert answer.status_code == 422, answer.text
        assert api.workspace.store.count(Decision, project="p") == 0
        assert api.workspace.store.get(Person, "p", "Mia_Meier") is None
        assert appearances(api.workspace) == before

    def test_a_track_of_another_group_is_not_taken_from_this_one(self, api: Api) -> None:
        one, other = sorted(api.get("/projects/p/groups")["items"], key=lambda group: group["unknown_id"])[:2]
        foreign = api.get(f"/projects/p/groups/{other['unknown_id']}/appearances")["items"][0]["id"]
        named = track_of(api, "Ben Bo")["track"]
        n_unknown = api.workspace.store.count(UnknownPerson, project="p")
        for track in (foreign, named):
            for together in (True, False):
                body = {"tracks": [track], "together": together}
                api.refused("POST", f"/projects/p/groups/{one['unknown_id']}/split", 409, "conflict", json=body)
        assert api.workspace.store.count(Decision, project="p") == 0
        assert api.workspace.store.count(UnknownPerson, project="p") == n_unknown
