"""The metadata provider as a process of its own: it answers Plex, and leaves all work to others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable

from plexsync import __version__
from plexsync.app.alone import Alone, provider_alone
from plexsync.app.folder import open_store
from plexsync.app.sources import merged
from plexsync.daemon import (
    Process,
    StoppedError,
    address_of,
    held,
    listener_of,
    logging_for,
    spare_collector,
    unless_stopped,
)
from plexsync.log import Redactor, logger
from plexsync.provider.routes import provider_routes
from plexsync.web.api import create_public_app
from plexsync.web.serving import QuietServer

_log = logger("plexsync.alone")


async def run_provider(process: Process, ready: Callable[[str], None]) -> None:
    """Answer Plex until SIGTERM or SIGINT; `ready` is told the address."""
    redactor, stopping = Redactor(), asyncio.Event()
    config = process.sources.load()
    facts = {"version": __version__, "started_at": process.clock.now(), "only": "provider"}
    logs = logging_for(config, redactor, to_files=True)
    with logs, held(process, facts) as lock, contextlib.suppress(StoppedError):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        async with _made(process, redactor, stopping) as alone:
            listener = listener_of(alone.config)
            server = server_of(alone)
            web = asyncio.create_task(server.serve_on(listener.dup()))
            with contextlib.closing(listener):
                url = address_of(alone.config, listener)
                spare_collector()
                # No other command is to speak to it as to a daemon.
                lock.tell(facts | {"pid": os.getpid(), "provider_url": url})
                _log.info("the provider answers", url=url)
                ready(url)
                await _until(stopping, web)
                server.end()
                await web
    _log.info("stopped")


@contextlib.asynccontextmanager
async def _made(process: Process, redactor: Redactor, stopping: asyncio.Event) -> AsyncIterator[Alone]:
    config = process.sources.load()
    database = open_store(config, process.clock)
    try:
        config = await unless_stopped(stopping, merged(process.sources, config, database, redactor))
        alone = provider_alone(config, database, clock=process.clock, redactor=redactor)
        try:
            yield alone
        finally:
            await alone.stash.close()
    finally:
        database.close()


def server_of(alone: Alone) -> QuietServer:
    """What answers Plex, not yet serving."""
    routes = provider_routes(alone.provider, alone.identity.provider_path)
    return QuietServer(create_public_app(alone.gallery, allowed_hosts=alone.config.host_names, beside=[routes]))


async def _until(stopping: asyncio.Event, web: asyncio.Task[None]) -> None:
    told = asyncio.create_task(stopping.wait())
    await asyncio.wait({told, web}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
