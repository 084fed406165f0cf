"""The format of the MOT challenge: written, read back, and opened by the scorer that everybody uses."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from src.errors import ConfigError
from src.export.mot import MotBoxes, read_mot, write_boxes


def some_boxes(seed: int = 0, n_frames: int = 20) -> MotBoxes:
    """Seeded boxes of up to four tracks; track n is at least there in frame n."""
    random = np.random.default_rng(seed)
    rows = [(frame, number) for frame in range(n_frames) for number in range(1, 5) if random.random() < 0.7 or frame == number]
    frames, ids = np.array(rows, np.int64).T
    boxes = random.uniform(0.001, 2000, (len(rows), 4)).astype(np.float32)
    return MotBoxes(frames, ids, boxes, random.random(len(rows)).astype(np.float32))


def test_a_line_is_as_the_challenge_has_it(tmp_path: Path) -> None:
    box = np.array([[10.5, 20, 30.25, 40]], np.float32)
    write_boxes(tmp_path / "a.txt", MotBoxes(np.array([4]), np.array([7]), box, np.array([0.5], np.float32)))
    assert (tmp_path / "a.txt").read_text() == "5,7,10.5,20,30.25,40,0.5,-1,-1,-1\n"


def test_what_is_written_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    boxes = some_boxes()
    write_boxes(tmp_path / "a.txt", boxes)
    again = read_mot(tmp_path / "a.txt")
    for name in ("frame_index", "ids", "boxes_xywh", "scores"):
        np.testing.assert_array_equal(getattr(again, name), getattr(boxes, name))
        assert getattr(again, name).dtype == getattr(boxes, name).dtype


def test_lines_of_other_programs_are_read_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\ufeff2, 1, 5.0, 6.0, 7.0, 8.0, 1, 1, 0.5\n\n1,-1,1e2,6,7,8,0.25\r\n", encoding="utf-8")
    boxes = read_mot(path)
    assert boxes.frame_index.tolist() == [0, 1]
    assert boxes.ids.tolist() == [-1, 1]
    assert boxes.boxes_xywh.tolist() == [[100, 6, 7, 8], [5, 6, 7, 8]]
    assert boxes.scores.tolist() == [0.25, 1]


def test_an_empty_file_has_no_boxes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert read_mot(tmp_path / "a.txt").boxes_xywh.shape == (0, 4)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("1,2,3,4,5,6", "line 2: 6 numbers"),
        ("1,2,three,4,5,6,1", "line 2: could not convert"),
        ("0,1,3,4,5,6,1", "whole numbers from 1"),
        ("1.5,1,3,4,5,6,1", "whole numbers from 1"),
        ("1,1,3,4,-5,6,1", "no negative size"),
        ("1,1,nan,4,5,6,1", "no negative size"),
    ],
)
def test_a_wrong_line_is_an_error_that_says_where(tmp_path: Path, line: str, wrong: str) -> None:
    (tmp_path / "a.txt").write_text(f"1,1,3,4,5,6,1,-1,-1,-1\n{line}\n")
    with pytest.raises(ConfigError, match=wrong):
        read_mot(tmp_path / "a.txt")


def test_a_missing_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.txt cannot be read"):
        read_mot(tmp_path / "none.txt")


def test_the_reader_of_trackeval_opens_it(tmp_path: Path) -> None:
    pytest.importorskip("trackeval", reason="needs: pip install --no-deps -r requirements-tracking.txt")
    boxes = some_boxes()
    truth = tmp_path / "gt" / "film" / "gt" / "gt.txt"
    said = tmp_path / "said" / "ours" / "data" / "film.txt"
    write_boxes(truth, MotBoxes(boxes.frame_index, boxes.ids, boxes.boxes_xywh, np.ones_like(boxes.scores)))
    write_boxes(said, boxes)
    with contextlib.redirect_stdout(io.StringIO()):
        from trackeval.datasets import MotChallenge2DBox
        from trackeval.metrics import HOTA

        data = MotChallenge2DBox(
            {
                "GT_FOLDER": str(tmp_path / "gt"),
                "TRACKERS_FOLDER": str(tmp_path / "said"),
                "SKIP_SPLIT_FOL": True,
                "SEQ_INFO": {"film": int(boxes.frame_index.max()) + 1},
                "BENCHMARK": "MOT15",
                "DO_PREPROC": False,
                "PRINT_CONFIG": False,
            }
        )
        rows = data.get_preprocessed_seq_data(data.get_raw_seq_data("ours", "film"), "pedestrian")
        scores = HOTA().eval_sequence(rows)
    assert rows["num_tracker_dets"] == len(boxes.ids)
    assert rows["num_tracker_ids"] == 4
    assert scores["HOTA"].mean() == pytest.approx(1.0)
