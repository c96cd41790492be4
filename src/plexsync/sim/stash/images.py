"""Pictures over HTTP, with the caching that Stash does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from plexsync.sim.stash.pictures import NO_PICTURE, media_type, no_performer

if TYPE_CHECKING:
    from starlette.requests import Request

    from plexsync.sim.stash.records import Kind
    from plexsync.sim.stash.store import Store

FOREVER = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Images:
    """Covers of scenes and pictures of what they name."""

    store: Store

    def routes(self) -> list[Route]:
        """The paths of all pictures."""
        return [
            Route("/scene/{id:int}/screenshot", self._scene),
            Route("/scene/{rest:path}", _missing),
            Route("/{kind}/{id:int}/image", self._entity),
            Route("/{kind}/{id:int}/frontimage", self._entity),
            Route("/{kind}/{id:int}/backimage", self._entity),
        ]

    async def _scene(self, request: Request) -> Response:
        scene = self.store.scenes.get(request.path_params["id"])
        if scene is None:
            return await _missing(request)
        return self._picture(request, scene.cover, NO_PICTURE)

    async def _entity(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in self.store.entities:
            return await _missing(request)
        entity = self.store.entities[cast("Kind", kind)].get(request.path_params["id"])
        if entity is None:
            return await _missing(request)
        own = not request.url.path.endswith("/backimage") and request.query_params.get("default") != "true"
        instead = no_performer() if kind == "performer" else NO_PICTURE
        return self._picture(request, entity.image if own else None, instead)

    def _picture(self, request: Request, reference: int | str | None, instead: bytes) -> Response:
        """A stored picture under its MD5, or the stand-in with status 200."""
        headers = {"Cache-Control": FOREVER if "t" in request.query_params else "no-cache"}
        if reference is None:
            return Response(instead, media_type=media_type(instead), headers=headers)
        headers["ETag"] = f'"{self.store.pictures.md5(reference)}"'
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        content = self.store.pictures.content(reference)
        return Response(content, media_type=media_type(content), headers=headers)


async def _missing(_request: Request) -> Response:
    """No file was ever generated for any scene, and none of them can be played."""
    return PlainTextResponse("Not Found", status_code=404)
