"""`python -m src.verbs.db` runs the verb `db`."""

from __future__ import annotations

import sys

from .commands import main

sys.exit(main())
