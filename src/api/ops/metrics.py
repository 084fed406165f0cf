"""What Prometheus is told: requests of all processes of the server, and what the store knows of jobs, analyses and its size.

Processes that answer side by side share their counts through files in the folder that `PROMETHEUS_MULTIPROC_DIR` names,
which has to be set before this module is first imported: the library looks for it then. So it is imported when an application
is built, not before. What the store knows is the same in each process.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ... import __version__
from ...errors import AnnotationError
from ...records import Analysis, Project, Status, Video
from ...workspace import Workspace
from .access import Answered
from .production import SHARED

FRESH_S = 10.0
"""What the store was asked for is told again for so long: several who watch cost no more than one."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOG = logging.getLogger(__name__)


class Metrics:
    """The measurements of one application."""

    def __init__(self, workspace: Workspace) -> None:
        """Begin to count."""
        self._store = StoreCollector(workspace)
        # Counts that are shared are read from their files, not from this process's registry.
        self._own = None if SHARED in os.environ else CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("facerec_http_requests", "Requests that were answered", labels, registry=self._own)
        self._seconds = Histogram(
            "facerec_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer",
            labels[:2],
            buckets=BUCKETS,
            registry=self._own,
        )

    def observe(self, answered: Answered) -> None:
        """Count an answer by the template of its route: addresses would be without number."""
        method = answered.method if answered.method in _METHODS else "OTHER"
        route = answered.route or "(none)"
        self._requests.labels(method, route, str(answered.status)).inc()
        self._seconds.labels(method, route).observe(answered.seconds)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all measurements in the text form that was asked for, and its type.

        Args:
            accept: The header of the request.
        """
        registry = CollectorRegistry()
        if self._own is None:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(_Of(self._own))
        registry.register(self._store)
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type


class StoreCollector(Collector):
    """What the store knows: asked for when somebody asks us, and not more often than each `FRESH_S`."""

    def __init__(self, workspace: Workspace) -> None:
        """Ask the store of a workspace."""
        self._workspace = workspace
        self._lock = threading.Lock()
        self._found: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """Yield the measurements; where the store does not answer, only that."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = self._look()
                self._until = time.monotonic() + FRESH_S
            return self._found

    def _look(self) -> list[Metric]:
        info = GaugeMetricFamily("facerec_info", "Version of the service", labels=["version"])
        info.add_metric([__version__], 1)
        try:
            found, up = list(_measured(self._workspace)), 1
        except AnnotationError as err:
            _LOG.warning("The store could not be measured: %s", err)
            found, up = [], 0
        return [info, GaugeMetricFamily("facerec_store_up", "1 where the store answers", value=up), *found]


class _Of(Collector):
    """Another registry's measurements."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        return self._registry.collect()


def _measured(workspace: Workspace) -> Iterator[Metric]:
    store = workspace.store
    yield GaugeMetricFamily("facerec_store_bytes", "Room that the store takes on disk", value=store.size())
    yield GaugeMetricFamily("facerec_projects", "Projects", value=store.count(Project))
    yield GaugeMetricFamily("facerec_videos", "Videos", value=store.count(Video))
    statuses: Tally[str] = Tally()
    n_frames = n_samples = 0
    for analysis in store.find(Analysis):
        statuses[analysis.status] += 1
        n_frames += analysis.counts.get("n_frames", 0)
        n_samples += analysis.counts.get("n_samples", 0)
    yield _by("facerec_analyses", "Analyses by status", "status", {status: statuses[status] for status in Status})
    yield CounterMetricFamily("facerec_frames", "Frames of videos read by all analyses that are kept", value=n_frames)
    yield CounterMetricFamily("facerec_samples", "Frames in which faces were looked for", value=n_samples)


def _by(name: str, text: str, label: str, values: dict[Any, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([str(value)], number)
    return family
