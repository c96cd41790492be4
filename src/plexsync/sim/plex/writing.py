"""Routes that change something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from starlette.responses import Response
from starlette.routing import Route

from plexsync.sim.faults import note
from plexsync.sim.plex import adopting, edits, pictures, render, scans
from plexsync.sim.plex.answers import (
    answer,
    arguments,
    done,
    gallery_of,
    hub_of,
    item_of,
    items_of,
    number,
    pairs,
    queue_of,
    section_of,
    store_of,
)
from plexsync.sim.plex.listing import TYPES
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.tree import container

if TYPE_CHECKING:
    from starlette.requests import Request

    from plexsync.sim.plex.rows import Item, Section
    from plexsync.sim.plex.store import Store

DOWNLOAD_SECONDS = 10


async def edit_section(request: Request) -> Response:
    """Edit the items whose ids are given; without ids, every item of the type."""
    store = store_of(request)
    section = section_of(request)
    wanted = arguments(request)
    kind = TYPES.get(wanted.get("type", "1"), "none")
    if "id" not in wanted:
        return _edit(request, list(store.in_section(section.key, kind)))
    keys = [int(text) for text in wanted["id"].split(",") if text.isdigit()]
    items = [item for key in keys if (item := store.items.get(key)) and item.section == section.key]
    if not items:
        raise Refused(404 if keys else 400)
    return _edit(request, items)


async def edit_items(request: Request) -> Response:
    """Edit the items in the path."""
    return _edit(request, items_of(request))


def _edit(request: Request, items: list[Item]) -> Response:
    store = store_of(request)
    edit = edits.parse(pairs(request))
    differed = [edits.apply(store, item, edit) for item in items]
    note(request.scope).changed = any(differed)
    hub_of(request).changed(items)
    return done()


async def rate(request: Request) -> Response:
    store = store_of(request)
    wanted = arguments(request)
    item = _keyed(request)
    rating = number(wanted, "rating")
    rated_at = number(wanted, "ratedAt") if "ratedAt" in wanted else store.now()
    if rating > 10 or rated_at > store.now():
        raise Refused(400)
    if request.state.guest:  # a rating belongs to the user, and the guest's is not kept
        return done()
    before = item.value("userRating")
    item.values["userRating"] = None if rating < 0 else rating
    item.last_rated_at = None if rating < 0 else int(rated_at)
    store.keep_item(item)
    note(request.scope).changed = before != item.value("userRating")
    return done()


async def scrobble(request: Request) -> Response:
    """Mark as watched once more, or as never watched."""
    store = store_of(request)
    item = _keyed(request)
    watched = not request.url.path.endswith("/unscrobble")
    item.view_count = item.view_count + 1 if watched else 0
    item.last_viewed_at = store.now() if watched else None
    store.keep_item(item)
    return done()


def _keyed(request: Request) -> Item:
    key = number(arguments(request), "key")
    item = store_of(request).items.get(int(key))
    if item is None:
        raise Refused(404)
    return item


async def upload(request: Request) -> Response:
    """Take a picture from the body, or fetch it from the address that is given."""
    item = item_of(request)
    url = arguments(request).get("url")
    content = await request.body() if url is None else await _download(url)
    kind = gallery_of(request)
    note(request.scope).changed = pictures.upload(store_of(request), item, kind, content)
    hub_of(request).changed([item])
    return done()


async def _download(url: str) -> bytes:
    try:
        async with httpx2.AsyncClient(timeout=DOWNLOAD_SECONDS) as client:
            found = await client.get(url)
            found.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Refused(500, "the picture cannot be fetched") from error
    return found.content


async def select(request: Request) -> Response:
    """Show another picture."""
    item = item_of(request)
    name = arguments(request).get("url")
    if not name:
        raise Refused(400, "no picture is named")
    kind = gallery_of(request)
    note(request.scope).changed = pictures.select(store_of(request), item, kind, name)
    hub_of(request).changed([item])
    return done()


async def deselect(request: Request) -> Response:
    """Show no picture."""
    pictures.deselect(store_of(request), item_of(request), gallery_of(request))
    return done()


async def refresh_items(request: Request) -> Response:
    for item in items_of(request):
        refresh_item(request, item)
    return done()


def refresh_item(request: Request, item: Item) -> None:
    """Have an item's agent run again."""
    store = store_of(request)
    if store.sections[item.section].custom and item.type == "movie":
        queue_of(request).put([item])
    else:
        refresh(store, item)
        hub_of(request).changed([item])


def refresh(store: Store, item: Item) -> None:
    """Run an agent of the server's own, which knows nothing of what another one told."""
    if item.agent and not store.sections[item.section].custom:
        adopting.disown(store, item, "")
    else:
        scans.refresh(store, item)


async def accepted(request: Request) -> Response:
    """An action on items that has no effect here."""
    items_of(request)
    return done()


async def scan(request: Request) -> Response:
    """Look for files, below one folder if it is given; with `force=1`, refresh every item as well."""
    store = store_of(request)
    key = request.path_params.get("section")
    sections = list(store.sections.values()) if key is None else [section_of(request)]
    for section in sections:
        if arguments(request).get("force") == "1":
            refresh_section(request, section)
        start_scan(request, section, arguments(request).get("path"))
    return done()


