"""Help answers at once: it imports nothing that takes time."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from src import __version__
from src.__main__ import VERBS, main
from src.cli import run_command

ROOT = Path(__file__).parents[2]
SLOW = {"av", "cattrs", "cv2", "flask", "numpy", "onnxruntime", "pydantic", "rich", "scipy", "sklearn", "tensorflow", "yaml"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("flag", ["--help", "-h", "--version"])
def test_imports_nothing_slow(flag: str) -> None:
    # Counted instead of timed, so that a busy machine does not fail the test: the interpreter and click are all there is.
    done = run(
        "-c",
        "import json, sys\nfrom src.__main__ import main\n"
        f"status = main(['{flag}'])\nprint(json.dumps([status, sorted(sys.modules)]), file=sys.stderr)",
    )
    status, modules = json.loads(done.stderr)
    assert status == 0
    assert SLOW.isdisjoint(modules)
    assert len(modules) < 300


def test_lists_every_verb_with_its_meaning() -> None:
    done = run("-m", "src", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for verb, (_, text) in VERBS.items():
        assert f"{verb} " in done.stdout
        assert text in done.stdout


def test_version() -> None:
    assert __version__ in run("-m", "src", "--version").stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"facerec {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["no_such_verb"], ["--no-such-flag"], ["serve", "--no-such-flag"]])
def test_wrong_usage_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no" in captured.err


def test_flags_may_be_written_with_either_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no_such_flag"]) == main(["serve", "--no-such-flag"]) == 2


def test_what_the_system_refuses_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "data/out/1.jpg")

    assert run_command(full, [], "full") == 1
    assert capsys.readouterr().err == "Error: data/out/1.jpg: No space left on device. Check the disk and its permissions.\n"


def test_error_of_ours_is_one_line_and_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["serve", "--config", str(tmp_path / "none.yaml")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: ")
    assert captured.err.count("\n") == 1
