"""The whole HTTP side of PlexSync as one application."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import APIRouter, FastAPI

from plexsync import __version__
from plexsync.art.gallery import Gallery
from plexsync.sync.service import Service
from plexsync.web.art import art_routes
from plexsync.web.brake import brake_routes
from plexsync.web.checkup import checkup_routes
from plexsync.web.description import described
from plexsync.web.events import event_routes
from plexsync.web.facts import fact_routes
from plexsync.web.faults import LastResort, answer_faults
from plexsync.web.health import health_routes, life_routes
from plexsync.web.hosts import Hosts, names_of
from plexsync.web.indexing import index_routes
from plexsync.web.reconcile import reconcile_routes
from plexsync.web.security import Access
from plexsync.web.undoing import undo_routes
from plexsync.web.upkeep import upkeep_routes
from plexsync.web.wishes import wish_routes


def create_app(
    service: Service,
    *,
    api_key: str,
    events_token: str,
    allowed_hosts: Sequence[str],
    stop: Callable[[], None],
    beside: Sequence[APIRouter] = (),
) -> FastAPI:
    """The application of a service. It has to be served by the event loop that the service works on.

    `stop` is called when somebody asks PlexSync to end; `allowed_hosts` are names besides localhost and addresses;
    `beside` is served as well.
    """
    app = _shell(allowed_hosts, described_at="/api/v1/openapi.json")
    app.openapi = described(app)  # type: ignore[method-assign]
    access = Access(api_key=api_key, events_token=events_token)
    api = APIRouter(prefix="/api/v1")
    api.include_router(event_routes(service, access))
    api.include_router(fact_routes(service, access))
    api.include_router(wish_routes(service, access, stop))
    api.include_router(upkeep_routes(service, access))
    api.include_router(undo_routes(service, access))
    api.include_router(brake_routes(service, access))
    api.include_router(index_routes(service, access))
    api.include_router(checkup_routes(service, access))
    api.include_router(reconcile_routes(service, access))
    # First what a scan asks for, thousands of times: routes are looked through one after the other.
    for router in (*beside, art_routes(lambda: service.gallery), api, health_routes(service)):
        app.include_router(router)
    return app


def create_public_app(gallery: Gallery, *, allowed_hosts: Sequence[str], beside: Sequence[APIRouter]) -> FastAPI:
    """Only what Plex itself asks for: pictures, and what `beside` serves."""
    app = _shell(allowed_hosts, described_at=None)
    for router in (*beside, art_routes(lambda: gallery), life_routes()):
        app.include_router(router)
    return app


def _shell(allowed_hosts: Sequence[str], *, described_at: str | None) -> FastAPI:
    """Nothing yet but faults in JSON, and the guard at the door."""
    app = FastAPI(
        title="PlexSync",
        version=__version__,
        description="Metadata that changes in Stash reaches Plex.",
        openapi_url=described_at,
        docs_url=None,
        redoc_url=None,
        # Whoever is told to ask elsewhere is told so without a word of JSON.
        redirect_slashes=False,
    )
    answer_faults(app)
    app.add_middleware(Hosts, names=names_of(allowed_hosts))
    app.add_middleware(LastResort)
    return app