def refresh_section(request: Request, section: Section) -> None:
    """Refresh every item of a section."""
    store = store_of(request)
    items = list(store.in_section(section.key))
    if section.custom:
        queue_of(request).put(items, scan_of=section)
        return
    for item in items:
        refresh(store, item)
        hub_of(request).refreshed(item)


def start_scan(request: Request, section: Section, folder: str | None = None) -> None:
    """Begin a scan; it ends at once unless scans are held up, or a provider is to be asked."""
    store, hub = store_of(request), hub_of(request)
    section.refreshing = True
    if not section.custom or section.key not in hub.scans:
        hub.scan_begins(section)
    if not store.switches.scan_hold:
        end_scan(request, section, folder)


def end_scan(request: Request, section: Section, folder: str | None = None) -> None:
    """Let a scan find what there is."""
    came, went = scans.scan(store_of(request), section, folder)
    if section.custom:
        queue_of(request).scanned(section, came, went)
    else:
        hub_of(request).scan_ends(section, came, went)


async def cancel_scan(request: Request) -> Response:
    section = section_of(request)
    if section.refreshing:
        section.refreshing = False
        queue_of(request).cancel(section)
        hub_of(request).scan_ends(section, [], [])
    return done()


async def empty_trash(request: Request) -> Response:
    for item in scans.empty_trash(store_of(request), section_of(request)):
        hub_of(request).timeline(item, 9)
    return done()


async def create_collection(request: Request) -> Response:
    """A new collection with the items that `uri` names; one of the few actions with an answer."""
    store = store_of(request)
    wanted = arguments(request)
    section = store.sections.get(int(number(wanted, "sectionId")))
    if section is None or not wanted.get("title"):
        raise Refused(400)
    tag = store.tag("collection", wanted["title"])
    found = store.collection(section.key, tag.id) or edits.make_collection(store, section.key, tag.id)
    _join(request, found, wanted.get("uri", ""))
    node = render.item_node(store, found, detail=True)
    return answer(request, container([node], **render.container_facts(section)))


async def add_to_collection(request: Request) -> Response:
    found = _collection(request)
    _join(request, found, arguments(request).get("uri", ""))
    node = render.item_node(store_of(request), found, detail=True)
    return answer(request, container([node]))


async def remove_from_collection(request: Request) -> Response:
    store = store_of(request)
    found = _collection(request)
    name = store.tags[found.collection_tag or 0].name
    member = request.path_params["member"]
    item = store.items.get(int(member)) if member.isdigit() else None
    if item is None:
        raise Refused(404)
    edits.apply(store, item, edits.Edit(removed={"collection": [name]}))
    return done()


async def delete_collection(request: Request) -> Response:
    store = store_of(request)
    found = _collection(request)
    name = store.tags[found.collection_tag or 0].name
    for item in store.members(found):
        edits.apply(store, item, edits.Edit(removed={"collection": [name]}))
    if found.key in store.items:
        store.remove_item(found)
    return done()


def _collection(request: Request) -> Item:
    found = item_of(request)
    if found.type != "collection":
        raise Refused(404)
    return found


def _join(request: Request, collection: Item, uri: str) -> None:
    store = store_of(request)
    name = store.tags[collection.collection_tag or 0].name
    for text in uri.rpartition("/")[2].split(","):
        item = store.items.get(int(text)) if text.isdigit() else None
        if item is not None:
            edits.apply(store, item, edits.Edit(added={"collection": {0: edits.Added(name=name)}}))


def _on_items(path: str, endpoint: object, methods: list[str]) -> list[Route]:
    return [Route(f"/library/{kind}/{{ids}}{path}", endpoint, methods=methods) for kind in ("metadata", "collections")]  # type: ignore[arg-type]


ROUTES = [
    Route("/library/sections/{section}/all", edit_section, methods=["PUT"]),
    Route("/library/collections", create_collection, methods=["POST"]),
    Route("/library/collections/{ids}", delete_collection, methods=["DELETE"]),
    Route("/library/collections/{ids}/items", add_to_collection, methods=["PUT"]),
    Route("/library/collections/{ids}/items/{member}", remove_from_collection, methods=["DELETE", "PUT"]),
    *_on_items("", edit_items, ["PUT"]),
    *(route for name in ("posters", "arts") for route in _on_items(f"/{name}", upload, ["POST"])),
    *(route for name in ("poster", "art") for route in _on_items(f"/{name}", select, ["PUT"])),
    *(route for name in ("thumb", "art") for route in _on_items(f"/{name}", deselect, ["DELETE"])),
    *_on_items("/refresh", refresh_items, ["PUT"]),
    *(route for name in ("analyze", "match", "unmatch") for route in _on_items(f"/{name}", accepted, ["PUT"])),
    Route("/library/sections/all/refresh", scan, methods=["GET", "POST"]),
    Route("/library/sections/{section}/refresh", scan, methods=["GET", "POST"]),
    Route("/library/sections/{section}/refresh", cancel_scan, methods=["DELETE"]),
    Route("/library/sections/{section}/emptyTrash", empty_trash, methods=["PUT"]),
    Route("/:/rate", rate, methods=["GET", "PUT", "POST"]),
    Route("/:/scrobble", scrobble, methods=["GET", "PUT"]),
    Route("/:/unscrobble", scrobble, methods=["GET", "PUT"]),
]
