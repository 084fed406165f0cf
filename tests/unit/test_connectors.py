"""Sources by their address, against a local server that answers as archives document, and fails as they do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.connectors import Connectors
from src.connectors.asking import Answer
from src.connectors.base import seconds_of
from src.connectors.notices import read_notice
from src.connectors.results import read_results, rows_of
from src.errors import ConfigError, FetchError, ForbiddenAddressError, MediaError
from src.guard import Guard
from src.settings import (
    AntractSettings,
    FetchSettings,
    GraphSettings,
    LimecraftSettings,
    MemadSettings,
    Settings,
    SourcesSettings,
    SparqlSettings,
)
from tests.servers.archive import ANTRACT_GRAPH, MEMAD_GRAPH, LocalArchive, local_archive

MEDIA = "http://www.ina.fr/media/AFE86003905"
PROGRAMME = "http://data.memad.eu/fr2/7h30/programme"
LOCAL = FetchSettings(allow_networks=("127.0.0.1/32",))


@pytest.fixture
def archive() -> Iterator[LocalArchive]:
    with local_archive(ANTRACT_GRAPH + MEMAD_GRAPH) as opened:
        yield opened


def connectors_of(archive: LocalArchive, fetch: FetchSettings = LOCAL, **changes: Any) -> Connectors:
    """Return the connectors whose archives are all the local one."""
    said: dict[str, Any] = {
        "fetch": fetch,
        "sources": SourcesSettings(timeout_s=5, total_s=10),
        "antract": AntractSettings(endpoint=archive.endpoint, media_base=f"{archive.address}/films"),
        "memad": MemadSettings(endpoint=archive.endpoint),
        "limecraft": LimecraftSettings(address=archive.limecraft, user=archive.account[0], password=archive.account[1]),
    }
    return Connectors.of(Settings(**(said | changes)), None)


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


@pytest.mark.parametrize(
    "results",
    [None, 3, "x", {}, {"results": None}, {"results": {}}, {"results": {"bindings": 3}}, {"results": {"bindings": [3]}},
     {"results": {"bindings": [{"a": {}}]}}, {"results": {"bindings": [{"a": "x"}]}}, {"boolean": True}],
)  # fmt: skip
def test_results_of_any_other_form_are_an_error_of_ours(results: Any) -> None:
    with pytest.raises(FetchError, match="holds no SPARQL results"):
        rows_of("http://x", results)


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("application/sparql-results+xml", b"<sparql", "no well-formed XML"),
        ("application/xml", b"<a/>", "XML that holds no SPARQL results"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "defines entities"),
        ("application/xml", b'<s:sparql xmlns:s="http://www.w3.org/2005/sparql-results#"><s:boolean/></s:sparql>', "holds no"),
        ("text/csv", b"Error 500: no such graph\n", "text/csv that holds no SPARQL results"),
        ("text/csv", b'a\n"', "cannot be read"),
        ("text/csv", b"a\n\xff", "cannot be read"),
        ("text/csv", b"a\n" + b"x\n" * 20_001, "more than 20000 rows"),
        ("text/html", b"<p>login</p>", "web page instead of data"),
        ("text/plain", b"Virtuoso 37000 Error", "no JSON"),
    ],
)
def test_other_forms_that_hold_no_results(kind: str, data: bytes, why: str) -> None:
    with pytest.raises(FetchError, match=why):
        read_results("http://x", Answer(data, kind, "http://x"))


def test_terms_of_tsv_that_no_text_can_hold() -> None:
    table = b'?title\t?date\n"A \\uD83D B"\t"\\U110000FF"\n'
    assert read_results("u", Answer(table, "text/tab-separated-values", "u")) == [{"title": "A \ufffd B", "date": "\ufffd"}]


def test_half_a_character_is_written_down_nowhere(archive: LocalArchive) -> None:
    manifest = json.dumps(MANIFEST | {"label": "A cut title \ud83d", "summary": {"\ud800": ["\udfff"]}})
    connectors = connectors_of(archive)
    found = connectors.resolve(archive.put("/manifest.json", manifest))
    assert found.title == "A cut title ?"
    assert found.metadata()["description"] == "?"
    turtle = (
        '<http://x/1> <http://purl.org/dc/terms/title> "A \\uD83D B" ; <http://www.w3.org/ns/ma-ont#locator> <http://x/a.mp4> .'
    )
    try:
        title = connectors.resolve(archive.put("/r.ttl", turtle)).title
    except FetchError:  # newer readers of Turtle refuse it
        title = ""
    assert title.encode().decode() == title


@pytest.mark.parametrize("body", ["http://[/a.mp4", "https://[::1/a.mkv", {"id": "//[/a.mp4"}])
def test_an_address_that_is_none_is_no_video(archive: LocalArchive, body: Any) -> None:
    manifest = MANIFEST | {"items": [{"type": "Canvas", "items": [{"body": body}]}]}
    with pytest.raises((MediaError, FetchError)):
        connectors_of(archive).resolve(archive.put("/manifest.json", manifest))


def test_terms_of_tsv_are_read_as_in_turtle() -> None:
    table = '?a\t?b\t?c\n<http://x/1>\t"a \\"b\\"\\t\\u00e9"@fr\t12.5\n\t"x"^^<http://y>\t\n'

    assert read_results("http://x", Answer(table.encode(), "text/tab-separated-values", "")) == [
        {"a": "http://x/1", "b": 'a "b"\té', "c": "12.5"},
        {"b": "x"},
    ]


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


CANVAS = {
    "id": "https://example.org/canvas/1",
    "type": "Canvas",
    "label": {"en": ["Reel 1"]},
    "duration": 60,
    "items": [
        {
            "type": "AnnotationPage",
            "items": [
                {
                    "type": "Annotation",
                    "motivation": "painting",
                    "body": {"id": "{address}/film.mp4", "type": "Video", "format": "video/mp4", "duration": 60},
                    "target": "https://example.org/canvas/1",
                }
            ],
        }
    ],
}
MANIFEST: dict[str, Any] = {
    "@context": "http://iiif.io/api/presentation/3/context.json",
    "id": "{address}/manifest.json",
    "type": "Manifest",
    "label": {"fr": ["Actualités"], "en": ["Newsreel"]},
    "summary": {"none": ["<p>Of the <b>week</b></p>"]},
    "navDate": "1958-06-18T00:00:00Z",
    "rights": "http://creativecommons.org/licenses/by/4.0/",
    "metadata": [
        {"label": {"en": ["Contributors"]}, "value": {"none": ["Churchill, Winston", "Anna Albers"]}},
        {"label": {"en": ["Channel"]}, "value": {"none": ["INA"]}},
    ],
    "items": [CANVAS],
    "structures": [
        {
            "type": "Range",
            "label": {"en": ["All"]},
            "items": [
                {
                    "id": "https://example.org/range/2",
                    "type": "Range",
                    "label": {"en": ["Paris"]},
                    "items": [{"id": "https://example.org/canvas/1#t=10,20", "type": "Canvas"}],
                }
            ],
        }
    ],
}


class TestIiif:
    def test_a_manifest_of_version_3(self, archive: LocalArchive) -> None:
        url = archive.put("/manifest.json", MANIFEST)
        connectors = connectors_of(archive)

        found = connectors.resolve(url)

        assert connectors.entries(url) is None
        assert (found.connector, found.locator, found.play) == ("iiif", url, f"{archive.address}/film.mp4")
        assert (found.title, found.date) == ("Newsreel", "1958-06-18T00:00:00Z")
        said = found.metadata()
        assert (said["description"], said["channel"]) == ("Of the week", "INA")
        assert said["people"] == [{"name": "Churchill, Winston"}, {"name": "Anna Albers"}]
        assert said["segments"] == [
            {"title": "Paris", "uri": "https://example.org/range/2", "start_npt": 10.0, "end_npt": 20.0}
        ]

    @pytest.mark.parametrize(
        "manifest",
        [
            {"@type": "sc:Manifest", "label": "Old", "sequences": [{"canvases": [{"@id": "c", "images": [
                {"motivation": "sc:painting", "resource": {"@id": "/film.mp4", "@type": "dctypes:MovingImage"}}]}]}]},
            {"@type": "sc:Manifest", "label": [{"@value": "Old", "@language": "en"}], "mediaSequences": [{"elements": [
                {"@id": "c", "rendering": [{"@id": "film.mp3", "format": "audio/mp3"},
                                           {"@id": "film.mp4", "format": "video/mp4"}]}]}]},
            {"type": "Manifest", "label": {"none": ["Old"]}, "items": [{"type": "Canvas", "items": [{"items": [
                {"motivation": "supplementing", "body": {"id": "subtitles.mp4", "type": "Video"}},
                {"motivation": "painting", "body": {"type": "Choice", "items": [
                    {"id": "film.mp4", "type": "Video"}, {"id": "film.webm", "type": "Video"}]}}]}]}]},
        ],
    )  # fmt: skip
    def test_other_forms(self, archive: LocalArchive, manifest: dict[str, Any]) -> None:
        found = connectors_of(archive).resolve(archive.put("/manifest.json", manifest))

        assert (found.title, found.play) == ("Old", f"{archive.address}/film.mp4")

    def test_several_videos_and_a_part_of_one(self, archive: LocalArchive) -> None:
        second = json.loads(json.dumps(CANVAS).replace("film.mp4", "film2.mp4#t=1,3").replace("Reel 1", "Reel 2"))
        url = archive.put("/manifest.json", MANIFEST | {"items": [CANVAS, {"type": "Canvas", "items": []}, second]})
        connectors = connectors_of(archive)

        entries = connectors.entries(url)

        assert entries is not None
        assert (entries.locators, entries.n_more) == ((f"{url}#canvas-1", f"{url}#canvas-2"), 0)
        found = connectors.resolve(f"{url}#canvas-2")
        assert (found.title, found.play) == ("Newsreel: Reel 2", f"{archive.address}/film2.mp4")
        assert found.metadata()["fragment"] == "t=1,3"
        with pytest.raises(ConfigError, match=r"has 2 videos. Name one: #canvas-1 to #canvas-2"):
            connectors.resolve(url)
        with pytest.raises(ConfigError, match="has 2 videos"):
            connectors.resolve(f"{url}#canvas-3")

    def test_two_videos_on_one_canvas_and_the_segments_of_each(self, archive: LocalArchive) -> None:
        # As for an opera in two acts: one canvas, painted by two files one after the other.
        canvas = "https://example.org/canvas/1"
        bodies = [("act1.mp4", "t=0,100"), ("act2.mp4", "t=100,160")]
        items = [
            {"type": "Annotation", "motivation": ["painting"], "body": {"id": f"{{address}}/{name}", "type": "Video"},
             "target": {"type": "SpecificResource", "source": {"id": canvas, "type": "Canvas"},
                        "selector": {"type": "FragmentSelector", "value": when}}}
            for name, when in bodies
        ]  # fmt: skip
        part = {"type": "SpecificResource", "id": "https://example.org/part", "source": canvas}
        ranges = [
            {"type": "Range", "label": {"it": ["Ouverture"]}, "items": [{"id": f"{canvas}#t=0,20", "type": "Canvas"}]},
            {"type": "Range", "label": {"it": ["Finale"]},
             "items": [part | {"selector": {"type": "FragmentSelector", "value": "t=90,130"}}]},
        ]  # fmt: skip
        page = [{"type": "AnnotationPage", "items": items}]
        url = archive.put("/manifest.json", MANIFEST | {"items": [CANVAS | {"items": page}], "structures": ranges})
        connectors = connectors_of(archive)

        entries = connectors.entries(url)
        assert entries is not None
        assert len(entries.locators) == 2
        first, second = (connectors.resolve(one) for one in entries.locators)
        assert (first.play[-8:], second.play[-8:]) == ("act1.mp4", "act2.mp4")
        parts = [[(part.title, part.start_npt, part.end_npt) for part in one.segments] for one in (first, second)]
        assert parts == [[("Ouverture", 0, 20), ("Finale", 90, 100)], [("Finale", 0, 30)]]

    def test_a_part_of_a_file_is_painted_through_a_selector(self, archive: LocalArchive) -> None:
        body = {
            "type": "SpecificResource",
            "source": {"id": "{address}/film.mp4", "type": "Video", "service": [{"id": "https://x/s", "type": "Video"}]},
            "selector": {"type": "FragmentSelector", "value": "t=30,90"},
        }
        canvas = json.loads(json.dumps(CANVAS))
        canvas["items"][0]["items"][0]["body"] = body

        found = connectors_of(archive).resolve(archive.put("/manifest.json", MANIFEST | {"items": [canvas]}))

        assert (found.play, str(found.fragment)) == (f"{archive.address}/film.mp4", "t=30,90")
        assert [(one.title, one.start_npt, one.end_npt) for one in found.segments] == [("Paris", 40, 50)]

    def test_a_file_is_preferred_to_a_list_of_pieces(self, archive: LocalArchive) -> None:
        pieces = {"id": "{address}/film.m3u8", "type": "Video", "format": "application/vnd.apple.mpegurl"}
        file = {"id": "{address}/film.webm", "type": "Video", "format": "video/webm"}

        def manifest(*bodies: dict[str, Any]) -> dict[str, Any]:
            choice = {"type": "Choice", "items": list(bodies)}
            page = {"items": [{"motivation": "painting", "body": choice}]}
            return MANIFEST | {"items": [{"type": "Canvas", "items": [page]}]}

        connectors = connectors_of(archive)
        assert connectors.resolve(archive.put("/manifest.json", manifest(pieces, file))).play.endswith("film.webm")
        dash = {"id": "{address}/film.mpd", "type": "Video", "format": "application/dash+xml"}
        assert connectors.resolve(archive.put("/manifest.json", manifest(dash, pieces))).play.endswith("film.m3u8")
        with pytest.raises(MediaError, match=r"in pieces of DASH only, which are not read\. Download it"):
            connectors.resolve(archive.put("/manifest.json", manifest(dash)))

    def test_a_table_in_another_language_and_with_rows_of_one_label(self, archive: LocalArchive) -> None:
        rows = [
            {"label": {"fr": ["Contributeur"]}, "value": {"none": ["De Gaulle, Charles"]}},
            {"label": {"fr": ["Contributeur"]}, "value": {"none": ["Anna Albers", "De Gaulle, Charles"]}},
            {"label": {"fr": ["Chaîne :"]}, "value": {"fr": ["ORTF"]}},
            {"label": {"fr": ["Date"]}, "value": {"none": ["18 juin 1958"]}},
        ]
        manifest = MANIFEST | {"metadata": rows, "navDate": None, "rights": None}
        manifest |= {"provider": [{"type": "Agent", "label": {"fr": ["INA"]}}],
                     "requiredStatement": {"label": {"en": ["Attribution"]}, "value": {"en": ["© INA"]}}}  # fmt: skip

        found = connectors_of(archive).resolve(archive.put("/manifest.json", manifest))

        said = found.metadata()
        assert [person["name"] for person in said["people"]] == ["De Gaulle, Charles", "Anna Albers"]
        assert (said["channel"], said["publisher"], said["rights"], found.date) == ("ORTF", "INA", "© INA", "18 juin 1958")

    def test_a_collection_is_bounded_and_told(self, archive: LocalArchive) -> None:
        items = [{"id": f"{archive.address}/{n}/manifest.json", "type": "Manifest"} for n in range(500)]
        url = archive.put("/manifest.json", {"type": "Collection", "label": "All", "items": items})

        entries = connectors_of(archive, sources=SourcesSettings(max_entries=3)).entries(url)

        assert entries is not None
        assert (len(entries.locators), entries.n_more, entries.title) == (3, 497, "All")

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ({"type": "Manifest", "items": []}, "without a video"),
            ({"type": "Canvas"}, "is no IIIF manifest"),
            ([1], "is no IIIF manifest"),
            ({"type": "Manifest", "items": [{"items": 3}, 4, None, {"body": {"type": "Video"}}]}, "without a video"),
            ("<html>", "web page instead of data"),
            ("{", "no JSON"),
            ("[" * 100_000, "no JSON"),
            ({"type": "Manifest", "label": json.loads("[" * 900 + "]" * 900)}, "without a video"),
            (MANIFEST | {"label": json.loads("[" * 900 + "]" * 900), "items": [{"items": 3}]}, "without a video"),
            (MANIFEST | {"items": [{"body": {"id": "file:///etc/passwd", "type": "Video"}}]}, r"no http\(s\) address"),
        ],
    )
    def test_what_is_no_manifest(self, archive: LocalArchive, content: Any, why: str) -> None:
        with pytest.raises((FetchError, MediaError), match=why):
            connectors_of(archive).resolve(archive.put("/manifest.json", content))

    def test_a_file_with_several_videos_of_which_one_has_only_an_address(self, archive: LocalArchive, tmp_path: Path) -> None:
        for name in ("film.mp4", "film2.mkv", "act3.mxf"):
            (tmp_path / name).touch()
        first = json.dumps(CANVAS).replace("{address}/", "")
        second = json.loads(first)
        second["items"][0]["items"][0]["body"] = "film2.mkv"
        third = json.loads(first)
        third["items"][0]["items"] = [{"motivation": "painting", "body": ["act3.mxf#t=2,5", "act3.jpg"], "target": "c3"}]
        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps(MANIFEST | {"items": [json.loads(first), second, third]}))
        connectors = connectors_of(archive)

        entries = connectors.entries(str(manifest))

        assert entries is not None
        found = [connectors.resolve(one) for one in entries.locators]
        assert [one.locator for one in found] == [str(tmp_path / name) for name in ("film.mp4", "film2.mkv", "act3.mxf")]
        assert [one.play for one in found] == [one.locator for one in found]
        assert str(found[2].fragment) == "t=2,5"

    def test_a_file_plays_what_lies_beside_it(self, archive: LocalArchive, tmp_path: Path) -> None:
        (tmp_path / "film.mp4").touch()
        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps(MANIFEST).replace("{address}/", ""))
        assert connectors_of(archive).resolve(str(manifest)).locator == str(tmp_path / "film.mp4")
        manifest.write_text(json.dumps(MANIFEST).replace("{address}/film.mp4", "../secret.mp4"))
        with pytest.raises(MediaError, match="no file in its folder"):
            connectors_of(archive).resolve(str(manifest))


EBUCORE = """<?xml version="1.0" encoding="UTF-8"?>
<ebuCoreMain xmlns="urn:ebu:metadata-schema:ebuCore_2015" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <coreMetadata>
    <title><dc:title>Newsreel &amp; "more"</dc:title></title>
    <contributor><contactDetails contactId="http://example.org/p/1"><name>Churchill, Winston</name></contactDetails>
      <role typeLabel="politician"/></contributor>
    <contributor><contactDetails><givenName>Anna</givenName><familyName>Albers</familyName></contactDetails></contributor>
    <date><issued startDate="1958-06-18"/></date>
    <description><dc:description>Of the week</dc:description></description>
    <format><locator>{address}/film.mp4</locator></format>
    <part partName="Paris"><partStartTime><normalPlayTime>PT1M</normalPlayTime></partStartTime>
      <partDuration><normalPlayTime>PT10.5S</normalPlayTime></partDuration>
      <contributor><contactDetails><name>De Gaulle, Charles</name></contactDetails></contributor></part>
    <publicationHistory><publicationEvent><publicationDate startDate="1958-06-20"/>
      <publicationService><publicationServiceName>INA</publicationServiceName></publicationService>
    </publicationEvent></publicationHistory>
  </coreMetadata>
