"""The addresses that Plex asks, all below one that nobody can guess."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from plexsync import __version__
from plexsync.model.provider import FOLDER
from plexsync.provider.container import Json
from plexsync.provider.door import PARTS, Door, Questions
from plexsync.provider.identifiers import MATCHES, METADATA
from plexsync.provider.provider import Provider

_ASKED: Json = {
    "type": ["integer", "string"],
    "title": "string",
    "year": ["integer", "string"],
    "guid": "string",
    "filename": "string",
    "manual": ["integer", "boolean", "string"],
    "includeAdult": ["integer", "boolean", "string"],
}
_BODY: Json = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": kinds} for name, kinds in _ASKED.items()},
                }
            }
        }
    }
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "Stash has no such scene"},
    503: {"description": "Stash cannot be asked now"},
}
_UNTOLD: dict[int | str, dict[str, Any]] = {
    400: {"description": "the body is no JSON object"},
    408: {"description": "the body did not come in time"},
    413: {"description": "the body is too large"},
    503: {"description": "Stash cannot be asked now"},
}


def provider_routes(provider: Provider, secret: str) -> APIRouter:
    """The provider below `/provider/<secret>`; whoever does not know it finds nothing there."""
    door = Door(Questions(provider), secret)
    # One door in place of many routes: those would be looked through one after the other for each question.
    return APIRouter(routes=[Route(FOLDER.rstrip("/"), door), Route(FOLDER + "{below:path}", door)])


def description(provider: Provider) -> Json:
    """The OpenAPI description of what lies below the secret."""
    questions, router = Questions(provider), APIRouter()
    router.add_api_route("/", questions.root, methods=["GET"])
    router.add_api_route(MATCHES, questions.match, methods=["POST"], openapi_extra=_BODY, responses=_UNTOLD)
    for part in PARTS:
        path = f"{METADATA}/{{key}}{part}"
        router.add_api_route(path, questions.part(part), methods=["GET"], responses=_REFUSALS)
    found: Json = get_openapi(title="PlexSync provider", version=__version__, routes=router.routes)
    return found
