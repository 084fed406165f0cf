"""The stage: names in, a documented set of photos out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import requests

from ..disk.pictures import Picture, perceptual_hash, read_picture
from ..engines import Engine
from ..engines.finding import find_faces, main_face
from ..errors import ConfigError, FetchError, MediaError
from ..faces.sameness import same_photo
from ..guard import Guard
from ..names import display_name, folder_name
from ..progress import Task
from ..records import Image, ImageState, Person, Provenance
from ..schema import Box, Detections
from ..settings import CrawlerSettings
from ..training.trainingset import TrainingSet, reconsider, state_of
from ..workspace import Workspace
from .addresses import Addresses
from .base import ALL, Description, Provider
from .download import Download, Offer, download_all
from .duplicates import SeenPictures
from .folder import Folder
from .named import Describe
from .providers import FILES, PROVIDERS, check_names
from .report import CrawlReport, Fault, PersonCrawl
from .web import Limits, Web
from .wikimedia import Wikimedia

_OFFERS_PER_PICTURE = 10
_OFFERS_AT_LEAST = 50
"""Many addresses are dead, copies, or without a face; when so many brought too few, more of the same will not help."""


def run(
    workspace: Workspace,
    project: str,
    keywords: Sequence[str] = (),
    *,
    folders: Mapping[str, str] = MappingProxyType({}),
    max_num: int | None = None,
    providers: Sequence[str] | None = None,
    folder: Path | None = None,
    urls: Path | None = None,
    addresses: Sequence[Mapping[str, str]] = (),
    discard_multi_faces: bool = False,
    engine: str | None = None,
    session: requests.Session | None = None,
) -> CrawlReport:
    """Search, fetch and check photos of people until each has enough, beginning the project where there is none.

    Args:
        workspace: Where to work.
        project: Its name, as typed.
        keywords: Names of people. Where none is given, those that `folder` or `urls` name.
        folders: Of names of people whom the project knows their folders; those of the others come from the name.
        max_num: Usable pictures with a face for each; the setting where None, or all of `folder` and `urls` alone.
        providers: Names of providers in the order in which they are asked; the setting where None, or none beside
            `folder` and `urls`.
        folder: Photos of one person, or a sub-folder of photos for each.
        urls: File with addresses of photos.
        addresses: Addresses of photos with the `name` of who is to be seen, and `url`, `page`, `licence`: fetched before the
            providers are asked.
        discard_multi_faces: Whether photos with several faces do not count.
        engine: Engine to begin the project with.
        session: Carries the requests; one of our own where None.

    Raises:
        ConfigError: A name, a provider, a folder or a file cannot be used; nothing was done then.
        EngineError: The engine cannot be loaded.
        StorageError: Disk or store cannot be written.
    """
    settings = workspace.settings.crawler
    slug = folder_name(project, "project")
    local = [FILES[name](path) for name, path in (("folder", folder), ("urls", urls)) if path is not None]
    names = _names(keywords or [name for provider in local for name in provider.people()], folders)
    asked = providers if providers is not None else () if local else settings.providers
    check_names(asked)
    wanted = max_num if max_num is not None else None if local and not asked else settings.max_num
    opened = workspace.engine(workspace.begin_project(slug, engine).engine)
    with _web(settings, session, workspace.guard) as web:
        chosen: list[Provider] = [
            *local,
            *_given(settings, addresses, asks=bool(asked) or not local),
            *(Wikimedia(web, settings.languages) if name == Wikimedia.name else PROVIDERS[name](web) for name in asked),
        ]
        pictures = TrainingSet(workspace, slug)
        pictures.notice_changes()
        crawl = _Crawl(workspace, pictures, opened, web, chosen, wanted, discard_multi_faces)
        return CrawlReport(slug, tuple(crawl.person(person_id, name) for person_id, name in names.items()))


def _given(settings: CrawlerSettings, addresses: Sequence[Mapping[str, str]], *, asks: bool) -> Iterator[Provider]:
    """Yield what is asked before the providers: addresses that came with the names, and the photos that the operator has."""
    if addresses:
        yield Addresses.of(addresses)
    if settings.library is not None and asks:
        yield Folder(settings.library, by_name=True)


def _names(keywords: Sequence[str], folders: Mapping[str, str]) -> dict[str, str]:
    """Return folder and name of each person once."""
    names = {folders.get(keyword) or folder_name(keyword): keyword for keyword in keywords}
    if not names:
        raise ConfigError("There is nobody to search for. Give a name with --keyword.")
    return {person_id: name if name in folders else display_name(person_id) for person_id, name in names.items()}


@contextmanager
def _web(settings: CrawlerSettings, session: requests.Session | None, guard: Guard | None) -> Iterator[Web]:
    limits = Limits(settings.workers, settings.per_host, settings.timeout_s, settings.retries, settings.max_bytes)
    web = Web(limits, session, guard)
    try:
        yield web
    finally:
        web.close()


@contextmanager
def wikidata_of(workspace: Workspace, session: requests.Session | None = None) -> Iterator[Describe]:
    """Yield what asks Wikidata who a name stands for.

    Args:
        workspace: Whose settings and guard it goes by.
        session: Carries the requests; one of our own where None.
    """
    with _web(workspace.settings.crawler, session, workspace.guard) as web:
        yield Wikimedia(web, workspace.settings.crawler.languages).describe


class _Crawl:
    """What is the same for all people of a run."""

    def __init__(
        self,
        workspace: Workspace,
        pictures: TrainingSet,
        engine: Engine,
        web: Web,
        providers: Sequence[Provider],
        wanted: int | None,
        discard_multi_faces: bool,
    ) -> None:
        self.workspace, self.pictures, self.engine, self.web = workspace, pictures, engine, web
        self.providers, self.wanted, self.discard_multi_faces = providers, wanted, discard_multi_faces

    def person(self, person_id: str, name: str) -> PersonCrawl:
        """Crawl for one person."""
        search = _PersonSearch(self, person_id, name)
        with self.workspace.progress.task(name, self.wanted, "pictures") as task:
            return search.run(task)


class _PersonSearch:
    """The search for one person."""

    def __init__(self, crawl: _Crawl, person_id: str, name: str) -> None:
        self._crawl, self._person_id, self._name = crawl, person_id, name
        self._pictures, self._settings = crawl.pictures, crawl.workspace.settings.crawler
        self._faults: list[Fault] = []
        images = self._reconsidered()
        self._seen = SeenPictures(images)
        self._usable = self._before = sum(image.state is ImageState.ACTIVE for image in images)
        self._known = {image.provenance.url for image in images} | set(self._pictures.refused(person_id))

    def run(self, task: Task) -> PersonCrawl:
        """Fetch what is missing."""
        task.advance(self._usable)
        if self._missing() > 0:
            description = self._describe()
            try:
                for download in download_all(self._crawl.web, self._offers(), self._missing):
                    before = self._usable
                    self._take(download)
                    task.advance(self._usable - before)
            finally:
                self._keep_person(description)
        else:
            # A search that was killed after its last picture left them without who they show.
            self._keep_person(None)
        return self._report()

    def _reconsidered(self) -> list[Image]:
        """Return the pictures that are there, with the state that `discard_multi_faces` gives them in this run."""
        images = []
        for image in self._pictures.images(self._person_id):
            changed = reconsider(image, self._crawl.discard_multi_faces)
            if changed is not image:
                self._crawl.workspace.store.put(changed)
            images.append(changed)
        return images

    def _missing(self) -> int:
        return (ALL if self._crawl.wanted is None else self._crawl.wanted) - self._usable

    def _offers(self) -> Iterator[Offer]:
        """Yield what the providers find and nobody has tried yet, one provider after the other."""
        for provider in self._crawl.providers:
            if self._missing() <= 0:
                return
            found = 0
            try:
                for image in provider.search(self._name, self._limit()):
                    found += 1
                    if image.url not in self._known:
                        self._known.add(image.url)
                        yield Offer(provider.name, image)
            except FetchError as err:
                self._provider_failed(provider, err.why)
            else:
                if not found:
                    self._provider_failed(provider, "found nothing")

    def _limit(self) -> int:
        """Return how many addresses a provider is asked for; those tried in earlier runs come first again."""
        if self._crawl.wanted is None:
            return ALL
        return len(self._known) + max(_OFFERS_AT_LEAST, _OFFERS_PER_PICTURE * self._missing())

    def _describe(self) -> Description | None:
        """Ask who the name stands for, unless that is known already."""
        person = self._crawl.workspace.store.get(Person, self._pictures.project, self._person_id)
        if person is not None and person.uri is not None:
            return None
        for provider in self._crawl.providers:
            try:
                description = provider.describe(self._name)
            except FetchError as err:
                self._provider_failed(provider, f"cannot say who this is: {err.why}")
                continue
            if description is not None:
                return description
        return None

    def _take(self, download: Download) -> None:
        """Look at what was fetched, and keep it with its record or remember why not."""
        offer = download.offer
        if download.reason:
            self._refuse(offer, download.reason, for_good=not download.passing)
            return
        try:
            picture = read_picture(download.data, offer.image.url, self._settings.max_pixels)
        except MediaError as err:
            self._refuse(offer, err.why, for_good=True)
            return
        twin = self._pictures.has(picture.sha256)
        if twin is not None:
            self._refuse(offer, f"is the same file as {twin.path}", for_good=True)
            return
        image = self._pictures.add(self._judge(picture, offer), picture.data, picture.suffix)
        self._seen.add(image)
        self._usable += image.state is ImageState.ACTIVE

    def _judge(self, picture: Picture, offer: Offer) -> Image:
        """Return the record of a new picture."""
        found = offer.image
        image = Image(
            self._pictures.project,
            picture.sha256,
            self._person_id,
            path="",
            provenance=Provenance(offer.provider, self._name, found.url, found.page, found.licence),
            width=picture.width,
            height=picture.height,
            phash=perceptual_hash(picture.image),
        )
        side = self._settings.min_side_px
        if min(picture.width, picture.height) < side:
            reason = f"too small: {picture.width} x {picture.height} pixels, less than {side}"
            return replace(image, state=ImageState.DISABLED, reason=reason)
        faces = find_faces(self._crawl.engine.detector, [picture.image])[0]
        like = next((path for path in self._seen.like(image.phash) if self._same_face(picture, faces, path)), None)
        if like is not None:
            return replace(image, state=ImageState.DUPLICATE, reason=f"looks like {like.rsplit('/', 1)[-1]}")
        return self._count_faces(image, len(faces))

    def _same_face(self, picture: Picture, faces: Detections, path: str) -> bool:
        """Say whether a picture that looks like another one as a whole also shows the same face in the same moment."""
        if not len(faces):
            return True
        row = main_face(faces, picture.width, picture.height)
        try:
            data = self._pictures.absolute(path).read_bytes()
            other = read_picture(data, path, self._settings.max_pixels)
        except (OSError, MediaError):
            return True
        return same_photo(picture.image, other.image, Box(*map(float, faces.boxes_xywh[row])))

    def _count_faces(self, image: Image, n_faces: int) -> Image:
        state, reason = state_of(n_faces, self._crawl.discard_multi_faces)
        # Where there is no face the aligner need not look again; elsewhere it makes box, landmarks and embedding.
        engine = self._crawl.engine.id if n_faces == 0 else None
        return replace(image, state=state, reason=reason, n_faces=n_faces, engine=engine)

    def _refuse(self, offer: Offer, reason: str, for_good: bool) -> None:
        """Note a fault. An address that will never work is not fetched again; a local file may be mended and costs nothing."""
        self._faults.append(Fault(offer.provider, offer.image.url, reason))
        if for_good and offer.image.path is None:
            self._pictures.refuse(self._person_id, offer.image.url, reason)

    def _provider_failed(self, provider: Provider, why: str) -> None:
        self._faults.append(Fault(provider.name, "", why))
        self._crawl.workspace.progress.message(f"{self._name}: {provider.name}: {why}")

    def _keep_person(self, description: Description | None) -> None:
        """Write who the person is, once there is a picture of them: a name that brought nothing is nobody."""
        if not self._pictures.images(self._person_id):
            return
        person = self._pictures.ensure_person(self._person_id)
        if description is not None:
            metadata = {**description.metadata, **person.metadata}
            aliases = tuple(dict.fromkeys((*person.aliases, *_other_names(description, person.name))))
            text = person.description or description.description
            person = replace(person, uri=description.uri, description=text, aliases=aliases, metadata=metadata)
            self._crawl.workspace.store.put(person)

    def _report(self) -> PersonCrawl:
        states = Counter(image.state for image in self._pictures.images(self._person_id))
        return PersonCrawl(
            self._person_id,
            self._name,
            self._crawl.wanted,
            usable=self._usable,
            added=self._usable - self._before,
            states=dict(states),
            faults=tuple(self._faults),
        )


def _other_names(description: Description, name: str) -> Iterator[str]:
    yield from (other for other in (description.name, *description.aliases) if other and other != name)
