"""Names of projects, people and videos as folders: readable, and unable to leave the folder they belong in."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .errors import ConfigError, InvalidNameError

MAX_NAME = 200
"""Most file systems allow 255 bytes in a name; the rest is left for endings and accents that take two bytes."""

_FORBIDDEN = frozenset('/\\:*?"<>|')
RESERVED = re.compile(r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
"""Names that Windows takes for devices, with any ending (Microsoft, Naming Files, Paths, and Namespaces)."""
ESCAPED = re.compile(r"%(?:25)*(?:2e|2f|5c|00|3a)", re.IGNORECASE)
"""What stands for a dot, a slash, a backslash, NUL or a colon, however often it was escaped."""


def folder_name(name: str, kind: str = "person") -> str:
    """Turn a name that a person typed into the name of a folder: `Churchill Winston` becomes `Churchill_Winston`.

    Accents, other scripts and punctuation stay; white space becomes one underscore.

    Args:
        name: As typed.
        kind: What is named, for the message.

    Raises:
        InvalidNameError: The name is empty, too long, or holds a path.
    """
    text = "_".join(unicodedata.normalize("NFC", name).split())
    if not text:
        raise InvalidNameError(kind, name, "is empty. Give it at least one letter.")
    if any(character in text for character in _FORBIDDEN) or not text.isprintable():
        raise InvalidNameError(kind, name, 'holds a character that no folder may have (/ \\ : * ? " < > |).')
    if ESCAPED.search(text):
        raise InvalidNameError(kind, name, "holds escaped characters (%2F). Give it as it is.")
    if text.startswith(".") or RESERVED.fullmatch(text):
        raise InvalidNameError(kind, name, "starts with a dot or is reserved by the system. Choose another.")
    if len(text.encode()) > MAX_NAME:
        raise InvalidNameError(kind, name, f"is longer than {MAX_NAME} bytes. Shorten it.")
    return text


def display_name(folder: str) -> str:
    """Turn a folder's name back into a name to show: `Churchill_Winston` becomes `Churchill Winston`."""
    return unicodedata.normalize("NFC", folder).replace("_", " ").strip()


def video_folder(locator: str) -> str:
    """Turn a path or address into the name of a folder: `http://host/a/Film 1.mp4?x=2` becomes `Film_1`.

    Characters that no folder may have become `-`: a video is named by others, and refusing it for its name helps nobody.
    """
    path = urlsplit(locator).path if "://" in locator else locator
    stem = Path(unquote(path) if "://" in locator else path).stem
    text = unicodedata.normalize("NFC", "_".join(stem.split()))
    text = "".join("-" if character in _FORBIDDEN or not character.isprintable() else character for character in text)
    while len(text.encode()) > MAX_NAME:
        text = text[:-1]
    text = text.lstrip(".")
    return f"video_{text}" if not text or RESERVED.fullmatch(text) else text


def part_folder(folder: str, fragment: str) -> str:
    """Return the name of the folder of a part of a video beside that of the whole: `Film_1` becomes `Film_1#t=10,20`.

    Args:
        folder: Of the whole video.
        fragment: The part, as records write it; empty for the whole.
    """
    if not fragment:
        return folder
    told = f"{folder}#{fragment}"
    text = "".join("-" if character in _FORBIDDEN else character for character in told)
    if text == told and len(text.encode()) <= MAX_NAME:
        return text
    # What was replaced or cut off may be what told two parts from each other.
    mark = hashlib.sha256(fragment.encode()).hexdigest()[:8]
    while len(text.encode()) > MAX_NAME - len(mark) - 1:
        text = text[:-1]
    return f"{text}_{mark}"


def inside(root: Path, relative: str) -> Path:
    """Join a path from outside to a folder of ours.

    Raises:
        ConfigError: The path leads out of the folder, also through a link.
    """
    if "\0" in relative:
        raise ConfigError(f"The path {relative!r} holds a NUL character.")
    try:
        path = (root / relative).resolve()
    except (OSError, RuntimeError) as err:
        raise ConfigError(f"The path {relative!r} cannot be followed: it holds a loop of links.") from err
    if not path.is_relative_to(root.resolve()):
        raise ConfigError(f"The path {relative!r} leads out of {root.name}/. Give one inside it.")
    return path
