"""Every setting: name, type, default, range, meaning. Flags win over the environment, it over the file, that over defaults."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from .errors import ConfigError
from .guard import Guard
from .recognition.voting import Voting

CONFIG_FILE = Path("config/config.yaml")
CONFIG_VARIABLE = "FACEREC_CONFIG"
_PREFIX = "FACEREC_"
_DATABASE_VARIABLES = ("FACEREC_DATABASE_URI", "FACEREC_DATABASE__URI")
"""The address of the store is what a server is most often given; it may be written with one underscore too."""

_SECRET_WORDS = ("token", "secret", "password", "passwd", "api_key")
"""What the names of settings hold that must not stand in the file; names of files that hold them may."""
_PASSWORD = re.compile(r"[a-z+]+://[^/@:]*:[^/@]+@")
"""How an address begins that has a user and a password in it."""

Ratio = Annotated[float, Field(ge=0, le=1)]
TrackerName = Literal["sort", "bytetrack", "ocsort"]
Classifier = Literal["SVM", "KNN", "RF", "Softmax", "XGBoost", "Centroid"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: Any) -> Any:
        """Read each secret `x` that stands in the file `x_file`."""
        if not isinstance(values, dict):
            return values
        for name in cls.model_fields:
            secret = name.removesuffix("_file")
            if name == secret or secret not in cls.model_fields or not values.get(name):
                continue
            if values.get(secret):
                raise ConfigError(f"{secret} and {name} are both set. Set one of them.")
            values = values | {secret: _secret_of(Path(str(values[name])))}
        return values


def _secret_of(path: Path) -> str:
    """Read a secret from a file of its own, as containers are given them; blanks around it do not count."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(f"The file {path}, which should hold a secret, cannot be read: {err}.") from err
    if not secret:
        raise ConfigError(f"The file {path}, which should hold a secret, is empty.")
    return secret


class DatabaseSettings(_Section):
    """Where records are kept."""

    uri: str = Field(
        "sqlite:///data/facerec.db", description="Address of the store: sqlite:///FILE or mongodb://HOST:PORT/NAME"
    )
    uri_file: Path | None = Field(None, description="File with that address, where it holds a password")


class CrawlerSettings(_Section):
    """How photos are searched and fetched."""

    providers: tuple[str, ...] = Field(
        ("bing", "google", "baidu", "wikimedia"), description="Asked in this order until there are enough pictures"
    )
    max_num: int = Field(20, ge=1, le=10_000, description="Usable pictures with a face for each name")
    workers: int = Field(8, ge=1, le=64, description="Downloads at a time")
    per_host: int = Field(2, ge=1, le=16, description="Downloads at a time from one server")
    timeout_s: float = Field(15.0, gt=0, description="For connecting, and for each wait for data")
    retries: int = Field(2, ge=0, le=10, description="Further tries after a fault that may pass")
    max_bytes: int = Field(20_000_000, ge=1000, description="Larger files are not fetched")
    max_pixels: int = Field(50_000_000, ge=1000, description="Larger pictures are not decoded")
    min_side_px: int = Field(64, ge=1, description="Smaller pictures are not used")


class TrackerSettings(_Section):
    """How videos are sampled and faces followed."""

    video_speedup: int = Field(25, ge=1, description="Analyse every Nth frame")
    sample_period_s: float | None = Field(None, gt=0, description="Analyse a frame each so many seconds instead")
    min_score: Ratio = Field(
        0.6,
        description="Detections with a lower score are dropped; sface reports none below 0.6, facenet 0.8, dlib 0.66",
    )
    min_face_px: float = Field(16.0, ge=0, description="Smaller faces are dropped")
    max_faces: int = Field(100, ge=1, description="At most so many faces a frame, the best ones")
    tracker: TrackerName = Field("ocsort", description="How boxes become tracks; see docs/tracking.md")
    min_iou: Ratio = Field(0.3, description="Overlap that makes two boxes one track")
    max_age: int = Field(2, ge=0, description="Samples that a track outlives without being seen")
    max_lost_s: float = Field(2.0, ge=0, description="Seconds that a track outlives too, however many samples these are")
    track_fps: float | None = Field(
        None, gt=0, description="Follow faces in so many frames a second between samples; unset: boxes at samples only"
    )
    hwaccel: Literal["none", "auto", "cuda", "vaapi", "videotoolbox"] = Field(
        "none",
        description="What decodes videos; auto: the first hardware that can, else the processor; others: that or an error",
    )
    embed_period_s: float = Field(
        1.0, ge=0, description="Of 4 or more samples a second, only a track's best face in so many seconds is embedded; 0 = all"
    )
    appearance: Ratio = Field(
        0.4, description="Cosine similarity that continues a track where boxes do not overlap; 1 = boxes only"
    )
    appearance_veto: float = Field(
        0.2, ge=-1, le=1, description="Cosine similarity below which boxes that overlap are two faces; -1 = never"
    )


