"""The queue of doubtful decisions: what is doubtful, what comes first, and how pages follow each other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from src.identities.groups import find_group, list_groups, rows_of, varied
from src.identities.ledger import Columns, Ledger, Said, Words, doubt_of
from src.identities.review import MIN_DOUBT, queue
from src.records import ProjectVideo, Target, Verb

Row = tuple[int, float, float, float, bool, str, int]
"""Track, start, end, doubt, whether people said who it is, person, unknown id."""


def columns(rows: Iterable[Row]) -> Columns:
    tracks, starts, ends, doubts, human, people, unknown = zip(*rows, strict=True)
    return Columns(
        np.array(tracks, np.int64),
        np.array(starts, np.float64),
        np.array(ends, np.float64),
        np.array(doubts, np.float32),
        np.array(human, bool),
        np.array(people, object),
        np.array(unknown, np.int64),
    )


def ledger(*videos: list[Row], words: Words | None = None) -> Ledger:
    """Return a ledger of videos `v0`, `v1` …, analysed as `a0`, `a1` …"""
    members = tuple(ProjectVideo("p", f"v{number}", "", f"a{number}", "") for number in range(len(videos)))
    return Ledger(members, map(columns, videos), words or Words())


def seen(track: int, seconds: float, doubt: float = 0.5, *, human: bool = False, who: str = "Ann", number: int = 0) -> Row:
    return track, 10.0 * track, 10.0 * track + seconds, doubt, human, "" if number else who, number


def track(track_id: int, analysis: str = "a0") -> Target:
    return Target("track", "v", "", analysis, track_id)


def unknown(number: int) -> Target:
    return Target("unknown", unknown_id=number)


def words(*said: tuple[Verb, Target, str, Target | None]) -> Words:
    return Words(Said(f"{at:03}", verb, target, person, other) for at, (verb, target, person, other) in enumerate(said))


def tracks_of(found: Ledger, limit: int = 10, **how: object) -> list[tuple[str, int]]:
    return [(item.analysis_id, item.track_id) for item in queue(found, limit, **how).items]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("confidence", "rivals", "doubt"),
    [
        (1.0, [], 0.0),
        (0.9, [0.1], 0.2),  # the margin of 0.9 over 0.1 is 0.8
        (0.5, [0.5], 1.0),
        (0.5, [0.45, 0.05], 0.95),
        (0.05, [0.95], 1.0),  # something else is likelier: no more than wholly doubtful
        (0.0, [], 1.0),
    ],
)
def test_doubt_is_what_the_margin_leaves(confidence: float, rivals: list[float], doubt: float) -> None:
    assert doubt_of(confidence, rivals) == pytest.approx(doubt)


class TestOrder:
    def test_is_by_screen_time_times_doubt(self) -> None:
        found = ledger([seen(1, 10, 0.2), seen(2, 4, 0.9), seen(3, 30, 0.15)], [seen(1, 3, 1.0)])
        # 2.0, 3.6, 4.5 and 3.0
        assert tracks_of(found) == [("a0", 3), ("a0", 2), ("a1", 1), ("a0", 1)]
        assert [item.weight for item in queue(found, 4).items] == pytest.approx([4.5, 3.6, 3.0, 2.0])

    def test_of_equal_ones_is_by_analysis_and_track(self) -> None:
        found = ledger([seen(7, 4, 0.5), seen(9, 8, 0.25)], [seen(2, 2, 1.0), seen(1, 4, 0.5)])
        assert tracks_of(found) == [("a0", 7), ("a0", 9), ("a1", 2), ("a1", 1)]

    def test_is_the_same_each_time(self) -> None:
        random = np.random.default_rng(1)
        rows = [seen(at, float(random.integers(1, 4)), float(random.integers(1, 4)) / 4) for at in range(60)]
        assert tracks_of(ledger(rows), 60) == tracks_of(ledger(rows), 60)

    def test_leaves_out_what_is_sure_and_what_takes_no_time(self) -> None:
        found = ledger([seen(1, 99, MIN_DOUBT - 0.001), seen(2, 1, MIN_DOUBT), seen(3, 0, 1.0)])
        assert tracks_of(found) == [("a0", 2)]

    def test_of_nothing(self) -> None:
        empty = queue(Ledger((), [], Words()), 5)
        assert (empty.items, empty.end, empty.n_left, empty.seconds) == ((), None, 0, 0.0)


class TestSaid:
    def test_by_people_is_never_in_it(self) -> None:
        assert tracks_of(ledger([seen(1, 5, human=True), seen(2, 5)])) == [("a0", 2)]

    @pytest.mark.parametrize("verb", [Verb.IS, Verb.IS_NOT, Verb.UNKNOWN, Verb.IGNORE])
    def test_of_a_track_holds_before_it_is_derived(self, verb: Verb) -> None:
        found = ledger([seen(1, 5), seen(2, 5)], words=words((verb, track(1), "Bo", None)))
        assert tracks_of(found) == [("a0", 2)]

    def test_and_taken_back_brings_it_back(self) -> None:
        undo = Target("decision", decision_id="000")
        found = ledger([seen(1, 5)], words=words((Verb.IS, track(1), "Bo", None), (Verb.UNDO, undo, "", None)))
        assert tracks_of(found) == [("a0", 1)]

    def test_of_a_track_of_an_analysis_that_counts_no_more_is_passed_over(self) -> None:
        assert tracks_of(ledger([seen(1, 5)], words=words((Verb.IS, track(1, "old"), "Bo", None)))) == [("a0", 1)]


class TestPages:
    def test_follow_each_other_without_gap_or_repetition(self) -> None:
        random = np.random.default_rng(2)
        videos = [[seen(at, float(random.integers(1, 4)), 0.5) for at in range(1, 20)] for _ in range(3)]
        found = ledger(*videos)
        pages, after = [], None
        while True:
            page = queue(found, 7, after=after)
            pages += [(item.analysis_id, item.track_id) for item in page.items]
            after = page.end
            if after is None:
                break
        assert pages == tracks_of(found, 100)
        assert len(pages) == 57

    def test_go_on_where_the_last_item_was_decided(self) -> None:
        rows = [seen(at, 10.0 - at, 0.5) for at in range(1, 6)]
        end = queue(ledger(rows), 2).end
        later = ledger(rows, words=words((Verb.IS, track(1), "Bo", None), (Verb.IS, track(2), "Bo", None)))
        assert tracks_of(later, after=end) == [("a0", 3), ("a0", 4), ("a0", 5)]

    def test_go_on_where_an_analysis_is_gone(self) -> None:
        found = ledger([seen(1, 4)], [seen(1, 4)])
        assert tracks_of(found, after=(2.0, "a00", 5)) == [("a1", 1)]

    def test_count_what_is_left_and_settled(self) -> None:
        found = ledger([seen(1, 4), seen(2, 6, human=True), seen(3, 10, 0.01)], [seen(1, 5)])
        page = queue(found, 1)
        assert (page.n_left, page.seconds_left, page.seconds) == (2, 9.0, 25.0)
        one = queue(found, 1, video_id="v1")
        assert (one.n_left, one.seconds_left, one.seconds) == (1, 5.0, 5.0)

    def test_of_a_video_or_a_person(self) -> None:
        found = ledger([seen(1, 4), seen(2, 3, who="Bo")], [seen(1, 5)])
        assert tracks_of(found, video_id="v0") == [("a0", 1), ("a0", 2)]
        assert tracks_of(found, person_id="Bo") == [("a0", 2)]
        assert tracks_of(found, person_id="Bo", video_id="v1") == []
        assert tracks_of(found, video_id="none") == []


class TestGroups:
    def of(self, found: Ledger) -> list[tuple[int, float, int, int]]:
        return [(one.unknown_id, one.seconds, one.n_appearances, one.n_videos) for one in list_groups(found, 99).groups]

    videos = ([seen(1, 4, number=1), seen(2, 1, number=2), seen(3, 9)], [seen(1, 2, number=2), seen(2, 6, number=3)])

    def test_the_longest_seen_first_over_all_videos(self) -> None:
        assert self.of(ledger(*self.videos)) == [(3, 6.0, 1, 1), (1, 4.0, 1, 1), (2, 3.0, 2, 2)]

    def test_of_equal_ones_the_lower_number_first_on_pages(self) -> None:
        found = ledger([seen(at, 2, number=9 - at) for at in range(1, 6)])
        first = list_groups(found, 2)
        second = list_groups(found, 2, first.end)
        third = list_groups(found, 2, second.end)
        numbers = [one.unknown_id for page in (first, second, third) for one in page.groups]
        assert (numbers, third.end, first.n_groups) == ([4, 5, 6, 7, 8], None, 5)

    def test_merged_are_one_and_parted_again_two(self) -> None:
        both = (Verb.SAME_PERSON, unknown(3), "", unknown(2))
        merged = ledger(*self.videos, words=words(both))
        assert self.of(merged) == [(2, 9.0, 3, 2), (1, 4.0, 1, 1)]
        group = find_group(merged, 3)
        assert group is not None
        assert (group.unknown_id, group.members) == (2, (2, 3))
        parted = ledger(*self.videos, words=words(both, (Verb.NOT_SAME_PERSON, unknown(2), "", unknown(3))))
        assert len(self.of(parted)) == 3
        assert parted.words.different == {frozenset((2, 3))}

    def test_named_or_ignored_are_gone_at_once(self) -> None:
        found = ledger(*self.videos, words=words((Verb.IS, unknown(3), "Bo", None), (Verb.IGNORE, unknown(1), "", None)))
        assert self.of(found) == [(2, 3.0, 2, 2)]
        assert find_group(found, 3) is None

    def test_of_merged_ones_a_name_is_for_both(self) -> None:
        both = (Verb.SAME_PERSON, unknown(3), "", unknown(2))
        assert self.of(ledger(*self.videos, words=words(both, (Verb.IS, unknown(3), "Bo", None)))) == [(1, 4.0, 1, 1)]

    def test_tracks_move_leave_and_are_named_before_that_is_derived(self) -> None:
        moved = words((Verb.SAME_PERSON, track(2), "", unknown(7)))
        assert self.of(ledger(*self.videos, words=moved)) == [(3, 6.0, 1, 1), (1, 4.0, 1, 1), (2, 2.0, 1, 1), (7, 1.0, 1, 1)]
        left = words((Verb.NOT_SAME_PERSON, track(2), "", unknown(2)))
        assert self.of(ledger(*self.videos, words=left))[-1] == (2, 2.0, 1, 1)
        named = words((Verb.IS, track(1), "Bo", None))
        assert [one[0] for one in self.of(ledger(*self.videos, words=named))] == [3, 2]

    def test_a_word_on_who_a_track_is_not_leaves_it_where_it_is(self) -> None:
        said = words((Verb.IS_NOT, track(1), "Bo", None), (Verb.UNKNOWN, track(2), "", None))
        assert len(self.of(ledger(*self.videos, words=said))) == 3

    def test_nobody(self) -> None:
        found = ledger([seen(1, 5)])
        assert (self.of(found), list_groups(found, 5).end, len(rows_of(found, 1))) == ([], None, 0)


class TestFaces:
    def test_are_of_as_many_videos_as_there_are(self) -> None:
        found = ledger(*([seen(at, 1.0 + at + video, number=1) for at in range(1, 5)] for video in range(8)))
        chosen = varied(found, rows_of(found, 1), 6)
        assert sorted(found.analyses[chosen].tolist()) == [2, 3, 4, 5, 6, 7]
        assert set(found.columns.track_ids[chosen].tolist()) == {4}

    def test_of_one_video_are_far_apart(self) -> None:
        found = ledger([seen(at, 2.0 if at % 4 == 0 else 1.0, number=1) for at in range(24)])
        chosen = varied(found, rows_of(found, 1), 6)
        assert found.columns.track_ids[chosen].tolist() == [0, 4, 8, 12, 16, 20]

    def test_are_all_where_there_are_few(self) -> None:
        found = ledger([seen(1, 1, number=1)], [seen(at, 1, number=1) for at in range(1, 4)])
        assert len(varied(found, rows_of(found, 1), 6)) == 4
