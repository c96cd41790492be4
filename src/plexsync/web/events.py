"""The door of the hook: events in, and an answer once they are in the store."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from plexsync.sync.service import Service
from plexsync.web.bodies import reading
from plexsync.web.description import body_of
from plexsync.web.models import Accepted, EventsIn
from plexsync.web.security import Access


def event_routes(service: Service, access: Access) -> APIRouter:
    """`POST /events`, for holders of the events token too."""
    router = APIRouter(dependencies=[Depends(access.events)], tags=["events"])

    @router.post("/events", status_code=202, openapi_extra=body_of(EventsIn))
    async def take(body: Annotated[EventsIn, Depends(reading(EventsIn))]) -> Accepted:
        """Note that scenes may have changed. The answer comes once that is in the store for good."""
        await service.take([event for given in body.events for event in given.events()])
        return Accepted(accepted=len(body.events))

    return router
