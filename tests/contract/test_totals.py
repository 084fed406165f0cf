"""Totals of people in every store."""

from __future__ import annotations

from dataclasses import replace

from src.extracts import Extracts
from src.insights.totals import (
    PersonPictures,
    PersonTotals,
    Seen,
    appearances_of,
    pictures_of_people,
    seen_in,
    sums_of,
    totals_of,
)
from src.records import Appearance, Image, ImageState, ProjectVideo, Provenance, Video
from src.schema import Box
from src.storage import Store


def seen(analysis_id: str, track_id: int, person: str | None, start: float, end: float, confidence: float = 0.9) -> Appearance:
    box = Box(0, 0, 1, 1)
    return Appearance("p", analysis_id, track_id, "Ann", person, start, end, 0, 1, 0, 1, confidence, (track_id,), box, 0.5)


def fill(store: Store) -> None:
    for name, date in (("a", "1962"), ("b", "1970")):
        store.put(
            Video(f"v{name}", f"{name}.mp4", f"{name}.mp4", name, name.upper(), date), ProjectVideo("p", f"v{name}", "", name)
        )
    store.put(
        seen("a", 1, "Ann", 0.0, 2.0, 0.5),
        seen("a", 2, "Ann", 5.0, 6.5, 0.8),
        seen("a", 3, None, 0.0, 9.0),
        seen("b", 1, "Ann", 1.0, 2.0),
        seen("b", 2, "Bo", 1.0, 4.0),
        replace(seen("a", 9, "Ann", 0.0, 100.0), project="other"),
    )


def test_sums_by_person(store: Store) -> None:
    fill(store)
    extracts = Extracts(store)
    assert totals_of(extracts, "p") == {"Ann": PersonTotals(2, 3, 4.5), "Bo": PersonTotals(1, 1, 3.0)}
    store.delete(Appearance, project="p", analysis_id="b")
    assert totals_of(extracts, "p") == {"Ann": PersonTotals(1, 2, 3.5)}
    assert totals_of(extracts, "nobody") == {}


def test_sums_of_a_video() -> None:
    rows = [
        ("Ann", None, True, 1.0, 3.0),
        ("Ann", None, False, 4.0, 5.0),
        (None, 7, False, 0.0, 9.0),
        (None, 7, False, 10.0, 11.0),
        (None, None, False, 2.0, 2.5),
    ]
    found = sums_of(rows)
    assert found.people == {"Ann": (2, 3.0)}
    assert found.n_unknown == 1
    assert found.seen == Seen(5, 1, 13.5, 2.0)
    assert sums_of([]).seen == Seen()


def test_screen_time_is_that_of_the_analyses_that_count(store: Store) -> None:
    fill(store)
    store.put(seen("old", 1, "Ann", 0.0, 99.0))
    extracts = Extracts(store)
    assert seen_in(extracts, "p") == Seen(5, 4, 16.5, 7.5)
    store.delete(ProjectVideo, project="p", video_id="vb")
    assert seen_in(extracts, "p") == Seen(3, 2, 12.5, 3.5)
    assert seen_in(extracts, "other") == Seen()


def test_pictures_by_person_and_state(store: Store) -> None:
    image = Image("p", "0" * 64, "Ann", "a.jpg", Provenance("manual"), 9, 9)
    store.put(image, replace(image, sha256="1" * 64, state=ImageState.OUTLIER), replace(image, sha256="2" * 64, person_id="Bo"))
    assert pictures_of_people(store, "p") == {"Ann": PersonPictures(2, 1), "Bo": PersonPictures(1, 1)}


def test_appearances_video_by_video_the_newest_first(store: Store) -> None:
    fill(store)
    found, total = appearances_of(store, "p", "Ann")
    assert total == 3
    assert [(one.member.video_id, one.video and one.video.date) for one in found] == [("vb", "1970"), ("va", "1962")]
    assert [item["start_npt"] for item in found[1].items] == [0.0, 5.0]


def test_of_too_many_the_surest_are_listed(store: Store) -> None:
    fill(store)
    found, total = appearances_of(store, "p", "Ann", limit=2)
    assert total == 3
    assert [(one.member.video_id, [item["confidence"] for item in one.items]) for one in found] == [
        ("vb", [0.9]),
        ("va", [0.8]),
    ]


def test_analyses_that_count_no_more_add_nothing(store: Store) -> None:
    """Between an analysis anew and the appearances of it, those of the older one are still there."""
    fill(store)
    store.put(seen("old", 1, "Ann", 0.0, 99.0, 1.0), seen("old", 2, "Cy", 0.0, 9.0))
    assert totals_of(Extracts(store), "p") == {"Ann": PersonTotals(2, 3, 4.5), "Bo": PersonTotals(1, 1, 3.0)}
    found, total = appearances_of(store, "p", "Ann")
    assert (total, [one.member.video_id for one in found]) == (3, ["vb", "va"])
    # It is read again when another analysis counts.
    extracts = Extracts(store)
    totals_of(extracts, "p")
    store.put(ProjectVideo("p", "va", "", "old"))
    assert totals_of(extracts, "p") == {
        "Ann": PersonTotals(2, 2, 100.0),
        "Bo": PersonTotals(1, 1, 3.0),
        "Cy": PersonTotals(1, 1, 9.0),
    }
