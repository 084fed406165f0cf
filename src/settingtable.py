"""Settings as people read them: value, default, range and meaning, for the documentation and the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .environment import PREFIX
from .settings import Settings

SHOWN = (
    "engine",
    "classifier",
    "device",
    "facenet_backend",
    "threads",
    "jobs",
    "segments",
    "retention_days",
    "crawler",
    "tracker",
    "clusterize",
)
"""What clients are shown: settings and sections that say what comes of a project. Not where things lie, and no secret."""

_TYPES = {
    "str": "text",
    "Path": "path",
    "int": "whole number",
    "float": "number",
    "bool": "true | false",
    "SecretStr": "text",
}
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


@dataclass(frozen=True, slots=True)
class Explained:
    """One setting.

    Attributes:
        name: With its section: `tracker.min_score`.
        value, default: As plain values.
        type, range: In words; the range is empty where everything of the type is taken.
        meaning: What it does.
        choices: What it may be, where that is a list.
        variable: Its name in the environment.
    """

    name: str
    value: Any
    default: Any
    type: str
    range: str
    meaning: str
    choices: tuple[str, ...]
    variable: str


def explained(settings: Settings) -> Iterator[Explained]:
    """Yield the settings that clients are shown, in the order in which they are declared."""
    for name, field in setting_fields(Settings):
        section, _, inner = name.partition(".")
        if section not in SHOWN:
            continue
        value = getattr(settings, section)
        yield Explained(
            name,
            _plain(getattr(value, inner) if inner else value),
            _plain(field.default),
            type_text(field.annotation),
            range_text(field),
            field.description or "",
            choices_of(field.annotation),
            PREFIX + name.upper().replace(".", "__"),
        )


def setting_fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting by its dotted name."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_fields(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def type_text(hint: Any) -> str:
    """Say in words what a setting may be."""
    if get_origin(hint) is Literal:
        return " | ".join(get_args(hint))
    if isinstance(hint, UnionType):
        return " or ".join("nothing" if part is NoneType else type_text(part) for part in get_args(hint))
    if get_origin(hint) is tuple:
        return "list"
    return _TYPES[hint.__name__]


def choices_of(hint: Any) -> tuple[str, ...]:
    """Return what a setting may be, where that is a list of words."""
    return tuple(map(str, get_args(hint))) if get_origin(hint) is Literal else ()


def range_text(field: FieldInfo) -> str:
    """Say the bounds of a setting."""
    bounds = [(sign, getattr(limit, name)) for limit in field.metadata for name, sign in _SIGNS.items() if hasattr(limit, name)]
    return ", ".join(f"{sign} {bound}" for sign, bound in bounds)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
