"""What every test gets: no network, a clean environment, a data folder of its own, and no error log that nobody expects."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from src.environment import ENV_FILE_VARIABLE
from src.settings import DatabaseSettings, Settings
from src.workspace import Workspace, open_workspace
from tests.servers.mongod import GIVEN as MONGO_GIVEN
from tests.servers.mongod import killable_mongo, mongo_address, mongo_uri  # noqa: F401 - fixtures for all tests

ROOT = Path(__file__).parents[1]
hypothesis.settings.register_profile("facerec", deadline=None, database=None)
hypothesis.settings.load_profile("facerec")  # a slow machine is no failure, and tests leave nothing behind
NEEDS = ("weights", "facenet", "mongo", "slow")
"""Marks of tests that a machine may lack something for. On CI nothing may be lacking: there a skip of theirs fails."""
OURS = ("src", "facerec", "evaluation")


MEMORY = Path("/dev/shm")
ROOM_BYTES = 6_000_000_000


def pytest_configure() -> None:
    """Let Ctrl-C be heard, here and in processes that tests start, also where a shell began this run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # A store of its own takes a test 4 ms in memory and 36 on a disk that writes what it is told to. Said by the environment:
    # processes of pytest-xdist hear it too.
    if has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes share the tests: one more than cores, since one or other waits for a program."""
    return (os.cpu_count() or 1) + 1


def has_room(folder: Path) -> bool:
    """Say whether there is a folder in memory with room for what tests write, from which programs may be started."""
    try:
        found = os.statvfs(folder)
    except (OSError, AttributeError):
        return False
    return os.access(folder, os.W_OK) and not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize > ROOM_BYTES


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the settings that the caller's environment holds."""
    forget_settings(monkeypatch)


def forget_settings(patch: pytest.MonkeyPatch) -> None:
    """Forget them for as long as a patch holds; fixtures that outlive a test need a patch of their own."""
    for name in [name for name in os.environ if name.upper().startswith("FACEREC_")]:
        patch.delenv(name)
    patch.setenv(ENV_FILE_VARIABLE, "")  # nor is the file .env of a clone read


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that calls any machine but this one, unless it fetches weights or was given a MongoDB elsewhere.

    Calls of this process through Python's sockets are seen, not those of FFmpeg or of other processes.
    """
    calls: list[str] = []
    allowed = ("weights", "facenet", "mongo") if MONGO_GIVEN else ("weights", "facenet")
    if not any(request.node.get_closest_marker(name) for name in allowed):
        for name in ("connect", "connect_ex"):
            monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name), calls))
        monkeypatch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo, calls))
    yield
    # Also where the code under test took the refusal for an answer.
    assert not calls, f"the test called {', '.join(calls)}"


def _guarded(connect: Any, calls: list[str]) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_outside(address[0], calls)
        return connect(self, address)

    return guarded


def _guarded_lookup(lookup: Any, calls: list[str]) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_outside(host, calls)
        return lookup(host, *args, **kwargs)

    return guarded


def _refuse_outside(host: str | bytes | None, calls: list[str]) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return
    try:
        inside = ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        inside = False
    if not inside:
        calls.append(str(name))
        raise ConnectionRefusedError(f"Tests have no network; {name} was called")


@pytest.fixture(autouse=True)
def no_unexpected_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which FaceRec logs an error. A test that expects one reads `caplog` and clears it."""
    yield
    errors = [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelno >= logging.ERROR and record.name.split(".")[0] in OURS
    ]
    assert not errors, f"unexpected errors in the log: {errors}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder and a store of their own; only the weights are shared."""
    return Settings(
        data_dir=tmp_path / "data",
        weights_dir=ROOT / "data" / "weights",
        database=DatabaseSettings(uri=f"sqlite:///{tmp_path / 'data' / 'facerec.db'}"),
    )


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    """An open workspace on an empty store."""
    with open_workspace(settings) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI let a skipped test of `NEEDS` fail: there everything it needs must be had."""
    report = yield
    if report.skipped and os.environ.get("CI") and any(item.get_closest_marker(name) for name in NEEDS):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """On CI let a file of tests that is skipped as a whole fail."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
    return report
