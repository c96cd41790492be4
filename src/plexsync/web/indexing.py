"""The index of Plex: how far it follows, and listing all of it anew."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from plexsync.sync.service import Service
from plexsync.web.models import IndexAsked
from plexsync.web.security import Access


def index_routes(service: Service, access: Access) -> APIRouter:
    """For holders of the API key."""
    router = APIRouter(dependencies=[Depends(access.full)], tags=["index"])

    @router.get("/index")
    async def index() -> dict[str, Any]:
        """Each library that is followed, its items and when they were last listed; where that is asked for anew."""
        return await service.rebuilding.facts()

    @router.post("/index/refresh", status_code=202)
    async def refresh() -> IndexAsked:
        """List all items of all synced libraries anew, soon."""
        return IndexAsked(servers=await service.rebuilding.ask())

    return router
