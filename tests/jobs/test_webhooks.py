"""The end of a job is told: signed, again after a fault, by one worker, and never in the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from pydantic import SecretStr

from src import jobs
from src.errors import FetchError, ForbiddenAddressError
from src.jobs.calling import post
from src.jobs.queue import change
from src.jobs.webhooks import DELIVERY, SIGNATURE, Caller
from src.records import Job, JobStatus
from src.workspace import Workspace
from tests.jobs.conftest import Clock

URL = "https://listener.example/ended"


class Listener:
    """Takes calls, and answers them as told."""

    def __init__(self) -> None:
        """Answer 200 unless told otherwise."""
        self.calls: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.answers: list[int | Exception] = []

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str], _timeout_s: float) -> int:
        """Take a call."""
        self.calls.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def caller(workspace: Workspace, clock: Clock, listener: Listener) -> Caller:
    worker = workspace.settings.worker.model_copy(update={"webhook_secret": SecretStr("sesame"), "webhook_attempts": 3})
    workspace.settings = workspace.settings.model_copy(update={"worker": worker})
    return Caller(workspace, clock, listener)


@pytest.fixture
def ended(workspace: Workspace, caller: Caller) -> Job:
    job = jobs.submit(workspace, "mark", "p", {"text": "secret"}, webhook=URL)
    done = {"status": JobStatus.DONE, "result": {"n": 1}, "ended_at": "2024-01-01T00:00:00+00:00"}
    return change(workspace.store, job.job_id, lambda found: replace(found, **done))  # type: ignore[arg-type]


def test_told_once_and_signed(workspace: Workspace, caller: Caller, listener: Listener, ended: Job, clock: Clock) -> None:
    assert [caller.step() for _ in range(3)] == [1, 0, 0]
    ((url, body, headers),) = listener.calls
    assert url == URL
    stamp, signature = (part.partition("=")[2] for part in headers[SIGNATURE].split(","))
    assert int(stamp) == clock.now
    assert signature == hmac.new(b"sesame", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers[DELIVERY].startswith(ended.job_id)
    told = json.loads(body)
    assert told["event"] == "job.done"
    assert (told["job"]["job_id"], told["job"]["result"]) == (ended.job_id, {"n": 1})
    assert b"secret" not in body
    (delivery,) = jobs.deliveries(workspace, ended.job_id)
    assert (delivery.state, delivery.attempts, delivery.error) == ("delivered", 1, "")


def test_not_before_the_end(workspace: Workspace, caller: Caller, listener: Listener) -> None:
    job = jobs.submit(workspace, "mark", "p", webhook=URL)
    assert caller.step() == 0
    jobs.cancel(workspace, job.job_id)
    assert caller.step() == 1
    assert json.loads(listener.calls[0][1])["event"] == "job.cancelled"


def test_again_after_a_growing_while(
    workspace: Workspace, caller: Caller, listener: Listener, ended: Job, clock: Clock
) -> None:
    listener.answers = [500, FetchError(URL, "does not answer"), 204]
    caller.step()
    (delivery,) = jobs.deliveries(workspace, ended.job_id)
    assert (delivery.state, delivery.error) == ("waiting", "The address answered 500.")
    clock.now += 9
    assert caller.step() == 0
    clock.now += 1
    assert caller.step() == 1
    clock.now += 10
    assert caller.step() == 0
    clock.now += 10
    assert caller.step() == 1
    (delivery,) = jobs.deliveries(workspace, ended.job_id)
    assert (delivery.state, delivery.attempts, delivery.error) == ("delivered", 3, "")
    assert len({headers[DELIVERY] for _, _, headers in listener.calls}) == 1


def test_the_end_of_a_retry_is_another_end(workspace: Workspace, caller: Caller, listener: Listener, ended: Job) -> None:
    caller.step()
    failed = {"status": JobStatus.FAILED, "ended_at": "2024-01-01T00:00:09+00:00"}
    change(workspace.store, ended.job_id, lambda found: replace(found, **failed))  # type: ignore[arg-type]
    jobs.retry(workspace, ended.job_id)
    jobs.cancel(workspace, ended.job_id)
    assert caller.step() == 1
    assert len({headers[DELIVERY] for _, _, headers in listener.calls}) == 2


@pytest.mark.parametrize("answer", [301, 404, 500, FetchError(URL, "does not answer")])
def test_in_the_end_it_is_given_up(
    workspace: Workspace, caller: Caller, listener: Listener, ended: Job, clock: Clock, answer: int | Exception
) -> None:
    listener.answers = [answer] * 3
    for _ in range(10):
        caller.step()
        clock.now += 4000
    (delivery,) = jobs.deliveries(workspace, ended.job_id)
    assert (delivery.state, delivery.attempts) == ("failed", 3)
    assert ("answered" in delivery.error) or ("does not answer" in delivery.error)


def test_two_callers_call_once(workspace: Workspace, caller: Caller, ended: Job, clock: Clock) -> None:
    calls: list[str] = []

    def slow(url: str, *_: object) -> int:
        calls.append(url)
        assert Caller(workspace, clock, slow).step() == 0
        return 200

    assert Caller(workspace, clock, slow).step() == 1
    assert calls == [URL]


def test_one_that_died_while_calling_is_followed_by_another(
    workspace: Workspace, caller: Caller, ended: Job, clock: Clock
) -> None:
    def dying(*_: object) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Caller(workspace, clock, dying).step()
    assert caller.step() == 0
    clock.now += 60
    assert caller.step() == 1


def test_post_reaches_a_server_and_follows_no_redirect(workspace: Workspace, tell_server: Callable[[int], str]) -> None:
    fetch = workspace.settings.fetch.model_copy(update={"allow_networks": ("127.0.0.0/8",)})
    settings = workspace.settings.model_copy(update={"fetch": fetch})
    assert post(settings, tell_server(200), b"{}", {"X": "y"}, 5.0) == 200
    assert post(settings, tell_server(302), b"{}", {}, 5.0) == 302
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        post(settings, f"http://127.0.0.1:{port}/", b"{}", {}, 5.0)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "2130706433", "10.0.0.1", "localhost"])
def test_nobody_within_is_called(workspace: Workspace, host: str) -> None:
    # Also where the command line may read any address.
    assert not workspace.settings.fetch.guarded
    with pytest.raises(ForbiddenAddressError):
        post(workspace.settings, f"http://{host}/", b"{}", {}, 5.0)


def test_a_forbidden_address_is_a_failed_delivery(workspace: Workspace, caller: Caller, clock: Clock) -> None:
    job = jobs.submit(workspace, "mark", "p", webhook="http://localhost/latest")
    jobs.cancel(workspace, job.job_id)
    Caller(workspace, clock).step()
    (delivery,) = jobs.deliveries(workspace, job.job_id)
    assert delivery.state == "failed"
    assert delivery.attempts == 1
    assert delivery.error
