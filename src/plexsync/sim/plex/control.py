"""Routes below `/_sim/`, which no real server has: look at everything, act as a user, a disk or an unknown.

Faults and the log of requests are described in `plexsync.sim.faults`. The others, all without a token:

    GET    /_sim/items               every video by its path, see `described`
    PUT    /_sim/items/{ratingKey}   a user edits in Plex: {"title": "..", "genres": [..], "lock": true}; lists
                                     replace, "locks": {"title": false} sets locks, "lock" (default true) locks
                                     what was edited, "rating" is not a field: it is called userRating; an actor
                                     is a name or {"name", "role", "thumb"}
    POST   /_sim/files               a file appears: {"path", "size", "duration" (ms), "date", "moved_from", "scan"};
                                     with "version_of" or "part_of" it joins that file's item at once
    DELETE /_sim/files               a file goes: {"path", "scan"}; with "scan": true a scan follows at once
    POST   /_sim/sections            a new library: {"title", "path", "agent", "group", "items"}
    PUT    /_sim/sections/{key}      a library gets another title: {"title"}; DELETE removes it
    GET    /_sim/listeners           how many listen to notifications: {"listeners"}
    POST   /_sim/notifications       tell everybody {"type", "content"}, without content a usual one; or a raw {"text"}
    GET    /_sim/agents              what providers are asked in the background: {"waiting", "running", "failures":
                                     [{"ratingKey", "reason", "status", "at"}], "asked": [{"method", "url", "query",
                                     "body", "status"}]}; with "?settled=1" the answer comes when nothing is left
                                     to ask; DELETE forgets failures and what was asked
    POST   /_sim/refreshes           items are refreshed that chance picks: {"items": 5, "seed": 1, "section": "2"}
    GET    /_sim/switches            the switches of `plexsync.sim.plex.options.Switches`; PUT changes some
    GET    /_sim/collections         every collection by its title: {"ratingKey", "section", "members": [paths],
                                     "posterSha1", "uploads", "artSha1", "artUploads"}

A path that lies in no library is taken as below the first one.

A library whose agent is a custom provider asks that one about each new file of a scan and at each refresh, as a real
server does: match, metadata, pictures, extras. The answer of the scan does not wait for that; `refreshing` does. Its
routes, and those by which the owner registers providers, are those of a real server: `/media/providers/metadata`,
`/library/sections/{key}?agent=&metadataAgentProviderGroupId=`, `/library/metadata/{ratingKey}/matches`, `match`,
`unmatch`. Switches for what is not known of it:

    provider_parallel          requests at once (8); a person's search is beside them
    provider_timeout           seconds until an answer must be there (90)
    provider_filename          "relative" to the library's folder, "slash" before it, with the "folder" 's own name,
                               "absolute", or relative with "backslashes"
    manual_filename            a person's search tells the file too
    include_adult              what searches tell of adult results: null (nothing), false, true
    rematch_on_refresh         a refresh asks for a match too, and does not heed the answer
    first_genre_only           only the first genre is kept, as reported of real servers (on)
    provider_collections       collections are kept (on)
    refuse_private_images      a picture at a private address is not fetched, its address is kept (on)
    image_by_url               no picture of an item is fetched, their addresses are kept
    provider_answers           registering and changing tell what came of it (on), else nothing
    provider_moves_at_restart  the new address of a provider counts from the next start
    other_videos_take_provider a library "Other Videos" may be given a provider (on), else 400
    version                    before 1.43 there are no providers: their routes answer 404
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from plexsync.sim.library import clips
from plexsync.sim.plex import edits, scans
from plexsync.sim.plex.answers import agency_of, caller_of, hub_of, item_of, queue_of, section_of, store_of
from plexsync.sim.plex.events import OTHERS
from plexsync.sim.plex.options import MODERN_AGENT, Switches
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.rows import SCALARS, File, guid
from plexsync.sim.plex.writing import end_scan, refresh_item, start_scan

if TYPE_CHECKING:
    from starlette.requests import Request

    from plexsync.sim.plex.rows import Item, Section
    from plexsync.sim.plex.store import Store

LISTS = {
    "genres": "genre",
    "actors": "actor",
    "labels": "label",
    "collections": "collection",
    "directors": "director",
    "writers": "writer",
    "producers": "producer",
    "countries": "country",
}


class NewFile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A file that appears or goes."""

    path: str
    size: int = 1_000_000
    duration: int = 60_000
    date: str = "2020-01-01"
    moved_from: str | None = None
    version_of: str | None = None
    part_of: str | None = None
    scan: bool = False


