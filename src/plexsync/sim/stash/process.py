"""Runs one plugin process the way Stash does: JSON in, the whole standard output back, log lines beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from plexsync.sim.stash.manifest import Plugin

LONGEST_LINE = 64 * 1024
LAST_LINES_SECONDS = 0.2
LETTERS = {
    "t": "trace",
    "d": "debug",
    "i": "info",
    "w": "warning",
    "e": "error",
    "p": "progress",
}


class NotStarted(Exception):
    """The program could not be started at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a plugin answered."""

    output: Any
    error: str | None
    exit: int


class Reply(msgspec.Struct, frozen=True):
    """The object that a plugin prints; other keys are ignored."""

    error: str | None = None
    output: Any = None


def command(plugin: Plugin, extra: tuple[str, ...], python: str) -> list[str]:
    """The program and its arguments. `{pluginDir}` is replaced in the arguments only."""
    program, *arguments = plugin.manifest.exec
    folder = str(plugin.folder)
    found = _interpreter(python) if program in {"python", "python3"} else shutil.which(program)
    return [
        found or str(plugin.folder / program),
        *(each.replace("{pluginDir}", folder) for each in (*arguments, *extra)),
    ]


def go_json(value: Any) -> bytes:
    """JSON as Go writes it: compact, and with `<`, `>` and `&` escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode()


async def run(plugin: Plugin, arguments: list[str], stdin: bytes, log: Callable[[str, str], None]) -> Result:
    """Run to the end of standard output and of the process. Cancelled, it kills the process (not its children).

    `log` takes a level and a message. Raises `NotStarted`.
    """
    try:
        # asyncio's own processes are waited for together with their pipes, which Stash does not do.
        process = subprocess.Popen(  # noqa: ASYNC220, S603  # the user's plugin
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(plugin),
        )
    except OSError as error:
        raise NotStarted(f"error running plugin command: {error}") from error
    writing = asyncio.create_task(_feed(process, stdin))
    logging = asyncio.create_task(_log_lines(process, plugin.manifest.errLog, log))
    try:
        whole = await _read(process.stdout)
        code = await asyncio.to_thread(process.wait)
        await asyncio.wait({logging}, timeout=LAST_LINES_SECONDS)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for task in (writing, logging):
            task.cancel()
        await asyncio.gather(writing, logging, return_exceptions=True)
    return _result(whole, code)


def _result(whole: bytes, code: int) -> Result:
    try:
        reply = msgspec.json.decode(whole, type=Reply)
    except msgspec.DecodeError:
        reply = Reply(output=whole.decode("utf-8", "replace"))
    error = reply.error
    if code and not error:
        error = f"exit status {code}" if code > 0 else "signal: killed"
    return Result(output=reply.output, error=error or None, exit=code)


def _interpreter(python: str) -> str | None:
    if python and Path(python).exists():
        return python
    return shutil.which("python3") or shutil.which("python") or "python3"


def _environment(plugin: Plugin) -> dict[str, str]:
    environment = dict(os.environ)
    if plugin.manifest.exec[0] in {"python", "python3"}:
        parent = str(plugin.folder.resolve().parent)
        earlier = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{earlier}{os.pathsep}{parent}" if earlier else parent
    return environment


async def _read(pipe: Any) -> bytes:
    reader, transport = await _reader(pipe)
    try:
        return await reader.read()
    finally:
        transport.close()


async def _reader(pipe: Any) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    return reader, transport


async def _feed(process: subprocess.Popen[bytes], content: bytes) -> None:
    """Write standard input; a plugin may leave it unread."""
    pipe: Any = process.stdin
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        transport, protocol = await asyncio.get_running_loop().connect_write_pipe(
            asyncio.streams.FlowControlMixin, pipe
        )
        writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())
        try:
            writer.write(content)
            await writer.drain()
        finally:
            writer.close()


async def _log_lines(process: subprocess.Popen[bytes], plain: str, log: Callable[[str, str], None]) -> None:
    """Hand on lines until the end; one that is too long ends it and breaks the plugin's pipe."""
    reader, transport = await _reader(process.stderr)
    try:
        while line := await reader.readline():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if len(text) > 3 and text[0] == "\x01" and text[2] == "\x02" and text[1] in LETTERS:
                log(LETTERS[text[1]], text[3:])
            elif text and plain != "none":
                log(plain, text)
    except ValueError:
        log("error", "a log line was too long; the rest of the log is lost")
    finally:
        transport.close()
