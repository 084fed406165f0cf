"""A real server that speaks MongoDB's wire protocol, started once for all tests that need one.

It is the one that FACEREC_TEST_MONGODB_URI names; else a `mongod` on the PATH; else the server that `make mongo` builds from
tests/tools/mongo, which needs Java. The last one knows no `explain` and no hints, and starts in two seconds.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".tools" / "mongo"
# Read before a test may clean the environment.
GIVEN = os.environ.get("FACEREC_TEST_MONGODB_URI", "").rstrip("/")
START_S = 60
MISSING = "no MongoDB: set FACEREC_TEST_MONGODB_URI, install mongod, or install Java and Maven and run: make mongo"


class MongoServer:
    """A server process of our own on a folder of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        """Choose a port; `start` starts it."""
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def uri(self, database: str) -> str:
        """Return the address of a database."""
        return f"mongodb://127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and wait until it takes calls."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command(self._folder, self.port), stdout=log, stderr=log, cwd=self._folder)
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The test server did not start:\n{(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """Kill it without a warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            self._process = None


def command(folder: Path, port: int) -> list[str]:
    """Return how a server is started on a folder; the test is skipped where there is none."""
    if mongod := shutil.which("mongod"):
        return [mongod, "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    java = shutil.which("java")
    if java is None or not (BUILT / "classes" / "TestMongo.class").exists():
        pytest.skip(MISSING)
    path = os.pathsep.join([str(BUILT / "classes"), str(BUILT / "lib" / "*")])
    return [java, "-Xmx1g", "-XX:TieredStopAtLevel=1", "-cp", path, "TestMongo", str(folder / "store.mv"), str(port)]


@pytest.fixture(scope="session")
def mongo_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server, without a database."""
    if GIVEN:
        yield GIVEN
        return
    server = MongoServer(tmp_path_factory.mktemp("mongo"))
    server.start()
    yield server.uri("").rstrip("/")
    server.stop()


@pytest.fixture
def mongo_uri(mongo_address: str) -> Iterator[str]:
    """Address of an empty database, which is dropped afterwards, with all whose names begin with its name."""
    base, mark, options = mongo_address.partition("?")
    name = f"facerec_test_{uuid.uuid4().hex[:12]}"
    yield f"{base.rstrip('/')}/{name}{mark}{options}"
    from pymongo.errors import OperationFailure

    with client_of(mongo_address) as client:
        for made in client.list_database_names():
            # The stand-in for MongoDB cannot always drop what two clients wrote at once; its file goes with the session.
            with suppress(OperationFailure):
                if made.startswith(name):
                    client.drop_database(made)


@pytest.fixture
def killable_mongo(tmp_path: Path) -> Iterator[MongoServer]:
    """A running server for one test, to be killed."""
    folder = tmp_path / "mongo"
    folder.mkdir()
    server = MongoServer(folder)
    server.start()
    yield server
    server.kill()


def client_of(uri: str) -> Any:
    """Return a client for what a store does not offer."""
    from pymongo import MongoClient

    return MongoClient(uri, serverSelectionTimeoutMS=5000)
