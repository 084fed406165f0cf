"""Pictures that lie in a local folder: photos of one person, or a sub-folder a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import ConfigError
from ..names import display_name, folder_name
from ..training.trainingset import person_of, photos_in
from .base import FoundImage, Provider


class Folder(Provider):
    """A folder of photos, or of folders of photos."""

    name = "folder"

    def __init__(self, folder: Path, *, by_name: bool = False) -> None:
        """Look into a folder.

        Args:
            folder: With photos, or with sub-folders of photos.
            by_name: Whether photos of a person lie in a sub-folder of theirs alone, and never in the folder itself.

        Raises:
            ConfigError: There is no such folder.
        """
        if not folder.is_dir():
            raise ConfigError(f"{folder} is no folder. Give one with photos, or with a sub-folder of photos for each person.")
        self._folder, self._by_name = folder, by_name

    def people(self) -> list[str]:
        """Return the names of the sub-folders that hold photos.

        Raises:
            ConfigError: There is none.
            InvalidNameError: A sub-folder's name cannot be a person's.
        """
        names = [display_name(folder_name(folder.name)) for folder in self._subfolders() if photos_in(folder)]
        if not names:
            hint = " Name the person in them with --keyword." if photos_in(self._folder) else ""
            raise ConfigError(f"{self._folder} has no sub-folders with photos, one for each person.{hint}")
        return names

    def search(self, query: str, limit: int) -> Iterator[FoundImage]:
        """Yield the photos of a person's sub-folder, or those of the folder itself where it has none for them, by name."""
        wanted = folder_name(query)
        own = [folder for folder in self._subfolders() if person_of(folder) == wanted]
        named = own or self._by_name
        files = [file for folder in own for file in photos_in(folder)] if named else photos_in(self._folder)
        for file in files[:limit]:
            yield FoundImage(file.resolve().as_uri(), path=file)

    def _subfolders(self) -> list[Path]:
        return sorted(entry for entry in self._folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
