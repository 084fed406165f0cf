"""Weights are data: one table of networks, where they come from, and a cache that uses a file only after its hash is right."""

from .cache import State, WeightsCache
from .download import Distribution, open_members
from .packs import PACKS, Pack, PackCache, pack_version
from .table import SAMPLE_PHOTOS, SCIKIT_IMAGE, WEIGHTS, Weights, find_weights, weights_of_engine, weights_version

__all__ = [
    "PACKS",
    "SAMPLE_PHOTOS",
    "SCIKIT_IMAGE",
    "WEIGHTS",
    "Distribution",
    "Pack",
    "PackCache",
    "State",
    "Weights",
    "WeightsCache",
    "find_weights",
    "open_members",
    "pack_version",
    "weights_of_engine",
    "weights_version",
]
