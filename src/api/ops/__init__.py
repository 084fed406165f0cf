"""How the service is run: health, metrics, the log of requests, and servers for more than one person."""

from .operations import add_operations, lifecycle_of

__all__ = ["add_operations", "lifecycle_of"]
