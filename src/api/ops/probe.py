"""Asks the service of this machine whether it lives: `python -m src.api.ops.probe [/readyz]`, for containers and monitors.

Where it listens stands in the settings. The status is 0 where it answers well, else 1, with a line that says why.
"""

from __future__ import annotations

import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

from ...errors import AnnotationError
from ...settings import ServerSettings, load_settings

LIMIT_S = 4.0
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}


def main(argv: Sequence[str] | None = None) -> int:
    """Ask, and return the status for the shell."""
    path = next(iter(sys.argv[1:] if argv is None else argv), "/healthz")
    try:
        address = address_of(load_settings().server) + path
        # Whose certificate it is does not matter to whether it lives; nothing secret is sent.
        context = ssl._create_unverified_context() if address.startswith("https") else None
        with urllib.request.urlopen(address, timeout=LIMIT_S, context=context):
            return 0
    except urllib.error.HTTPError as err:
        with err:
            return _failed(f"{err.code} {err.read(2000).decode(errors='replace')}")
    except (OSError, ValueError, AnnotationError) as err:
        return _failed(str(err))


def address_of(server: ServerSettings) -> str:
    """Return where the service is reached from its own machine."""
    scheme = "https" if server.tls_certificate else "http"
    host = _EVERYWHERE.get(server.host, f"[{server.host}]" if ":" in server.host else server.host)
    return f"{scheme}://{host}:{server.port}"


def _failed(why: str) -> int:
    sys.stderr.write(" ".join(why.split()) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
