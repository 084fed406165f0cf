"""`python -m src.tracker`."""

import sys

from . import main

sys.exit(main())
