"""Log lines to standard error: JSON for machines, plain for a terminal.

A line says what happened, never with what: no body, no token, no query string, and of an error that was not foreseen
its name and the places it went through, but not its words, which may repeat a value.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter

from akis.errors import AkisError

NAME = "akis.authority"
_PLACES = 30
_FILTERS = ["WithoutAddresses", "WithoutChatter"]


@cache
def logger() -> BoundLogger:
    """Where the authority logs; each line has what was bound to its request (``structlog.contextvars``)."""
    made = structlog.wrap_logger(
        logging.getLogger(NAME),
        processors=[structlog.stdlib.filter_by_level, *_common(), ProcessorFormatter.wrap_for_formatter],
        wrapper_class=BoundLogger,
    )
    return cast(BoundLogger, made)


def stay_quiet() -> None:
    """Let lines go nowhere as long as nobody asks for them, instead of to standard error."""
    for name in (NAME, "uvicorn"):
        log = logging.getLogger(name)
        if not log.handlers:
            log.addHandler(logging.NullHandler())


def config(form: str) -> dict[str, Any]:
    """What ``logging.config.dictConfig`` takes, for lines of us and of uvicorn alike: ``form`` is json or plain."""
    taken = {"handlers": ["lines"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": f"{__name__}.formatter", "form": form}},
        "filters": {name: {"()": f"{__name__}.{name}"} for name in _FILTERS},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "filters": _FILTERS}},
        "loggers": {NAME: taken, "uvicorn": taken},
    }


def formatter(form: str) -> logging.Formatter:
    """Makes one line of a record, ours or uvicorn's."""
    last: Any = structlog.dev.ConsoleRenderer(colors=False) if form == "plain" else structlog.processors.JSONRenderer()
    return ProcessorFormatter(
        processors=[ProcessorFormatter.remove_processors_meta, _without_words, last],
        foreign_pre_chain=_common(),
    )


class WithoutAddresses(logging.Filter):
    """Leaves out the lines of uvicorn that repeat the address and query string of a WebSocket; ours says the same."""

    def filter(self, record: logging.LogRecord) -> bool:
        return '"WebSocket %s"' not in str(record.msg)


class WithoutChatter(logging.Filter):
    """Leaves out what uvicorn says of starting and stopping, step by step, except that a worker died."""

    def filter(self, record: logging.LogRecord) -> bool:
        of_uvicorn = record.name.partition(".")[0] == "uvicorn"
        return not of_uvicorn or record.levelno > logging.INFO or str(record.msg).endswith(" died")


def _common() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]


def _without_words(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its name, and what of it may be read: of ours the sentence, of others the places."""
    found = line.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        line["error"] = type(error).__name__
        if isinstance(error, AkisError):
            line["why"] = str(error)
        else:
            line["places"] = [
                f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)[-_PLACES:]
            ]
    line.pop("stack_info", None)
    return line
