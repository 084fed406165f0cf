"""Sites that show videos inside of pages, through yt-dlp: what is played, what the page says of it, and playlists.

yt-dlp only reads pages here, and only through the guard; the video itself is read like any other address.

Source: https://github.com/yt-dlp/yt-dlp (Unlicense), `YoutubeDL.extract_info`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigError, FetchError, ForbiddenAddressError, MediaError
from ..guard.fetch import explained
from ..guard.transport import open_guarded_session
from .asking import Asker, is_web, whole_signs
from .base import Connector, Entries, Found, Segment

_FORMATS = (
    "best[protocol^=http][vcodec!=none]/bestvideo[protocol^=http]/best[protocol^=http]"
    "/best[protocol^=m3u8][vcodec!=none]/bestvideo[protocol^=m3u8]"
)
"""One file over plain HTTP, with sound or without; else pieces in a list of HLS. Lists of DASH are not read."""
_LISTS = ("playlist", "multi_video")
_MISSING = "The package yt-dlp reads the pages of video sites. Run: pip install -r requirements-sites.txt"


class Sites(Connector):
    """Pages of video sites, and their playlists."""

    name = "sites"

    def __init__(self, hosts: tuple[str, ...], asker: Asker, max_entries: int) -> None:
        """Begin.

        Args:
            hosts: Sites whose addresses are pages and no files, `youtube.com` with all that lies below.
            asker: Carries the requests.
            max_entries: Of a playlist, at most so many.
        """
        self._hosts, self._asker, self._max_entries = hosts, asker, max_entries

    def takes(self, locator: str) -> bool:
        """Say whether an address belongs to one of the sites."""
        host = (urlsplit(locator).hostname or "").lower() if is_web(locator) else ""
        return any(host == one or host.endswith(f".{one}") or fnmatchcase(host, one) for one in self._hosts if host)

    def entries(self, locator: str) -> Entries | None:
        """Return the videos of a playlist."""
        said = self._ask(locator, extract_flat="in_playlist", playlist_items=f"1:{self._max_entries + 1}")
        if said.get("_type") not in _LISTS:
            return None
        listed = (one for one in said.get("entries") or () if isinstance(one, dict))
        found = [one.get("url") or one.get("webpage_url") for one in islice(listed, self._max_entries + 1)]
        addresses = tuple(address for address in found if isinstance(address, str) and is_web(address))
        if not addresses:
            raise MediaError(locator, "is a list without videos. Check the address.")
        kept, count = addresses[: self._max_entries], said.get("playlist_count")
        n_more = count - len(kept) if isinstance(count, int) else None if len(addresses) > len(kept) else 0
        return Entries(kept, n_more, str(said.get("title") or ""))

    def resolve(self, locator: str) -> Found:
        """Return what a page plays."""
        said = self._ask(locator, noplaylist=True, format=_FORMATS, extract_flat="in_playlist", playlist_items="1:2")
        if said.get("_type") in _LISTS:
            listed = [one for one in said.get("entries") or () if isinstance(one, dict)]
            if len(listed) != 1:
                raise ConfigError(f"{locator} is a playlist of several videos. Give one of them, or the list to: track --video")
            said = self._ask(str(listed[0].get("url") or ""), noplaylist=True, format=_FORMATS, extract_flat="in_playlist")
        play = said.get("url")
        if not isinstance(play, str) or not is_web(play):
            raise MediaError(locator, "shows no video that can be read as one file. Download it, and give the file.")
        more = {
            "channel": said.get("channel") or said.get("uploader"),
            "programme": said.get("series"),
            "description": said.get("description"),
            "language": said.get("language"),
        }
        segments = [_segment(part) for part in said.get("chapters") or () if isinstance(part, dict)]
        return Found(
            self.name,
            locator,
            locator,
            play,
            title=str(said.get("title") or ""),
            date=_date(said.get("release_date") or said.get("upload_date")),
            segments=tuple(segment for segment in segments if segment.title),
            more={name: value for name, value in more.items() if isinstance(value, str)},
            guard=self._asker.guard,
        )

    def _ask(self, locator: str, **options: Any) -> Mapping[str, Any]:
        refused: list[FetchError] = []
        try:
            with _opened(self._asker, refused, options) as youtube_dl:
                said = youtube_dl.extract_info(locator, download=False)
                return whole_signs(said) if isinstance(said, dict) else {}
        except (ConfigError, FetchError):
            raise
        except Exception as err:  # extractors raise whatever the page makes them raise
            # A list of which one page leads inside would otherwise be said to be broken.
            forbidden = next((one for one in refused if isinstance(one, ForbiddenAddressError)), None)
            if forbidden is not None:
                raise forbidden from err
            why = " ".join(str(err).removeprefix("ERROR: ").split())[:300]
            raise FetchError(locator, f"cannot be read as a page of a video site: {why}", passing=bool(refused)) from err


@contextmanager
def _opened(asker: Asker, refused: list[FetchError], options: Mapping[str, Any]) -> Iterator[Any]:
    """Open yt-dlp so that each of its requests passes the guard, and nothing is written or asked of the environment."""
    try:
        import yt_dlp
    except ImportError as err:
        raise ConfigError(_MISSING) from err
    handler = _handler_of(asker, refused)

    class Guarded(yt_dlp.YoutubeDL):  # type: ignore[misc]
        def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
            return super().build_request_director([handler])

    params = {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": _Silent(),
        "cachedir": False,
        "proxy": "",
        "socket_timeout": asker.timeout_s,
        "extractor_retries": 1,
        "skip_download": True,
        **options,
    }
    with Guarded(params) as youtube_dl:
        yield youtube_dl


class _Silent:
    """Takes what yt-dlp has to say; errors are raised too."""

    def debug(self, message: str) -> None:
        """Say nothing."""

    info = warning = error = debug


def _handler_of(asker: Asker, refused: list[FetchError]) -> Any:
    """Return a class that carries requests of yt-dlp through the guard."""
    from yt_dlp.networking.common import RequestHandler, Response
    from yt_dlp.networking.exceptions import HTTPError, TransportError

    class GuardedRH(RequestHandler):  # type: ignore[misc]
        _SUPPORTED_URL_SCHEMES = ("http", "https")
        _SUPPORTED_PROXY_SCHEMES = None
        _SUPPORTED_FEATURES = None

        def _check_extensions(self, extensions: dict[str, Any]) -> None:
            extensions.clear()

        def _send(self, request: Any) -> Any:
            try:
                response = self._sent(request)
            except FetchError as err:
                refused.append(err)
                raise TransportError(str(err), cause=err) from err
            if response.status >= 400:
                raise HTTPError(response)
            return response

        def _sent(self, request: Any) -> Any:
            headers = {name: value for name, value in self._get_headers(request).items() if name.lower() != "accept-encoding"}
            with (
                open_guarded_session(asker.guard, asker.total_s) as session,
                explained(request.url, asker.timeout_s),
                session.request(
                    request.method,
                    request.url,
                    data=request.data,
                    headers=headers,
                    timeout=asker.timeout_s,
                    stream=True,
                ) as answer,
            ):
                data = bytearray()
                while len(data) <= asker.max_bytes and (chunk := answer.raw.read1(1 << 16)):
                    data += chunk
                if len(data) > asker.max_bytes and not answer.headers.get("Content-Type", "").startswith(("video/", "audio/")):
                    raise FetchError(request.url, f"answers more than {asker.max_bytes} bytes")
                return Response(io.BytesIO(bytes(data)), answer.url, dict(answer.headers), answer.status_code, answer.reason)

    return GuardedRH


def _segment(part: Mapping[str, Any]) -> Segment:
    start, end = part.get("start_time"), part.get("end_time")
    return Segment(str(part.get("title") or ""), float(start or 0), float(end) if end else None)


def _date(text: Any) -> str:
    """Write a date of yt-dlp, `20240131`, as ISO 8601."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if isinstance(text, str) and len(text) == 8 and text.isdigit() else ""
