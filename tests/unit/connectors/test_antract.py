"""Media and notices of the ANTRACT graph, against a local server that answers as it documents, and fails as it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.connectors import Connectors
from src.errors import ConfigError, FetchError, ForbiddenAddressError, MediaError
from src.settings import (
    AntractSettings,
    FetchSettings,
    Settings,
    SourcesSettings,
)
from tests.servers.archive import ANTRACT_GRAPH, LocalArchive, local_archive

from .archives import LOCAL, MEDIA, connectors_of


class TestAntract:
    @pytest.mark.parametrize("locator", [MEDIA, "http://www.ina.fr/notice/7", "http://www.ina.fr/notice/summary1"])
    def test_media_and_notices_lead_to_the_medium(self, archive: LocalArchive, locator: str) -> None:
        found = connectors_of(archive).resolve(locator)

        assert (found.locator, found.play) == (locator, f"{archive.address}/films/Media/AF/AFE86003905.mp4")
        assert (found.title, found.date) == ("Les Actualités françaises du 18 juin 1958", "1958-06-18")
        assert found.metadata() == {
            "connector": "antract",
            "media": MEDIA,
            "programme": "http://www.ina.fr/notice/summary1",
            "segments": [
                {
                    "title": "Sir Winston Churchill à Paris",
                    "uri": "http://www.ina.fr/notice/7",
                    "start_npt": 1.0,
                    "end_npt": 2.0,
                    "people": [
                        {"name": "Churchill, Winston", "uri": "http://www.ina.fr/thesaurus/pp/1", "role": "homme politique"},
                        {"name": "De Gaulle, Charles", "uri": "http://www.ina.fr/thesaurus/pp/2"},
                    ],
                },
                {
                    "title": 'L\'hommage "éternel"',
                    "uri": "http://www.ina.fr/notice/8",
                    "start_npt": 2.0,
                    "people": [{"name": "Sir Winston Churchill", "uri": "http://www.ina.fr/thesaurus/pp/3"}],
                },
            ],
            "people": [
                {"name": "Churchill, Winston", "uri": "http://www.ina.fr/thesaurus/pp/1", "role": "homme politique"},
                {"name": "De Gaulle, Charles", "uri": "http://www.ina.fr/thesaurus/pp/2"},
                {"name": "Sir Winston Churchill", "uri": "http://www.ina.fr/thesaurus/pp/3"},
            ],
        }

    def test_a_folder_may_hold_the_media(self, archive: LocalArchive, tmp_path: Path) -> None:
        file = tmp_path / "Media" / "AF" / "AFE86003905.mp4"
        file.parent.mkdir(parents=True)
        file.touch()
        settings = AntractSettings(endpoint=archive.endpoint, media_base=str(tmp_path))

        assert connectors_of(archive, antract=settings).resolve(MEDIA).play == str(file)
        file.unlink()
        with pytest.raises(MediaError, match=r"media_base, where nothing is"):
            connectors_of(archive, antract=settings).resolve(MEDIA)

    def test_a_relative_locator_needs_a_base(self, archive: LocalArchive) -> None:
        with pytest.raises(MediaError, match=r"Set antract\.media_base"):
            connectors_of(archive, antract=AntractSettings(endpoint=archive.endpoint, media_base="")).resolve(MEDIA)

    def test_user_and_password_are_sent(self, archive: LocalArchive) -> None:
        archive.login = ("ann", "sesame")
        given = {"endpoint": archive.endpoint, "media_base": archive.address}

        assert connectors_of(archive, antract=AntractSettings(user="ann", password="sesame", **given)).resolve(MEDIA).title
        with pytest.raises(FetchError, match=r'refuses the user "ann".*Check user and password') as refused:
            connectors_of(archive, antract=AntractSettings(user="ann", password="wrong-one", **given)).resolve(MEDIA)
        assert "wrong-one" not in str(refused.value)
        with pytest.raises(FetchError, match="wants a user and a password"):
            connectors_of(archive, antract=AntractSettings(**given)).resolve(MEDIA)

    def test_an_endpoint_may_know_no_post(self, archive: LocalArchive) -> None:
        archive.fault = "get"

        assert connectors_of(archive).resolve(MEDIA).title
        assert archive.asked[:2] == ["POST /sparql", "GET /sparql"]

    @pytest.mark.parametrize("form", ["xml", "csv", "tsv"])
    def test_an_endpoint_may_answer_in_another_form(self, archive: LocalArchive, form: str) -> None:
        wanted = connectors_of(archive).resolve(MEDIA)
        archive.fault = form

        assert connectors_of(archive).resolve(MEDIA) == wanted

    def test_an_endpoint_that_has_moved_is_asked_again(self, archive: LocalArchive) -> None:
        archive.fault = "moved"

        assert connectors_of(archive).resolve(MEDIA).title
        assert archive.asked[:2] == ["POST /sparql", "POST /moved/sparql"]

    def test_an_endpoint_that_has_moved_elsewhere_gets_no_password(self, archive: LocalArchive) -> None:
        archive.fault = "moved"
        archive.login = ("ann", "sesame")
        with local_archive(ANTRACT_GRAPH) as other:
            archive.redirect("/elsewhere", f"{other.address}/sparql")
            settings = AntractSettings(endpoint=f"{archive.address}/elsewhere", user="ann", password="sesame")
            with pytest.raises(FetchError, match=r"has moved to .*another server"):
                connectors_of(archive, antract=settings).resolve(MEDIA)
            assert other.asked == []

    @pytest.mark.parametrize("address", ["https://www.ina.fr/media/AFE86003905", MEDIA])
    def test_an_address_with_https_is_the_same_one(self, archive: LocalArchive, address: str) -> None:
        prefixes = ("http://www.ina.fr/", "https://www.ina.fr/")
        settings = AntractSettings(endpoint=archive.endpoint, media_base=archive.address, prefixes=prefixes)

        found = connectors_of(archive, antract=settings).resolve(address)

        assert (found.locator, found.date) == (address, "1958-06-18")

    def test_media_ask_for_the_same_login_and_other_servers_get_none(self, archive: LocalArchive) -> None:
        settings = AntractSettings(endpoint=archive.endpoint, media_base=archive.address, user="ann", password="s3same!")
        guard = connectors_of(archive, antract=settings).resolve(MEDIA).guard

        assert guard is not None
        assert guard.login_for(f"{archive.address}/Media/x.mp4") == ("ann", "s3same!")
        for url in ("http://127.0.0.1:1/x", "http://localhost/x", archive.address.replace("http:", "https:"), "no address"):
            assert guard.login_for(url) is None
        assert "s3same!" not in repr(guard)

    def test_media_of_antract_lie_where_ina_keeps_them(self, archive: LocalArchive) -> None:
        settings = AntractSettings(endpoint=archive.endpoint)

        found = Connectors.of(Settings(fetch=LOCAL, antract=settings), None).choose(MEDIA).resolve(MEDIA)

        assert found.play == "https://okapi.ina.fr/antract/Media/AF/AFE86003905.mp4"

    def test_of_several_places_the_one_of_a_video_is_played(self, archive: LocalArchive) -> None:
        places = '"/Media/AF/a.jpg", "/Media/AF/b.mp3", "/Media/AF/c.mp4", "/Media/AF/d.mp4"'
        archive.graph = ANTRACT_GRAPH.replace('"/Media/AF/AFE86003905.mp4"', places)

        assert connectors_of(archive).resolve(MEDIA).play.endswith("/c.mp4")

    @pytest.mark.parametrize(
        ("places", "fragment"),
        [('"/AFE.mp4#t=10,20"', "t=10,20"), ('"/AFE.mp4#t=10,20", "/AFE.mp4#t=30"', ""), ('"/AFE.mp4", "/AFE.mp4#t=30"', "")],
    )
    def test_a_locator_may_name_the_part_that_is_meant(self, archive: LocalArchive, places: str, fragment: str) -> None:
        archive.graph = ANTRACT_GRAPH.replace('"/Media/AF/AFE86003905.mp4"', places)

        found = connectors_of(archive).resolve(MEDIA)

        assert (found.play, str(found.fragment)) == (f"{archive.address}/films/AFE.mp4", fragment)
        assert found.metadata().get("fragment", "") == fragment

    def test_a_locator_is_escaped_where_it_must_be(self, archive: LocalArchive) -> None:
        archive.graph = ANTRACT_GRAPH.replace("/Media/AF/AFE86003905.mp4", "{address}/Les actualités/n° 1%20a.mp4?x=1&y=[2]")

        play = connectors_of(archive).resolve(MEDIA).play
        assert play == f"{archive.address}/Les%20actualit%C3%A9s/n%C2%B0%201%20a.mp4?x=1&y=[2]"

    def test_what_the_archive_does_not_know(self, archive: LocalArchive) -> None:
        with pytest.raises(MediaError, match="is not known to the archive antract"):
            connectors_of(archive).resolve("http://www.ina.fr/media/NONE")

    def test_an_address_cannot_end_the_query(self, archive: LocalArchive) -> None:
        with pytest.raises(ConfigError, match="must be escaped"):
            connectors_of(archive).resolve("http://www.ina.fr/media/A> } DROP ALL #")
        assert archive.queries == []

    @pytest.mark.parametrize(
        ("fault", "why"),
        [
            ("slow", r"gave no answer within 0\.3 s"),
            ("html", "answers a web page instead of data"),
            ("malformed", "something that is no JSON"),
            ("list", "holds no SPARQL results"),
            ("huge", "is larger than 8000000 bytes"),
            ("500", "answers 500"),
        ],
    )
    def test_faults_of_the_endpoint(self, archive: LocalArchive, fault: str, why: str) -> None:
        archive.fault = fault
        sources = SourcesSettings(timeout_s=0.3 if fault == "slow" else 5)
        try:
            with pytest.raises(FetchError, match=why):
                connectors_of(archive, sources=sources).resolve(MEDIA)
        finally:
            archive.closing.set()

    def test_ten_megabytes_are_read_where_they_are_allowed(self, archive: LocalArchive) -> None:
        archive.fault = "huge"

        with pytest.raises(FetchError, match="more than 20000 rows"):
            connectors_of(archive, sources=SourcesSettings(max_bytes=20_000_000)).resolve(MEDIA)

    def test_missing_variables_and_no_rows(self, archive: LocalArchive) -> None:
        archive.fault = "missing"
        with pytest.raises(MediaError, match=r"no medium of it to be played \(\?locator\)"):
            connectors_of(archive).resolve(MEDIA)
        archive.fault = "empty"
        with pytest.raises(MediaError, match="is not known to the archive"):
            connectors_of(archive).resolve(MEDIA)

    def test_a_redirect_into_a_private_network_is_not_followed(self, archive: LocalArchive) -> None:
        archive.fault = "redirect"

        with pytest.raises(ForbiddenAddressError, match="this machine itself"):
            connectors_of(archive).resolve(MEDIA)

    def test_a_medium_in_a_private_network_is_refused_unless_allowed(self, archive: LocalArchive) -> None:
        # The administrator has set the endpoint, which is therefore asked; nobody has said that of what it names.
        with pytest.raises(ForbiddenAddressError, match="this machine itself"):
            connectors_of(archive, FetchSettings()).resolve(MEDIA)
        assert len(archive.queries) == 1

    @pytest.mark.parametrize("locator", ["file:///etc/passwd", "ftp://x/f", "javascript:alert(1)", "http://10.0.0.1/f.mp4"])
    def test_a_locator_that_leads_elsewhere_is_refused(self, archive: LocalArchive, locator: str) -> None:
        archive.graph = ANTRACT_GRAPH.replace("/Media/AF/AFE86003905.mp4", locator)

        with pytest.raises((MediaError, ForbiddenAddressError)):
            connectors_of(archive).resolve(MEDIA)