class ClusterizeSettings(_Section):
    """How tracks become appearances."""

    voting: Voting = Field(
        "weighted", description="How the samples of a track agree on a name; majority = as the original FaceRec did"
    )
    confidence_threshold: Ratio = Field(0.5, description="A name with less is not given")
    dominant_ratio: Ratio = Field(0.5, description="Share of a track's samples that must carry its name")
    weighted_dominant_ratio: Ratio = Field(0.5, description="The same, weighted by confidence")
    min_length: int = Field(1, ge=1, description="Samples a track needs to be named")
    merge_cluster: bool = Field(True, description="Join neighbouring tracks of one person")
    merge_gap_s: float = Field(1.0, ge=0, description="Tracks further apart are not joined")
    name_similarity: Ratio = Field(
        0.5, description="Cosine similarity at which a face seen badly takes the name of one of the same video; 1 for never"
    )
    unknown_similarity: Ratio = Field(0.45, description="Cosine similarity that makes two unknown tracks one person")


class FetchSettings(_Section):
    """Which addresses are fetched that somebody else names."""

    guarded: bool = Field(
        False, description="Refuse addresses in private networks; the service always does, the command line where this is set"
    )
    allow_hosts: tuple[str, ...] = Field((), description="Servers that may lie in private networks: films.lan or *.archive.lan")
    allow_networks: tuple[str, ...] = Field((), description="Private networks that may be called: 10.1.0.0/16")

    @field_validator("allow_hosts", "allow_networks")
    @classmethod
    def _check(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        Guard.of(*((values, ()) if info.field_name == "allow_hosts" else ((), values)))
        return values


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return (
        parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" == text and parts.hostname not in (None, "*")
    )


class ServerSettings(_Section):
    """Where the service listens."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(5000, ge=1, le=65535, description="Port to listen on")
    token_file: Path | None = Field(
        None, description="File with a token that may do everything, made where it is not there; for containers and services"
    )
    hosts: tuple[str, ...] = Field((), description="Names under which the service is reached; others are refused. Unset: any")
    cors_origins: tuple[str, ...] = Field((), description="Web pages elsewhere that may use the API: https://archive.example")
    proxies: int = Field(0, ge=0, le=5, description="Proxies in front that tell the client's address and name (X-Forwarded-*)")
    https: bool = Field(False, description="Reached by https through a proxy: browsers are told to use nothing else (HSTS)")
    work_per_minute: int = Field(60, ge=0, description="Requests a client may make a minute that start work; 0 = any number")
    frames_per_minute: int = Field(600, ge=0, description="The same for frames, and for asking how far the work is")
    video_dirs: tuple[str, ...] = Field(("video",), description="Folders whose videos clients may name by their path")

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [origin for origin in origins if not _is_origin(origin)]
        if wrong:
            raise ConfigError(f"server.cors_origins: {wrong[0]!r} is no origin. Write https://archive.example, and no *.")
        return origins


class Settings(BaseSettings):
    """All settings of FaceRec."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    data_dir: Path = Field(Path("data"), description="Training pictures, models, weights, results")
    weights_dir: Path = Field(Path("data/weights"), description="Networks, fetched once and checked")
    weights_from: Path | None = Field(None, description="Folder with networks fetched by hand; looked in before the registry")
    engine: str = Field(
        "sface",
        description="sface | facenet | facenet-yunet | facenet-512 | dlib | dlib-mmod | insightface; a project keeps it",
    )
    classifier: Classifier = Field("SVM", description="How people are told apart")
    device: str = Field("cpu", description="Where networks run: cpu | cuda | cuda:1 | openvino | openvino:GPU | coreml")
    facenet_backend: Literal["onnx", "tensorflow"] = Field("onnx", description="What computes the facenet engines")
    threads: int = Field(0, ge=0, description="Threads a network may use; 0 = all cores")
    jobs: int = Field(0, ge=0, description="Videos analysed at a time; 0 = as many as cores and memory have room for")
    retention_days: int | None = Field(None, ge=1, description="Photos older than this are erased by erase --expired")
    database: DatabaseSettings = DatabaseSettings()
    crawler: CrawlerSettings = CrawlerSettings()
    tracker: TrackerSettings = TrackerSettings()
    clusterize: ClusterizeSettings = ClusterizeSettings()
    fetch: FetchSettings = FetchSettings()
    server: ServerSettings = ServerSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which arrives as arguments."""
        return env_settings, init_settings


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        path: The file; by default what FACEREC_CONFIG names, else config/config.yaml where that exists.

    Raises:
        ConfigError: The file cannot be read, a key is unknown, or a value has the wrong type or lies outside its range.
    """
    named = path or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    file = named or CONFIG_FILE
    values = _read_yaml(file) if named or file.exists() else {}
    _refuse_secrets(values, file)
    _check_environment()
    values = _with_database(_without_overruled(values))
    try:
        return Settings(**values)
    except SettingsError as err:
        raise ConfigError(f'Environment: {err}. Write lists as JSON, for example ["bing", "google"].') from err
    except ValidationError as err:
        raise ConfigError("; ".join(_explain(problem, file) for problem in err.errors())) from err


def setting_names() -> Iterator[str]:
    """Yield the dotted name of every setting."""
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            yield from (f"{name}.{inner}" for inner in section.model_fields)
        else:
            yield name


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as err:
        raise ConfigError(f"{path} cannot be read: {err.strerror}. Check --config or {CONFIG_VARIABLE}.") from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        raise ConfigError(f"{path} is no valid YAML: {' '.join(str(err).split())}") from err
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold settings as `name: value`, not a {type(values).__name__}.")
    return {str(name): value for name, value in values.items()}


def _without_overruled(values: dict[str, Any]) -> dict[str, Any]:
    """Return the file's values without a secret whose file the environment names, and without the file of one that it gives."""
    given = {variable.upper().removeprefix(_PREFIX).lower().replace("__", ".") for variable in os.environ}
    given |= {"database.uri"} if _DATABASE_VARIABLES[0] in map(str.upper, os.environ) else set()
    result = dict(values)
    for section, inner in values.items():
        if isinstance(inner, dict):
            result[section] = {
                name: value
                for name, value in inner.items()
                if not {f"{section}.{name}_file", f"{section}.{str(name).removesuffix('_file')}"}
                & (given - {f"{section}.{name}"})
            }
    return result


def _refuse_secrets(values: dict[str, Any], path: Path, prefix: str = "") -> None:
    """Refuse what is secret in the file of settings, which is copied, shown and put under version control."""
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict):
            _refuse_secrets({str(key): inner for key, inner in value.items()}, path, f"{full}.")
        if value in (None, "", [], {}) or not _is_secret(full, value):
            continue
        if "token" in full:
            raise ConfigError(f"{path}: {full} does not belong there. Tokens are made by: token add, or in server.token_file.")
        variable = _PREFIX + full.upper().replace(".", "__")
        raise ConfigError(f"{path}: {full} holds a secret. Give it in the environment ({variable}), or in a file: {full}_file.")


