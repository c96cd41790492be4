"""The same graph inside this process, while no daemon runs: it works under the folder lock and leaves when idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from plexsync.app.graph import Graph
from plexsync.cli.call import Call, Failed
from plexsync.cli.wishes import Wish
from plexsync.daemon import Process, opened
from plexsync.log import Files, Redactor, configure
from plexsync.model.errors import ServerDown, SyncError
from plexsync.model.gaps import Scope
from plexsync.sync.gaps.reconcile import RECONCILE
from plexsync.sync.gates.gate import GateState
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.plans.documents import plan_document
from plexsync.sync.server import libraries_of
from plexsync.sync.service import Service, UnknownLibraryError

#: Seconds between two looks whether the work is done.
_LOOK_EVERY = 0.1
#: Seconds that a server which is away is waited for before the rest is left to a daemon.
_PATIENCE = 10.0
_GRACE = 3.0


@asynccontextmanager
async def graph_of(call: Call) -> AsyncIterator[Graph]:
    """The graph of the data folder, not at work. StoreError when another process holds the folder."""
    # Whoever gives one command wants that and nothing else.
    process, redactor = Process.of(call.sources(PLEXSYNC_RECONCILE="never")), Redactor()
    config = call.config()
    # The log goes to its file: the terminal is for the answer.
    with configure(redactor=redactor, level=config.log_level.value, files=Files(folder=config.log_folder)):
        async with opened(process, redactor, {"verb": True}) as (graph, _), graph.service.owning():
            yield graph


async def plan(call: Call, scenes: list[int], library: str | None, show: Callable[[dict[str, Any]], None]) -> None:
    """Show what a sync of the scenes, of a library, or of all would do. Nothing is written to Plex, nor queued."""
    async with graph_of(call) as graph:
        service = graph.service
        for server in service.servers:
            await server.libraries.load()
            await server.refresh()
        if not scenes:
            await service.meet()
        try:
            async for planned in service.plan(scenes) if scenes else service.plan_all(library):
                show(plan_document(planned))
        except UnknownLibraryError as error:
            raise Failed(str(error)) from error


async def explain(call: Call, scene: int) -> dict[str, Any]:
    """How a scene was matched and why each field is as it is, by the store, Stash and Plex."""
    async with graph_of(call) as graph:
        for server in graph.service.servers:
            await server.libraries.load()
        return await graph.service.explain(scene)


async def refresh_index(call: Call) -> dict[str, Any]:
    """List all items of all synced libraries anew; how far each is followed then."""
    async with graph_of(call) as graph:
        for server in graph.service.servers:
            await server.libraries.load()
            await server.rebuild()
        return await graph.service.rebuilding.facts()


async def reconcile(
    call: Call, scope: str, show: Callable[[dict[str, Any]], None], *, report_only: bool
) -> dict[str, Any]:
    """Search for gaps and close those that can be closed now; what became of them. `show` is told how far it is."""
    async with graph_of(call) as graph:
        service = graph.service
        for server in service.servers:
            await server.libraries.load()
            await server.refresh()
        number = (await service.reconciling.ask(Scope(scope), report_only=report_only))["run"]
        search = service.timetable.entries[RECONCILE]
        await _while_shown(asyncio.ensure_future(search.run()), service, number, show)
        if (await service.reconciling.run(number, examples=0))["stage"] == "closing":
            await _all_done(service)
            await search.run()
        return await service.reconciling.run(number)


async def _while_shown(
    work: asyncio.Future[object], service: Service, number: int, show: Callable[[dict[str, Any]], None]
) -> None:
    try:
        while not (await asyncio.wait([work], timeout=_LOOK_EVERY))[0]:
            show(await service.reconciling.run(number, examples=0))
    finally:
        work.cancel()
        await asyncio.wait([work])
    work.result()


async def worked_off(
    call: Call, ask: Callable[[Service], Awaitable[dict[str, Any]]], put: Callable[[dict[str, Any]], int]
) -> dict[str, Any]:
    """Ask for something; where that put any jobs, carry out all that is due. The answer, and how everything stands."""
    async with graph_of(call) as graph:
        service = graph.service
        # Before anything is at work: the service would do some of this by itself.
        answer = await ask(service)
        if put(answer):
            await _all_done(service)
        return answer | {"status": await service.status()}


async def _all_done(service: Service) -> None:
    work = asyncio.create_task(service.run())
    try:
        await _while_working(_until(lambda: _ended(service)), work)
    finally:
        await service.wind_down(_GRACE)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def sync(call: Call, wish: Wish) -> dict[str, Any]:
    """Carry out the wish and all that is due, then leave; what was asked for and what is left."""
    async with graph_of(call) as graph:
        service = graph.service
        work = asyncio.create_task(service.run())
        try:
            # How many scenes of a library wait is known once everything was looked at.
            ready = _begun if wish.library is None else _ended
            await _while_working(_until(lambda: ready(service)), work)
            asked = await _asked(service, wish)
            if not _only_counts(wish):
                await _while_working(_until(lambda: _ended(service)), work)
        finally:
            await service.wind_down(_GRACE)
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        stories = [await service.why(scene) for scene in wish.scenes]
        return asked | {"status": await service.status(), "scenes": stories}


def _only_counts(wish: Wish) -> bool:
    return wish.library is not None and not wish.go


async def _asked(service: Service, wish: Wish) -> dict[str, Any]:
    if wish.library is not None:
        try:
            count = await service.sync_library(wish.library, go=wish.go)
        except UnknownLibraryError as error:
            raise Failed(str(error)) from error
        return {"queued" if wish.go else "waiting": count}
    if wish.all_scenes:
        await service.sync_all()
        return {"asked": "all"}
    if wish.recent:
        await service.sync_recent()
        return {"asked": "recent"}
    return {"queued": await service.sync_scenes(wish.scenes)}


async def _while_working(waiting: Awaitable[None], work: asyncio.Task[None]) -> None:
    """Wait; a fault that ends the work ends the waiting too."""
    task = asyncio.ensure_future(waiting)
    await asyncio.wait({task, work}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        await work
    await task


async def _until(reached: Callable[[], Awaitable[bool]]) -> None:
    while not await reached():  # noqa: ASYNC110 -- the store has no event for this
        await asyncio.sleep(_LOOK_EVERY)


async def _begun(service: Service) -> bool:
    """Whether the libraries are known, or cannot be read now."""
    entries = [service.entries[libraries_of(server.name)] for server in service.owned]
    return all(entry.runs or entry.fault for entry in entries)


async def _ended(service: Service) -> bool:
    """Whether all is done. Failed when a server stays away, or a person has to act first."""
    if await service.quiet():
        return True
    for gate in service.gates:
        _must_answer(gate, service.clock.now())
    return await _only_later(service)


def _must_answer(gate: Gatekeeper, now: float) -> None:
    if gate.closed:
        return
    reason = f"{gate.name}: {gate.gate.reason}"
    if gate.gate.state is GateState.HELD:
        raise SyncError(f"{reason}. What is queued is kept until that is put right")
    if now - gate.gate.since > _PATIENCE:
        raise ServerDown(f"{reason}. What is queued is kept; the next `sync` or the daemon goes on with it")


async def _only_later(service: Service) -> bool:
    """Whether everything left waits for its next attempt: a daemon or a later sync goes on with it."""
    if not all(server.worker.idle for server in service.owned):
        return False
    entries = service.entries.values()
    if any(
        (not entry.runs and entry.at_start and not entry.fault) or entry.asked.is_set() or entry.under_way
        for entry in entries
    ):
        return False
    rows = await service.queue(1000)
    soon = service.clock.now() + 1.0
    later = (row["due_at"] > soon and (row["attempts"] or row["held_library"] is not None) for row in rows)
    return bool(rows) and all(later)
