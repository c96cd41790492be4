"""Routes that read what is in the libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from plexsync.sim.plex import listing, pictures, render
from plexsync.sim.plex.answers import (
    answer,
    arguments,
    gallery_of,
    item_of,
    items_of,
    order_of,
    section_of,
    store_of,
)
from plexsync.sim.plex.meta import meta_node
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.rows import TAG_ELEMENTS
from plexsync.sim.plex.tree import Node, Scalar, container

if TYPE_CHECKING:
    from starlette.requests import Request

    from plexsync.sim.plex.rows import Item, Section

MAX_PAGE = 1000
PREFERENCES: tuple[tuple[str, str, Scalar], ...] = (
    ("hidden", "int", 0),
    ("enableBIFGeneration", "bool", True),
    ("collectionMode", "int", 2),
)
TAG_TYPES = {
    1: "genre",
    2: "collection",
    4: "director",
    5: "writer",
    6: "actor",
    7: "producer",
    8: "country",
    11: "label",
}


async def section(request: Request) -> Response:
    found = section_of(request)
    names = {"all": "All", "genre": "By Genre", "year": "By Year", "collection": "By Collection", "folder": "By Folder"}
    children = [Node("Directory", {"key": key, "title": title}) for key, title in names.items()]
    facts = render.container_facts(found) | {"content": "secondary", "title1": found.title, "viewGroup": "secondary"}
    return answer(request, container(children, **facts))


async def listed(request: Request) -> Response:
    """Items of one section."""
    found = section_of(request)
    wanted = arguments(request)
    keys = listing.select(store_of(request), order_of(request), found.key, wanted)
    if wanted.get("includeCollections") == "1" and wanted.get("type", "1") == "1":
        keys = keys + order_of(request).keys(found.key, "collection", "titleSort")
    return _page(request, found, keys, wanted)


async def collections(request: Request) -> Response:
    """Collections of one section."""
    found = section_of(request)
    wanted = arguments(request) | {"type": "18"}
    return _page(request, found, listing.select(store_of(request), order_of(request), found.key, wanted), wanted)


async def listed_everywhere(request: Request) -> Response:
    """Items of all sections."""
    store = store_of(request)
    wanted = arguments(request)
    keys = [key for found in store.sections for key in listing.select(store, order_of(request), found, wanted)]
    return _page(request, None, keys, wanted)


def _page(request: Request, found: Section | None, keys: list[int], wanted: dict[str, str]) -> Response:
    store = store_of(request)
    if wanted.get("limit", "").isdigit():
        keys = keys[: int(wanted["limit"])]
    paging, start, size = _paging(wanted)
    if size > MAX_PAGE and store.switches.page_cap_1000_to_400:
        raise Refused(400, "too large a page")
    shown = keys[start : start + size] if paging else keys
    nodes = [_listed_node(request, store.items[key], wanted) for key in shown]
    facts: dict[str, Scalar] = {"size": len(nodes)}
    if paging:
        facts |= {"totalSize": len(keys), "offset": start}
    if found is not None:
        facts |= render.container_facts(found) | {
            "art": "/:/resources/movie-fanart.jpg",
            "content": "secondary",
            "thumb": render.section_thumb(found),
            "title1": found.title,
            "title2": f"All {found.title}",
            "viewGroup": "movie",
        }
    if wanted.get("includeMeta") == "1" and found is not None:
        kind = listing.TYPES.get(wanted.get("type", "1"), "movie")
        nodes = [meta_node(found.key, kind), *nodes]
    return answer(request, Node("MediaContainer", facts, nodes))


def _paging(wanted: dict[str, str]) -> tuple[bool, int, int]:
    start, size = wanted.get("X-Plex-Container-Start"), wanted.get("X-Plex-Container-Size")
    if start is None or size is None:
        return False, 0, 0
    if not start.isdigit() or not size.isdigit():
        raise Refused(400, "paging needs numbers")
    return True, int(start), int(size)


def _listed_node(request: Request, item: Item, wanted: dict[str, str]) -> Node:
    store = store_of(request)
    node = render.item_node(store, item, guids=wanted.get("includeGuids") == "1", check=wanted.get("checkFiles") == "1")
    exclude = not store.switches.ignore_excludes and ("excludeElements" in wanted or "excludeFields" in wanted)
    return listing.trim(node, wanted) if exclude else node


async def details(request: Request) -> Response:
    """Whole items, in the order that was asked for."""
    store = store_of(request)
    wanted = arguments(request)
    items = items_of(request)
    check = wanted.get("checkFiles") == "1"
    nodes = [render.item_node(store, item, detail=True, check=check) for item in items]
    if not store.switches.ignore_excludes:
        nodes = [listing.trim(node, wanted) for node in nodes]
    return answer(request, container(nodes, **render.container_facts(store.sections[items[0].section])))


async def children(request: Request) -> Response:
    """The videos of a collection."""
    store = store_of(request)
    found = item_of(request)
    keys = [item.key for item in store.members(found)] if found.type == "collection" else []
    return _page(request, store.sections[found.section], keys, arguments(request))


async def vocabulary(request: Request) -> Response:
    """The values of one field that a section uses, with what filters by them."""
    store = store_of(request)
    found = section_of(request)
    name = request.path_params["name"]
    if name in TAG_ELEMENTS:
        used = [
            (str(tag.id), tag.name)
            for tag in store.tags.values()
            if tag.kind == name and any(store.items[key].section == found.key for key in store.used_by(tag.id))
        ]
    elif name in {"studio", "year", "contentRating"}:
        values = {str(value) for item in store.in_section(found.key) if (value := item.value(name)) is not None}
        used = [(quote(value), value) for value in values]
    else:
        raise Refused(404)
    nodes = [
        Node(
            "Directory",
            {"fastKey": f"/library/sections/{found.key}/all?{name}={key}", "key": key, "title": title},
        )
        for key, title in sorted(used, key=lambda pair: pair[1].casefold())
    ]
    return answer(request, container(nodes, **render.container_facts(found)))


async def preferences(request: Request) -> Response:
    """The advanced settings of a library."""
    section_of(request)
    nodes = [Node("Setting", {"id": name, "type": kind, "value": value}) for name, kind, value in PREFERENCES]
    return answer(request, container(nodes))


async def tags(request: Request) -> Response:
    store = store_of(request)
    number = arguments(request).get("type", "")
    kind = TAG_TYPES.get(int(number)) if number.isdigit() else None
    nodes = [
        Node(
            "Directory",
            {"id": tag.id, "filter": f"{kind}={tag.id}", "tag": tag.name, "tagType": int(number), "count": len(used)},
        )
        for tag in store.tags.values()
        if tag.kind == kind and (used := store.used_by(tag.id))
    ]
    return answer(request, container(nodes, identifier=render.VIEW_ROOT))


async def picture_list(request: Request) -> Response:
    kind = gallery_of(request)
    return answer(request, container(pictures.listed(item_of(request), kind), identifier=render.VIEW_ROOT))


async def picture(request: Request) -> Response:
    """The bytes of a picture: by its name, or the one that is shown."""
    name = arguments(request).get("url")
    kind = gallery_of(request) if name is None else "arts" if "://arts" in name else "posters"
    found = pictures.content(store_of(request), item_of(request), kind, name)
    return Response(found, media_type="image/png" if found.startswith(b"\x89PNG") else "image/jpeg")


KINDS = ("metadata", "collections")
ROUTES = [
    Route("/library/all", listed_everywhere),
    Route("/library/tags", tags),
    Route("/library/sections/{section}", section),
    Route("/library/sections/{section}/all", listed),
    Route("/library/sections/{section}/collections", collections),
    Route("/library/sections/{section}/prefs", preferences),
    Route("/library/sections/{section}/{name}", vocabulary),
    Route("/library/metadata/{ids}", details),
    Route("/library/collections/{ids}", details),
    Route("/library/metadata/{ids}/children", children),
    Route("/library/collections/{ids}/children", children),
    Route("/library/collections/{ids}/items", children),
    Route("/library/metadata/{ids}/file", picture),
    *(Route(f"/library/{kind}/{{ids}}/{name}", picture_list) for kind in KINDS for name in ("posters", "arts")),
    *(Route(f"/library/metadata/{{ids}}/{name}", picture) for name in ("thumb", "art")),
    *(Route(f"/library/metadata/{{ids}}/{name}/{{stamp}}", picture) for name in ("thumb", "art")),
    Route("/library/collections/{ids}/composite/{stamp}", picture),
]
