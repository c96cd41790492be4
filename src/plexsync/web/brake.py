"""What the brake holds, and the answers of a person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from plexsync.sync.service import Service
from plexsync.web.bodies import reading
from plexsync.web.description import body_of
from plexsync.web.models import LARGEST_ID, Rejected, Released, ReleaseIn
from plexsync.web.security import Access

_Number = Annotated[int, Path(ge=1, le=LARGEST_ID, description="Number of the question.")]


def brake_routes(service: Service, access: Access) -> APIRouter:
    """Questions and answers, for holders of the API key."""
    router = APIRouter(dependencies=[Depends(access.full)], tags=["brake"])

    @router.get("/brake")
    async def listing() -> list[dict[str, Any]]:
        """Every question, the newest first; those that wait with numbers and 20 examples."""
        return await service.questions.listing()

    @router.post("/brake/{number}/release", openapi_extra=body_of(ReleaseIn))
    async def release(number: _Number, body: Annotated[ReleaseIn, Depends(reading(ReleaseIn))]) -> Released:
        """Let it be written. Of another Stash or Plex: it is the same one, or a `new` one."""
        return Released(released=await service.questions.release(number, new=body.new))

    @router.post("/brake/{number}/reject")
    async def reject(number: _Number) -> Rejected:
        """Leave Plex as it is, until those scenes or the rules change again."""
        return Rejected(rejected=await service.questions.reject(number))

    return router
