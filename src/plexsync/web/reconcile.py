"""Runs of reconciliation: asked for, watched, listed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from plexsync.model.gaps import Scope
from plexsync.sync.service import Service
from plexsync.web.bodies import reading
from plexsync.web.description import body_of
from plexsync.web.models import LARGEST_ID, AskedRun, ReconcileIn
from plexsync.web.security import Access

_Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
_Examples = Annotated[int, Query(ge=0, le=10_000, description="How many gaps of each kind are shown.")]
_Number = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The run.")]


def reconcile_routes(service: Service, access: Access) -> APIRouter:
    """The wish and the lists, for holders of the API key."""
    router = APIRouter(dependencies=[Depends(access.full)], prefix="/reconcile", tags=["reconcile"])

    @router.post("", status_code=202, openapi_extra=body_of(ReconcileIn))
    async def ask(body: Annotated[ReconcileIn, Depends(reading(ReconcileIn))]) -> AskedRun:
        """Search for gaps between Stash and Plex soon, and close them or only report them."""
        return AskedRun(**await service.reconciling.ask(Scope(body.scope), report_only=body.report_only))

    @router.get("")
    async def runs(limit: _Limit = 20) -> list[dict[str, Any]]:
        """The latest runs, newest first, each with what it found by kind and by what became of it."""
        return await service.reconciling.runs(limit)

    @router.get("/{number}")
    async def run(number: _Number, examples: _Examples = 20) -> dict[str, Any]:
        """One run with its gaps. Of earlier runs than the last only some examples are kept."""
        return await service.reconciling.run(number, examples=examples)

    return router
