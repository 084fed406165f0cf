"""Settings: where they come from, what wins, and what a wrong one says. Their documents are complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from docs.tables import DOCS, replace_part, settings_table
from src.errors import ConfigError
from src.settings import CONFIG_VARIABLE, Settings, load_settings, setting_names

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "config.yaml"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for settings, in a folder where there is no other."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "settings.yaml"


def load(config: Path, text: str) -> Settings:
    config.write_text(text, encoding="utf-8")
    return load_settings(config)


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings under their dotted names."""
    result: dict[str, Any] = {}
    for name, value in values.items():
        result |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return result


class TestDocuments:
    def test_config_file_lists_every_setting_with_its_default(self) -> None:
        written = flat(yaml.safe_load(CONFIG.read_text(encoding="utf-8")))
        defaults = flat(Settings().model_dump(mode="json"))
        assert written == defaults
        assert list(written) == list(setting_names())

    def test_config_file_says_what_each_setting_means(self) -> None:
        lines = [line for line in CONFIG.read_text(encoding="utf-8").splitlines() if re.match(r"\s*\w+: \S", line)]
        plain = {"uri", "host", "port"}
        assert [line for line in lines if "  # " not in line and line.split(":")[0].strip() not in plain] == []
        assert len(lines) == len(list(setting_names()))

    def test_table_in_the_documents_is_up_to_date(self) -> None:
        document = (DOCS / "settings.md").read_text(encoding="utf-8")
        assert document == replace_part(document, "settings", settings_table()), 'run "make docs"'

    def test_table_lists_every_setting(self) -> None:
        rows = settings_table().splitlines()[2:]
        assert [row.split("`")[1] for row in rows] == list(setting_names())

    def test_every_setting_has_a_meaning(self) -> None:
        def check(model: type[BaseModel]) -> None:
            for name, field in model.model_fields.items():
                if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                    check(field.annotation)
                else:
                    assert field.description, name

        check(Settings)


