"""Logging: one loguru set-up for every process, one line per event.

Production writes one flat JSON object per line, development a readable one. Whatever a library says
through ``logging`` arrives here too. A line carries the id of the request it belongs to.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import orjson
from loguru import logger

from backend.core.context import request_id
from backend.core.telemetry.redaction import MASK, Redactor

if TYPE_CHECKING:
    from loguru import Message, Record

__all__ = ["also_errors", "configure", "logger"]

# What our own lines say better, or what says too much too often.
_QUIET = {
    "django.request": logging.ERROR,  # 4xx have their access line
    "django.security": logging.CRITICAL,  # refused hosts have theirs, and the text is the caller's
    "django.server": logging.ERROR,
    "django.template": logging.INFO,
    "django.db.backends.schema": logging.INFO,
    "django.utils.autoreload": logging.WARNING,
    "asyncio": logging.WARNING,
    "backend.tasks": logging.INFO,  # Dramatiq speaks in the names of its actors, too
    "dramatiq": logging.CRITICAL
    + 1,  # workers and relay have lines of their own; outages tell once
    "psycopg": logging.WARNING,
    "psycopg.pool": logging.ERROR,  # the breaker tells of outages, once
}
_LITERAL = re.compile(r"'(?:[^']|'')*(?:'|$)")
_of_errors: list[Callable[["Message"], None]] = []
_COLOURS = {"DEBUG": 36, "INFO": 32, "WARNING": 33, "ERROR": 31, "CRITICAL": 35}


def configure(config: dict[str, Any]) -> None:
    """Set logging up; Django calls this with ``settings.LOGGING``.

    Args:
        config: ``level`` (a level's name), ``json`` (one object per line, or text for people) and
            ``secrets`` (strings to mask wherever they occur).
    """
    render = json_line if config["json"] else text_line
    redactor = Redactor(config["secrets"])
    logger.remove()
    logger.add(
        _sink(render, redactor),
        level=config["level"],
        format=lambda _: "",  # the sink renders the record itself
        backtrace=False,
        diagnose=False,  # it would print the variables of every frame
        catch=True,
    )
    for sink in _of_errors:  # gunicorn's workers set up once more what they have of their master
        _add_for_errors(sink)
    logger.configure(patcher=_add_request_id)
    level = "DEBUG" if config["level"] == "TRACE" else config["level"]  # a level of loguru's alone
    _drop_djangos_handlers()
    logging.basicConfig(handlers=[_Intercept()], level=level, force=True)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def also_errors(sink: Callable[["Message"], None]) -> None:
    """Hand every error to somebody else as well, as it was before it was redacted."""
    _of_errors.append(sink)
    _add_for_errors(sink)


def _add_for_errors(sink: Callable[["Message"], None]) -> None:
    logger.add(sink, level="ERROR", format=lambda _: "", catch=True)


def _drop_djangos_handlers() -> None:
    """Django installs handlers and levels of its own before it calls us."""
    for name in ("django", "django.server"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.NOTSET)


def _sink(
    render: Callable[["Record", Redactor], str], redactor: Redactor
) -> Callable[["Message"], None]:
    def write(message: "Message") -> None:
        # One write per line, so that the lines of several processes do not mix. sys.stdout is
        # looked up each time because test runners replace it.
        sys.stdout.write(render(message.record, redactor) + "\n")
        sys.stdout.flush()

    return write


def json_line(record: "Record", redactor: Redactor) -> str:
    """One flat JSON object. Field names that the line itself uses are never overwritten."""
    line: dict[str, object] = {
        name: redactor.value(name, value) for name, value in record["extra"].items()
    }
    line |= {
        "timestamp": _in_utc(record["time"]),
        "level": record["level"].name,
        "logger": record["name"],
        "message": redactor.text(record["message"]),
        "process": record["process"].id,
    }
    if record["exception"] is not None:
        line["exception"] = redactor.text(_traceback(record))
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:  # a lone surrogate, an integer over 64 bits: slower, and takes anything
        return json.dumps(line, default=str)


def _in_utc(moment: datetime) -> str:
    utc = datetime.fromtimestamp(moment.timestamp(), UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}Z"


def text_line(record: "Record", redactor: Redactor) -> str:
    """A line for people: time, level, message, fields; control characters made visible."""
    fields = " ".join(
        f"\x1b[2m{name}=\x1b[0m{_visible(str(redactor.value(name, value)))}"
        for name, value in record["extra"].items()
        if value not in ("", None)
    )
    level = record["level"].name
    line = (
        f"\x1b[2m{record['time']:HH:mm:ss.SSS}\x1b[0m "
        f"\x1b[{_COLOURS.get(level, 0)}m{level:<8}\x1b[0m "
        f"{_visible(redactor.text(record['message']))} {fields}"
    ).rstrip()
    if record["exception"] is not None:
        lines = redactor.text(_traceback(record)).splitlines()
        line += "".join(f"\n    {_visible(part)}" for part in lines)
    return line


def _visible(text: str) -> str:
    """Escape what could forge a line or steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _traceback(record: "Record") -> str:
    exception = record["exception"]
    assert exception is not None  # noqa: S101  (for the type checker; the callers have looked)
    return "".join(traceback.format_exception(exception.type, exception.value, exception.traceback))


def _add_request_id(record: "Record") -> None:
    if current := request_id.get():
        record["extra"].setdefault("request_id", current)


class _Intercept(logging.Handler):
    """Hands the lines of the standard library's ``logging`` to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on, under its own logger's name and with its exception."""
        if record.name == "django.db.backends" and not request_id.get():
            return  # the SQL of requests is worth reading, that of commands buries their words

        def rename(line: "Record") -> None:
            line["name"] = record.name

        # The message is passed as it is, without arguments: loguru would format them again.
        target = logger.opt(exception=cast("Any", record.exc_info)).patch(rename)
        target.log(_level(record), _message(record))


def _level(record: logging.LogRecord) -> str | int:
    try:
        return logger.level(record.levelname).name
    except ValueError:
        return record.levelno


def _message(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except (TypeError, ValueError):  # a library's mistake must not cost us its line
        return f"{record.msg} {record.args!r}"
    return _without_cookies(message) if record.name == "django.db.backends" else message


def _without_cookies(statement: str) -> str:
    """A cookie is a value in this table, with no name beside it by which to redact it."""
    if "django_session" not in statement:
        return statement
    return _LITERAL.sub(f"'{MASK}'", statement.partition("; args=")[0])
