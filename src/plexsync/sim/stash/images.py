"""Pictures over HTTP, with the caching that Stash does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from plexsync.sim.stash.pictures import NO_PICTURE, NO_TAG, SVG, media_type, no_performer, sum_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from plexsync.sim.stash.records import Kind
    from plexsync.sim.stash.store import Store

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
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
        return self._shown(request, scene.cover, NO_PICTURE)

    async def _entity(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in self.store.entities:
            return await _missing(request)
        entity = self.store.entities[cast("Kind", kind)].get(request.path_params["id"])
        if entity is None:
            return await _missing(request)
        own = not request.url.path.endswith("/backimage") and request.query_params.get("default") != "true"
        instead = {"performer": no_performer(), "tag": NO_TAG}.get(kind, NO_PICTURE)
        return self._shown(request, entity.image if own else None, instead)

    def _shown(self, request: Request, reference: int | str | None, instead: bytes) -> Response:
        """A stored picture, or the stand-in with status 200; either under its MD5."""
        if reference is None:
            return _answer(request, sum_of(instead), lambda: instead)
        return _answer(request, self.store.pictures.md5(reference), lambda: self.store.pictures.content(reference))


def _answer(request: Request, name: str, load: Callable[[], bytes]) -> Response:
    """What is known is not sent again, and of what is asked for in part only that part."""
    headers = {
        "Cache-Control": FOREVER if "t" in request.query_params else "no-cache",
        "ETag": f'"{name}"',
    }
    known = request.headers.get("If-None-Match", "")
    if known.strip() == "*" or headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    content = load()
    kind = SVG if content in (NO_PICTURE, NO_TAG) else media_type(content)
    headers["Accept-Ranges"] = "bytes"
    part = _RANGE.fullmatch(request.headers.get("Range", ""))
    if part is None or int(part[1]) >= len(content):
        return Response(content, media_type=kind, headers=headers)
    start, end = int(part[1]), min(int(part[2]) + 1, len(content))
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return Response(content[start:end], 206, headers, media_type=kind)


async def _missing(_request: Request) -> Response:
    """No file was ever generated for any scene, and none of them can be played."""
    return PlainTextResponse("Not Found", status_code=404)
