"""`python -m src.verbs.bulk`."""

import sys

from .commandline import main

sys.exit(main())
