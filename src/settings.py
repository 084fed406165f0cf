"""Every setting: name, type, default, range, meaning. Flags win over the environment, it over the file, that over defaults."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from .errors import ConfigError
from .recognition.voting import Voting

CONFIG_FILE = Path("config/config.yaml")
CONFIG_VARIABLE = "FACEREC_CONFIG"
_PREFIX = "FACEREC_"
_DATABASE_VARIABLES = ("FACEREC_DATABASE_URI", "FACEREC_DATABASE__URI")
"""The address of the store is what a server is most often given; it may be written with one underscore too."""

Ratio = Annotated[float, Field(ge=0, le=1)]
TrackerName = Literal["sort", "bytetrack", "ocsort"]
Classifier = Literal["SVM", "KNN", "RF", "Softmax", "XGBoost", "Centroid"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Section):
    """Where records are kept."""

    uri: str = Field(
        "sqlite:///data/facerec.db", description="Address of the store: sqlite:///FILE or mongodb://HOST:PORT/NAME"
    )


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
    detect_period_s: float = Field(
        1.0,
        ge=0,
        description="Of 4 or more samples a second, one in so many seconds is searched for faces as a whole, the others only "
        "near known faces; 0 = all as a whole",
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


class ServerSettings(_Section):
    """Where the service listens."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(5000, ge=1, le=65535, description="Port to listen on")


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
    _check_environment()
    values = _with_database(values)
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
