"""The crawler against a local web that has every fault a web can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from src.crawler import CrawlReport, PersonCrawl, run
from src.errors import ConfigError, EngineError, InvalidNameError, StorageError
from src.progress import Silent
from src.records import Image, ImageState, Person, Project
from src.settings import CrawlerSettings, DatabaseSettings, Settings
from src.workspace import Workspace, open_workspace
from tests.servers.engine import SquareDetector, use_square_engine
from tests.servers.photos import (
    FACE,
    OTHER_FACE,
    animation,
    draw,
    encode,
    huge_png,
    photo,
    rotated_photo,
)
from tests.servers.web import LocalWeb, Reply, commons_page, local_web

PROJECT, NAME, FOLDER = "films", "Elton John", "Elton_John"


class Heard(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with local_web() as local:
        yield local


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    use_square_engine(monkeypatch)
    settings = Settings(
        data_dir=tmp_path / "data",
        engine="squares",
        database=DatabaseSettings(uri=f"sqlite:///{tmp_path}/records.db"),
        crawler=CrawlerSettings(timeout_s=1.0, retries=1, max_bytes=1_000_000, providers=("bing", "google")),
    )
    with open_workspace(settings, Heard()) as opened:
        yield opened


Crawl = Callable[..., PersonCrawl]


@pytest.fixture
def crawl(workspace: Workspace, web: LocalWeb) -> Crawl:
    """Crawl for one person with Bing alone, unless told otherwise."""

    def crawl(max_num: int | None = 20, **options: object) -> PersonCrawl:
        options = {"providers": ["bing"], **options}
        report: CrawlReport = run(
            workspace,
            PROJECT,
            [NAME],
            max_num=max_num,
            session=web.session(),
            **options,  # type: ignore[arg-type]
        )
        return report.people[0]

    return crawl


def images(workspace: Workspace) -> list[Image]:
    found = sorted(workspace.store.find(Image, project=PROJECT), key=lambda image: image.path)
    for image in found:
        assert (workspace.data_dir / image.path).is_file(), "a record without a file"
    return found


def files(workspace: Workspace, folder: str = FOLDER) -> list[str]:
    path = workspace.training_dir(PROJECT) / folder
    return sorted(file.name for file in path.iterdir()) if path.is_dir() else []


def reasons(person: PersonCrawl) -> list[str]:
    return [fault.reason for fault in person.faults]


def photos(web: LocalWeb, seeds: range) -> list[str]:
    return [web.serve(f"/{seed}.jpg", body=photo(seed)) for seed in seeds]


def test_keeps_photos_with_their_records(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    url = web.serve("/1.jpg", body=photo(1))
    web.bing(url)
    person = crawl()
    assert (person.person_id, person.name, person.usable, person.added, person.faults) == (FOLDER, NAME, 1, 1, ())
    (image,) = images(workspace)
    assert image.path == f"training_img/{PROJECT}/{FOLDER}/000001.jpg"
    assert (workspace.data_dir / image.path).read_bytes() == photo(1)
    assert (image.state, image.n_faces, image.width, image.height) == (ImageState.ACTIVE, 1, 320, 240)
    provenance = image.provenance
    assert (provenance.provider, provenance.query, provenance.url) == ("bing", NAME, url)
    assert provenance.page == "https://site0.example/page"
    assert provenance.date.endswith("+00:00")
    assert workspace.store.get(Person, PROJECT, FOLDER) == Person(PROJECT, FOLDER, NAME)
    assert workspace.project(PROJECT).engine == "squares"


def test_fetches_no_more_than_it_was_asked_for(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    web.bing(*photos(web, range(10)))
    assert crawl(max_num=3).usable == 3
    assert files(workspace) == ["000001.jpg", "000002.jpg", "000003.jpg"]
    assert sum(path.endswith(".jpg") for path in web.asked) == 3


def test_the_order_of_the_files_is_that_of_the_search(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    slow = web.serve("/0.jpg", body=photo(0), slow_s=0.15)
    urls = [slow, *photos(web, range(1, 5))]
    web.bing(*urls)
    crawl(max_num=5)
    assert [image.provenance.url for image in images(workspace)] == urls


def test_running_again_adds_what_is_missing_only(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    web.bing(*photos(web, range(6)))
    crawl(max_num=2)
    web.asked.clear()
    assert crawl(max_num=2).added == 0
    assert web.asked == []
    person = crawl(max_num=4)
    assert (person.usable, person.added) == (4, 2)
    assert files(workspace) == ["000001.jpg", "000002.jpg", "000003.jpg", "000004.jpg"]
    assert [web.count(f"/{seed}.jpg") for seed in range(6)] == [0, 0, 1, 1, 0, 0]


def test_a_search_that_was_killed_behind_its_last_picture_still_says_who_that_is(
    web: LocalWeb, workspace: Workspace, crawl: Crawl
) -> None:
    web.bing(*photos(web, range(2)))
    crawl(max_num=2)
    workspace.store.delete(Person, project=PROJECT, person_id=FOLDER)
    assert crawl(max_num=2).added == 0
    assert workspace.store.get(Person, PROJECT, FOLDER) == Person(PROJECT, FOLDER, NAME)


def test_only_usable_pictures_count_but_all_are_recorded(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    small = encode(draw(5, (), 40, 50))
    copy = encode(draw(1), quality=60)
    bodies = [photo(1), photo(2, ()), copy, small, photo(3, (FACE, OTHER_FACE)), photo(4)]
    web.bing(*(web.serve(f"/{number}.jpg", body=body) for number, body in enumerate(bodies)))
    person = crawl(discard_multi_faces=True)
    assert [(image.state, image.reason) for image in images(workspace)] == [
        (ImageState.ACTIVE, ""),
        (ImageState.NO_FACE, "no face found"),
        (ImageState.DUPLICATE, "looks like 000001.jpg"),
        (ImageState.DISABLED, "too small: 40 x 50 pixels, less than 64"),
        (ImageState.MANY_FACES, "2 faces"),
        (ImageState.ACTIVE, ""),
    ]
    assert person.usable == 2
    assert person.states[ImageState.MANY_FACES] == 1
    web.asked.clear()
    crawl(discard_multi_faces=True)
    assert not any(path.endswith(".jpg") for path in web.asked)


def test_photos_with_several_faces_count_again_when_they_may(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    web.bing(web.serve("/1.jpg", body=photo(3, (FACE, OTHER_FACE))))
    assert crawl(discard_multi_faces=True).usable == 0
    assert crawl().usable == 1
    assert crawl(discard_multi_faces=True).usable == 0
    assert images(workspace)[0].state is ImageState.MANY_FACES


FAULTS = {
    "missing": (Reply(b"", 404), "answers 404 Not Found", 1, True),
    "broken": (Reply(b"", 500), "answers 500 Internal Server Error", 2, False),
    "hanging": (Reply(hang=True), "gave no answer within 1 s", 2, False),
    "dripping": (Reply(photo(1), drip_s=0.05), "took longer than 4 s", 1, False),
    "page": (Reply(b"<!DOCTYPE html><html>" + b" " * 99), "is a web page, not a picture", 1, True),
    "short page": (Reply(b"<html></html>"), "is a web page, not a picture", 1, True),
    "empty": (Reply(b""), "is empty", 1, True),
    "truncated": (Reply(photo(1)[:-3000]), "is a damaged JPEG picture: image file is truncated", 1, True),
    "cut off": (Reply(photo(1)[:-3000], length=len(photo(1))), "broke off before its end", 2, False),
    "huge": (Reply(huge_png()), "has far more pixels than 50000000", 1, True),
    "fat": (Reply(b"\xff\xd8\xff" + bytes(2_000_000)), "is larger than 1000000 bytes", 1, True),
    "fat, unannounced": (Reply(b"\xff\xd8\xff" + bytes(2_000_000), length=None), "is larger than 1000000 bytes", 1, True),
    "circle": (Reply(b"", 302, headers={"Location": "/fault.jpg"}), "redirects in a circle", 6, True),
    "drawing": (Reply(b"<?xml version='1.0'?><svg xmlns='x'></svg>"), "is an SVG drawing or other XML, not a photo", 1, True),
}


@pytest.mark.parametrize(("reply", "reason", "tries", "for_good"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_reported_and_passed_over(
    web: LocalWeb, workspace: Workspace, crawl: Crawl, reply: Reply, reason: str, tries: int, for_good: bool
) -> None:
    bad, good = web.serve("/fault.jpg", reply), web.serve("/good.jpg", body=photo(7))
    web.bing(bad, good)
    person = crawl()
    assert person.usable == 1
    ((fault),) = person.faults
    assert (fault.provider, fault.url) == ("bing", bad)
    assert fault.reason.startswith(reason)
    assert web.count("/fault.jpg") == tries
    assert [name for name in files(workspace) if name != "refused.csv"] == ["000001.jpg"]
    crawl()
    assert web.count("/fault.jpg") == (tries if for_good else 2 * tries)


def test_the_content_decides_what_a_file_is(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    web.bing(
        web.serve("/a.jpg", body=photo(1), kind="text/html"),
        web.serve("/b.jpg", body=encode(draw(2), "PNG")),
        web.serve("/c.jpg", body=animation(3)),
        web.serve("/d.jpg", body=rotated_photo(4)),
    )
    assert crawl().usable == 4
    assert files(workspace) == ["000001.jpg", "000002.png", "000003.png", "000004.jpg"]
    assert [(image.width, image.height) for image in images(workspace)] == [(320, 240)] * 4


def test_the_same_file_elsewhere_is_fetched_once(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    web.bing(web.serve("/a.jpg", body=photo(1)), web.serve("/b.jpg", body=photo(1)))
    assert reasons(crawl()) == [f"is the same file as training_img/{PROJECT}/{FOLDER}/000001.jpg"]
    crawl()
    assert web.count("/b.jpg") == 1
    assert len(images(workspace)) == 1


def test_the_next_provider_is_asked_where_one_fails_or_finds_nothing(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    web.bing(status=503)
    web.google()
    web.baidu(web.serve("/a.jpg", body=photo(1)))
    person = crawl(providers=["bing", "google", "baidu"])
    assert person.usable == 1
    assert [(fault.provider, fault.reason) for fault in person.faults] == [
        ("bing", "answers 503 Service Unavailable"),
        ("google", "found nothing"),
    ]
    assert workspace.progress.messages == [f"{NAME}: bing: answers 503 Service Unavailable", f"{NAME}: google: found nothing"]  # type: ignore[attr-defined]


def test_providers_after_enough_pictures_are_not_asked(web: LocalWeb, crawl: Crawl) -> None:
    web.bing(*photos(web, range(2)))
    crawl(max_num=2, providers=["bing", "google"])
    assert not any("google" in path for path in web.asked)


def test_the_setting_names_the_providers(web: LocalWeb, crawl: Crawl) -> None:
    web.bing()
    web.google(web.serve("/a.jpg", body=photo(1)))
    assert crawl(providers=None).usable == 1


def test_wikimedia_says_who_somebody_is_and_under_which_licence(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    human = {"P31": [{"mainsnak": {"datavalue": {"value": {"id": "Q5"}}}}]}
    entity = {"id": "Q2808", "claims": human, "descriptions": {"en": {"value": "British singer"}}}
    web.wikidata({"search": [{"id": "Q2808"}]}, {"entities": {"Q2808": entity}})
    web.commons(commons_page(web.serve("/a.jpg", body=photo(1)), "File:A.jpg"))
    assert crawl(providers=["wikimedia"]).usable == 1
    provenance = images(workspace)[0].provenance
    assert (provenance.licence, provenance.page) == ("CC BY-SA 4.0", "https://commons.wikimedia.org/wiki/File:A.jpg")
    person = workspace.store.get(Person, PROJECT, FOLDER)
    assert person is not None
    assert (person.uri, person.description) == ("http://www.wikidata.org/entity/Q2808", "British singer")


def test_a_name_that_brings_nothing_leaves_no_person(web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
    web.bing(web.serve("/a.jpg", status=404))
    person = crawl()
    assert not person.has_pictures
    assert workspace.store.get(Person, PROJECT, FOLDER) is None


class TestFolder:
    def test_every_sub_folder_is_a_person_and_all_its_photos_are_taken(self, workspace: Workspace, tmp_path: Path) -> None:
        for seed in range(25):
            put(tmp_path / "in" / "Elton_John" / f"{seed}.jpg", photo(seed))
        put(tmp_path / "in" / "Madonna" / "1.png", encode(draw(99), "PNG"))
        report = run(workspace, PROJECT, folder=tmp_path / "in")
        assert [(person.name, person.usable) for person in report.people] == [("Elton John", 25), ("Madonna", 1)]
        assert images(workspace)[0].provenance.url.startswith("file:///")

    def test_a_number_is_respected(self, workspace: Workspace, tmp_path: Path) -> None:
        for seed in range(5):
            put(tmp_path / "in" / f"{seed}.jpg", photo(seed))
        assert run(workspace, PROJECT, [NAME], folder=tmp_path / "in", max_num=2).people[0].usable == 2

    def test_running_again_takes_nothing_twice_and_tries_broken_files_again(self, workspace: Workspace, tmp_path: Path) -> None:
        put(tmp_path / "in" / "Madonna" / "1.jpg", photo(1))
        put(tmp_path / "in" / "Madonna" / "2.jpg", b"")
        assert reasons(run(workspace, PROJECT, folder=tmp_path / "in").people[0]) == ["is empty"]
        put(tmp_path / "in" / "Madonna" / "2.jpg", photo(2))
        person = run(workspace, PROJECT, folder=tmp_path / "in").people[0]
        assert (person.usable, person.added, person.faults) == (2, 1, ())


class TestOwnLibrary:
    def test_is_asked_first_and_by_name_alone(self, web: LocalWeb, workspace: Workspace, tmp_path: Path) -> None:
        put(tmp_path / "ours" / "Elton_John" / "1.jpg", photo(1))
        put(tmp_path / "ours" / "of nobody.jpg", photo(2))
        web.bing(web.serve("/b.jpg", body=photo(3)))
        crawler = workspace.settings.crawler.model_copy(update={"library": tmp_path / "ours", "providers": ("bing",)})
        workspace.settings = workspace.settings.model_copy(update={"crawler": crawler})
        report = run(workspace, PROJECT, [NAME, "Madonna"], max_num=2, session=web.session())
        found = [(image.person_id, image.provenance.provider) for image in images(workspace)]
        assert found == [("Elton_John", "folder"), ("Elton_John", "bing")]
        assert [person.usable for person in report.people] == [2, 0]

    def test_needs_no_provider(self, workspace: Workspace, tmp_path: Path) -> None:
        put(tmp_path / "ours" / "Elton John" / "1.jpg", photo(1))
        crawler = workspace.settings.crawler.model_copy(update={"library": tmp_path / "ours", "providers": ()})
        workspace.settings = workspace.settings.model_copy(update={"crawler": crawler})
        assert run(workspace, PROJECT, [NAME]).people[0].usable == 1


def test_addresses_that_come_with_the_names_are_fetched_before_providers_are_asked(
    web: LocalWeb, crawl: Crawl, workspace: Workspace
) -> None:
    url = web.serve("/own.jpg", body=photo(1))
    web.bing(web.serve("/found.jpg", body=photo(2)))
    given = [{"name": NAME, "url": url, "licence": "CC0"}, {"name": "Madonna", "url": web.serve("/other.jpg", body=photo(3))}]
    assert crawl(2, addresses=given).usable == 2
    own, found = (image.provenance for image in images(workspace))
    assert (own.provider, own.licence, found.provider) == ("urls", "CC0", "bing")
    assert web.count("/other.jpg") == 0


def test_a_list_of_addresses_is_taken_whole(web: LocalWeb, workspace: Workspace, tmp_path: Path) -> None:
    url = web.serve("/a.jpg", body=photo(1))
    put(tmp_path / "list.csv", f"url,name,page,licence\n{url},Madonna,https://a.example,CC0\n".encode())
    report = run(workspace, PROJECT, urls=tmp_path / "list.csv")
    assert (report.people[0].name, report.people[0].usable) == ("Madonna", 1)
    provenance = images(workspace)[0].provenance
    assert (provenance.provider, provenance.page, provenance.licence) == ("urls", "https://a.example", "CC0")


class TestPeopleAndFiles:
    def test_a_deleted_photo_is_not_fetched_again(self, web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
        web.bing(*photos(web, range(3)))
        crawl(max_num=2)
        (workspace.data_dir / images(workspace)[0].path).unlink()
        assert crawl(max_num=2).usable == 2
        assert [web.count(f"/{seed}.jpg") for seed in range(3)] == [1, 1, 1]
        assert [name for name in files(workspace) if name.endswith("jpg")] == ["000002.jpg", "000003.jpg"]

    def test_a_deleted_folder_is_a_new_beginning(self, web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
        web.bing(*photos(web, range(1)))
        crawl()
        folder = workspace.training_dir(PROJECT) / FOLDER
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        assert crawl().usable == 1

    def test_a_renamed_photo_keeps_its_record(self, web: LocalWeb, workspace: Workspace, crawl: Crawl) -> None:
        web.bing(*photos(web, range(1)))
        crawl(max_num=1)
        folder = workspace.training_dir(PROJECT) / FOLDER
        (folder / "000001.jpg").rename(folder / "best.jpg")
        assert crawl(max_num=1).usable == 1
        (image,) = images(workspace)
        assert image.path.endswith("best.jpg")
        assert image.provenance.provider == "bing"

    def test_numbers_go_on_after_the_highest_whatever_lies_there(
        self, web: LocalWeb, workspace: Workspace, crawl: Crawl
    ) -> None:
        folder = workspace.training_dir(PROJECT) / FOLDER
        put(folder / "000041.png", photo(50))
        put(folder / "portrait.jpg", photo(51))
        web.bing(*photos(web, range(1)))
        crawl()
        assert files(workspace) == ["000041.png", "000042.jpg", "portrait.jpg"]

    def test_a_folder_with_decomposed_accents_is_the_same_persons(self, web: LocalWeb, workspace: Workspace) -> None:
        (workspace.training_dir(PROJECT) / "Beyonce\u0301").mkdir(parents=True)
        web.bing(*photos(web, range(1)))
        run(workspace, PROJECT, ["Beyonc\u00e9"], providers=["bing"], session=web.session())
        assert files(workspace, "Beyonce\u0301") == ["000001.jpg"]
        assert images(workspace)[0].person_id == "Beyonc\u00e9"

    def test_an_interruption_leaves_files_and_records_together(
        self, web: LocalWeb, workspace: Workspace, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        web.bing(*photos(web, range(6)))
        detect = SquareDetector.detect

        def interrupted(self: SquareDetector, images: list[object]) -> object:
            if self.n_images == 2:
                raise KeyboardInterrupt
            return detect(self, images)  # type: ignore[arg-type]

        monkeypatch.setattr(SquareDetector, "detect", interrupted)
        with pytest.raises(KeyboardInterrupt):
            crawl(max_num=6)
        assert files(workspace) == ["000001.jpg", "000002.jpg"]
        assert len(images(workspace)) == 2
        monkeypatch.setattr(SquareDetector, "detect", detect)
        assert crawl(max_num=6).usable == 6

    def test_an_interruption_between_file_and_record_leaves_neither(
        self, web: LocalWeb, workspace: Workspace, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        web.bing(*photos(web, range(1)))
        put_record = type(workspace.store).put

        def put(self: object, *records: object) -> None:
            if any(isinstance(record, Image) for record in records):
                raise KeyboardInterrupt
            put_record(self, *records)  # type: ignore[arg-type]

        monkeypatch.setattr(type(workspace.store), "put", put)
        with pytest.raises(KeyboardInterrupt):
            crawl()
        assert files(workspace) == []

    def test_a_full_disk_is_told(
        self, web: LocalWeb, workspace: Workspace, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(self: Path, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        web.bing(*photos(web, range(1)))
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(StorageError, match="No space left"):
            crawl()
        assert files(workspace) == []


BAD_NAMES = ["", "   ", "../etc", "a/b", "a\\b", "..", ".hidden", "x" * 300, "nul", "a\0b"]


class TestNames:
    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_bad_names_of_people_are_refused_before_anything_is_done(self, workspace: Workspace, name: str) -> None:
        with pytest.raises(InvalidNameError):
            run(workspace, PROJECT, ["Good Name", name], providers=["bing"])
        assert not list(workspace.store.find(Project))
        assert not workspace.data_dir.exists()

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_bad_names_of_projects_are_refused(self, workspace: Workspace, name: str) -> None:
        with pytest.raises(InvalidNameError):
            run(workspace, name, [NAME], providers=["bing"])
        assert not list(workspace.store.find(Project))

    def test_accents_and_spaces_are_kept(self, web: LocalWeb, workspace: Workspace) -> None:
        web.bing(*photos(web, range(1)))
        report = run(
            workspace, "Actualit\u00e9s  1950", [" Fran\u00e7ois   Mitterrand "], providers=["bing"], session=web.session()
        )
        assert report.project == "Actualit\u00e9s_1950"
        assert report.people[0].name == "Fran\u00e7ois Mitterrand"
        (image,) = workspace.store.find(Image, project=report.project)
        assert image.path == "training_img/Actualit\u00e9s_1950/Fran\u00e7ois_Mitterrand/000001.jpg"

    def test_a_name_given_twice_is_one_person(self, web: LocalWeb, workspace: Workspace) -> None:
        web.bing()
        report = run(workspace, PROJECT, ["Elton John", "Elton_John", "Elton  John"], providers=["bing"], session=web.session())
        assert [person.name for person in report.people] == ["Elton John"]


def test_what_cannot_work_is_refused_before_anything_is_done(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--keyword"):
        run(workspace, PROJECT)
    with pytest.raises(ConfigError, match="There is no provider"):
        run(workspace, PROJECT, [NAME], providers=["altavista"])
    with pytest.raises(ConfigError, match="is no folder"):
        run(workspace, PROJECT, [NAME], folder=tmp_path / "nowhere")
    with pytest.raises(EngineError, match="no engine"):
        run(workspace, PROJECT, [NAME], engine="nonsense", providers=["bing"])
    assert not list(workspace.store.find(Project))


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
