"""What all ways to serve share: the socket, and the certificate."""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path

from ...errors import ConfigError
from ...settings import ServerSettings

_BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 stands for any.

    Raises:
        ConfigError: Nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as err:
        raise ConfigError(
            f"Nothing can listen on {host}:{port}: {err.strerror}. Stop what does, or set another server.host or server.port."
        ) from err


def spread(listening: socket.socket, n: int) -> list[socket.socket]:
    """Return n sockets that listen at one address, the given one first; that alone where the system shares out among none.

    Processes that wait at one socket race for each connection, and the quickest may get nearly all of them. Among sockets
    of their own Linux shares connections out evenly. An address that another program uses stays refused: it was bound
    alone before it is shared.
    """
    if sys.platform != "linux" or n < 2:
        return [listening]
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place = listening.getsockname()[:2]
    more = [socket.create_server(place, family=listening.family, backlog=_BACKLOG, reuse_port=True) for _ in range(n - 1)]
    return [listening, *more]


def address_of(listening: socket.socket, host: str, *, tls: bool) -> str:
    """Return the address to ask at: `https://127.0.0.1:5000`."""
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{listening.getsockname()[1]}"


def certificate_of(settings: ServerSettings) -> tuple[Path, Path] | None:
    """Return the files of certificate and key, tried once, or None where the service answers plain HTTP.

    Raises:
        ConfigError: Only one of them is set, or they cannot be used.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ConfigError("Set both server.tls_certificate and server.tls_key, or neither.")
    for name, path in (("server.tls_certificate", certificate), ("server.tls_key", key)):
        try:
            path.read_bytes()
        except OSError as err:
            raise ConfigError(f"{name}: {path} cannot be read: {err.strerror}. Check the path and its permissions.") from err
    try:
        # A key with a passphrase would ask for it on the terminal, which a service has not.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_passphrase)
    except (ssl.SSLError, ValueError) as err:
        raise ConfigError(
            f"{certificate} and {key} are no certificate with its key: {err}. Both are PEM files, the key without a passphrase."
        ) from err
    return certificate, key


def _no_passphrase() -> str:
    raise ValueError("the key asks for a passphrase")
