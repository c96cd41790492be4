"""Routes that a real Stash does not have: look inside, and change things without a trace.

    GET  /_sim/scenes   all scenes: id, title, code, details, date, director, rating100, organized, urls, stash_ids,
                        studio, performers, tags, groups, paths, updated_at, cover {md5, sha1} or null; `?covers=0`
                        leaves the sums out
    GET  /_sim/log      what plugins logged, and what was said about them: [{level, plugin, message}]
    GET  /_sim/hooks    the hooks that ran: [{type, id, ms, exit}]; exit is null for one that was killed
    POST /_sim/silent   edits a scene as a job without hooks does: {id} and the keys of a `SceneUpdateInput`, or
                        `studio`, `performers` and `tags` by name, and `groups` as names or {name, scene_index}; a null
                        `cover_image` takes the cover away; `updated_at` is the time to give it instead of now
    POST /_sim/named    makes or edits a performer, tag, studio or group without hooks: {kind, name or id} and the keys
                        of its `...UpdateInput`, or `parents` (of a tag) and `parent` (of a studio) by name; `rename`
                        gives it another name, a null `image` or `front_image` takes its picture away; answers {id}
    POST /_sim/files    a file appears: {path, size, duration, title}; a known path: it changed; `was`: it moved from
                        there; `scene`: it belongs to that scene. It is scanned at once, with hooks, unless `scan` is
                        false: then `metadataScan` finds it
    POST /_sim/folders  {path, to}: a folder is renamed on the disk and scanned, with neither hooks nor times: {moved}
    DELETE /_sim/files  {path} is gone, or all below it when it ends with a slash, and "clean" ran: {gone: [ids]}
    PUT  /_sim/status   {status}: OK, SETUP or NEEDS_MIGRATION; in the latter two, data is refused

What is wrong with a request is said with status 400 as {error}. Faults and the log of requests: `plexsync.sim.faults`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plexsync.sim.stash.editing import Editor
from plexsync.sim.stash.filing import Filing
from plexsync.sim.stash.naming import Naming
from plexsync.sim.stash.records import KINDS
from plexsync.sim.stash.refusal import Refused
from plexsync.sim.stash.scanning import DiskFile, Scanner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from plexsync.sim.stash.plugins import Plugins
    from plexsync.sim.stash.queries import Queries
    from plexsync.sim.stash.records import Scene
    from plexsync.sim.stash.store import Store

STATUSES = ("OK", "SETUP", "NEEDS_MIGRATION")


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the control routes."""

    store: Store
    plugins: Plugins
    scanner: Scanner
    queries: Queries

    def routes(self) -> list[Route]:
        """The paths of all control routes."""
        return [
            Route("/_sim/scenes", self._scenes),
            Route("/_sim/log", self._log),
            Route("/_sim/hooks", self._hooks),
            Route("/_sim/silent", _guarded(self._silent), methods=["POST"]),
            Route("/_sim/named", _guarded(self._named), methods=["POST"]),
            Route("/_sim/files", _guarded(self._files), methods=["POST"]),
            Route("/_sim/files", _guarded(self._vanish), methods=["DELETE"]),
            Route("/_sim/folders", _guarded(self._folders), methods=["POST"]),
            Route("/_sim/status", _guarded(self._status), methods=["PUT"]),
        ]

    async def _scenes(self, request: Request) -> Response:
        covers = request.query_params.get("covers") != "0"
        shown = [self._shown(scene, covers=covers) for scene in self.store.scenes.values()]
        return Response(msgspec.json.encode(shown), media_type="application/json")

    async def _log(self, _request: Request) -> Response:
        return JSONResponse(self.plugins.log)

    async def _hooks(self, _request: Request) -> Response:
        return JSONResponse(self.plugins.hooks)

    async def _silent(self, request: Request) -> Any:
        sent = dict(await request.json())
        naming, scene = Naming(self.store), self.store.scene(int(sent.pop("id")))
        if sent.get("studio") is not None:
            sent["studio_id"] = naming.named("studio", sent.pop("studio"))
        if "performers" in sent:
            sent["performer_ids"] = [naming.named("performer", name) for name in sent.pop("performers")]
        if "tags" in sent:
            sent["tag_ids"] = [naming.named("tag", name) for name in sent.pop("tags")]
        if "groups" in sent:
            sent["groups"] = [_place(naming, each) for each in sent["groups"]]
        edited = Editor(self.store).edited(scene, sent, sent.pop("updated_at", None) or self.store.now())
        if sent.get("cover_image", "") is None:
            edited = replace(edited, cover=None)
        self.store.commit(edited)
        return self._shown(edited, covers=False)

    async def _named(self, request: Request) -> Any:
        sent = dict(await request.json())
        naming, kind = Naming(self.store, circles=True), sent.pop("kind")
        if kind not in KINDS:
            raise Refused(f"kind is one of {KINDS}")
        number = int(sent.pop("id")) if "id" in sent else naming.named(kind, sent.pop("name"))
        if "rename" in sent:
            sent["name"] = sent.pop("rename")
        if "parents" in sent:
            sent["parent_ids"] = [naming.named(kind, name) for name in sent.pop("parents")]
        if "parent" in sent:
            above = sent.pop("parent")
            sent["parent_id"] = None if above is None else naming.named(kind, above)
        return {"id": naming.update(kind, sent | {"id": number}).id}

    async def _files(self, request: Request) -> Any:
        found = msgspec.json.decode(await request.body(), type=DiskFile)
        if not found.scan:
            self.scanner.waiting.append(found)
            return {"id": None}
        return {"id": await self.scanner.take(found)}

    async def _vanish(self, request: Request) -> Any:
        return {"gone": await self.scanner.vanish((await request.json())["path"])}

    async def _folders(self, request: Request) -> Any:
        sent = await request.json()
        return {"moved": Filing(self.store).rename_folder(sent["path"], sent["to"])}

    async def _status(self, request: Request) -> Any:
        status = (await request.json())["status"]
        if status not in STATUSES:
            raise Refused(f"status is one of {STATUSES}")
        self.queries.status = status
        return {"status": status}

    def _shown(self, scene: Scene, *, covers: bool) -> dict[str, Any]:
        entities = self.store.entities
        return {
            "id": scene.id,
            "title": scene.title,
            "code": scene.code,
            "details": scene.details,
            "date": scene.date,
            "director": scene.director,
            "rating100": scene.rating100,
            "organized": scene.organized,
            "urls": scene.urls,
            "stash_ids": [{"endpoint": each.endpoint, "stash_id": each.stash_id} for each in scene.stash_ids],
            "studio": entities["studio"][scene.studio_id].name if scene.studio_id else None,
            "performers": [entities["performer"][each].name for each in scene.performer_ids],
            "tags": [entities["tag"][each].name for each in scene.tag_ids],
            "groups": [entities["group"][place.group_id].name for place in scene.group_places],
            "paths": [file.path for file in scene.files],
            "updated_at": scene.updated_at,
            "cover": self._sums(scene.cover) if covers else None,
        }

    def _sums(self, cover: int | str | None) -> dict[str, str] | None:
        if cover is None:
            return None
        content = self.store.pictures.content(cover)
        return {
            "md5": self.store.pictures.md5(cover),
            "sha1": sha1(content, usedforsecurity=False).hexdigest(),
        }


def _place(naming: Naming, told: Any) -> Any:
    """A place in a group, which may be named instead of numbered."""
    if isinstance(told, str):
        return {"group_id": naming.named("group", told)}
    if "name" in told:
        return {"group_id": naming.named("group", told["name"]), "scene_index": told.get("scene_index")}
    return told


def _guarded(work: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await work(request))
        except (Refused, msgspec.DecodeError, ValueError, KeyError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return answer