class Renamed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The new title of a library."""

    title: str


class Notification(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is told to all listeners."""

    type: str = ""
    content: dict[str, list[dict[str, Any]]] = {}
    text: str | None = None


class NewSection(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A library to be made."""

    title: str
    path: str
    agent: str = MODERN_AGENT
    group: int | None = None
    items: int = 0


class Refreshes(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Items that chance picks, of one library or of all."""

    items: int = 1
    seed: int = 0
    section: str | None = None


def described(store: Store, item: Item) -> dict[str, Any]:
    """What an item holds, in plain values; None where a field is empty."""
    found: dict[str, Any] = {"ratingKey": str(item.key), "section": str(item.section)}
    found["guid"] = guid(store.sections[item.section], item)
    found |= {name: item.value(name) for name in sorted(SCALARS)}
    found |= {plural: store.tag_names(item, kind) for plural, kind in LISTS.items()}
    roles = {store.tags[tag].name: text for tag, text in item.tag_uses("actor").items()}
    faces = {store.tags[tag].name: store.tags[tag].thumb for tag in item.tag_uses("actor")}
    return found | {
        **_pictures(item),
        "roles": roles,
        "thumbs": faces,
        "locks": list(item.locks),
        "updatedAt": item.updated_at,
        "deleted": item.deleted_at is not None,
    }


def _pictures(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, name in (("posters", "poster"), ("arts", "art")):
        gallery = getattr(item, kind)
        shown = gallery.selected if gallery else None
        remote = gallery.remote if gallery else {}
        found[f"{name}Sha1"] = None if shown == "default" else remote.get(shown or "", shown) or None
        found[f"{name}Url"] = shown if shown in remote else None
        found["uploads" if kind == "posters" else "artUploads"] = len(gallery.uploads) if gallery else 0
    return found


async def items(request: Request) -> Response:
    store = store_of(request)
    return _json({item.path: described(store, item) for item in store.items.values() if item.type == "movie"})


async def collections(request: Request) -> Response:
    store = store_of(request)
    found = [item for item in store.items.values() if item.type == "collection"]
    return _json(
        {
            str(item.value("title")): {
                "ratingKey": str(item.key),
                "section": str(item.section),
                "members": [member.path for member in store.members(item)],
                **_pictures(item),
            }
            for item in found
        }
    )


async def edit(request: Request) -> Response:
    """Edit as a user does in Plex: what is touched is locked unless told otherwise."""
    store = store_of(request)
    item = item_of(request)
    wanted: dict[str, Any] = msgspec.json.decode(await request.body(), type=dict[str, Any])
    lock = wanted.pop("lock", True)
    asked = edits.Edit()
    locks = wanted.pop("locks", {})
    for name, value in wanted.items():
        field = LISTS.get(name, name)
        if name in LISTS:
            asked.cleared.add(field)
            asked.added[field] = {at: _added(tag) for at, tag in enumerate(value)}
        elif name in SCALARS:
            asked.values[name] = value if value != "" else None
        else:
            raise Refused(400, name)
        asked.locks[field] = lock
    asked.locks |= locks
    edits.apply(store, item, asked)
    hub_of(request).changed([item])
    return _json(described(store, item))


def _added(told: str | dict[str, str]) -> edits.Added:
    if isinstance(told, str):
        return edits.Added(name=told)
    return edits.Added(name=told["name"], text=told.get("role", ""), thumb=told.get("thumb"))


async def add_file(request: Request) -> Response:
    return await _file(request, present=True)


async def remove_file(request: Request) -> Response:
    return await _file(request, present=False)


async def _file(request: Request, *, present: bool) -> Response:
    store = store_of(request)
    told = msgspec.json.decode(await request.body(), type=NewFile)
    section, path = _placed(store, told.path)
    joined = told.version_of or told.part_of
    if present and joined is not None:
        owner = store.by_path(_placed(store, joined)[1])
        if owner is None:
            raise Refused(404)
        store.add_other_file(owner, path, told.size, is_part=told.part_of is not None)
    elif present:
        moved = told.moved_from and _placed(store, told.moved_from)[1]
        scans.add_file(store, File(path=path, size=told.size, duration=told.duration, date=told.date, moved_from=moved))
    else:
        scans.remove_file(store, path)
    if told.scan:
        start_scan(request, section)
    item = store.by_path(path)
    return _json({"path": path, "section": str(section.key), "ratingKey": str(item.key) if item else None})


def _placed(store: Store, path: str) -> tuple[Section, str]:
    for section in store.sections.values():
        if path.startswith(section.path.rstrip("/") + "/"):
            return section, path
    first = next(iter(store.sections.values()))
    return first, f"{first.path}/{path.lstrip('/')}"


async def add_section(request: Request) -> Response:
    store = store_of(request)
    told = msgspec.json.decode(await request.body(), type=NewSection)
    section = store.add_section(told.title, told.path, told.agent, now=store.now())
    section.group = told.group
    store.keep_section(section)
    store.fill(section, clips(told.items))
    return _json({"key": str(section.key), "title": section.title, "path": section.path})


async def change_section(request: Request) -> Response:
    store, section = store_of(request), section_of(request)
    if request.method == "DELETE":
        store.remove_section(section)
        return _json({})
    section.title = msgspec.json.decode(await request.body(), type=Renamed).title
    section.updated_at = store.now()
    store.keep_section(section)
    return _json({"key": str(section.key), "title": section.title})


async def agents(request: Request) -> Response:
    queue, caller, agency = queue_of(request), caller_of(request), agency_of(request)
    if request.method == "DELETE":
        agency.failures.clear()
        caller.asked.clear()
    elif "settled" in request.query_params:
        await queue.settled()
    return _json({**queue.counts, "failures": list(agency.failures), "asked": list(caller.asked)})


async def refreshes(request: Request) -> Response:
    """Refresh some items, as a server does by itself at any time."""
    store = store_of(request)
    told = msgspec.json.decode(await request.body(), type=Refreshes)
    wanted = [item for item in store.items.values() if item.type == "movie" and item.deleted_at is None]
    if told.section is not None:
        wanted = [item for item in wanted if str(item.section) == told.section]
    wanted.sort(key=lambda item: item.key)
    chance = random.Random(told.seed)  # noqa: S311  # the same choice for the same seed
    chosen = chance.sample(wanted, min(told.items, len(wanted)))
    for item in chosen:
        refresh_item(request, item)
    return _json({"ratingKeys": [str(item.key) for item in chosen]})


async def listeners(request: Request) -> Response:
    return _json({"listeners": hub_of(request).listeners})


async def notify(request: Request) -> Response:
    told = msgspec.json.decode(await request.body(), type=Notification)
    if told.text is not None:
        hub_of(request).say(told.text)
    elif told.content or told.type in OTHERS:
        hub_of(request).other(told.type, told.content)
    else:
        raise Refused(400, "no usual content of this kind is known")
    return _json({"listeners": hub_of(request).listeners})


async def switches(request: Request) -> Response:
    store = store_of(request)
    if request.method == "PUT":
        told = msgspec.json.decode(await request.body(), type=dict[str, Any])
        merged = msgspec.convert(msgspec.to_builtins(store.switches) | told, Switches)
        store.switches = merged
        if not merged.scan_hold:
            for section in store.sections.values():
                if section.refreshing:
                    end_scan(request, section)
    return _json(msgspec.to_builtins(store.switches))


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


ROUTES = [
    Route("/_sim/items", items),
    Route("/_sim/items/{ids}", edit, methods=["PUT"]),
    Route("/_sim/collections", collections),
    Route("/_sim/files", add_file, methods=["POST"]),
    Route("/_sim/files", remove_file, methods=["DELETE"]),
    Route("/_sim/sections", add_section, methods=["POST"]),
    Route("/_sim/sections/{section}", change_section, methods=["PUT", "DELETE"]),
    Route("/_sim/agents", agents, methods=["GET", "DELETE"]),
    Route("/_sim/refreshes", refreshes, methods=["POST"]),
    Route("/_sim/listeners", listeners),
    Route("/_sim/notifications", notify, methods=["POST"]),
    Route("/_sim/switches", switches, methods=["GET", "PUT"]),
]
