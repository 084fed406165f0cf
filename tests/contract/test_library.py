"""Questions about a whole project, in every store: its programmes, who is together when, and how long who is on screen."""

from __future__ import annotations

from typing import Any

import pytest

from src.errors import ConfigError, StorageError
from src.extracts import Extracts
from src.insights.figures import Asked, Figures, figures_of
from src.insights.programmes import dated, programmes_of
from src.insights.screentime import columns_of
from src.insights.together import Wanted, Who, find_together, in_order
from src.intervals import lengths
from src.records import Appearance, ProjectVideo, Video
from src.storage import Store
from tests.contract.library import fill, seen

ANN, BEN, CY, THREE = Who("Ann"), Who("Ben"), Who("Cy"), Who(unknown_id=3)


@pytest.fixture
def library(store: Store) -> Store:
    """A store with a few videos."""
    fill(store)
    return store


class TestStore:
    def test_cells_of_many_keys(self, library: Store) -> None:
        keys = ["vb", "nothing", "va", "vb", *(f"x{number}" for number in range(600)), "vd", "with 'quotes\""]
        found = sorted(library.cells_of(Video, ("video_id", "title", "duration"), keys))
        assert found == [("va", "Film a", 200.0), ("vb", "Film b", 200.0), ("vd", "Film d", 200.0)]
        assert list(library.cells_of(Video, ("title",), [])) == []

    def test_cells_of_many_keys_below_others(self, library: Store) -> None:
        keys = ["vb", "va", "v", "vb ", "vd", *(f"x{number}" for number in range(600))]
        found = sorted(library.cells_of(ProjectVideo, ("video_id", "fragment", "analysis_id"), keys, "p"))
        every = [member for member in library.find(ProjectVideo, project="p") if member.video_id in keys]
        assert found == sorted((member.video_id, member.fragment, member.analysis_id) for member in every)
        assert len(found) > 2
        # The whole key: its last field is among these.
        fragments = {member.fragment for member in every}
        whole = library.cells_of(ProjectVideo, ("analysis_id",), fragments | {"none"}, "p", "va")
        assert sorted(whole) == sorted((member.analysis_id,) for member in every if member.video_id == "va")
        assert list(library.cells_of(ProjectVideo, ("video_id",), ["va"], "nobody")) == []
        library.put(*(seen("q", "a", number, "Ann", 0, 1, 1.0, "human", None) for number in (1, 2, 12, -3)))
        cells = library.cells_of(Appearance, ("track_id",), [2, -3, 3, 12], "q", "a")
        assert sorted(cells) == [(-3,), (2,), (12,)]

    def test_cells_of_keys_of_several_fields_are_refused(self, library: Store) -> None:
        with pytest.raises(StorageError, match="several fields"):
            list(library.cells_of(ProjectVideo, ("video_id",), ["p"]))

    def test_revisions_of_a_project(self, library: Store) -> None:
        library.put(seen("p, x", "a", 1, "Ann", 0, 1, 1.0, "human", None), seen('p"', "a", 1, "Ann", 0, 1, 1.0, "human", None))
        found = library.revisions(Appearance, "p")
        assert found == {(name,): library.revision(Appearance, "p", name) for name in ("a", "b", "c", "d", "old")}
        assert library.revisions(Appearance, "nobody") == {}
        library.delete(Appearance, project="p", analysis_id="b")
        after = library.revisions(Appearance, "p")
        assert {name for name in found if found[name] != after[name]} == {("b",)}
        with pytest.raises(StorageError, match="REVISED"):
            library.revisions(Video, "va")


def test_programmes_with_their_dates(library: Store) -> None:
    found = programmes_of(library, "p")
    assert [(one.video_id, one.title, one.date) for one in found] == [
        ("va", "Film a", "1938-09-30"),
        ("vb", "Film b", "1945-05-08"),
        ("vc", "Film c", "1945"),
        ("vd", "Film d", ""),
    ]
    library.delete(Video, video_id="va")
    assert (programmes_of(library, "p")[0].title, programmes_of(library, "p")[0].duration) == ("", None)


