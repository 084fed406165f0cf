"""The training report: how well a model knows its people, and what would make it better."""

from __future__ import annotations

from .filing import NUMBERS, PAGE, pictures_of, previous_of, read_advice, show_report, write_report
from .inputs import About, HeldOut, TrainingPictures
from .numbers import PersonNumbers, person_numbers
from .report import build

__all__ = [
    "NUMBERS",
    "PAGE",
    "About",
    "HeldOut",
    "PersonNumbers",
    "TrainingPictures",
    "build",
    "person_numbers",
    "pictures_of",
    "previous_of",
    "read_advice",
    "show_report",
    "write_report",
]
