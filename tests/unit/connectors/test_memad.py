"""Programmes of the MeMAD graph with Limecraft behind it, and archives that are described by settings alone."""

from __future__ import annotations

import json

import pytest

from src.errors import ConfigError, FetchError, MediaError
from src.guard import Guard
from src.settings import (
    GraphSettings,
    LimecraftSettings,
    SparqlSettings,
)
from tests.servers.archive import LocalArchive

from .archives import PROGRAMME, connectors_of


class TestMemad:
    @pytest.mark.parametrize("locator", [PROGRAMME, "http://data.memad.eu/fr2/7h30/media"])
    def test_limecraft_plays_it(self, archive: LocalArchive, locator: str) -> None:
        found = connectors_of(archive).resolve(locator)

        assert found.play == f"{archive.address}/film.mp4?signature=s3cret"
        assert found.media == f"{archive.limecraft}/production/2336/mo/809429/moa"
        assert (found.connector, found.locator, found.title, found.date) == (
            "memad",
            locator,
            "7h30 le journal",
            "2014-05-20T07:30:00Z",
        )
        said = found.metadata()
        assert (said["channel"], said["programme"], said["description"]) == ("France 2", PROGRAMME, "Le journal du matin")
        assert said["segments"] == [
            {
                "title": "Titres",
                "uri": "http://data.memad.eu/fr2/7h30/part1",
                "start_npt": 0.5,
                "end_npt": 1.5,
                "people": [{"name": "Obama, Barack", "uri": "http://data.memad.eu/agent/2"}],
            }
        ]
        assert [person["name"] for person in said["people"]] == ["Le Saint, Sophie", "Obama, Barack"]
        assert "s3cret" not in json.dumps(said)

    def test_one_login_serves_many(self, archive: LocalArchive) -> None:
        connectors = connectors_of(archive)
        for _ in range(3):
            connectors.resolve(PROGRAMME)

        assert archive.count("POST /api/login") == 1

    @pytest.mark.parametrize("expired", [1, 3])
    def test_an_expired_token_is_renewed_once(self, archive: LocalArchive, expired: int) -> None:
        connectors = connectors_of(archive)
        connectors.resolve(PROGRAMME)
        archive.expired = expired
        if expired == 1:
            assert connectors.resolve(PROGRAMME).play
            assert archive.count("POST /api/login") == 2
        else:
            with pytest.raises(FetchError, match="answers 401") as refused:
                connectors.resolve(PROGRAMME)
            assert "token-" not in str(refused.value)

    def test_a_token_is_renewed_before_its_hour_is_over(self, archive: LocalArchive) -> None:
        from src.connectors.asking import Asker, Login
        from src.connectors.limecraft import Limecraft

        moments = [0.0]
        asker = Asker(Guard.of([], ["127.0.0.1/32"]), clock=lambda: moments[0])
        limecraft = Limecraft(archive.limecraft, Login(*archive.account), asker)
        for moment in (0.0, 3000.0, 3600.0, 3700.0):
            moments[0] = moment
            limecraft.resolve(f"{archive.limecraft}/production/1/mo/2/moa")

        assert archive.count("POST /api/login") == 2

    def test_a_wrong_password_is_said_and_not_repeated(self, archive: LocalArchive) -> None:
        wrong = LimecraftSettings(address=archive.limecraft, user="ann", password="wrong-one")

        with pytest.raises(FetchError, match=r'refuses the user "ann".*limecraft.password') as refused:
            connectors_of(archive, limecraft=wrong).resolve(PROGRAMME)
        assert "wrong-one" not in str(refused.value)

    def test_without_an_account(self, archive: LocalArchive) -> None:
        with pytest.raises(ConfigError, match="FACEREC_LIMECRAFT__PASSWORD"):
            connectors_of(archive, limecraft=LimecraftSettings(address=archive.limecraft)).resolve(PROGRAMME)

    @pytest.mark.parametrize(
        ("path", "content", "why"),
        [
            ("moa", "{}", "does not say where its moi is"),
            ("moa", '{"hrefs": {"moi": "http://elsewhere.example/moi"}}', "another server, which gets no token"),
            ("moa", "<html>login</html>", "web page instead of data"),
            ("moi", "{}", "no list of media"),
            ("moi", '[{"mimeType": "audio/mp3"}, 3]', "has no video among its media"),
            ("moi", '[{"mimeType": "video/mp4"}]', "does not say where its downloadLink is"),
            ("download", "<html>", "web page instead of a link"),
            ("download", "", "no address"),
            ("download", "file:///etc/passwd", "no address"),
        ],
    )
    def test_faults_of_limecraft(self, archive: LocalArchive, path: str, content: str, why: str) -> None:
        archive.put(f"/api/production/2336/mo/809429/{path}", content)

        with pytest.raises((FetchError, MediaError), match=why):
            connectors_of(archive).resolve(PROGRAMME)


OWN_QUERY = """
PREFIX ex: <http://example.org/terms#>
SELECT ?locator ?title ?channel
WHERE { <URI> ex:file ?locator . OPTIONAL { <URI> ex:title ?title } OPTIONAL { <URI> ex:on ?channel } }
"""


def test_another_archive_needs_settings_and_no_code(archive: LocalArchive) -> None:
    archive.graph = (
        '<http://example.org/film/1> <http://example.org/terms#file> "{address}/film.mp4" ; '
        '<http://example.org/terms#title> "A \\"film\\" \u05e9\u05dd \U0001f3ac" ; '
        '<http://example.org/terms#on> "One", "Two" .'
    )
    own = GraphSettings(endpoint=archive.endpoint, prefixes=("http://example.org/film/",), query=OWN_QUERY)

    found = connectors_of(archive, sparql=SparqlSettings(archives={"mine": own})).resolve("http://example.org/film/1")

    assert (found.connector, found.play) == ("mine", f"{archive.address}/film.mp4")
    assert found.title == 'A "film" \u05e9\u05dd \U0001f3ac'
    assert sorted(found.metadata()["channel"]) == ["One", "Two"]


def test_an_archive_without_its_query_says_what_is_missing(archive: LocalArchive) -> None:
    own = GraphSettings(endpoint=archive.endpoint, prefixes=("http://example.org/",))

    with pytest.raises(ConfigError, match=r"sparql\.archives\.mine\.query is not set"):
        connectors_of(archive, sparql=SparqlSettings(archives={"mine": own})).resolve("http://example.org/1")
