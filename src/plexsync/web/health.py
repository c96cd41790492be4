"""For supervisors and load balancers: whether the process lives, and whether all works."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from plexsync.sync.service import Service
from plexsync.web.models import Health, Readiness
from plexsync.web.readiness import readiness


def health_routes(service: Service) -> APIRouter:
    """`/healthz` and `/readyz`, open to everyone."""
    router = life_routes()

    async def readyz(response: Response) -> Readiness:
        """Whether all works: 200, or 503 and what needs a person."""
        found = readiness(service)
        response.status_code = 200 if found.ready else 503
        return found

    not_ready: dict[int | str, dict[str, Any]] = {503: {"model": Readiness}}
    router.add_api_route("/readyz", readyz, methods=["GET"], responses=not_ready)
    router.add_api_route("/readyz", readyz, methods=["HEAD"], include_in_schema=False)
    return router


def life_routes() -> APIRouter:
    """`/healthz` alone, open to everyone."""
    router = APIRouter(tags=["health"])

    async def healthz() -> Health:
        """Whether the process lives: always 200."""
        return Health(status="ok")

    router.add_api_route("/healthz", healthz, methods=["GET"])
    router.add_api_route("/healthz", healthz, methods=["HEAD"], include_in_schema=False)
    return router
