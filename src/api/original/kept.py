"""Who appears in a video, as it is sent: kept until somebody writes to these appearances, for pages ask again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from flask import Flask, current_app, json

from ...records import Analysis, Appearance
from ..context import store
from .shapes import named_apart, track_fields

MAX_BYTES = 32_000_000
"""A video of three hours with a thousand tracks takes half a megabyte."""
_NAME = "facerec.original.kept"


class Kept:
    """Texts by their keys, in the memory of this process; of more than fit those go that were not asked for longest."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Begin empty."""
        self._texts: OrderedDict[Hashable, str] = OrderedDict()
        self._max_bytes, self._n_bytes = max_bytes, 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the text of a key, made where it is not there. Two that ask at once may both make it."""
        with self._lock:
            known = self._texts.get(key)
            if known is not None:
                self._texts.move_to_end(key)
                return known
        text = make()
        self._keep(key, text)
        return text

    def _keep(self, key: Hashable, text: str) -> None:
        with self._lock:
            self._n_bytes += len(text) - len(self._texts.pop(key, ""))
            self._texts[key] = text
            while self._n_bytes > self._max_bytes:
                _, gone = self._texts.popitem(last=False)
                self._n_bytes -= len(gone)


def prepare_keeping(app: Flask) -> None:
    """Let the requests of an application keep texts."""
    app.extensions[_NAME] = Kept()


def tracks_text(project: str, analysis: Analysis, locator: str) -> str:
    """Return `"tracks": […], "feat_clusters": […]` of an analysis as JSON, without braces."""
    # Asked for before the records are read: what is written in between has another one.
    revision = store().revision(Appearance, project, analysis.analysis_id)
    kept: Kept = current_app.extensions[_NAME]
    return kept.get((project, analysis.analysis_id, locator, revision), lambda: _made(project, analysis, locator))


def appearances_of(project: str, analysis: Analysis) -> tuple[list[Appearance], list[Appearance]]:
    """Return who appears in an analysis, by time: people with a name, and people without."""
    found = store().find(Appearance, project=project, analysis_id=analysis.analysis_id)
    return named_apart(sorted(found, key=lambda seen: (seen.start_npt, seen.track_id)))


def _made(project: str, analysis: Analysis, locator: str) -> str:
    people, unknown = appearances_of(project, analysis)
    lists = {
        "tracks": [track_fields(seen, locator) for seen in people],
        "feat_clusters": [track_fields(seen, locator) for seen in unknown],
    }
    return json.dumps(lists, ensure_ascii=False)[1:-1]
