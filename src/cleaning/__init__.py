"""Finds the training pictures that would spoil a training, and sets them aside with a reason."""

from __future__ import annotations

from .commandline import command, main
from .report import CleanReport, PersonCleaning, render
from .stage import run

__all__ = ["CleanReport", "PersonCleaning", "command", "main", "render", "run"]
