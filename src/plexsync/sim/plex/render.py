"""Rows as the elements that Plex answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.sim.plex.media import media_nodes
from plexsync.sim.plex.rows import TAG_ELEMENTS, guid
from plexsync.sim.plex.tree import Node, Scalar

if TYPE_CHECKING:
    from plexsync.sim.plex.rows import Gallery, Item, Section, Tag
    from plexsync.sim.plex.store import Store

#: how many tags of a kind a listing shows; a kind that is missing is not shown at all
LISTED_TAGS = {"genre": 2, "country": 2, "collection": 2, "director": 3, "writer": 2, "actor": 3}
VIEW_ROOT = "com.plexapp.plugins.library"


def section_node(section: Section) -> Node:
    """A library in the list of libraries."""
    facts: dict[str, Scalar] = {
        "allowSync": True,
        "art": "/:/resources/movie-fanart.jpg",
        "composite": f"/library/sections/{section.key}/composite/{section.updated_at}",
        "filters": True,
        "refreshing": section.refreshing,
        "thumb": section_thumb(section),
        "key": str(section.key),
        "type": "movie",
        "title": section.title,
        "agent": section.agent,
        "scanner": section.scanner,
        "language": "xn" if section.plain else "en-US",
        "uuid": section.uuid,
        "updatedAt": section.updated_at,
        "createdAt": section.created_at,
        "scannedAt": section.scanned_at,
        "content": True,
        "directory": True,
        "contentChangedAt": section.content_changed,
        "hidden": 0,
        "metadataAgentProviderGroupId": section.group,
    }
    return Node("Directory", facts, [Node("Location", {"id": section.key, "path": section.path})])


def section_thumb(section: Section) -> str:
    """The icon of a library, which tells its kind."""
    return "/:/resources/video.png" if section.plain else "/:/resources/movie.png"


def container_facts(section: Section) -> dict[str, Scalar]:
    """What every answer about one library says of it."""
    return {
        "allowSync": True,
        "identifier": VIEW_ROOT,
        "librarySectionID": section.key,
        "librarySectionTitle": section.title,
        "librarySectionUUID": section.uuid,
        "mediaTagPrefix": "/system/bundle/media/flags/",
        "mediaTagVersion": 1740148659,
    }


def item_node(store: Store, item: Item, *, detail: bool = False, guids: bool = False, check: bool = False) -> Node:
    """A video or a collection. Only `detail` holds whole tag lists and locks."""
    if item.type == "collection":
        return _collection_node(store, item, detail=detail)
    section = store.sections[item.section]
    facts = _facts(item, section, detail=detail)
    children = [*media_nodes(store, item, detail=detail, check=check), *_images(item, str(facts["title"]))]
    children += _tags(store, item, detail=detail)
    if detail or guids:
        children += _guids(section, item)
    if detail:
        children += _locks(item)
    return Node("Video", facts, children, json_name="Metadata")


def picture_links(item: Item) -> tuple[str | None, str | None]:
    """Links to poster and background; the number at their ends moves with the picture."""
    return _link(item, "thumb", item.posters), _link(item, "art", item.arts)


def _link(item: Item, name: str, gallery: Gallery | None) -> str | None:
    if gallery is None:
        return f"/library/metadata/{item.key}/{name}/{item.added_at}"
    return None if gallery.selected is None else f"/library/metadata/{item.key}/{name}/{gallery.stamp}"


def _facts(item: Item, section: Section, *, detail: bool) -> dict[str, Scalar]:
    thumb, art = picture_links(item)
    title, sort = item.value("title") or "", item.value("titleSort")
    facts: dict[str, Scalar] = {
        "ratingKey": str(item.key),
        "key": f"/library/metadata/{item.key}",
        "guid": guid(section, item),
        "studio": item.value("studio"),
        "type": item.type,
        "title": title,
        "titleSort": None if sort == title else sort,
        "originalTitle": item.value("originalTitle"),
        "editionTitle": item.value("editionTitle"),
        "subtype": "clip" if section.plain else None,
    }
    if detail:
        facts |= {
            "librarySectionTitle": section.title,
            "librarySectionID": section.key,
            "librarySectionKey": f"/library/sections/{section.key}",
        }
    return facts | {
        "contentRating": item.value("contentRating"),
        "summary": item.value("summary") or "",
        "rating": item.value("rating"),
        "audienceRating": item.value("audienceRating"),
        "userRating": item.value("userRating"),
        "lastRatedAt": item.last_rated_at,
        "viewCount": item.view_count or None,
        "lastViewedAt": item.last_viewed_at,
        "year": item.value("year"),
        "tagline": item.value("tagline"),
        "thumb": thumb,
        "art": art,
        "duration": item.duration,
        "originallyAvailableAt": item.value("originallyAvailableAt"),
        "addedAt": item.value("addedAt"),
        "updatedAt": item.updated_at,
        "deletedAt": item.deleted_at,
        "createdAtAccuracy": "epoch" if section.plain else None,
        "createdAtTZOffset": "7200" if section.plain else None,
    }


def _guids(section: Section, item: Item) -> list[Node]:
    if item.agent:
        return [Node("Guid", {"id": guid}) for guid in item.guids]
    if section.plain or not item.base:
        return []
    return [Node("Guid", {"id": f"imdb://tt{item.key:07}"}), Node("Guid", {"id": f"tmdb://{item.key}"})]


def _images(item: Item, title: str) -> list[Node]:
    thumb, art = picture_links(item)
    kinds = (("coverPoster", thumb), ("background", art))
    nodes = [Node("Image", {"alt": title, "type": kind, "url": url}) for kind, url in kinds if url]
    colours: dict[str, Scalar] = {
        "topLeft": "171212",
        "topRight": "5a3a1c",
        "bottomRight": "3b4a52",
        "bottomLeft": "14202a",
    }
    return [*nodes, Node("UltraBlurColors", colours, single=True)]


def _tags(store: Store, item: Item, *, detail: bool) -> list[Node]:
    nodes: list[Node] = []
    if not item.tags and not item.base_tags:
        return nodes
    for kind, element in TAG_ELEMENTS.items():
        uses = item.tag_uses(kind)
        if detail:
            nodes += [_tag(store.tags[tag], element, text) for tag, text in uses.items()]
        else:
            nodes += [Node(element, {"tag": store.tags[tag].name}) for tag in list(uses)[: LISTED_TAGS.get(kind, 0)]]
    return nodes


def _tag(tag: Tag, element: str, text: str) -> Node:
    facts: dict[str, Scalar] = {"id": tag.id, "filter": f"{tag.kind}={tag.id}", "tag": tag.name}
    if element == "Role":
        facts |= {"role": text or None, "thumb": tag.thumb or None}
    return Node(element, facts)


def _locks(item: Item) -> list[Node]:
    return [Node("Field", {"locked": True, "name": name}) for name in item.locks]


def _collection_thumb(item: Item) -> str:
    """The picture that was given to a collection, else one made of its items."""
    if item.posters is None or item.posters.selected in {None, "default"}:
        return f"/library/collections/{item.key}/composite/{item.updated_at}"
    return f"/library/metadata/{item.key}/thumb/{item.posters.stamp}"


def _collection_node(store: Store, item: Item, *, detail: bool) -> Node:
    section = store.sections[item.section]
    members = store.members(item)
    years = [int(year) for member in members if (year := member.value("year")) is not None]
    title, sort = item.value("title") or "", item.value("titleSort")
    facts: dict[str, Scalar] = {
        "ratingKey": str(item.key),
        "key": f"/library/collections/{item.key}/children",
        "guid": f"collection://{section.uuid[:24]}{item.key:012}",
        "type": "collection",
        "title": title,
        "titleSort": None if sort == title else sort,
        "librarySectionTitle": section.title if detail else None,
        "librarySectionID": section.key if detail else None,
        "librarySectionKey": f"/library/sections/{section.key}" if detail else None,
        "subtype": "movie",
        "summary": item.value("summary") or "",
        "contentRating": item.value("contentRating"),
        "index": item.collection_tag,
        "ratingCount": len(members),
        "thumb": _collection_thumb(item),
        "addedAt": item.value("addedAt"),
        "updatedAt": item.updated_at,
        "childCount": str(len(members)),
        "minYear": str(min(years)) if years else None,
        "maxYear": str(max(years)) if years else None,
    }
    children = [*_tags(store, item, detail=True), *_locks(item)] if detail else []
    return Node("Directory", facts, children, json_name="Metadata")
