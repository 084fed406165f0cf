"""Fetching through the guard: redirects, rebinding, and servers that send too much, too slowly or the wrong thing."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from src.crawler.web import Limits, Web
from src.errors import FetchError, ForbiddenAddressError
from src.guard import Guard
from src.guard.fetch import FetchLimits, fetch
from src.guard.transport import open_guarded_session
from tests.servers.web import LocalWeb, Reply, local_web

LOCAL = Guard.of([], ["127.0.0.1/32"])
"""Lets the server of the tests through, and it alone."""
FORBIDDEN = (
    "http://127.0.0.2/",
    "http://[::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2130706434/",
    "http://0x7f.2/",
    "http://127.2/",
    "http://[::ffff:127.0.0.2]/",
    "http://0177.0.0.2/",
    "http://0x7f000002/",
    "http://017700000002/",
    "http://[::ffff:7f00:2]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://user:pass@127.0.0.1/",
)


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with local_web() as opened:
        yield opened


def named(web: LocalWeb, host: str, path: str) -> str:
    """Return the address of a path by a name."""
    return f"http://{host}:{urlsplit(web.address).port}{path}"


def test_brings_what_is_there(web: LocalWeb) -> None:
    url = web.serve("/a.jpg", body=b"data", kind="image/JPEG; x=1")

    found = fetch(url, LOCAL, FetchLimits(kinds=("image/",)))

    assert (found.data, found.kind, found.url) == (b"data", "image/jpeg", url)


def test_does_not_call_this_machine(web: LocalWeb) -> None:
    url = web.serve("/a.jpg", body=b"secret")

    with pytest.raises(ForbiddenAddressError, match="this machine itself"):
        fetch(url, Guard())
    assert web.asked == []


@pytest.mark.parametrize("target", FORBIDDEN)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_does_not_follow_inside(web: LocalWeb, target: str, status: int) -> None:
    url = web.serve("/a", status=status, headers={"Location": target})

    with pytest.raises(ForbiddenAddressError):
        fetch(url, LOCAL)
    assert web.asked == ["/a"]


def test_does_not_follow_to_other_schemes(web: LocalWeb) -> None:
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/"):
        with pytest.raises(FetchError):
            fetch(web.serve("/a", status=302, headers={"Location": target}), LOCAL)


def test_judges_every_step_of_a_chain(web: LocalWeb) -> None:
    last = web.serve("/3", status=302, headers={"Location": "http://169.254.169.254/"})
    second = web.serve("/2", status=302, headers={"Location": last})
    first = web.serve("/1", status=302, headers={"Location": second})

    with pytest.raises(ForbiddenAddressError, match="link-local"):
        fetch(first, LOCAL)
    assert web.asked == ["/1", "/2", "/3"]


def test_follows_where_it_may(web: LocalWeb) -> None:
    url = web.serve("/a", status=302, headers={"Location": web.serve("/b", body=b"there")})

    assert fetch(url, LOCAL).url == web.address + "/b"


def test_does_not_go_round_in_circles(web: LocalWeb) -> None:
    url = web.serve("/a", status=302, headers={"Location": "/a"})

    with pytest.raises(FetchError, match="circle"):
        fetch(url, LOCAL)
    assert web.count("/a") == 6


def test_does_not_read_what_comes_with_a_redirect(web: LocalWeb) -> None:
    goal = web.serve("/b", body=b"there")
    url = web.serve("/a", status=302, headers={"Location": goal}, length=10**15, body=b"x")

    assert fetch(url, LOCAL).data == b"there"


def test_looks_a_name_up_once_and_goes_where_that_led(web: LocalWeb) -> None:
    """A name server that answers differently the next moment gains nothing: nobody asks it again."""
    answers = itertools.chain(["127.0.0.1"], itertools.repeat("10.0.0.1"))
    guard = Guard.of([], ["127.0.0.1/32"])
    guard = Guard(allow_networks=guard.allow_networks, resolve=lambda host, port: [next(answers)])
    web.serve("/a", body=b"there")

    assert fetch(named(web, "films.example", "/a"), guard).data == b"there"
    with pytest.raises(ForbiddenAddressError, match="private"):
        fetch(named(web, "films.example", "/a"), guard)
    assert web.asked == ["/a"]


@pytest.mark.parametrize(
    "later",
    ["127.0.0.2", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.2", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0"],
)
def test_a_name_that_changes_its_mind_between_two_steps(web: LocalWeb, later: str) -> None:
    """DNS rebinding by way of a redirect to the same name: it is looked up again, and judged again."""
    answers = itertools.chain(["127.0.0.1"], itertools.repeat(later))
    allowed = Guard.of([], ["127.0.0.1/32"]).allow_networks
    guard = Guard(allow_networks=allowed, resolve=lambda host, port: [next(answers)])
    web.serve("/b", body=b"secret")
    web.serve("/a", status=302, headers={"Location": named(web, "other.example", "/b")})

    with pytest.raises(ForbiddenAddressError, match=r"other\.example"):
        fetch(named(web, "films.example", "/a"), guard)
    assert web.asked == ["/a"]


def test_a_name_that_leads_inside_is_not_called(web: LocalWeb) -> None:
    web.serve("/a", body=b"secret")

    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        guard = Guard(resolve=lambda host, port, address=address: [address])  # type: ignore[misc]
        with pytest.raises(ForbiddenAddressError, match=r"films\.example"):
            fetch(named(web, "films.example", "/a"), guard)
    assert web.asked == []


def test_the_name_stays_in_the_request(web: LocalWeb) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        thread = threading.Thread(target=answer)
        thread.start()
        port = server.getsockname()[1]
        guard = Guard(LOCAL.allow_hosts, LOCAL.allow_networks, lambda host, port: ["127.0.0.1"])
        assert fetch(f"http://films.example:{port}/a", guard).data == b"ok"
        thread.join()
    assert f"host: films.example:{port}" in heard[0].decode().lower()


def test_an_allowed_host_may_lie_inside(web: LocalWeb) -> None:
    web.serve("/a", body=b"there")
    guard = Guard(("films.lan",), resolve=lambda host, port: ["127.0.0.1"])

    assert fetch(named(web, "films.lan", "/a"), guard).data == b"there"
    with pytest.raises(ForbiddenAddressError):
        fetch(named(web, "other.lan", "/a"), guard)


def test_tries_the_next_address(web: LocalWeb) -> None:
    web.serve("/a", body=b"there")
    guard = Guard.of([], ["127.0.0.0/8"])
    guard = Guard(allow_networks=guard.allow_networks, resolve=lambda host, port: ["127.0.0.3", "127.0.0.1"])

    assert fetch(named(web, "films.example", "/a"), guard).data == b"there"


@pytest.mark.parametrize("length", [True, None, 3])
def test_too_large(web: LocalWeb, length: int | bool | None) -> None:
    url = web.serve("/a", body=b"x" * 100_000, length=length)

    limits = FetchLimits(max_bytes=2 if length == 3 else 50_000)
    with pytest.raises(FetchError, match="larger than"):
        fetch(url, LOCAL, limits)


def test_too_slow_all_together(web: LocalWeb) -> None:
    """Each byte comes in time, all of them do not; the clock of the test says so."""
    url = web.serve("/a", body=b"x" * 1000, drip_s=0.001)
    ticks = itertools.count(0, 10)

    with pytest.raises(FetchError, match="longer than 60 s"):
        fetch(url, LOCAL, FetchLimits(total_s=60), clock=lambda: float(next(ticks)))


def test_says_nothing(web: LocalWeb) -> None:
    with pytest.raises(FetchError, match="no answer within"):
        fetch(web.serve("/a", hang=True), LOCAL, FetchLimits(timeout_s=0.2))


def test_a_head_that_comes_a_byte_at_a_time() -> None:
    """A server that sends a byte of its head now and then never meets the timeout for one wait."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                for byte in b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 10_000:
                    if done.wait(0.02):
                        return
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(FetchError, match="no answer"):
                fetch(f"http://127.0.0.1:{server.getsockname()[1]}/", LOCAL, FetchLimits(timeout_s=5, total_s=0.3))
        finally:
            done.set()
            thread.join()


