"""The service: what other programs and the visualizer ask."""

from .app import create_app

__all__ = ["create_app"]
