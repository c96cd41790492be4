"""What people and programs do with the queue, with dead letters and after outages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from plexsync.model.work import Lane
from plexsync.sync.service import Service
from plexsync.web.bodies import reading
from plexsync.web.description import body_of
from plexsync.web.models import (
    Cleared,
    ClearIn,
    Hurried,
    Purged,
    PurgeIn,
    RecoveredOut,
    Recoveries,
    RecoverIn,
    RetriedOut,
    RetryIn,
)
from plexsync.web.security import Access


def upkeep_routes(service: Service, access: Access) -> APIRouter:
    """The wishes, for holders of the API key."""
    router = APIRouter(dependencies=[Depends(access.full)], tags=["upkeep"])

    @router.post("/queue/clear", openapi_extra=body_of(ClearIn))
    async def clear(body: Annotated[ClearIn, Depends(reading(ClearIn))]) -> Cleared:
        """Drop the jobs that wait. Only the work is dropped: a full walk finds what still differs."""
        lane = None if body.lane is None else Lane[body.lane.upper()]
        return Cleared(cleared=await service.upkeep.clear_queue(lane))

    @router.post("/queue/retry")
    async def hurry() -> Hurried:
        """Let no job wait for its next attempt any longer."""
        return Hurried(due=await service.upkeep.hurry())

    @router.post("/dead/retry", openapi_extra=body_of(RetryIn))
    async def retry(body: Annotated[RetryIn, Depends(reading(RetryIn))]) -> RetriedOut:
        """Try dead letters again, in front of everything else."""
        found = await service.upkeep.retry(body.scenes)
        return RetriedOut(retried=found.retried, unknown=list(found.unknown))

    @router.post("/dead/purge", openapi_extra=body_of(PurgeIn))
    async def purge(body: Annotated[PurgeIn, Depends(reading(PurgeIn))]) -> Purged:
        """Forget dead letters. A full walk tries what still differs."""
        count = await service.upkeep.forget_dead() if body.all else await service.upkeep.purge(body.older_than_days)
        return Purged(purged=count)

    @router.post("/dead/recover", openapi_extra=body_of(RecoverIn))
    async def recover(body: Annotated[RecoverIn, Depends(reading(RecoverIn))]) -> Recoveries:
        """Try again what died of an outage, once the servers are well."""
        found = await service.upkeep.recover(body.victims())
        return Recoveries(servers=[RecoveredOut(**one.as_json()) for one in found])

    return router
