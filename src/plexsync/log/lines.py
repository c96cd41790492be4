"""From a log record to one line of text without secrets."""

from __future__ import annotations

import datetime
import json
import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from plexsync.log.obfuscation import Obfuscator
    from plexsync.log.redactor import Redactor

#: A longer text in a line is cut, so that one answer of a server cannot fill a file.
LONGEST = 16_000


class Lines(structlog.stdlib.ProcessorFormatter):
    """Renders records of structlog and of the standard library alike."""

    def __init__(self, redactor: Redactor, obfuscator: Obfuscator | None, *, console: bool) -> None:
        self._redactor = redactor
        self._obfuscator = obfuscator
        render = _console() if console else _as_json
        super().__init__(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
            processors=[_facts, structlog.processors.StackInfoRenderer(), _traceback, self._clean, render],
        )

    def format(self, record: logging.LogRecord) -> str:
        """One line; a second look at the whole of it finds what only the rendering brought together."""
        return self._redactor.redact(super().format(record))

    def _clean(self, _logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        plain = dict(event)
        hidden = self._obfuscator(plain) if self._obfuscator else plain
        return {key: _cut(self._redactor.value(key, value)) for key, value in hidden.items()}


def _facts(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog", None)
    at = datetime.datetime.fromtimestamp(record.created, tz=datetime.UTC)
    head = {
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": event.pop("event", ""),
    }
    return {**head, **{key: value for key, value in event.items() if key not in head}}


def _traceback(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The traceback as text: source lines and messages, never the values of local variables."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = "".join(traceback.format_exception(error)).rstrip()
    return event


def _as_json(_logger: Any, _method: str, event: structlog.typing.EventDict) -> str:
    return json.dumps(dict(event), default=str, ensure_ascii=False)


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}… ({len(value) - LONGEST} more characters)"
    return value