def _is_secret(name: str, value: Any) -> bool:
    if name == "database.uri":
        return bool(_PASSWORD.match(str(value)))
    return not name.endswith("_file") and any(word in name.rsplit(".", 1)[-1].lower() for word in _SECRET_WORDS)


def _with_database(values: dict[str, Any]) -> dict[str, Any]:
    """Return the file's values with the address that FACEREC_DATABASE_URI gives; its other spelling is read like all others."""
    environment = {variable.upper(): value for variable, value in os.environ.items()}
    found = [environment[variable] for variable in _DATABASE_VARIABLES if variable in environment]
    if len(set(found)) > 1:
        raise ConfigError(f"The environment sets {' and '.join(_DATABASE_VARIABLES)} to different addresses. Set one of them.")
    if _DATABASE_VARIABLES[0] not in environment:
        return values
    section = values.get("database")
    return values | {"database": (section if isinstance(section, dict) else {}) | {"uri": found[0]}}


def _check_environment() -> None:
    """Refuse a variable that begins like ours and is none: the setting meant would silently keep its value."""
    for variable in map(str.upper, os.environ):
        name = variable.removeprefix(_PREFIX).lower()
        ours = variable.startswith(_PREFIX) and variable not in (CONFIG_VARIABLE, *_DATABASE_VARIABLES)
        if ours and name.split("__")[0] not in Settings.model_fields:
            near = [_PREFIX + found.upper().replace(".", "__") for found in _nearest(name.replace("__", "."))]
            raise ConfigError(f"The environment sets {variable}, which is no setting." + _hint(near))


def _nearest(name: str) -> list[str]:
    return difflib.get_close_matches(name, [*Settings.model_fields, *setting_names()], n=1, cutoff=0.5)


def _hint(near: list[str]) -> str:
    return f' Did you mean "{near[0]}"?' if near else ""


def _explain(problem: Any, path: Path) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f'{path} or the environment: there is no setting "{name}".' + _hint(_nearest(name))
    return f'{path} or the environment: setting "{name}" is {problem["input"]!r}: {problem["msg"]}'
