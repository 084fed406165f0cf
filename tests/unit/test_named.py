"""Whom a notice names, as a list to search by: one person once, by one name, with an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from src.crawler.base import Description
from src.crawler.named import list_people, remember
from src.errors import ConfigError, FetchError
from src.records import Person, Video
from src.workspace import Workspace

WIKIDATA = "http://www.wikidata.org/entity/"
CHURCHILL = Description(f"{WIKIDATA}Q8016", "Winston Churchill", "British statesman", ("Winston S. Churchill",))
GAULLE = Description(f"{WIKIDATA}Q2042", "Charles de Gaulle", "French general")
VIDEO = "http://www.ina.fr/media/1"


def put_video(workspace: Workspace, people: list[Any], segments: list[Mapping[str, Any]] | None = None) -> None:
    metadata = {"people": people} | ({"segments": segments} if segments else {})
    workspace.store.put(Video("v1", VIDEO, "http://x/1.mp4", "1", metadata=metadata))


class Wikidata:
    """Knows two people by their names, and counts who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fault: FetchError | None = None

    def describe(self, query: str, language: str = "") -> Description | None:
        self.asked.append(query)
        if self.fault is not None:
            raise self.fault
        known = {"Winston Churchill": CHURCHILL, "Charles De Gaulle": GAULLE, CHURCHILL.uri: CHURCHILL}
        return known.get(query)


@pytest.fixture
def wikidata() -> Iterator[Wikidata]:
    yield Wikidata()


def test_spellings_of_one_person_become_one_with_an_address(workspace: Workspace, wikidata: Wikidata) -> None:
    put_video(
        workspace,
        [
            {"name": "Churchill Winston"},
            {"name": "Sir Winston Churchill"},
            {"name": "De Gaulle, Charles", "uri": "http://ina/2"},
        ],
    )

    listing = list_people(workspace, "p", VIDEO, wikidata.describe)

    first, second = listing.people
    assert (first.name, first.uri, first.description) == ("Winston Churchill", CHURCHILL.uri, "British statesman")
    assert (first.written, first.aliases) == (("Churchill Winston", "Sir Winston Churchill"), ("Winston S. Churchill",))
    assert (second.name, second.uri, second.facts) == ("Charles de Gaulle", GAULLE.uri, {"notice_uri": "http://ina/2"})
    assert listing.offline == ""
    assert wikidata.asked == ["Churchill Winston", "Winston Churchill", "Charles De Gaulle"]


def test_without_wikidata_the_words_of_the_name_decide(workspace: Workspace, wikidata: Wikidata) -> None:
    wikidata.fault = FetchError("https://www.wikidata.org/w/api.php", "cannot be reached", passing=True)
    put_video(
        workspace, [{"name": "Churchill, Winston", "uri": "http://ina/1"}, {"name": "Sir Winston Churchill"}, "Anna Albers"]
    )

    listing = list_people(workspace, "p", VIDEO, wikidata.describe)

    assert [(one.name, one.written, one.uri) for one in listing.people] == [
        ("Winston Churchill", ("Churchill, Winston", "Sir Winston Churchill"), "http://ina/1"),
        ("Anna Albers", ("Anna Albers",), None),
    ]
    assert "cannot be reached" in listing.offline
    assert len(wikidata.asked) == 1
    assert list_people(workspace, "p", VIDEO, None).people == listing.people


def test_an_address_of_wikidata_is_taken_at_its_word(workspace: Workspace, wikidata: Wikidata) -> None:
    put_video(workspace, [{"name": "W. C.", "uri": CHURCHILL.uri}])

    assert list_people(workspace, "p", VIDEO, wikidata.describe).people[0].name == "Winston Churchill"


def test_somebody_whom_wikidata_knows_by_another_name_is_not_meant(workspace: Workspace) -> None:
    put_video(workspace, [{"name": "Ben Bo"}])

    assert list_people(workspace, "p", VIDEO, lambda *_: CHURCHILL).people[0].name == "Ben Bo"


def test_a_fragment_names_those_of_its_segments(workspace: Workspace) -> None:
    segments = [
        {"title": "a", "start_npt": 0, "end_npt": 10, "people": [{"name": "Anna Albers"}]},
        {"title": "b", "start_npt": 10, "people": [{"name": "Ben Bo"}]},
    ]
    put_video(workspace, [{"name": "Anna Albers"}, {"name": "Ben Bo"}], segments)

    assert [one.name for one in list_people(workspace, "p", f"{VIDEO}#t=2,10", None).people] == ["Anna Albers"]
    assert [one.name for one in list_people(workspace, "p", f"{VIDEO}#id=b", None).people] == ["Ben Bo"]
    with pytest.raises(ConfigError, match="name nobody"):
        put_video(workspace, [])
        list_people(workspace, "p", VIDEO, None)


