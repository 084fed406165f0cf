"""Which videos `--video` names: paths and addresses as they are, folders and lists as what lies or stands in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import ConfigError
from ..video.fragments import split_locator
from ..video.source import is_address

VIDEO_SUFFIXES = (
    ".3gp", ".asf", ".avi", ".dv", ".flv", ".gif", ".m2ts", ".m2v", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".mts", ".mxf", ".ogg", ".ogv", ".rm", ".ts", ".vob", ".webm", ".wmv",
)  # fmt: skip
"""What a file of a folder has to end in to be taken for a video; one that is named by itself may end in anything."""


def expand(given: Iterable[str]) -> tuple[str, ...]:
    """Return the videos that are meant, in the order given, each once.

    Args:
        given: Paths and http(s) addresses, each perhaps with a fragment; folders, which stand for the videos in them and in
            their folders, by name; lists, a text file `.txt` with one of all these a line, where `#` begins a remark and
            relative paths start from the folder of the list.

    Raises:
        ConfigError: A folder holds no video, or a list is missing, cannot be read, is empty, or leads back to itself.
    """
    once: dict[str, str] = {}
    for locator in _expand(given, ()):
        once.setdefault(_same(locator), locator)
    return tuple(once.values())


def stands_for_many(locator: str) -> bool:
    """Say whether one name may stand for several videos: a folder or a list."""
    if is_address(locator):
        return False
    return Path(locator).suffix.lower() in _LISTS or _is_folder(locator)


def _expand(given: Iterable[str], lists: tuple[Path, ...]) -> Iterator[str]:
    for locator in given:
        read = None if is_address(locator) else _LISTS.get(Path(locator).suffix.lower())
        if read is not None:
            path = Path(locator)
            if path.resolve() in lists:
                raise ConfigError(f"{path} leads back to itself, through the lists that it names. Take that line out.")
            yield from _expand(_based(_entries(path, read), path.parent), (*lists, path.resolve()))
        elif not is_address(locator) and Path(locator).suffix.lower() == ".csv":
            raise ConfigError(f"{locator} is a table. Its rows are analysed by: bulk --table {locator}")
        elif not is_address(locator) and _is_folder(locator):
            yield from _videos_in(Path(locator))
        else:
            yield locator


def _is_folder(locator: str) -> bool:
    try:
        return Path(locator).is_dir()
    except (OSError, ValueError):
        return False


def _videos_in(folder: Path) -> list[str]:
    """Return the videos of a folder and those below it, by name; hidden ones are none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())
    shown = [str(path) for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if not shown:
        what = "holds no video" if any(folder.iterdir()) else "is an empty folder"
        raise ConfigError(f"{folder} {what}. Files are taken that end in {' '.join(VIDEO_SUFFIXES)}; name others one by one.")
    return shown


def _entries(path: Path, read: Callable[[str], list[str]]) -> list[str]:
    try:
        entries = read(path.read_text(encoding="utf-8-sig"))
    except OSError as err:
        raise ConfigError(f"The list {path} cannot be read: {err.strerror}. Check the path.") from err
    except UnicodeDecodeError as err:
        raise ConfigError(f"The list {path} is no text in UTF-8. Save it as one, with a path or address a line.") from err
    if not entries:
        raise ConfigError(f"The list {path} names no video. Write a path or address a line.")
    return entries


def _based(entries: Sequence[str], folder: Path) -> Iterator[str]:
    """Yield the entries of a list as seen from where the program runs."""
    return (entry if is_address(entry) or "://" in entry else str(folder / entry) for entry in entries)


def _lines(text: str) -> list[str]:
    """Return the lines of a list without remarks; a `#` inside a line belongs to a fragment."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


_LISTS: Mapping[str, Callable[[str], list[str]]] = {".txt": _lines}
"""How lists are read, by what their names end in."""


def _same(locator: str) -> str:
    """Return what is equal for two spellings of one video or of one part of it."""
    bare, fragment = split_locator(locator)
    where = bare if is_address(bare) or "://" in bare else str(Path(bare).resolve())
    return f"{where}#{fragment}"
