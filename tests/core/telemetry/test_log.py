import json
import logging
import sys
from collections.abc import Iterator
from typing import Any, get_args
from uuid import UUID

import pytest
from django.conf import settings
from loguru import logger as loguru_logger

from backend.core.context import request_id
from backend.core.telemetry import log
from backend.core.telemetry.log import logger
from project.values import LogLevel
from tests.conftest import Lines

FORGERIES = {
    "a newline": 'x\n{"level":"INFO","message":"forged"}',
    "a carriage return": "x\r\nforged",
    "a vertical tab": "x\x0bforged",
    "a line separator": "x\u2028forged\u2029forged\x85forged",
    "an escape sequence": "x\x1b[2J\x1b[31mforged",
    "a NUL": "x\0forged",
    "quotes": 'x","message":"forged',
    "a right-to-left override": "x\u202eforged",
    "a lone surrogate": "x\ud800forged",
}


def fail(text: str) -> None:
    """Raise, with a secret in a variable of the frame."""
    password = "hunter2hunter2"
    raise RuntimeError(f"{text} {len(password)}")


class TestLine:
    def test_is_one_flat_json_object(self, log_lines: Lines) -> None:
        logger.bind(status=200, route="/", user_id=None).info("request")
        (line,) = log_lines()
        assert line["level"] == "INFO"
        assert line["message"] == "request"
        assert line["logger"] == __name__
        assert (line["status"], line["route"], line["user_id"]) == (200, "/", None)
        assert line["timestamp"].endswith("Z")
        assert isinstance(line["process"], int)

    def test_carries_the_id_of_its_request(self, log_lines: Lines) -> None:
        token = request_id.set("the-id")
        logger.info("inside")
        logging.getLogger("library").warning("inside too")
        request_id.reset(token)
        logger.info("outside")
        assert [line.get("request_id") for line in log_lines()] == ["the-id", "the-id", None]

    @pytest.mark.parametrize("text", FORGERIES.values(), ids=FORGERIES.keys())
    def test_cannot_be_forged_with(self, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        log.configure({"level": "INFO", "json": True, "secrets": []})
        capsys.readouterr()
        logger.bind(field=text).info("{}", text)
        logging.getLogger("library").warning("said %s", text)
        written = capsys.readouterr()
        log.configure(settings.LOGGING)
        assert written.err == ""
        assert written.out.count("\n") == 2
        assert "\x1b" not in written.out
        for line in written.out.split("\n")[:-1]:
            parsed = json.loads(line)
            assert parsed["level"] in {"INFO", "WARNING"}
            assert "forged" in parsed["message"]

    @pytest.mark.parametrize(
        "value",
        [
            2**64,
            -(2**70),
            float("nan"),
            float("inf"),
            b"\xff\x00",
            UUID(int=7),
            object(),
            {1: {2}, None: (3,)},
            {"a": {"b": ["c"]}},
            ValueError("why"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_takes_any_value(self, value: object, log_lines: Lines) -> None:
        logger.bind(value=value).info("a value")
        (line,) = log_lines()
        assert "value" in line

    def test_keeps_its_own_names(self, log_lines: Lines) -> None:
        forged = dict.fromkeys(("timestamp", "level", "logger", "message", "process"), "forged")
        logger.bind(**forged).warning("true")
        (line,) = log_lines()
        assert "forged" not in line.values()
        assert (line["level"], line["message"]) == ("WARNING", "true")

    def test_does_not_format_a_callers_braces(self, log_lines: Lines) -> None:
        text = "{0} {name!r:>10} {__class__} {{}} %s %(a)d"
        logger.info(text)
        logger.bind(field=text).info("{}", text)
        logging.getLogger("library").warning(text)
        logging.getLogger("library").warning("%s", text)
        assert [line["message"] for line in log_lines()] == [text] * 4

    def test_holds_no_secret(self, log_lines: Lines) -> None:
        logger.bind(password="hunter2hunter2", data={"refresh": "hunter2hunter2"}).info(
            'the body was {"password": "hunter2hunter2"} configured-secret'
        )
        logging.getLogger("library").warning("token=%s", "hunter2hunter2")
        lines = log_lines()
        assert len(lines) == 2
        assert "hunter2" not in str(lines)
        assert "configured-secret" not in str(lines)

    def test_says_nothing_below_its_level(self, capsys: pytest.CaptureFixture[str]) -> None:
        log.configure({"level": "ERROR", "json": True, "secrets": []})
        logger.warning("quiet")
        logging.getLogger("library").warning("quiet")
        logger.error("loud")
        log.configure(settings.LOGGING)
        written = capsys.readouterr().out
        assert "quiet" not in written
        assert "loud" in written


class TestException:
    def test_is_told_in_the_same_line(self, log_lines: Lines) -> None:
        try:
            fail("why")
        except RuntimeError:
            logger.exception("it failed")
        (line,) = log_lines()
        assert line["message"] == "it failed"
        assert line["exception"].startswith("Traceback")
        assert "RuntimeError: why 14" in line["exception"]

    def test_shows_no_variables(self, log_lines: Lines) -> None:
        try:
            fail("why")
        except RuntimeError as error:
            logger.opt(exception=error).error("it failed")
        (line,) = log_lines()
        assert 'password = "hunter2hunter2"' not in line["exception"]
        assert "hunter2" not in line["exception"]

    def test_is_redacted(self, log_lines: Lines) -> None:
        try:
            fail('{"password": "hunter2hunter2"} configured-secret redis://:hunter2@localhost')
        except RuntimeError:
            logging.getLogger("library").exception("it failed")
        (line,) = log_lines()
        assert line["exception"].splitlines()[-1].count("[redacted]") == 3
        assert "hunter2" not in line["exception"]

    @pytest.mark.parametrize("text", FORGERIES.values(), ids=FORGERIES.keys())
    def test_cannot_forge_a_line_with(self, text: str, log_lines: Lines) -> None:
        try:
            fail(text)
        except RuntimeError:
            logger.exception("it failed")
        (line,) = log_lines()
        assert line["message"] == "it failed"


class TestStandardLogging:
    def test_arrives_under_its_own_name_and_level(self, log_lines: Lines) -> None:
        logging.getLogger("some.library").warning("said %s", "it")
        logging.getLogger("some.library").log(15, "softly")
        first, second = log_lines()
        assert (first["logger"], first["level"]) == ("some.library", "WARNING")
        assert first["message"] == "said it"
        assert second["message"] == "softly"

    def test_of_django_is_quiet_about_what_has_an_access_line(self, log_lines: Lines) -> None:
        logging.getLogger("django.request").warning("Not Found: /x")
        logging.getLogger("django.security.DisallowedHost").error("Invalid HTTP_HOST: evil")
        assert log_lines() == []

    def test_survives_a_call_that_cannot_be_formatted(self, log_lines: Lines) -> None:
        # By itself, since pytest listens to the same loggers and fails on such a call.
        said = {"name": "some.library", "msg": "%d of %s", "args": ("one",), "levelname": "ERROR"}
        log._Intercept().emit(logging.makeLogRecord(said))
        (line,) = log_lines()
        assert "%d of %s" in line["message"]

    def test_is_configured_once(self) -> None:
        log.configure(settings.LOGGING)
        log.configure(settings.LOGGING)
        ours = [h for h in logging.getLogger().handlers if isinstance(h, log._Intercept)]
        assert len(ours) == 1
        sinks: dict[int, Any] = loguru_logger._core.handlers  # type: ignore[attr-defined]  # its only door
        assert len(sinks) == 1


class TestTextLine:
    """What a developer reads."""

    @pytest.fixture(autouse=True)
    def _in_text(self, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
        log.configure({"level": "DEBUG", "json": False, "secrets": ["configured-secret"]})
        capsys.readouterr()
        yield
        log.configure(settings.LOGGING)

    def test_tells_message_and_fields(self, capsys: pytest.CaptureFixture[str]) -> None:
        logger.bind(status=200, user_id=None, route="").info("request")
        written = capsys.readouterr().out
        assert "INFO" in written
        assert "request" in written
        assert "status=\x1b[0m200" in written
        assert "user_id" not in written
        assert "route" not in written

    @pytest.mark.parametrize("text", FORGERIES.values(), ids=FORGERIES.keys())
    def test_cannot_be_forged_with(self, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        logger.bind(field=text).info("{}", text)
        written = capsys.readouterr()
        assert written.err == ""
        assert len(written.out.splitlines()) == 1
        assert "\x1b[2J" not in written.out
        assert "\x1b[31m" not in written.out

    @pytest.mark.parametrize("text", FORGERIES.values(), ids=FORGERIES.keys())
    def test_cannot_be_forged_by_an_exception_with(
        self, text: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        try:
            fail(text)
        except RuntimeError:
            logger.exception("it failed")
        written = capsys.readouterr()
        assert written.err == ""
        first, *traceback = written.out.splitlines()
        assert "it failed" in first
        assert all(line.startswith(" ") for line in traceback)
        assert not {"\x1b", "\0", "\u202e"} & set("".join(traceback))

    def test_holds_no_secret(self, capsys: pytest.CaptureFixture[str]) -> None:
        logger.bind(password="hunter2").info("configured-secret token=hunter2")
        try:
            fail("token=hunter2")
        except RuntimeError:
            logger.exception("it failed")
        written = capsys.readouterr().out
        assert "hunter2" not in written
        assert "configured-secret" not in written


class TestConfigure:
    @pytest.mark.parametrize("level", get_args(LogLevel.__value__.__origin__))
    def test_takes_every_level_of_the_environment(
        self, level: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        try:
            log.configure({"level": level, "json": True, "secrets": []})
            logger.log(level, "heard")
        finally:
            log.configure(settings.LOGGING)
        assert json.loads(capsys.readouterr().out)["level"] == level


class TestSink:
    def test_follows_standard_output(
        self, log_lines: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Writer:
            def __init__(self) -> None:
                self.written: list[str] = []

            def write(self, text: str) -> None:
                self.written.append(text)

            def flush(self) -> None:
                self.written.append("<flush>")

        writer = Writer()
        monkeypatch.setattr(sys, "stdout", writer)
        logger.info("one")
        (line, flush) = writer.written
        assert line.endswith("\n")
        assert json.loads(line)["message"] == "one"
        assert flush == "<flush>"
