"""Clients that ask one question after the other: in one thread and on bare sockets, so that they take little of the machine.

A client sends its next request as soon as it has read the last byte of the answer before (a closed loop): the worst that so
many clients can do. Requests are written beforehand, answers are counted and not looked into.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit

import numpy as np

PATIENCE_S = 60.0
"""What was asked before the end and has no answer so long after it has none."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_NO_BODY = frozenset({204, 304})


@dataclass(slots=True)
class Asked:
    """What came of one question: `seconds` of the answers that were right, `statuses` of all, 0 for none at all.

    Attributes:
        wall_s: From the first request to the last answer.
        client_cpu_s: What the clients themselves took of one core.
        server_cpu_s: What the processes that answer took of all cores.
    """

    name: str
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    n_bytes: int = 0
    wall_s: float = 0.0
    client_cpu_s: float = 0.0
    server_cpu_s: float = 0.0

    @property
    def n(self) -> int:
        """How many were asked."""
        return sum(self.statuses.values())

    @property
    def n_wrong(self) -> int:
        """How many were not answered with 200."""
        return self.n - self.statuses[200]

    def ms(self, percent: float) -> float:
        """Return a percentile of the times of good answers."""
        return float(np.percentile(self.seconds, percent)) * 1000 if self.seconds else float("nan")


def ask(address: str, name: str, paths: Sequence[Sequence[str]], seconds: float, token: str = "") -> Asked:
    """Let clients ask for some time, and return what they were answered.

    Args:
        address: Of the service.
        name: What to call the question.
        paths: For each client what it asks for, in turn and over and over.
        seconds: For how long; what was asked until then is waited for, and counts.
        token: Sent by all of them.
    """
    parts, asked = urlsplit(address), Asked(name)
    lines = [f"Host: {parts.netloc}", *([f"Authorization: Bearer {token}"] if token else []), "", ""]
    rest = "\r\n".join(lines)
    requests = [[f"GET {path} HTTP/1.1\r\n{rest}".encode() for path in mine] for mine in paths]
    begin, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_all(parts.hostname or "", parts.port or 80, requests, begin + seconds, asked))
    asked.wall_s, asked.client_cpu_s = time.perf_counter() - begin, time.process_time() - cpu
    return asked


async def _all(host: str, port: int, requests: Sequence[Sequence[bytes]], until: float, asked: Asked) -> None:
    clients = [_keep_asking(host, port, cycle(mine), until, asked) for mine in requests]
    await asyncio.gather(*clients)


async def _keep_asking(host: str, port: int, requests: Iterator[bytes], until: float, asked: Asked) -> None:
    """Ask on one connection, and on another one where the service closes it."""
    loop = asyncio.get_running_loop()
    while time.perf_counter() < until:
        ended = loop.create_future()
        try:
            line, _ = await loop.create_connection(lambda ended=ended: _Line(requests, until, asked, ended), host, port)  # type: ignore[misc]
        except OSError:
            asked.statuses[0] += 1
            await asyncio.sleep(0.1)
            continue
        try:
            await asyncio.wait_for(ended, until - time.perf_counter() + PATIENCE_S)
        except TimeoutError:
            asked.statuses[0] += 1
        finally:
            line.abort()


class _Line(asyncio.Protocol):
    """A connection on which one request follows the other."""

    def __init__(self, requests: Iterator[bytes], until: float, asked: Asked, ended: asyncio.Future[None]) -> None:
        self._requests, self._until, self._asked, self._ended = requests, until, asked, ended
        self._line: asyncio.WriteTransport | None = None
        self._head = b""
        self._left = self._status = 0
        self._begin = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._line = transport
        self._send()

    def _send(self) -> None:
        assert self._line is not None
        self._head, self._status = b"", 0
        self._begin = time.perf_counter()
        self._line.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        """Read on, and send the next request when all of the answer is there."""
        self._asked.n_bytes += len(data)
        if self._status:
            self._left -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._status = int(self._head[9:12])
            length = _LENGTH.search(self._head, 0, end)
            if length is None and self._status not in _NO_BODY:
                self._end()  # it would end with the connection: none of ours does
                return
            self._left = (int(length[1]) if length and self._status not in _NO_BODY else 0) - (len(self._head) - end - 4)
        if self._left <= 0:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self._asked.statuses[self._status] += 1
        if self._status == 200:
            self._asked.seconds.append(now - self._begin)
        if now < self._until:
            self._send()
        else:
            self._begin = 0.0
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a request without an answer."""
        self._end()

    def _end(self) -> None:
        if not self._ended.done():
            if self._begin:
                self._asked.statuses[0] += 1
            self._ended.set_result(None)
