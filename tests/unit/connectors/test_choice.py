"""Which connector an address belongs to, and whether what it names is read in ranges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from src.connectors import Connectors
from src.errors import ConfigError, ForbiddenAddressError
from src.guard import Guard
from src.settings import (
    GraphSettings,
    Settings,
    SparqlSettings,
)

from .archives import MEDIA, PROGRAMME


class TestChoice:
    @pytest.mark.parametrize(
        ("locator", "name"),
        [
            (MEDIA, "antract"),
            ("http://www.campus-AAR.fr/sceneSegment_AFE86003905_92", "antract"),
            (PROGRAMME, "memad"),
            ("https://platform.limecraft.com/api/production/2336/mo/809429/moa", "limecraft"),
            ("https://www.youtube.com/watch?v=abc", "sites"),
            ("https://youtu.be/abc", "sites"),
            ("https://notyoutube.com/film.mp4", "direct"),
            ("https://example.org/iiif/7/manifest.json", "iiif"),
            ("https://example.org/iiif/7/manifest?x=1", "iiif"),
            ("https://example.org/7/manifest.json#canvas-2", "iiif"),
            ("https://example.org/records/7.rdf", "notices"),
            ("https://example.org/oai?verb=GetRecord&identifier=7", "notices"),
            ("https://example.org/film.mp4", "direct"),
            ("HTTP://example.org/film.mp4", "direct"),
            ("film.mp4", "local"),
            ("no/such/record.xml", "local"),
            ("/films/http.mp4", "local"),
        ],
    )
    def test_by_the_address(self, locator: str, name: str) -> None:
        assert Connectors.of(Settings(), None).choose(locator).name == name

    def test_an_archive_of_ones_own_goes_before_a_larger_one(self) -> None:
        own = SparqlSettings(archives={"mine": GraphSettings(prefixes=("http://www.ina.fr/mine/",))})

        connectors = Connectors.of(Settings(sparql=own), None)

        assert connectors.choose("http://www.ina.fr/mine/1").name == "mine"
        assert connectors.choose("http://www.ina.fr/media/1").name == "antract"

    def test_an_archive_without_addresses_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"sparql.archives.mine.prefixes is empty"):
            Connectors.of(Settings(sparql=SparqlSettings(archives={"mine": GraphSettings()})), None)


@pytest.mark.parametrize(
    ("url", "proxy", "by_ranges"),
    [
        ("https://example.org/film.mp4", "", True),
        ("https://ann:sesame@example.org/film.mp4", "", False),
        ("https://example.org/film.mp4", "http://proxy.lan:3128", False),
    ],
)
def test_what_the_user_names_is_read_in_ranges_unless_only_ffmpeg_can(
    monkeypatch: pytest.MonkeyPatch, url: str, proxy: str, by_ranges: bool
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", proxy)

    assert (Connectors.of(Settings(), None).resolve(url).guard is not None) is by_ranges
    if "@" not in url:
        assert Connectors.of(Settings(), Guard()).resolve(url).guard == Guard()


def test_what_the_user_names_may_be_private_and_what_it_redirects_to_may_not() -> None:
    guard = Connectors.of(Settings(), None).resolve("http://films.lan:81/film.mp4").guard

    assert guard is not None
    resolved = replace(guard, resolve=lambda host, port: ["10.0.0.7"])
    assert resolved.check("http://films.lan:81/film.mp4")
    assert resolved.addresses_of("films.lan", 81) == ("10.0.0.7",)
    for host in ("other.lan", "10.0.0.7", "127.0.0.1"):
        with pytest.raises(ForbiddenAddressError):
            resolved.addresses_of(host, 80)
