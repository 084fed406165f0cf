"""The evaluation of the cleaning, on drawn people whose wrong pictures are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.cleaning import as_markdown, measure
from src import aligner
from src.engines.fake import colour_of
from src.errors import ConfigError
from src.settings import DatabaseSettings, Settings
from src.workspace import open_workspace
from tests.servers.engine import use_square_engine


def draw(path: Path, person: int, seed: int) -> None:
    image = np.random.default_rng([person, seed]).integers(20, 90, (120, 120, 1), np.uint8).repeat(3, axis=2)
    left, top = np.random.default_rng([seed, person]).integers(10, 50, 2)
    image[top : top + 50, left : left + 50] = colour_of(person)
    image[::3] = image[::3] * 0.8
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """Three people with six pictures each, one of Ann's showing somebody else."""
    root = tmp_path / "material"
    for person, name in enumerate(("Ann", "Ben", "Cem")):
        for number in range(6):
            draw(root / "gallery" / name / f"{number}.png", 3 * person, number)
    draw(root / "gallery" / "Ann" / "wrong.png", 10, 1)
    (root / "gallery" / "OUTLIERS.csv").write_text("path,reason\ngallery/Ann/wrong.png,another woman\n")
    return root


def test_what_is_found_is_counted(material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_square_engine(monkeypatch)
    monkeypatch.setattr(aligner, "drawing_score", lambda *_: float("-inf"))
    database = DatabaseSettings(uri=f"sqlite:///{tmp_path}/records.db")
    with open_workspace(Settings(data_dir=tmp_path / "data", engine="squares", database=database)) as workspace:
        result = measure(workspace, material, splits=2)
    assert (result.crawled.wrong, result.crawled.found, result.crawled.right, result.crawled.lost) == (1, 1, 18, 0)
    assert {(row.size, row.wrong) for row in result.contaminated} == {(5, 1), (5, 2), (8, 2), (8, 3)}
    five = next(row for row in result.contaminated if (row.size, row.wrong, row.one_stranger) == (5, 1, False))
    assert (five.folders, five.recall, five.loss, five.unknown) == (6, 1.0, 0.0, 0.0)
    assert [row.kind for row in result.drawn][:2] == ["photo", "JPEG quality 30"]
    text = as_markdown(result)
    assert "1 of 1 wrong pictures set aside, 0 of 18 right ones (0.0%)" in text
    assert "| 5 | 1 | anybody | 6 | 100.0% | 0.0% | 0.0% | 0.0% |" in text


def test_a_folder_without_a_gallery_is_refused(tmp_path: Path) -> None:
    with (
        open_workspace(Settings(data_dir=tmp_path, database=DatabaseSettings(uri=f"sqlite:///{tmp_path}/r.db"))) as workspace,
        pytest.raises(ConfigError, match="has no gallery"),
    ):
        measure(workspace, tmp_path, 1)
