"""Where log lines go, set up for as long as a handle is open."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from typing import IO, TYPE_CHECKING, Self, TextIO

import structlog

from plexsync.log.lines import Lines

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from plexsync.log.obfuscation import Obfuscator
    from plexsync.log.redactor import Redactor

FILE_NAME = "plexsync.log"
#: Loggers of libraries that would tell of every request; they tell of warnings only.
CHATTY = ("httpx2", "httpcore2", "httpx", "httpcore", "websockets", "asyncio", "PIL", "uvicorn.access", "alembic")
#: Loggers that bring handlers of their own, past the redactor.
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Log files in one folder: `count` of them at most, each of at most `size` bytes; the oldest goes."""

    folder: Path
    size: int = 10_000_000
    count: int = 5


class _Quiet(logging.Handler):
    """A line that cannot be written is told of without its content."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        kind, stream = sys.exc_info()[0], sys.stderr
        if stream is not None and kind is not None:
            try:
                stream.write(f"plexsync: a log line of {record.name} could not be written ({kind.__name__})\n")
            except (OSError, ValueError):
                return


class _Stream(_Quiet, logging.StreamHandler[TextIO]):
    pass


class _File(_Quiet, RotatingFileHandler):
    """Readable by its owner only: lines hold titles and paths."""

    def _open(self) -> IO[str]:  # type: ignore[override]  # typeshed asks for TextIOWrapper
        return open(  # only this form takes an opener
            self.baseFilename, self.mode, encoding="utf-8", errors="backslashreplace", opener=_for_owner
        )


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Logging:
    """What `configure` set up; `close` puts everything back as it was."""

    def __init__(self, handlers: list[logging.Handler], level: int, quiet: tuple[str, ...]) -> None:
        root = logging.getLogger()
        self._ours = handlers
        self._root = (root.level, list(root.handlers))
        self._levels = {name: logging.getLogger(name).level for name in quiet}
        self._uvicorn = {name: _state(logging.getLogger(name)) for name in _UVICORN}
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in quiet:
            logging.getLogger(name).setLevel(max(level, logging.WARNING))
        for name in _UVICORN:
            _set(logging.getLogger(name), [], propagate=True)
        logging.captureWarnings(capture=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Flush, close the files and restore the former loggers. A second call does nothing."""
        if not self._ours:
            return
        logging.captureWarnings(capture=False)
        root = logging.getLogger()
        root.setLevel(self._root[0])
        root.handlers[:] = self._root[1]
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        for name, (handlers, propagate) in self._uvicorn.items():
            _set(logging.getLogger(name), handlers, propagate=propagate)
        for handler in self._ours:
            handler.close()
        self._ours = []


def configure(
    *,
    redactor: Redactor,
    level: str = "info",
    stream: TextIO | None = None,
    console: bool | None = None,
    files: Files | None = None,
    obfuscator: Obfuscator | None = None,
    quiet: tuple[str, ...] = CHATTY,
) -> Logging:
    """Send every log line through `redactor`, to `stream` and to `files`.

    Files hold JSON lines; the stream too, unless it is a terminal (or `console` says otherwise). Loggers named in
    `quiet` tell of warnings only. Raises OSError when the folder cannot be made or written.
    """
    handlers: list[logging.Handler] = []
    if stream is not None:
        pretty = stream.isatty() if console is None else console
        handlers.append(_with(_Stream(stream), Lines(redactor, obfuscator, console=pretty)))
    if files is not None:
        files.folder.mkdir(parents=True, exist_ok=True)
        rotating = _File(files.folder / FILE_NAME, maxBytes=files.size, backupCount=files.count - 1)
        handlers.append(_with(rotating, Lines(redactor, obfuscator, console=False)))
    return Logging(handlers or [logging.NullHandler()], logging.getLevelNamesMapping()[level.upper()], quiet)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes facts as keywords: `log.info("scene written", scene=5)`."""
    bound: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return bound


def _with(handler: logging.Handler, lines: Lines) -> logging.Handler:
    handler.setFormatter(lines)
    return handler


def _state(one: logging.Logger) -> tuple[list[logging.Handler], bool]:
    return list(one.handlers), one.propagate


def _set(one: logging.Logger, handlers: list[logging.Handler], *, propagate: bool) -> None:
    one.handlers[:] = handlers
    one.propagate = propagate