</ebuCoreMain>"""
OAI = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-01-01</responseDate><GetRecord><record>
<header><identifier>oai:x:1</identifier></header><metadata>
<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Newsreel &amp; "more"</dc:title><dc:creator>Churchill, Winston</dc:creator><dc:date>1958-06-18</dc:date>
<dc:identifier>urn:x:1</dc:identifier><dc:identifier>{address}/film.mp4</dc:identifier><dc:publisher>INA</dc:publisher>
</oai_dc:dc></metadata></record></GetRecord></OAI-PMH>"""
TURTLE = """@prefix dct: <http://purl.org/dc/terms/> . @prefix ec: <http://www.ebu.ch/metadata/ontologies/ebucore/ebucore#> .
<{address}/p> a ec:Programme ; ec:isInstantiatedBy <{address}/m> ; dct:title "Newsreel & \\"more\\"" ; dct:issued "1958-06-18" ;
  ec:hasContributor <http://example.org/p/1> ; dct:contributor "Anna Albers" ;
  ec:hasPart [ ec:title "Paris" ; ec:start "60" ; ec:end "70.5" ; ec:hasContributor [ ec:agentName "De Gaulle, Charles" ] ] .
<http://example.org/p/1> ec:agentName "Churchill, Winston" ; ec:hasRole "politician" .
<{address}/m> ec:locator "{address}/film.mp4" ."""
RDF_XML = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
<rdf:Description rdf:about="{address}/film.mp4"><dc:title>Newsreel &amp; "more"</dc:title>
<dc:creator>Churchill, Winston</dc:creator><dc:date>1958-06-18</dc:date>
<dc:identifier>1</dc:identifier></rdf:Description></rdf:RDF>"""
JSON_LD = """{"@context": {"dc": "http://purl.org/dc/terms/", "s": "http://schema.org/"}, "@id": "{address}/m",
"dc:title": "Newsreel & \\"more\\"", "dc:date": "1958-06-18", "dc:creator": "Churchill, Winston", "s:contentUrl": "film.mp4"}"""


class TestNotices:
    @pytest.mark.parametrize(
        ("path", "record", "kind"),
        [
            ("/r.xml", EBUCORE, "application/xml"),
            ("/oai.xml", OAI, "text/xml"),
            ("/r.ttl", TURTLE, "text/turtle"),
            ("/r.rdf", RDF_XML, "application/rdf+xml"),
            ("/r.jsonld", JSON_LD, "application/ld+json"),
            ("/r16.xml", EBUCORE.replace("UTF-8", "UTF-16"), "application/xml"),
        ],
    )
    def test_each_form_says_the_same(self, archive: LocalArchive, path: str, record: str, kind: str) -> None:
        text = record.replace("{address}", archive.address)
        url = archive.put(path, text.encode("utf-16") if "16" in path else text, kind)

        found = connectors_of(archive).resolve(url)

        assert (found.connector, found.locator, found.play) == ("notices", url, f"{archive.address}/film.mp4")
        assert (found.title, found.date) == ('Newsreel & "more"', "1958-06-18")
        assert "Churchill, Winston" in [person["name"] for person in found.metadata()["people"]]

    @pytest.mark.parametrize(("path", "record"), [("/r.xml", EBUCORE), ("/r.ttl", TURTLE)])
    def test_people_and_parts(self, archive: LocalArchive, path: str, record: str) -> None:
        said = connectors_of(archive).resolve(archive.put(path, record)).metadata()

        assert {"name": "Churchill, Winston", "uri": "http://example.org/p/1", "role": "politician"} in said["people"]
        assert {person["name"] for person in said["people"]} == {"Churchill, Winston", "Anna Albers", "De Gaulle, Charles"}
        assert said["segments"] == [
            {"title": "Paris", "start_npt": 60.0, "end_npt": 70.5, "people": [{"name": "De Gaulle, Charles"}]}
        ]

    def test_ebucore_counts_in_frames_and_names_others_below_a_contact(self, archive: LocalArchive) -> None:
        unit = '<editUnitNumber editRate="25" factorNumerator="1000" factorDenominator="1001">{}</editUnitNumber>'
        record = EBUCORE.replace("<normalPlayTime>PT1M</normalPlayTime>", unit.format(1500))
        lasts = '<editUnitNumber editRate="25">250</editUnitNumber>'
        record = record.replace("<normalPlayTime>PT10.5S</normalPlayTime>", lasts)
        record = record.replace(
            "<name>Churchill, Winston</name>",
            "<name>Churchill, Winston</name>"
            "<relatedContacts><contactDetails><name>His agent</name></contactDetails></relatedContacts>",
        ).replace("ebuCore_2015", "ebuCore_2021")
        record = record.replace("<date>", '<type><genre typeLabel="News"/></type><date>')
        said = connectors_of(archive).resolve(archive.put("/r.xml", record)).metadata()

        assert (said["segments"][0]["start_npt"], said["segments"][0]["end_npt"]) == (60.06, 70.06)
        assert "His agent" not in json.dumps(said)
        assert said["genre"] == "News"

    def test_rdf_that_leads_from_the_medium_to_its_programme(self, archive: LocalArchive) -> None:
        turtle = TURTLE.replace("ec:isInstantiatedBy <{address}/m> ;", "").replace(
            "<{address}/m> ec:locator", "<{address}/m> ec:isInstantiationOf <{address}/p> ; ec:locator"
        )

        assert connectors_of(archive).resolve(archive.put("/r.ttl", turtle)).title == 'Newsreel & "more"'

    def test_json_ld_of_schema_org_needs_no_fetching(self, archive: LocalArchive) -> None:
        record = {
            "@context": "https://schema.org",
            "@type": "VideoObject",
            "name": "Newsreel",
            "contentUrl": "{address}/film.mp4",
            "uploadDate": "1958-06-18",
            "actor": {"@type": "Person", "@id": "http://www.wikidata.org/entity/Q8016", "name": "Winston Churchill"},
            "hasPart": [{"@type": "Clip", "name": "Paris", "startOffset": 60, "endOffset": 70.5}],
        }
        found = connectors_of(archive).resolve(archive.put("/r.jsonld", record))

        assert (found.play, found.title, found.date) == (f"{archive.address}/film.mp4", "Newsreel", "1958-06-18")
        said = found.metadata()
        assert said["people"] == [{"name": "Winston Churchill", "uri": "http://www.wikidata.org/entity/Q8016"}]
        assert [(one["title"], one["start_npt"], one["end_npt"]) for one in said["segments"]] == [("Paris", 60.0, 70.5)]

    def test_a_date_in_words_is_kept_where_there_is_no_other(self, archive: LocalArchive) -> None:
        url = archive.put("/r.xml", OAI.replace(">1958-06-18<", ">18 juin 1958<"))

        assert connectors_of(archive).resolve(url).date == "18 juin 1958"

    def test_what_else_ebucore_says(self, archive: LocalArchive) -> None:
        said = connectors_of(archive).resolve(archive.put("/r.xml", EBUCORE)).metadata()

        assert (said["description"], said["channel"]) == ("Of the week", "INA")

    @pytest.mark.parametrize(
        ("path", "record", "why"),
        [
            ("/r.xml", "<html><body>login</body></html>", "web page instead of a record"),
            ("/r.xml", "<a><b></a>", "no well-formed XML"),
            ("/r.xml", "<a><b/></a>", "no record in EBUCore or Dublin Core"),
            ("/r.xml", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "defines entities"),
            ("/r.xml", "<dc><title>T</title></dc>", "it has no locator"),
            ("/r.xml", "<dc><title>T</title><locator>file:///etc/passwd</locator></dc>", r"no http\(s\) address"),
            ("/r.xml", OAI.replace("<GetRecord>", "<error code='idDoesNotExist'>No such id</error><GetRecord>"), "No such id"),
            ("/r.xml", f"<ListRecords>{OAI}{OAI}</ListRecords>", "describes 2 videos"),
            ("/r.ttl", "<a> <b> .", "cannot be read as turtle"),
            ("/r.ttl", "<http://a> <http://b#c> 1 .", "describes no video"),
            ("/r.jsonld", '{"@context": "http://127.0.0.1:9/c", "a": 1}', "@context lies elsewhere"),
            ("/r.jsonld", '{"x": [{"@context": ["http://127.0.0.1:9/c"]}]}', "@context lies elsewhere"),
            ("/r.jsonld", '{"@context": [["http://127.0.0.1:9/c"]]}', "@context lies elsewhere"),
            ("/r.jsonld", '{"@context": {"@context": [["http://127.0.0.1:9/c"]]}}', "@context lies elsewhere"),
            (
                "/r.jsonld",
                '{"@context": {"a": {"@id": "x:a", "@context": [["file:///etc/passwd"]]}}}',
                "@context lies elsewhere",
            ),
            ("/r.jsonld", "{", "no well-formed JSON-LD"),
        ],
    )
    def test_what_is_no_record(self, archive: LocalArchive, path: str, record: str, why: str) -> None:
        with pytest.raises((ConfigError, FetchError, MediaError), match=why):
            connectors_of(archive).resolve(archive.put(path, record))

    def test_a_file_plays_what_lies_beside_it(self, archive: LocalArchive, tmp_path: Path) -> None:
        record = tmp_path / "film.xml"
        record.write_text(EBUCORE.replace("{address}/", ""))
        with pytest.raises(MediaError, match="no file in its folder"):
            connectors_of(archive).resolve(str(record))
        (tmp_path / "film.mp4").touch()
        found = connectors_of(archive).resolve(str(record))
        assert (found.locator, found.play, found.title) == (
            str(tmp_path / "film.mp4"),
            str(tmp_path / "film.mp4"),
            'Newsreel & "more"',
        )

    def test_a_part_of_the_medium_is_kept(self) -> None:
        answer = Answer(b"<dc><title>T</title><locator>http://x/film.mp4#t=1,2</locator></dc>", "", "")

        assert read_notice("r.xml", answer).locators == ["http://x/film.mp4#t=1,2"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("263", 263.0),
        ("12.5", 12.5),
        ("0:04:23.5", 263.5),
        ("04:23", 263.0),
        ("00:04:23,5", 263.5),
        ("00:04:23:12", 263.48),
        ("PT4M23.5S", 263.5),
        ("P1DT1H", 90000.0),
        ("", None),
        ("P", None),
        ("PT", None),
        ("PT0S", 0.0),
        ("-3", None),
        ("soon", None),
        ("1e3", 1000.0),
        ("2.63E2", 263.0),
        ("1e99", None),
        ("P0Y0M0DT0H4M23S", 263.0),
        ("P1M", None),
        ("9" * 400, None),
        ("9" * 5000 + ":00:01", None),
        ("9" * 5000 + ":00:00:01", None),
        ("PT" + "9" * 5000 + "H", None),
        ("\u0661", None),
    ],
)
def test_times_of_catalogues(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