def test_a_handshake_that_never_ends() -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                for byte in b"\x16\x03\x03\x40\x00" + bytes(10_000):
                    if done.wait(0.02):
                        return
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(FetchError):
                fetch(f"https://127.0.0.1:{server.getsockname()[1]}/", LOCAL, FetchLimits(timeout_s=5, total_s=0.3))
        finally:
            done.set()
            thread.join()


def test_of_another_kind(web: LocalWeb) -> None:
    url = web.serve("/a", body=b"<html>", kind="text/html")

    with pytest.raises(FetchError, match="'text/html', not one of image/"):
        fetch(url, LOCAL, FetchLimits(kinds=("image/",)))


def test_compressed(web: LocalWeb) -> None:
    with pytest.raises(FetchError, match="compressed"):
        fetch(web.serve("/a", body=b"x", headers={"Content-Encoding": "gzip"}), LOCAL)


@pytest.mark.parametrize(("status", "passing"), [(404, False), (403, False), (429, True), (503, True)])
def test_refused_by_the_server(web: LocalWeb, status: int, passing: bool) -> None:
    with pytest.raises(FetchError, match=f"answers {status}") as info:
        fetch(web.serve("/a", status=status), LOCAL)
    assert info.value.passing == passing


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(f"http://127.0.0.1:{port}/", LOCAL)


