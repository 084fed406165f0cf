"""Engines: a face detector and a face embedder that belong together."""

from .base import Engine, FaceDetector, FaceEmbedder
from .registry import ENGINES, open_engine
from .runtime import Runtime, usable_cores

__all__ = ["ENGINES", "Engine", "FaceDetector", "FaceEmbedder", "Runtime", "open_engine", "usable_cores"]
