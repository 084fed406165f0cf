"""What is installed is what stands in src/, and it works without the clone around it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from src import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_of_src_is_a_package_that_is_installed() -> None:
    folders = {file.parent.relative_to(ROOT / "src") for file in (ROOT / "src").rglob("*.py")}
    wanted = {".".join(("facerec", *folder.parts)) for folder in folders}
    assert PROJECT["tool"]["setuptools"]["packages"] == sorted(wanted)


@pytest.mark.parametrize("kind", ["", "-alone", "-dlib", "-export", "-facenet", "-search", "-sites", "-tracking", "-dev"])
def test_requirements_are_pinned_and_sorted(kind: str) -> None:
    text = (ROOT / f"requirements{kind}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all("==" in line for line in lines)
    packages = [line.split("==")[0].lower() for line in lines]
    # Variants of one library for different machines stand together and are told apart by their markers.
    plain = [package for package, line in zip(packages, lines, strict=True) if ";" not in line]
    assert plain == sorted(plain)


def test_compose_file_shows_the_service_to_this_machine_only() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"].values()
    assert all(port.startswith("127.0.0.1:") for service in services for port in service.get("ports", ()))
    assert compose["services"]["app"]["ports"]
    volumes = [volume for service in services for volume in service["volumes"]]
    named = {volume.split(":")[0] for volume in volumes if not volume.startswith(".")}
    assert named == set(compose["volumes"])


def test_image_is_built_from_files_that_exist_and_are_sent() -> None:
    sent = {line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name.rstrip("/")
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from=" not in line
        for name in line.split()[1:-1]
    }
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.slow
def test_installed_package_works_without_the_clone(tmp_path: Path) -> None:
    if int(metadata.version("setuptools").split(".")[0]) < 77:
        pytest.skip("setuptools is older than 77; run: make test")
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for name in (
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "src",
        *(f"requirements{kind}.txt" for kind in ("", "-dlib", "-export", "-facenet", "-search", "-dev")),
    ):
        (source / name).symlink_to(ROOT / name)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", "--target", target, source], check=True, timeout=300)

    environment = os.environ | {"PYTHONPATH": str(target)}
    command = [str(target / "bin" / "facerec")]
    done = subprocess.run([*command, "--version"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert __version__ in done.stdout
    done = subprocess.run(
        [*command, "models", "list"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "sface" in done.stdout
    assert (target / "facerec" / "recognition" / "strangers" / "sface.npz").is_file()
    assert not (target / "src").exists()
    page = ROOT / "src" / "training" / "report" / "report.html"
    assert (target / "facerec" / "training" / "report" / "report.html").read_bytes() == page.read_bytes()
    assert (target / "facerec" / "training" / "report" / "report.css").is_file()
