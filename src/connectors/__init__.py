"""Where videos come from: each archive, site or catalogue has a connector, and the address says which one is asked.

`connectors_of(workspace)` knows them all; what they promise is in `base`.
"""

from __future__ import annotations

from .base import Connector, Entries, Found, Name, Segment
from .choosing import Connectors, connectors_of

__all__ = ["Connector", "Connectors", "Entries", "Found", "Name", "Segment", "connectors_of"]
