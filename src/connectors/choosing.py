"""Which connector an address belongs to: the settings name archives and sites, and what nobody else takes is a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..guard import Guard
from ..records import Video
from .asking import Asker, Login, is_web
from .base import Connector, Entries, Found
from .graphs import ANTRACT_PREFIXES, ANTRACT_QUERY, MEMAD_PREFIXES, MEMAD_QUERY
from .iiif import Iiif
from .limecraft import Limecraft
from .notices import Notices
from .places import Direct, Local
from .sites import Sites
from .sparql import Archive, SparqlConnector

if TYPE_CHECKING:
    from ..settings import GraphSettings, Settings
    from ..workspace import Workspace


@dataclass(frozen=True)
class Connectors:
    """All connectors, in the order in which they are asked whether an address is theirs."""

    connectors: Sequence[Connector]

    @staticmethod
    def of(settings: Settings, guard: Guard | None) -> Connectors:
        """Build those of the settings.

        Args:
            settings: Those of the program.
            guard: What judges addresses that somebody else names; None where whoever names them may go anywhere. What an
                archive names is always judged.
        """
        common, fetch = settings.sources, settings.fetch
        strict = guard or Guard.of(fetch.allow_hosts, fetch.allow_networks)
        asker = Asker(strict, common.max_bytes, common.timeout_s, common.total_s)
        found: list[Connector] = []

        def follow(locator: str) -> Found | None:
            return next((one.resolve(locator) for one in found if isinstance(one, Limecraft) and one.takes(locator)), None)

        for archive in _archives(settings):
            found.append(SparqlConnector(archive, asker, follow))
        limecraft = settings.limecraft
        found.append(Limecraft(limecraft.address, _login(limecraft.user, limecraft.password), asker))
        found.append(Sites(settings.sites.hosts, asker, common.max_entries))
        found.append(Iiif(settings.iiif.patterns, asker, common.max_entries))
        found.append(Notices(settings.notices.patterns, asker))
        return Connectors((*found, Direct(guard), Local()))

    def choose(self, locator: str) -> Connector:
        """Return the connector of an address or path."""
        return next(one for one in self.connectors if one.takes(locator))

    def is_catalogued(self, locator: str) -> bool:
        """Say whether an address leads to a video by way of an archive, a site or a record."""
        return not isinstance(self.choose(locator), Direct | Local)

    def entries(self, locator: str) -> Entries | None:
        """Return the videos that an address stands for; None where it is one video.

        Raises:
            ConfigError: A setting, a password or a package is missing.
            FetchError: The archive cannot be asked, or answers something that cannot be understood.
            MediaError: It has nothing of that name.
        """
        return self.choose(locator).entries(locator)

    def resolve(self, locator: str) -> Found:
        """Return where a video is played from, and what is known of it.

        Args:
            locator: Address or path, without a media fragment.

        Raises:
            ConfigError: A setting, a password or a package is missing, or the address stands for several videos.
            FetchError: The archive cannot be asked, or answers something that cannot be understood.
            MediaError: The archive has no such video.
        """
        found = self.choose(locator).resolve(locator)
        if found.guard is not None and is_web(found.play):
            found.guard.check(found.play)
        return found

    def reopen(self, video: Video) -> Found:
        """Return where a video that is stored is played from now: an archive's link may have expired since.

        Raises:
            ConfigError: As for `resolve`.
            FetchError: As for `resolve`.
            MediaError: As for `resolve`.
        """
        if is_web(video.locator):
            return self.resolve(video.locator)
        return Found("local", video.locator, video.media, video.media)


def connectors_of(workspace: Workspace) -> Connectors:
    """Return the connectors of a workspace, the same ones each time: a login serves many videos."""
    return workspace.kept("connectors", lambda: Connectors.of(workspace.settings, workspace.guard))


def _archives(settings: Settings) -> list[Archive]:
    archives = [
        _archive("antract", settings.antract, ANTRACT_PREFIXES, ANTRACT_QUERY),
        _archive("memad", settings.memad, MEMAD_PREFIXES, MEMAD_QUERY),
    ]
    for name, own in settings.sparql.archives.items():
        if not own.prefixes:
            raise ConfigError(f"sparql.archives.{name}.prefixes is empty. Say how the addresses begin that the archive knows.")
        archives.append(replace(_archive(name, own, (), ""), setting=f"sparql.archives.{name}"))
    # The longest beginning first: an archive of one's own may be a part of a larger one.
    each = [replace(archive, prefixes=(prefix,)) for archive in archives for prefix in archive.prefixes]
    return sorted(each, key=lambda archive: -len(archive.prefixes[0]))


def _archive(name: str, own: GraphSettings, prefixes: tuple[str, ...], query: str) -> Archive:
    login = _login(own.user, own.password)
    return Archive(name, own.prefixes or prefixes, own.endpoint, own.query or query, login, own.media_base, name)


def _login(user: str, password: object) -> Login | None:
    secret = getattr(password, "get_secret_value", lambda: "")()
    return Login(user, secret) if user or secret else None
