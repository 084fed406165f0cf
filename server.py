"""Builds the service and serves it: `python server.py`."""

import sys

from src.api.serve import main

if __name__ == "__main__":
    sys.exit(main())
