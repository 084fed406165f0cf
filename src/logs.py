"""What the service and its workers write to standard error: a line an event, of a request or a job, without secrets.

A line is text for people or one JSON object for programs. Whoever chose a word in it, a client's file name say, cannot end
the line with it, start another or colour a terminal: control characters are written as escapes.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

REQUEST_ID: ContextVar[str] = ContextVar("facerec_request_id", default="")
JOB_ID: ContextVar[str] = ContextVar("facerec_job_id", default="")
USER: ContextVar[str] = ContextVar("facerec_user", default="")
"""The name of whose token a request carries; never the token."""

Format = Literal["text", "json"]

_OURS = __name__.split(".")[0]
_HIDDEN = "***"
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=://)([^\s/@:]*):[^\s/@]*@"), rf"\1:{_HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {_HIDDEN}"),
    (
        re.compile(r"(?i)([\w-]*(?:token|password|passwd|secret|signature|api_?key)['\"]?\s*[=:]\s*['\"]?)[^\s&'\",;}]+"),
        rf"\1{_HIDDEN}",
    ),
)


@contextmanager
def of_job(job_id: str) -> Iterator[None]:
    """Write the id of a job into every line of this thread until the end of the block."""
    before = JOB_ID.set(job_id)
    try:
        yield
    finally:
        JOB_ID.reset(before)


def redacted(text: str) -> str:
    """Return a text without what looks like a secret: passwords in addresses, bearer tokens, values of `token=` …"""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def one_line(text: str) -> str:
    """Return a text with an escape for every character that ends lines, moves a cursor or turns the direction of writing."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def configure(level: str = "info", form: Format = "text", stream: TextIO | None = None) -> None:
    """Write the log of this process in one form; handlers of other kinds, such as those of tests, stay.

    Args:
        level: Of our own lines. Those of libraries are left out below `info`, whatever it is.
        form: `text` or `json`.
        stream: Where to; standard error where None.
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if type(handler) is logging.StreamHandler]:
        root.removeHandler(handler)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root.addHandler(handler)
    ours = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(ours, logging.INFO))
    logging.getLogger(_OURS).setLevel(ours)


class JsonLines(logging.Formatter):
    """One object a line: `time`, `level`, `logger`, `message`, the ids that there are, fields of the event, `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one event in ASCII, so that no reader of lines sees an end where there is none."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        line |= _ids() | {name: _plain(value) for name, value in _fields(record).items()}
        if trace := _trace(self, record):
            line["error"] = trace
        return json.dumps(line, default=str)


class TextLines(logging.Formatter):
    """Time, level, logger and message; then the ids. The lines of a traceback follow, set in."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one event."""
        ids = "".join(f" {name}={one_line(value)}" for name, value in _ids().items())
        head = f"{_time(record)} {record.levelname:<7} {record.name}: {one_line(redacted(record.getMessage()))}{ids}"
        trace = _trace(self, record)
        return head + "".join(f"\n    | {one_line(line)}" for line in trace.split("\n")) if trace else head


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ids() -> dict[str, str]:
    found = {"request_id": REQUEST_ID.get(), "job_id": JOB_ID.get(), "user": USER.get()}
    return {name: value for name, value in found.items() if value}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was logged with `extra={"fields": {...}}`."""
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, dict) else {}


def _plain(value: Any) -> Any:
    return redacted(value) if isinstance(value, str) else value


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return redacted(formatter.formatException(record.exc_info)) if record.exc_info and record.exc_info[0] else ""
