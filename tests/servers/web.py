"""A local server that is the whole web: image services that answer as the real ones do, and servers that misbehave.

    with local_web() as web:
        url = web.serve("/a.jpg", body=photo(1))          # http://127.0.0.1:port/a.jpg
        web.bing(url)                                     # Bing finds it, whatever is asked
        run(..., session=web.session())                   # https://www.bing.com/… arrives here

A session from `session()` brings every request here, whatever host it names; the server tells hosts apart by the first part
of the path. `web.asked` lists the paths that were asked for.
"""

from __future__ import annotations

import html
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import HTTPAdapter

from src.crawler.web import Limits, open_session

_FIRST = {"first": "0", "start": "0", "pn": "0", "action": "wbsearchentities"}
"""What a service is asked for first: Bing, Google and Baidu count results, Wikidata is searched before it gives details."""

_LONGEST_S = 20.0
"""A server that hangs lets go after this time, should a test forget to close it."""


@dataclass(frozen=True)
class Reply:
    """How an address answers.

    Attributes:
        hang: Says nothing at all until the server closes.
        drip: Sends a byte every so many seconds.
        length: Content-Length to announce, True for the right one, None for none.
        slow_s: Waits before it answers.
    """

    body: bytes = b""
    status: int = 200
    kind: str = "image/jpeg"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    drip_s: float = 0.0
    length: int | bool | None = True
    slow_s: float = 0.0


class LocalWeb:
    """The server and what it was told to answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._replies: dict[str, list[Reply]] = {}
        self._services: set[str] = set()
        self._by_name: dict[str, str] = {}
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def address(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, path: str, *replies: Reply, **reply: Any) -> str:
        """Answer a path, each time with the next reply and from then on with the last one. Return its address."""
        self._replies[path] = list(replies) or [Reply(**reply)]
        self._services.discard(path)
        return self.address + path

    def count(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(asked.split("?")[0] == path for asked in self.asked)

    def session(self) -> requests.Session:
        """Return a session whose every request comes here."""
        return redirected_session(self.address)

    # --- services -------------------------------------------------------------------------------------------------

    def bing(self, *urls: str, status: int = 200, endless: bool = False) -> None:
        """Let Bing find these pictures on its first page, and on the next ones nothing, or for ever the same."""
        page = _bing_page(urls)
        self._service("/www.bing.com/images/async", status, page, page if endless else "<div></div>")

    def bing_by_name(self, people: Mapping[str, Sequence[str]]) -> None:
        """Let Bing find pictures of each person of their own, and none of anybody else."""
        self._by_name = {name: _bing_page(urls) for name, urls in people.items()}
        self.bing()

    def google(self, *urls: str, status: int = 200, endless: bool = False) -> None:
        """Let Google find these pictures on its first page."""
        rows = ",".join(
            f'[1,[0,"id{n}",["https://encrypted-tbn0.gstatic.com/images?q\\u003dtbn:ANd9Gc{n}",168,300],["{url}",1080,1920]]]'
            for n, url in enumerate(urls)
        )
        script = f"AF_initDataCallback({{key: 'ds:1', hash: '2', data:[null,[{rows}]], sideChannel: {{}}}});"
        first = f"<html><head><script>var a = 1;</script></head><body><script>{script}</script></body></html>"
        last = first if endless else "<html><script>var a = 1;</script></html>"
        self._service("/www.google.com/search", status, first, last)

    def baidu(self, *urls: str, status: int = 200, endless: bool = False) -> None:
        """Let Baidu find these pictures on its first page."""
        items = [_baidu_item(url) for url in urls]
        first = json.dumps({"queryEnc": "x", "displayNum": len(urls), "data": [*items, {}]})
        last = first if endless else json.dumps({"data": [{}]})
        self._service("/image.baidu.com/search/acjson", status, first.replace("it is", "it\\'s"), last)

    def commons(self, *files: Mapping[str, Any]) -> None:
        """Let a search on Wikimedia Commons find these pages."""
        answer = {"batchcomplete": True, "query": {"pages": [{"index": n, **page} for n, page in enumerate(files, start=1)]}}
        self._service("/commons.wikimedia.org/w/api.php", 200, json.dumps(answer), kind="application/json")

    def wikidata(self, *answers: Any) -> None:
        """Let Wikidata answer a search with the first, and a question for details with the last."""
        replies = [json.dumps(answer) for answer in answers]
        self._service("/www.wikidata.org/w/api.php", 200, *replies, kind="application/json")

    def _service(self, path: str, status: int, *pages: str, kind: str = "text/html") -> None:
        self._replies[path] = [Reply(page.encode(), status, kind) for page in pages]
        self._services.add(path)

    # --- inside ---------------------------------------------------------------------------------------------------

    def next_reply(self, path: str) -> Reply:
        """Note that a path was asked for, and return how it answers."""
        with self._lock:
            self.asked.append(path)
            address = path.split("?")[0]
            replies = self._replies.get(address, [Reply(b"<html>nothing here</html>", 404, "text/html")])
            name = query_of(path).get("q", [""])[0]
            if address in self._services and name in self._by_name and _is_first_page(path):
                return Reply(self._by_name[name].encode(), kind="text/html")
            if address in self._services:
                return replies[0 if _is_first_page(path) else -1]
            return replies.pop(0) if len(replies) > 1 else replies[0]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count how many requests are answered at a time."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def close(self) -> None:
        """Let go of those that hang, and end all threads."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def redirected_session(address: str) -> requests.Session:
    """Return a session whose every request comes to a server of ours, `http://127.0.0.1:port`."""
    session = open_session(Limits())
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Redirected(address))
    return session


