"""Log lines: one an event, with the ids of request and job, without secrets and without a way to forge one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from src import logs

EVIL = (
    "name\n2026-01-01T00:00:00.000Z INFO    src.api: user admin logged in",
    "name\r\nINFO forged",
    "a\x1b[31mred\x1b[0m",
    "a\x00b\x07",
    "right\u202eto left",
    "line\u2028separator\x85next",
)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """What is logged, and the handlers of before at the end."""
    # A request of another test, whose answer nobody read to its end, has left its id in this thread.
    logs.REQUEST_ID.set("")
    logs.USER.set("")
    root, ours = logging.getLogger(), logging.getLogger("src")
    before = (root.handlers[:], root.level, ours.level)
    yield io.StringIO()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    caplog.get_records("call").clear()  # errors are logged on purpose here


def log() -> logging.Logger:
    return logging.getLogger("src.test")


class TestInjection:
    @pytest.mark.parametrize("evil", EVIL)
    def test_text_stays_one_printable_line(self, lines: io.StringIO, evil: str) -> None:
        logs.configure("info", "text", lines)
        log().info("crawled %s", evil)
        written = lines.getvalue()
        assert written.count("\n") == 1
        assert written.rstrip("\n").isprintable()

    @pytest.mark.parametrize("evil", EVIL)
    def test_json_stays_one_line_and_says_the_same(self, lines: io.StringIO, evil: str) -> None:
        logs.configure("info", "json", lines)
        log().info("crawled %s", evil, extra={"fields": {"path": evil}})
        written = lines.getvalue()
        assert written.endswith("}\n")
        assert written[:-1].isascii()
        assert written[:-1].isprintable()
        assert json.loads(written)["message"] == f"crawled {evil}"
        assert json.loads(written)["path"] == evil

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_error_of_evil_text_forges_no_line(self, lines: io.StringIO, form: logs.Format) -> None:
        logs.configure("info", form, lines)
        try:
            raise ValueError(EVIL[0])
        except ValueError:
            log().exception("failed")
        first, *others = lines.getvalue().splitlines()
        assert "failed" in first
        assert all(line.startswith("    | ") for line in others)
        assert (form == "json") is (others == [])

    def test_id_of_evil_text_forges_no_line(self, lines: io.StringIO) -> None:
        logs.configure("info", "text", lines)
        with logs.of_job(EVIL[0]):
            log().info("x")
        assert lines.getvalue().count("\n") == 1


class TestSecrets:
    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            ("mongodb://user:s3cret@host/db failed", "s3cret"),
            ("Authorization: Bearer s3cret.abc-1", "s3cret"),
            ("GET /x?token=s3cret&a=1", "s3cret"),
            ("{'password': 's3cret'}", "s3cret"),
            ('{"client_secret": "s3cret", "a": 1}', "s3cret"),
            ("apikey=s3cret", "s3cret"),
            ("X-Signature: s3cret", "s3cret"),
        ],
    )
    def test_are_not_written(self, lines: io.StringIO, text: str, secret: str) -> None:
        for form in ("text", "json"):
            logs.configure("info", form, lines)  # type: ignore[arg-type]
            log().info("%s", text, extra={"fields": {"what": text}})
            try:
                raise ValueError(text)
            except ValueError:
                log().exception("failed")
        assert secret not in lines.getvalue()
        assert "***" in lines.getvalue()

    @pytest.mark.parametrize(
        "text", ["https://example.org/a:b@c", "Winston Churchill: 20 pictures", "http://h:8080/x", "3 tokens were made"]
    )
    def test_other_text_stays(self, text: str) -> None:
        assert logs.redacted(text) == text


class TestIds:
    def test_are_in_every_line_of_the_block(self, lines: io.StringIO) -> None:
        logs.configure("info", "json", lines)
        with logs.of_job("job-1"):
            log().info("a")
            with logs.of_job("job-2"):
                log().info("b")
            log().info("c")
        log().info("d")
        found = [json.loads(line).get("job_id") for line in lines.getvalue().splitlines()]
        assert found == ["job-1", "job-2", "job-1", None]

    def test_text_has_them_at_its_end(self, lines: io.StringIO) -> None:
        logs.configure("info", "text", lines)
        with logs.of_job("job-1"):
            log().warning("a")
        assert lines.getvalue().endswith("WARNING src.test: a job_id=job-1\n")


class TestLevels:
    @pytest.mark.parametrize(
        ("level", "ours", "others"),
        [("debug", "DIWE", "IWE"), ("info", "IWE", "IWE"), ("warning", "WE", "WE"), ("error", "E", "E")],
    )
    def test_libraries_say_nothing_below_info(self, lines: io.StringIO, level: str, ours: str, others: str) -> None:
        logs.configure(level, "json", lines)
        for name in ("src.test", "library"):
            for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                logging.getLogger(name).log(number, name)
        found = [json.loads(line) for line in lines.getvalue().splitlines()]
        letters = {
            name: "".join(one["level"][0].upper() for one in found if one["logger"] == name) for name in ("src.test", "library")
        }
        assert letters == {"src.test": ours, "library": others}

    def test_configured_twice_writes_once(self, lines: io.StringIO) -> None:
        logs.configure("info", "json", lines)
        logs.configure("info", "json", lines)
        log().info("x")
        assert lines.getvalue().count("\n") == 1
