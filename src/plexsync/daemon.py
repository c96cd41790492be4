"""The daemon as a process: lock, logs, store, service and HTTP, from the first line to the last."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import uvicorn

from plexsync import __version__
from plexsync.app import Graph, Sources, build, merged, open_store
from plexsync.config import Config
from plexsync.log import Files, Logging, Obfuscator, Redactor, configure, logger
from plexsync.model.errors import ConfigurationError
from plexsync.store.lock import FolderLock
from plexsync.sync.clock import Clock, SystemClock
from plexsync.web.api import create_app

_log = logger("plexsync.daemon")

#: Seconds in which a daemon that was told to stop has stopped.
STOP_SECONDS = 5.0
_GRACE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a process hands to everything it starts."""

    sources: Sources
    clock: Clock
    chance: random.Random

    @classmethod
    def of(cls, sources: Sources) -> Process:
        """With the machine's clock and its own chance."""
        return cls(sources=sources, clock=SystemClock(), chance=random.Random())  # noqa: S311 -- waits, no secrets


def logging_for(config: Config, redactor: Redactor, *, to_files: bool) -> Logging:
    """Logs as the settings ask for; on the error stream, and for a daemon in the data folder too."""
    return configure(
        redactor=redactor,
        level=config.log_level.value,
        stream=sys.stderr,
        files=Files(folder=config.log_folder) if to_files else None,
        obfuscator=Obfuscator(secrets.token_bytes(16)) if config.log_obfuscate else None,
    )


@contextlib.asynccontextmanager
async def opened(
    process: Process, redactor: Redactor, facts: dict[str, Any]
) -> AsyncIterator[tuple[Graph, FolderLock]]:
    """The graph of a data folder that nobody else works on, closed again at the end."""
    config = process.sources.load()
    config.data_dir.mkdir(parents=True, exist_ok=True)
    with FolderLock(config.data_dir) as lock:
        lock.acquire(facts | {"pid": os.getpid()})
        database = open_store(config)
        try:
            config = await merged(process.sources, config, database, redactor)
            graph = build(config, database, clock=process.clock, chance=process.chance, redactor=redactor)
        except BaseException:
            database.close()
            raise
        try:
            yield graph, lock
        finally:
            await graph.close()


async def run_daemon(process: Process, ready: Callable[[str], None]) -> None:
    """Serve and sync until SIGTERM, SIGINT or the stop request; `ready` is told the address."""
    redactor = Redactor()
    config = process.sources.load()
    with logging_for(config, redactor, to_files=True):
        facts = {"version": __version__, "started_at": process.clock.now()}
        async with opened(process, redactor, facts) as (graph, lock):
            await _serve(graph, lock, process, ready)


async def _serve(graph: Graph, lock: FolderLock, process: Process, ready: Callable[[str], None]) -> None:
    stopping = asyncio.Event()
    listener = _listener(graph.config)
    url = _address(graph.config, listener)
    app = create_app(
        graph.service,
        api_key=graph.identity.api_key,
        events_token=graph.identity.events_token,
        allowed_hosts=graph.config.allowed_hosts,
        stop=stopping.set,
    )
    web_settings = uvicorn.Config(
        app, log_config=None, log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(web_settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    web = asyncio.create_task(_serve_http(server, listener))
    work = asyncio.create_task(graph.service.run())
    await graph.service.started.wait()
    lock.tell({"pid": os.getpid(), "url": url, "version": __version__, "started_at": process.clock.now()})
    _log.info("plexsync works", version=__version__, url=url, data_dir=str(graph.config.data_dir))
    ready(url)
    await _until(stopping, web, work)
    _log.info("stopping")
    await graph.service.wind_down(_GRACE)
    server.should_exit = True
    work.cancel()
    await asyncio.wait({work, web}, timeout=STOP_SECONDS - _GRACE)
    _raise_fault(work)
    _log.info("stopped")


async def _serve_http(server: uvicorn.Server, listener: socket.socket) -> None:
    # Its own signal handlers would take ours away.
    with contextlib.ExitStack() as stack:
        server.capture_signals = lambda: stack  # type: ignore[method-assign, assignment, return-value]
        await server.serve(sockets=[listener])


async def _until(stopping: asyncio.Event, *tasks: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _raise_fault(task: asyncio.Task[None]) -> None:
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        raise error


def _listener(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            [f"{config.host}:{config.port} cannot be listened on ({error.strerror}): choose another host or port"]
        ) from error
    listener.listen(256)
    return listener


def _address(config: Config, listener: socket.socket) -> str:
    """Where this machine's own commands reach the daemon."""
    host = config.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- compared, not bound
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"
