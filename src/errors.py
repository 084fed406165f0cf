"""Every error that FaceRec raises on purpose.

    AnnotationError
    ├── ConfigError          a setting, a flag or a name is wrong
    │   └── InvalidNameError a project or person name that cannot be used
    ├── FetchError           an address could not be fetched
    │   └── ForbiddenAddressError  nor shall it be: it leads where clients must not send us
    ├── ForbiddenPathError   a path leads out of the folder that it belongs to
    ├── MediaError           a photo or video cannot be read
    ├── EngineError          a detector or embedder cannot be used
    │   └── WeightsError     its weights are missing, damaged or cannot be fetched
    │       └── DiskFullError  nor will they fit: no other source can help
    ├── ShapeError           an array has not the shape that is asked for
    ├── GalleryError         the known faces cannot train a classifier
    ├── StorageError         the store cannot be read or written
    ├── JobError             a job cannot be submitted, found, cancelled or retried
    └── ExportError          a result cannot be written

A message says what happened, to which thing, and what to do about it. The command line prints it as one line and returns 1.
"""

from __future__ import annotations

from pathlib import Path


class AnnotationError(Exception):
    """Base of all errors that a user of FaceRec can mend."""


class ConfigError(AnnotationError):
    """A setting, a flag or a name is wrong."""


class InvalidNameError(ConfigError):
    """A project or person name that cannot become a folder."""

    def __init__(self, kind: str, name: str, why: str) -> None:
        """Keep the kind of thing named, the name as given, and what is wrong with it."""
        shown = name if len(name) <= 60 else name[:57] + "..."
        super().__init__(f"{kind} name {shown!r} {why}")
        self.kind, self.name, self.why = kind, name, why


class FetchError(AnnotationError):
    """An address could not be fetched."""

    def __init__(self, url: str, why: str, *, passing: bool = False) -> None:
        """Keep the address, what went wrong with it, and whether it may work another time."""
        super().__init__(f"{url}: {why}")
        self.url, self.why, self.passing = url, why, passing


class ForbiddenAddressError(FetchError):
    """An address that is not fetched for others, because of where it leads or how it is written."""


class ForbiddenPathError(AnnotationError):
    """A path that leads out of its folder, or that names no file there."""

    def __init__(self, given: str, why: str) -> None:
        """Keep the path as it was given and what is wrong with it; where the folder lies is nobody's business."""
        shown = given if len(given) <= 120 else given[:117] + "..."
        super().__init__(f"Path {shown!r} {why}")
        self.given, self.why = given, why


class MediaError(AnnotationError):
    """A photo or video cannot be read."""

    def __init__(self, path: str, why: str) -> None:
        """Keep the path or address of the medium and what is wrong with it."""
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


class EngineError(AnnotationError):
    """A detector or embedder cannot be used."""


class WeightsError(EngineError):
    """Weights of an engine are missing, damaged or cannot be fetched."""


class DiskFullError(WeightsError):
    """The disk has no room for weights; no other source can help."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder that they should go to."""
        super().__init__(f"The disk of {folder} is full. Free some room, or choose another weights_dir.")
        self.folder = folder


class ShapeError(AnnotationError):
    """An array has not the shape that is asked for."""

    def __init__(self, name: str, wanted: str, got: tuple[int, ...]) -> None:
        """Keep the array's name, the wanted shape in words and the shape it has."""
        super().__init__(f"{name} must be {wanted}, not {got}")
        self.name, self.wanted, self.got = name, wanted, got


class GalleryError(AnnotationError):
    """The known faces cannot train a classifier."""


class StorageError(AnnotationError):
    """The store cannot be read or written."""


class JobError(AnnotationError):
    """A job cannot be submitted, found, cancelled or retried."""

    def __init__(self, code: str, message: str) -> None:
        """Keep what went wrong as a word for programs.

        Args:
            code: `unknown_kind`, `bad_params`, `bad_webhook`, `idempotency_conflict`, `not_found`, `not_cancellable` or
                `not_retryable`.
            message: The same for people.
        """
        super().__init__(message)
        self.code = code


class ExportError(AnnotationError):
    """A result cannot be written."""
