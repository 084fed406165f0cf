"""Fetching from servers that misbehave."""

from __future__ import annotations

import email.utils
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from src.crawler.web import Limits, Web
from src.errors import FetchError
from tests.servers.web import LocalWeb, Reply, local_web, wait_until

OK = Reply(b"content")


@pytest.fixture
def local() -> Iterator[LocalWeb]:
    with local_web() as web:
        yield web


@pytest.fixture
def web_of() -> Iterator[Callable[..., Web]]:
    opened: list[Web] = []

    def make(**limits: float) -> Web:
        values = {"timeout_s": 5.0, "retries": 2, "backoff_s": 0.0, **limits}
        opened.append(Web(Limits(**values)))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for web in opened:
        web.close()


MakeWeb = Callable[..., Web]


def fault(web: Web, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        web.get(url)
    return caught.value


def test_fetches_what_is_there(local: LocalWeb, web_of: MakeWeb) -> None:
    assert web_of().get(local.serve("/a", OK)) == b"content"


def test_fetches_answers_that_do_not_announce_their_length(local: LocalWeb, web_of: MakeWeb) -> None:
    assert web_of().get(local.serve("/a", body=b"x" * 200_000, length=None)) == b"x" * 200_000


@pytest.mark.parametrize(
    ("status", "passing", "tries"),
    [
        (404, False, 1),
        (410, False, 1),
        (403, True, 1),
        (204, False, 1),
        (500, True, 3),
        (503, True, 3),
        (429, True, 3),
        (501, True, 1),
    ],
)
def test_a_status_says_whether_to_try_again(local: LocalWeb, web_of: MakeWeb, status: int, passing: bool, tries: int) -> None:
    err = fault(web_of(), local.serve("/a", status=status))
    assert str(status) in err.why
    assert err.passing is passing
    assert local.count("/a") == tries


def test_a_fault_that_passes_is_not_noticed(local: LocalWeb, web_of: MakeWeb) -> None:
    busy = Reply(status=429, headers={"Retry-After": "0"})
    assert web_of().get(local.serve("/a", Reply(status=500), busy, OK)) == b"content"


@pytest.mark.parametrize("is_date", [False, True])
def test_a_server_that_asks_for_a_long_pause_is_left_alone(local: LocalWeb, web_of: MakeWeb, is_date: bool) -> None:
    value = email.utils.format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True) if is_date else "3600"
    assert fault(web_of(), local.serve("/a", status=429, headers={"Retry-After": value})).passing
    assert local.count("/a") == 1


@pytest.mark.parametrize("value", ["soon", "-1", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_pause_that_is_over_or_cannot_be_read_does_not_matter(local: LocalWeb, web_of: MakeWeb, value: str) -> None:
    url = local.serve("/a", Reply(status=429, headers={"Retry-After": value}), OK)
    assert web_of().get(url) == b"content"


def test_a_server_that_says_nothing_is_given_up(local: LocalWeb, web_of: MakeWeb) -> None:
    err = fault(web_of(timeout_s=0.1, retries=1), local.serve("/a", hang=True))
    assert err.why == "gave no answer within 0.1 s"
    assert err.passing
    assert local.count("/a") == 2


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(local: LocalWeb, web_of: MakeWeb) -> None:
    err = fault(web_of(timeout_s=0.5), local.serve("/a", body=b"x" * 10_000, drip_s=0.02))
    assert err.why == "took longer than 2 s"
    assert local.count("/a") == 1


@pytest.mark.parametrize("length", [True, None])
def test_too_large_an_answer_is_broken_off(local: LocalWeb, web_of: MakeWeb, length: bool | None) -> None:
    err = fault(web_of(max_bytes=100_000), local.serve("/a", body=b"x" * 5_000_000, length=length))
    assert err.why == "is larger than 100000 bytes"
    assert not err.passing


def test_an_answer_that_is_cut_off_is_tried_again(local: LocalWeb, web_of: MakeWeb) -> None:
    assert web_of().get(local.serve("/a", Reply(b"con", length=7), OK)) == b"content"
    assert fault(web_of(), local.serve("/b", Reply(b"con", length=7))).why == "broke off before its end"


def test_what_begins_wrong_is_not_fetched_to_its_end(local: LocalWeb, web_of: MakeWeb) -> None:
    url = local.serve("/a", body=b"<html>" + b"x" * 10_000, drip_s=0.05)
    with pytest.raises(FetchError, match="no picture"):
        web_of(timeout_s=60).get(url, check=lambda head: "no picture")


def test_redirects_are_followed_but_not_for_ever(local: LocalWeb, web_of: MakeWeb) -> None:
    local.serve("/goal", OK)
    assert web_of().get(local.serve("/a", status=302, headers={"Location": "/goal"})) == b"content"
    err = fault(web_of(), local.serve("/loop", status=302, headers={"Location": "/loop"}))
    assert err.why == "redirects in a circle"
    assert not err.passing


@pytest.mark.parametrize("goal", ["file:///etc/passwd", "ftp://a.example/1.jpg", "http://[::1"])
def test_redirects_to_anything_but_the_web_are_refused(local: LocalWeb, web_of: MakeWeb, goal: str) -> None:
    err = fault(web_of(), local.serve("/a", status=302, headers={"Location": goal}))
    assert err.why == "is no valid address"


@pytest.mark.parametrize("url", ["http://", "http://[::1", "nonsense", "file:///etc/passwd", "http://a..b/", "http://\ud800/"])
def test_what_is_no_address_is_refused(web_of: MakeWeb, url: str) -> None:
    err = fault(web_of(), url)
    assert err.why == "is no valid address"
    assert not err.passing


def test_a_server_that_does_not_listen_may_listen_another_time(local: LocalWeb, web_of: MakeWeb) -> None:
    url = local.address
    local.close()
    err = fault(web_of(retries=0), url + "/a")
    assert "refused" in err.why
    assert err.passing


def test_one_server_gets_few_requests_at_a_time(local: LocalWeb, web_of: MakeWeb) -> None:
    urls = [local.serve(f"/{number}", body=b"x", slow_s=0.02) for number in range(12)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(web_of(per_host=2).get, urls)) == [b"x"] * 12
    assert local.most_at_once == 2


def test_cookies_are_not_kept(local: LocalWeb, web_of: MakeWeb) -> None:
    web = web_of()
    web.get(local.serve("/a", body=b"x", headers={"Set-Cookie": "who=you"}))
    assert not list(web._session.cookies)


def test_stop_ends_what_is_under_way(local: LocalWeb, web_of: MakeWeb) -> None:
    web = web_of(timeout_s=60)
    url = local.serve("/a", body=b"x" * 10_000, drip_s=0.02)
    faults: list[FetchError] = []
    thread = threading.Thread(target=lambda: faults.append(fault(web, url)))
    thread.start()
    wait_until(lambda: local.count("/a"))
    web.stop()
    thread.join(10)
    assert [err.why for err in faults] == ["was interrupted"]
    assert fault(web, url).passing


def test_stop_ends_a_pause_between_tries(local: LocalWeb, web_of: MakeWeb) -> None:
    web = web_of(timeout_s=60, backoff_s=100)
    url = local.serve("/a", status=500)
    thread = threading.Thread(target=lambda: fault(web, url))
    thread.start()
    wait_until(lambda: local.count("/a"))
    time.sleep(0.05)
    web.stop()
    thread.join(10)
    assert not thread.is_alive()
