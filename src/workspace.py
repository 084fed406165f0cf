"""Where a run works: its store, its folders, its engine and who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .disk.locks import locked, locked_if_free
from .engines import ENGINES, Engine, Runtime, open_engine, usable_cores
from .errors import ConfigError, EngineError, WeightsError
from .guard import Guard
from .models import WeightsCache
from .names import folder_name, part_folder
from .progress import Progress, Silent
from .records import Project
from .settings import Settings
from .storage import Store, open_store

T = TypeVar("T")


@dataclass(slots=True)
class Workspace:
    """One data folder, one store, one set of settings."""

    settings: Settings
    store: Store
    progress: Progress = field(default_factory=Silent)
    _engines: dict[tuple[str, int], Engine] = field(default_factory=dict)
    _given: dict[str, Engine] = field(default_factory=dict)
    _kept: dict[str, tuple[Settings, Any]] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        """The folder that relative paths of records start from."""
        return self.settings.data_dir

    @property
    def guard(self) -> Guard | None:
        """What judges addresses before they are fetched; None where whoever named them may go anywhere."""
        return guard_of(self.settings)

    def training_dir(self, project: str) -> Path:
        """Where photos of a project lie, a folder a person."""
        return self.data_dir / "training_img" / project

    def aligned_dir(self, project: str) -> Path:
        """Where aligned faces of a project lie, a folder a person, with `disabled.txt`."""
        return self.data_dir / "training_img_aligned" / project

    def classifier_dir(self, project: str) -> Path:
        """Where the models of a project lie."""
        return self.data_dir / "classifier" / project

    def output_dir(self, project: str, video_folder: str, fragment: str = "") -> Path:
        """Where the results of a video lie, or those of a part of it: neither takes the place of the other."""
        return self.data_dir / "out" / project / part_folder(video_folder, fragment)

    def locked(self, what: str, doing: str = "") -> AbstractContextManager[None]:
        """Be the only process that works on something in this data folder, waiting for another one that does.

        Args:
            what: A name for it that can be a file.
            doing: What the other one does, for the line that says so; without it nothing is said.
        """

        def tell() -> None:
            if doing:
                self.progress.message(f"Another process {doing}; waiting for it ...")

        return locked(self.data_dir / ".locks" / f"{what}.lock", tell)

    def locked_if_free(self, what: str) -> AbstractContextManager[bool]:
        """Be the only process that works on something, unless one does already: then it says False, and nobody is waited for.

        Args:
            what: As for `locked`.
        """
        return locked_if_free(self.data_dir / ".locks" / f"{what}.lock")

    def weights(self) -> WeightsCache:
        """The cache that engines take their weights from."""
        return WeightsCache(self.settings.weights_dir, self.progress, self.settings.weights_from)

    def engine(self, name: str, beside: int = 0) -> Engine:
        """Open an engine once and keep it.

        Args:
            name: Of the engine.
            beside: See `threads`.

        Raises:
            EngineError: There is no such engine, or it cannot be loaded.
        """
        if name in self._given:
            return self._given[name]
        threads = self.threads(beside)
        key = (name, threads)
        if key not in self._engines:
            self._engines[key] = open_engine(name, self.weights(), self._runtime(threads))
        return self._engines[key]

    def why_not(self, name: str) -> str:
        """Say why an engine cannot run on this machine; empty where it can, though its networks may have to be fetched first.

        Args:
            name: One of `ENGINES`.
        """
        try:
            ENGINES[name].check(self.weights(), self._runtime(self.settings.threads))
        except (EngineError, WeightsError) as err:
            return str(err)
        return ""

    def _runtime(self, threads: int) -> Runtime:
        return Runtime(self.settings.device, threads, self.settings.facenet_backend)

    def threads(self, beside: int = 0) -> int:
        """Return how many threads a network may use; 0 means all cores.

        Args:
            beside: Other networks that are at work at the same time: each then takes its share of the cores, as threads that
                wait for each other's cores make all of it slower. The setting `threads`, where there is one, decides by itself.
        """
        if self.settings.threads or not beside:
            return self.settings.threads
        return max(1, len(usable_cores()) // (beside + 1))

    def use_engine(self, name: str, engine: Engine) -> None:
        """Use an engine that is open already wherever this one is named."""
        self._given[name] = engine

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """Return what is made once for these settings and then kept, as services are that somebody logs in to.

        Args:
            name: Of the thing.
            make: Makes it.
        """
        known = self._kept.get(name)
        if known is None or known[0] is not self.settings:
            known = self._kept[name] = self.settings, make()
        kept: T = known[1]
        return kept

    def project(self, name: str) -> Project:
        """Return a project that exists.

        Raises:
            ConfigError: There is no project of this name.
        """
        project = self.store.get(Project, folder_name(name, "project"))
        if project is None:
            known = ", ".join(sorted(known.project for known in self.store.find(Project))) or "none yet"
            raise ConfigError(f'There is no project "{name}" (known: {known}). Begin one with: crawl --project {name}')
        return project

    def begin_project(self, name: str, engine: str | None = None) -> Project:
        """Return the project of a name, beginning it where there is none.

        Args:
            name: As typed.
            engine: Engine to begin with; the setting where None. A project keeps its engine.

        Raises:
            InvalidNameError: The name cannot be a folder.
            ConfigError: The project exists with another engine.
            EngineError: The engine to begin with cannot be opened; no project is begun then.
        """
        slug = folder_name(name, "project")
        project = self.store.get(Project, slug)
        if project is None:
            # Opened first: a project keeps its engine, so one bound to an engine that does not exist would be of no use.
            self.engine(engine or self.settings.engine)
            project = Project(slug, engine or self.settings.engine, classifier=self.settings.classifier)
            self.store.put(project)
        if engine and engine != project.engine:
            raise ConfigError(
                f'Project "{slug}" was begun with engine "{project.engine}"; vectors of "{engine}" cannot join them. '
                "Begin another project for it."
            )
        return project


def guard_of(settings: Settings) -> Guard | None:
    """Return what judges addresses before they are fetched; None where whoever named them may go anywhere."""
    fetch = settings.fetch
    return Guard.of(fetch.allow_hosts, fetch.allow_networks) if fetch.guarded else None


def served(settings: Settings) -> Settings:
    """Return settings under which addresses are fetched through the guard: what clients of the service name is not trusted."""
    return settings.model_copy(update={"fetch": settings.fetch.model_copy(update={"guarded": True})})


@contextmanager
def open_workspace(settings: Settings, progress: Progress | None = None) -> Iterator[Workspace]:
    """Open the store that the settings name, and close it at the end.

    Raises:
        ConfigError: The settings name no store.
        StorageError: The store cannot be opened.
    """
    with open_store(settings.database.uri) as store:
        yield Workspace(settings, store, progress or Silent())
