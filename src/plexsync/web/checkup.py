"""Whether settings and servers fit together, by what Stash and Plex list now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from plexsync.sync.service import Service
from plexsync.web.security import Access


def checkup_routes(service: Service, access: Access) -> APIRouter:
    """The questions, for holders of the API key."""
    router = APIRouter(dependencies=[Depends(access.full)], tags=["checkup"])

    @router.get("/doctor")
    async def doctor() -> list[dict[str, Any]]:
        """Whether all that PlexSync needs is there and fits together. Takes a while."""
        return [one.as_json() for one in await service.doctor.findings()]

    @router.get("/paths/suggestions")
    async def suggestions() -> list[dict[str, Any]]:
        """For each Plex the path rules that its files and those of Stash prove, and what they cover. Takes a while."""
        return await service.advice.suggestions()

    return router