@pytest.mark.parametrize("junk", [5, "x", {"name": "Anna Albers"}, [5, None, {}, {"name": 3}, [""]]])
def test_metadata_that_people_wrote_may_be_anything(workspace: Workspace, junk: Any) -> None:
    segments = [
        {"title": "a"},
        {"title": "b", "start_npt": "1", "people": junk},
        {"title": "c", "start_npt": 0, "people": junk},
        7,
    ]
    video = Video("v1", VIDEO, "http://x/1.mp4", "1", metadata={"people": junk, "segments": segments, "recorded_at": junk})
    workspace.store.put(video)

    for fragment in ("", "#t=0,10", "#id=c"):
        with pytest.raises(ConfigError, match="name nobody"):
            list_people(workspace, "p", VIDEO + fragment, None)
    with pytest.raises(ConfigError, match=r"its parts: c\)"):
        list_people(workspace, "p", f"{VIDEO}#id=b", None)
    workspace.store.put(Video("v1", VIDEO, "http://x/1.mp4", "1", metadata={"people": ["A B"], "segments": junk}))
    assert list_people(workspace, "p", VIDEO, None).people[0].name == "A B"


def test_people_of_the_project_keep_their_name(workspace: Workspace, wikidata: Wikidata) -> None:
    workspace.store.put(Person("p", "Winnie", "Winnie", uri=CHURCHILL.uri))
    workspace.store.put(Person("p", "Gaulle_Charles", "Gaulle Charles", aliases=("De Gaulle Charles",)))
    put_video(workspace, [{"name": "Sir Winston Churchill"}, {"name": "De Gaulle, Charles"}])

    listing = list_people(workspace, "p", VIDEO, wikidata.describe)

    assert [one.name for one in listing.people] == ["Winnie", "Gaulle Charles"]
    assert remember(workspace, "p", listing.people) == 2
    assert remember(workspace, "p", listing.people) == 2
    winnie = workspace.store.get(Person, "p", "Winnie")
    assert winnie is not None
    assert winnie.aliases == ("Sir Winston Churchill", "Winston Churchill", "Winston S. Churchill")
    assert (winnie.description, winnie.uri) == ("British statesman", CHURCHILL.uri)
    gaulle = workspace.store.get(Person, "p", "Gaulle_Charles")
    assert gaulle is not None
    assert gaulle.uri == GAULLE.uri


def test_two_people_of_one_name_are_not_mixed(workspace: Workspace, wikidata: Wikidata) -> None:
    workspace.store.put(Person("p", "Winston_Churchill", "Winston Churchill", uri="http://www.wikidata.org/entity/Q1"))
    put_video(workspace, [{"name": "Sir Winston Churchill"}, {"name": "a/b"}])

    listing = list_people(workspace, "p", VIDEO, wikidata.describe)

    assert listing.people == ()
    assert "is the name of somebody else" in listing.unusable["Winston Churchill"]
    assert "no folder may have" in listing.unusable["a/b"]


def test_an_archive_has_an_address_of_its_own_for_somebody(workspace: Workspace, wikidata: Wikidata) -> None:
    archive = "http://www.ina.fr/thesaurus/pp/1"
    workspace.store.put(Person("p", "Winston_Churchill", "Winston Churchill", uri=CHURCHILL.uri))
    workspace.store.put(
        Person("p", "De_G", "De G.", uri=GAULLE.uri, metadata={"notice_uri": "http://www.ina.fr/thesaurus/pp/2"})
    )
    named = [{"name": "Churchill, Winston", "uri": archive}, {"name": "De Gaulle", "uri": "http://www.ina.fr/thesaurus/pp/2"}]
    put_video(workspace, named)

    for describe in (None, wikidata.describe):
        listing = list_people(workspace, "p", VIDEO, describe)
        assert ([one.name for one in listing.people], listing.unusable) == (["Winston Churchill", "De G."], {})
    workspace.store.put(Person("p", "Winston_Churchill", "Winston Churchill", uri="http://www.ina.fr/thesaurus/pp/9"))
    assert list(list_people(workspace, "p", VIDEO, None).unusable) == ["Winston Churchill"]


def test_a_name_that_no_folder_may_have_is_searched_by_that_of_the_folder(workspace: Workspace) -> None:
    workspace.store.put(Person("p", "Churchill", 'Winston "Winnie" Churchill', aliases=("Winston Churchill",)))
    put_video(workspace, [{"name": "Churchill, Winston"}])

    listing = list_people(workspace, "p", VIDEO, None)

    assert [(one.name, one.folder) for one in listing.people] == [("Churchill", "Churchill")]
    assert remember(workspace, "p", listing.people) == 1


def test_who_has_no_picture_is_not_remembered(workspace: Workspace, wikidata: Wikidata) -> None:
    put_video(workspace, [{"name": "Sir Winston Churchill"}])

    assert remember(workspace, "p", list_people(workspace, "p", VIDEO, wikidata.describe).people) == 0


def test_nothing_is_known_of_a_file_that_was_not_analysed(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match=r"Nothing is known of film\.mp4"):
        list_people(workspace, "p", "film.mp4", None)


def test_wikidata_is_asked_in_the_language_of_the_notice(workspace: Workspace) -> None:
    put_video(workspace, [{"name": "De Gaulle, Charles"}])
    (video,) = workspace.store.find(Video)
    workspace.store.put(replace(video, metadata={**video.metadata, "language": "Français"}))
    asked: list[tuple[str, str]] = []

    def describe(query: str, language: str) -> None:
        asked.append((query, language))

    list_people(workspace, "p", VIDEO, describe)
    assert asked == [("Charles De Gaulle", "fr"), ("De Gaulle, Charles", "fr")]
