"""The published evaluation, on segments worked out by hand."""

from __future__ import annotations

import csv
import json
import random
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluation import facerec
from evaluation.facerec import RULES, THRESHOLDS, Counts, appearances_of, count, evaluate
from evaluation.material.data import TruthRow
from evaluation.scores.predictions import NameBook, name_forms, read_ground_truth, read_predictions
from evaluation.segments import COLUMNS, TruthSegment, predictions_of, segments_of
from evaluation.segments import main as segments_main
from src.errors import ConfigError
from src.recognition.voting import Voting

Sample = tuple[int, int, str, float]
"""Segment, track, name, confidence; the samples of a track are numbered from 0 where no number follows."""

PEOPLE = (
    "Le Saint, Sophie",
    unicodedata.normalize("NFD", "Rincquesen, Nathanaël de"),
    "Drucker, Marie",
    "Lucet, Elise",
    "0",
    "0",
    "Gastrin, Sophie",
)
SAMPLES: tuple[Sample, ...] = (
    # The right person, in the other order: 0.75 on average.
    *((0, 1, "Sophie Le Saint", confidence) for confidence in (0.7, 0.7, 0.8, 0.8)),
    # The right person, composed where the truth is decomposed.
    *((1, 2, unicodedata.normalize("NFC", "Nathanaël de Rincquesen"), 0.9) for _ in range(3)),
    # The right person in 3 of 5 samples, which is not more than 0.6; by weight it is 2.4 of 2.8.
    *((2, 3, "Drucker, Marie", 0.8) for _ in range(3)),
    *((2, 3, "Lucet, Elise", 0.2) for _ in range(2)),
    # Somebody else.
    *((3, 4, "Marie Drucker", 0.6) for _ in range(2)),
    # Nobody, and no name is likely.
    *((4, 5, "Le Saint, Sophie", 0.3) for _ in range(2)),
    *((4, 6, "Unknown 2", 0.9) for _ in range(2)),
    # Nobody, and a name is said.
    *((5, 7, "Elise Lucet", 0.5) for _ in range(2)),
    # Of the last segment there is no sample.
)


def write_truth(path: Path, people: tuple[str, ...] = PEOPLE) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("media", "start", "end", "person"), *(("m", 0, 9, person) for person in people)])
    return path


def write_samples(path: Path, samples: Any = SAMPLES, first: dict[tuple[int, int], int] | None = None) -> Path:
    """Write predictions; `first` gives the number of the first sample of a track where it is not 0."""
    seen: Counter[tuple[int, int]] = Counter()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*COLUMNS, "segment"))
        for segment, track, name, confidence in samples:
            number = (first or {}).get((segment, track), 0) + seen[segment, track]
            seen[segment, track] += 1
            writer.writerow((1, 2, 30, 40, track, name, confidence, number * 25, number, float(number), segment))
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_truth(tmp_path / "truth.csv")


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    return write_samples(tmp_path / "predictions.csv")


def spread(*parts: tuple[int, Counts]) -> list[Counts]:
    return [counts for n_thresholds, counts in parts for _ in range(n_thresholds)]


