"""What people say holds: over the model, over a new training and over a new analysis, until it is taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from src import aligner, classifier, clusterize, tracker
from src.__main__ import main
from src.errors import ConfigError
from src.records import Appearance, Decision, Person, Target, Verb
from src.settings import TrackerSettings
from src.verbs import decide, identify
from src.verbs.decide import interval_target, track_target, unknown_target
from src.workspace import Workspace
from tests.stages.conftest import PEOPLE, DrawnShot, draw, embed_all, put_photos
from tests.videos import write_video

STRANGER, OTHER = 6, 8


@pytest.fixture
def newsreel(workspace: Workspace, trained: str, tmp_path: Path) -> str:
    """Anna with a stranger, then Ben, then the stranger with another one, then Anna: 1 s each, tracked and named."""
    shots = [
        DrawnShot(25, {0: (40, 60, 64), STRANGER: (140, 140, 64)}),
        DrawnShot(25, {1: (100, 100, 64)}, 120),
        DrawnShot(25, {STRANGER: (50, 50, 64), OTHER: (140, 140, 64)}),
        DrawnShot(25, {0: (100, 100, 64)}, 120),
    ]
    film = str(write_video(tmp_path / "newsreel.mp4", draw(shots), options={"crf": "12"}))
    embed_all(workspace)
    tracker.run(workspace, film, trained, video_speedup=5)
    clusterize.run(workspace, film, trained)
    return film


@pytest.fixture
def second_film(workspace: Workspace, trained: str, tmp_path: Path) -> str:
    """The stranger and Ben, in another film."""
    shots = [DrawnShot(25, {STRANGER: (60, 60, 64)}), DrawnShot(25, {1: (100, 100, 64)}, 120)]
    film = str(write_video(tmp_path / "second.mp4", draw(shots), options={"crf": "12"}))
    tracker.run(workspace, film, trained, video_speedup=5)
    clusterize.run(workspace, film, trained)
    return film


def shown(workspace: Workspace, project: str) -> list[tuple[str, float, float, str]]:
    """Everybody who appears in the videos of a project, by time."""
    found = sorted(workspace.store.find(Appearance, project=project), key=lambda a: (a.analysis_id, a.start_npt, a.name))
    return [(appearance.name, appearance.start_npt, appearance.end_npt, appearance.source) for appearance in found]


def of_film(workspace: Workspace, film: str, project: str) -> list[tuple[str, float, str]]:
    """Who appears in one film: name, start, source."""
    report = clusterize.run(workspace, film, project)
    return sorted((a.name, a.start_npt, a.source) for a in report.appearances)


PLAIN = [
    ("Anna Albers", 0.0, "machine"),
    ("Anna Albers", 3.0, "machine"),
    ("Ben Bo", 1.0, "machine"),
    ("Unknown 1", 0.0, "machine"),
    ("Unknown 1", 2.0, "machine"),
    ("Unknown 2", 2.0, "machine"),
]


def track_at(workspace: Workspace, film: str, project: str, name: str, start: float) -> int:
    """Return the track of an appearance."""
    report = clusterize.run(workspace, film, project)
    return next(a.track_id for a in report.appearances if a.name == name and a.start_npt == start)


def say(
    workspace: Workspace, film: str, project: str, verb: Verb, name: str, start: float, **said: object
) -> decide.DecideReport:
    """Decide about the track of an appearance."""
    target = track_target(workspace, project, film, track_at(workspace, film, project, name, start))
    return decide.run(workspace, project, verb, target, author="me", **said)  # type: ignore[arg-type]


def test_without_a_word_the_model_decides(workspace: Workspace, trained: str, newsreel: str) -> None:
    assert of_film(workspace, newsreel, trained) == PLAIN


def test_is_names_a_track(workspace: Workspace, trained: str, newsreel: str) -> None:
    say(workspace, newsreel, trained, Verb.IS, "Unknown 2", 2.0, person="Çelik Özil")
    assert ("Çelik Özil", 2.0, "human") in of_film(workspace, newsreel, trained)
    assert ("Unknown 2", 2.0, "machine") not in of_film(workspace, newsreel, trained)


def test_is_not_takes_a_name_away_and_gives_no_other(workspace: Workspace, trained: str, newsreel: str) -> None:
    say(workspace, newsreel, trained, Verb.IS_NOT, "Ben Bo", 1.0, person="Ben Bo")
    names = {name for name, start, _ in of_film(workspace, newsreel, trained) if start == 1.0}
    assert len(names) == 1
    assert names.pop().startswith("Unknown")


def test_unknown_outranks_the_model(workspace: Workspace, trained: str, newsreel: str) -> None:
    say(workspace, newsreel, trained, Verb.UNKNOWN, "Ben Bo", 1.0)
    assert not [row for row in of_film(workspace, newsreel, trained) if row[0] == "Ben Bo"]


def test_ignore_hides_what_is_no_face(workspace: Workspace, trained: str, newsreel: str) -> None:
    say(workspace, newsreel, trained, Verb.IGNORE, "Unknown 2", 2.0)
    assert of_film(workspace, newsreel, trained) == [row for row in PLAIN if row[0] != "Unknown 2"]


def test_split_makes_two_that_can_be_named_apart(workspace: Workspace, trained: str, newsreel: str) -> None:
    ben = track_at(workspace, newsreel, trained, "Ben Bo", 1.0)
    decide.run(workspace, trained, Verb.SPLIT, track_target(workspace, trained, newsreel, ben), npt=1.5)
    report = clusterize.run(workspace, newsreel, trained, merge_cluster=False)
    pieces = [a for a in report.appearances if a.name == "Ben Bo"]
    assert [(a.start_frame, a.end_frame) for a in pieces] == [(25, 35), (40, 45)]
    second = track_target(workspace, trained, newsreel, pieces[1].track_id)
    decide.run(workspace, trained, Verb.IS, second, person="Anna Albers")
    after = clusterize.run(workspace, newsreel, trained, merge_cluster=False)
    names = [(a.name, a.start_frame, a.source) for a in after.appearances]
    assert ("Ben Bo", 25, "machine") in names
    assert ("Anna Albers", 40, "human") in names


def test_a_piece_of_which_nothing_was_embedded_says_so_and_can_be_named(
    workspace: Workspace, trained: str, newsreel: str
) -> None:
    workspace.settings = workspace.settings.model_copy(update={"tracker": TrackerSettings()})
    tracker.run(workspace, newsreel, trained, video_speedup=5)
    clusterize.run(workspace, newsreel, trained)
    ben = track_at(workspace, newsreel, trained, "Ben Bo", 1.0)
    decide.run(workspace, trained, Verb.SPLIT, track_target(workspace, trained, newsreel, ben), npt=1.5)
    report = clusterize.run(workspace, newsreel, trained, merge_cluster=False)
    (piece,) = [a for a in report.appearances if a.start_frame == 40]
    # Nothing votes on it: it is named, if at all, for its likeness to another track of the video.
    assert piece.reason.startswith("like track")
    second = track_target(workspace, trained, newsreel, piece.track_id)
    decide.run(workspace, trained, Verb.IS, second, person="Anna Albers")
    after = clusterize.run(workspace, newsreel, trained, merge_cluster=False)
    assert ("Anna Albers", 40, "human") in [(a.name, a.start_frame, a.source) for a in after.appearances]


def test_same_person_gives_both_the_better_known_name(workspace: Workspace, trained: str, newsreel: str) -> None:
    other = track_target(workspace, trained, newsreel, track_at(workspace, newsreel, trained, "Anna Albers", 3.0))
    say(workspace, newsreel, trained, Verb.SAME_PERSON, "Unknown 2", 2.0, other=other)
    assert ("Anna Albers", 2.0, "human") in of_film(workspace, newsreel, trained)


@pytest.mark.parametrize("verb", [Verb.SAME_PERSON, Verb.MERGE])
def test_two_unknown_people_of_a_video_become_one(workspace: Workspace, trained: str, newsreel: str, verb: Verb) -> None:
    other = track_target(workspace, trained, newsreel, track_at(workspace, newsreel, trained, "Unknown 2", 2.0))
    said = say(workspace, newsreel, trained, verb, "Unknown 1", 0.0, other=other).decision
    unknown = [row for row in of_film(workspace, newsreel, trained) if row[0].startswith("Unknown")]
    assert {name for name, *_ in unknown} == {"Unknown 1"}
    # A name of either reaches both.
    decide.run(workspace, trained, Verb.IS, unknown_target(2), person="Dora Day")
    assert ("Dora Day", 0.0, "human") in of_film(workspace, newsreel, trained)
    decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=said.decision_id))
    assert ("Unknown 1", 0.0, "machine") in of_film(workspace, newsreel, trained)


def test_merge_makes_one_appearance(workspace: Workspace, trained: str, newsreel: str) -> None:
    other = track_target(workspace, trained, newsreel, track_at(workspace, newsreel, trained, "Anna Albers", 3.0))
    say(workspace, newsreel, trained, Verb.MERGE, "Anna Albers", 0.0, other=other)
    report = clusterize.run(workspace, newsreel, trained)
    anna = [a for a in report.appearances if a.name == "Anna Albers"]
    assert [(a.start_npt, a.end_npt, len(a.merged_tracks)) for a in anna] == [(0.0, 4.0, 2)]


def test_not_same_person_parts_unknown_people_until_undone(workspace: Workspace, trained: str, newsreel: str) -> None:
    tracks = [track_at(workspace, newsreel, trained, "Unknown 1", start) for start in (0.0, 2.0)]
    one, other = (track_target(workspace, trained, newsreel, track_id) for track_id in tracks)
    said = decide.run(workspace, trained, Verb.NOT_SAME_PERSON, one, other=other).decision
    parted = [row for row in PLAIN if row != ("Unknown 1", 2.0, "machine")] + [("Unknown 3", 2.0, "machine")]
    assert of_film(workspace, newsreel, trained) == sorted(parted)
    assert of_film(workspace, newsreel, trained) == sorted(parted)
    decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=said.decision_id))
    assert of_film(workspace, newsreel, trained) == PLAIN


def test_tracks_of_two_videos_are_parted_and_joined(
    workspace: Workspace, trained: str, newsreel: str, second_film: str
) -> None:
    there = track_target(workspace, trained, second_film, track_at(workspace, second_film, trained, "Unknown 1", 0.0))
    here = track_target(workspace, trained, newsreel, track_at(workspace, newsreel, trained, "Unknown 2", 2.0))
    joined = decide.run(workspace, trained, Verb.SAME_PERSON, here, other=there)
    assert {derived.video.title for derived in joined.derived} == {"newsreel", "second"}
    assert "Unknown 2" not in {name for name, *_ in of_film(workspace, newsreel, trained)}
    decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=joined.decision.decision_id))
    assert of_film(workspace, newsreel, trained) == PLAIN
    first = track_target(workspace, trained, newsreel, track_at(workspace, newsreel, trained, "Unknown 1", 0.0))
    decide.run(workspace, trained, Verb.NOT_SAME_PERSON, there, other=first)
    assert ("Unknown 1", 0.0, "machine") not in of_film(workspace, second_film, trained)
    assert [row for row in of_film(workspace, second_film, trained) if row[0].startswith("Unknown")] == [
        ("Unknown 3", 0.0, "machine")
    ]
    # Of the two only one gives its number up, and looking again changes nothing.
    assert of_film(workspace, newsreel, trained) == PLAIN
    assert ("Unknown 3", 0.0, "machine") in of_film(workspace, second_film, trained)


def test_a_name_reaches_the_same_person_in_another_video(
    workspace: Workspace, trained: str, newsreel: str, second_film: str
) -> None:
    named = track_target(workspace, trained, second_film, track_at(workspace, second_film, trained, "Ben Bo", 1.0))
    here = track_target(workspace, trained, newsreel, track_at(workspace, newsreel, trained, "Unknown 2", 2.0))
    decide.run(workspace, trained, Verb.SAME_PERSON, here, other=named)
    report = clusterize.run(workspace, newsreel, trained, merge_cluster=False)
    assert ("Ben Bo", 2.0, "human") in [(a.name, a.start_npt, a.source) for a in report.appearances]


def test_naming_an_unknown_person_names_them_in_every_video(
    workspace: Workspace, trained: str, newsreel: str, second_film: str
) -> None:
    assert ("Unknown 1", 0.0, "machine") in of_film(workspace, second_film, trained)
    report = decide.run(workspace, trained, Verb.IS, unknown_target(1), person="Dora Day", author="me")
    assert len(report.derived) == 2
    assert workspace.store.get(Person, trained, "Dora_Day") is not None
    assert [row for row in of_film(workspace, newsreel, trained) if row[0] == "Dora Day"] == [
        ("Dora Day", 0.0, "human"),
        ("Dora Day", 2.0, "human"),
    ]
    assert ("Dora Day", 0.0, "human") in of_film(workspace, second_film, trained)


def test_a_track_that_is_not_who_its_unknown_person_is_leaves_them_until_undone(
    workspace: Workspace, trained: str, newsreel: str, second_film: str
) -> None:
    decide.run(workspace, trained, Verb.IS, unknown_target(1), person="Dora Day")
    named = of_film(workspace, newsreel, trained)
    said = say(workspace, newsreel, trained, Verb.IS_NOT, "Dora Day", 0.0, person="Dora Day").decision
    left = [row for row in named if row != ("Dora Day", 0.0, "human")] + [("Unknown 3", 0.0, "machine")]
    assert of_film(workspace, newsreel, trained) == sorted(left)
    assert of_film(workspace, newsreel, trained) == sorted(left)
    assert ("Dora Day", 0.0, "human") in of_film(workspace, second_film, trained)
    decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=said.decision_id))
    assert of_film(workspace, newsreel, trained) == named


def test_a_later_video_of_a_named_unknown_person_is_named_too(
    workspace: Workspace, trained: str, newsreel: str, tmp_path: Path
) -> None:
    decide.run(workspace, trained, Verb.IS, unknown_target(1), person="Dora Day")
    film = str(write_video(tmp_path / "later.mp4", draw([DrawnShot(25, {STRANGER: (90, 90, 70)})])))
    tracker.run(workspace, film, trained, video_speedup=5)
    assert of_film(workspace, film, trained) == [("Dora Day", 0.0, "human")]


def test_a_new_video_does_not_renumber_unknown_people(
    workspace: Workspace, trained: str, newsreel: str, second_film: str
) -> None:
    assert of_film(workspace, newsreel, trained) == PLAIN
    assert of_film(workspace, second_film, trained) == [("Ben Bo", 1.0, "machine"), ("Unknown 1", 0.0, "machine")]
    assert of_film(workspace, newsreel, trained) == PLAIN


def test_undo_and_its_undo(workspace: Workspace, trained: str, newsreel: str) -> None:
    said = say(workspace, newsreel, trained, Verb.IS, "Unknown 2", 2.0, person="Ben Bo").decision
    named = of_film(workspace, newsreel, trained)
    undo = decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=said.decision_id)).decision
    assert of_film(workspace, newsreel, trained) == PLAIN
    decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=undo.decision_id))
    assert of_film(workspace, newsreel, trained) == named
    assert workspace.store.count(Decision, project=trained) == 3


def test_the_later_word_holds(workspace: Workspace, trained: str, newsreel: str) -> None:
    target = track_target(workspace, trained, newsreel, track_at(workspace, newsreel, trained, "Ben Bo", 1.0))
    decide.run(workspace, trained, Verb.IS, target, person="Anna Albers")
    decide.run(workspace, trained, Verb.IS, target, person="Çelik Özil")
    assert ("Çelik Özil", 1.0, "human") in of_film(workspace, newsreel, trained)
    decide.run(workspace, trained, Verb.IS_NOT, target, person="Çelik Özil")
    assert ("Ben Bo", 1.0, "machine") in of_film(workspace, newsreel, trained)


def test_decisions_survive_a_new_training(workspace: Workspace, trained: str, newsreel: str) -> None:
    say(workspace, newsreel, trained, Verb.IS, "Unknown 2", 2.0, person="Ben Bo")
    before = of_film(workspace, newsreel, trained)
    classifier.run(workspace, trained, classifier="Centroid")
    identify.run(workspace, trained)
    assert of_film(workspace, newsreel, trained) == before


@pytest.mark.parametrize("speedup", [4, 7])
def test_decisions_survive_a_new_analysis_with_other_tracks(
    speedup: int, workspace: Workspace, trained: str, newsreel: str
) -> None:
    say(workspace, newsreel, trained, Verb.IS, "Unknown 2", 2.0, person="Çelik Özil")
    say(workspace, newsreel, trained, Verb.IGNORE, "Ben Bo", 1.0)
    tracker.run(workspace, newsreel, trained, video_speedup=speedup)
    report = clusterize.run(workspace, newsreel, trained)
    assert report.analysis.sampling["video_speedup"] == speedup
    assert report.lost == ()
    named = {(a.name, a.source) for a in report.appearances}
    assert ("Çelik Özil", "human") in named
    assert "Ben Bo" not in {name for name, _ in named}


def test_what_cannot_be_found_again_is_listed_and_not_dropped(workspace: Workspace, trained: str, newsreel: str) -> None:
    say(workspace, newsreel, trained, Verb.IS, "Ben Bo", 1.0, person="Anna Albers")
    tracking = workspace.settings.tracker.model_copy(update={"min_face_px": 500.0})
    workspace.settings = workspace.settings.model_copy(update={"tracker": tracking})
    tracker.run(workspace, newsreel, trained, video_speedup=5)
    report = clusterize.run(workspace, newsreel, trained)
    assert report.appearances == ()
    assert [decision.person_id for decision in report.lost] == ["Anna_Albers"]
    assert workspace.store.count(Decision, project=trained) == 1


def test_somebody_whom_no_track_shows_can_be_said_to_be_there(workspace: Workspace, trained: str, newsreel: str) -> None:
    decide.run(workspace, trained, Verb.IS, interval_target(workspace, newsreel, 1.0, 1.4), person="Anna Albers")
    assert ("Anna Albers", 1.0, "human") in of_film(workspace, newsreel, trained)
    decide.run(workspace, trained, Verb.IS_NOT, interval_target(workspace, newsreel, 0.9, 1.5), person="Anna Albers")
    assert ("Anna Albers", 1.0, "human") not in of_film(workspace, newsreel, trained)


def test_an_interval_can_be_freed_of_a_name(workspace: Workspace, trained: str, newsreel: str) -> None:
    decide.run(workspace, trained, Verb.IS_NOT, interval_target(workspace, newsreel, 2.9, 4.0), person="Anna Albers")
    anna = [row for row in of_film(workspace, newsreel, trained) if row[0] == "Anna Albers"]
    assert anna == [("Anna Albers", 0.0, "machine")]


def test_unknown_people_are_one_ignored_or_renamed(workspace: Workspace, trained: str, newsreel: str) -> None:
    decide.run(workspace, trained, Verb.RENAME, unknown_target(2), name="The man in the hat")
    assert ("The man in the hat", 2.0, "machine") in of_film(workspace, newsreel, trained)
    decide.run(workspace, trained, Verb.IGNORE, unknown_target(2))
    assert not [row for row in of_film(workspace, newsreel, trained) if row[0] == "The man in the hat"]


def test_renaming_a_person_reaches_videos_identified_before(workspace: Workspace, trained: str, newsreel: str) -> None:
    target = Target("person", person_id="Ben_Bo")
    report = decide.run(workspace, trained, Verb.RENAME, target, name="Benedict Bo")
    assert ("Benedict Bo", 1.0, "machine") in of_film(workspace, newsreel, trained)
    decide.run(workspace, trained, Verb.UNDO, Target("decision", decision_id=report.decision.decision_id))
    assert of_film(workspace, newsreel, trained) == PLAIN


def test_two_people_do_not_get_one_name(workspace: Workspace, trained: str, newsreel: str) -> None:
    other = next(one for one in workspace.store.find(Person, project=trained) if one.person_id != "Ben_Bo")
    target = Target("person", person_id="Ben_Bo")
    with pytest.raises(ConfigError, match="Somebody else is called"):
        decide.run(workspace, trained, Verb.RENAME, target, name=other.name)
    workspace.store.put(replace(other, aliases=("The boss",)))
    decide.run(workspace, trained, Verb.RENAME, target, name="The boss")
    assert {one.name for one in workspace.store.find(Person, project=trained)} >= {other.name, "The boss"}


def test_a_new_name_is_that_of_the_candidate_too(workspace: Workspace, trained: str, newsreel: str) -> None:
    decide.run(workspace, trained, Verb.RENAME, Target("person", person_id="Ben_Bo"), name="Benedict Bo")
    ben = next(a for a in clusterize.run(workspace, newsreel, trained).appearances if a.name == "Benedict Bo")
    assert ben.candidates[0].name == "Benedict Bo"
    # So that "not this person" takes the name away, though the model knows him by the old one.
    say(workspace, newsreel, trained, Verb.IS_NOT, "Benedict Bo", 1.0, person="Benedict Bo")
    assert {name for name, start, _ in of_film(workspace, newsreel, trained) if start == 1.0} == {"Unknown 3"}


def test_a_new_person_relabels_the_finished_video(
    workspace: Workspace, trained: str, newsreel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from src.video.pyav import PyAvStream

    monkeypatch.setattr(PyAvStream, "__init__", lambda *_args: pytest.fail("the video was opened"))
    put_photos(workspace, trained, PEOPLE | {STRANGER: "Dora Day"})
    aligner.run(workspace, trained)
    classifier.run(workspace, trained)
    report = identify.run(workspace, trained)
    assert (report.n_videos, report.n_tracks) == (1, 6)
    names = [(name, start) for name, start, _, _ in shown(workspace, trained)]
    assert ("Dora Day", 0.0) in names
    assert ("Dora Day", 2.0) in names


@pytest.mark.parametrize(
    ("verb", "target", "said", "message"),
    [
        (Verb.IS, Target("track", track_id=1), {}, "needs a person"),
        (Verb.UNKNOWN, Target("unknown", unknown_id=1), {}, "cannot be said of"),
        (Verb.RENAME, Target("unknown", unknown_id=1), {"name": "  "}, "new name"),
        (Verb.MERGE, Target("unknown", unknown_id=1), {}, "second unknown"),
        (Verb.IGNORE, Target("unknown", unknown_id=99), {}, "no unknown person 99"),
        (Verb.IS_NOT, Target("unknown", unknown_id=1), {"person": "Nobody"}, "knows nobody"),
        (Verb.UNDO, Target("decision", decision_id="x"), {}, "no decision x"),
    ],
)
def test_what_means_nothing_is_refused_and_not_stored(
    verb: Verb, target: Target, said: dict[str, str], message: str, workspace: Workspace, trained: str, newsreel: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        decide.run(workspace, trained, verb, target, **said)  # type: ignore[arg-type]
    assert workspace.store.count(Decision, project=trained) == 0


def test_by_command(
    workspace: Workspace, trained: str, newsreel: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    uri = workspace.settings.database.uri
    config.write_text(f"data_dir: {workspace.data_dir}\ndatabase:\n  uri: {uri}\n", encoding="utf-8")
    shared = ["--project", trained, "--config", str(config)]
    track = str(track_at(workspace, newsreel, trained, "Unknown 2", 2.0))
    assert main(["decide", "is", "--video", newsreel, "--track", track, "--person", "Ben Bo", *shared]) == 0
    assert "1 videos derived anew" in capsys.readouterr().out
    assert main(["decide", "list", *shared]) == 0
    listed = capsys.readouterr().out
    assert f"track {track} of" in listed
    decision_id = listed.split()[0]
    assert main(["decide", "undo", "--decision", decision_id, *shared]) == 0
    assert of_film(workspace, newsreel, trained) == PLAIN
    assert main(["decide", "is", "--person", "Ben Bo", *shared]) == 2
    assert main(["decide", "split", "--video", newsreel, "--track", track, "--at", "9", *shared]) == 1
    assert "cannot be cut" in capsys.readouterr().err
    assert main(["identify", *shared]) == 0
    assert "30 embeddings of 6 tracks in 1 videos" in capsys.readouterr().out
    assert main(["clusterize", *shared]) == 0
