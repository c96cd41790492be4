"""Pins and undos, and what they are judged by: runs and conflicts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from plexsync.sync.service import Service
from plexsync.sync.undoing import fields_named
from plexsync.web.bodies import reading
from plexsync.web.description import body_of
from plexsync.web.models import PinIn, SceneId, UndoIn, UninstallIn
from plexsync.web.security import Access

_Limit = Annotated[int, Query(ge=1, le=10_000, description="How many at most.")]
_Of = Annotated[SceneId | None, Query(description="Only of this scene.")]


def undo_routes(service: Service, access: Access) -> APIRouter:
    """The wishes and the lists, for holders of the API key."""
    router = APIRouter(dependencies=[Depends(access.full)], tags=["undo"])

    @router.post("/pins", openapi_extra=body_of(PinIn))
    async def pins(body: Annotated[PinIn, Depends(reading(PinIn))]) -> dict[str, Any]:
        """Leave fields of a scene as they are in Plex, or let them be written again."""
        fields = fields_named(body.fields or ())
        change = service.undoing.pin if body.pinned else service.undoing.unpin
        return await change(body.scene, fields)

    @router.post("/undo", status_code=202, openapi_extra=body_of(UndoIn))
    async def undo(body: Annotated[UndoIn, Depends(reading(UndoIn))]) -> list[dict[str, Any]]:
        """Put back soon what was there before PlexSync, or before one run, and pin it."""
        if body.scene is not None:
            return [await service.undoing.undo_scene(body.scene)]
        if body.run is not None:
            return [await service.undoing.undo_run(body.run)]
        return await service.undo_library(body.library or "")

    @router.post("/uninstall", status_code=202, openapi_extra=body_of(UninstallIn))
    async def uninstall(body: Annotated[UninstallIn, Depends(reading(UninstallIn))]) -> list[dict[str, Any]]:
        """Put libraries back as they were before PlexSync, and write there no more."""
        return await service.uninstall(body.library)

    @router.get("/runs")
    async def runs(limit: _Limit = 20) -> list[dict[str, Any]]:
        """The latest runs, and how much each wrote."""
        return await service.undoing.runs(limit)

    @router.get("/conflicts")
    async def conflicts(limit: _Limit = 50, scene: _Of = None) -> list[dict[str, Any]]:
        """What was changed in Plex against what PlexSync wrote, with both values, and what became of it."""
        return await service.undoing.conflicts(limit, scene)

    return router
