"""The file `.env` and the files of secrets: what they hold, what wins over them, and what a wrong line says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from src.environment import ENV_FILE_VARIABLE
from src.errors import ConfigError
from src.settings import Settings, load_settings, setting_names

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, where a file `.env` is looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(ENV_FILE_VARIABLE)
    return tmp_path


def load(folder: Path, text: str) -> Settings:
    (folder / ".env").write_text(text, encoding="utf-8")
    return load_settings()


class TestEnvFile:
    def test_what_the_service_is_told_by_it(self, folder: Path) -> None:
        settings = load(
            folder,
            "FACEREC_SERVER__HOST=10.0.0.5\nFACEREC_SERVER__PORT=8443\n"
            "FACEREC_SERVER__TLS_CERTIFICATE=/c.pem\nFACEREC_SERVER__TLS_KEY='/k e y.pem'\n"
            "FACEREC_DEVICE=cuda:1\nFACEREC_LOG__LEVEL=debug\nFACEREC_DATABASE_URI=mongodb://h/n\n",
        )
        server = settings.server
        assert (server.host, server.port) == ("10.0.0.5", 8443)
        assert (server.tls_certificate, server.tls_key) == (Path("/c.pem"), Path("/k e y.pem"))
        assert (settings.device, settings.log.level, settings.database.uri) == ("cuda:1", "debug", "mongodb://h/n")

    def test_wins_over_the_settings_file_one_by_one(self, folder: Path) -> None:
        (folder / "config").mkdir()
        (folder / "config" / "config.yaml").write_text("server: {host: '::1', port: 1}\nthreads: 3")
        settings = load(folder, "FACEREC_SERVER__PORT=2\n")
        assert (settings.server.host, settings.server.port, settings.threads) == ("::1", 2, 3)

    def test_loses_against_the_environment(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FACEREC_SERVER__PORT", "3")
        settings = load(folder, "FACEREC_SERVER__PORT=2\nFACEREC_SERVER__THREADS=5\n")
        assert (settings.server.port, settings.server.threads) == (3, 5)

    def test_either_name_of_the_address_loses_against_either_in_the_environment(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FACEREC_DATABASE_URI", "sqlite:///a.db")
        assert load(folder, "FACEREC_DATABASE__URI=sqlite:///b.db").database.uri == "sqlite:///a.db"

    def test_may_name_the_settings_file(self, folder: Path) -> None:
        (folder / "other.yaml").write_text("threads: 3")
        assert load(folder, "FACEREC_CONFIG=other.yaml").threads == 3

    @pytest.mark.parametrize(
        ("line", "value"),
        [
            ("FACEREC_ENGINE=a$b${HOME}", "a$b${HOME}"),
            ("export FACEREC_ENGINE=x", "x"),
            ('FACEREC_ENGINE="a # b"', "a # b"),
            ("FACEREC_ENGINE=a  # comment", "a"),
            ("facerec_engine=ü", "ü"),
            ("FACEREC_ENGINE=a\r\n", "a"),
        ],
    )
    def test_values_as_they_are(self, folder: Path, line: str, value: str) -> None:
        assert load(folder, line).engine == value

    def test_variables_of_other_programs_do_not_matter(self, folder: Path) -> None:
        assert load(folder, "# comment\n\nMONGO_PASSWORD=x\nPORT=1\n") == Settings()

    def test_named_file_and_no_file(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "other").write_text("FACEREC_THREADS=4")
        monkeypatch.setenv(ENV_FILE_VARIABLE, str(folder / "other"))
        assert load(folder, "FACEREC_THREADS=5").threads == 4
        monkeypatch.setenv(ENV_FILE_VARIABLE, "")
        assert load_settings().threads == 0

    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("A=1\n\n# x\nwhat is this\n", [".env, line 4", "NAME=value"]),
            ("FACEREC_THREADS\n", [".env, line 1", "NAME=value"]),
            ("A=1\nFACEREC_ENGINE='open\n", [".env, line 2", "NAME=value"]),
            ("FACEREC_THREADS=1\nFACEREC_THREADS=2\n", [".env, line 2", "was set before"]),
            ("FACEREC_SERVER_PORT=1\n", [".env sets FACEREC_SERVER_PORT", 'mean "FACEREC_SERVER__PORT"']),
            ("FACEREC_SERVER__PRT=1\n", [".env", 'mean "server.port"']),
            ("FACEREC_THREADS=many\n", [".env", "setting \"threads\" is 'many'"]),
            ("FACEREC_CRAWLER__PROVIDERS=bing\n", ["Write lists as JSON"]),
            ("FACEREC_DATABASE_URI=a\nFACEREC_DATABASE__URI=b\n", [".env sets", "different addresses"]),
        ],
    )
    def test_mistakes_say_where_and_what(self, folder: Path, text: str, parts: list[str]) -> None:
        with pytest.raises(ConfigError) as caught:
            load(folder, text)
        for part in parts:
            assert part in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_files_that_cannot_be_read(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / ".env").write_bytes(b"A=\xff\xfe")
        with pytest.raises(ConfigError, match="no UTF-8"):
            load_settings()
        monkeypatch.setenv(ENV_FILE_VARIABLE, str(folder / "none"))
        with pytest.raises(ConfigError, match="none cannot be read"):
            load_settings()


class TestSecretFiles:
    @pytest.mark.parametrize("name", ["FACEREC_DATABASE__URI_FILE", "FACEREC_DATABASE_URI_FILE"])
    def test_value_comes_from_the_file(self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        (folder / "secret").write_text("mongodb://u:p$w@h/n\n")
        monkeypatch.setenv(name, str(folder / "secret"))
        assert load_settings().database.uri == "mongodb://u:p$w@h/n"
        assert load(folder, "FACEREC_DATABASE__URI=sqlite:///b.db").database.uri == "mongodb://u:p$w@h/n"

    def test_named_in_the_env_file(self, folder: Path) -> None:
        (folder / "secret").write_text("t0ken")
        token = load(folder, "FACEREC_SERVER__METRICS_TOKEN_FILE=secret").server.metrics_token
        assert token is not None
        assert token.get_secret_value() == "t0ken"
        assert "t0ken" not in repr(load_settings())

    def test_file_and_value_are_refused_where_they_differ(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "secret").write_text("1")
        monkeypatch.setenv("FACEREC_THREADS_FILE", str(folder / "secret"))
        monkeypatch.setenv("FACEREC_THREADS", "2")
        with pytest.raises(ConfigError, match="FACEREC_THREADS and FACEREC_THREADS_FILE to different values"):
            load_settings()

    def test_missing_file_names_the_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FACEREC_DATABASE_URI_FILE", "/nowhere/x")
        with pytest.raises(ConfigError, match=r"FACEREC_DATABASE_URI_FILE to /nowhere/x, which cannot be read"):
            load_settings()

    def test_no_message_repeats_a_secret(self, folder: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            load(folder, "FACEREC_DATABASE__URI=mongodb://u:hidden@h/n\nFACEREC_THREADS=many\n")
        assert "hidden" not in str(caught.value)


def test_example_names_settings_that_exist_and_is_not_ignored() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^# FACEREC_(\w+)=", text, re.MULTILINE)
    known = {name.upper().replace(".", "__") for name in setting_names()}
    assert set(names) <= known
    assert {"SERVER__HOST", "SERVER__PORT", "SERVER__TLS_CERTIFICATE", "SERVER__TLS_KEY", "DEVICE", "LOG__LEVEL"} <= set(names)
    assert "/.env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_example_can_be_used_with_every_line_active(folder: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    settings = load(folder, re.sub(r"^# (FACEREC_)", r"\1", text, flags=re.MULTILINE))
    assert settings.server.tls_key == Path("/etc/facerec/key.pem")
