"""Routes by which a person mends a match, and those by which pictures of people are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from plexsync.sim.plex.adopting import disown
from plexsync.sim.plex.answers import agency_of, answer, arguments, caller_of, done, hub_of, item_of, queue_of, store_of
from plexsync.sim.plex.caller import Unanswered
from plexsync.sim.plex.guess import title_and_year
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.tree import Node, Scalar, container

if TYPE_CHECKING:
    from typing import Any

    from starlette.requests import Request

    from plexsync.sim.plex.rows import Item, Section

BEST_SCORE = 100


async def matches(request: Request) -> Response:
    """What an item may be, as its provider says; nothing while that one is silent."""
    item, section = _placed(request)
    provider = store_of(request).agents.named(section.agent)
    if not section.custom or provider is None:
        return answer(request, container([]))
    try:
        found = await caller_of(request).match(provider, _question(request, section, item))
    except Unanswered:
        found = []
    return answer(request, container([_result(one, at) for at, one in enumerate(found)]))


def _question(request: Request, section: Section, item: Item) -> dict[str, Any]:
    wanted = arguments(request)
    agency = agency_of(request)
    if wanted.get("manual") != "1":
        return agency.question(section, item)
    guessed, year = title_and_year(item.path)
    title = wanted.get("title") or guessed
    return agency.question(section, item, title=title, year=wanted.get("year", "" if "title" in wanted else str(year)))


def _result(one: dict[str, Any], at: int) -> Node:
    facts: dict[str, Scalar] = {
        "guid": one.get("guid"),
        "name": one.get("title"),
        "year": one.get("year"),
        "summary": one.get("summary"),
        "thumb": one.get("thumb"),
        "type": "movie",
        "score": max(0, BEST_SCORE - at),
    }
    return Node("SearchResult", facts)


async def match(request: Request) -> Response:
    """Give an item the guid that a person chose, and have it refreshed."""
    item, section = _placed(request)
    wanted = arguments(request)
    if not section.custom:
        return done()
    if not wanted.get("guid"):
        raise Refused(400, "no guid is given")
    store = store_of(request)
    item.guid, item.agent = wanted["guid"], section.agent
    told: dict[str, Any] = {"title": wanted["name"]} if wanted.get("name") else {}
    if wanted.get("year", "").isdigit():
        told["year"] = int(wanted["year"])
    item.base = (item.base or {}) | told
    item.updated_at = store.now()
    store.keep_item(item)
    queue_of(request).put([item])
    return done()


async def unmatch(request: Request) -> Response:
    """Take the match away, and all that came with it."""
    item, section = _placed(request)
    if section.custom:
        disown(store_of(request), item, f"local://{item.key}")
        hub_of(request).changed([item])
    return done()


def _placed(request: Request) -> tuple[Item, Section]:
    item = item_of(request)
    return item, store_of(request).sections[item.section]


async def photo(request: Request) -> Response:
    """A picture at an address elsewhere, as clients fetch those of people."""
    content = await caller_of(request).photo(arguments(request).get("url", ""))
    if content is None:
        raise Refused(404, "the picture cannot be had")
    return Response(content, media_type="image/png" if content.startswith(b"\x89PNG") else "image/jpeg")


ROUTES = [
    Route("/library/metadata/{ids}/matches", matches),
    Route("/library/metadata/{ids}/match", match, methods=["PUT"]),
    Route("/library/metadata/{ids}/unmatch", unmatch, methods=["PUT"]),
    Route("/photo/:/transcode", photo),
]
