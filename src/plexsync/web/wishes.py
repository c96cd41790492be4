"""What people and programs ask PlexSync to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends

from plexsync.sync.service import Service
from plexsync.web.bodies import reading
from plexsync.web.description import body_of
from plexsync.web.models import Asked, Noted, Stopping, SyncIn
from plexsync.web.security import Access


def wish_routes(service: Service, access: Access, stop: Callable[[], None]) -> APIRouter:
    """The wishes, for holders of the API key. `stop` is called from the event loop."""
    router = APIRouter(dependencies=[Depends(access.full)], tags=["wishes"])

    @router.post("/sync", status_code=202, response_model_exclude_none=True, openapi_extra=body_of(SyncIn))
    async def sync(body: Annotated[SyncIn, Depends(reading(SyncIn))]) -> Asked:
        """Sync soon: some scenes, all, what changed in the last 24 hours, or a library's backlog."""
        return await _granted(service, body)

    @router.post("/notices/noted")
    async def noted() -> Noted:
        """What happened to the store is known: the status need not tell of it any more."""
        return Noted(noted=await service.noted())

    @router.post("/stop", status_code=202)
    async def end() -> Stopping:
        """Stop PlexSync."""
        stop()
        return Stopping(stopping=True)

    return router


async def _granted(service: Service, wish: SyncIn) -> Asked:
    if wish.scenes is not None:
        return Asked(queued=await service.sync_scenes(list(dict.fromkeys(wish.scenes))))
    if wish.library is not None:
        count = await service.sync_library(wish.library, go=wish.go)
        return Asked(queued=count) if wish.go else Asked(waiting=count)
    if wish.all:
        await service.sync_all()
        return Asked(asked="full walk")
    await service.sync_recent()
    return Asked(asked="recent")
