"""Files for containers and systemd name what exists: paths, commands, settings, users. None of them is run here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from src.__main__ import VERBS
from src.api.ops.probe import address_of, main
from src.environment import CONFIG_VARIABLE, ENV_FILE_VARIABLE
from src.settings import ServerSettings, setting_names

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
UNITS = ("facerec.service", "facerec-worker@.service")
KNOWN = {"FACEREC_" + name.upper().replace(".", "__") for name in setting_names()} | {CONFIG_VARIABLE, ENV_FILE_VARIABLE}


class _Loader(yaml.SafeLoader):
    """Reads the tags of Docker Compose."""


_Loader.add_constructor("!reset", lambda _loader, _node: None)


def compose(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    return found


@pytest.mark.parametrize(
    "file", ["Dockerfile", "docker-compose.yml", *(f"docs/deploy/{name}" for name in (*UNITS, "compose.auth.yml", "README.md"))]
)
def test_variables_are_settings(file: str) -> None:
    found = set(re.findall(r"FACEREC_[A-Z_]+", (ROOT / file).read_text(encoding="utf-8")))
    assert {name.removesuffix("_FILE") if name != ENV_FILE_VARIABLE else name for name in found} - {"FACEREC_"} <= KNOWN


@pytest.mark.parametrize(
    "file", ["Dockerfile", "docker-compose.yml", *(f"docs/deploy/{name}" for name in (*UNITS, "README.md"))]
)
def test_commands_exist(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    plain = re.sub(r'"(?:, ")?', " ", text)
    verbs = re.findall(r"-m +src +(\w+)", plain)
    assert set(verbs) <= set(VERBS)
    modules = re.findall(r"-m +(src[.\w]+)", plain)
    assert all((ROOT / f"{module.replace('.', '/')}.py").is_file() for module in modules)
    assert verbs or modules or "server.py" in plain


def test_image_runs_as_a_user_without_rights_and_leaves_the_tools_behind() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    final = text[text.rindex("FROM ") :]
    assert re.findall(r"^USER (.*)", final, re.MULTILINE) == ["1000:1000"]
    assert "apt-get" not in final
    assert "curl" not in final


def copied() -> list[str]:
    """Return what the image takes out of the repository."""
    lines = re.findall(r"^COPY (?!--from)(.*)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    return [source.rstrip("/") for line in lines for source in line.split()[:-1]]


def test_image_is_given_all_that_it_copies() -> None:
    shown = {
        line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    assert len(copied()) > 6
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert set(copied()) == shown


def test_image_has_the_packages_of_everything_that_the_service_offers() -> None:
    """Nobody can install them later: the file system is read-only."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for extra in ("export", "sites", "search"):
        assert f"requirements-{extra}.txt" in copied()
        assert f"-r requirements-{extra}.txt" in text


def test_image_can_fetch_the_packages_that_carry_weights() -> None:
    assert not re.search(r"uninstall.*\bpip\b", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


class TestCompose:
    def test_no_service_has_more_rights_than_it_needs(self) -> None:
        services = compose(ROOT / "docker-compose.yml")["services"]
        assert set(services) == {"app", "worker", "mongo"}
        for service in services.values():
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert service["restart"] == "unless-stopped"
            assert service["healthcheck"]["test"][0] == "CMD"
        assert all(services[name]["read_only"] for name in ("app", "worker"))
        assert "ports" not in services["mongo"]
        assert services["mongo"]["networks"] == ["store"]

    def test_jobs_are_done_by_the_worker_alone(self) -> None:
        services = compose(ROOT / "docker-compose.yml")["services"]
        assert services["app"]["environment"]["FACEREC_SERVER__WORKER"] == "false"
        assert services["worker"]["command"][-1] == "worker"

    def test_service_is_given_time_to_end(self) -> None:
        grace = int(compose(ROOT / "docker-compose.yml")["services"]["app"]["stop_grace_period"].removesuffix("s"))
        assert grace > ServerSettings().stop_s + 10

    def test_passwords_come_from_files_and_not_from_the_environment(self) -> None:
        overlay = compose(DEPLOY / "compose.auth.yml")
        for service in overlay["services"].values():
            assert set(service["secrets"]) <= set(overlay["secrets"])
            for name, value in service["environment"].items():
                assert value is None or "PASSWORD" not in name or str(value).startswith("/run/secrets/")
        assert all("file" in secret for secret in overlay["secrets"].values())


@pytest.mark.parametrize("unit", UNITS)
def test_units_are_understood_by_systemd(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = (DEPLOY / unit).read_text(encoding="utf-8").replace("/opt/facerec/.venv/bin/python", sys.executable)
    (tmp_path / unit).write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / unit], capture_output=True, text=True, timeout=60)
    assert unit.split(".")[0].rstrip("@") not in done.stderr, done.stderr


class TestProbe:
    @pytest.mark.parametrize(
        ("server", "address"),
        [
            (ServerSettings(), "http://127.0.0.1:5000"),
            (ServerSettings(host="0.0.0.0", port=81), "http://127.0.0.1:81"),
            (ServerSettings(host="::"), "http://[::1]:5000"),
            (ServerSettings(host="fd00::1"), "http://[fd00::1]:5000"),
            (ServerSettings(tls_certificate=Path("c"), tls_key=Path("k")), "https://127.0.0.1:5000"),
        ],
    )
    def test_asks_where_the_service_listens(self, server: ServerSettings, address: str) -> None:
        assert address_of(server) == address

    def test_says_that_nobody_answers(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv("FACEREC_SERVER__PORT", "1")
        assert main([]) == 1
        assert "refused" in capsys.readouterr().err
