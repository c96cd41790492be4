"""The daemon as a process: lock, logs, store, service and HTTP, from the first line to the last."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from plexsync import __version__
from plexsync.app.damage import Damage
from plexsync.app.folder import home_of, open_store, require_folder
from plexsync.app.graph import Graph, build
from plexsync.app.sources import Sources, merged
from plexsync.config import Config
from plexsync.log import Files, Logging, Obfuscator, Redactor, configure, logger
from plexsync.model.errors import ConfigurationError, StoreDamagedError, StoreError
from plexsync.provider.routes import provider_routes
from plexsync.store.lock import FolderLock
from plexsync.store.opening import doubt
from plexsync.sync.clock import Clock, SystemClock
from plexsync.sync.reign import Terms
from plexsync.web.api import create_app
from plexsync.web.serving import QuietServer

_log = logger("plexsync.daemon")

T = TypeVar("T")
#: Seconds in which a daemon that was told to stop has stopped.
STOP_SECONDS = 5.0
_GRACE = 3.0
#: How often the store may prove to be damaged within an hour.
_MOST_LATELY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a process hands to everything it starts."""

    sources: Sources
    clock: Clock
    chance: random.Random
    terms: Terms = field(default_factory=Terms)

    @classmethod
    def of(cls, sources: Sources) -> Process:
        """With the machine's clock and its own chance."""
        return cls(sources=sources, clock=SystemClock(), chance=random.Random())  # noqa: S311 -- waits, no secrets


def logging_for(config: Config, redactor: Redactor, *, to_files: bool) -> Logging:
    """Logs as the settings ask for; on the error stream, and for a daemon in the data folder too. StoreError."""
    if to_files:
        require_folder(config.data_dir)
    try:
        return configure(
            redactor=redactor,
            level=config.log_level.value,
            stream=sys.stderr,
            files=Files(folder=config.log_folder) if to_files else None,
            obfuscator=Obfuscator(secrets.token_bytes(16)) if config.log_obfuscate else None,
        )
    except OSError as error:
        raise StoreError(
            f"Logs cannot be written in {config.log_folder} ({error.strerror}): give PlexSync's user the right to"
        ) from error


@contextlib.asynccontextmanager
async def opened(
    process: Process, redactor: Redactor, facts: dict[str, Any]
) -> AsyncIterator[tuple[Graph, FolderLock]]:
    """The graph of a data folder that nobody else works on, closed again at the end."""
    with held(process, facts) as lock:
        async with _graph(process, redactor, Damage(), asyncio.Event()) as graph:
            yield graph, lock


@contextlib.contextmanager
def held(process: Process, facts: dict[str, Any]) -> Iterator[FolderLock]:
    """The data folder, held by this process alone. StoreError names the one that holds it already."""
    config = process.sources.load()
    require_folder(config.data_dir)
    with FolderLock(config.data_dir) as lock:
        lock.acquire(facts | {"pid": os.getpid()})
        yield lock


@contextlib.asynccontextmanager
async def _graph(process: Process, redactor: Redactor, damage: Damage, stopping: asyncio.Event) -> AsyncIterator[Graph]:
    """The graph on an open store. Damage is looked into by the next opening, or believed if it repeats.

    StoppedError where it is to stop before the graph is made.
    """
    config = process.sources.load()
    damage.heals = home_of(config).file is not None
    try:
        async with contextlib.AsyncExitStack() as stack:
            database = open_store(config, process.clock)
            stack.callback(database.close)
            database.on_damage = damage.report if damage.heals else None
            config = await unless_stopped(stopping, merged(process.sources, config, database, redactor))
            graph = build(
                config,
                database,
                clock=process.clock,
                chance=process.chance,
                redactor=redactor,
                terms=process.terms,
            )
            stack.pop_all()
            stack.push_async_callback(graph.close)
            yield graph
    except StoreDamagedError as error:
        damage.died_of(error)
        raise
    finally:
        if damage.why:
            doubt(home_of(config), damage.why, process.clock.now(), sure=bool(damage.lately()))


async def run_daemon(process: Process, ready: Callable[[str], None]) -> None:
    """Serve and sync until SIGTERM, SIGINT or the stop request; `ready` is told the address.

    A store that proves to be damaged is replaced, and work goes on at the same address.
    """
    redactor = Redactor()
    config = process.sources.load()
    facts = {"version": __version__, "started_at": process.clock.now()}
    with logging_for(config, redactor, to_files=True), held(process, facts) as lock, contextlib.ExitStack() as stack:
        daemon = _Daemon(process=process, lock=lock, facts=facts, ready=ready, stack=stack)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stopping.set)
        met: list[float] = []
        while not daemon.stopping.is_set():
            damage = Damage(met)
            try:
                async with _graph(process, redactor, damage, daemon.stopping) as graph:
                    await daemon.live(graph, damage)
            except StoppedError:
                return
            except StoreDamagedError:
                if not damage.why:
                    raise
            if not damage.why:
                return
            met = [*damage.lately(), loop.time()]
            if len(met) > _MOST_LATELY:
                raise StoreDamagedError(
                    f"The database of {config.data_dir} was damaged {len(met)} times within an hour ({damage.why}): "
                    "check the disk and the memory of this machine, then start PlexSync again"
                )


