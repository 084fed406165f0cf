"""Image search engines, asked and read by icrawler: it knows the addresses of their result pages and how to read them.

Of icrawler only feeders (which pages to ask for) and parsers (which pictures they name) are used. Its downloader would
name files by itself, keep no provenance and hide faults; its threads would hide where a search stands.
"""

from __future__ import annotations

import json
import queue
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote_plus, urlsplit

from ..errors import FetchError
from .base import FoundImage, Provider
from .web import Web

MAX_RESULTS = 1000
"""None of the three gives more; beyond they repeat themselves."""

_HEADERS: Mapping[str, str] = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Accept-Language": "en-US,en;q=0.8",
}
"""These pages exist for browsers; to anybody else they answer with a page that holds no pictures."""


@dataclass(frozen=True, slots=True)
class _Page:
    """As much of a response as icrawler's parsers look at."""

    content: bytes


class SearchEngine(Provider):
    """A search engine whose pages icrawler knows."""

    filters: ClassVar[Mapping[str, str]] = {}

    def __init__(self, web: Web) -> None:
        """Ask over a web."""
        self._web = web

    def search(self, query: str, limit: int) -> Iterator[FoundImage]:
        """Yield what the result pages name, page by page, until one names nothing new."""
        seen: set[str] = set()
        for address in self._addresses(query, min(limit, MAX_RESULTS)):
            content = self._web.get(address, headers={**_HEADERS, "Referer": _origin(address)})
            found = [image for image in self._read(address, content) if image.url not in seen]
            if not found:
                return
            for image in found:
                if len(seen) >= limit:
                    return
                seen.add(image.url)
                yield image

    def _addresses(self, query: str, limit: int) -> list[str]:
        feeder = self._feeder()
        # Its own queue has room for five pages and then waits for a reader.
        feeder.out_queue = queue.Queue()
        feeder.feed(keyword=query, offset=0, max_num=limit, filters=dict(self.filters))
        return list(feeder.out_queue.queue)

    def _read(self, address: str, content: bytes) -> list[FoundImage]:
        try:
            # A parser yields tasks, or returns a list of them, or None for nothing.
            tasks = list(self._parser().parse(_Page(content)) or ())
        except Exception as err:  # what a parser trips over in a page of another form can be anything
            why = f"answers a page that cannot be understood ({type(err).__name__})"
            raise FetchError(address, why, passing=True) from err
        pages = self._pages(content)
        urls = dict.fromkeys(str(task.get("file_url", "")) for task in tasks)
        return [FoundImage(url, page=pages.get(url, "")) for url in urls if _is_address(url)]

    @abstractmethod
    def _feeder(self) -> Any:
        """Return icrawler's feeder."""

    @abstractmethod
    def _parser(self) -> Any:
        """Return icrawler's parser."""

    def _pages(self, content: bytes) -> Mapping[str, str]:
        """Return the page that shows each picture, where the answer says so: icrawler drops it."""
        return {}


class Bing(SearchEngine):
    """Bing Images."""

    name = "bing"
    filters: ClassVar[Mapping[str, str]] = {"type": "photo"}

    def _addresses(self, query: str, limit: int) -> list[str]:
        # The feeder pastes the name into the address as it is.
        return super()._addresses(quote_plus(query), limit)

    def _feeder(self) -> Any:
        from icrawler.builtin.bing import BingFeeder

        return BingFeeder(1, None, None)

    def _parser(self) -> Any:
        from icrawler.builtin.bing import BingParser

        return BingParser(1, None, None)

    def _pages(self, content: bytes) -> Mapping[str, str]:
        from bs4 import BeautifulSoup

        details = [_json_object(str(link["m"])) for link in BeautifulSoup(content, "lxml").select("a[m]")]
        return {str(detail.get("murl", "")): str(detail.get("purl", "")) for detail in details}


class Google(SearchEngine):
    """Google Images."""

    name = "google"
    filters: ClassVar[Mapping[str, str]] = {"type": "photo"}

    def _feeder(self) -> Any:
        from icrawler.builtin.google import GoogleFeeder

        return GoogleFeeder(1, None, None)

    def _parser(self) -> Any:
        from icrawler.builtin.google import GoogleParser

        return GoogleParser(1, None, None)


class Baidu(SearchEngine):
    """Baidu Images."""

    name = "baidu"

    def _addresses(self, query: str, limit: int) -> list[str]:
        return super()._addresses(quote_plus(query), limit)

    def _feeder(self) -> Any:
        from icrawler.builtin.baidu import BaiduFeeder

        return BaiduFeeder(1, None, None)

    def _parser(self) -> Any:
        from icrawler.builtin.baidu import BaiduParser

        return BaiduParser(1, None, None)

    def _read(self, address: str, content: bytes) -> list[FoundImage]:
        if not self._answer(content):
            # icrawler writes to a log and goes on; the person who searches has to know.
            raise FetchError(address, "answers a page that is not JSON: it wants to see a browser", passing=True)
        return super()._read(address, content)

    def _pages(self, content: bytes) -> Mapping[str, str]:
        items = self._answer(content).get("data") or ()
        sources = [source for item in items for source in item.get("replaceUrl") or ()]
        return {str(source.get("ObjURL", "")): str(source.get("FromURL", "")) for source in sources}

    def _answer(self, content: bytes) -> Mapping[str, Any]:
        # The same reading as icrawler's: Baidu escapes apostrophes, which JSON does not know.
        return _json_object(content.decode("utf-8", "ignore").replace("\\'", "'"))


def _json_object(text: str) -> Mapping[str, Any]:
    """Read a JSON object; what is none gives an empty one."""
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _is_address(url: str) -> bool:
    """Say whether a parser found an address, and not the middle of something else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    clean = url.isprintable() and not any(character in url for character in " \"'<>\\")
    return parts.scheme in ("http", "https") and bool(parts.hostname) and clean
