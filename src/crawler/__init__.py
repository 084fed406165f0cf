"""Searches photos of named people, and keeps those with a face together with where they come from."""

from __future__ import annotations

from .commandline import command, main
from .report import CrawlReport, Fault, PersonCrawl
from .stage import run

__all__ = ["CrawlReport", "Fault", "PersonCrawl", "command", "main", "run"]