@dataclass(slots=True, kw_only=True)
class _Daemon:
    """What stays while graphs come and go."""

    process: Process
    lock: FolderLock
    facts: dict[str, Any]
    ready: Callable[[str], None]
    stack: contextlib.ExitStack
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    listener: socket.socket | None = None

    async def live(self, graph: Graph, damage: Damage) -> None:
        """Serve and sync with this graph until told to stop, or until its store proves to be damaged."""
        listener = self._listen(graph.config)
        # The server closes what it is given; who comes while there is none waits at the door.
        server = _web_server(graph, self.stopping.set)
        web = asyncio.create_task(server.serve_on(listener.dup()))
        work = asyncio.create_task(graph.service.run())
        try:
            await _until((graph.service.started,), web, work)
            if graph.service.started.is_set():
                self._tell(graph.config, listener)
            await _until((self.stopping, damage.met), web, work)
        finally:
            await self._end(graph, damage, server, web, work)

    def _listen(self, config: Config) -> socket.socket:
        if self.listener is None:
            self.listener = self.stack.enter_context(listener_of(config))
        return self.listener

    def _tell(self, config: Config, listener: socket.socket) -> None:
        if "url" in self.facts:
            _log.info("plexsync works again", url=self.facts["url"])
            return
        spare_collector()
        self.facts["url"] = address_of(config, listener)
        self.lock.tell(self.facts | {"pid": os.getpid()})
        _log.info("plexsync works", data_dir=str(config.data_dir), **self.facts)
        self.ready(self.facts["url"])

    async def _end(
        self, graph: Graph, damage: Damage, server: QuietServer, web: asyncio.Task[None], work: asyncio.Task[None]
    ) -> None:
        damage.died_of(work.exception() if work.done() and not work.cancelled() else None)
        damaged = bool(damage.why)
        if damaged:
            _log.error("the store is damaged, work stops until it is made anew", reason=damage.why)
        else:
            _log.info("stopping")
        with contextlib.suppress(StoreError) if damaged else contextlib.nullcontext():
            await graph.service.wind_down(0.0 if damaged else _GRACE)
        server.end()
        work.cancel()
        _, late = await asyncio.wait({work, web}, timeout=STOP_SECONDS - _GRACE)
        if not damaged:
            _raise_fault(work)
        elif late:
            raise StoreError(
                f"The database is damaged ({damage.why}), and work on it does not end: start PlexSync anew"
            )
        _log.info("stopped")


def _web_server(graph: Graph, stop: Callable[[], None]) -> QuietServer:
    app = create_app(
        graph.service,
        api_key=graph.identity.api_key,
        events_token=graph.identity.events_token,
        allowed_hosts=graph.config.host_names,
        stop=stop,
        beside=[provider_routes(graph.provider, graph.identity.provider_path)],
    )
    return QuietServer(app)


class StoppedError(Exception):
    """Told to stop while something was still waited for."""


async def unless_stopped(stopping: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to. StoppedError, and it is given up, where `stopping` is set before."""
    task = asyncio.create_task(work)
    try:
        await _until((stopping,), task)
        if not task.done():
            raise StoppedError
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _until(events: Iterable[asyncio.Event], *tasks: asyncio.Task[Any]) -> None:
    """Until one of the events is set, or one of the tasks ends."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait({*waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _raise_fault(task: asyncio.Task[None]) -> None:
    """What a task died of. What people can mend is told without the rest."""
    if not task.done() or task.cancelled() or (error := task.exception()) is None:
        return
    while isinstance(error, BaseExceptionGroup) and error.split(StoreError)[1] is None:
        error = error.exceptions[0]
    raise error


def spare_collector() -> None:
    """What was made at the start lives to the end: looking through it for garbage stops all for 70 ms each time."""
    gc.collect()
    gc.freeze()


def listener_of(config: Config) -> socket.socket:
    """Listens where the settings say; ConfigurationError where that cannot be."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # Named, so that asyncio has each answer sent at once: without it whoever asks again waits 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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


def address_of(config: Config, listener: socket.socket) -> str:
    """Where this machine's own commands reach the daemon."""
    host = config.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- compared, not bound
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"
