"""Pages of video sites through yt-dlp: every request of it passes the guard, and playlists are bounded."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from src.connectors import Connectors
from src.errors import ConfigError, FetchError, ForbiddenAddressError, MediaError
from src.settings import FetchSettings, Settings, SitesSettings, SourcesSettings
from tests.servers.archive import LocalArchive, local_archive

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
LOCAL = FetchSettings(allow_networks=("127.0.0.1/32",))
HTML = "text/html; charset=utf-8"


@pytest.fixture
def archive() -> Iterator[LocalArchive]:
    pytest.importorskip("yt_dlp", reason="needs: pip install -r requirements-sites.txt")
    with local_archive() as opened:
        yield opened


def connectors_of(fetch: FetchSettings = LOCAL, max_entries: int = 100) -> Connectors:
    sources = SourcesSettings(timeout_s=5, max_entries=max_entries)
    return Connectors.of(Settings(fetch=fetch, sources=sources, sites=SitesSettings(hosts=("127.0.0.1",))), None)


def feed(archive: LocalArchive, n: int) -> str:
    items = "".join(f"<item><title>Film {i}</title><link>{archive.address}/film{i}.mp4</link></item>" for i in range(n))
    channel = f"<channel><title>All films</title>{items}</channel>"
    return archive.put("/feed", f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>', "application/rss+xml")


def test_a_page_leads_to_its_video(archive: LocalArchive) -> None:
    archive.put("/film.mp4", b"\0" * 5000, "video/mp4")
    video = f'<video src="{archive.address}/film.mp4"></video>'
    page = f"<html><head><title>A &quot;film&quot;</title></head><body>{video}</body></html>"
    url = archive.put("/watch", page, HTML)

    found = connectors_of().resolve(url)

    assert (found.connector, found.locator, found.media, found.play) == ("sites", url, url, f"{archive.address}/film.mp4")
    assert found.title.startswith('A "film"')
    assert connectors_of().entries(url) is None


def test_a_playlist_of_500_is_bounded_and_told(archive: LocalArchive) -> None:
    entries = connectors_of().entries(feed(archive, 500))

    assert entries is not None
    assert entries.title == "All films"
    assert (len(entries.locators), entries.locators[0]) == (100, f"{archive.address}/film0.mp4")
    assert entries.n_more in (400, None)


def test_a_short_playlist_is_whole(archive: LocalArchive) -> None:
    entries = connectors_of().entries(feed(archive, 3))

    assert entries is not None
    assert (len(entries.locators), entries.n_more) == (3, 0)


def test_a_playlist_is_no_single_video(archive: LocalArchive) -> None:
    with pytest.raises(ConfigError, match="is a playlist of several videos"):
        connectors_of().resolve(feed(archive, 3))


def test_a_site_in_a_private_network_is_refused(archive: LocalArchive) -> None:
    url = archive.put("/watch", "<html></html>", HTML)

    with pytest.raises(ForbiddenAddressError, match="this machine itself"):
        connectors_of(FetchSettings()).resolve(url)
    assert archive.asked == []


def test_a_redirect_into_a_private_network_is_refused(archive: LocalArchive) -> None:
    url = archive.redirect("/watch", "http://127.0.0.2/latest/meta-data")

    with pytest.raises(ForbiddenAddressError, match="this machine itself"):
        connectors_of().resolve(url)


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("/watch", "<html><body>nothing to see</body></html>", "cannot be read as a page"),
        ("/gone", None, "404"),
        ("/watch", '<html><video src="file:///etc/passwd"></video></html>', "cannot be read|no video"),
    ],
)
def test_pages_without_a_video(archive: LocalArchive, path: str, content: str | None, why: str) -> None:
    url = archive.put(path, content, HTML) if content is not None else archive.address + path

    with pytest.raises((FetchError, MediaError), match=why):
        connectors_of().resolve(url)


def test_without_the_package_the_message_says_what_to_install(archive: LocalArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)

    with pytest.raises(ConfigError, match=r"pip install -r requirements-sites\.txt"):
        connectors_of().resolve(archive.put("/watch", "", HTML))