class TestSources:
    def test_defaults_without_a_file(self, config: Path) -> None:
        assert load_settings() == Settings()

    def test_file_in_its_usual_place(self, config: Path) -> None:
        (config.parent / "config").mkdir()
        (config.parent / "config" / "config.yaml").write_text("engine: facenet")
        assert load_settings().engine == "facenet"

    def test_named_file_wins_over_the_usual_one(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (config.parent / "config").mkdir()
        (config.parent / "config" / "config.yaml").write_text("threads: 1")
        config.write_text("engine: facenet")
        monkeypatch.setenv(CONFIG_VARIABLE, str(config))
        assert (load_settings().engine, load_settings().threads) == ("facenet", 0)

    def test_argument_wins_over_the_variable(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(CONFIG_VARIABLE, str(config.parent / "none.yaml"))
        assert load(config, "threads: 3").threads == 3

    def test_environment_wins_over_the_file_one_by_one(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FACEREC_CRAWLER__MAX_NUM", "3")
        settings = load(config, "crawler:\n  max_num: 9\n  workers: 2\n")
        assert (settings.crawler.max_num, settings.crawler.workers, settings.crawler.retries) == (3, 2, 2)

    @pytest.mark.parametrize(
        ("variable", "value", "name", "wanted"),
        [
            ("FACEREC_DATA_DIR", "/x", "data_dir", Path("/x")),
            ("facerec_threads", "2", "threads", 2),
            ("FACEREC_DATABASE__URI", "sqlite:///x.db", "database.uri", "sqlite:///x.db"),
            ("FACEREC_DATABASE_URI", "sqlite:///y.db", "database.uri", "sqlite:///y.db"),
            ("FACEREC_TRACKER__SAMPLE_PERIOD_S", "0.5", "tracker.sample_period_s", 0.5),
            ("FACEREC_CLUSTERIZE__MERGE_CLUSTER", "false", "clusterize.merge_cluster", False),
            ("FACEREC_CRAWLER__PROVIDERS", '["google", "bing"]', "crawler.providers", ("google", "bing")),
        ],
    )
    def test_environment_of_every_type(
        self, config: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str, wanted: object
    ) -> None:
        monkeypatch.setenv(variable, value)
        found: Any = load_settings()
        for part in name.split("."):
            found = getattr(found, part)
        assert found == wanted

    def test_short_name_of_the_address_wins_over_the_file(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FACEREC_DATABASE_URI", "sqlite:///b.db")
        assert load(config, "database:\n  uri: sqlite:///a.db\n").database.uri == "sqlite:///b.db"
        monkeypatch.setenv("FACEREC_DATABASE__URI", "sqlite:///b.db")
        assert load_settings().database.uri == "sqlite:///b.db"

    def test_two_addresses_are_refused(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FACEREC_DATABASE_URI", "sqlite:///a.db")
        monkeypatch.setenv("FACEREC_DATABASE__URI", "sqlite:///b.db")
        with pytest.raises(ConfigError, match="different addresses"):
            load_settings()

    @pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "{}", "---\n"])
    def test_empty_file_changes_nothing(self, config: Path, text: str) -> None:
        assert load(config, text) == Settings()

    def test_settings_do_not_change(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            Settings().engine = "facenet"  # type: ignore[misc]


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("engin: sface", ['there is no setting "engin"', 'mean "engine"']),
            ("trakcer:\n  max_age: 1", ['there is no setting "trakcer"', 'mean "tracker"']),
            ("tracker:\n  minscore: 0.5", ['there is no setting "tracker.minscore"', 'mean "tracker.min_score"']),
            ("database:\n  url: x", ['mean "database.uri"']),
            ("quite_something_else: 1", ['there is no setting "quite_something_else"']),
            ("5: 1", ['there is no setting "5"']),
            ("engin: 1\nthread: 1", ['mean "engine"', 'mean "threads"']),
        ],
    )
    def test_unknown_key_names_the_nearest(self, config: Path, text: str, parts: list[str]) -> None:
        with pytest.raises(ConfigError) as caught:
            load(config, text)
        for part in [*parts, str(config)]:
            assert part in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("engine: 5", "engine"),
            ("engine: [sface]", "engine"),
            ("threads: many", "threads"),
            ("threads: 2.5", "threads"),
            ("threads: -1", "threads"),
            ("classifier: svm", "classifier"),
            ("data_dir: 5", "data_dir"),
            ("data_dir:", "data_dir"),
            ("crawler: 5", "crawler"),
            ("crawler:", "crawler"),
            ("crawler:\n  5: 1", "crawler.5"),
            ("crawler:\n  max_num: 0", "crawler.max_num"),
            ("crawler:\n  providers: bing", "crawler.providers"),
            ("tracker:\n  min_score: 1.01", "tracker.min_score"),
            ("tracker:\n  min_score: .nan", "tracker.min_score"),
            ("tracker:\n  sample_period_s: 0", "tracker.sample_period_s"),
            ("clusterize:\n  merge_cluster: perhaps", "clusterize.merge_cluster"),
            ("server:\n  port: 65536", "server.port"),
        ],
    )
    def test_wrong_type_or_range_names_the_setting(self, config: Path, text: str, name: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load(config, text)
        assert f'setting "{name}" is ' in str(caught.value)
        assert str(config) in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("bound", ["0", "1"])
    def test_bounds_are_inclusive(self, config: Path, bound: str) -> None:
        assert load(config, f"tracker:\n  min_score: {bound}").tracker.min_score == float(bound)

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("a: [", "no valid YAML"),
            ("a: 1\n\tb: 2", "no valid YAML"),
            ("- a", "not a list"),
            ("words", "not a str"),
            ("!!python/object/apply:os.system [ls]", "no valid YAML"),
        ],
    )
    def test_file_that_is_no_settings(self, config: Path, text: str, part: str) -> None:
        with pytest.raises(ConfigError, match=part) as caught:
            load(config, text)
        assert "\n" not in str(caught.value)

    def test_file_that_is_no_text(self, config: Path) -> None:
        config.write_bytes(b"\xff\xfe\x00engine")
        with pytest.raises(ConfigError, match="no valid YAML"):
            load_settings(config)

    def test_missing_file_and_folder_instead_of_file(self, config: Path) -> None:
        for path in (config.parent / "none.yaml", config.parent):
            with pytest.raises(ConfigError, match=r"cannot be read: .*Check --config"):
                load_settings(path)

    @pytest.mark.parametrize(
        ("variable", "value", "part"),
        [
            ("FACEREC_ENGIN", "sface", 'FACEREC_ENGIN, which is no setting. Did you mean "FACEREC_ENGINE"'),
            ("FACEREC_SERVER_PORT", "1", 'Did you mean "FACEREC_SERVER__PORT"'),
            ("FACEREC_CRAWLER__MAXNUM", "3", 'Did you mean "crawler.max_num"'),
            ("FACEREC_THREADS", "many", "setting \"threads\" is 'many'"),
            ("FACEREC_CRAWLER__PROVIDERS", "bing", "Write lists as JSON"),
        ],
    )
    def test_wrong_variable(self, config: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, part: str) -> None:
        monkeypatch.setenv(variable, value)
        with pytest.raises(ConfigError) as caught:
            load_settings()
        assert part in str(caught.value)

    def test_variables_of_others_do_not_matter(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FACERECOGNITION", "x")
        monkeypatch.setenv("ENGINE", "x")
        assert load_settings() == Settings()


class TestSecrets:
    """Secrets come from the environment or from files of their own."""

    URI = "mongodb://me:geheim@db:27017/facerec"

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            (f"database: {{uri: '{URI}'}}", "FACEREC_DATABASE__URI_FILE"),
            ("server: {token: fr_1_2}", "token add"),
            ("tokens: [a]", "token add"),
            ("worker: {webhook_secret: x}", "FACEREC_WORKER__WEBHOOK_SECRET_FILE"),
            ("password: x", "FACEREC_PASSWORD"),
        ],
    )
    def test_do_not_stand_in_the_settings_file(self, config: Path, text: str, hint: str) -> None:
        with pytest.raises(ConfigError, match=hint) as info:
            load(config, text)
        assert "geheim" not in str(info.value)

    def test_a_place_without_a_password_may(self, config: Path) -> None:
        for uri in ("mongodb://db:27017/facerec", "mongodb://me@db/facerec", "sqlite:///a:b@c.db"):
            assert load(config, f"database: {{uri: '{uri}'}}").database.uri == uri


@pytest.mark.parametrize("origin", ["*", "archive.example", "https://*", "https://archive.example/", "null", "file://x"])
def test_origins_are_written_in_full(config: Path, origin: str) -> None:
    for name in ("cors_origins", "media_origins"):
        assert load(config, f"server: {{{name}: ['https://archive.example:8443']}}").server.model_dump()[name]
        with pytest.raises(ConfigError, match=f"{name}.*no origin"):
            load(config, f"server: {{{name}: ['{origin}']}}")


def test_networks_are_written_in_full(config: Path) -> None:
    assert load(config, "fetch: {allow_networks: [10.1.0.0/16]}").fetch.allow_networks == ("10.1.0.0/16",)
    with pytest.raises(ConfigError, match=r"fetch\.allow_networks"):
        load(config, "fetch: {allow_networks: [films.lan]}")
