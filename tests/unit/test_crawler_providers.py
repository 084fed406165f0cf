"""Providers against answers in the form of the real services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from src.crawler.addresses import Addresses
from src.crawler.base import FoundImage, Provider
from src.crawler.folder import Folder
from src.crawler.languages import language_code
from src.crawler.providers import PROVIDERS, check_names
from src.crawler.search_engines import Baidu, Bing, Google
from src.crawler.web import Limits, Web
from src.crawler.wikimedia import Wikimedia
from src.errors import ConfigError, FetchError, InvalidNameError
from tests.servers.web import LocalWeb, Reply, commons_page, local_web, query_of

NAME = "Churchill & Winston"
URLS = ("https://a.example/one.jpg", "https://b.example/two.jpg", "http://c.example/three.jpg")


@pytest.fixture
def local() -> Iterator[LocalWeb]:
    with local_web() as web:
        yield web


@pytest.fixture
def web(local: LocalWeb) -> Iterator[Web]:
    opened = Web(Limits(timeout_s=5, retries=0, backoff_s=0), local.session())
    yield opened
    opened.close()


def found(provider: Provider, limit: int = 100) -> list[str]:
    return [image.url for image in provider.search(NAME, limit)]


@pytest.mark.parametrize(("service", "provider"), [("bing", Bing), ("google", Google), ("baidu", Baidu)])
class TestSearchEngines:
    def test_finds_the_pictures_of_a_page_in_their_order(
        self, local: LocalWeb, web: Web, service: str, provider: type[Bing]
    ) -> None:
        getattr(local, service)(*URLS)
        assert found(provider(web)) == list(URLS)

    def test_asks_for_the_name_as_it_is(self, local: LocalWeb, web: Web, service: str, provider: type[Bing]) -> None:
        getattr(local, service)(*URLS)
        found(provider(web))
        parameters = query_of(local.asked[0])
        assert parameters["word" if service == "baidu" else "q"] == [NAME]

    def test_stops_at_the_limit_without_asking_for_more(
        self, local: LocalWeb, web: Web, service: str, provider: type[Bing]
    ) -> None:
        getattr(local, service)(*URLS)
        assert found(provider(web), limit=2) == list(URLS[:2])
        assert len(local.asked) == 1

    def test_stops_when_a_page_repeats_the_one_before(
        self, local: LocalWeb, web: Web, service: str, provider: type[Bing]
    ) -> None:
        getattr(local, service)(*URLS, endless=True)
        assert found(provider(web), limit=1000) == list(URLS)
        assert len(local.asked) == 2

    def test_finds_nothing_on_an_empty_page(self, local: LocalWeb, web: Web, service: str, provider: type[Bing]) -> None:
        getattr(local, service)()
        assert found(provider(web)) == []

    def test_a_refusal_is_an_error_with_the_reason(self, local: LocalWeb, web: Web, service: str, provider: type[Bing]) -> None:
        getattr(local, service)(*URLS, status=503)
        with pytest.raises(FetchError, match="answers 503"):
            found(provider(web))


def test_bing_tells_the_page_and_finds_other_endings_than_jpg(local: LocalWeb, web: Web) -> None:
    local.bing("https://a.example/one.jpg", "https://b.example/two.png", "https://c.example/three?size=large")
    images = list(Bing(web).search(NAME, 10))
    assert [(image.url, image.page) for image in images] == [
        ("https://a.example/one.jpg", "https://site0.example/page"),
        ("https://b.example/two.png", "https://site1.example/page"),
        ("https://c.example/three?size=large", "https://site2.example/page"),
    ]


def test_baidu_tells_the_page(local: LocalWeb, web: Web) -> None:
    local.baidu("https://a.example/one.jpg")
    assert next(Baidu(web).search(NAME, 1)).page == "https://page.example/baidu"


@pytest.mark.parametrize("answer", [b"<html>are you a robot?</html>", b'{"antiFlag": 1, "message": "Forbid spider access"}'])
def test_baidu_that_forbids_programs_is_an_error(local: LocalWeb, web: Web, answer: bytes) -> None:
    local.serve("/image.baidu.com/search/acjson", body=answer)
    with pytest.raises(FetchError, match="answers a page that"):
        found(Baidu(web))


def test_google_leaves_out_what_is_no_address(local: LocalWeb, web: Web) -> None:
    page = b'<script>["https://a.example/one.jpg",1,2],["http broken .jpg"]</script>'
    local.serve("/www.google.com/search", Reply(page, kind="text/html"), Reply(b"<html></html>", kind="text/html"))
    assert found(Google(web)) == ["https://a.example/one.jpg"]


class TestWikimedia:
    HUMAN: ClassVar[dict[str, object]] = {
        "id": "Q8016",
        "labels": {"en": {"language": "en", "value": "Winston Churchill"}},
        "descriptions": {"en": {"language": "en", "value": "British statesman"}},
        "aliases": {"en": [{"language": "en", "value": "Sir Winston"}]},
        "claims": {
            "P31": [{"mainsnak": {"snaktype": "value", "datavalue": {"value": {"id": "Q5"}, "type": "wikibase-entityid"}}}],
            "P18": [{"mainsnak": {"snaktype": "value", "datavalue": {"value": "Portrait.jpg", "type": "string"}}}],
            "P373": [{"mainsnak": {"snaktype": "value", "datavalue": {"value": "Winston Churchill", "type": "string"}}}],
        },
    }
    SHIP: ClassVar[dict[str, object]] = {
        "id": "Q1",
        "labels": {},
        "claims": {"P31": [{"mainsnak": {"snaktype": "somevalue"}}]},
        "aliases": [],
    }

    def test_describes_the_first_human_of_that_name(self, local: LocalWeb, web: Web) -> None:
        hits = {"search": [{"id": "Q1"}, {"id": "Q8016"}]}
        local.wikidata(hits, {"entities": {"Q1": self.SHIP, "Q8016": self.HUMAN}})
        described = Wikimedia(web).describe(NAME)
        assert described is not None
        assert described.uri == "http://www.wikidata.org/entity/Q8016"
        assert (described.name, described.description) == ("Winston Churchill", "British statesman")
        assert described.aliases == ("Sir Winston",)
        assert described.metadata == {"commons_category": "Winston Churchill"}

    def answers(self, local: LocalWeb, *answers: object) -> None:
        local.serve("/www.wikidata.org/w/api.php", *(Reply(json.dumps(answer).encode()) for answer in answers))

    def test_names_in_other_languages_are_names_of_the_same_person(self, local: LocalWeb, web: Web) -> None:
        said = {
            "labels": {"mul": {"value": "Charles de Gaulle"}, "de": {"value": "General de Gaulle"}},
            "descriptions": {"fr": {"value": "homme d'État français"}},
            "aliases": {"fr": [{"value": "Le Grand Charles"}, {"value": "Charles de Gaulle"}], "mul": [{"value": "CDG"}]},
        }
        found = {"entities": {"Q2042": {**self.HUMAN, **said, "id": "Q2042"}}}
        self.answers(local, {"search": []}, {"search": [{"id": "Q2042"}]}, found)
        described = Wikimedia(web, ("fi", "fr", "de")).describe("Charles de Gaulle")
        assert described is not None
        assert (described.name, described.description) == ("General de Gaulle", "homme d'État français")
        assert described.aliases == ("Charles de Gaulle", "Le Grand Charles", "CDG")
        asked = [query_of(path) for path in local.asked]
        assert [(one["language"], one["uselang"]) for one in asked[:2]] == [(["fi"], ["fi"]), (["fr"], ["fr"])]
        assert asked[2]["languages"] == ["fi|fr|de|mul"]

    def test_the_language_of_a_notice_is_asked_in_first_and_an_item_once(self, local: LocalWeb, web: Web) -> None:
        ship = {"search": [{"id": "Q1"}]}
        both = {"search": [{"id": "Q1"}, {"id": "Q8016"}]}
        self.answers(local, ship, {"entities": {"Q1": self.SHIP}}, ship, both, {"entities": {"Q8016": self.HUMAN}})
        described = Wikimedia(web, ("en", "sv", "de")).describe(NAME, "sv")
        assert described is not None
        assert described.name == "Winston Churchill"
        asked = [query_of(path) for path in local.asked]
        assert [one.get("language", one.get("ids")) for one in asked] == [["sv"], ["Q1"], ["en"], ["de"], ["Q8016"]]

    @pytest.mark.parametrize(
        ("text", "code"),
        [("fr", "fr"), ("fr-FR", "fr"), ("FRE", "fr"), ("Français", "fr"), ("http://lexvo.org/id/iso639-3/deu", "de"),
         ("English (UK)", "en"), ("suomi", "fi"), ("", ""), ("klingon", ""), ("None", "")],
    )  # fmt: skip
    def test_languages_as_catalogues_write_them(self, text: str, code: str) -> None:
        assert language_code(text) == code

    @pytest.mark.parametrize("form", ["http://www.wikidata.org/entity/Q8016", "https://www.wikidata.org/wiki/Q8016"])
    def test_describes_an_address_of_its_own(self, local: LocalWeb, web: Web, form: str) -> None:
        local.wikidata({"entities": {"Q8016": self.HUMAN}})
        described = Wikimedia(web).describe(form)
        assert described is not None
        assert described.uri == "http://www.wikidata.org/entity/Q8016"
        assert [query_of(path)["action"] for path in local.asked] == [["wbgetentities"]]

    @pytest.mark.parametrize("hits", [[], [{"id": "Q1"}]])
    def test_describes_nobody_where_there_is_no_such_human(self, local: LocalWeb, web: Web, hits: list[object]) -> None:
        local.wikidata({"search": hits}, {"entities": {"Q1": self.SHIP}})
        assert Wikimedia(web).describe(NAME) is None

    def test_portrait_first_then_category_then_search(self, local: LocalWeb, web: Web) -> None:
        local.wikidata({"search": [{"id": "Q8016"}]}, {"entities": {"Q8016": self.HUMAN}})
        local.commons(commons_page("https://upload.example/a.jpg", "File:A.jpg", licence="<b>Public</b> domain"))
        images = list(Wikimedia(web).search(NAME, 10))
        assert images == [
            FoundImage("https://upload.example/a.jpg", "https://commons.wikimedia.org/wiki/File:A.jpg", "Public domain")
        ]
        asked = [query_of(path) for path in local.asked if path.startswith("/commons")]
        assert asked[0]["titles"] == ["File:Portrait.jpg"]
        assert asked[1]["gcmtitle"] == ["Category:Winston Churchill"]
        assert asked[2]["gsrsearch"] == [f'"{NAME}" filetype:bitmap']

    def test_leaves_out_drawings_films_and_missing_files(self, local: LocalWeb, web: Web) -> None:
        local.wikidata({"search": []})
        svg = commons_page("https://upload.example/b.svg.png", "File:B.svg", mime="image/svg+xml")
        local.commons(
            svg, {"title": "File:Gone.jpg", "missing": True}, commons_page("https://upload.example/c.jpg", "File:C.jpg")
        )
        assert found(Wikimedia(web)) == ["https://upload.example/c.jpg"]

    def test_follows_continuations_of_a_search_but_not_to_older_versions(self, local: LocalWeb, web: Web) -> None:
        local.wikidata({"search": []})
        pages = [
            f'{{"query": {{"pages": []}}, "continue": {{"{key}": "x", "continue": "||"}}}}' for key in ("gsroffset", "iistart")
        ]
        local.serve("/commons.wikimedia.org/w/api.php", *(Reply(page.encode()) for page in pages))
        assert found(Wikimedia(web)) == []
        assert [query_of(path).get("gsroffset") for path in local.asked[1:]] == [None, ["x"]]

    def test_commons_is_searched_also_where_wikidata_fails(self, local: LocalWeb, web: Web) -> None:
        local.serve("/www.wikidata.org/w/api.php", status=500)
        local.commons(commons_page("https://upload.example/c.jpg", "File:C.jpg"))
        assert found(Wikimedia(web)) == ["https://upload.example/c.jpg"]

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"<html>", "not JSON"),
            (b"[]", "another form"),
            (b'{"error": {"code": "ratelimited", "info": "too fast"}}', "too fast"),
        ],
    )
    def test_answers_of_another_form_are_errors(self, local: LocalWeb, web: Web, body: bytes, reason: str) -> None:
        local.wikidata({"search": []})
        local.serve("/commons.wikimedia.org/w/api.php", body=body)
        with pytest.raises(FetchError, match=reason):
            found(Wikimedia(web))


class TestFolder:
    def test_sub_folders_are_people(self, tmp_path: Path) -> None:
        for name in ("Elton_John/1.jpg", "Beyonce\u0301/1.png", "notes/readme.txt", ".hidden/1.jpg"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).touch()
        folder = Folder(tmp_path)
        assert folder.people() == ["Beyoncé", "Elton John"]
        assert [image.path for image in folder.search("Beyoncé", 10)] == [tmp_path / "Beyonce\u0301/1.png"]

    def test_photos_without_sub_folder_belong_to_whoever_is_named(self, tmp_path: Path) -> None:
        for name in ("b.jpg", "a.JPEG", "c.txt", ".d.jpg"):
            (tmp_path / name).touch()
        assert [image.path for image in Folder(tmp_path).search(NAME, 10)] == [tmp_path / "a.JPEG", tmp_path / "b.jpg"]

    def test_photos_without_a_name_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").touch()
        with pytest.raises(ConfigError, match="--keyword"):
            Folder(tmp_path).people()

    def test_what_is_no_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="is no folder"):
            Folder(tmp_path / "nowhere")


class TestAddresses:
    def test_a_list_is_for_whoever_is_named(self, tmp_path: Path) -> None:
        file = write(tmp_path, "# mine\nhttps://a.example/1.jpg\n\n  http://b.example/2,3.jpg \n")
        assert found(Addresses(file)) == ["https://a.example/1.jpg", "http://b.example/2,3.jpg"]
        with pytest.raises(ConfigError, match="does not name the person"):
            Addresses(file).people()

    def test_a_table_names_people_pages_and_licences(self, tmp_path: Path) -> None:
        file = write(
            tmp_path,
            "\ufeffName,URL,page,License\nElton John,https://a.example/1.jpg,https://a.example,CC0\nMadonna,http://b.example/2.jpg,,\n",
        )
        addresses = Addresses(file)
        assert addresses.people() == ["Elton John", "Madonna"]
        assert list(addresses.search("Elton  John", 9)) == [FoundImage("https://a.example/1.jpg", "https://a.example", "CC0")]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "holds no addresses"),
            ("ftp://a.example/1.jpg\n", "line 1"),
            ("file:///etc/passwd\n", "line 1"),
            ("url,name\nhttps://a.example/1.jpg,A\n/etc/passwd,A\n", "line 3"),
            ("url\n\nnothing\n", "line 3"),
        ],
    )
    def test_mistakes_are_told_with_their_line(self, tmp_path: Path, text: str, why: str) -> None:
        with pytest.raises(ConfigError, match=why):
            Addresses(write(tmp_path, text))

    def test_a_name_that_leaves_its_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidNameError):
            Addresses(write(tmp_path, "url,name\nhttps://a.example/1.jpg,../../etc\n"))

    @pytest.mark.parametrize("data", [None, b"\xff\xfe\x00"])
    def test_what_cannot_be_read_is_refused(self, tmp_path: Path, data: bytes | None) -> None:
        file = tmp_path / "list.txt"
        if data is not None:
            file.write_bytes(data)
        with pytest.raises(ConfigError, match=r"list\.txt"):
            Addresses(file)


def test_an_unknown_provider_is_refused_with_the_nearest_name() -> None:
    check_names(PROVIDERS)
    with pytest.raises(ConfigError, match='Did you mean "bing"'):
        check_names(["bnig"])


def write(folder: Path, text: str) -> Path:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return file