def test_thresholds() -> None:
    assert THRESHOLDS == (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def test_majority_by_hand(predictions: Path, truth: Path) -> None:
    result = evaluate(predictions, truth, ("majority",))
    assert list(result.counts["majority"]) == spread(
        (3, Counts(tp=2, fp=2, fn=3, tn=1)),  # up to 0.50 Elise Lucet is said where nobody is
        (2, Counts(tp=2, fp=1, fn=3, tn=2)),  # up to 0.60 Marie Drucker is said in place of Elise Lucet
        (3, Counts(tp=2, fp=0, fn=3, tn=2)),  # up to 0.75 Sophie Le Saint is found
        (3, Counts(tp=1, fp=0, fn=4, tn=2)),  # up to 0.90 Nathanaël de Rincquesen is found
        (1, Counts(tp=0, fp=0, fn=5, tn=2)),
    )


def test_weighted_by_hand(predictions: Path, truth: Path) -> None:
    """Log-odds times 1 + 0.7 ln n: 0.6 twice is 0.646, 0.8 three times 0.921, 0.9 three times 0.980, Sophie 0.903."""
    result = evaluate(predictions, truth, ("weighted",))
    assert list(result.counts["weighted"]) == spread(
        (3, Counts(tp=3, fp=2, fn=2, tn=1)),
        (2, Counts(tp=3, fp=1, fn=2, tn=2)),
        (6, Counts(tp=3, fp=0, fn=2, tn=2)),
        (1, Counts(tp=1, fp=0, fn=4, tn=2)),
    )
    confidences = [found[0].confidence for found in result.appearances["weighted"][:4]]
    assert confidences == pytest.approx([0.9031, 0.9799, 0.9207, 0.6461], abs=1e-4)


def test_ratios() -> None:
    counts = Counts(tp=2, fp=1, fn=3, tn=2)
    assert (counts.precision, counts.recall, counts.f1) == (2 / 3, 2 / 5, 0.5)
    silent = Counts(tp=0, fp=0, fn=3, tn=0)
    assert (silent.precision, silent.recall, silent.f1) == (None, 0, 0)
    empty = Counts(tp=0, fp=0, fn=0, tn=2)
    assert (empty.precision, empty.recall, empty.f1) == (None, None, None)


def test_more_names_beside_the_right_one_are_no_fault() -> None:
    found = [
        facerec.SegmentAppearance("B", 0.9, (1,)),
        facerec.SegmentAppearance("A", 0.5, (2,)),
    ]
    assert count(["A"], [found], 0.5) == Counts(tp=1, fp=0, fn=0, tn=0)
    assert count(["A"], [found], 0.55) == Counts(tp=0, fp=1, fn=1, tn=0)
    assert count([""], [found], 0.5) == Counts(tp=0, fp=1, fn=0, tn=0)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Le Saint, Sophie", "Sophie Le Saint"),
        ("Le Saint, Sophie", "Le Saint Sophie"),
        ("Le Saint, Sophie", "Le Saint, Sophie"),
        ("Le Saint, Sophie", "  sophie   LE SAINT "),
        ("Gaulle, Charles de", "Charles De Gaulle"),
        ("Rincquesen, Nathanae\u0308l de", "Nathana\u00ebl de Rincquesen"),
        ("Rincquesen, Nathana\u00ebl de", "NATHANAE\u0308L DE RINCQUESEN"),
        ("Elizabeth d'Angleterre", "Elizabeth d\u2019Angleterre"),
        ("Elizabeth d'Angleterre", "Elisabeth II"),
        ("Sophie Le Saint", "Le Saint, Sophie"),
        ('Kelly, Eugene "Gene"', 'Eugene "Gene" Kelly'),
    ],
)
def test_names_of_one_person(written: str, said: str) -> None:
    book = NameBook([written])
    assert book.call(said) == book.call(written) != ""


@pytest.mark.parametrize(("written", "said"), [("Le Saint, Sophie", "Sophie Le Seint"), ("Martin, Jean", "Jean-Martin")])
def test_names_of_two_people(written: str, said: str) -> None:
    book = NameBook([written])
    assert book.call(said) != book.call(written)


@pytest.mark.parametrize("name", ["", "  ", "0", "Unknown", "unknown 12"])
def test_nobody(name: str) -> None:
    assert NameBook(["Le Saint, Sophie"]).call(name) == ""


def test_forms_of_a_name() -> None:
    assert name_forms("Le Saint, Sophie") == ("sophie le saint", "le saint sophie")
    assert name_forms("Sophie Le Saint") == ("sophie le saint",)
    assert name_forms(", Cher ,") == ("cher",)


def test_one_person_spelled_in_two_ways_does_not_split_the_vote(tmp_path: Path) -> None:
    samples = [(0, 1, name, 0.9) for name in ("Elise Lucet", "Lucet, Elise", "LUCET Elise", "Lucet, \u00c9lise")]
    truth = write_truth(tmp_path / "t.csv", ("Lucet, Elise",))
    result = evaluate(write_samples(tmp_path / "p.csv", samples), truth, ("majority",))
    assert [found.name for found in result.appearances["majority"][0]] == ["Lucet, Elise"]


