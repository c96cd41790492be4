"""The owner's routes by which libraries are made and get their agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from plexsync.sim.plex import render
from plexsync.sim.plex.agents import MOVIE
from plexsync.sim.plex.answers import answer, arguments, done, section_of, store_of
from plexsync.sim.plex.options import CUSTOM
from plexsync.sim.plex.providers import knows_providers, number_in
from plexsync.sim.plex.refused import Refused
from plexsync.sim.plex.tree import container

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from plexsync.sim.plex.rows import Section
    from plexsync.sim.plex.store import Store

SCANNERS = frozenset({"Plex Movie", "Plex Movie Scanner", "Plex Video Files Scanner", "Plex Video Files"})
LEGACY = "com.plexapp.agents."


async def edit_library(request: Request) -> Response:
    """Give a library an agent; what is in it stays as it is until it is refreshed."""
    store, found = store_of(request), section_of(request)
    wanted = arguments(request)
    agent, group = _assigned(store, found, wanted)
    scanner = wanted.get("scanner") or found.scanner
    if scanner not in SCANNERS:
        raise Refused(400, "no such scanner")
    store.assign(found, agent, group, scanner)
    found.title = wanted.get("name") or found.title
    store.keep_section(found)
    return done()


async def add_library(request: Request) -> Response:
    """A new library of films."""
    store, wanted = store_of(request), arguments(request)
    if not wanted.get("name") or not wanted.get("location") or wanted.get("type") != "movie":
        raise Refused(400, "a library has a name, a location and a type")
    if wanted.get("scanner", "Plex Movie") not in SCANNERS:
        raise Refused(400, "no such scanner")
    agent, group = _assigned(store, None, wanted)
    made = store.add_section(wanted["name"], wanted["location"].rstrip("/"), agent, now=store.now())
    made.group, made.own_scanner = group, wanted.get("scanner", "")
    store.keep_section(made)
    return answer(request, container([render.section_node(made)]))


def _assigned(store: Store, section: Section | None, wanted: dict[str, str]) -> tuple[str, int | None]:
    """The agent that a library is to have, and its group. Refused where they do not go together."""
    agent, number = wanted.get("agent", ""), wanted.get("metadataAgentProviderGroupId", "")
    found = store.agents.named(agent)
    if not agent or (found is None and not agent.startswith(LEGACY)):
        raise Refused(400, "no such agent")
    if found is not None and (found.contributor or MOVIE not in found.types):
        raise Refused(400, "the agent is not for films")
    if not agent.startswith(CUSTOM) and not number:
        return agent, None
    if not knows_providers(store):
        raise Refused(400, "this version knows no providers")
    other_videos = section is not None and not section.custom and section.scanner.startswith("Plex Video Files")
    if other_videos and agent.startswith(CUSTOM) and not store.switches.other_videos_take_provider:
        raise Refused(400, "the library is of another kind")
    fitting = [one.id for one in store.agents.groups.values() if one.primary == agent]
    chosen = fitting[:1] if not number else [one for one in fitting if one == number_in(number)]
    if not chosen:
        raise Refused(400, "no group begins with this provider")
    return agent, chosen[0]


ROUTES = [
    Route("/library/sections", add_library, methods=["POST"]),
    Route("/library/sections/{section}", edit_library, methods=["PUT"]),
]