def moments(
    store: Store, *, first: str = "", last: str = "", sort: str = "date", **what: Any
) -> list[tuple[str, float, float]]:
    """Return video, start and end of the moments that are found."""
    programmes = dated(programmes_of(store, "p"), first, last)
    found = find_together(store, "p", programmes, Wanted(**what))
    rows = in_order(found, programmes, sort)
    times = (found.times_ms / 1000).tolist()
    return [(programmes[int(found.numbers[row])].analysis_id, *times[row]) for row in rows]


class TestTogether:
    def test_on_screen_at_the_same_time(self, library: Store) -> None:
        assert moments(library, present=(ANN, BEN)) == [("a", 4, 6), ("c", 100, 160), ("d", 1, 2)]
        assert moments(library, present=(BEN, ANN), min_s=1.5) == [("a", 4, 6), ("c", 100, 160)]
        assert moments(library, present=(ANN, THREE)) == [("b", 2, 4)]
        assert moments(library, present=(ANN, BEN, CY)) == []

    def test_near_each_other(self, library: Store) -> None:
        # Three seconds lie between them in b; in a all three come within ten seconds of each other.
        assert [found for found in moments(library, present=(ANN, BEN), gap_s=3) if found[0] == "b"] == []
        assert [found for found in moments(library, present=(ANN, BEN), gap_s=4) if found[0] == "b"] == [("b", 4, 9)]
        assert moments(library, present=(ANN, BEN, CY), gap_s=5) == [("a", 28, 35)]

    def test_one_without_another(self, library: Store) -> None:
        assert moments(library, present=(ANN,), absent=(BEN,), last="1938") == [("a", 0, 4), ("a", 6, 10), ("a", 20, 30)]
        assert moments(library, present=(BEN,), absent=(ANN, CY), first="1945") == [
            ("c", 90, 100),
            ("c", 160, 170),
            ("b", 8, 12),
        ]
        assert moments(library, present=(ANN,), absent=(THREE,), first="1945-05", last="1945-05") == [
            ("c", 100, 160),
            ("b", 0, 2),
            ("b", 4, 5),
        ]

    def test_confidence_counts_for_names_and_decisions_alone_can(self, library: Store) -> None:
        assert moments(library, present=(ANN,), confidence=0.9, last="1938") == [("a", 0, 10)]
        assert moments(library, present=(ANN, THREE), confidence=0.9) == [("b", 2, 4)]
        assert moments(library, present=(BEN,), human=True) == [("a", 4, 6), ("c", 120, 130)]

    @pytest.mark.parametrize(("sort", "order"), [("date", "acbd"), ("-date", "bcad"), ("-seconds", "acbd"), ("title", "abcd")])
    def test_videos_in_order(self, library: Store, sort: str, order: str) -> None:
        library.put(seen("p", "a", 99, "Ann", 300, 400, 1.0, "human", None))
        found = [video for video, *_ in moments(library, present=(ANN,), sort=sort)]
        assert list(dict.fromkeys(found)) == list(order)

    def test_what_shows_them(self, library: Store) -> None:
        programmes = programmes_of(library, "p")
        found = find_together(library, "p", programmes, Wanted((BEN, ANN), gap_s=4))
        row = found.numbers.tolist().index(1)
        assert [sight and (sight.track_id, sight.confidence) for sight in found.sights(row)] == [(7, 0.9), (6, 0.9)]

    def test_what_cannot_be_asked(self, library: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ConfigError, match="one person at least"):
            moments(library, present=())
        with pytest.raises(ConfigError, match="Ann cannot be both"):
            moments(library, present=(ANN,), absent=(ANN,))
        monkeypatch.setattr("src.insights.together.MOST", 3)
        with pytest.raises(ConfigError, match="Ann has more than 3 appearances"):
            moments(library, present=(ANN,))

    def test_nobody_and_nothing(self, library: Store) -> None:
        assert moments(library, present=(Who("Nobody"), ANN)) == []
        assert moments(library, present=(ANN,), first="2000") == []
        nothing = find_together(library, "p", [], Wanted((ANN,)))
        assert (len(nothing.numbers), lengths(nothing.times_ms).sum(), in_order(nothing, [], "date")) == (0, 0, [])


