"""Ground truth out of files of annotation programs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from evaluation.material.data import TruthRow, read_truth
from evaluation.truth import main, run
from src.errors import ConfigError
from src.export import FORMATS
from tests.documents import empty, small

ROWS = [
    TruthRow("a.mp4", 0.0, 2.0, "Anna_Albers"),
    TruthRow("a.mp4", 0.5, 2.0, "unknown:3"),
    TruthRow("a.mp4", 1.0, 3.0, "Anna_Albers"),
    TruthRow("a.mp4", 20.04, 22.4, "Ben_Bo"),
    TruthRow("a.mp4", 30.0, 31.5, "Çelik_Özil"),
]


@pytest.mark.parametrize("name", ["elan", "json", "vtt-boxes", "turtle", "jsonld"])
def test_times_and_people(tmp_path: Path, name: str) -> None:
    FORMATS[name].write(tmp_path / "x", small())
    table = tmp_path / "truth.csv"
    assert main([str(tmp_path / "x"), "--video", "b.mp4", "--output", str(table)]) == 0
    run(tmp_path / "x", "a.mp4", table)
    run(tmp_path / "x", "a.mp4", table)
    assert read_truth(table)[5:] == ROWS
    assert {row.video for row in read_truth(table)[:5]} == {"b.mp4"}


def test_frames_need_a_rate(tmp_path: Path) -> None:
    FORMATS["cvat"].write(tmp_path / "x", small())
    with pytest.raises(ConfigError, match=r"line 22: the file counts frames\. Say with --rate"):
        run(tmp_path / "x", "a.mp4", tmp_path / "t.csv")
    rows = run(tmp_path / "x", "a.mp4", tmp_path / "t.csv", Fraction(25))
    assert [row.person for row in rows] == [row.person for row in ROWS[:4]]
    assert [row.start_s for row in rows] == [0.0, 0.48, 1.0, 20.04]
    assert main([str(tmp_path / "x"), "--video", "a", "--output", str(tmp_path / "t"), "--rate", "x"]) == 2


def test_nobody(tmp_path: Path) -> None:
    FORMATS["elan"].write(tmp_path / "x", empty())
    with pytest.raises(ConfigError, match="says of nobody"):
        run(tmp_path / "x", "a.mp4", tmp_path / "t.csv")