def test_a_proxy_of_the_environment_is_not_asked(web: LocalWeb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It would look names up where nobody has looked, and passwords of the user are not for clients."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.9:1")
    url = web.serve("/a", body=b"there")

    assert fetch(url, LOCAL).data == b"there"
    with open_guarded_session(LOCAL) as session, session.get(url, proxies={"http": "http://127.0.0.9:1"}) as response:
        assert response.content == b"there"
        assert "Authorization" not in response.request.headers


def test_a_certificate_is_checked_for_the_name(web: LocalWeb) -> None:
    """The connection goes to a number, what it must prove is the name."""
    seen: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def note(sock: object, name: str | None, context: ssl.SSLContext) -> int:
        seen.append(name)
        return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)

    context.sni_callback = note
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake() -> None:
            connection, _ = server.accept()
            with connection, pytest.raises(ssl.SSLError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=shake)
        thread.start()
        guard = Guard(allow_networks=LOCAL.allow_networks, resolve=lambda host, port: ["127.0.0.1"])
        with pytest.raises(FetchError, match="certificate"):
            fetch(f"https://films.example:{server.getsockname()[1]}/", guard)
        thread.join()
    assert seen == ["films.example"]


class TestCrawler:
    """The crawler's own fetching, with the guard."""

    limits = Limits(timeout_s=2, retries=0)

    def test_follows_redirects_nowhere_inside(self, web: LocalWeb) -> None:
        for number, target in enumerate(FORBIDDEN):
            url = web.serve(f"/{number}", status=302, headers={"Location": target})
            client = Web(self.limits, guard=LOCAL)
            with pytest.raises(ForbiddenAddressError) as info:
                client.get(url)
            client.close()
            assert not info.value.passing

    def test_fetches_what_it_may(self, web: LocalWeb) -> None:
        client = Web(self.limits, guard=LOCAL)
        assert client.get(web.serve("/a", body=b"there")) == b"there"
        client.close()

    def test_is_free_without_a_guard(self, web: LocalWeb) -> None:
        goal = web.serve("/b", body=b"there")
        client = Web(self.limits)
        assert client.get(web.serve("/a", Reply(status=302, headers={"Location": goal}, length=10**15))) == b"there"
        client.close()

    def test_errors_of_requests_stay_theirs(self) -> None:
        with pytest.raises(requests.exceptions.InvalidSchema), open_guarded_session(LOCAL) as session:
            session.get("ftp://example.org/")