def test_an_alias_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_truth(tmp_path / "t.csv", ("Beyle, Marie-Henri",))
    predictions = write_samples(tmp_path / "p.csv", [(0, 1, "Stendhal", 0.99)] * 2)
    flags = ["--predictions", str(predictions), "--ground_truth", str(truth), "--json", "-"]
    assert facerec.main([*flags, "--alias", "Stendhal=Marie-Henri Beyle"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"]["majority"]["mean_f1"] == 1
    assert facerec.main([*flags, "--alias", "Stendhal"]) == 2
    assert "OTHER=NAME" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("voting", "first", "tracks", "confidence"),
    [
        # Samples 0 to 1 and 2 to 4 follow each other: (2 * 0.5 + 3 * 0.8) / 5.
        ("majority", 2, [(1, 2)], [0.68]),
        # Sample 2 lies between them.
        ("majority", 3, [(1,), (2,)], [0.5, 0.8]),
        # At the same time: two faces are two people.
        ("majority", 1, [(1,), (2,)], [0.5, 0.8]),
    ],
)
def test_neighbouring_tracks_are_joined(
    tmp_path: Path, voting: Voting, first: int, tracks: list[tuple[int, ...]], confidence: list[float]
) -> None:
    samples = [*[(0, 1, "A", 0.5)] * 2, *[(0, 2, "A", 0.8)] * 3]
    result = evaluate(
        write_samples(tmp_path / "p.csv", samples, {(0, 2): first}), write_truth(tmp_path / "t.csv", ("A",)), (voting,)
    )
    found = result.appearances[voting][0]
    assert [appearance.track_ids for appearance in found] == tracks
    assert [appearance.confidence for appearance in found] == pytest.approx(confidence)


def test_neighbours_strengthen_each_other_by_default(tmp_path: Path) -> None:
    """Twice 0.8 is 0.887, four times is 0.939: together the two tracks are surer than each alone."""
    samples = [*[(0, 1, "A", 0.8)] * 2, *[(0, 2, "A", 0.8)] * 2]
    truth = write_truth(tmp_path / "t.csv", ("A",))
    apart = evaluate(write_samples(tmp_path / "p.csv", samples, {(0, 2): 9}), truth).appearances["weighted"][0]
    joined = evaluate(write_samples(tmp_path / "p.csv", samples, {(0, 2): 2}), truth).appearances["weighted"][0]
    assert [found.confidence for found in apart] == pytest.approx([0.887, 0.887], abs=1e-3)
    assert [found.confidence for found in joined] == pytest.approx([0.939], abs=1e-3)


def test_a_single_sample_is_too_short_for_the_published_rule(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "t.csv", ("A",))
    result = evaluate(write_samples(tmp_path / "p.csv", [(0, 1, "A", 0.9)]), truth)
    assert result.appearances["majority"] == ((),)
    assert result.appearances["weighted"][0][0].confidence == pytest.approx(0.9)


def published(samples: list[Sample], firsts: dict[tuple[int, int], int], segment: int) -> list[tuple[str, float]]:
    """Tell the appearances of a segment by the published rule, in the plainest way."""
    chains: list[dict[str, Any]] = []
    for track in sorted({sample[1] for sample in samples if sample[0] == segment}):
        votes = [(name, confidence) for in_segment, of, name, confidence in samples if (in_segment, of) == (segment, track)]
        names = sorted({name for name, _ in votes})
        counts = {name: [said for said, _ in votes].count(name) for name in names}
        sums = {name: sum(confidence for said, confidence in votes if said == name) for name in names}
        mode, heaviest = (max(names, key=lambda name, of=of: of[name]) for of in (counts, sums))  # type: ignore[misc]
        if mode != heaviest or counts[mode] / len(votes) <= 0.6 or sums[mode] / len(votes) <= 0.4:
            continue
        start = firsts[segment, track]
        end, mean = start + len(votes) - 1, sums[mode] / counts[mode]
        last = next((chain for chain in reversed(chains) if chain["name"] == mode), None)
        if last and start - last["end"] == 1:
            before, now = last["end"] - last["start"] + 1, end - start + 1
            last["confidence"] = (last["confidence"] * before + mean * now) / (before + now)
            last["end"] = end
        else:
            chains.append({"name": mode, "start": start, "end": end, "confidence": mean})
    return sorted((chain["name"], chain["confidence"]) for chain in chains if chain["end"] - chain["start"] >= 1)


@pytest.mark.parametrize("seed", range(5))
def test_majority_is_the_published_rule(tmp_path: Path, seed: int) -> None:
    """On random tracks both say the same, also where rows come in any order."""
    chance = random.Random(seed)
    samples: list[Sample] = []
    firsts: dict[tuple[int, int], int] = {}
    for segment in range(20):
        for track in range(chance.randint(0, 6)):
            firsts[segment, track] = chance.randint(0, 4)
            likely = chance.choice("ABC")
            for _ in range(chance.randint(1, 6)):
                name = likely if chance.random() < 0.75 else chance.choice("ABC")
                samples.append((segment, track, name, round(chance.random(), 4)))
    path = write_samples(tmp_path / "p.csv", samples, firsts)
    header, *rows = path.read_text().splitlines()
    chance.shuffle(rows)
    path.write_text("\n".join([header, *rows]))
    read = read_predictions(path, 20, NameBook(["A", "B", "C"]))
    found = [appearances_of(read, segment, RULES["majority"]) for segment in range(20)]
    said = [sorted((appearance.name, appearance.confidence) for appearance in one) for one in found]
    wanted = [published(samples, firsts, segment) for segment in range(20)]
    assert [[name for name, _ in one] for one in said] == [[name for name, _ in one] for one in wanted]
    flat = [confidence for one in said for _, confidence in one]
    assert flat == pytest.approx([confidence for one in wanted for _, confidence in one], abs=1e-6)
    assert len(flat) > 5


def test_ground_truth_in_the_words_of_other_tables(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("\ufeffVideo;Person\na;Barack_Obama\na;\na;unknown:3\n;\na;0\n", encoding="utf-8")

    assert read_ground_truth(truth) == ["Barack_Obama", "0", "0", "0"]
    book = NameBook(["Barack_Obama"])
    assert book.call("Obama, Barack") == book.call("Barack Obama") == "Barack_Obama"


HEADER = ",".join((*COLUMNS, "segment"))
GOOD = "1,2,3,4,7,Ann,0.5,0,0,0.0,0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "p.csv is empty. Its first line must name the columns, segment, track_id, name"),
        ("segment,track_id,name,tracker_sample\n", "p.csv, line 1 lacks the column confidence."),
        ("a;b;c\n", "lacks the columns segment, track_id, name, confidence, tracker_sample."),
        (f"{HEADER}\n{GOOD}\n1,2,3,4,7,Ann,nan,0,0,0.0,0\n", "p.csv, line 3: confidence is 'nan', not a number from 0 to 1."),
        (f"{HEADER}\n1,2,3,4,7,Ann,,0,0,0.0,0\n", "line 2: confidence is ''"),
        (f"{HEADER}\n1,2,3,4,7,Ann,1.5,0,0,0.0,0\n", "line 2: confidence is '1.5'"),
        (f"{HEADER}\n1,2,3,4,7,Ann,inf,0,0,0.0,0\n", "line 2: confidence is 'inf'"),
        (f"{HEADER}\n{GOOD}7\n", "line 2: segment 7 is no row of the ground truth, whose rows are 0 to 6."),
        (f"{HEADER}\n1,2,3,4,7,Ann,0.5,0,0,0.0,-1\n", "segment -1 is no row"),
        (f"{HEADER}\n1,2,3,4,7,Ann,0.5,0,0,0.0,nan\n", "line 2: segment is 'nan', not a whole number."),
        (f"{HEADER}\n1,2,3,4,x,Ann,0.5,0,0,0.0,0\n", "line 2: track_id is 'x', not a whole number."),
        (f"{HEADER}\n1,2,3,4,7,Ann,0.5,0,1.5,0.0,0\n", "line 2: tracker_sample is '1.5', not a whole number."),
        (f"{HEADER}\n1,2,3,4,7,Saint, Ann,0.5,0,0,0.0,0\n", "line 2 has 12 cells, the first line 11. Quote names"),
        (f"{HEADER}\n1,2,3\n", "line 2 has 3 cells"),
        (f'{HEADER}\n1,2,3,4,7,"Ann" Lee,0.5,0,0,0.0,0\n', "p.csv, line 2: "),
        (f'{HEADER}\n1,2,3,4,7,"Ann,0.5,0,0,0.0,0\n', "Check the quotes there"),
    ],
)
def test_predictions_that_cannot_be_right(tmp_path: Path, truth: Path, text: str, message: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        evaluate(path, truth)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "truth.csv is empty"),
        (b"media,start,end\nm,0,1\n", "truth.csv, line 1 lacks the column person."),
        (b"media,start,end,person\n", "has no segment"),
        (b"media,start,end,person\nm,0,1,Fran\xe7ois\n", "truth.csv is no text in UTF-8"),
    ],
)
def test_ground_truth_that_cannot_be_right(truth: Path, predictions: Path, content: bytes, message: str) -> None:
    truth.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        evaluate(predictions, truth)
    assert message in str(caught.value)