def figures(store: Store, extracts: Extracts | None = None, *, first: str = "", last: str = "", **what: Any) -> Figures:
    """Return the figures of the project."""
    everything = programmes_of(store, "p")
    columns = columns_of(extracts or Extracts(store), "p", everything)
    return figures_of(columns, dated(everything, first, last), Asked(**what))


def seconds(found: Figures) -> dict[str, float]:
    """Return how long each person is on screen."""
    return {one.name: one.ms / 1000 for one in found.people}


class TestFigures:
    def test_by_person(self, library: Store) -> None:
        found = figures(library)
        # Ben in c: one appearance lies inside the other, and counts once.
        assert seconds(found) == {"Ben A": 91.0, "Ann A": 86.0, "Cy A": 15.0}
        assert [(one.n_appearances, one.n_videos) for one in found.people] == [(6, 4), (5, 4), (1, 1)]
        assert (found.named_ms, found.unknown_ms, found.n_appearances, found.n_people) == (192_000, 2_000, 13, 3)
        assert seconds(figures(library, unknown=True))["Unknown 3"] == 2.0
        assert seconds(figures(library, top=1)) == {"Ben A": 91.0}

    def test_what_counts(self, library: Store) -> None:
        assert seconds(figures(library, human=True)) == {"Ben A": 12.0, "Ann A": 5.0}
        assert seconds(figures(library, confidence=0.9)) == {"Ben A": 84.0, "Ann A": 75.0, "Cy A": 15.0}
        assert seconds(figures(library, confidence=0.9, unknown=True))["Unknown 3"] == 2.0
        assert seconds(figures(library, last="1938")) == {"Ann A": 20.0, "Cy A": 15.0, "Ben A": 5.0}

    def test_by_video(self, library: Store) -> None:
        found = figures(library)
        assert found.videos == ((2, 140_000, 0), (0, 40_000, 0), (1, 9_000, 2_000), (3, 3_000, 0))
        assert found.cells.tolist() == [[80_000, 5_000, 4_000, 2_000], [60_000, 20_000, 5_000, 1_000], [0, 15_000, 0, 0]]
        assert figures(library, top_videos=2, top=1).cells.tolist() == [[80_000, 5_000]]
        assert found.n_videos == 4

    def test_who_is_with_whom(self, library: Store) -> None:
        found = figures(library)
        assert [(found.people[one].name, found.people[other].name, ms, n) for one, other, ms, n in found.together] == [
            ("Ben A", "Ann A", 63_000, 3),
            ("Ann A", "Cy A", 5_000, 1),
            ("Ben A", "Cy A", 3_000, 1),
        ]

    def test_over_time(self, library: Store) -> None:
        found = figures(library, top=1)
        assert (found.unit, found.periods[0], found.periods[-1], len(found.periods)) == ("year", "1938", "1945", 8)
        assert found.period_videos.tolist() == [1, 0, 0, 0, 0, 0, 0, 2]
        assert found.series[0].tolist() == [5_000, *[0] * 6, 84_000]
        assert found.other_ms.tolist() == [35_000, *[0] * 6, 65_000]
        assert found.unknown_series_ms.tolist() == [0] * 7 + [2_000]
        assert found.undated_ms == 3_000
        total = found.series.sum() + found.other_ms.sum() + found.unknown_series_ms.sum() + found.undated_ms
        assert total == found.named_ms + found.unknown_ms

    def test_of_nothing(self, library: Store) -> None:
        found = figures(library, first="2000")
        assert (found.people, found.videos, found.together, found.periods, found.n_videos) == ((), (), (), (), 0)
        library.delete(Appearance, project="p")
        found = figures(library)
        assert (found.people, found.cells.shape, found.named_ms) == ((), (0, 0), 0)

    def test_follow_what_is_changed(self, library: Store) -> None:
        extracts = Extracts(library)
        before = figures(library, extracts)
        assert seconds(figures(library, extracts)) == seconds(before)
        library.put(seen("p", "d", 50, "Ann", 10, 20, 1.0, "human", None))
        assert seconds(figures(library, extracts))["Ann A"] == 96.0
        library.delete(Appearance, project="p", analysis_id="c")
        library.delete(ProjectVideo, project="p", video_id="va", fragment="")
        assert seconds(figures(library, extracts)) == {"Ann A": 16.0, "Ben A": 6.0}