@contextmanager
def local_web() -> Iterator[LocalWeb]:
    """Run the server for the time of a test."""
    web = LocalWeb()
    try:
        yield web
    finally:
        web.close()


def commons_page(url: str, title: str, licence: str = "CC BY-SA 4.0", mime: str = "image/jpeg") -> dict[str, Any]:
    """Return a file's page as Commons describes it (formatversion 2)."""
    info = {
        "thumburl": url,
        "url": url + "?original",
        "descriptionurl": f"https://commons.wikimedia.org/wiki/{title}",
        "mime": mime,
        "width": 4000,
        "height": 3000,
        "extmetadata": {"LicenseShortName": {"value": licence, "source": "commons-desc-page"}},
    }
    return {"pageid": 1, "ns": 6, "title": title, "imagerepository": "local", "imageinfo": [info]}


class _Redirected(HTTPAdapter):
    """Sends every request to the local server, the host as the first part of the path."""

    def __init__(self, address: str) -> None:
        super().__init__(max_retries=0)
        self._address = address

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if not str(request.url).startswith(self._address + "/"):
            parts = urlsplit(str(request.url))
            request.url = f"{self._address}/{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


def _handler_of(web: LocalWeb) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _LONGEST_S

        def do_GET(self) -> None:
            try:
                self._answer(web.next_reply(self.path))
            except (BrokenPipeError, ConnectionResetError):
                return  # the client has had enough

        def _answer(self, reply: Reply) -> None:
            # Over before the last byte is sent: then the client may ask again at once.
            with web.busy():
                if reply.hang or reply.slow_s:
                    web.closing.wait(_LONGEST_S if reply.hang else reply.slow_s)
            if reply.hang:
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.length is not None:
                self.send_header("Content-Length", str(len(reply.body) if reply.length is True else reply.length))
            self.end_headers()
            if reply.drip_s:
                self._drip(reply)
            else:
                self.wfile.write(reply.body)

        def _drip(self, reply: Reply) -> None:
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if web.closing.wait(reply.drip_s):
                    return

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _bing_page(urls: Sequence[str]) -> str:
    items = "".join(_bing_item(number, url) for number, url in enumerate(urls))
    return f'<div class="dgControl hover"><ul class="dgControl_list">{items}</ul></div>'


def _bing_item(number: int, url: str) -> str:
    detail = {
        "sid": "",
        "cid": f"cid{number}",
        "purl": f"https://site{number}.example/page",
        "murl": url,
        "turl": f"https://tse1.mm.bing.net/th?id=OIP.{number}&pid=15.1",
        "md5": "0123456789abcdef",
        "t": 'A title with "quotes" & an ampersand',
        "desc": "",
    }
    m = html.escape(json.dumps(detail, separators=(",", ":")))
    link = f'<a class="iusc" m="{m}" href="/images/search?view=detailV2"><div class="img_cont"></div></a>'
    return f'<li data-idx="{number}"><div class="iuscp varh"><div class="imgpt">{link}</div></div></li>'


def _baidu_item(url: str) -> dict[str, Any]:
    source = {"ObjURL": url, "ObjUrl": url, "FromURL": "https://page.example/baidu", "FromUrl": "https://page.example/baidu"}
    return {"adType": "0", "objURL": _baidu_cipher(url), "fromPageTitle": "it is", "replaceUrl": [source]}


def _baidu_cipher(url: str) -> str:
    """Write an address as Baidu does: the inverse of how icrawler reads it."""
    from icrawler.builtin.baidu import BaiduParser

    read = BaiduParser(1, None, None)._decode_url
    letters = {read(character): character for character in "abcdefghijklmnopqrstuvwxyz0123456789"}
    signs = {":": "_z2C$q", ".": "_z&e3B", "/": "AzdH3F"}
    return "".join(signs.get(character) or letters.get(character, character) for character in url)


def _is_first_page(path: str) -> bool:
    parameters = query_of(path)
    return any(parameters.get(name) == [first] for name, first in _FIRST.items())


def query_of(asked: str) -> Mapping[str, Sequence[str]]:
    """Return the parameters of an address that was asked for."""
    return parse_qs(urlsplit(asked).query)


def wait_until(condition: Any, seconds: float = 10.0) -> None:
    """Wait for something that another thread does.

    Raises:
        TimeoutError: It did not happen.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.005)
