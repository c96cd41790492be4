"""The addresses that Plex asks, all below one that nobody can guess."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.openapi.utils import get_openapi
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from plexsync import __version__
from plexsync.provider.asked import asked_of, page_of
from plexsync.provider.away import AwayError
from plexsync.provider.body import told_by
from plexsync.provider.container import Json, container, root
from plexsync.provider.identifiers import MATCHES, METADATA, scene_of_key
from plexsync.provider.provider import Provider, Telling

#: Entries of a part of a list, where Plex does not say how many.
_PAGE = 20
_Answer = Callable[[Request], Awaitable[Response]]
_KEY: Json = {"parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}]}
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


def provider_routes(provider: Provider, secret: str) -> APIRouter:
    """The provider below `/provider/<secret>`; whoever does not know it finds nothing there."""

    async def known(secret_given: str) -> None:
        if not hmac.compare_digest(secret_given.encode(), secret.encode()):
            raise HTTPException(404, "Not Found")

    router = APIRouter(include_in_schema=False)
    router.include_router(_inner(provider), prefix="/provider/{secret_given}", dependencies=[Depends(known)])
    return router


def description(provider: Provider) -> Json:
    """The OpenAPI description of what lies below the secret."""
    found: Json = get_openapi(title="PlexSync provider", version=__version__, routes=_inner(provider).routes)
    return found


def _inner(provider: Provider) -> APIRouter:
    router = APIRouter()
    questions = _Questions(provider)
    _add(router, "", questions.root, "GET", "HEAD", shown=False)
    _add(router, "/", questions.root, "GET", "HEAD")
    for path, answer in (
        (METADATA + "/{key}", questions.metadata),
        (METADATA + "/{key}/images", questions.images),
        (METADATA + "/{key}/extras", questions.nothing_more),
        (METADATA + "/{key}/children", questions.nothing_more),
        (METADATA + "/{key}/grandchildren", questions.nothing_more),
    ):
        _add(router, path, answer, "GET", "HEAD", told=_KEY)
    _add(router, MATCHES, questions.match, "POST", told=_BODY)
    return router


def _add(
    router: APIRouter, path: str, answer: _Answer, *methods: str, shown: bool = True, told: Json | None = None
) -> None:
    """With and without a slash at the end; `told` is what the description says of the question."""
    patient = _told_when_away(answer)
    for method in methods:
        in_schema = shown and method != "HEAD"
        router.add_api_route(path, patient, methods=[method], include_in_schema=in_schema, openapi_extra=told)
        if path.strip("/"):
            router.add_api_route(f"{path}/", patient, methods=[method], include_in_schema=False)


def _told_when_away(answer: _Answer) -> _Answer:
    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except AwayError as error:
            return _fault(
                503, f"Stash cannot be asked now: {error.reason}", {"Retry-After": f"{error.retry_after:.0f}"}
            )

    answered.__doc__ = answer.__doc__
    answered.__name__ = answer.__name__
    return answered


class _Questions:
    """One method a question."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def root(self, _request: Request) -> Response:
        """What this provider is."""
        return JSONResponse(root())

    async def match(self, request: Request) -> Response:
        """The scenes that a file, a number or a title may mean."""
        asked = asked_of(await told_by(request))
        told, telling = await self._provider.match(asked, _here(request))
        return _answer(told, telling)

    async def metadata(self, request: Request) -> Response:
        """All of one scene."""
        number = _number(request)
        told, telling = (None, None) if number is None else await self._provider.metadata(number, _here(request))
        return _unknown() if told is None else _answer(told, telling)

    async def images(self, request: Request) -> Response:
        """The pictures of one scene."""
        number, page = _number(request), page_of(request.query_params, request.headers)
        told = None if number is None else await self._provider.images(number, _here(request), page)
        return _unknown() if told is None else JSONResponse(told, headers=_counted(told))

    async def nothing_more(self, request: Request) -> Response:
        """A film has no extras, children or grandchildren."""
        number = _number(request)
        if number is None or not await self._provider.exists(number):
            return _unknown()
        told = container([], page=page_of(request.query_params, request.headers, size=_PAGE))
        return JSONResponse(told, headers=_counted(told))


def _number(request: Request) -> int | None:
    return scene_of_key(request.path_params["key"])


def _here(request: Request) -> str:
    """The address by which Plex reaches us, as it just did."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _answer(told: Json, telling: Telling | None) -> Response:
    return JSONResponse(told, background=None if telling is None else BackgroundTask(telling))


def _unknown() -> Response:
    return _fault(404, "Stash has no such scene")


def _fault(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    told: dict[str, Any] = {"error": {"code": status, "message": message}}
    return JSONResponse(told, status, headers)


def _counted(told: Json) -> dict[str, str]:
    """What the headers of a list tell of it."""
    facts = told["MediaContainer"]
    return {
        "X-Plex-Container-Start": str(facts["offset"]),
        "X-Plex-Container-Total-Size": str(facts["totalSize"]),
    }