def test_files_that_are_not_there(tmp_path: Path, truth: Path, predictions: Path) -> None:
    for given in ((tmp_path / "none.csv", truth), (predictions, tmp_path / "none.csv"), (tmp_path, truth)):
        with pytest.raises(ConfigError, match="cannot be read"):
            evaluate(*given)


def test_other_programs_write_differently(tmp_path: Path, truth: Path) -> None:
    """A byte order mark, CRLF, blank lines, columns in another order, whole numbers as 0.0, a confidence a hair above 1."""
    text = "\r\n".join(
        ["\ufeffname,segment,track_id,tracker_sample,confidence", '"Le Saint, Sophie",0.0,1.0,0.0,1.0000001', ""]
    )
    path = tmp_path / "p.csv"
    path.write_bytes((text + "\r\n" + text.splitlines()[1].replace(",0.0,1.0000001", ",1.0,1") + "\r\n").encode())
    assert evaluate(path, truth).counts["majority"][-1] == Counts(tp=1, fp=0, fn=4, tn=2)


def test_no_face_found_anywhere(tmp_path: Path, truth: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(HEADER + "\n")
    result = evaluate(path, truth)
    assert set(result.counts["weighted"]) == {Counts(tp=0, fp=0, fn=5, tn=2)}
    assert "|          - | 0.000 | 0.000 |    0/0/5 |" in facerec.as_markdown(result)


def test_the_command_prints_both_rules(predictions: Path, truth: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert facerec.main(["--predictions", str(predictions), "--ground_truth", str(truth)]) == 0
    head, _, columns, _, *rows = capsys.readouterr().out.splitlines()
    assert head == "7 segments, 5 of them with a person, 20 samples. P = precision, R = recall."
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in (columns, *rows)]
    assert cells[0] == ["threshold", "majority P", "R", "F1", "tp/fp/fn", "weighted P", "R", "F1", "tp/fp/fn"]
    assert [line[0] for line in cells[1:]] == [*(f"{threshold:.2f}" for threshold in THRESHOLDS), "mean"]
    assert cells[4] == ["0.55", "0.667", "0.400", "0.500", "2/1/3", "0.750", "0.600", "0.667", "3/1/2"]


@pytest.mark.parametrize("voting", ["majority", "weighted"])
def test_one_rule_and_its_files(
    voting: Voting, predictions: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "README.md"
    document.write_text("before\n<!-- facerec: begin -->\nold\n<!-- facerec: end -->\nafter\n")
    flags = ["--predictions", str(predictions), "--ground_truth", str(truth), "--voting", voting]
    assert facerec.main([*flags, "--json", str(tmp_path / "result.json"), "--document", str(document)]) == 0
    shown = capsys.readouterr().out.strip()
    assert f"{voting} P" in shown
    assert document.read_text() == f"before\n<!-- facerec: begin -->\n\n{shown}\n\n<!-- facerec: end -->\nafter\n"
    written = json.loads((tmp_path / "result.json").read_text())
    assert list(written["rules"]) == [voting]
    rule = written["rules"][voting]
    assert [at["threshold"] for at in rule["thresholds"]] == list(THRESHOLDS)
    assert rule["appearances"][0]["found"][0]["name"] == "Le Saint, Sophie"
    assert rule["appearances"][4]["person"] is None


def test_faults_end_with_one_line(predictions: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert facerec.main(["--predictions", str(tmp_path / "none.csv"), "--ground_truth", str(truth)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert facerec.main(["--predictions", str(predictions), "--ground_truth", str(truth), "--voting", "best"]) == 2
    plain = tmp_path / "plain.md"
    plain.write_text("no marks")
    flags = ["--predictions", str(predictions), "--ground_truth", str(truth)]
    assert facerec.main([*flags, "--document", str(plain)]) == 1
    assert facerec.main([*flags, "--document", str(tmp_path / "none.md")]) == 1
    assert plain.read_text() == "no marks"


ROWS = [
    TruthRow("a.mp4", 0, 2, "Ann_Lee"),
    TruthRow("a.mp4", 0, 2, "Bob", "optional"),
    TruthRow("a.mp4", 1, 2, "unknown:x"),
    TruthRow("a.mp4", 2, 4, "unknown:x"),
    TruthRow("a.mp4", 2, 4, "unknown:y"),
    TruthRow("a.mp4", 4, 5, ""),
    TruthRow("b.mp4", 0, 9, "", "do not score"),
]


def test_rows_become_segments() -> None:
    """A stranger beside Ann makes no segment of nobody, two strangers make one, and Bob may be found or not."""
    assert segments_of(ROWS) == [
        TruthSegment("a.mp4", 0, 2, "Ann Lee"),
        TruthSegment("a.mp4", 2, 4, "0"),
        TruthSegment("a.mp4", 4, 5, "0"),
    ]


def test_samples_go_to_the_segment_of_their_time(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    rows = [("1", "2", "3", "4", "1", "Ann Lee", "0.9", "0", str(n), f"{n:.3f}") for n in range(6)]
    with (tmp_path / "a" / "predictions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    placed = [(row[9], row[10]) for row in predictions_of(segments_of(ROWS), tmp_path)]
    assert placed == [("0.000", "0"), ("1.000", "0"), ("2.000", "1"), ("3.000", "1"), ("4.000", "2")]


def test_segments_of_a_data_folder_can_be_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "videos").mkdir()
    lines = ["video,start_s,end_s,person,note", "a.mp4,0,2,Ann_Lee,", "a.mp4,2,4,,"]
    (tmp_path / "videos" / "ground_truth.csv").write_text("\n".join(lines))
    (tmp_path / "out" / "a").mkdir(parents=True)
    samples = [f"1,2,3,4,1,Ann Lee,0.9,{n},{n},{n}.000" for n in range(2)]
    (tmp_path / "out" / "a" / "predictions.csv").write_text("\n".join([",".join(COLUMNS), *samples]))
    made = ["--predictions", str(tmp_path / "p.csv"), "--ground_truth", str(tmp_path / "t.csv")]
    assert segments_main(["--data", str(tmp_path), "--analysed", str(tmp_path / "out"), "--split", "report", *made]) == 0
    assert capsys.readouterr().out.startswith("2 segments.")
    assert facerec.main([*made, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"]["weighted"]["thresholds"][0]["f1"] == 1
    assert segments_main(["--data", str(tmp_path), "--analysed", str(tmp_path), *made]) == 1
    assert "Analyse the video again" in capsys.readouterr().err
    alone = ["--data", str(tmp_path), "--ground_truth", str(tmp_path / "alone.csv"), "--split", "report"]
    assert segments_main(alone) == 0
    assert (tmp_path / "alone.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()
    assert segments_main([*alone, "--analysed", str(tmp_path)]) == 2
