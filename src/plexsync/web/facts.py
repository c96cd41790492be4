"""What people and programs ask about the sync. Nothing here changes anything."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from plexsync.sync.service import Service
from plexsync.web.bodies import reading
from plexsync.web.description import body_of
from plexsync.web.models import PlanIn, Quiet, SceneId
from plexsync.web.security import Access
from plexsync.web.streams import NDJSON, plan_stream

_Live = Annotated[bool, Query(description="Ask Stash and Plex now, too.")]
_Limit = Annotated[int, Query(ge=1, le=10_000, description="How many at most.")]


def fact_routes(service: Service, access: Access) -> APIRouter:
    """The questions, for holders of the API key."""
    router = APIRouter(dependencies=[Depends(access.full)], tags=["facts"])

    @router.get("/status")
    async def status() -> dict[str, Any]:
        """How everything stands."""
        return await service.status()

    @router.get("/quiet")
    async def quiet() -> Quiet:
        """Whether nothing is due or under way, and the walk of the start is over."""
        return Quiet(quiet=await service.quiet())

    @router.get("/queue")
    async def queue(limit: _Limit = 100) -> list[dict[str, Any]]:
        """The jobs that wait or are worked on."""
        return await service.queue(limit)

    @router.get("/dead")
    async def dead(limit: _Limit = 100) -> list[dict[str, Any]]:
        """The dead letters, with all that is known of them."""
        return await service.dead(limit)

    @router.get("/dead/{scene}")
    async def dead_of(scene: SceneId) -> list[dict[str, Any]]:
        """The dead letters of a scene, at most one a server."""
        return await service.upkeep.dead_of(scene)

    @router.get("/outages")
    async def outages() -> dict[str, Any]:
        """What the outages so far say of each peer, and the newest of them."""
        return await service.upkeep.outages()

    @router.get("/scenes/{scene}/why")
    async def why(scene: SceneId, *, live: _Live = False) -> dict[str, Any]:
        """Where a scene stands on every server; with `live` also how it was matched and why each field is as it is."""
        return await (service.explain(scene) if live else service.why(scene))

    described: dict[int | str, dict[str, Any]] = {
        200: {"content": {NDJSON: {}}, "description": "One plan a line; a line with `error` ends a broken one."}
    }

    @router.post("/plan", response_class=StreamingResponse, responses=described, openapi_extra=body_of(PlanIn))
    async def plan(body: Annotated[PlanIn, Depends(reading(PlanIn))]) -> StreamingResponse:
        """What a sync of these scenes would do, as lines of JSON. Nothing is written to Plex."""
        if body.scenes is not None:
            return await plan_stream(service.plan(list(dict.fromkeys(body.scenes))))
        return await plan_stream(service.plan_all(body.library))

    return router
