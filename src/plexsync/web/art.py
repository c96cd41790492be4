"""Pictures for Plex, which shows no key: whoever holds a signed address gets the one that it is for."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from plexsync.art.addresses import ROOT
from plexsync.art.gallery import Gallery, Served
from plexsync.model.errors import SyncError

#: Seconds after which one who came while Stash was away may ask again, where nothing says otherwise.
_RETRY_SECONDS = 60
_FOR_EVER = "public, max-age=31536000, immutable"
#: An address of a picture that was replaced since: the new one is shown, and soon asked for by its own.
_FOR_NOW = "public, max-age=300"


def art_routes(gallery: Callable[[], Gallery]) -> APIRouter:
    """`/art`, open to everyone; `gallery` is asked for with each request."""
    router = APIRouter(prefix=f"/{ROOT}", tags=["pictures"])

    async def picture(request: Request, kind: str, number: str, version: str, name: str) -> Response:
        """A picture of Stash as a JPEG, by a signed address that is valid for ever."""
        address = gallery().addresses.read(kind, number, version, name)
        if address is None:
            return _absent()
        try:
            served = await gallery().picture(address)
        except SyncError as error:
            wait = str(round(error.retry_after or _RETRY_SECONDS))
            told = "the picture cannot be had from Stash now: ask again later"
            return JSONResponse({"error": told}, 503, {"Retry-After": wait})
        return _absent() if served is None else _answer(request, served)

    path = "/{kind}/{number}/{version}/{name}"
    router.add_api_route(path, picture, methods=["GET"], response_class=Response)
    router.add_api_route(path, picture, methods=["HEAD"], include_in_schema=False)
    return router


def _absent() -> Response:
    return JSONResponse({"error": "there is no such picture"}, 404)


def _answer(request: Request, served: Served) -> Response:
    tag = f'"{served.sha1}"'
    headers = {
        "ETag": tag,
        "Cache-Control": _FOR_EVER if served.is_current else _FOR_NOW,
        "X-Content-Type-Options": "nosniff",
    }
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(served.content, media_type="image/jpeg", headers=headers)
